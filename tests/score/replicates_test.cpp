// Cells of several replicates a condition: what intervals say when replicates are drawn whole, and when cells are.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "libhyped/parallel.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/calibration/calibrated_scores.hpp"
#include "tests/score/simulated_screen.hpp"

using namespace hyped;
using hyped::testing::Screen;
using hyped::testing::ScreenSetting;
using hyped::testing::simulated_screen;

namespace {

constexpr int replicates = 5, control_replicates = 8;
constexpr double replicate_sd = 0.4;

// A screen whose cells are of replicates with an effect of their own on each gene; replicate numbers of cells go with it.
struct ReplicatedScreen {
  std::unique_ptr<Screen> screen;
  std::vector<std::int32_t> of_cell;
};

ReplicatedScreen replicated_screen(const ScreenSetting& setting, std::uint32_t number) {
  ReplicatedScreen out{simulated_screen(setting, 21, number), {}};
  Screen& s = *out.screen;
  std::vector<int> seen(s.groups.names.size(), 0);
  RandomStream random(22, number, 0);
  std::vector<std::vector<double>> effect(s.groups.names.size() * 10);
  for (auto& one : effect)
    for (int g = 0; g < setting.genes; ++g) one.push_back(replicate_sd * random.normal());
  for (int c = 0; c < s.cells.rows; ++c) {
    const auto group = static_cast<std::size_t>(s.groups.of_cell[static_cast<std::size_t>(c)]);
    out.of_cell.push_back(static_cast<std::int32_t>(10 * group) + seen[group]++ % (group == 0 ? control_replicates : replicates));
    for (int g = 0; g < setting.genes; ++g) s.cells.values_of(c)[static_cast<std::size_t>(g)] += static_cast<float>(effect[static_cast<std::size_t>(out.of_cell.back())][static_cast<std::size_t>(g)]);
  }
  const ProfileMatrix means = CellResamples(s.cells, s.groups, 0).means();
  for (auto& model : s.models) {
    const ProfileMatrix change = model.pair.predicted - model.pair.control;
    model.pair.truth = means.bottomRows(setting.conditions);
    model.pair.control = model.pair.predicted_control = means.row(0).replicate(setting.conditions, 1);
    model.pair.predicted = model.pair.control + change;
  }
  return out;
}

}  // namespace

TEST_CASE("drawn replicates have the variance of means of replicates, halves hold whole ones") {
  ScreenSetting setting;
  setting.conditions = 3, setting.genes = 200, setting.cells = 25, setting.control_cells = 40;
  const auto made = replicated_screen(setting, 1);
  const Screen& s = *made.screen;
  const CellResamples resamples(s.cells, s.groups, 3, &made.of_cell);
  CHECK(resamples.by_replicates(0));
  CHECK(resamples.units_of(0) == control_replicates);
  CHECK(resamples.units_of(1) == replicates);
  const ProfileMatrix means = resamples.means();
  double boot = 0, step = 0, direct = 0;
  constexpr int draws = 400;
  for (int first = 0; first < draws; first += 8) {
    std::vector<ProfileMatrix> a(8), b(8);
    resamples.bootstrap(first, a), resamples.directions(first, b);
    for (int d = 0; d < 8; ++d) boot += (a[static_cast<std::size_t>(d)].row(1) - means.row(1)).squaredNorm() / draws, step += b[static_cast<std::size_t>(d)].row(1).squaredNorm() / draws;
  }
  // s^2 / R of the replicates' own means, which have equal numbers of cells here
  for (int g = 0; g < setting.genes; ++g) {
    std::vector<double> sum(replicates, 0.0);
    for (const auto row : resamples.rows_of(1)) sum[static_cast<std::size_t>(made.of_cell[static_cast<std::size_t>(row)] - 10)] += static_cast<double>(s.cells.values_of(row)[static_cast<std::size_t>(g)]) * replicates / setting.cells;
    double square = 0;
    for (const double x : sum) square += std::pow(x - means(1, g), 2);
    direct += square / (replicates - 1) / replicates;
  }
  // 200 genes move together in a draw: a sum over genes has a relative spread of about root(2 / 4) a draw, of 400 draws .035
  CHECK(step == Approx(direct).epsilon(0.12));
  CHECK(boot == Approx(direct).epsilon(0.12));
  for (int k = 0; k < 6; ++k) {
    const auto parts = resamples.parts(k, SplitRule::random, 0.5, 1);
    std::set<std::int32_t> one, other;
    for (const auto row : parts.one) one.insert(made.of_cell[static_cast<std::size_t>(row)]);
    for (const auto row : parts.other) other.insert(made.of_cell[static_cast<std::size_t>(row)]);
    CHECK(one.size() + other.size() == replicates);
    CHECK(std::max(one.size(), other.size()) == 3);
    CHECK(parts.one.size() + parts.other.size() == static_cast<std::size_t>(setting.cells));
  }
  // one replicate, or none: cells are drawn, as without the column
  std::vector<std::int32_t> same(made.of_cell.size(), 7);
  const CellResamples plain(s.cells, s.groups, 3), single(s.cells, s.groups, 3, &same);
  CHECK_FALSE(single.by_replicates(1));
  std::vector<ProfileMatrix> a(1), b(1);
  plain.bootstrap(0, a), single.bootstrap(0, b);
  CHECK(a[0] == b[0]);
}

