// Every variant of the HYPED file comes out in one form; what cannot be decided is asked for.
#include "libhyped/ingest/hyped/hyped_cells.hpp"

#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/ingest/hyped/imaging_tree.hpp"
#include "tests/ingest/child_run.hpp"
#include "tests/ingest/hyped_folder.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

std::map<std::string, int> counts_of(const DataFrame& obs, const std::string& column) {
  const Labels labels = labels_of(*obs.find(column));
  std::map<std::string, int> out;
  for (const auto code : labels.codes) ++out[code < 0 ? "" : labels.levels[static_cast<std::size_t>(code)]];
  return out;
}

bool said(const std::vector<std::string>& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(), [&](const auto& line) { return line.find(text) != line.npos; });
}

HypedCells imported(const AnnotatedData& data, const HypedReading& reading = {}) {
  const Folder folder;
  write_release(folder.path, data);
  return read_hyped_cells(find_expression(folder.path), reading);
}

using Counts = std::map<std::string, int>;

}  // namespace

TEST_CASE("the raw merge becomes tidy: arms, phases from hashtags, libraries, doubts") {
  const auto cells = imported(raw_merge());
  CHECK(counts_of(cells.data.obs, "arm") == Counts{{"control", 60}, {"siPRRX1", 20}, {"mmMYOD1", 20}, {"dual", 20}, {"", 1}});
  CHECK(counts_of(cells.data.obs, "phase") == Counts{{"G1", 30}, {"S", 15}, {"G2M", 10}, {"", 66}});
  CHECK(counts_of(cells.data.obs, "phase_source") == Counts{{"sorted", 55}, {"", 66}});
  CHECK(counts_of(cells.data.obs, "library") == Counts{{"control", 60}, {"hybrid", 61}});
  CHECK(counts_of(cells.data.obs, "arm_label")["PRRX1_MYOD"] == 20);
  CHECK(said(cells.doubts, "all controls are in one library"));
  CHECK(said(cells.doubts, "5 cells of the control library have no hashtag"));
  CHECK(said(cells.doubts, "1 cells have no label"));
  CHECK(cells.data.X == raw_merge().X);
  CHECK(cells.data.obs.find("total_fb_counts") != nullptr);
  const auto* about = cells.data.uns.find("hyped")->as<Dict>();
  CHECK(about->find("counts")->as<TextArray>()->values[0] == "X");
  CHECK(static_cast<std::size_t>(about->find("doubts")->as<TextArray>()->shape[0]) == cells.doubts.size());
}

TEST_CASE("the processed file: counts are in a layer, X holds logarithms, phases are scored") {
  AnnotatedData data = raw_merge();
  const CompressedMatrix counts = *data.X.as<CompressedMatrix>();
  data.layers.put("raw_counts", {counts});
  data.layers.put("log_norm", {log_normalised(counts)});
  data.X = {log_normalised(counts)};
  Labels pooled{{"Control", "HYB", "mmMYOD1", "siPRRX1"}, {}}, phase{{"G1", "G2M", "S"}, {}};
  const Labels given = labels_of(*data.obs.find("assigned_condition"));
  for (const auto code : given.codes) {
    const std::string label = code < 0 ? "" : given.levels[static_cast<std::size_t>(code)];
    pooled.codes.push_back(label == "PRRX1_MYOD" ? 1 : label == "MYOD" ? 2 : label == "PRRX1" ? 3 : 0);
    phase.codes.push_back(static_cast<std::int32_t>(phase.codes.size() % 3));
  }
  data.obs.put("pooled_condition", categorical_of(pooled));
  data.obs.put("phase", categorical_of(phase));
  SECTION("with hashtags") {
    const auto cells = imported(data);
    CHECK(cells.data.X == Element{counts});
    CHECK(cells.data.layers.names == Strings{"X_in_file", "log_norm"});
    CHECK(counts_of(cells.data.obs, "phase_source") == Counts{{"sorted", 55}, {"scored", 66}});
    CHECK(said(cells.doubts, "scored phases agree with the sorted ones in"));
    CHECK(cells.data.obs.find("phase_in_file") != nullptr);
    std::map<std::string, MatrixKind> kinds;
    for (const auto& matrix : cells.matrices) kinds[matrix.path] = matrix.survey.kind;
    CHECK(kinds == std::map<std::string, MatrixKind>{{"X", MatrixKind::log_normalised}, {"layers/log_norm", MatrixKind::log_normalised}, {"layers/raw_counts", MatrixKind::counts}});
    CHECK(cells.matrices[0].survey.log_target == Approx(1e4).epsilon(1e-4));
  }
  SECTION("with pooled labels only") {
    data.obs.take("assigned_condition");
    const auto cells = imported(data);
    CHECK(counts_of(cells.data.obs, "arm")["dual"] == 20);
    CHECK(said(cells.doubts, "no cell has a phase from its hashtag"));
  }
  SECTION("counts in raw, with more genes") {
    data.layers = {};
    RawData raw;
    raw.X = {counts};
    raw.var = data.var;
    std::get<Strings>(raw.var.index)[0] = "ANOTHER";
    data.raw = raw;
    const auto cells = imported(data);
    CHECK(cells.data.X == Element{counts});
    CHECK(names_of(cells.data.var, "var")[0] == "ANOTHER");
    CHECK_FALSE(cells.data.raw.has_value());
  }
  SECTION("no counts anywhere") {
    data.layers.take("raw_counts");
    CHECK_THROWS_WITH(imported(data), Contains("holds no counts") && Contains("X: log-normalised") && Contains("layers/log_norm: log-normalised"));
    HypedReading reading;
    reading.counts = "X";
    CHECK_THROWS_WITH(imported(data, reading), Contains("holds no counts but is log-normalised"));
    reading.counts = "layers/nothing";
    CHECK_THROWS_WITH(imported(data, reading), Contains("has no matrix 'layers/nothing'") && Contains("X: log-normalised"));
  }
}

