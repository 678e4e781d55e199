// Shares of phases, what sorted arms may not say, the split of a change, and the design's limits.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/expression/composition/design_limits.hpp"
#include "libhyped/expression/composition/mean_change.hpp"
#include "libhyped/expression/composition/phase_composition.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// Cells of arms over phases with these numbers.
struct Cells {
  CellGroups arms, phases{{"G1", "S", "G2M"}, {}};
};
Cells cells_of(const std::vector<std::vector<int>>& numbers) {
  Cells out;
  for (std::size_t a = 0; a < numbers.size(); ++a) {
    out.arms.names.push_back(a == 0 ? "control" : "arm" + std::to_string(a));
    for (std::size_t k = 0; k < 3; ++k)
      for (int i = 0; i < numbers[a][k]; ++i) out.arms.of_cell.push_back(static_cast<std::int32_t>(a)), out.phases.of_cell.push_back(static_cast<std::int32_t>(k));
  }
  return out;
}

std::vector<int> multinomial(int n, const std::vector<double>& share, RandomStream& random) {
  std::vector<int> out(share.size(), 0);
  for (int i = 0; i < n; ++i) {
    double u = random.uniform();
    std::size_t k = 0;
    while (k + 1 < share.size() && (u -= share[k]) >= 0) ++k;
    ++out[k];
  }
  return out;
}

}  // namespace

TEST_CASE("shares of phases with their intervals: stated values") {
  const Cells c = cells_of({{5, 15, 0}});
  const auto found = phase_composition(c.arms, c.phases, {});
  CHECK(found[0].cells == 20);
  CHECK(found[0].phases[0].share == 0.25);
  // beta(5.5, 15.5) quantiles from SciPy; none and all seen end at 0 and 1
  CHECK(found[0].phases[0].lower == Approx(0.10239849).epsilon(1e-6));
  CHECK(found[0].phases[0].upper == Approx(0.46419463).epsilon(1e-6));
  CHECK(found[0].phases[2].lower == 0);
  CHECK(found[0].phases[2].upper < 0.15);
  // Goodman's with chi-squared of 0.05 / 3: 5.7311
  const double a = 5.731, half = std::sqrt(a * (a + 4.0 * 5 * 15 / 20));
  CHECK(found[0].phases[0].joint_lower == Approx((a + 10 - half) / (2 * (20 + a))).epsilon(1e-3));
  CHECK(found[0].phases[0].joint_upper == Approx((a + 10 + half) / (2 * (20 + a))).epsilon(1e-3));
}

TEST_CASE("a sorted arm has numbers but no composition, and a contrast with it needs one from elsewhere") {
  const Cells c = cells_of({{5845, 1502, 1528}, {1200, 500, 300}});
  const std::vector<std::string> sorted{"control"};
  const auto found = phase_composition(c.arms, c.phases, sorted);
  CHECK(found[0].set_by_sorting);
  CHECK(std::isnan(found[0].phases[0].lower));
  CHECK(found[0].phases[0].cells == 5845);
  const CompositionContrast none = composition_contrast(found[1], found[0], {});
  CHECK_FALSE(none.exists);
  CHECK_THAT(none.words, Catch::Matchers::Contains("sorting"));
  CHECK_FALSE(composition_contrast(found[0], found[1], {}).exists);
  const ReferenceComposition imaging{{0.5, 0.3, 0.2}, 4000, "imaging at 48 h"};
  const CompositionContrast with = composition_contrast(found[1], found[0], imaging);
  CHECK(with.exists);
  CHECK(with.difference[0] == Approx(0.1));
  CHECK(with.lower[0] < 0.1);
  CHECK(with.lower[0] > 0.06);
  CHECK(with.test.p < 1e-6);
  CHECK_THROWS_AS(composition_contrast(found[1], found[0], ReferenceComposition{{0.5, 0.3}, 4000, "x"}), InputError);
  CHECK_THROWS_AS(composition_contrast(found[1], found[0], ReferenceComposition{{0.5, 0.3, 0.3}, 4000, "x"}), InputError);
  const std::vector<std::string> unknown{"contrl"};
  CHECK_THROWS_AS(phase_composition(c.arms, c.phases, unknown), InputError);
}

