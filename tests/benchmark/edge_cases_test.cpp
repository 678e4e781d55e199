// The contract of edge cases, one by one, for cell-eval, cell-eval2 and our own choices (docs/benchmark_metrics.md).
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/discrimination.hpp"
#include "libhyped/score/bulk/unbiased_error.hpp"
#include "libhyped/score/dialects/dialects.hpp"
#include "libhyped/score/differential/de_metrics.hpp"
#include "tests/benchmark/small_pair.hpp"

using namespace hyped;
using hyped::testing::small_pair;
using hyped::testing::SmallDesign;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Conditions x genes from p (q = p) and log2; gene names a, b, c, ...
DeTable table(const std::vector<std::vector<double>>& p, const std::vector<std::vector<double>>& log2) {
  DeTable out;
  for (std::size_t g = 0; g < p[0].size(); ++g) out.genes.push_back(std::string(1, static_cast<char>('a' + g)));
  for (std::size_t i = 0; i < p.size(); ++i) {
    out.conditions.push_back("condition " + std::to_string(i));
    for (std::size_t g = 0; g < p[i].size(); ++g) out.values.push_back({log2[i][g], {p[i][g], std::log(p[i][g])}, {p[i][g], std::log(p[i][g])}, true});
    out.tested.push_back(static_cast<std::int64_t>(p[i].size()));
  }
  return out;
}

std::vector<MetricValue> de(const std::string& id, const DeRules& rules, const DeTable& real, const DeTable& predicted) { return de_metric(id, rules).evaluate(compare_tables(real, predicted, {}, "test")); }

EffectComparison profiles(const std::vector<std::vector<double>>& truth, const std::vector<std::vector<double>>& predicted, std::vector<std::string> names = {}) {
  EffectComparison out;
  const auto n = static_cast<Eigen::Index>(truth.size()), g = static_cast<Eigen::Index>(truth[0].size());
  for (ProfileMatrix* m : {&out.truth, &out.predicted, &out.control, &out.predicted_control}) *m = ProfileMatrix::Zero(n, g);
  for (Eigen::Index i = 0; i < n; ++i) {
    out.conditions.push_back({names.empty() ? std::string(1, static_cast<char>('A' + i)) : names[static_cast<std::size_t>(i)], {}, "", 1});
    for (Eigen::Index j = 0; j < g; ++j) out.truth(i, j) = truth[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)], out.predicted(i, j) = predicted[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  }
  for (Eigen::Index j = 0; j < g; ++j) out.genes.push_back("gene" + std::to_string(j));
  out.own_genes.resize(truth.size());
  return out;
}

const DialectMetric& metric_of(const DialectScores& scores, const std::string& id) {
  const auto found = std::find_if(scores.metrics.begin(), scores.metrics.end(), [&](const DialectMetric& m) { return m.id == id; });
  REQUIRE(found != scores.metrics.end());
  return *found;
}

const std::vector<double> up = {2, 1, -1, 0.5}, none = {1, 1, 1, 1}, some = {0.001, 0.01, 0.5, 0.9};

}  // namespace

TEST_CASE("edge case: no gene is significant in the truth") {
  const DeTable real = table({none, some}, {up, up}), predicted = table({some, some}, {up, up}), empty = table({none, some}, {up, up});
  CHECK(*de("overlap_at_N", cell_eval_rules(), real, predicted)[0].value == 0);
  CHECK(de("de_sig_genes_recall", cell_eval_rules(), real, predicted)[0].undefined_because.starts_with("absent"));
  CHECK(de("de_direction_match", cell_eval_rules(), real, predicted)[0].undefined_because.starts_with("absent"));
  CHECK(de("pr_auc", cell_eval_rules(), real, predicted)[0].undefined_because.starts_with("NaN"));
  CHECK(de("de_spearman_sig", cell_eval_rules(), real, predicted)[0].undefined_because.starts_with("NaN"));      // one row is left
  CHECK(*de("sig_jaccard", cell_eval2_rules(), real, empty)[0].value == 1);
  CHECK(*de("sig_jaccard", cell_eval2_rules(), real, predicted)[0].value == 0);
  CHECK(de("direction_reach_raw", cell_eval2_rules(), real, predicted)[0].undefined_because.starts_with("absent"));
  CHECK(de("lfc_nmae", cell_eval2_rules(), real, predicted)[0].undefined_because.starts_with("absent"));
  for (const char* id : {"overlap_at_N", "de_sig_genes_recall", "pr_auc", "sig_jaccard", "direction_reach_raw", "lfc_nmae", "sig_mcc"}) {
    const auto values = de(id, strict_rules(), real, predicted);
    INFO(id);
    CHECK_FALSE(values[0].value);
    CHECK_FALSE(values[0].undefined_because.empty());
  }
  const MetricMean mean = mean_of_defined(de("overlap_at_N", strict_rules(), real, predicted));
  CHECK((mean.defined == 1 && mean.of == 2 && *mean.mean.value == 1));
}

