// Calibration in small: draws, splits, scaled scores, relabellings, classes of effects.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/calibration/calibrated_scores.hpp"
#include "libhyped/score/calibration/effect_strata.hpp"
#include "libhyped/score/calibration/paired_models.hpp"
#include "libhyped/score/calibration/permutation_null.hpp"
#include "tests/score/simulated_screen.hpp"

using namespace hyped;
using hyped::testing::ScreenSetting;
using hyped::testing::simulated_screen;

namespace {

// N conditions whose predictions are drawn anew, truth too: nothing to be found.
EffectComparison unrelated(int n, int genes, std::uint32_t number, const std::vector<std::string>& contexts) {
  RandomStream random(5, number, 1);
  EffectComparison pair;
  for (int g = 0; g < genes; ++g) pair.genes.push_back("g" + std::to_string(g));
  for (int i = 0; i < n; ++i) pair.conditions.push_back({"p" + std::to_string(i), {}, contexts.empty() ? "" : contexts[static_cast<std::size_t>(i)], 10}), pair.own_genes.emplace_back();
  for (ProfileMatrix* m : {&pair.truth, &pair.predicted, &pair.control}) {
    m->resize(n, genes);
    for (Eigen::Index k = 0; k < m->size(); ++k) m->data()[k] = random.normal();
  }
  // one control a context
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < i; ++j)
      if (pair.conditions[static_cast<std::size_t>(j)].context == pair.conditions[static_cast<std::size_t>(i)].context) pair.control.row(i) = pair.control.row(j);
  pair.predicted_control = pair.control;
  return pair;
}

}  // namespace

TEST_CASE("bootstrap of cells: mean and variance of resampled means are those of the closed form") {
  ScreenSetting setting;
  setting.conditions = 2, setting.genes = 3, setting.cells = 12, setting.control_cells = 9;
  const auto screen = simulated_screen(setting, 1, 1);
  const CellResamples resamples(screen->cells, screen->groups, 4);
  const ProfileMatrix means = resamples.means();
  const int draws = 4000;
  ProfileMatrix sum = ProfileMatrix::Zero(3, 3), squares = sum;
  for (int first = 0; first < draws; first += 8) {
    std::vector<ProfileMatrix> some(8);
    resamples.bootstrap(first, some);
    for (const auto& m : some) sum += m, squares += m.cwiseProduct(m);
  }
  for (int k = 0; k < 3; ++k)
    for (int g = 0; g < 3; ++g) {
      double variance = 0, n = 0;
      for (int c = 0; c < screen->cells.rows; ++c)
        if (screen->groups.of_cell[static_cast<std::size_t>(c)] == k) variance += std::pow(static_cast<double>(screen->cells.values_of(c)[static_cast<std::size_t>(g)]) - means(k, g), 2), n += 1;
      variance /= n * n;
      CHECK(sum(k, g) / draws == Approx(means(k, g)).margin(4 * std::sqrt(variance / draws)));
      CHECK((squares(k, g) - sum(k, g) * sum(k, g) / draws) / draws == Approx(variance).epsilon(0.1));
    }
  // draw k does not depend on what is drawn with it
  std::vector<ProfileMatrix> alone(1), together(8);
  resamples.bootstrap(5, alone), resamples.bootstrap(0, together);
  CHECK((alone[0].array() == together[5].array()).all());
}