TEST_CASE("intervals of shares and of their differences cover, and the test rejects as often as it says") {
  const std::vector<double> share{0.6, 0.33, 0.07}, other{0.55, 0.3, 0.15};
  constexpr int runs = 3000;
  int own = 0, joint = 0, difference = 0, rejected = 0;
  for (int run = 0; run < runs; ++run) {
    RandomStream random(12, 0, static_cast<std::uint32_t>(run));
    const Cells c = cells_of({multinomial(120, share, random), multinomial(90, other, random), multinomial(90, share, random)});
    const auto found = phase_composition(c.arms, c.phases, {});
    bool all = true;
    for (std::size_t k = 0; k < 3; ++k) {
      own += found[0].phases[k].lower <= share[k] && share[k] <= found[0].phases[k].upper ? 1 : 0;
      all = all && found[0].phases[k].joint_lower <= share[k] && share[k] <= found[0].phases[k].joint_upper;
    }
    joint += all ? 1 : 0;
    const CompositionContrast d = composition_contrast(found[1], found[0], {});
    for (std::size_t k = 0; k < 3; ++k) difference += d.lower[k] <= other[k] - share[k] && other[k] - share[k] <= d.upper[k] ? 1 : 0;
    rejected += composition_contrast(found[2], found[0], {}).test.p < 0.05 ? 1 : 0;
  }
  CHECK(std::abs(own / (3.0 * runs) - 0.95) < 0.015);
  CHECK(joint / static_cast<double>(runs) > 0.94);
  CHECK(std::abs(difference / (3.0 * runs) - 0.95) < 0.015);
  CHECK(std::abs(rejected / static_cast<double>(runs) - 0.05) < 0.014);
}

TEST_CASE("a change of the mean is exactly composition plus within, either way round, and its errors are those of the bootstrap") {
  constexpr int cells = 600, phases = 3;
  const auto draw = [&](const std::vector<double>& share, const std::vector<double>& level, RandomStream& random) {
    PhaseMeans m;
    m.mean = m.variance = Eigen::MatrixXd::Zero(1, phases);
    m.cells = Eigen::VectorXd::Zero(phases);
    std::vector<std::vector<double>> values(phases);
    const auto n = multinomial(cells, share, random);
    for (int k = 0; k < phases; ++k)
      for (int i = 0; i < n[static_cast<std::size_t>(k)]; ++i) values[static_cast<std::size_t>(k)].push_back(level[static_cast<std::size_t>(k)] + 0.8 * random.normal());
    for (int k = 0; k < phases; ++k) {
      const auto& v = values[static_cast<std::size_t>(k)];
      double sum = 0, squares = 0;
      for (const double x : v) sum += x;
      m.mean(0, k) = sum / static_cast<double>(v.size());
      for (const double x : v) squares += (x - m.mean(0, k)) * (x - m.mean(0, k));
      m.variance(0, k) = squares / static_cast<double>(v.size() - 1);
      m.cells[k] = static_cast<double>(v.size());
    }
    m.share_cells = m.cells.sum();
    m.share = m.cells / m.share_cells;
    return m;
  };
  const std::vector<double> w{0.3, 0.3, 0.4}, v{0.6, 0.25, 0.15}, up{1.0, 2.5, 3.0}, down{0.8, 2.0, 3.2};
  double composition_truth = 0, within_truth = 0;
  for (std::size_t k = 0; k < 3; ++k) composition_truth += (w[k] - v[k]) * (up[k] + down[k]) / 2, within_truth += (w[k] + v[k]) / 2 * (up[k] - down[k]);
  constexpr int runs = 2000;
  Eigen::MatrixXd found(runs, 3), se(runs, 3);
  int inside = 0;
  for (int run = 0; run < runs; ++run) {
    RandomStream random(31, 0, static_cast<std::uint32_t>(run));
    const PhaseMeans arm = draw(w, up, random), reference = draw(v, down, random);
    const MeanChange c = mean_change(arm, reference), back = mean_change(reference, arm);
    REQUIRE(std::abs(c.composition.estimate[0] + c.within.estimate[0] - c.total.estimate[0]) < 1e-12);
    REQUIRE(std::abs(c.composition.estimate[0] + back.composition.estimate[0]) < 1e-12);
    REQUIRE(std::abs(c.within.estimate[0] + back.within.estimate[0]) < 1e-12);
    found.row(run) << c.total.estimate[0], c.composition.estimate[0], c.within.estimate[0];
    se.row(run) << c.total.se[0], c.composition.se[0], c.within.se[0];
    inside += std::abs(c.composition.estimate[0] - composition_truth) < 1.96 * c.composition.se[0] ? 1 : 0;
    inside += std::abs(c.within.estimate[0] - within_truth) < 1.96 * c.within.se[0] ? 1 : 0;
  }
  for (int part = 0; part < 3; ++part) {
    const double spread = std::sqrt((found.col(part).array() - found.col(part).mean()).square().sum() / (runs - 1));
    CHECK(se.col(part).mean() == Approx(spread).epsilon(0.06));      // the spread itself is known to 1.6 %
  }
  CHECK(std::abs(inside / (2.0 * runs) - 0.95) < 0.015);
}