TEST_CASE("edge case: no gene is significant in the prediction") {
  const DeTable real = table({some}, {up}), predicted = table({none}, {up});
  for (const DeRules& rules : {cell_eval_rules(), cell_eval2_rules(), strict_rules()}) {
    CHECK(*de("overlap_at_N", rules, real, predicted)[0].value == 0);
    CHECK(*de("precision_at_N", rules, real, predicted)[0].value == 0);
    CHECK(*de("sig_jaccard", rules, real, predicted)[0].value == 0);
    CHECK(*de("direction_fidelity_yield_raw", rules, real, predicted)[0].value == 0);
  }
}

TEST_CASE("edge case: one significant gene") {
  const DeTable real = table({{0.001, 1, 1, 1}, some}, {up, up}), predicted = table({some, some}, {up, up});
  const auto ce1 = de("de_spearman_lfc_sig", cell_eval_rules(), real, predicted);
  CHECK(ce1[0].undefined_because.starts_with("NaN"));
  CHECK(*ce1[1].value == Approx(1));
  CHECK_FALSE(de("lfc_nmae", cell_eval2_rules(), real, predicted)[0].value);      // fewer than ten
  const auto strict = de("de_spearman_lfc_sig", strict_rules(), real, predicted);
  CHECK_FALSE(strict[0].value);
  CHECK(mean_of_defined(strict).defined == 1);
}

TEST_CASE("edge case: genes without counts, equal values, one mean that is zero") {
  // g0: no count; g1: in the condition alone; g2: the same value everywhere; g3: twice as much in the condition
  SparseRows cells;
  cells.columns = 4;
  CellGroups groups{{"a", "control"}, {}};
  for (int c = 0; c < 24; ++c) {
    const bool arm = c < 12;
    if (arm) cells.column.push_back(1), cells.value.push_back(static_cast<float>(1 + 0.01 * c));
    cells.column.push_back(2), cells.value.push_back(1);
    cells.column.push_back(3), cells.value.push_back(static_cast<float>((arm ? 2 : 1) + 0.02 * c));
    cells.start.push_back(static_cast<std::int64_t>(cells.value.size())), ++cells.rows;
    groups.of_cell.push_back(arm ? 0 : 1);
  }
  const std::vector<std::string> genes = {"g0", "g1", "g2", "g3"};
  const DeTable ce1 = differential_table(cells, genes, groups, 1, {});
  CHECK((ce1.tested[0] == 4 && ce1.at(0, 0).p.p == 1 && ce1.at(0, 0).log2 == 0));
  CHECK(ce1.at(0, 2).p.p == 1);
  CHECK(ce1.at(0, 1).log2 == infinity);
  DeSettings v1;
  v1.zero_mean = DeSettings::ZeroMean::twentyfold;
  CHECK(differential_table(cells, genes, groups, 1, v1).at(0, 1).log2 == Approx(std::log2(20.0)));
  DeSettings v2;
  v2.mean = MeanKind::arithmetic, v2.pseudocount = 1e-9, v2.gate = DeSettings::Gate::control;
  const DeTable ce2 = differential_table(cells, genes, groups, 1, v2);
  CHECK((ce2.tested[0] == 2 && !ce2.at(0, 0).tested && !ce2.at(0, 1).tested));      // control's CPM is 0
  v2.gate = DeSettings::Gate::none;
  CHECK(std::isfinite(differential_table(cells, genes, groups, 1, v2).at(0, 1).log2));
  DeSettings ours;
  ours.mean = MeanKind::arithmetic, ours.gate = DeSettings::Gate::expressed;
  const DeTable strict = differential_table(cells, genes, groups, 1, ours);
  CHECK((strict.tested[0] == 3 && !strict.at(0, 0).tested && strict.at(0, 1).log2 == infinity));
  CHECK(ce1.at(0, 3).q.p > strict.at(0, 3).q.p);      // a dead gene counts in m
  // explicit zeros: dropped when rows are made
  SparseRows zeros = cells;
  zeros.column.insert(zeros.column.begin(), 0), zeros.value.insert(zeros.value.begin(), 0.0F);
  for (std::size_t r = 1; r < zeros.start.size(); ++r) ++zeros.start[r];
  make_rows(zeros);
  CHECK(zeros.value == cells.value);
}

