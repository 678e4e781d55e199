// Metrics against closed forms, brute force and published examples; what debiasing must do on simulated cells.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/cell_ranges.hpp"
#include "libhyped/score/bulk/clustering_agreement.hpp"
#include "libhyped/score/bulk/collapse_meters.hpp"
#include "libhyped/score/bulk/discrimination.hpp"
#include "libhyped/score/bulk/unbiased_error.hpp"
#include "libhyped/score/bulk/vectors.hpp"
#include "libhyped/score/dialects/dialects.hpp"
#include "libhyped/score/differential/de_metrics.hpp"
#include "tests/benchmark/small_pair.hpp"

using namespace hyped;
using hyped::testing::small_pair;
using hyped::testing::SmallDesign;

namespace {

double value(const std::string& id, const EffectComparison& pair, std::size_t at = 0) { return *bulk_metric(id).evaluate(pair).at(at).value; }

// Jackknife noise by computing every left-out profile.
double brute_noise(const SparseRows& counts, const std::vector<int>& cells, double target) {
  const auto n = static_cast<double>(cells.size());
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(cells.size()), counts.columns);
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (std::size_t k = 0; k < counts.columns_of(cells[i]).size(); ++k) dense(static_cast<Eigen::Index>(i), counts.columns_of(cells[i])[k]) = static_cast<double>(counts.values_of(cells[i])[k]);
  Eigen::MatrixXd left(dense.rows(), dense.cols());
  for (Eigen::Index i = 0; i < dense.rows(); ++i) {
    const Eigen::RowVectorXd sums = dense.colwise().sum() - dense.row(i);
    left.row(i) = (1 + target * sums.array() / sums.sum()).log();
  }
  return (n - 1) / n * (left.rowwise() - left.colwise().mean()).squaredNorm();
}

}  // namespace

TEST_CASE("published examples: average precision, ROC area, hypergeometric chance") {
  const std::vector<char> label = {0, 0, 1, 1};
  const std::vector<double> score = {0.1, 0.4, 0.35, 0.8};      // scikit-learn's own example
  CHECK(average_precision(label, score) == Approx(0.8333333333));
  CHECK(roc_area(label, score) == Approx(0.75));
  CHECK(average_precision(label, std::vector<double>{1, 1, 1, 1}) == 0.5);
  DeTable real, predicted;
  for (int g = 0; g < 10; ++g) real.genes.push_back("g" + std::to_string(g));
  real.conditions = {"a"}, real.tested = {10};
  for (int g = 0; g < 10; ++g) real.values.push_back({1.0 + g, {g < 3 ? 0.001 : 1.0, std::log(g < 3 ? 0.001 : 1.0)}, {g < 3 ? 0.001 : 1.0, std::log(g < 3 ? 0.001 : 1.0)}, true});
  const DeComparison same = compare_tables(real, real, {}, "test");
  CHECK(*de_metric("overlap_at_N_p", strict_rules()).evaluate(same)[0].value == Approx(1.0 / 120));
  CHECK(*de_metric("overlap_at_N_chance", strict_rules()).evaluate(same)[0].value == Approx(0.3));
  CHECK(*de_metric("sig_mcc", strict_rules()).evaluate(same)[0].value == Approx(1));
  const DeComparison own = compare_tables(real, real, {{0}}, "test");
  CHECK(*de_metric("de_nsig_real", strict_rules()).evaluate(own)[0].value == 2);
  CHECK(*de_metric("de_nsig_real", cell_eval_rules()).evaluate(own)[0].value == 3);
}

TEST_CASE("metrics have unique names, and a wrong one is answered with the nearest") {
  std::set<std::string> seen;
  for (const Metric& m : bulk_metrics()) {
    CHECK(seen.insert(m.id).second);
    CHECK_FALSE(m.formula.empty());
  }
  CHECK(seen.size() > 60);
  std::set<std::string> tests;
  for (const DeMetric& m : de_metrics(strict_rules())) CHECK(tests.insert(m.id).second);
  CHECK_THROWS_WITH(bulk_metric("pearson_delt"), Catch::Matchers::Contains("pearson_delta"));
  CHECK_THROWS_WITH(de_metric("overlap", strict_rules()), Catch::Matchers::Contains("overlap_at_"));
}

