// Intervals of scores against screens with known truth: how often they hold it.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/calibration/calibrated_scores.hpp"
#include "libhyped/score/calibration/paired_models.hpp"
#include "tests/score/simulated_screen.hpp"

using namespace hyped;
using hyped::testing::Screen;
using hyped::testing::ScreenSetting;
using hyped::testing::simulated_screen;

namespace {

struct Expected {      // over screens: the score at this depth, the floor, a replicate as prediction, the true change as prediction
  double model = 0, floor = 0, replicate = 0, noise_free = 0;
};

double mean_score(const Metric& metric, const EffectComparison& pair) {
  const auto values = metric.evaluate(pair);
  double sum = 0;
  for (const auto& v : values) sum += v.value.value();
  return sum / static_cast<double>(values.size());
}

std::vector<Expected> expected_scores(const std::vector<Metric>& metrics, const ScreenSetting& setting, int screens) {
  std::vector<std::vector<Expected>> each(static_cast<std::size_t>(screens), std::vector<Expected>(metrics.size()));
  parallel_for(screens, [&](int k) {
    // the replicate has the same changes and cells of its own
    ScreenSetting doubled = setting;
    doubled.cells *= 2, doubled.control_cells *= 2;
    const auto screen = simulated_screen(doubled, 11, static_cast<std::uint32_t>(k));
    const CellResamples halves(screen->cells, screen->groups, 5);
    ProfileMatrix one, other;
    halves.split(0, SplitRule::alternate, 0.5, one, other);
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      Expected& e = each[static_cast<std::size_t>(k)][m];
      e.model = mean_score(metrics[m], with_means(screen->models[0], screen->behind, one));
      e.floor = mean_score(metrics[m], with_means(screen->models[1], screen->behind, one));
      EffectComparison pair = duplicate_of(screen->models[1].pair, screen->behind, one, other);
      e.replicate = mean_score(metrics[m], pair);
      pair.predicted = pair.control + screen->change;
      e.noise_free = mean_score(metrics[m], pair);
    }
  });
  std::vector<Expected> out(metrics.size());
  for (const auto& screen : each)
    for (std::size_t m = 0; m < metrics.size(); ++m) out[m].model += screen[m].model / screens, out[m].floor += screen[m].floor / screens, out[m].replicate += screen[m].replicate / screens, out[m].noise_free += screen[m].noise_free / screens;
  return out;
}

struct Coverage {
  int separates = 0, both = 0, perturbations = 0, cells_only = 0, difference = 0, scaled = 0, scaled_given = 0, replicate = 0;
  double ceiling_replicate = 0, ceiling_noise_free = 0, noise_shift = 0;
};

}  // namespace

