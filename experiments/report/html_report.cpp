// The HTML page of a run directory.
#include "experiments/report/html_report.hpp"

#include <fstream>
#include <sstream>

#include "libhyped/errors.hpp"

namespace hyped::report {
namespace fs = std::filesystem;

static std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

static std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

fs::path write_report(const fs::path& folder) {
  if (!fs::exists(folder / "summary.json"))
    throw InputError(folder.string(), "no summary.json in it, so it is not a run directory", "give the folder named by --out of an earlier run");
  const fs::path target = folder / "report.html", partial = folder / "report.html.part";
  std::ofstream(partial) << "<!doctype html><meta charset=utf-8><title>hyped</title><pre>" << escape(text_of(folder / "summary.json"))
                         << "</pre>\n";
  fs::rename(partial, target);
  return target;
}

}  // namespace hyped::report