TEST_CASE("a missing column lists what there is, unknown labels are asked for") {
  AnnotatedData data = raw_merge();
  const auto condition = data.obs.take("assigned_condition");
  CHECK_THROWS_WITH(imported(data), Contains("has no column assigned_condition, pooled_condition or condition") && Contains("dataset (Control, Hybrid)") && Contains("--condition-column"));
  Categorical renamed = std::get<Categorical>(*condition);
  std::get<Strings>(renamed.categories)[2] = "scrambled";
  data.obs.put("treatment", renamed);
  HypedReading reading;
  reading.condition_column = "treatmnt";
  CHECK_THROWS_WITH(imported(data, reading), Contains("has no column 'treatmnt'") && Contains("'treatment'"));
  reading.condition_column = "treatment";
  CHECK_THROWS_WITH(imported(data, reading), Contains("'scrambled' (20 cells)") && Contains("--label"));
  reading.labels["scrambled"] = CellArm::control;
  const auto cells = imported(data, reading);
  CHECK(counts_of(cells.data.obs, "arm")["control"] == 80);
  CHECK(said(cells.doubts, "20 cells are controls of the hybrid library"));
  reading.labels = {{"scrambled", std::nullopt}};
  CHECK(counts_of(imported(data, reading).data.obs, "arm")[""] == 21);
  reading.labels = {{"scrambld", std::nullopt}};
  CHECK_THROWS_WITH(imported(data, reading), Contains("is no label of obs/treatment"));
}

TEST_CASE("values that are no counts are refused with cell and gene") {
  for (const float bad : {-3.0F, std::nanf("")}) {
    AnnotatedData data = raw_merge();
    auto& matrix = *data.X.as<CompressedMatrix>();
    std::get<std::vector<float>>(matrix.values)[static_cast<std::size_t>(matrix.start[4])] = bad;
    const int column = matrix.index[static_cast<std::size_t>(matrix.start[4])] + 1;
    CHECK_THROWS_WITH(imported(data), Contains(bad < 0 ? "1 values are negative; the first is -3" : "1 values are not finite") && Contains("row 5 (cell), column " + std::to_string(column) + " (gene)"));
  }
}