TEST_CASE("every metric of a perfect prediction has its perfect value") {
  const ScoredPair cells = small_pair();
  EffectComparison pair = effect_comparison(cells, 1e4, true);
  pair.predicted = pair.truth, pair.predicted_control = pair.control;
  for (const Metric& m : bulk_metrics()) {
    if (m.id == "mse_debiased") continue;      // the truth itself has no noise left to subtract
    INFO(m.id);
    for (const MetricValue& v : m.evaluate(pair)) {
      if (m.id.starts_with("fold_change_gap_") && m.id != "fold_change_gap_all" && !v.value) continue;      // no gene of this pair changes that far
      REQUIRE(v.value);
      CHECK(*v.value == Approx(m.perfect).margin(1e-9));
    }
  }
  // and of no change: errors as large as the effect, correlations of changes undefined, discrimination at chance
  pair.predicted = pair.control;
  CHECK_FALSE(bulk_metric("pearson_delta").evaluate(pair)[0].value);
  CHECK(bulk_metric("pearson").evaluate(pair)[0].value);
  CHECK(mean_of_defined(bulk_metric("pds_cosine").evaluate(pair)).mean.value == 0.5);
}

TEST_CASE("weights, directions and ranges by hand") {
  EffectComparison pair;
  pair.genes = {"a", "b", "c"};
  pair.conditions = {{"x", {}, "", 1}};
  pair.own_genes.resize(1);
  for (ProfileMatrix* m : {&pair.truth, &pair.predicted, &pair.control, &pair.predicted_control, &pair.contrast_score, &pair.de_score}) *m = ProfileMatrix::Zero(1, 3);
  pair.truth << 1, -1, 0;
  pair.predicted << 0.5, 1, 0;
  CHECK_FALSE(bulk_metric("wmse").evaluate(pair)[0].value);      // all |t| are zero
  pair.contrast_score << -4, 2, 0;                               // weights 1, 1/4, 0
  CHECK(value("wmse", pair) == Approx((0.25 + 0.25 * 4) / 1.25));
  pair.contrast_score << 3, -3, 3;                               // all the same: equal weights
  CHECK(value("wmse", pair) == Approx((0.25 + 4) / 3));
  CHECK(value("direction", pair) == Approx(2.0 / 3));
  CHECK(value("opposite_direction", pair) == Approx(1.0 / 3));
  CHECK(value("no_direction", pair) == 0);
  pair.de_score << 1, -9, 5;
  CHECK(value("direction_top20", pair) == Approx(2.0 / 3));
  pair.de_score.resize(0, 0);
  CHECK(bulk_metric("pearson_top20").evaluate(pair)[0].undefined_because.find("test statistics") != std::string::npos);
  // numpy.quantile([0, 1, 2, 3], .25) = .75, .75 -> 2.25; a gene that is 0 everywhere does not count in ranges, nor in sigma
  const std::vector<std::vector<double>> cells = {{3, 0, 1, 2}, {0, 0, 0, 0}, {1, 1, 1, 1}};
  const CellRangeScores inside = cell_range_scores(cells, std::vector<double>{0.75, 5, 1});
  CHECK((*inside.in_range.value == 1 && *inside.in_25_75.value == 1 && *inside.in_40_60.value == 0.5));
  CHECK(*inside.mean_sigma.value == Approx(0.75 / std::sqrt(1.25)));
  CHECK_FALSE(cell_range_scores(std::vector<std::vector<double>>{{0, 0}}, std::vector<double>{0}).in_range.value);
}

TEST_CASE("the jackknife is that of the definition, and does not depend on threads") {
  SmallDesign design;
  design.genes = 40, design.cells = 25;
  const ScoredCells cells = hyped::testing::small_cells(design, 3);
  set_threads(1);
  const GroupSumProfiles one = group_sum_profiles(cells.cells, cells.groups);
  set_threads(4);
  const GroupSumProfiles four = group_sum_profiles(cells.cells, cells.groups);
  set_threads(0);
  CHECK((one.noise.array() == four.noise.array()).all());
  for (int k = 0; k < cells.groups.count(); ++k) {
    std::vector<int> rows;
    for (int c = 0; c < cells.cells.rows; ++c)
      if (cells.groups.of_cell[static_cast<std::size_t>(c)] == k) rows.push_back(c);
    CHECK(one.noise[k] == Approx(brute_noise(cells.cells, rows, 5e4)).epsilon(1e-9));
  }
}

