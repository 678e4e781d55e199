// The page of a run: one file, six sections, everything escaped, figures that do not share identifiers.
#include "experiments/report/html_report.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "libhyped/store/run_directory.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("a report is one page that needs nothing else, in six sections, escaped") {
  const fs::path out = fs::temp_directory_path() / ("hyped_report_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()));
  const std::string hostile = "<script>alert('x & y')</script>";
  const std::string svg = "<?xml version=\"1.0\"?>\n<svg width=\"300\" viewBox=\"0 0 300 200\"><title>Gnuplot</title><defs><circle id='p'/></defs><use xlink:href='#p'/></svg>";
  RunDirectory run(out, {"hyped", "cycle", "fit", "it's.toml"}, 7);
  run.set_title("Fit " + hostile, "What? " + hostile);
  Table table({{"arm " + hostile, "1/h", hostile}, {"value", "", ""}});
  table.add_row({hostile, 0.25});
  run.add_table("rates", table, hostile);
  run.add_figure({"answer", hostile, "answer", svg, "", {{"points", table}}});
  run.add_figure({"second", "another", "diagnostics", svg, "", {}});
  run.add_figure({"failed", "not drawn", "diagnostics", "", "gnuplot said " + hostile, {}});
  run.add_answer(hostile);
  run.add_warning(hostile);
  run.add_note("A note.");
  run.add_setting("starts", hostile);
  run.add_result("growth", 0.0129, "1/h");
  run.add_result("verdict", hostile);
  run.set_outcome({Status::not_identifiable, hostile});
  run.finish();
  std::ostringstream text;
  text << std::ifstream(report::write_report(out)).rdbuf();
  const std::string page = text.str();
  CHECK_THAT(page, !Contains("<script") && Contains("&lt;script&gt;alert(&#39;x &amp; y&#39;)"));
  CHECK_FALSE(std::regex_search(page, std::regex("(src|href)=[\"']?(http|file|/)")));
  std::size_t at = 0;
  for (const char* section : {"<h2>1 ", "<h2>2 ", "<h2>3 ", "<h2>4 ", "<h2>5 ", "<h2>6 "}) {
    at = page.find(section, at);
    CHECK(at != std::string::npos);
  }
  std::multiset<std::string> ids;
  const std::regex id("id='([^']+)'");
  for (std::sregex_iterator match(page.begin(), page.end(), id), end; match != end; ++match) ids.insert((*match)[1]);
  CHECK(ids == std::multiset<std::string>{"f1-p", "f2-p"});
  CHECK_THAT(page, Contains("href='#f2-p'") && !Contains("<?xml") && !Contains("Gnuplot"));
  CHECK_THAT(page, Contains("This result is in doubt (not_identifiable)") && Contains("figures/answer_points.tsv") && Contains("0.0129"));
  CHECK_THAT(page, Contains("hyped cycle fit &#39;it&#39;\\&#39;&#39;s.toml&#39;"));
  fs::remove_all(out);
}