TEST_CASE("splits of cells are disjoint, whole and reproducible") {
  ScreenSetting setting;
  setting.conditions = 3, setting.genes = 2, setting.cells = 11;
  const auto screen = simulated_screen(setting, 1, 2);
  const CellResamples resamples(screen->cells, screen->groups, 4);
  for (const double share : {0.5, 0.25, 0.125})
    for (int number = 0; number < 5; ++number) {
      const auto parts = resamples.parts(number, SplitRule::random, share, 2), again = resamples.parts(number, SplitRule::random, share, 2);
      CHECK(parts.one == again.one);
      std::set<std::int32_t> all(parts.one.begin(), parts.one.end());
      all.insert(parts.other.begin(), parts.other.end());
      CHECK(all.size() == parts.one.size() + parts.other.size());
      if (share == 0.5) CHECK(all.size() == 11);
      else CHECK(parts.one.size() == parts.other.size());
    }
  const auto alternate = resamples.parts(0, SplitRule::alternate, 0.5, 1);
  CHECK(alternate.one.size() == 6);
  CHECK(alternate.one[1] == alternate.one[0] + 2);
  CHECK(alternate.other[0] == alternate.one[0] + 1);
  ProfileMatrix one, other;
  resamples.split(0, SplitRule::alternate, 0.5, one, other);
  CHECK((6 * one.row(1) + 5 * other.row(1) - 11 * resamples.means().row(1)).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("a scaled score is 0 at the floor, 1 at the ceiling, and refused where they cannot be told apart") {
  const std::vector<double> b = {0.2, 0.3, 0.25, 0.22}, r = {0.8, 0.9, 0.87, 0.81};
  CHECK(*scaled_score(b, b, r, 1, {}, 0.95).value == Approx(0).margin(1e-15));
  CHECK(*scaled_score(r, b, r, 1, {}, 0.95).value == Approx(1));
  CHECK(*scaled_score(r, b, r, 1, {}, 0.95).lower == Approx(1));      // the ratio of equal numbers has no error
  const auto half = scaled_score({0.5, 0.6, 0.56, 0.515}, b, r, 1, {}, 0.95);
  CHECK(*half.value == Approx(0.5));
  CHECK(*half.upper - *half.lower < 0.02);
  // for errors the direction turns
  CHECK(*scaled_score({0.5, 0.6, 0.56, 0.515}, r, b, -1, {}, 0.95).value == Approx(0.5));
  CHECK(scaled_score(b, r, b, 1, {}, 0.95).refused_because == "the ceiling is no better than the floor");
  const auto noisy = scaled_score(b, {0.2, 0.9, 0.4, 0.6}, {0.9, 0.4, 0.6, 0.5}, 1, {}, 0.95);
  CHECK(!noisy.value);
  CHECK(noisy.refused_because.find("standard errors apart") != std::string::npos);
  const double nan = std::nan("");
  CHECK(*scaled_score({nan, 0.3, 0.25, 0.22}, b, r, 1, {}, 0.95).value == Approx(0).margin(1e-15));
  CHECK(!scaled_score({nan, nan, nan, nan}, b, r, 1, {}, 0.95).value);
}

TEST_CASE("relabelling all predictions: 3 arms reach p = 1/6, 9 strata 1/216, and p is uniform where there is nothing") {
  const Metric pds = bulk_metric("pds_cosine");
  EffectComparison three = unrelated(3, 30, 1, {});
  three.predicted = three.truth;
  const auto best = permutation_null(pds, three, {});
  CHECK(best.exact);
  CHECK(best.evaluated == 6);
  CHECK(best.smallest_p == Approx(1.0 / 6));
  CHECK(best.p == Approx(1.0 / 6));
  CHECK(*best.observed == 1);
  CHECK(best.chance == Approx(0.5));      // over all permutations each prediction meets each truth equally often
  EffectComparison nine = unrelated(9, 30, 2, {"G1", "G1", "G1", "S", "S", "S", "G2M", "G2M", "G2M"});
  nine.predicted = nine.truth;
  const auto strata = permutation_null(bulk_metric("mse_delta"), nine, {});
  CHECK(strata.evaluated == 216);
  CHECK(strata.p == Approx(1.0 / 216));
  // with one stratum for all: 9! is above what is evaluated, draws are taken
  PermutationOptions all;
  all.strata.assign(9, 0), all.draws = 199;
  const auto drawn = permutation_null(bulk_metric("pearson_delta"), nine, all);
  CHECK(!drawn.exact);
  CHECK(drawn.p == Approx(1.0 / 200));
  CHECK(strata.caution.empty());
  CHECK(drawn.caution.find("control") != std::string::npos);      // three controls in one stratum: their noise tells conditions apart
  int below = 0;
  const int trials = 200;
  for (int k = 0; k < trials; ++k) below += permutation_null(bulk_metric("mse_delta"), unrelated(4, 8, 100 + static_cast<std::uint32_t>(k), {}), {}).p <= 0.25 + 1e-12;
  CHECK(below / double(trials) == Approx(0.25).margin(0.092));      // 3 standard errors
}

TEST_CASE("effects that are not there are not seen, others are") {
  ScreenSetting none, some;
  none.shared = none.own = 0, none.conditions = 60, some.conditions = 20;
  const auto quiet = simulated_screen(none, 9, 1), loud = simulated_screen(some, 9, 2);
  int seen = 0;
  double mean = 0;
  for (const auto& e : effect_sizes(quiet->models[0].pair, quiet->behind, 200, 1)) seen += e.effect != EffectClass::none_seen, mean += e.squared / 60;
  CHECK(seen <= 10);      // the common control moves all alike
  CHECK(std::abs(mean) < 0.01);      // noise subtracted: 1/30 + 1/60 = .05
  const auto sizes = effect_sizes(loud->models[0].pair, loud->behind, 200, 1);
  int found = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    found += sizes[i].effect != EffectClass::none_seen;
    CHECK(sizes[i].squared == Approx(loud->change.row(static_cast<Eigen::Index>(i)).squaredNorm() / 40).margin(0.06));
  }
  CHECK(found == 20);
  const auto joint = score_jointly(loud->models, {bulk_metric("pearson_delta")}, loud->behind, {1, 0});
  const auto strata = scores_by_effect(joint[0], sizes, {});
  REQUIRE(strata.size() == 4);      // two classes, two models
  CHECK(strata[0].conditions + strata[2].conditions == 20);
}

TEST_CASE("calibration is the same for any number of threads, and says why there is no ceiling") {
  const auto screen = simulated_screen({}, 2, 3);
  const std::vector<Metric> metrics = {bulk_metric("pearson_delta"), bulk_metric("pds_cosine"), bulk_metric("mae")};
  ScoreCalibrationOptions options;
  options.cell_draws = 20, options.perturbation_draws = 200, options.splits = 3;
  const int before = thread_setting();
  set_threads(1);
  const auto one = calibrate(screen->models, 1, metrics, screen->behind, options);
  const auto ranks_one = compare_models(one[0].joint, {});
  set_threads(2);
  const auto two = calibrate(screen->models, 1, metrics, screen->behind, options);
  const auto ranks_two = compare_models(two[0].joint, {});
  set_threads(before);
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    CHECK(one[k].ceiling_mean == two[k].ceiling_mean);
    CHECK(one[k].models[0].ranges.both->lower == two[k].models[0].ranges.both->lower);
    CHECK(one[k].models[0].scaled.value == two[k].models[0].scaled.value);
    CHECK((one[k].joint.cell_covariance.array() == two[k].joint.cell_covariance.array()).all());
  }
  CHECK(ranks_one.ranks[0].first == ranks_two.ranks[0].first);
  CHECK(one[0].models[0].against_floor == Standing::better);
  CHECK(one[0].models[1].scaled.value == Approx(0).margin(1e-12));
  CHECK(one[1].ceiling == CeilingKind::half_split);      // no law of depth for ranks
  CHECK(one[0].ceiling == CeilingKind::replicate);
  const auto without = calibrate(screen->models, 1, metrics, {}, options);
  CHECK(!without[0].separates);
  CHECK(without[0].models[0].scaled.refused_because == "there are no cells to measure a ceiling with");
  CHECK(without[0].models[0].ranges.perturbations);
  // cells in another unit than the profiles are refused
  auto scaled = simulated_screen({}, 2, 3);
  for (auto& v : scaled->cells.value) v *= 2;
  CHECK_THROWS_AS(calibrate(scaled->models, 1, metrics, scaled->behind, options), InputError);
}

