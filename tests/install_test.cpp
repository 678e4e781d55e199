// cmake --install gives a library that another project finds, with the models that register themselves.
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "libhyped/model/catalogue.hpp"
#include "tests/places.hpp"

namespace fs = std::filesystem;

// The output of a shell command; its exit code is required to be 0.
static std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> block;
  for (std::size_t n = 0; (n = fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), n);
  const int status = pclose(pipe);
  INFO(command << "\n" << text);
  REQUIRE(status == 0);
  return text;
}

TEST_CASE("an outside project finds the installed library and its self-registered models", "[standard]") {
  std::string name = (fs::temp_directory_path() / "hyped-install-XXXXXX").string();
  const fs::path place = mkdtemp(name.data());
  const std::string prefix = (place / "prefix").string(), build = (place / "build").string();
  const std::string cmake = hyped::tests::cmake_program();
  output_of(cmake + " --install " + hyped::tests::build_folder() + " --prefix " + prefix);
#ifdef __SANITIZE_ADDRESS__
  const std::string flags = " -DCMAKE_CXX_FLAGS=-fsanitize=address,undefined";      // its run-time has to be the program's too
#else
  const std::string flags;
#endif
  output_of(cmake + " -S " + hyped::tests::source_folder() + "/tests/outside -B " + build + " -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=" + prefix + flags);
  output_of(cmake + " --build " + build);
  std::istringstream printed(output_of(build + "/outside"));
  std::set<std::string> found;
  for (std::string line; std::getline(printed, line);) found.insert(line);
  const auto here = hyped::ModelCatalogue::instance().names();
  CHECK_FALSE(here.empty());
  CHECK(found == std::set<std::string>(here.begin(), here.end()));
  CHECK_THAT(output_of(prefix + "/bin/hyped --version"), Catch::Matchers::Contains("hyped 0."));
  fs::remove_all(place);
}