TEST_CASE("calibrated scores: intervals hold the truth of simulated screens as often as they say", "[slow]") {
  const ScreenSetting setting;
  const std::vector<Metric> metrics = {bulk_metric("mse_delta"), bulk_metric("pearson_delta")};
  const auto truth = expected_scores(metrics, setting, 2000);
  const int screens = 1000;
  ScoreCalibrationOptions options;
  options.cell_draws = 100, options.perturbation_draws = 1000, options.splits = 10, options.depths = false;
  std::vector<std::vector<MetricCalibration>> each(static_cast<std::size_t>(screens));
  parallel_for(screens, [&](int k) {
    const auto screen = simulated_screen(setting, 11, 100000 + static_cast<std::uint32_t>(k));
    ScoreCalibrationOptions own = options;
    own.seed = static_cast<std::uint64_t>(k);
    each[static_cast<std::size_t>(k)] = calibrate(screen->models, 1, metrics, screen->behind, own);
  });
  int scaled_hits = 0, scaled_of = 0, difference_hits = 0, level_hits = 0;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    INFO(metrics[m].id);
    const double sign = metrics[m].better == Better::higher ? 1 : -1, s = (truth[m].model - truth[m].floor) / (truth[m].replicate - truth[m].floor);
    Coverage seen;
    const auto holds = [](const std::optional<ScoreRange>& r, double value) { return r && r->lower <= value && value <= r->upper ? 1 : 0; };
    for (const auto& calibration : each) {
      const MetricCalibration& c = calibration[m];
      const CalibratedScore& model = c.models[0];
      seen.separates += c.separates;
      seen.both += holds(model.ranges.both, truth[m].model), seen.perturbations += holds(model.ranges.perturbations, truth[m].model), seen.cells_only += holds(model.ranges.cells, truth[m].model);
      seen.difference += holds(model.over_floor, sign * (truth[m].model - truth[m].floor));
      if (model.scaled.lower) ++seen.scaled_given, seen.scaled += *model.scaled.lower <= s && s <= *model.scaled.upper ? 1 : 0;
      seen.ceiling_replicate += *c.ceilings[CeilingKind::replicate].mean / screens, seen.ceiling_noise_free += *c.ceilings[CeilingKind::noise_free].mean / screens;
    }
    WARN(metrics[m].id << ": truth " << truth[m].model << " floor " << truth[m].floor << " replicate " << truth[m].replicate << " (estimated " << seen.ceiling_replicate << ") noise-free " << truth[m].noise_free << " (estimated " << seen.ceiling_noise_free
                       << "); coverage of 95 % intervals: both " << seen.both / double(screens) << ", perturbations alone " << seen.perturbations / double(screens) << ", cells alone " << seen.cells_only / double(screens) << ", difference to the floor "
                       << seen.difference / double(screens) << ", scaled score " << seen.scaled / double(seen.scaled_given) << " of " << seen.scaled_given);
    // 1000 screens: a coverage of .95 has a standard error of .007; three of them are allowed beside .93 to .97 for one metric
    for (const double coverage : {seen.both / double(screens), seen.difference / double(screens), seen.scaled / double(seen.scaled_given)}) {
      CHECK(coverage > 0.92);
      CHECK(coverage < 0.98);
    }
    scaled_hits += seen.scaled, scaled_of += seen.scaled_given, difference_hits += seen.difference, level_hits += seen.both;
    CHECK(seen.separates > 0.98 * screens);
    CHECK(seen.scaled_given > 0.98 * screens);
    CHECK(seen.ceiling_replicate == Approx(truth[m].replicate).epsilon(0.03));
    CHECK(seen.ceiling_noise_free == Approx(truth[m].noise_free).epsilon(0.03));
  }
  // both metrics together: the standard error is between .005 and .007, as the screens are the same
  const double all = static_cast<double>(metrics.size()) * screens;
  WARN("pooled coverage: scores " << level_hits / all << ", differences " << difference_hits / all << ", scaled scores " << scaled_hits / double(scaled_of));
  for (const double coverage : {level_hits / all, difference_hits / all, scaled_hits / double(scaled_of)}) {
    CHECK(coverage > 0.93);
    CHECK(coverage < 0.97);
  }
  // a common control of few cells: perturbations alone claim too much
  const auto& mse = each;
  int alone = 0, both = 0;
  for (const auto& c : mse) {
    const auto& r = c[1].models[0].ranges;
    alone += r.perturbations->lower <= truth[1].model && truth[1].model <= r.perturbations->upper ? 1 : 0, both += r.both->lower <= truth[1].model && truth[1].model <= r.both->upper ? 1 : 0;
  }
  CHECK(both >= alone);
}