TEST_CASE("edge case: infinite fold changes head cell-eval's list, ours goes by p") {
  const DeTable real = table({{0.04, 0.001, 0.02, 1}}, {{infinity, 1, 2, 0}}), predicted = table({{1, 0.001, 1, 1}}, {{0, 1, 0, 0}});
  CHECK(*de("precision_at_N", cell_eval_rules(), real, predicted)[0].value == 0);      // the first of the truth is the infinite one
  CHECK(*de("precision_at_N", strict_rules(), real, predicted)[0].value == 1);
  CHECK(*de("direction_fidelity_yield_raw", cell_eval2_rules(), real, table({{0.01, 1, 1, 1}}, {{3, 0, 0, 0}}))[0].value == Approx(1.0 / 3));      // an infinity has a direction
}

TEST_CASE("edge case: a prediction of no change, and ties, in discrimination") {
  const EffectComparison pair = profiles({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}});
  const auto ce1 = bulk_metric("discrimination_score_cosine").evaluate(pair), strict = bulk_metric("pds_cosine").evaluate(pair);
  for (int i = 0; i < 3; ++i) {
    CHECK(*ce1[static_cast<std::size_t>(i)].value == Approx(1 - i / 3.0));      // by the alphabet
    CHECK(*strict[static_cast<std::size_t>(i)].value == 0.5);
    CHECK(*bulk_metric("nir").evaluate(pair)[static_cast<std::size_t>(i)].value == 0);      // strictly farther: none
  }
  // two truths that are the same: half for the tie, or its place
  const EffectComparison twins = profiles({{1, 0, 0}, {1, 0, 0}, {0, 0, 1}}, {{1, 0, 0}, {1, 0, 0}, {0, 0, 1}});
  CHECK(*bulk_metric("pds_l2").evaluate(twins)[1].value == 0.75);
  CHECK(*bulk_metric("discrimination_score_l2").evaluate(twins)[1].value == Approx(2.0 / 3));
  CHECK(*bulk_metric("discrimination_score_l2").evaluate(twins)[0].value == 1);
}

TEST_CASE("edge case: one condition") {
  const EffectComparison pair = profiles({{1, 0.5, 0}}, {{1, 0, 0}});
  CHECK(*bulk_metric("discrimination_score_l1").evaluate(pair)[0].value == 1);
  CHECK_FALSE(bulk_metric("pds_cosine").evaluate(pair)[0].value);
  CHECK_FALSE(bulk_metric("nir").evaluate(pair)[0].value);
  CHECK_FALSE(bulk_metric("rank_l2").evaluate(pair)[0].value);
}

TEST_CASE("edge case: own genes of labels, doubles and the whole panel") {
  // The own genes are right in every prediction, the rest of each prediction is that of the next condition.
  EffectComparison pair = profiles({{9, 0, 0, 1, 0, 0}, {0, 9, 0, 0, 1, 0}, {0, 0, 9, 0, 0, 1}}, {{9, 0, 0, 0, 1, 0}, {0, 9, 0, 0, 0, 1}, {0, 0, 9, 1, 0, 0}}, {"gene0", "gene1", "si2"});
  pair.own_genes = {{0}, {1}, {2}};
  for (const auto& v : bulk_metric("pds_cosine").evaluate(pair)) CHECK(*v.value == 0.25);      // own genes of all out: the others' genes cannot help
  const auto by_label = bulk_metric("discrimination_score_l2").evaluate(pair);
  CHECK(*by_label[2].value == 1);      // "si2" is no gene: cell-eval leaves its target in
  CHECK(*bulk_metric("mse").evaluate(pair)[0].value != *bulk_metric("mse", OwnGenes::left_out).evaluate(pair)[0].value);
  // a double has two own genes
  EffectComparison both = profiles({{5, 5, 1, 0}, {5, 0, 0, 1}}, {{0, 0, 1, 0}, {0, 0, 0, 1}});
  both.own_genes = {{0, 1}, {0}};
  CHECK(*bulk_metric("mse", OwnGenes::left_out).evaluate(both)[0].value == 0);
  CHECK(*bulk_metric("mse", OwnGenes::left_out).evaluate(both)[1].value == 0);
}

