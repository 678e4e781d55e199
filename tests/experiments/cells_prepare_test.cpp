// hyped cells prepare and embed from the command line: what comes out opens, is complete and is the same on any number of threads.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/expression/arms.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/expression/simulated_cells.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Four arms in two libraries, a few bad cells, cell-cycle, mitochondrial and delivered genes among the names.
AnnotatedData small_experiment(int cells) {
  SimulatedCells made = simulated_cells({.cells = cells, .genes = 900, .groups = 4, .depth = 2500, .level_spread = 1, .changed = 0.1, .effect = 1.5});
  AnnotatedData data;
  Strings names, library;
  Labels arm{{"control", "siPRRX1", "mmMYOD1", "dual"}, {}};
  for (int c = 0; c < cells; ++c) {
    names.push_back("cell" + std::to_string(c));
    arm.codes.push_back(made.group[static_cast<std::size_t>(c)]);
    library.push_back(made.group[static_cast<std::size_t>(c)] == 0 ? "control" : "hybrid");
  }
  Strings genes = made.genes;
  genes[0] = "MYOD1", genes[1] = "PRRX1", genes[2] = "MT-CO1", genes[3] = "MT-ND1", genes[4] = "RPL3";
  const char* cycle[] = {"MCM5", "PCNA", "TYMS", "FEN1", "MCM2", "MCM4", "RRM1", "UNG", "GINS2", "MCM6", "CENPU", "HMGB2", "CDK1", "NUSAP1", "UBE2C", "BIRC5", "TPX2", "TOP2A", "NDC80", "CKS2", "NUF2", "JPT1"};
  for (std::size_t i = 0; i < std::size(cycle); ++i) genes[10 + i] = cycle[i];
  for (const int bad : {17, 44, 91})      // dying cells: nearly all mitochondrial
    for (std::size_t i = 0; bad < cells && i < made.counts.columns_of(bad).size(); ++i)
      if (made.counts.columns_of(bad)[i] == 2 || made.counts.columns_of(bad)[i] == 3) made.counts.values_of(bad)[i] += 400;
  for (int c = 0; c < cells; ++c)      // the delivered gene varies most of all
    for (std::size_t i = 0; i < made.counts.columns_of(c).size(); ++i)
      if (made.counts.columns_of(c)[i] == 0) made.counts.values_of(c)[i] *= c % 4 >= 2 ? 60.0F : 1.0F;
  data.obs.index = names;
  data.obs.put("arm", categorical_of(arm));
  data.obs.put("library", categorical_of(labels_of(DataColumn(library))));
  data.var.index = genes;
  data.X = {compressed_of(std::move(made.counts))};
  return data;
}

}  // namespace

