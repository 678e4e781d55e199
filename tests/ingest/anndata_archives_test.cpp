// Files of anndata's own archive, and every .h5ad of the shared data, against what anndata reads from them.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/ingest/cells_content.hpp"
#include "tests/ingest/child_run.hpp"
#include "tests/places.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  std::sort(out.begin(), out.end());
  return out;
}

// What tests/peers/anndata_content.py printed with anndata 0.8.0 and, the same, with 0.12.19; by file.
std::map<std::string, std::string> stored_contents() {
  std::map<std::string, std::string> out;
  std::string name;
  std::istringstream in(bytes_of(hyped::tests::source_folder() + "/tests/golden/anndata_archives.txt"));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("file ")) name = line.substr(5);
    else out[name] += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("files of anndata 0.5 to 0.11 hold what anndata reads from them") {
  const auto folder = real_data("data/scrna/anndata_archives");
  if (folder.empty()) return;
  const auto contents = stored_contents();
  REQUIRE(contents.size() == 4);
  for (const auto& [name, content] : contents) {
    INFO(name);
    CHECK(sorted_lines(content_of(read_anndata(folder / name).data)) == sorted_lines(content));
  }
}

TEST_CASE("old files say what they were and what changed place") {
  const auto folder = real_data("data/scrna/anndata_archives");
  if (folder.empty()) return;
  const auto oldest = read_anndata(folder / "v0.5.0_adata.h5ad");
  CHECK(oldest.version == "anndata 0.6 or older");
  const auto has = [&](const std::string& text) { return std::any_of(oldest.notes.begin(), oldest.notes.end(), [&](const auto& note) { return note.find(text) != note.npos; }); };
  CHECK(has("uns/louvain_categories: are the categories of the column 'louvain' now"));
  CHECK(has("uns/neighbors/distances: is obsp/distances now"));
  const auto* louvain = std::get_if<Categorical>(oldest.data.obs.find("louvain"));
  REQUIRE(louvain != nullptr);
  CHECK(std::get<Strings>(louvain->categories).size() == 11);
  CHECK(oldest.data.raw->X.as<CompressedMatrix>()->stored() == 174400);
  CHECK(read_anndata(folder / "v0.7.8_adata.h5ad").version == "anndata 0.7");
  CHECK(read_anndata(folder / "v0.11.4_adata.h5ad").version == "anndata 0.8 or newer");
}

TEST_CASE("every shared file of cells makes the round trip and is read alike in blocks") {
  const auto folder = real_data("data/scrna");
  if (folder.empty()) return;
  const Folder out;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".h5ad") continue;
    ++files;
    INFO(entry.path().string());
    const auto read = read_anndata(entry.path());
    CHECK(read.data.cells() > 0);
    CHECK(read.data.genes() > 0);
    write_anndata(read.data, out / "again.h5ad");
    CHECK(content_of(read_anndata(out / "again.h5ad").data) == content_of(read.data));
    if (read.data.X.empty()) continue;
    const SparseRows whole = sparse_rows_of(read.data.X, "X");
    SparseRows blocks;
    blocks.columns = whole.columns;
    BackedMatrix(entry.path()).each_block([&](const RowBlock& block) {
      CHECK(block.first_row == blocks.rows);
      for (int r = 0; r < block.rows.rows; ++r) blocks.start.push_back(blocks.stored() + static_cast<std::int64_t>(block.rows.columns_of(r).size()));
      blocks.column.insert(blocks.column.end(), block.rows.column.begin(), block.rows.column.end());
      blocks.value.insert(blocks.value.end(), block.rows.value.begin(), block.rows.value.end());
      blocks.rows += block.rows.rows;
    }, 200000);
    CHECK(blocks.rows == whole.rows);
    CHECK(blocks.start == whole.start);
    CHECK(blocks.column == whole.column);
    CHECK(blocks.value == whole.value);
  }
  CHECK(files >= 9);
}

TEST_CASE("numbers of shared files are those their sources state") {
  const auto folder = real_data("data/scrna");
  if (folder.empty()) return;
  const auto papalexi = read_anndata(folder / "papalexi2021_thp1_sceptre_lowmoi/papalexi_lowmoi_counts.h5ad").data;
  CHECK(papalexi.cells() == 20729);
  CHECK(papalexi.genes() == 299);
  const Labels target = labels_of(*papalexi.obs.find("target"));
  const auto control = std::find(target.levels.begin(), target.levels.end(), "non-targeting") - target.levels.begin();
  CHECK(std::count(target.codes.begin(), target.codes.end(), control) == 2386);
  const auto norman = read_anndata(folder / "norman2019_mcfaline2023_perturbench_devel/devel.h5ad").data;
  CHECK(norman.cells() == 5961);
  CHECK(norman.genes() == 500);
  CHECK(labels_of(*norman.obs.find("condition")).levels.size() == 34);
}