TEST_CASE("edge case: the prediction has no control, or not every condition") {
  ScoredPair pair = small_pair();
  ScoredPair without = pair;
  for (auto& k : without.predicted->groups.of_cell)
    if (k == without.control_group()) k = -1;
  CHECK(score_dialect(without, "cell-eval-0.8.1").metrics.empty());
  CHECK(score_dialect(without, "cell-eval-0.8.1").words[0].find("no cells of the control") != std::string::npos);
  CHECK(*metric_of(score_dialect(without, "cell-eval2"), "pds_cosine").masked.mean.value == *metric_of(score_dialect(pair, "cell-eval2"), "pds_cosine").masked.mean.value);
  CHECK(*metric_of(score_dialect(without, "strict"), "overlap_at_N").masked.mean.value == *metric_of(score_dialect(pair, "strict"), "overlap_at_N").masked.mean.value);
  ScoredPair part = pair;
  part.missing[1] = 1;
  for (auto& k : part.predicted->groups.of_cell)
    if (k == 1) k = -1;
  CHECK(score_dialect(part, "cell-eval-0.8.1").metrics.empty());
  for (const char* dialect : {"strict", "cell-eval2"}) {
    const DialectScores scores = score_dialect(part, dialect);
    const DialectMetric& pds = metric_of(scores, "pds_cosine");
    CHECK(pds.values[1].undefined_because.starts_with("missing"));
    CHECK((pds.masked.defined == 3 && pds.masked.of == 4));
    CHECK(*pds.harness_mean.value == Approx(*pds.masked.mean.value * 3 / 4));      // the worst value, 0, in its place
    CHECK_FALSE(metric_of(scores, "overlap_at_N").values[1].value);
  }
}

TEST_CASE("edge case: fewer than two cells, no cells") {
  ScoredPair pair = small_pair();
  bool first = true;
  for (auto& k : pair.truth.groups.of_cell)
    if (k == 2) {
      if (!first) k = -1;
      first = false;
    }
  const EffectComparison one = effect_comparison(pair, 1e4, false);
  CHECK_FALSE(bulk_metric("mse_debiased").evaluate(one)[2].value);
  CHECK(bulk_metric("mse_debiased").evaluate(one)[1].value);
  CHECK(group_sum_profiles(pair.truth.cells, pair.truth.groups).noise[2] == 0);
  for (auto& k : pair.truth.groups.of_cell)
    if (k == 2) k = -1;
  CHECK_THROWS_AS(score_dialect(pair, "strict"), InputError);
}

TEST_CASE("edge case: constant change, NaN and infinite values") {
  EffectComparison pair = profiles({{1, 2, 3}, {3, 1, 2}}, {{2, 2, 2}, {3, 1, 2}});
  const auto values = bulk_metric("pearson_delta").evaluate(pair);
  CHECK(values[0].undefined_because == "the prediction is the same in all of them");
  CHECK(*mean_of_defined(values).mean.value == Approx(1));
  CHECK(mean_of_defined(values).defined == 1);
  // the difference of equal profiles is rounding, and no direction
  EffectComparison rounding = profiles({{0.1, 0.2, 0.4}}, {{0.3, 0.7, 0.9}});
  rounding.control << 0.1 + 0.2, 0.7, 0.9;
  CHECK_FALSE(bulk_metric("cosine_delta").evaluate(rounding)[0].value);
  pair.predicted(1, 2) = infinity;
  CHECK_THROWS_WITH(check_comparison(pair, "file"), Catch::Matchers::Contains("the prediction of B, gene gene2"));
  pair.predicted(1, 2) = std::nan("");
  CHECK_THROWS_AS(check_comparison(pair, "file"), InputError);
  pair.predicted(1, 2) = 0;
  pair.genes[1] = "gene0";
  CHECK_THROWS_WITH(check_comparison(pair, "file"), Catch::Matchers::Contains("gene0 is there twice"));
}

