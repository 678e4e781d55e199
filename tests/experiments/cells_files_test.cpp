// `hyped cells inspect|convert|import-hyped` end to end on small files.
#include <catch2/catch.hpp>

#include "libhyped/ingest/cells/read_anndata.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/ingest/hyped_folder.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

void write_library(const std::filesystem::path& folder, const std::string& genes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "matrix.mtx") << "%%MatrixMarket matrix coordinate integer general\n2 2 3\n1 1 5\n2 1 2\n2 2 7\n";
  std::ofstream(folder / "features.tsv") << genes;
  std::ofstream(folder / "barcodes.tsv") << "AAAC-1\nAAAG-1\n";
}

}  // namespace

TEST_CASE("import-hyped writes tidy cells and says every decision and doubt") {
  const CommandFolder folder;
  write_release(folder.path() / "release", raw_merge());
  for (const int t : {0, 1, 3}) write_frame(folder.path() / "release" / "Imaging" / "Imaging" / "PRRX1" / "1" / ("t_" + std::to_string(t) + ".hdf5"), "PRRX1", 1, t);
  for (const int t : {0, 1}) write_frame(folder.path() / "release" / "Imaging" / "Imaging" / "Myod" / "1" / ("t_" + std::to_string(t) + ".hdf5"), "Myod", 1, t);
  const auto ended = folder.run("cells import-hyped release --out out");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  for (const char* text : {"counts    X: every value is a whole number", "arm       obs/assigned_condition", "PRRX1_MYOD is dual", "all controls are in one library", "may be swapped", "frames 2 are missing", "121 cells x 40 genes", "total_reads equals the sum"})
    CHECK_THAT(ended.out, Contains(text));
  const auto cells = read_anndata(folder.path() / "out/data/cells.h5ad").data;
  CHECK(cells.obs.names[0] == "arm");
  CHECK(cells.cells() == 121);
  const auto wells = folder.table("out/tables/wells.tsv");
  REQUIRE(wells.size() == 2);
  CHECK(wells[1].at("arm") == "siPRRX1");
  CHECK(wells[1].at("frames") == "3");
  CHECK_FALSE(folder.table("out/tables/doubts.tsv").empty());
  CHECK_THAT(text_of(folder.path() / "out/summary.json"), Contains("One culture was sequenced per arm"));
  // the same again, from the file that was written
  const auto again = folder.run("cells import-hyped out/data/cells.h5ad --condition-column arm --label none=none --out again");
  CHECK(again.code == 2);
  CHECK_THAT(again.err, Contains("is no label of obs/arm"));
  CHECK(folder.run("cells import-hyped out/data/cells.h5ad --condition-column arm --out again").code == 0);
}

TEST_CASE("import-hyped asks for what it cannot know, with exit code 2 and nothing written") {
  const CommandFolder folder;
  AnnotatedData data = raw_merge();
  data.obs.take("assigned_condition");
  write_release(folder.path() / "release", data);
  auto ended = folder.run("cells import-hyped release --out out");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("has no column assigned_condition") && Contains("dataset (Control, Hybrid)"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  ended = folder.run("cells import-hyped release --condition-column dataset --label Hybrid=everything --out out");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("'everything' is no arm"));
  ended = folder.run("cells import-hyped nowhere --out out");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("nowhere: does not exist"));
}

TEST_CASE("inspect tells what X is and why, columns and doubts") {
  const CommandFolder folder;
  AnnotatedData data = raw_merge();
  data.layers.put("log_norm", {log_normalised(*data.X.as<CompressedMatrix>())});
  write_release(folder.path() / "release", data);
  auto ended = folder.run("cells inspect release/GeneExpression/Genexpression.h5ad --all");
  REQUIRE(ended.code == 0);
  for (const char* text : {"121, named like ACGT0_hybrid", "40, named by symbols", "counts: every value is a whole number from 0", "log-normalised: exp(x) - 1 sums to 10000 in every cell", "assigned_condition", "csr_matrix 0.1.0", "HYPED arms"})
    CHECK_THAT(ended.out, Contains(text));
  ended = folder.run("inspect release/GeneExpression/Genexpression.h5ad");
  CHECK(ended.code == 0);
  CHECK_THAT(ended.out, Contains("annotated cells (anndata 0.8 or newer)"));
  std::ofstream(folder.path() / "bad.h5ad") << "no";
  ended = folder.run("cells inspect bad.h5ad");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("is not an HDF5 file"));
}

TEST_CASE("convert joins libraries and puts transcripts beside genes") {
  const CommandFolder folder;
  write_library(folder.path() / "c", "unknown_00000\tMYOD1\tGene Expression\nunknown_00001\tPRRX1\tGene Expression\n");
  write_library(folder.path() / "h", "unknown_00000\tMYOD1\tGene Expression\nunknown_00001\tXIST\tGene Expression\n");
  write_library(folder.path() / "t", "unknown_00000\tENST1\tGene Expression\nunknown_00001\tENST2\tGene Expression\n");
  folder.write("map.tsv", "transcript\tgene\nENST1\tMYOD1\n");
  auto ended = folder.run("cells convert control=c hybrid=h --transcripts control=t --transcript-genes map.tsv --out out");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Contains("genes were joined by name") && Contains("placeholders") && Contains("4 cells x 3 genes"));
  const auto cells = read_anndata(folder.path() / "out/data/cells.h5ad").data;
  CHECK(names_of(cells.obs, "obs") == Strings{"AAAC_control", "AAAG_control", "AAAC_hybrid", "AAAG_hybrid"});
  CHECK(cells.obsm.find("transcripts") != nullptr);
  CHECK(folder.table("out/tables/libraries.tsv").size() == 3);
  ended = folder.run("cells convert c h --out out2");
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains("write NAME=PATH for each"));
  CHECK(folder.run("cells convert c --out out3").code == 0);
  AnnotatedData columns = raw_merge();
  CompressedMatrix turned = compressed_of(transposed(sparse_rows_of(columns.X, "X")));
  turned.by_column = true;
  std::swap(turned.rows, turned.columns);
  columns.X = {std::move(turned)};
  write_anndata(columns, folder.path() / "columns.h5ad");
  CHECK(folder.run("cells convert columns.h5ad --out as_is").code == 0);
  CHECK(read_anndata(folder.path() / "as_is/data/cells.h5ad").data.X == columns.X);
  CHECK(folder.run("cells convert columns.h5ad --rows --out rows").code == 0);
  CHECK(read_anndata(folder.path() / "rows/data/cells.h5ad").data.X == raw_merge().X);
}
