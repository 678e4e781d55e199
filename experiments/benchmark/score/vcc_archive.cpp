// tar and zstd as programs of their own, without a shell.
#include "experiments/benchmark/score/vcc_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

// Standard output goes to `output`; returns the program's status, 127 where it is not installed.
int run_program(const std::vector<std::string>& words, const fs::path& output) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), nothing = open("/dev/null", O_WRONLY);
    dup2(out, 1);
    dup2(nothing, 2);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void require_program(int status, const char* name) {
  if (status == 127) throw InputError(name, "is not installed", fmt::format("install the package {} (it unpacks .vcc archives)", name));
}

}  // namespace

VccArchive::VccArchive(const fs::path& archive) {
  std::string name = (fs::temp_directory_path() / "hyped-vcc-XXXXXX").string();
  if (!mkdtemp(name.data())) throw InputError(name, "cannot be created", "check that the temporary folder may be written");
  folder_ = name;
  try {
    const std::string file = fs::absolute(archive).string();
    const fs::path list = folder_ / "list";
    const int listed = run_program({"tar", "--force-local", "-tf", file}, list);
    require_program(listed, "tar");
    if (listed != 0) throw InputError(archive.string(), "is no tar archive", "a .vcc file is what cell-eval prep writes; give an .h5ad file else");
    std::string entry, line;
    std::ifstream names(list);
    while (std::getline(names, line))
      if (fs::path(line).filename() == "pred.h5ad.zst" || fs::path(line).filename() == "pred.h5ad") entry = line;
    if (entry.empty()) throw InputError(archive.string(), "holds no pred.h5ad.zst", "a .vcc file is what cell-eval prep writes");
    const bool packed = fs::path(entry).extension() == ".zst";
    const fs::path taken = packed ? folder_ / "pred.h5ad.zst" : prediction();
    if (run_program({"tar", "--force-local", "-xOf", file, "--", entry}, taken) != 0) throw InputError(archive.string(), "is damaged: " + entry + " cannot be read", "write it again");
    if (!packed) return;
    const int unpacked = run_program({"zstd", "-dcf", taken.string()}, prediction());
    require_program(unpacked, "zstd");
    if (unpacked != 0) throw InputError(archive.string(), "is damaged: pred.h5ad.zst is no zstd file", "write it again");
    fs::remove(taken);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

VccArchive::~VccArchive() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace hyped