TEST_CASE("cells are prepared and embedded from the command line", "[standard]") {
  const CommandFolder folder;
  write_anndata(small_experiment(800), folder.path() / "cells.h5ad");
  const Ended prepared = folder.run("cells prepare cells.h5ad --components 20 --variable-genes 300 --out p --threads 2");
  INFO(prepared.out << prepared.err);
  REQUIRE(prepared.code == 0);
  const AnnotatedData data = read_anndata(folder.path() / "p/data/prepared.h5ad").data;
  CHECK(data.cells() < 798);
  CHECK(data.cells() > 700);
  CHECK(data.obsm.find("X_pca")->as<Array>()->shape == std::vector<std::int64_t>{data.cells(), 20});
  CHECK(data.varm.find("PCs")->as<Array>()->shape == std::vector<std::int64_t>{data.genes(), 20});
  for (const char* column : {"total_counts", "n_genes_by_counts", "pct_counts_mt", "pct_counts_in_top_50_genes", "S_score", "G2M_score", "phase", "arm", "library"}) CHECK(data.obs.find(column) != nullptr);
  const Strings cells = names_of(data.obs, "p"), genes = names_of(data.var, "p");
  for (const char* bad : {"cell17", "cell44", "cell91"}) CHECK(std::find(cells.begin(), cells.end(), bad) == cells.end());
  // what is stored is the logarithm of what the layer holds
  const SparseRows logs = sparse_rows_of(data.X, "X"), counts = sparse_rows_of(*data.layers.find("counts"), "counts");
  double total = 0;
  for (const float value : counts.values_of(5)) total += value;
  for (std::size_t i = 0; i < 10; ++i) CHECK(logs.values_of(5)[i] == Approx(std::log1p(1e4 * counts.values_of(5)[i] / total)).epsilon(1e-6));
  // masked genes vary most and are not chosen
  for (const auto& row : folder.table("p/tables/variable_genes.tsv"))
    if (row.at("gene") == "MYOD1") {
      CHECK(row.at("masked") == "yes");
      CHECK(row.at("selected") == "no");
      CHECK(std::stod(row.at("normalised")) > 2);
    }
  CHECK(folder.table("p/tables/cells_kept.tsv").size() == 4);
  CHECK(folder.table("p/tables/components.tsv").size() == 20);
  CHECK(folder.table("p/tables/quality_cuts.tsv").size() == 8);
  for (const char* figure : {"quality", "variable_genes", "components"}) CHECK(std::filesystem::exists(folder.path() / "p/figures" / (std::string(figure) + ".svg")));
  const std::string summary = text_of(folder.path() / "p/summary.json");
  CHECK_THAT(summary, !Catch::Matchers::Contains("gnuplot"));
  CHECK_THAT(summary, Catch::Matchers::Contains(design_limits().front().substr(0, 40)));

  const Ended again = folder.run("cells prepare cells.h5ad --components 20 --variable-genes 300 --out p1 --threads 1");
  REQUIRE(again.code == 0);
  const AnnotatedData one_thread = read_anndata(folder.path() / "p1/data/prepared.h5ad").data;      // as wholes they hold NaN: no rank
  CHECK((one_thread.X == data.X && one_thread.obs == data.obs && one_thread.obsm == data.obsm && one_thread.varm == data.varm && one_thread.layers == data.layers));
  CHECK(text_of(folder.path() / "p1/tables/variable_genes.tsv") == text_of(folder.path() / "p/tables/variable_genes.tsv"));

  const Ended embedded = folder.run("cells embed p/data/prepared.h5ad --out e --threads 2");
  INFO(embedded.out << embedded.err);
  REQUIRE(embedded.code == 0);
  const AnnotatedData pictures = read_anndata(folder.path() / "e/data/embedded.h5ad").data;
  for (const char* name : {"X_umap", "X_tsne"}) CHECK(pictures.obsm.find(name)->as<Array>()->shape == std::vector<std::int64_t>{data.cells(), 2});
  CHECK(pictures.obs.find("leiden") != nullptr);
  CHECK(pictures.obsp.find("connectivities") != nullptr);
  CHECK(folder.table("e/tables/embedding_quality.tsv").size() == 2);
  CHECK(std::filesystem::exists(folder.path() / "e/figures/embedding.svg"));
  REQUIRE(folder.run("cells embed p/data/prepared.h5ad --out e1 --threads 1").code == 0);
  const AnnotatedData again_pictures = read_anndata(folder.path() / "e1/data/embedded.h5ad").data;
  CHECK((again_pictures.obsm == pictures.obsm && again_pictures.obs == pictures.obs && again_pictures.obsp == pictures.obsp));
}