TEST_CASE("repeated genes are settled by choice, Ensembl ids give way to symbols") {
  AnnotatedData data = raw_merge();
  std::get<Strings>(data.var.index)[1] = "GENE01";
  CHECK_THROWS_WITH(imported(data), Contains("GENE01 (2)") && Contains("--repeated-genes"));
  HypedReading reading;
  reading.repeated = RepeatedGenes::sum;
  const auto summed = imported(data, reading);
  CHECK(summed.data.genes() == 39);
  AnnotatedData ids = raw_merge();
  std::swap(ids.var.index, *const_cast<DataColumn*>(ids.var.find("gene_id")));
  ids.var.names[0] = "gene_symbol";
  ids.var.index_name = "";
  const auto named = imported(ids);
  CHECK(names_of(named.data.var, "var")[38] == "MYOD1");
  CHECK(std::get<Strings>(*named.data.var.find("gene_id"))[0] == "ENSG00000000000");
  ids.var.take("gene_symbol");
  const auto nameless = imported(ids);
  CHECK(said(nameless.doubts, "genes are named by Ensembl ids"));
  CHECK(said(nameless.doubts, "MYOD1 is not among the genes"));
}

TEST_CASE("totals that are not those of the counts, and small arms, are doubts") {
  AnnotatedData data = raw_merge();
  std::get<std::vector<float>>(std::get<Numbers>(data.obs.columns[3]))[7] += 5;
  auto& codes = std::get<Categorical>(data.obs.columns[0]).codes;
  for (int i = 0; i < 15; ++i) codes[static_cast<std::size_t>(i)] = -1;
  const auto cells = imported(data);
  CHECK(said(cells.doubts, "total_reads differs from the sum of the counts in 1 cells"));
  CHECK(said(cells.doubts, "arm dual has 5 cells"));
}

TEST_CASE("the file is found in any nesting, several are asked about") {
  const Folder folder;
  CHECK_THROWS_WITH(find_expression(folder.path), Contains("holds no Genexpression.h5ad"));
  std::filesystem::create_directories(folder.path / "a" / "b");
  write_bytes(folder.path / "a" / "other.h5ad", "x");
  CHECK(find_expression(folder.path).filename() == "other.h5ad");
  write_bytes(folder.path / "a" / "b" / "GenExpression.h5ad", "x");
  CHECK(find_expression(folder.path).filename() == "GenExpression.h5ad");
  write_bytes(folder.path / "Genexpression.h5ad", "x");
  CHECK_THROWS_WITH(find_expression(folder.path), Contains("holds 2 files that may be meant"));
}

TEST_CASE("wells of the imaging half are listed with gaps and doubts") {
  const Folder folder;
  for (const int t : {1, 2, 3, 5, 10}) write_frame(folder.path / "Imaging" / "Imaging" / "Myod" / "1" / ("t_" + std::to_string(t) + ".hdf5"), "Myod", 1, t);
  for (const int t : {0, 1}) write_frame(folder.path / "Imaging" / "Imaging" / "PRRX1" / "2" / ("t_" + std::to_string(t) + ".hdf5"), "Myod", 2, t);
  write_frame(folder.path / "Imaging" / "Imaging" / "Scrambled" / "1" / "t_0.hdf5", "Scrambled", 1, 0);
  const auto tree = list_imaging(folder.path);
  REQUIRE(tree.wells.size() == 3);
  const auto& myod = tree.wells[0];
  CHECK(myod.sample == "Myod");
  CHECK(myod.arm == CellArm::mmMYOD1);
  CHECK(myod.frames == 5);
  CHECK(myod.last == 10);      // by number, not by letters
  CHECK(myod.gaps == std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 4}, {6, 9}});
  CHECK(myod.scene == "uint16, 4 x 6 x 5");
  CHECK(myod.channels == std::vector<std::string>{"tagGFP", "MKate", "Cy5", "Oblique"});
  CHECK(said(tree.doubts, "Myod/1: frames 4, 6-9 are missing"));
  CHECK(said(tree.doubts, "PRRX1/2: its frames say the sample is 'Myod'"));
  CHECK(said(tree.doubts, "'Scrambled' is no known name of an arm"));
  CHECK(said(tree.doubts, "may be swapped"));
  const auto labelled = list_imaging(folder.path, {{"Scrambled", CellArm::control}, {"Myod", CellArm::siPRRX1}});
  CHECK(labelled.wells[0].arm == CellArm::siPRRX1);
  CHECK_FALSE(said(labelled.doubts, "no known name"));
  CHECK_THROWS_WITH(list_imaging(folder.path, {{"Mood", CellArm::control}}), Contains("no such sample folder") && Contains("'Myod'"));
}