TEST_CASE("weights for a sorted control, and a phase without cells") {
  PhaseMeans arm, control;
  arm.mean = Eigen::MatrixXd::Constant(1, 2, 1.0), arm.variance = Eigen::MatrixXd::Constant(1, 2, 0.5);
  arm.cells.resize(2), arm.share.resize(2);
  arm.cells << 60, 40;
  arm.share << 0.6, 0.4;
  arm.share_cells = 100;
  control = arm;
  control.mean << 1, 3;
  control.cells << 500, 500;
  control.share << 0.8, 0.2;      // from elsewhere, taken as exact
  control.share_cells = std::numeric_limits<double>::infinity();
  const MeanChange c = mean_change(arm, control);
  REQUIRE(c.outcome.ok());
  CHECK(c.composition.estimate[0] == Approx(-0.2 * 1 + 0.2 * 2));
  CHECK(c.within.estimate[0] == Approx(0.3 * -2));
  arm.cells[1] = 0;
  CHECK_FALSE(mean_change(arm, control).outcome.ok());
}

TEST_CASE("the design's limits are said for the HYPED labels in all their spellings, and only one culture for others") {
  const auto said = limits_of({{"Control", "siPRRX1", "MYOD", "siPRRX1/mmMYOD1"}, false, ""});
  std::string all;
  for (const auto& sentence : said) all += sentence + "\n";
  for (const char* words : {"One culture", "mock siRNA", "mock mRNA", "4-OHT alone", "collinear", "sorted by phase", "bystander"}) CHECK_THAT(all, Catch::Matchers::Contains(words));
  CHECK(limits_of({{"Control", "PRRX1_MYOD"}, true, "culture"}).size() == said.size());      // replicates do not undo them
  CHECK(limits_of({{"ctrl", "stim"}, false, ""}).size() == 1);
  CHECK(limits_of({{"control", "MYOD1", "STAT1"}, false, ""}).size() == 1);      // a screen with MYOD1 among its targets
  CHECK(limits_of({{"ctrl", "stim"}, true, "donor"}).empty());
  CHECK(gene_caution("MT-ND4").size() > 0);
  CHECK(gene_caution("GAPDH").empty());
}

TEST_CASE("bystanders are split off by name, with how many chance alone would make") {
  CellGroups arms{{"Control", "mmMYOD1"}, {}};
  SparseRows genes;
  genes.rows = 1;
  RandomStream random(2, 0, 0);
  int negative = 0;
  for (int c = 0; c < 1000; ++c) {
    arms.of_cell.push_back(c < 400 ? 0 : 1);
    const auto count = c < 400 ? 0 : random.poisson(1.5);
    negative += c >= 400 && count == 0 ? 1 : 0;
    if (count > 0) genes.column.push_back(c), genes.value.push_back(static_cast<float>(count));
  }
  genes.columns = 1000;
  genes.start.push_back(static_cast<std::int64_t>(genes.column.size()));
  const Bystanders found = split_bystanders(arms, genes, 0);
  REQUIRE(found.groups.names.back() == "mmMYOD1, MYOD1-negative");
  CHECK(found.groups.sizes() == std::vector<std::int64_t>{400, 600 - negative, negative});
  CHECK_THAT(found.words[0], Catch::Matchers::Contains(std::to_string(negative) + " of 600"));
  const CellGroups other{{"a", "b"}, arms.of_cell};
  CHECK_THROWS_AS(split_bystanders(other, genes, 0), InputError);
}