TEST_CASE("phases of the file are known by their other spellings, and a column of other phases is left alone", "[standard]") {
  const CommandFolder folder;
  AnnotatedData data = small_experiment(400);
  Labels phase{{"G2/M", "s", "G1"}, {}};
  for (int c = 0; c < 400; ++c) phase.codes.push_back(c % 4 == 3 ? -1 : c % 4);
  data.obs.put("phase", categorical_of(phase));
  write_anndata(data, folder.path() / "cycle.h5ad");
  const Ended cycle = folder.run("cells prepare cycle.h5ad --components 5 --variable-genes 100 --out c");
  INFO(cycle.out << cycle.err);
  REQUIRE(cycle.code == 0);
  const AnnotatedData prepared = read_anndata(folder.path() / "c/data/prepared.h5ad").data;
  const Labels after = labels_of(*prepared.obs.find("phase")), scored = labels_of(*prepared.obs.find("phase_scored"));
  CHECK(after.levels == Strings{"G1", "S", "G2M"});
  CHECK(std::count(after.codes.begin(), after.codes.end(), -1) == 0);
  const Strings names = names_of(prepared.obs, "c");
  int wrong = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int c = std::stoi(names[i].substr(4));
    wrong += after.levels[static_cast<std::size_t>(after.codes[i])] != (c % 4 == 3 ? scored.levels[static_cast<std::size_t>(scored.codes[i])] : std::string(c % 4 == 0 ? "G2M" : c % 4 == 1 ? "S" : "G1"));
  }
  CHECK(wrong == 0);
  std::set<std::string> compared;
  for (const auto& row : folder.table("c/tables/phases_compared.tsv")) compared.insert(row.at("given"));
  CHECK(compared == std::set<std::string>{"G1", "G2M", "S"});

  phase.levels = {"I", "S", "II"};      // phases of a trial, say
  data.obs.put("phase", categorical_of(phase));
  write_anndata(data, folder.path() / "trial.h5ad");
  const Ended trial = folder.run("cells prepare trial.h5ad --components 5 --variable-genes 100 --out t");
  REQUIRE(trial.code == 0);
  const AnnotatedData kept = read_anndata(folder.path() / "t/data/prepared.h5ad").data;
  const Labels left = labels_of(*kept.obs.find("phase"));
  CHECK(left.levels == Strings{"I", "S", "II"});
  CHECK(std::count(left.codes.begin(), left.codes.end(), -1) > 0);
  CHECK(kept.obs.find("phase_source") == nullptr);
  CHECK(kept.obs.find("phase_scored") != nullptr);
  CHECK_THAT(text_of(folder.path() / "t/summary.json"), Catch::Matchers::Contains("has I, II, which is none of G1, S, G2M"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "t/tables/phases_compared.tsv"));
}

TEST_CASE("figure2 goes from counts to phases, pictures and top genes in one step, and says what it took", "[standard]") {
  const CommandFolder folder;
  AnnotatedData data = small_experiment(800);
  data.layers.put("other", data.X);
  write_anndata(data, folder.path() / "cells.h5ad");
  const Ended ended = folder.run("cells figure2 cells.h5ad --top 7 --out f");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  for (const char* figure : {"phases", "embedding", "top_genes"}) CHECK(std::filesystem::exists(folder.path() / "f/figures" / (std::string(figure) + ".svg")));
  const std::string page = text_of(folder.path() / "f/report.html");
  CHECK_THAT(page, Catch::Matchers::Contains("<svg") && !Catch::Matchers::Contains("src=\"figures"));
  CHECK_THAT(ended.out, Catch::Matchers::Contains("compared with control, found by its name") && Catch::Matchers::Contains("layers/other: of all cells") && Catch::Matchers::Contains("set by --max-pct-mt"));
  // the same genes as the verbs one by one
  REQUIRE(folder.run("cells prepare cells.h5ad --out p").code == 0);
  REQUIRE(folder.run("cells de p/data/prepared.h5ad --matrix X --top 7 --out d").code == 0);
  CHECK(text_of(folder.path() / "f/tables/top_genes.tsv") == text_of(folder.path() / "d/tables/top_genes.tsv"));
  std::map<std::string, int> cells;
  for (const auto& row : folder.table("f/tables/phases_by_arm.tsv")) cells[row.at("arm")] += std::stoi(row.at("cells"));
  for (const auto& row : folder.table("f/tables/cells_kept.tsv")) CHECK(cells[row.at("arm")] == std::stoi(row.at("kept")));
  // in the form of the release
  AnnotatedData release = small_experiment(400);
  Labels condition{{"Negative_Controls", "PRRX1", "MYOD", "PRRX1_MYOD"}, std::get<Categorical>(*release.obs.find("arm")).codes};
  release.obs.take("arm");
  release.obs.put("assigned_condition", categorical_of(condition));
  write_anndata(release, folder.path() / "Genexpression.h5ad");
  const Ended imported = folder.run("cells figure2 Genexpression.h5ad --out r");
  INFO(imported.out << imported.err);
  REQUIRE(imported.code == 0);
  CHECK_THAT(imported.out, Catch::Matchers::Contains("conditions of the HYPED release") && Catch::Matchers::Contains("dual"));
}

