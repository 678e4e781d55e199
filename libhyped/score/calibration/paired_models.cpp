// Paired differences and ranks of models under the bootstrap over perturbations.
#include "libhyped/score/calibration/paired_models.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t rank_stream = 0x40000000u;

// Root of a covariance that rounding or few draws may have made slightly indefinite.
Eigen::MatrixXd root_of(const Eigen::MatrixXd& covariance) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
  return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal();
}

ModelDifference difference_of(const JointScores& scores, std::size_t a, std::size_t b, const RangeOptions& options) {
  ModelDifference out{scores.models[a], scores.models[b], 0, std::nullopt, 0, 0};
  std::vector<double> weights(scores.models.size(), 0.0);
  weights[a] = scores.sign(), weights[b] = -scores.sign();
  const ScoreRanges ranges = ranges_of(scores, weights, options);
  out.range = ranges.both ? ranges.both : ranges.perturbations;
  const auto ua = scores.units(a), ub = scores.units(b);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < ua.size(); ++i)
    if (!std::isnan(ua[i]) && !std::isnan(ub[i])) ++out.conditions, sum += ua[i] - ub[i], squares += (ua[i] - ub[i]) * (ua[i] - ub[i]);
  if (!out.range || out.conditions < 3) return out;
  const double n = static_cast<double>(out.conditions), variance = std::max(0.0, (squares - sum * sum / n) / (n - 1));
  const double needed = student_quantile(0.975, n - 1) + student_quantile(0.8, n - 1);
  out.detectable = needed * out.range->se;
  // only what varies between conditions falls with their number
  const double z = -normal_quantile_of(0.025) - normal_quantile_of(0.2), d = std::abs(out.range->estimate);
  const double shared = std::max(0.0, out.range->se * out.range->se - variance / n), room = d * d / (z * z) - shared;
  out.conditions_needed = room > 0 ? std::max(2.0, std::ceil(variance / room)) : std::numeric_limits<double>::infinity();
  return out;
}

}  // namespace

std::vector<ModelRank> ranks_over_draws(const std::vector<std::vector<double>>& draws, const std::vector<std::string>& models) {
  const std::size_t count = models.size();
  std::vector<ModelRank> out(count);
  std::vector<int> seen(count * (count + 1), 0);      // [M x M + 1] by rank
  for (std::size_t m = 0; m < count; ++m) out[m].model = models[m];
  for (const auto& draw : draws) {
    const double best = *std::max_element(draw.begin(), draw.end());
    const double ties = static_cast<double>(std::count(draw.begin(), draw.end(), best));
    for (std::size_t m = 0; m < count; ++m) {
      std::size_t above = 0, equal = 0;
      for (std::size_t o = 0; o < count; ++o) above += draw[o] > draw[m], equal += draw[o] == draw[m];
      if (draw[m] == best) out[m].first += 1 / ties;
      out[m].mean += 1 + static_cast<double>(above) + 0.5 * static_cast<double>(equal - 1);
      ++seen[m * (count + 1) + above + (equal + 1) / 2];
    }
  }
  const double size = static_cast<double>(draws.size());
  for (std::size_t m = 0; m < count; ++m) {
    out[m].first /= size, out[m].mean /= size;
    double below = 0;
    for (std::size_t r = 1; r <= count; ++r) {
      const double share = seen[m * (count + 1) + r] / size;
      if (out[m].best == 0 && below + share > 0.025) out[m].best = static_cast<int>(r);
      below += share;
      if (out[m].worst == 0 && below >= 0.975) out[m].worst = static_cast<int>(r);
    }
  }
  return out;
}

PairedModels compare_models(const JointScores& scores, const RangeOptions& options) {
  PairedModels out;
  out.metric = scores.metric;
  std::vector<std::size_t> kept;
  for (std::size_t m = 0; m < scores.models.size(); ++m) {
    if (scores.mean[m]) kept.push_back(m);
    else out.left_out.push_back(scores.models[m]);
  }
  for (std::size_t i = 0; i < kept.size(); ++i)
    for (std::size_t j = i + 1; j < kept.size(); ++j) out.differences.push_back(difference_of(scores, kept[i], kept[j], options));
  if (kept.empty()) return out;
  std::vector<std::vector<double>> units;
  for (const auto m : kept) units.push_back(scores.units(m));
  std::vector<std::size_t> common;
  for (std::size_t i = 0; i < units.front().size(); ++i)
    if (std::all_of(units.begin(), units.end(), [&](const auto& u) { return !std::isnan(u[i]); })) common.push_back(i);
  out.conditions = common.size();
  if (common.empty()) return out;
  std::stable_sort(kept.begin(), kept.end(), [&](std::size_t a, std::size_t b) { return scores.sign() * *scores.mean[a] > scores.sign() * *scores.mean[b]; });
  units.clear();
  std::vector<std::string> names;
  for (const auto m : kept) units.push_back(scores.units(m)), names.push_back(scores.models[m]);
  Eigen::MatrixXd root;
  if (scores.shared_covariance.size() > 0) {
    Eigen::MatrixXd shared(kept.size(), kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i)
      for (std::size_t j = 0; j < kept.size(); ++j) shared(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = scores.shared_covariance(static_cast<Eigen::Index>(kept[i]), static_cast<Eigen::Index>(kept[j]));
    root = root_of(shared);
  }
  std::vector<std::vector<double>> draws(static_cast<std::size_t>(options.draws), std::vector<double>(kept.size(), 0.0));
  const auto add_draw = [&](int d) {
    RandomStream random(options.seed, rank_stream, static_cast<std::uint32_t>(d));
    auto& draw = draws[static_cast<std::size_t>(d)];
    for (std::size_t i = 0; i < common.size(); ++i) {
      const std::size_t at = common[std::min(common.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(common.size())))];
      for (std::size_t m = 0; m < kept.size(); ++m) draw[m] += units[m][at];
    }
    Eigen::VectorXd noise = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(kept.size()));
    if (root.size() > 0) {
      for (auto& x : noise) x = random.normal();
      noise = (root * noise).eval();
    }
    for (std::size_t m = 0; m < kept.size(); ++m) draw[m] = scores.sign() * (draw[m] / static_cast<double>(common.size()) + noise[static_cast<Eigen::Index>(m)]);
  };
  constexpr int batch = 250;      // one draw is too little work for a job
  parallel_for((options.draws + batch - 1) / batch, [&](int job) {
    for (int d = job * batch; d < std::min(options.draws, (job + 1) * batch); ++d) add_draw(d);
  });
  out.ranks = ranks_over_draws(draws, names);
  return out;
}

}  // namespace hyped
