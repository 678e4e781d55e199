// Demultiplexing on the twin: calibration and errors against the rule of most votes; files, commands, refusals.
#include "experiments/cells/demux.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_truth.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/reliability.hpp"
#include "tests/experiments/command_run.hpp"

using namespace hyped;
using hyped::testing::CommandFolder;
using hyped::testing::Ended;

namespace {

const std::vector<double> edges{0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1};

struct Pooled {
  DemuxTruth truth;
  void add(const DemuxTruth& more) {
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(truth.certainty, more.certainty);
    append(truth.class_right, more.class_right);
    append(truth.single, more.single);
    append(truth.rate, more.rate);
    append(truth.single_right, more.single_right);
    append(truth.vote_right, more.vote_right);
    append(truth.vote_made, more.vote_made);
  }
};

// Both libraries of the twin under some seeds, as the twin makes them.
std::vector<DemuxTruth> seen_in_twins(const CellsTwinSettings& settings, int seeds) {
  std::vector<DemuxTruth> out(static_cast<std::size_t>(2 * seeds));
  parallel_for(2 * seeds, [&](int n) {
    const LibrarySettings& library = settings.libraries[static_cast<std::size_t>(n % 2)];
    const HashedLibrary made = make_droplets(settings, library, static_cast<std::uint64_t>(1 + n / 2), n % 2);
    const HashtagCounts counts = made.counts(library);
    std::vector<std::string> classes;
    for (const Droplet& d : made.droplets) classes.push_back(true_class(d, library));
    const Demultiplexed fit = demultiplex(counts);
    if (!fit.outcome.ok()) throw std::runtime_error(fit.outcome.message);
    out[static_cast<std::size_t>(n)] = against_truth(fit, counts, classes);
  });
  return out;
}

}  // namespace

TEST_CASE("must/expression/4", "[standard]") {
  // The twin's reads are not drawn from the fitted mixture: capture is shared by a droplet's hashtags, signal and background add up,
  // doublets of one sample carry twice the signal. Ten libraries of five twins, 99,290 cells.
  const CellsTwinSettings settings = *read_scenario(shipped_scenario("hyped_twin")).cells;
  const auto seen = seen_in_twins(settings, 5);
  Pooled all, libraries[2];
  for (std::size_t n = 0; n < seen.size(); ++n) {
    all.add(seen[n]);
    libraries[n % 2].add(seen[n]);
  }
  std::string numbers = "posterior of the called class against how often it is right, 5 twins:\n";
  const auto bins = reliability(all.truth.certainty, all.truth.class_right, edges);
  for (const ReliabilityBin& bin : bins) numbers += fmt::format("  {:.3f}-{:.3f}: {:6} calls, predicted {:.5f}, observed {:.5f} [{:.5f}, {:.5f}], p {:.3f}\n", bin.from, bin.until, bin.count, bin.predicted, bin.observed, bin.lower, bin.upper, bin.p_value);
  const CalibrationSummary summary = calibration(all.truth.certainty, all.truth.class_right, edges);
  numbers += fmt::format("  expected calibration error {:.5f}, excess of right calls {:+.1f} (sd {:.1f})\n", summary.expected_error, summary.excess, summary.excess_error);
  CHECK(all.truth.certainty.size() == 5 * 19858);
  CHECK(bins.size() >= 10);
  // within binomial errors: no bin beyond 1 % after Bonferroni, pooled and in each kind of library; no excess overall
  for (const ReliabilityBin& bin : bins) CHECK(bin.p_value > 0.01 / static_cast<double>(bins.size()));
  for (const Pooled& library : libraries)
    for (const ReliabilityBin& bin : reliability(library.truth.certainty, library.truth.class_right, edges)) CHECK(bin.p_value > 0.01 / static_cast<double>(bins.size()));
  CHECK(std::abs(summary.excess) < 3 * summary.excess_error);
  CHECK(summary.expected_error < 0.002);
  // at the same yield, against the rule ranked by its own share of votes: fewer errors by more than 3 standard errors, in both libraries
  const std::vector<double> yields{0.8, 0.9, 0.95, 0.97, 1};
  for (int l = 0; l < 2; ++l) {
    const DemuxTruth& t = libraries[l].truth;
    std::vector<double> single, rate;
    std::vector<char> single_right, vote_right;
    for (std::size_t i = 0; i < t.single.size(); ++i)
      if (t.vote_made[i] != 0) single.push_back(t.single[i]), rate.push_back(t.rate[i]), single_right.push_back(t.single_right[i]), vote_right.push_back(t.vote_right[i]);
    const auto model = errors_at_yield(single, single_right, yields), votes = errors_at_yield(rate, vote_right, yields);
    for (std::size_t y = 0; y < yields.size(); ++y) {
      numbers += fmt::format("  library {} yield {:.2f}: wrong {:.3f} % by posterior, {:.3f} % by most votes\n", settings.libraries[static_cast<std::size_t>(l)].dataset, yields[y], 100 * model[y].share, 100 * votes[y].share);
      if (yields[y] < 1) CHECK(model[y].wrong + 3 * std::sqrt(model[y].wrong + votes[y].wrong) < votes[y].wrong);
      else CHECK(model[y].wrong <= votes[y].wrong);
    }
  }
  WARN(numbers);
}