TEST_CASE("the debiased error is 0 for a replicate and 1 for the control, whatever the layout of the pasted cells") {
  SmallDesign design;
  design.conditions = {"a", "b", "c", "d", "e", "f", "g", "h"};
  design.genes = 80, design.effect = 1.25;
  double sum = 0, squares = 0, raw = 0;
  constexpr int draws = 30;
  for (int draw = 0; draw < draws; ++draw) {
    design.seed = static_cast<std::uint64_t>(100 + draw);
    const ScoredPair pair = small_pair(design);
    const GroupSumProfiles truth = group_sum_profiles(pair.truth.cells, pair.truth.groups), other = group_sum_profiles(pair.predicted->cells, pair.predicted->groups);
    const auto error = unbiased_capped_error({truth.profile.topRows(8), truth.noise.head(8)}, {other.profile.topRows(8), other.noise.head(8)}, {truth.profile.row(8), truth.noise.segment(8, 1)}, {});
    sum += *error.ratio.value, squares += *error.ratio.value * *error.ratio.value;
    raw += (truth.profile.topRows(8) - other.profile.topRows(8)).squaredNorm() / (truth.profile.topRows(8).rowwise() - truth.profile.row(8)).squaredNorm();
  }
  const double mean = sum / draws, se = std::sqrt((squares / draws - mean * mean) / (draws - 1));
  CHECK(std::abs(mean) < 4 * se + 0.01);      // 0.01: the jackknife's own bias
  CHECK(raw / draws > 0.2);                   // what an error that is not debiased says of a perfect replicate
  // The control pasted for every condition, with as much noise as one likes to claim: nothing is taken off.
  const ScoredPair pair = small_pair(design);
  const GroupSumProfiles truth = group_sum_profiles(pair.truth.cells, pair.truth.groups);
  const ProfileMatrix pasted = truth.profile.row(8).replicate(8, 1);
  for (const double claimed : {0.0, 1.0, 1e6}) {
    const auto error = unbiased_capped_error({truth.profile.topRows(8), truth.noise.head(8)}, {pasted, Eigen::VectorXd::Constant(8, claimed)}, {truth.profile.row(8), truth.noise.segment(8, 1)}, {});
    double distance = 0;
    for (const MetricValue& d : error.denominator) distance += *d.value;
    CHECK(error.capped == Approx(claimed > 0 ? 0 : 1).margin(1e-12));
    CHECK(*error.ratio.value == Approx(1 + 8 * truth.noise[8] / design.genes / distance));      // 1, but for the control's noise, which is in the prediction itself
  }
}

TEST_CASE("mse_debiased is 0 on average for the true mean") {
  double sum = 0, squares = 0, raw = 0;
  constexpr int draws = 60;
  SmallDesign design;
  design.cells = 30;
  SmallDesign many = design;
  many.cells = 4000;
  const EffectComparison law = effect_comparison(small_pair(many), 1e4, false);
  for (int draw = 0; draw < draws; ++draw) {
    design.seed = static_cast<std::uint64_t>(1000 + draw);
    EffectComparison pair = effect_comparison(small_pair(design), 1e4, false);
    pair.predicted = law.truth;
    const double v = *mean_of_defined(bulk_metric("mse_debiased").evaluate(pair)).mean.value;
    sum += v, squares += v * v, raw += *mean_of_defined(bulk_metric("mse").evaluate(pair)).mean.value;
  }
  const double mean = sum / draws, se = std::sqrt((squares / draws - mean * mean) / (draws - 1));
  CHECK(std::abs(mean) < 4 * se + 0.02 * raw / draws);      // the law is known to 1/133 of the variance
  CHECK(raw / draws > 10 * se);
}

TEST_CASE("discrimination: chance is one half for every row, and the smallest N say their grid") {
  RandomStream stream(5, 0, 0);
  ProfileMatrix distances(7, 7);
  for (Eigen::Index i = 0; i < distances.size(); ++i) distances.data()[i] = std::floor(4 * stream.uniform());      // ties
  double sum = 0;
  for (Eigen::Index p = 0; p < 7; ++p)
    for (Eigen::Index own = 0; own < 7; ++own) {      // any of the columns could be the own one
      ProfileMatrix turned = distances;
      turned(p, p) = distances(p, own), turned(p, own) = distances(p, p);
      sum += *discrimination(turned, DiscriminationRule::mid_rank, {"a", "b", "c", "d", "e", "f", "g"})[static_cast<std::size_t>(p)].value;
    }
  CHECK(sum / 49 == Approx(0.5));
}

TEST_CASE("collapse meters: replicated mean, orthogonal truths") {
  EffectComparison pair;
  for (int g = 0; g < 5; ++g) pair.genes.push_back("g" + std::to_string(g));
  for (int i = 0; i < 5; ++i) pair.conditions.push_back({"c" + std::to_string(i), {}, "", 1});
  pair.truth = ProfileMatrix::Identity(5, 5);
  pair.control = pair.predicted_control = ProfileMatrix::Zero(5, 5);
  pair.predicted = pair.truth.colwise().mean().replicate(5, 1);
  for (const CollapseMeter& m : collapse_meters(pair)) {
    INFO(m.id);
    if (m.id == "systematic_variation") CHECK((*m.truth.value == Approx(std::sqrt(0.2)) && *m.predicted.value == Approx(1)));
    if (m.id == "systematic_share") CHECK((*m.truth.value == Approx(0.2) && *m.predicted.value == Approx(1)));
    if (m.id == "variance") CHECK((*m.truth.value == Approx(1) && *m.predicted.value == Approx(0).margin(1e-20)));
    if (m.id == "effective_rank") CHECK((*m.truth.value == Approx(4) && !m.predicted.value));
    if (m.id == "nearest_neighbour") CHECK((*m.truth.value == Approx(1) && !m.predicted.value));
    if (m.id == "duplicates") CHECK((*m.truth.value == 0 && *m.predicted.value == 1));
  }
}