TEST_CASE("edge case: probabilities that underflow") {
  DeTable real = table({{0.001, 0.001, 1, 1}}, {up}), predicted = real;
  for (std::size_t g = 0; g < 4; ++g) predicted.values[g].p = predicted.values[g].q = {0, g < 2 ? -2000.0 : -900.0};
  CHECK(*de("roc_auc", cell_eval_rules(), real, predicted)[0].value == 0.5);       // all at 1e-10
  CHECK(*de("roc_auc", cell_eval2_rules(), real, predicted)[0].value == 0.5);
  CHECK(*de("roc_auc", strict_rules(), real, predicted)[0].value == 1);
}

TEST_CASE("edge case: 32 bits at the threshold") {
  DeTable one = table({{0.05 - 1e-10, 0.05 + 1e-10, 0.05, 0.04}}, {up});
  CHECK(one.significant(0, 0));
  CHECK_FALSE(one.significant(0, 1));
  CHECK_FALSE(one.significant(0, 2));      // strictly below
  one.float_columns = true;
  CHECK_FALSE(one.significant(0, 0));
  CHECK(one.significant(0, 3));
}

TEST_CASE("edge case: counts that are none, cells without counts") {
  ScoredPair pair = small_pair();
  pair.truth.cells.value[3] = 1.5F;
  CHECK_THROWS_WITH(score_dialect(pair, "cell-eval2"), Catch::Matchers::Contains("value is 1.5"));
  ScoredPair empty = small_pair();
  SparseRows& cells = empty.truth.cells;
  const auto gone = cells.start[1];
  cells.value.erase(cells.value.begin(), cells.value.begin() + gone), cells.column.erase(cells.column.begin(), cells.column.begin() + gone);
  for (std::size_t r = 1; r < cells.start.size(); ++r) cells.start[r] -= gone;
  const SparseRows logs = logs_of(empty.truth, 1e4);
  CHECK(logs.values_of(0).empty());
  CHECK(std::isfinite(*metric_of(score_dialect(empty, "strict"), "mse").masked.mean.value));
}

TEST_CASE("edge case: order of cells, genes and conditions does not matter to our own choices") {
  const ScoredPair pair = small_pair();
  ScoredPair turned = pair;
  std::vector<int> genes, rows;
  for (int g = static_cast<int>(pair.genes.size()); g-- > 0;) genes.push_back(g);
  turned.genes.assign(pair.genes.rbegin(), pair.genes.rend());
  for (auto& list : turned.own_genes)
    for (auto& g : list) g = pair.genes.size() - 1 - g;
  for (ScoredCells* side : {&turned.truth, &*turned.predicted}) {
    rows.clear();
    for (int c = side->cells.rows; c-- > 0;) rows.push_back(c);
    side->cells = rows_of(columns_of(side->cells, genes), rows);
    std::reverse(side->groups.of_cell.begin(), side->groups.of_cell.end());
  }
  for (const char* dialect : {"strict", "cell-eval2"}) {
    const DialectScores one = score_dialect(pair, dialect), other = score_dialect(turned, dialect);
    REQUIRE(one.metrics.size() == other.metrics.size());
    for (std::size_t m = 0; m < one.metrics.size(); ++m)
      for (std::size_t i = 0; i < one.metrics[m].values.size(); ++i) {
        INFO(dialect << " " << one.metrics[m].id);
        REQUIRE(one.metrics[m].values[i].value.has_value() == other.metrics[m].values[i].value.has_value());
        if (one.metrics[m].values[i].value) CHECK(*one.metrics[m].values[i].value == Approx(*other.metrics[m].values[i].value).epsilon(1e-9));
      }
  }
}

TEST_CASE("edge case: a scaled prediction moves PDS by L1, not by cosine") {
  SmallDesign weak;
  weak.effect = 1.3, weak.cells = 20;
  const EffectComparison pair = effect_comparison(small_pair(weak), 1e4, false);
  EffectComparison scaled = pair;
  scaled.predicted = pair.control + 10 * (pair.predicted - pair.control);
  const auto one = bulk_metric("pds_cosine").evaluate(pair), ten = bulk_metric("pds_cosine").evaluate(scaled);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(*one[i].value == *ten[i].value);
  const ProfileMatrix d1 = discrimination_distances(pair.truth - pair.control, pair.predicted - pair.control, ProfileDistance::l1, {}), d10 = discrimination_distances(pair.truth - pair.control, scaled.predicted - pair.control, ProfileDistance::l1, {});
  CHECK((d1 - d10).norm() > 0);
}
