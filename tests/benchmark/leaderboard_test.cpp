// Whole runs on real data and on the sequencing twin: the figures of the notes, intervals, words, the printed rows of HYPED beside ours.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_files.hpp"
#include "experiments/twin/cells/cells_twin.hpp"
#include "tests/benchmark/golden_norman.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using Catch::Matchers::Contains;
using hyped::testing::CommandFolder;
using hyped::testing::text_of;

namespace {

using Rows = std::vector<std::map<std::string, std::string>>;

double number(const std::map<std::string, std::string>& row, const std::string& column) {
  REQUIRE(row.count(column));
  REQUIRE_FALSE(row.at(column).empty());
  return std::stod(row.at(column));
}

// By predictor, then condition.
std::map<std::string, std::map<std::string, double>> values_of(const Rows& rows, const std::string& metric) {
  std::map<std::string, std::map<std::string, double>> out;
  for (const auto& row : rows)
    if (row.at("metric") == metric && !row.at("value").empty()) out[row.at("predictor")][row.at("condition") + (row.at("context").empty() ? "" : " " + row.at("context"))] = number(row, "value");
  return out;
}

double mean_of_doubles(const std::map<std::string, double>& values) {
  double sum = 0;
  int count = 0;
  for (const auto& [condition, value] : values)
    if (condition.find('+') != condition.npos) sum += value, ++count;
  REQUIRE(count == 5);
  return sum / count;
}

// Every score with a mean has an interval around it, a floor and a word on where it stands.
void check_intervals(const Rows& scores) {
  REQUIRE(scores.size() > 100);
  for (const auto& row : scores) {
    INFO(row.at("predictor") << " " << row.at("metric"));
    if (row.at("mean").empty()) {
      CHECK_FALSE(row.at("why_not").empty());
      continue;
    }
    if (row.at("of") == "1") continue;
    CHECK(number(row, "cells_lower") <= number(row, "mean") + 1e-9);
    CHECK(number(row, "cells_upper") >= number(row, "mean") - 1e-9);
    CHECK(number(row, "lower") <= number(row, "mean") + 1e-9);
    CHECK(number(row, "upper") >= number(row, "mean") - 1e-9);
    if (row.at("calibrated") == "no") CHECK(row.at("scaled").empty());
    if (!row.at("scaled").empty()) CHECK(number(row, "scaled") == Approx((number(row, "mean") - number(row, "floor")) / (number(row, "ceiling") - number(row, "floor"))).epsilon(0.5).margin(0.2));
  }
}

std::map<std::string, double> evidence_l2(const std::filesystem::path& file) {
  std::map<std::string, double> out;
  std::ifstream in(file);
  bool mine = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("##")) mine = line.find("Norman 5 doubles, same control for prediction and truth") != line.npos;
    std::istringstream words(line);
    std::string name, value;
    if (mine && words >> name >> value && value.find('.') != value.npos) out[name] = std::stod(value);
  }
  return out;
}

// Every golden baseline of the independent reference, condition by condition. Cells are floats here and doubles there.
void against_golden(const std::map<std::string, std::map<std::string, double>>& l2, const std::map<std::string, std::map<std::string, double>>& r) {
  const auto golden = hyped::testing::golden_norman();
  REQUIRE(golden.is_object());
  int compared = 0;
  for (const auto& [ours, theirs] : std::map<std::string, std::string>{{"no change", "no_change"}, {"perturbed mean", "perturbed_mean_loo"}, {"matching mean", "matching_mean"}, {"additive", "additive"}, {"largest effect", "max_abs"}})
    for (const auto& [condition, scores] : golden.at("baselines").at(theirs).items()) {
      if (condition == "PDS") continue;
      INFO(ours << " " << condition);
      CHECK(l2.at(ours).at(condition) == Approx(scores.at("ctrl_ref").at("l2").get<double>()).epsilon(1e-6));
      ++compared;
      if (scores.at("ctrl_ref").at("pearson_delta").is_number()) CHECK(r.at(ours).at(condition) == Approx(scores.at("ctrl_ref").at("pearson_delta").get<double>()).epsilon(1e-6));
    }
  CHECK(compared == 37);
}