TEST_CASE("posteriors stay calibrated when hashtags are dim, spread and shared", "[standard]") {
  CellsTwinSettings settings = *read_scenario(shipped_scenario("hyped_twin")).cells;
  settings.capture_log_sd = 0.3;
  settings.stain_cv = 0.6;
  // as many cells without reads as 3 % unstained ones give: else the choice of droplets hides negatives from the fit
  for (auto& library : settings.libraries) library.hashtag_signal = 0.85, library.hashtag_reads = 14, library.unstained = 0.03, library.missing = static_cast<int>(0.0048 * library.cells());
  const auto seen = seen_in_twins(settings, 2);
  Pooled all;
  for (const auto& one : seen) all.add(one);
  const CalibrationSummary summary = calibration(all.truth.certainty, all.truth.class_right, edges);
  WARN(fmt::format("expected calibration error {:.5f}, excess {:+.1f} (sd {:.1f})", summary.expected_error, summary.excess, summary.excess_error));
  CHECK(summary.expected_error < 0.01);
}

TEST_CASE("the truth of a cell is compared as a set of hashtags") {
  HashtagCounts counts;
  counts.tags = {"A", "B"};
  counts.cells = 4;
  counts.reads = {12, 0, 0, 9, 11, 10, 0, 0};
  Demultiplexed fit;
  fit.mixture = make_mixture(counts.tags);
  fit.posterior.resize(4, 4);
  fit.posterior << 0.9, 0, 0.1, 0, 0.2, 0.7, 0, 0.1, 0.1, 0, 0.9, 0, 0, 0, 0.05, 0.95;
  const DemuxTruth t = against_truth(fit, counts, {"A", "A", "B+A", "negative"});
  CHECK(t.class_right == std::vector<char>{1, 0, 1, 1});
  CHECK(t.single_right == std::vector<char>{1, 0, 0, 0});
  CHECK(t.vote_right == std::vector<char>{1, 0, 0, 0});
  CHECK(t.vote_made == std::vector<char>{1, 1, 1, 0});
  CHECK_THROWS_WITH(against_truth(fit, counts, {"A", "A", "B+C", "negative"}), Catch::Matchers::Contains("'C' is no hashtag"));
}