TEST_CASE("dialects are the same bytes for any number of threads") {
  const ScoredPair pair = small_pair();
  for (const Dialect& d : dialects()) {
    set_threads(1);
    const DialectScores one = score_dialect(pair, d.id);
    set_threads(4);
    const DialectScores four = score_dialect(pair, d.id);
    set_threads(0);
    REQUIRE(one.metrics.size() == four.metrics.size());
    CHECK_FALSE(one.metrics.empty());
    for (std::size_t m = 0; m < one.metrics.size(); ++m)
      for (std::size_t i = 0; i < one.metrics[m].values.size(); ++i) {
        INFO(d.id << " " << one.metrics[m].id);
        CHECK(one.metrics[m].values[i].value == four.metrics[m].values[i].value);
      }
  }
  CHECK_THROWS_WITH(score_dialect(pair, "cell-eval"), Catch::Matchers::Contains("cell-eval-0"));
}

TEST_CASE("GEARS: top genes without dropouts, gaps of fold changes, by hand") {
  EffectComparison pair;
  pair.genes = {"a", "b", "c", "d", "e"};
  pair.conditions = {{"p", {"p"}, "", 10}};
  pair.own_genes = {{}};
  pair.truth.resize(1, 5), pair.predicted.resize(1, 5), pair.control.resize(1, 5), pair.de_score.resize(1, 5);
  // a: switched off altogether; b: in neither; c: 4-fold up; d: as it was; e: to a quarter
  pair.truth << 0, 0, 4, 1, 0.5;
  pair.control << 2, 0, 1, 1, 2;
  pair.predicted << 0, 0.1, 3, 1, 3;
  pair.de_score << -9, 0.1, 8, 0.5, -7;
  pair.predicted_control = pair.control;
  CHECK(value("mse_top20_non_dropout", pair) == Approx((0.01 + 1 + 0 + 6.25) / 4));      // b, c, d, e
  CHECK(value("mse_top20_non_zero", pair) == Approx((1 + 0 + 6.25) / 3));                // c, d, e
  CHECK(value("direction_top20_non_dropout", pair) == Approx(2.0 / 4));                  // c, d
  CHECK(value("no_direction_top20_non_dropout", pair) == Approx(1.0 / 4));               // b
  CHECK(value("opposite_direction_top20_non_dropout", pair) == Approx(1.0 / 4));         // e
  CHECK(value("fold_change_gap_all", pair) == Approx((1 + 0 + 1.25) / 3));               // c: |3 - 4|; d: 0; e: |1.5 - 0.25|
  CHECK(value("fold_change_gap_upreg_3", pair) == Approx(1));
  CHECK(value("fold_change_gap_downreg_0.33", pair) == Approx(1.25));
  CHECK_FALSE(bulk_metric("fold_change_gap_upreg_10").evaluate(pair)[0].value);
  CHECK_FALSE(bulk_metric("fold_change_gap_downreg_0.1").evaluate(pair)[0].value);
}

TEST_CASE("clustering agreement: groups that are predicted, groups that are not") {
  // 60 conditions in three groups far apart
  ProfileMatrix truth(60, 12), shuffled(60, 12);
  for (Eigen::Index i = 0; i < 60; ++i) {
    RandomStream random(8, static_cast<std::uint32_t>(i), 0);
    for (Eigen::Index g = 0; g < 12; ++g) truth(i, g) = (g % 3 == i % 3 ? 5 : 0) + 0.5 * random.normal();
  }
  for (Eigen::Index i = 0; i < 60; ++i) shuffled.row(i) = truth.row((i * 7 + i / 9) % 60);
  CHECK(*clustering_agreement(truth, truth).value == Approx(1));
  CHECK(*clustering_agreement(truth, (0.3 * truth.array()).matrix()).value == Approx(1));
  CHECK(*clustering_agreement(truth, shuffled).value < 0.3);
  CHECK_FALSE(clustering_agreement(truth, truth.row(0).replicate(60, 1)).value);
  CHECK_FALSE(clustering_agreement(truth.topRows(2), truth.topRows(2)).value);
}
