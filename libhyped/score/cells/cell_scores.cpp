// Distances of two pairs of clouds that share the truth, with errors that know it.
#include "libhyped/score/cells/cell_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/distance/sinkhorn.hpp"
#include "libhyped/distance/sliced_wasserstein.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

struct Distance {
  double value = 0;
  Eigen::VectorXd truth, other;      // influence; empty: none
};

CellScore scored(std::string id, std::string estimator, const Distance& to_predicted, const Distance& to_control) {
  CellScore out;
  out.id = std::move(id), out.estimator = std::move(estimator);
  out.value = to_predicted.value, out.to_control = to_control.value;
  const bool errors = to_predicted.truth.size() > 0;
  if (errors) {
    out.se = std::sqrt(influence_variance(to_predicted.truth) + influence_variance(to_predicted.other));
    out.to_control_se = std::sqrt(influence_variance(to_control.truth) + influence_variance(to_control.other));
  }
  if (!(to_control.value > (errors ? 2 * *out.to_control_se : 0))) {
    out.ratio.undefined_because = "the truth cannot be told from the control by this distance";
    return out;
  }
  const double ratio = to_predicted.value / to_control.value;
  out.ratio.value = ratio;
  // delta method; the truth's cells are in both distances
  if (errors) out.ratio_se = std::sqrt(influence_variance(to_predicted.truth - ratio * to_control.truth) + influence_variance(to_predicted.other) + ratio * ratio * influence_variance(to_control.other)) / to_control.value;
  return out;
}

Distance of_pairs(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, EnergyPairs pairs) {
  TwoSamples found = two_samples(x, y, measure, pairs);
  return {found.statistic, std::move(found.influence_x), std::move(found.influence_y)};
}

Eigen::MatrixXd some_of(const Eigen::MatrixXd& cells, int most, std::uint64_t seed, std::uint32_t which) {
  if (cells.rows() <= most) return cells;
  std::vector<Eigen::Index> order(static_cast<std::size_t>(cells.rows()));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  RandomStream random(seed, 0x63656c6c, which);
  for (std::size_t i = 0; i < static_cast<std::size_t>(most); ++i) std::swap(order[i], order[std::min(order.size() - 1, i + static_cast<std::size_t>(random.uniform() * static_cast<double>(order.size() - i)))]);
  Eigen::MatrixXd out(most, cells.cols());
  for (int i = 0; i < most; ++i) out.row(i) = cells.row(order[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace

CellScores cell_scores(const CellClouds& clouds, const CellScoreOptions& options) {
  CellScores out;
  const std::string estimator = options.pairs == EnergyPairs::unbiased ? "U-statistic" : "V-statistic (self pairs counted)";
  const auto add_pairs = [&](const char* id, const PairMeasure& measure) {
    out.scores.push_back(scored(id, fmt::format("{}, {}, {}", measure.words(), estimator, clouds.space), of_pairs(clouds.truth, clouds.predicted, measure, options.pairs), of_pairs(clouds.truth, clouds.control, measure, options.pairs)));
  };
  add_pairs("energy", {});
  add_pairs("energy_squared", {PairMeasure::Kind::squared_euclidean, {}});
  PairMeasure kernel{PairMeasure::Kind::gaussian, options.gamma};
  if (kernel.gamma.empty()) {
    const double middle = median_heuristic_gamma(clouds.control, options.seed);
    kernel.gamma = gaussian_kernel_around(middle, 2).gamma;
    out.words.push_back(fmt::format("MMD: gamma {:.4g} is 1 / (2 median^2) of distances between control cells; the kernel is the mean over gamma times 1/4, 1/2, 1, 2, 4.", middle));
  }
  add_pairs("mmd", kernel);
  const Eigen::MatrixXd directions = slicing_directions(static_cast<int>(clouds.truth.cols()), options.directions, options.seed);
  out.scores.push_back(scored("sliced_w2", fmt::format("mean squared W2 over {} directions, {}", options.directions, clouds.space), {sliced_wasserstein2_squared(clouds.truth, clouds.predicted, directions), {}, {}}, {sliced_wasserstein2_squared(clouds.truth, clouds.control, directions), {}, {}}));
  const char* const noise = "{} counts the sampling noise of cells as distance: also a perfect prediction has a ratio above 0, that falls as cells are added. Energy and MMD by U-statistics do not.";
  if (!options.sinkhorn) {
    out.words.push_back(fmt::format(fmt::runtime(noise), "Sliced W2"));
    return out;
  }
  out.words.push_back(fmt::format(fmt::runtime(noise), "Sliced W2, and Sinkhorn the more so the smaller epsilon is,"));
  const Eigen::MatrixXd truth = some_of(clouds.truth, options.most_sinkhorn_cells, options.seed, 0), predicted = some_of(clouds.predicted, options.most_sinkhorn_cells, options.seed, 1), control = some_of(clouds.control, options.most_sinkhorn_cells, options.seed, 2);
  const SinkhornDivergence base = sinkhorn_divergence(truth, control, {.relative_epsilon = options.relative_epsilon});
  const SinkhornDivergence found = sinkhorn_divergence(truth, predicted, {.epsilon = base.epsilon});
  if (truth.rows() < clouds.truth.rows() || predicted.rows() < clouds.predicted.rows() || control.rows() < clouds.control.rows()) out.words.push_back(fmt::format("Sinkhorn: {} cells of each cloud at most, drawn by the seed.", options.most_sinkhorn_cells));
  for (const SinkhornDivergence* one : {&base, &found})
    if (!one->outcome.ok()) {
      out.words.push_back("Sinkhorn is left out: " + one->outcome.message + ".");
      return out;
    }
  out.scores.push_back(scored("sinkhorn", fmt::format("debiased, squared Euclidean cost, epsilon {:.4g} ({:g} of the median cost between truth and control), residual {:.1e}, {}", base.epsilon, options.relative_epsilon, std::max(base.residual, found.residual), clouds.space),
                              {found.divergence, found.influence_x, found.influence_y}, {base.divergence, base.influence_x, base.influence_y}));
  return out;
}

}  // namespace hyped