TEST_CASE("hashtag tables are read: chunks added up, text columns left, libraries apart") {
  const CommandFolder folder;
  folder.write("map.csv", "cell_barcode,pred,chunk_0_MYOD,chunk_0_PRRX1,chunk_1_MYOD\nAA,chunk_0_MYOD,3,1,\nCC,chunk_0_PRRX1,0,4,\nAA,chunk_1_MYOD,,,5\n");
  const HashtagFile read = read_hashtags(folder.path() / "map.csv");
  REQUIRE(read.libraries.size() == 1);
  const HashtagLibrary& one = read.libraries[0];
  CHECK(one.counts.tags == std::vector<std::string>{"MYOD", "PRRX1"});
  CHECK(one.barcodes == std::vector<std::string>{"AA", "CC"});
  CHECK(one.counts.reads == std::vector<std::int32_t>{8, 1, 0, 4});
  CHECK(one.assigned.empty());
  folder.write("two.tsv", "barcode\tlibrary\tassigned_tag\tA\tB\tC\tD\nx\tone\tA\t5\t0\t\t\ny\ttwo\tD\t\t\t1\t7\nz\tone\t\t\t\t\t\n");
  const HashtagFile two = read_hashtags(folder.path() / "two.tsv");
  REQUIRE(two.libraries.size() == 2);
  CHECK(two.libraries[0].counts.tags == std::vector<std::string>{"A", "B"});
  CHECK(two.libraries[1].counts.reads == std::vector<std::int32_t>{1, 7});
  CHECK(two.libraries[0].without_reads == 1);
  CHECK(two.libraries[0].assigned[0] == "A");
}

TEST_CASE("hyped cells demux refuses what holds no hashtags") {
  const CommandFolder folder;
  const auto refused = [&](const std::string& text, const std::string& words, const std::string& more = "") {
    folder.write("in.tsv", text);
    const Ended ended = folder.run("cells demux in.tsv --out out " + more);
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.err.find(words) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  refused("gene\tA\nx\t1\n", "no column barcode");
  refused("barcode\tnote\nx\tgood\n", "no column of counts");
  refused("barcode\tA\tB\nx\t1\t2\ny\t-1\t3\n", "-1 reads");
  refused("barcode\tA\tB\nx\t1.5\t2\n", "whole numbers");
  refused("barcode\tA\nx\t1\n", "at least two");
  refused("barcode\tA\tB\nx\t1\t2\n", "not a least posterior", "--certainty 0.2");
}

TEST_CASE("hyped twin cells and hyped cells demux, end to end", "[standard]") {
  const CommandFolder folder;
  std::string text = hyped::testing::text_of(shipped_scenario("hyped_twin"));
  const auto replace = [&](const std::string& from, const std::string& to) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  };
  replace("genes = 2000", "genes = 320");
  replace("network_genes = 300", "network_genes = 110");
  for (const auto& [from, to] : {std::pair{"cells = 2765", "cells = 500"}, {"cells = 3955", "cells = 700"}, {"cells = 4174", "cells = 800"}, {"cells = 5845", "cells = 900"}, {"cells = 1528", "cells = 200"}, {"cells = 1502", "cells = 200"}, {"missing = 88", "missing = 10"}}) replace(from, to);
  folder.write("twin.toml", text);
  Ended ended = folder.run("twin all twin.toml --out twin --seed 2");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  for (const char* file : {"data/counts.tsv", "data/cells_truth.tsv", "data/cells_truth.h5ad", "GeneExpression/Genexpression.h5ad", "tables/network_edges.tsv", "tables/truth.tsv", "tables/truth_cells.tsv", "figures/effects.svg", "figures/cell_inputs.svg", "report.html"})
    CHECK(std::filesystem::exists(folder.path() / "twin" / file));
  const ReadAnndata read = read_anndata(folder.path() / "twin/GeneExpression/Genexpression.h5ad");
  CHECK(read.data.cells() == 500 + 700 + 800 + 1 + 900 + 400 + 10);
  CHECK(read.data.genes() == 320);
  CHECK(read.data.obs.names == Strings{"MYOD-fb_counts", "PRRX1-fb_counts", "PRRX1_MYOD-fb_counts", "assigned_condition", "total_fb_counts", "condition_counts_rate", "G1-fb_counts", "G2M-fb_counts", "S-fb_counts", "dataset", "total_reads", "total_genes"});
  CHECK(read.data.var.names == Strings{"gene_id", "gene_type", "Chromosome", "Start", "End"});
  const Labels assigned = labels_of(*read.data.obs.find("assigned_condition"));
  CHECK(assigned.levels == Strings{"G1", "G2M", "MYOD", "PRRX1", "PRRX1_MYOD", "S"});
  std::map<std::string, int> cells;
  for (const auto code : assigned.codes) ++cells[code < 0 ? "missing" : assigned.levels[static_cast<std::size_t>(code)]];
  CHECK(cells["PRRX1_MYOD"] == 800);
  CHECK(cells["MYOD"] == 500);
  CHECK(cells["missing"] == 11);

  ended = folder.run("cells import-hyped twin --out imported");
  INFO(ended.out << ended.err);
  CHECK(ended.code == 0);
  CHECK(ended.out.find("MYOD is mmMYOD1") != std::string::npos);
  std::map<std::string, int> imported;
  for (const auto& row : folder.table("imported/tables/cells_per_arm.tsv")) imported[row.at("label") + row.at("phase")] += std::stoi(row.at("cells"));
  CHECK(imported["PRRX1_MYOD"] == 800);
  CHECK(imported["SS"] == 200);

  ended = folder.run("cells demux twin/GeneExpression/Genexpression.h5ad --truth twin/data/cells_truth.tsv --out demux");
  INFO(ended.out << ended.err);
  REQUIRE(ended.code == 0);
  const auto calls = folder.table("demux/tables/calls_Hybrid.tsv");
  CHECK(calls.size() == 2001);
  const auto truth = folder.table("twin/data/cells_truth.tsv");
  std::map<std::string, std::string> classes;
  for (const auto& row : truth) classes[row.at("barcode")] = row.at("true_class");
  int called = 0, wrong = 0;
  for (const auto& row : calls) {
    if (row.at("call") == "unassigned" || row.at("call") == "doublet" || row.at("call") == "negative") continue;
    ++called;
    wrong += classes.at(row.at("barcode")) != row.at("call") ? 1 : 0;
  }
  CHECK(called > 1850);
  CHECK(wrong < 12);
  for (const char* file : {"figures/hashtags_Hybrid.svg", "figures/reliability_Control.svg", "figures/errors_at_yield_Hybrid.svg", "tables/checks.tsv", "tables/parameters.tsv", "tables/calls_by_votes_Control.tsv"}) CHECK(std::filesystem::exists(folder.path() / "demux" / file));
  // the file's own labels are the rule's
  CHECK(hyped::testing::text_of(folder.path() / "demux/summary.json").find("differ from the rule of most votes in 0 of 2000 cells") != std::string::npos);
}