TEST_CASE("intervals over replicates hold what other replicates would give, those over cells do not", "[standard]") {
  ScreenSetting setting;
  setting.conditions = 12, setting.cells = 25, setting.control_cells = 64;
  const std::vector<Metric> metrics{bulk_metric("mse_delta")};
  const int screens = 300;
  struct Held {
    int whole = 0, cells = 0;
  };
  std::vector<Held> each(screens);
  parallel_for(screens, [&](int k) {
    const auto made = replicated_screen(setting, static_cast<std::uint32_t>(k));
    const Screen& s = *made.screen;
    // expected over other replicates and cells of these conditions: the error of the change, and the variance of both means
    const ProfileMatrix change = s.models[0].pair.predicted - s.models[0].pair.control;
    const double both = replicate_sd * replicate_sd * (1.0 / replicates + 1.0 / control_replicates) + 1.0 / setting.cells + 1.0 / setting.control_cells;
    const double expected = (change - s.change).squaredNorm() / static_cast<double>(change.size()) + both;
    for (const bool whole : {true, false}) {
      CellsBehind behind = s.behind;
      if (whole) behind.replicates = &made.of_cell;
      const auto joint = score_jointly(s.models, metrics, behind, {static_cast<std::uint64_t>(k), 100});
      const auto range = ranges_of(joint[0], {1.0, 0.0}, {1, 0.95, 200}).cells;
      (whole ? each[static_cast<std::size_t>(k)].whole : each[static_cast<std::size_t>(k)].cells) = range && range->lower <= expected && expected <= range->upper;
    }
  });
  double whole = 0, cells = 0;
  for (const auto& one : each) whole += one.whole / double(screens), cells += one.cells / double(screens);
  WARN("95 % intervals hold the expected score: replicates drawn " << whole << ", cells drawn " << cells);
  // 300 screens: three standard errors of .0126
  CHECK(whole > 0.912);
  CHECK(whole < 0.995);
  CHECK(cells < 0.90);
}

TEST_CASE("few replicates have few degrees of freedom") {
  ScreenSetting setting;
  setting.conditions = 3, setting.genes = 20, setting.cells = 25, setting.control_cells = 40;
  const auto made = replicated_screen(setting, 2);
  const CellResamples resamples(made.screen->cells, made.screen->groups, 3, &made.of_cell), plain(made.screen->cells, made.screen->groups, 3);
  const std::vector<int> control{0}, both{0, 1};
  CHECK(resamples.freedom_of(control) == control_replicates - 1);
  CHECK(resamples.freedom_of(both) == replicates - 1);
  CHECK(std::isinf(plain.freedom_of(both)));
}