void norman(const std::filesystem::path& data) {
  const CommandFolder folder;
  const auto ended = folder.run("bench run " + (data / "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad").string() + " --by condition --control control --targets none --shared-control --draws 24 --splits 4 --out shared");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const auto by_condition = folder.table("shared/tables/by_condition.tsv");
  const auto l2 = values_of(by_condition, "l2_delta"), r = values_of(by_condition, "pearson_delta");
  // the table of the notes, to its printed digits
  const std::map<std::string, double> printed{{"no change", 1.374}, {"perturbed mean", 1.463}, {"matching mean", 0.752}, {"additive", 0.446}, {"largest effect", 0.422}, {"overlap-corrected additive", 0.395}, {"B only", 1.334}};
  for (const auto& [name, value] : printed) {
    INFO(name);
    CHECK(mean_of_doubles(l2.at(name)) == Approx(value).margin(5.1e-4));
  }
  CHECK(mean_of_doubles(r.at("additive")) == Approx(0.870).margin(5.1e-4));
  CHECK(mean_of_doubles(r.at("matching mean")) == Approx(0.870).margin(5.1e-4));      // scale-free: the same
  CHECK(mean_of_doubles(r.at("overlap-corrected additive")) == Approx(0.878).margin(5.1e-4));
  // and the evidence file's names for the same rows
  const auto evidence = evidence_l2(data / "golden/evidence_combination.txt");
  for (const auto& [ours, theirs] : std::map<std::string, std::string>{{"no change", "no_change"}, {"additive", "additive"}, {"matching mean", "matching_mean"}, {"largest effect", "max_abs"}, {"overlap-corrected additive", "additive_minus_minmod"}, {"A only", "A_only"}, {"B only", "B_only"}}) {
    INFO(ours);
    CHECK(mean_of_doubles(l2.at(ours)) == Approx(evidence.at(theirs)).margin(5.1e-4));
  }
  int better = 0;
  for (const auto& [condition, value] : l2.at("additive"))
    if (condition.find('+') != condition.npos) better += l2.at("overlap-corrected additive").at(condition) < value;
  CHECK(better == 5);
  against_golden(l2, r);
  CHECK_THAT(ended.out, !Contains("could not be drawn"));
  check_intervals(folder.table("shared/tables/scores.tsv"));
  CHECK_THAT(text_of(folder.path() / "shared/tables/leaks.tsv"), Contains("control cells on both sides\t100\tyes"));
  CHECK(folder.table("shared/tables/ranks.tsv").size() > 50);

  // disjoint control halves: the default, and both are shown
  REQUIRE(folder.run("bench run " + (data / "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad").string() + " --by condition --control control --targets none --split dual --draws 8 --splits 4 --predictor additive --predictor 'no change' --floor 'no change' --out halves").code == 0);
  const auto halves = folder.table("halves/tables/control_halves.tsv");
  REQUIRE(halves.size() == 2);
  // notes 15: every second control cell in the order of the file
  CHECK(number(halves[0], "pearson") == Approx(0.877).margin(5.1e-4));
  CHECK(number(halves[1], "pearson") == Approx(0.699).margin(5.1e-4));
  CHECK(number(halves[0], "l2") == Approx(0.496).margin(5.1e-4));
  CHECK(number(halves[1], "l2") == Approx(0.796).margin(5.1e-4));
  // a written split repeats the run
  REQUIRE(folder.run("bench run " + (data / "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad").string() + " --by condition --control control --targets none --split halves/data/split.tsv --draws 8 --splits 4 --predictor additive --predictor 'no change' --floor 'no change' --out again").code == 0);
  CHECK(text_of(folder.path() / "again/tables/by_condition.tsv") == text_of(folder.path() / "halves/tables/by_condition.tsv"));
  CHECK(text_of(folder.path() / "again/data/split.tsv") == text_of(folder.path() / "halves/data/split.tsv"));
}

void kang(const std::filesystem::path& data) {
  const CommandFolder folder;
  const auto ended = folder.run("bench run " + (data / "kang2018_pbmc_ifnb_muscat/kang_ifnb_counts.h5ad").string() + " --by group_id --control ctrl --context cluster_id --targets none --split context --floor 'no change' --draws 16 --splits 4 --out kang");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const auto l2 = values_of(folder.table("kang/tables/by_condition.tsv"), "l2_delta");
  REQUIRE(l2.at("context-shifted mean").size() == 5);
  // the interferon answer is shared by all types: what the others do is nearer than no change, in every one
  for (const auto& [type, value] : l2.at("context-shifted mean")) CHECK(value < l2.at("no change").at(type));
  const auto scores = folder.table("kang/tables/scores.tsv");
  check_intervals(scores);
  for (const auto& row : scores)      // halves of the control bring no correlation of their own
    if (row.at("predictor") == "no change" && row.at("metric") == "pearson_delta") CHECK(row.at("mean").empty());
  for (const auto& row : scores)
    if (row.at("predictor") == "context-shifted mean" && row.at("metric") == "l2_delta") {
      CHECK(row.at("against_floor") == "better");
      CHECK(row.at("calibrated") == "yes");
      CHECK(number(row, "scaled") > 0.2);
    }
  CHECK_THAT(ended.out, !Contains("could not be drawn"));
  CHECK_THAT(text_of(folder.path() / "kang/tables/leaks.tsv"), Contains("tested labels learned in another context"));
}