TEST_CASE("preparation refuses what it cannot use, and says what there is") {
  const CommandFolder folder;
  const auto refused = [&](const AnnotatedData& data, const std::string& arguments, const std::string& words) {
    write_anndata(data, folder.path() / "bad.h5ad");
    const Ended ended = folder.run("cells prepare bad.h5ad --out o " + arguments);
    INFO(ended.out << ended.err);
    CHECK(ended.code == 2);
    CHECK_THAT(ended.err, Catch::Matchers::Contains(words));
    CHECK_FALSE(std::filesystem::exists(folder.path() / "o"));
  };
  const AnnotatedData good = small_experiment(60);
  refused(good, "--arm condition", "there are: arm (");          // lists the columns
  refused(good, "--counts layers/none", "X");
  AnnotatedData twice = good;
  std::get<Strings>(twice.var.index)[7] = "MYOD1";
  refused(twice, "", "MYOD1 (2)");
  AnnotatedData logs = good, negative = good;
  for (float& value : std::get<std::vector<float>>(logs.X.as<CompressedMatrix>()->values)) value = std::log1p(1.37F * value);
  refused(logs, "", "no matrix holds counts");
  std::get<std::vector<float>>(negative.X.as<CompressedMatrix>()->values)[3] = -1;
  for (const char* asked : {"--counts X", ""}) refused(negative, asked, "1 of the values of X are negative; the first is -1 in cell cell0, gene");
  AnnotatedData no_number = good, no_matrix = good;
  std::get<std::vector<float>>(no_number.X.as<CompressedMatrix>()->values)[3] = NAN;
  refused(no_number, "", "no number; the first is nan in cell cell0, gene");
  no_matrix.X = {};
  refused(no_matrix, "", "has no matrix of cells x genes");
  refused(good, "--min-counts 1000000", "left after quality control");
  write_anndata(good, folder.path() / "raw.h5ad");
  const Ended embedded = folder.run("cells embed raw.h5ad --out o");
  CHECK(embedded.code == 2);
  CHECK_THAT(embedded.err, Catch::Matchers::Contains("hyped cells prepare"));
}

TEST_CASE("published cells are prepared with what the file names", "[standard]") {
  const auto file = real_data("data/scrna/kang2018_pbmc_ifnb_muscat/kang_ifnb_counts.h5ad");
  if (file.empty()) return;
  const CommandFolder folder;
  const Ended prepared = folder.run("cells prepare " + file.string() + " --library sample_id --arm group_id --variable-genes 500 --components 20 --out p");
  INFO(prepared.out << prepared.err);
  REQUIRE(prepared.code == 0);
  const Ended embedded = folder.run("cells embed p/data/prepared.h5ad --arm group_id --phase cluster_id --no-tsne --out e");
  INFO(embedded.out << embedded.err);
  REQUIRE(embedded.code == 0);
  // the authors' lineages (T, B, monocytes) lie in communities of their own; CD4 and CD8 T cells are known not to part in few genes
  const AnnotatedData data = read_anndata(folder.path() / "e/data/embedded.h5ad").data;
  const Labels type = labels_of(*data.obs.find("cluster_id")), community = labels_of(*data.obs.find("leiden"));
  std::map<int, std::map<int, int>> count;
  for (std::size_t i = 0; i < type.codes.size(); ++i) {
    const std::string& name = type.levels[static_cast<std::size_t>(type.codes[i])];
    ++count[community.codes[i]][name.starts_with("CD4") || name.starts_with("CD8") ? 0 : name.starts_with("B") ? 1 : 2];
  }
  int majority = 0;
  for (const auto& [group, types] : count) {
    int most = 0;
    for (const auto& [one, cells] : types) most = std::max(most, cells);
    majority += most;
  }
  CAPTURE(majority, type.codes.size(), count.size());
  CHECK(majority > 0.97 * static_cast<double>(type.codes.size()));
}
