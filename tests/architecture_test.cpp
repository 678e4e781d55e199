// The rules of the tree, checked on every file: who may include whom, one home per third-party library, file length, names.
#include <algorithm>
#include "tests/places.hpp"
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;
namespace {

using Names = std::set<std::string>;

// Layer -> the layers it may include. Headers directly in libhyped/ belong to no layer and are allowed everywhere.
const std::map<std::string, Names> allowed = {
    {"model", {}},
    {"distance", {}},
    {"hdf5", {}},
    {"simulate", {"model"}},
    {"observe", {"model", "simulate"}},
    {"tracks", {"model", "simulate", "observe"}},
    {"expression", {"observe", "distance"}},
    {"image", {"observe", "tracks"}},
    {"score", {"observe", "expression", "distance"}},
    {"ingest", {"model", "observe", "expression", "tracks", "image", "hdf5"}},
    {"store", {"model", "simulate", "observe", "expression", "tracks", "image", "hdf5"}},
    {"fitting", {"model", "simulate", "observe", "expression", "tracks", "distance", "hdf5"}},
    {"models", {"model", "simulate"}},
    {"predictors", {"model", "simulate", "observe", "expression", "fitting"}},
    {"control", {"model", "simulate", "observe", "expression", "fitting"}},
    {"experiments",
     {"model", "simulate", "observe", "tracks", "distance", "expression", "image", "score", "ingest", "store", "hdf5", "fitting", "control", "predictors"}},
};

// Third-party header -> where it may be included (path prefixes), tests and benchmarks aside.
const std::vector<std::pair<std::regex, std::vector<std::string>>> homes = {
    {std::regex("boost/numeric/odeint.*"), {"libhyped/simulate/ode"}},
    {std::regex("ceres/jet\\.h"), {"libhyped/model/compiled_model.hpp"}},
    {std::regex("ceres/(?!jet\\.h).*"), {"fitting/least_squares.cpp"}},
    {std::regex("(hdf5|H5.*)\\.h"), {"libhyped/hdf5/"}},
    {std::regex("toml\\+\\+/.*"), {"experiments/scenario.cpp", "experiments/scenario_section.hpp", "experiments/network/network_file.cpp", "experiments/grn/grn_scenario.cpp", "experiments/planning/dgc/dgc_scenario.cpp", "experiments/planning/plan/plan_scenario.cpp"}},
    {std::regex("CLI/.*"), {"experiments/commands/"}},
    {std::regex("nlohmann/.*"), {"libhyped/store/", "libhyped/ingest/read_model.cpp", "libhyped/ingest/tracks/read_btrack.cpp"}},
    {std::regex("(libdeflate|lzf)\\.h"), {"libhyped/hdf5/stored/chunks.cpp"}},
    {std::regex("zlib\\.h"), {"libhyped/ingest/cells/packed_lines.cpp"}},
    {std::regex("(expat|zip)\\.h"), {"libhyped/ingest/tracks/xml_source.cpp"}},
    {std::regex("png\\.h"), {"libhyped/ingest/images/read_png.cpp", "libhyped/store/images/write_png.cpp"}},
    {std::regex("tiff.*\\.h"), {"libhyped/ingest/images/read_tiff.cpp", "libhyped/store/images/write_tiff.cpp"}},
    {std::regex("sbml/.*"), {"libhyped/ingest/networks/read_gene_network_sbml.cpp"}},
    {std::regex("igraph/.*"), {"libhyped/expression/embedding/communities.cpp"}},
    {std::regex("(coin/.*|Ip[A-Z].*\\.hpp)"), {"experiments/control/optimal/interior_point.cpp"}},
    {std::regex("nlopt.*"), {"experiments/control/optimal/sequential_program.cpp"}},
    {std::regex("omp\\.h"), {"libhyped/parallel.hpp"}},
    {std::regex("Random123/.*"), {"libhyped/random"}},
};

// Headers of functions, not of models, that a layer may include beside those of the table.
const std::map<std::string, Names> allowed_headers = {
    // delivery turns doses into inputs and strata: free functions, named by no catalogue
    // networks have a size known at run time: the twin makes one, no catalogue can
    {"experiments", {"models/delivery/active_input.hpp", "models/delivery/carrier.hpp", "models/delivery/activity.hpp", "models/delivery/uptake.hpp", "models/gene_network/saturating_network.hpp", "models/gene_network/fluctuating_network.hpp", "models/gene_network/search_coordinates.hpp",
                     // sizes known at run time, and no names in the catalogue
                     "models/gene_network/batch_network.hpp", "models/gene_network/transfer.hpp",
                     "models/gene_network/hill_modules.hpp", "models/gene_network/transient_doses.hpp", "models/gene_network/random_hill_network.hpp"}},
    // an ensemble is fitted of networks that the fit itself draws
    {"fitting", {"models/gene_network/hill_modules.hpp", "models/gene_network/transient_doses.hpp", "models/gene_network/random_hill_network.hpp"}},
};

// The layer of a path relative to the root; empty for root headers and what is no layer.
std::string layer_of(const std::string& path) {
  std::smatch match;
  if (std::regex_match(path, match, std::regex("libhyped/([^/]+)/.*"))) return match[1];
  if (path.starts_with("models/predictors/")) return "predictors";
  if (path.starts_with("models/")) return "models";
  if (path.starts_with("fitting/")) return "fitting";
  if (path.starts_with("experiments/control/")) return "control";
  if (path.starts_with("experiments/")) return "experiments";
  return "";
}

// What is wrong with one file.
std::vector<std::string> violations(const std::string& path, const std::vector<std::string>& lines) {
  std::vector<std::string> found;
  const std::string layer = layer_of(path);
  if (lines.size() > 350) found.push_back(path + " has more than 350 lines: split it by meaning");
  if (lines.empty() || !lines[0].starts_with("// ")) found.push_back(path + " does not start with a sentence on what it is for");
  static const std::regex junk("(.*/)?(util|utils|common|misc|helper|helpers|stuff)(/.*|\\.[a-z]+)");
  if (std::regex_match(path, junk)) found.push_back(path + " has a name that says nothing");
  static const std::regex include("\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
  for (const auto& line : lines) {
    std::smatch match;
    if (!std::regex_match(line, match, include)) continue;
    const std::string target = match[1], target_layer = layer_of(target);
    if (!layer.empty() && !target_layer.empty() && target_layer != layer) {
      const auto rule = allowed.find(layer);
      if (rule == allowed.end()) found.push_back(path + ": layer " + layer + " is not in the table");
      else if (const auto extra = allowed_headers.find(layer); extra != allowed_headers.end() && extra->second.count(target)) continue;
      else if (!rule->second.count(target_layer)) found.push_back(path + " includes " + target + ": " + layer + " may not include " + target_layer);
    }
    if (path.starts_with("libhyped/") && layer.empty() && !target_layer.empty())
      found.push_back(path + " includes " + target + ": a root file may include no layer");
    if (!layer.empty() || path.starts_with("libhyped/"))
      for (const auto& [library, places] : homes)
        if (std::regex_match(target, library) &&
            std::none_of(places.begin(), places.end(), [&](const auto& place) { return path.starts_with(place); }))
          found.push_back(path + " includes " + target + ", whose home is " + places[0]);
  }
  return found;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("every file keeps the rules of the tree") {
  std::vector<std::string> found;
  int files = 0;
  for (const char* folder : {"libhyped", "models", "fitting", "experiments", "tests", "bench"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(hyped::tests::source_folder()) / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      ++files;
      const auto one = violations(fs::relative(entry.path(), hyped::tests::source_folder()).string(), lines_of(entry.path()));
      found.insert(found.end(), one.begin(), one.end());
    }
  CHECK(files > 30);
  for (const auto& text : found) FAIL_CHECK(text);
}

// ctest cuts a name at a semicolon and swallows what follows an unmatched bracket: such tests would pass without being run.
TEST_CASE("names of tests hold nothing that hides them from ctest") {
  static const std::regex name("TEST_CASE\\(\"([^\"]*)\".*");
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(hyped::tests::source_folder()) / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    for (const auto& line : lines_of(entry.path())) {
      std::smatch match;
      if (std::regex_match(line, match, name) && match[1].str().find_first_of(";[]\\") != std::string::npos) FAIL_CHECK(entry.path().string() + ": " + match[1].str());
    }
  }
}

// Two types of one name in one namespace link without a word, and the wrong function is called (so it was with CyclePhase).
TEST_CASE("no two headers define a type of one name") {
  static const std::regex type("(struct|class|enum class|enum) ([A-Z]\\w*)(?![\\w:])[^;]*");
  std::map<std::string, std::string> home;
  for (const char* folder : {"libhyped", "models", "fitting", "experiments"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(hyped::tests::source_folder()) / folder)) {
      if (entry.path().extension() != ".hpp") continue;
      std::string inside;
      for (const auto& written : lines_of(entry.path())) {
        const std::string line = written.substr(0, std::min(written.find("//"), written.find("};")));
        std::smatch match;
        if (line.starts_with("namespace ")) inside = line;
        if (!std::regex_match(line, match, type)) continue;
        const auto found = home.emplace(inside + " " + match[2].str(), entry.path().string());
        if (!found.second && found.first->second != entry.path().string()) FAIL_CHECK(match[2].str() + ": in " + found.first->second + " and in " + entry.path().string());
      }
    }
  CHECK(home.size() > 200);
}

TEST_CASE("the table of allowed includes has no cycle") {
  for (const auto& [layer, below] : allowed) {
    Names reached = below;
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& name : Names(reached))
        if (const auto next = allowed.find(name); next != allowed.end())
          for (const auto& deeper : next->second) grown = reached.insert(deeper).second || grown;
    }
    INFO(layer);
    CHECK_FALSE(reached.count(layer));
  }
}

TEST_CASE("planted faults are found") {
  const std::string first = "// A sentence.";
  CHECK(violations("libhyped/model/a.cpp", {first, "#include \"libhyped/model/b.hpp\"", "#include \"libhyped/errors.hpp\"", "#include <vector>"}).empty());
  const auto upward = violations("libhyped/model/a.cpp", {first, "#include \"libhyped/simulate/b.hpp\""});
  REQUIRE(upward.size() == 1);
  CHECK_THAT(upward[0], Catch::Matchers::Contains("model may not include simulate"));
  CHECK(violations("libhyped/store/a.cpp", {first, "  #  include \"experiments/report/b.hpp\""}).size() == 1);
  CHECK(violations("libhyped/errors.cpp", {first, "#include \"libhyped/model/b.hpp\""}).size() == 1);
  CHECK(violations("experiments/a.cpp", {first, "#include \"models/cell_cycle/b.hpp\""}).size() == 1);
  CHECK(violations("experiments/a.cpp", {first, "#include \"models/delivery/uptake.hpp\""}).empty());
  CHECK(violations("fitting/a.cpp", {first, "#include \"models/delivery/uptake.hpp\""}).size() == 1);
  CHECK(violations("libhyped/store/a.cpp", {first, "#include <hdf5.h>"}).size() == 1);
  CHECK(violations("libhyped/hdf5/a.cpp", {first, "#include <hdf5.h>"}).empty());
  CHECK(violations("fitting/a.cpp", {first, "#include <ceres/ceres.h>"}).size() == 1);
  CHECK(violations("libhyped/observe/utils.hpp", {first}).size() == 1);
  CHECK(violations("libhyped/misc/a.hpp", {first}).size() == 1);
  CHECK(violations("fitting/a.cpp", {"#pragma once"}).size() == 1);
  CHECK(violations("fitting/a.cpp", std::vector<std::string>(351, first)).size() == 1);
}