TEST_CASE("closed forms of the ceilings: 4, 2 and 1 sigma squared over n, and the noise that the bootstrap over cells sees", "[standard]") {
  ScreenSetting setting;
  setting.conditions = 30, setting.cells = 40, setting.control_cells = 80;
  const std::vector<Metric> metrics = {bulk_metric("mse_delta"), bulk_metric("mae_delta"), bulk_metric("pearson_delta")};
  const double per_mean = 1.0 / setting.cells + 1.0 / setting.control_cells;      // sigma = 1
  double half = 0, half_mae = 0, noise_shift = 0, subtracted = 0;
  const int screens = 15;
  for (int k = 0; k < screens; ++k) {
    const auto screen = simulated_screen(setting, 3, static_cast<std::uint32_t>(k));
    const auto ceilings = ceilings_of(screen->models[1], metrics, screen->behind, {static_cast<std::uint64_t>(k), 5, SplitRule::random, false});
    half += *ceilings[0][CeilingKind::half_split].mean / screens, half_mae += *ceilings[1][CeilingKind::half_split].mean / screens;
    CHECK(*ceilings[0][CeilingKind::replicate].mean == Approx(*ceilings[0][CeilingKind::half_split].mean / 2));
    CHECK(*ceilings[1][CeilingKind::noise_free].mean == Approx(*ceilings[1][CeilingKind::half_split].mean / 2));
    for (std::size_t i = 0; i < 30; ++i) {
      const double r = ceilings[2][CeilingKind::half_split].values[i];
      if (r > 0) CHECK(ceilings[2][CeilingKind::noise_free].values[i] == Approx(std::sqrt(2 * r / (1 + r))));
    }
    const auto joint = score_jointly(screen->models, {metrics[0]}, screen->behind, {static_cast<std::uint64_t>(k), 60});
    noise_shift += joint[0].noise_shift[0] / screens;
    subtracted += (*joint[0].mean[0] - joint[0].noise_shift[0]) / screens;
  }
  // 15 x 30 conditions x 40 genes of squared normals: relative error sqrt(2 / 18,000) = 1.1 %; the common control: sqrt(2 / 15 / 40) of a third
  CHECK(half == Approx(4 * per_mean).epsilon(0.04));
  CHECK(half_mae == Approx(std::sqrt(2 / M_PI) * std::sqrt(4 * per_mean)).epsilon(0.02));
  CHECK(noise_shift == Approx(per_mean).epsilon(0.06));
  // model: error of the true change = (.6 - 1) change + .15 z, known from the screen itself
  double known = 0;
  for (int k = 0; k < screens; ++k) {
    const auto screen = simulated_screen(setting, 3, static_cast<std::uint32_t>(k));
    known += (screen->models[0].pair.predicted - screen->models[0].pair.control - screen->change).squaredNorm() / 30 / 40 / screens;
  }
  CHECK(subtracted == Approx(known).epsilon(0.05));
}

TEST_CASE("the detectable difference is found with the power it names", "[standard]") {
  // differences between two models with standard deviation 1 over conditions, no cells
  const int conditions = 25;
  const auto screen_of = [&](double difference, std::uint32_t number) {
    RandomStream random(77, number, 0);
    JointScores s;
    s.metric = "test", s.models = {"a", "b"};
    s.values.resize(2), s.mean = {0.0, 0.0}, s.defined = {25, 25}, s.noise_shift = Eigen::VectorXd::Zero(2);
    for (int i = 0; i < conditions; ++i) {
      const double common = 3 * random.normal();
      s.values[0].push_back({common + difference + random.normal(), ""}), s.values[1].push_back({common, ""});
      *s.mean[0] += *s.values[0].back().value / conditions, *s.mean[1] += common / conditions;
    }
    return s;
  };
  const int screens = 500;
  struct Found {
    double detectable = 0, first = 0;
    bool there = false, alarm = false;
  };
  std::vector<Found> each(screens);
  parallel_for(screens, [&](int k) { each[static_cast<std::size_t>(k)].detectable = compare_models(screen_of(0, static_cast<std::uint32_t>(k)), {1, 0.95, 50}).differences[0].detectable; });
  double detectable = 0;
  for (const auto& f : each) detectable += f.detectable / screens;
  parallel_for(screens, [&](int k) {
    Found& f = each[static_cast<std::size_t>(k)];
    const RangeOptions options{static_cast<std::uint64_t>(k), 0.95, 1000};
    const auto there = compare_models(screen_of(detectable, 10000 + static_cast<std::uint32_t>(k)), options), none = compare_models(screen_of(0, 20000 + static_cast<std::uint32_t>(k)), options);
    f.there = there.differences[0].range->lower > 0, f.alarm = none.differences[0].range->lower > 0 || none.differences[0].range->upper < 0;
    for (const auto& r : none.ranks)
      if (r.model == "a") f.first = r.first;
  });
  int found = 0, false_alarms = 0;
  double first = 0;
  for (const auto& f : each) found += f.there, false_alarms += f.alarm, first += f.first / screens;
  WARN("detectable difference " << detectable << " found in " << found / double(screens) << "; none: alarms " << false_alarms / double(screens) << "; P(rank 1) of one of two equal models " << first);
  CHECK(detectable == Approx(0.99 * (2.064 + 0.857) / 5).epsilon(0.03));      // quantiles of Student's t with 24 degrees of freedom; mean of the sample's sd
  CHECK(found / double(screens) == Approx(0.8).margin(0.06));
  CHECK(false_alarms / double(screens) < 0.08);
  CHECK(first == Approx(0.5).margin(0.05));
}
