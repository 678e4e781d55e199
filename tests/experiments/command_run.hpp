// Runs the built command in a folder of its own and reads what it left, for end-to-end tests.
#pragma once
#include <sys/wait.h>
#include "tests/places.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace hyped::testing {

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Ended {
  int code = 0;
  std::string out, err;
};

// A temporary folder that goes with the object; commands run in it.
class CommandFolder {
 public:
  CommandFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hyped_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~CommandFolder() { std::filesystem::remove_all(path_); }
  CommandFolder(const CommandFolder&) = delete;
  CommandFolder& operator=(const CommandFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  Ended run(const std::string& arguments) const {
    const std::string command = "cd '" + path_.string() + "' && '" + hyped::tests::command_path() + "' " + arguments + " > stdout.txt 2> stderr.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(path_ / "stdout.txt"), text_of(path_ / "stderr.txt")};
  }
  // Rows of a table of a run, by column name.
  std::vector<std::map<std::string, std::string>> table(const std::string& file) const {
    std::istringstream in(text_of(path_ / file));
    std::vector<std::string> names;
    std::vector<std::map<std::string, std::string>> rows;
    for (std::string line; std::getline(in, line);) {
      std::vector<std::string> cells(1);
      for (const char c : line)
        if (c == '\t') cells.emplace_back();
        else cells.back() += c;
      if (names.empty()) {
        names = cells;
        continue;
      }
      rows.emplace_back();
      for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i) rows.back()[names[i]] = cells[i];
    }
    return rows;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace hyped::testing