TEST_CASE("the cells table of a scenario is read strictly") {
  const CommandFolder folder;
  const std::string good = hyped::testing::text_of(shipped_scenario("hyped_twin"));
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& words) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    folder.write("twin.toml", text);
    const Ended ended = folder.run("twin cells twin.toml --out out");
    INFO(ended.err);
    CHECK(ended.code == 2);
    CHECK(ended.err.find("twin.toml:") != std::string::npos);
    CHECK(ended.err.find(words) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  refused("harvest_h = 48", "harvst_h = 48", "unknown key 'harvst_h'");
  refused("label = \"MYOD\"", "lable = \"MYOD\"", "did you mean 'label'");
  refused("arm = \"dual\"\ncells", "arm = \"duel\"\ncells", "no arm 'duel'");
  refused("phase = \"S\"", "phase = \"G0\"", "no sorted phase 'G0'");
  refused("gene = \"PRRX1\"", "gene = \"PRX1\"", "no deliverable gene 'PRX1'");
  refused("input = \"siPRRX1\"\ngene", "input = \"siPRX\"\ngene", "no [[delivery]] of 'siPRX'");
  refused("hashtag_signal = 0.93", "hashtag_signal = 1.2", "hashtag_signal is 1.2");
  refused("cells = 2765", "cells = 0", "0 cells");
  refused("label = \"PRRX1\"", "label = \"MYOD\"", "twice");
  refused("network_genes = 300", "network_genes = 3000", "network_genes is 3000");
}
