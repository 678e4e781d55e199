// Networks from cells by arm with deliveries as physics: from an .h5ad file to a fit, a prediction at another time, and clear errors.
#include <catch2/catch.hpp>

#include "experiments/grn/grn_scenario.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/places.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Counts of 40 genes in four arms; siPRRX1 lowers PRRX1 and what it activates, mmMYOD1 raises MYOD1 and its target.
struct CellsFolder : CommandFolder {
  CellsFolder() {
    std::vector<std::string> genes{"PRRX1", "MYOD1", "COL1A1", "MYOG", "FLAT"}, names, arms;
    for (int g = 5; g < 40; ++g) genes.push_back("BG" + std::to_string(g));
    std::vector<double> counts;
    RandomStream stream(3, 0, 0);
    for (const char* arm : {"control", "siPRRX1", "mmMYOD1", "dual"})
      for (int c = 0; c < 80; ++c) {
        const bool si = std::string(arm) == "siPRRX1" || std::string(arm) == "dual", mm = std::string(arm) == "mmMYOD1" || std::string(arm) == "dual";
        names.push_back(std::string(arm) + std::to_string(c));
        arms.emplace_back(arm);
        for (std::size_t g = 0; g < genes.size(); ++g) {
          double mean = 10;
          if (g == 0) mean = si ? 3 : 12;
          if (g == 1) mean = mm ? 20 : 4;
          if (g == 2) mean = si ? 7 : 14;
          if (g == 3) mean = mm ? 8 : 3;
          counts.push_back(g == 4 ? 0 : static_cast<double>(stream.poisson(mean)));
        }
      }
    AnnotatedData data;
    data.X = Element{Array{{static_cast<std::int64_t>(names.size()), static_cast<std::int64_t>(genes.size())}, counts}};
    data.obs.index = names;
    data.obs.put("arm", arms);
    data.var.index = genes;
    write_anndata(data, path() / "cells.h5ad");
    write("cells.toml", toml("[\"PRRX1\", \"MYOD1\", \"COL1A1\", \"MYOG\", \"FLAT\", \"NOT_THERE\"]", "dual"));
  }
  static std::string toml(const std::string& genes, const std::string& last, const std::string& gene = "MYOD1") {
    const auto delivery = [](const std::string& arm, const std::string& kind, const std::string& of, const std::string& from) { return "[[delivery]]\narm = \"" + arm + "\"\nkind = \"" + kind + "\"\ngene = \"" + of + "\"\nfrom_h = " + from + "\n"; };
    return "[data]\nkind = \"cells\"\ntime_h = 48\nmissing_genes = \"leave_out\"\ngenes = " + genes + "\n" + delivery("siPRRX1", "sirna", "PRRX1", "0") + delivery("mmMYOD1", "modified_mrna", gene, "24") + delivery(last, "sirna", "PRRX1", "0") + delivery(last, "modified_mrna", gene, "24") +
           "[network]\ndecay_per_h = 0.1\n[fit]\nhighest_penalty = 3\nlowest_penalty = 0.03\npenalties = 4\niterations = 60\nfolds = 0\n";
  }
};

}  // namespace

TEST_CASE("a network is fitted to cells by arm, drawn with its doses, and asked for another time", "[standard]") {
  const CellsFolder folder;
  const Ended fit = folder.run("grn fit cells.toml cells.h5ad --out fit");
  INFO(fit.out << fit.err);
  REQUIRE(fit.code == 0);
  const std::string summary = text_of(folder.path() / "fit/summary.json");
  CHECK(summary.find("NOT_THERE") != std::string::npos);
  CHECK(summary.find("1 gene does not vary between cells") != std::string::npos);
  CHECK(std::filesystem::exists(folder.path() / "fit/figures/courses.svg"));
  CHECK(std::filesystem::exists(folder.path() / "fit/figures/doses.svg"));
  double si = 0, mm = 0;
  for (const auto& row : folder.table("fit/tables/parameters.tsv")) {
    if (row.at("kind") != "input") continue;
    if (row.at("parameter").find("PRRX1") != std::string::npos) si = std::stod(row.at("estimate"));
    if (row.at("parameter").find("MYOD1") != std::string::npos) mm = std::stod(row.at("estimate"));
  }
  CHECK(si < 0);
  CHECK(mm > 0);
  for (const auto& row : folder.table("fit/tables/fit_by_arm.tsv"))
    if (row.at("gene") != "FLAT") CHECK(std::abs(std::stod(row.at("residual"))) < 0.35);      // effects are 0.6 to 1.5
  const Ended late = folder.run("grn predict fit --arm late=sirna@0+modified_mrna@30x0.5 --time-h 60 --out late");
  INFO(late.out << late.err);
  CHECK(late.code == 0);
  CHECK(late.out.find("fitted to 48 h alone") != std::string::npos);
  CHECK(read_anndata(folder.path() / "late/data/predictions.h5ad").data.genes() == 5);
}

TEST_CASE("cells and deliveries that do not fit together are clear errors") {
  const CellsFolder folder;
  const auto fails = [&](const std::string& name, const std::string& text, const std::string& words) {
    folder.write(name, text);
    const Ended ended = folder.run("grn fit " + name + " cells.h5ad --out out");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.err.find(words) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  fails("unmeasured.toml", CellsFolder::toml("[\"COL1A1\", \"MYOG\"]", "dual", "MYOD7"), "the perturbed gene 'MYOD7' is not measured");
  fails("no_cells.toml", CellsFolder::toml("[\"COL1A1\", \"MYOG\"]", "triple"), "triple");
  std::string bad = CellsFolder::toml("[\"COL1A1\", \"MYOG\"]", "dual");
  bad.replace(bad.find("time_h = 48"), 11, "time_h = 20");
  fails("early.toml", bad, "after the cells were taken (20 h)");
}

TEST_CASE("every shipped scenario of gene networks is read without a complaint") {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(hyped::tests::source_folder() + "/experiments/networks/grn")) {
    const GrnScenario scenario = read_grn_scenario(entry.path());
    CHECK_FALSE(scenario.question.empty());
    CHECK(scenario.fit.ladder.size() >= 3);
    CHECK(shipped_grn_scenario(entry.path().stem().string()).filename() == entry.path().filename());
    ++read;
  }
  CHECK(read == 6);
}
