// What several end-to-end tests ask of a command: a help that fits a screen, a number of summary.json.
#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/experiments/command_run.hpp"

namespace hyped::testing {

// --help of every verb ends well, fits 80 columns and 24 lines and shows an example of its group.
inline void check_help(const std::vector<std::string>& verbs) {
  const CommandFolder folder;
  for (const std::string& verb : verbs) {
    const Ended ended = folder.run(verb + " --help");
    INFO(verb << "\n" << ended.out);
    CHECK(ended.code == 0);
    std::istringstream in(ended.out);
    int lines = 0;
    for (std::string line; std::getline(in, line); ++lines) CHECK(line.size() <= 80);
    CHECK(lines <= 24);
    CHECK_THAT(ended.out, Catch::Matchers::Contains("Example: hyped " + verb.substr(0, verb.find(' '))));
  }
}

// The value of a result in a run's summary.json.
inline double number_in(const std::filesystem::path& summary, const std::string& name) {
  const std::string text = text_of(summary);
  const auto at = text.find("\"name\": \"" + name + "\"");
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(text.find("\"value\": ", at) + 9));
}

}  // namespace hyped::testing