void twin() {
  Scenario scenario = read_scenario(shipped_scenario("hyped_twin"));
  CellsTwinSettings& settings = *scenario.cells;
  settings.genes = 320, settings.network_genes = 120;
  for (auto& library : settings.libraries) {
    for (auto& sample : library.samples) sample.cells = static_cast<int>(sample.cells * 0.12);
    library.missing = std::min(library.missing, 5);
  }
  const CellsTwin made = simulate_cells_twin(scenario, 5);
  REQUIRE(made.outcome.ok());
  const CommandFolder folder;
  write_cells_files(made, settings, folder.path());
  const auto ended = folder.run("bench run . --split dual --draws 16 --splits 4 --out out");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  check_intervals(folder.table("out/tables/scores.tsv"));
  CHECK_THAT(text_of(folder.path() / "out/summary.json"), Contains("free of the library effect only: one culture per arm, no mock arms, delivery collinear"));
  // two contrasts of the predicted arm with its measured parts
  const auto contrasts = folder.table("out/tables/contrasts.tsv");
  int found = 0;
  for (const auto& row : contrasts) found += row.at("predictor") == "additive" && row.at("metric") == "l2_delta";
  CHECK(found == 2);
  // delivered and mitochondrial genes are not scored
  CHECK_THAT(ended.out, Contains("MYOD1, PRRX1, ESR1"));
  // the additive model holds the library effect twice, minmod takes one of them out
  const auto l2 = values_of(folder.table("out/tables/by_condition.tsv"), "l2_delta");
  CHECK(l2.at("overlap-corrected additive").begin()->second < 0.7 * l2.at("additive").begin()->second);
  // twelve printed rows beside ours, none of them called comparable
  CHECK(folder.table("out/tables/published_table3.tsv").size() == 12);
  const auto beside = folder.table("out/tables/table3_rows.tsv");
  int floors = 0, duplicates = 0;
  for (const auto& row : beside) {
    floors += row.at("row") == "no change", duplicates += row.at("row").find("own training cells") != std::string::npos;
    CHECK_THAT(row.at("comparable"), Contains("not comparable"));
  }
  CHECK(floors == 6);      // three arms, two sets of genes
  CHECK(duplicates == 6);
  CHECK(folder.table("out/tables/delivery_programmes.tsv").size() >= 3);
  CHECK(folder.table("out/tables/batch.tsv").size() == 1);

  // raw cells have no phases of perturbed arms, and that is said
  const auto without = folder.run("bench run . --context phase --split condition --out strata");
  CHECK(without.code == 2);
  CHECK_THAT(without.err, Contains("hyped cells prepare"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "strata"));
  // nine strata: arms in phases
  REQUIRE(folder.run("cells import-hyped . --out tidy").code == 0);
  REQUIRE(folder.run("cells prepare tidy/data/cells.h5ad --keep-all --out prepared").code == 0);
  const auto phased = folder.run("bench run prepared/data/prepared.h5ad --by arm --context phase --split condition --draws 8 --splits 2 --predictor additive --predictor 'perturbed mean' --predictor 'no change' --metric l2_delta --metric pearson_delta --out strata");
  INFO(phased.err);
  REQUIRE(phased.code == 0);
  CHECK_THAT(ended.out + phased.out, !Contains("could not be drawn"));
  const auto strata = values_of(folder.table("strata/tables/by_condition.tsv"), "l2_delta");
  CHECK(strata.at("additive").size() == 9);
  const auto composition = folder.table("strata/tables/composition.tsv");
  REQUIRE(composition.size() == 9);
  double shares = 0;
  for (const auto& row : composition)
    if (row.at("arm") == "dual") shares += number(row, "predicted_share");
  CHECK(shares == Approx(1));
  // the network of the gene-network study as one more model
  const auto network = folder.run("bench run tidy/data/cells.h5ad --split dual --draws 4 --splits 2 --network hyped_cells --predictor additive --predictor 'perturbed mean' --out network");
  INFO(network.err);
  CHECK(network.code == 0);
  const auto notes = text_of(folder.path() / "network/tables/fallbacks.tsv");
  CHECK_THAT(notes, Contains("gene network\tdual") && Contains("edges, learned from 2 arms") && Contains("of its genes are scored"));
}

}  // namespace

TEST_CASE("must/benchmark/3", "[slow]") {
  twin();
  const auto data = hyped::testing::real_data("data/scrna");
  if (data.empty()) return;
  norman(data);
  kang(data);
}