TEST_CASE("noise laws are told by the names of metrics") {
  const auto law = [](const char* id) {
    Metric m;
    m.id = id;
    return noise_law_of(m);
  };
  CHECK(law("mse") == NoiseLaw::squared_error);
  CHECK(law("wmse") == NoiseLaw::squared_error);
  CHECK(law("mae_delta") == NoiseLaw::error);
  CHECK(law("l2") == NoiseLaw::error);
  CHECK(law("pearson_perturbed_mean") == NoiseLaw::correlation);
  for (const char* other : {"pds_l2", "pds_cosine", "mse_unbiased", "pearson_edistance", "overlap_at_N", "nir", "r2"}) CHECK(law(other) == NoiseLaw::unknown);
  CHECK(*disattenuated(0.6, 0.64).value == Approx(0.75));
  CHECK(!disattenuated(0.6, 0).value);
}

TEST_CASE("what has no best value has no bound, one condition has no scaled score") {
  CHECK_FALSE(ends_at_perfect("de_nsig_real"));
  CHECK_FALSE(ends_at_perfect("edist"));
  CHECK_FALSE(ends_at_perfect("mse_debiased"));
  CHECK(ends_at_perfect("mse"));
  const ScoreRange genes = within_bounds({120, 30, 60, 190}, "de_nsig_real", Better::higher, 1, {});
  CHECK(genes.upper == 190);
  const ScoreRange distance = within_bounds({0.003, 0.006, -0.01, 0.016}, "edist", Better::lower, 0, {});
  CHECK(distance.lower == -0.01);
  ScreenSetting setting;
  setting.conditions = 1;
  const auto screen = simulated_screen(setting, 3, 1);
  for (const auto& metric : calibrate(screen->models, 1, {bulk_metric("mse_delta"), bulk_metric("direction")}, screen->behind, {.cell_draws = 40, .splits = 4, .depths = false})) {
    INFO(metric.metric);
    CHECK_FALSE(metric.separates);
    CHECK(metric.why_not.find("one condition") != std::string::npos);
    for (const auto& model : metric.models) {
      CHECK_FALSE(model.scaled.value);
      CHECK(model.against_ceiling == Standing::no_value);
    }
  }
}

TEST_CASE("without draws a metric is no easier to calibrate") {
  ScreenSetting setting;
  setting.conditions = 10;
  const auto screen = simulated_screen(setting, 3, 2);
  const std::vector<Metric> metrics{bulk_metric("mse_delta"), bulk_metric("pearson_delta")};
  const auto with = calibrate(screen->models, 1, metrics, screen->behind, {.cell_draws = 100, .splits = 10, .depths = false}), without = calibrate(screen->models, 1, metrics, screen->behind, {.cell_draws = 0, .splits = 10, .depths = false});
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    REQUIRE(with[k].span);
    REQUIRE(without[k].span);
    CHECK(without[k].span->se > 0.8 * with[k].span->se);
  }
}
