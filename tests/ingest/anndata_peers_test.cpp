// The AnnData reader and writer against anndata itself, in every Python that has it.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/ingest/cells_content.hpp"
#include "tests/ingest/cells_example.hpp"
#include "tests/ingest/child_run.hpp"
#include "tests/places.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::string script(const std::string& name) { return hyped::tests::source_folder() + "/tests/peers/" + name; }

std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char buffer[4096];
  for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  return pclose(pipe) == 0 ? out : std::string();
}

struct Python {
  std::string path, version;
  bool young = false;      // 0.11 or later
};

// Debian's python3-anndata, and the Python named by HYPED_ANNDATA_PYTHON (a virtual environment with the current anndata).
std::vector<Python> pythons() {
  std::vector<std::string> paths = {"/usr/bin/python3"};
  if (const char* named = std::getenv("HYPED_ANNDATA_PYTHON")) paths.emplace_back(named);
  std::vector<Python> out;
  for (const auto& path : paths) {
    std::string version = output_of(path + " -W ignore -c 'import anndata; print(anndata.__version__)'");
    version = version.substr(0, version.find('\n'));
    if (version.empty()) WARN("skipped: " << path << " has no anndata");
    else out.push_back({path, version, version.starts_with("0.8.") || version.starts_with("0.9.") || version.starts_with("0.10.") ? false : true});
  }
  if (paths.size() == 1) WARN("skipped: HYPED_ANNDATA_PYTHON names no Python with the current anndata");
  return out;
}

// Lines by path, so that a difference names the path; the order of a file's parts is not content.
std::map<std::string, std::string> by_path(const std::string& text) {
  std::map<std::string, std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out[line.substr(0, line.find(' '))] += line + "\n";
  return out;
}

std::map<std::string, std::map<std::string, std::string>> contents(const Python& python, const std::vector<std::filesystem::path>& files) {
  std::string command = python.path + " " + script("anndata_content.py");
  for (const auto& file : files) command += " '" + file.string() + "'";
  std::map<std::string, std::string> texts;
  std::string name;
  std::istringstream in(output_of(command));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("file ")) name = line.substr(5);
    else texts[name] += line + "\n";
  std::map<std::string, std::map<std::string, std::string>> out;
  for (const auto& [file, text] : texts) out[file] = by_path(text);
  return out;
}

void same(const std::map<std::string, std::string>& ours, const std::map<std::string, std::string>& theirs) {
  REQUIRE_FALSE(theirs.empty());
  for (const auto& [path, lines] : theirs) {
    const auto found = ours.find(path);
    CHECK((found == ours.end() ? path + " is not there\n" : found->second) == lines);
  }
  for (const auto& [path, lines] : ours) CHECK((theirs.contains(path) ? "" : lines) == "");
}

// Files made by one anndata: read alike, and alike again by anndata after we wrote them.
int compare_made(const Python& python) {
  const Folder folder;
  std::vector<std::filesystem::path> made, again;
  std::istringstream names(output_of(python.path + " " + script("make_anndata.py") + " " + folder.path.string()));
  for (std::string name; std::getline(names, name);) made.push_back(folder / (name + ".h5ad"));
  REQUIRE(made.size() >= 11);
  for (const auto& file : made) {
    again.push_back(folder / ("again_" + file.filename().string()));
    write_anndata(read_anndata(file).data, again.back());
  }
  const auto theirs = contents(python, made), of_ours = contents(python, again);
  for (std::size_t i = 0; i < made.size(); ++i) {
    INFO("anndata " << python.version << ", " << made[i].filename().string());
    const auto read = read_anndata(made[i]);
    CHECK(read.notes.empty());
    same(by_path(content_of(read.data)), theirs.at(made[i].string()));
    same(of_ours.count(again[i].string()) ? of_ours.at(again[i].string()) : std::map<std::string, std::string>(), theirs.at(made[i].string()));
  }
  return static_cast<int>(made.size());
}

}  // namespace

TEST_CASE("must/expression/1", "[peers]") {
  const auto found = pythons();
  const auto archives = real_data("data/scrna/anndata_archives");
  int compared = 0;
  for (const Python& python : found) {
    compared += compare_made(python);
    if (archives.empty()) continue;
    std::vector<std::filesystem::path> files;
    for (const char* name : {"v0.5.0_adata.h5ad", "v0.7.0_adata.h5ad", "v0.7.8_adata.h5ad", "v0.11.4_adata.h5ad"}) files.push_back(archives / name);
    const auto theirs = contents(python, files);
    for (const auto& file : files) {
      INFO("anndata " << python.version << ", " << file.filename().string());
      same(by_path(content_of(read_anndata(file).data)), theirs.at(file.string()));
      ++compared;
    }
  }
  WARN("compared with " << found.size() << " versions of anndata: " << compared << " files");
}

TEST_CASE("what is written from our own values opens in anndata", "[peers]") {
  const Folder folder;
  for (const Python& python : pythons())
    for (const int gzip : {0, 4}) {
      INFO("anndata " << python.version << ", gzip " << gzip);
      const AnnotatedData example = example_cells(python.young);
      write_anndata(example, folder / "ours.h5ad", {gzip});
      const auto theirs = contents(python, {folder / "ours.h5ad"});
      REQUIRE(theirs.size() == 1);
      same(by_path(content_of(example)), theirs.begin()->second);
    }
}

TEST_CASE("h5ls shows the encodings of a written file", "[peers]") {
  const Folder folder;
  write_anndata(example_cells(true), folder / "ours.h5ad");
  const std::string listing = output_of("h5ls -rv '" + (folder / "ours.h5ad").string() + "'");
  if (listing.empty()) {
    WARN("skipped: h5ls is not installed");
    return;
  }
  for (const char* part : {"/X/data                  Dataset {", "/obs/categories          Group", "/obs/categories/codes    Dataset {23/23}", "/uns/nothing             Dataset {NULL}", "Attribute: encoding-type scalar", "Attribute: column-order {18}",
                           "enum native signed char", "variable-length null-terminated UTF-8 string", "/raw/var                 Group"})
    CHECK_THAT(listing, Catch::Matchers::Contains(part));
}
