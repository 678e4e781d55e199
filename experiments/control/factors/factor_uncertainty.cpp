// Bootstrap over replicates, Satterthwaite's degrees of freedom, permutation of targets.
#include "experiments/control/factors/factor_uncertainty.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::control {
namespace {

// Columns drawn with replacement, one fewer than there are.
Eigen::MatrixXd redrawn(const Eigen::MatrixXd& replicates, RandomStream& random) {
  const Eigen::Index have = replicates.cols();
  if (have < 2) return replicates;
  Eigen::MatrixXd out(replicates.rows(), have - 1);
  for (Eigen::Index c = 0; c < have - 1; ++c) out.col(c) = replicates.col(std::min<Eigen::Index>(have - 1, static_cast<Eigen::Index>(random.uniform() * static_cast<double>(have))));
  return out;
}

double quantile_of_t(double level, double degrees) { return boost::math::quantile(boost::math::students_t(std::max(1.0, degrees)), 0.5 + 0.5 * level); }

// Degrees of freedom of match / |C| by factor: the groups are the end of the path and each time of the target.
Eigen::VectorXd degrees_of(const EffectModel& model, const GuidedData& data, const NuisanceProjection& nuisance, const std::vector<FactorScore>& singles) {
  const auto count = static_cast<Eigen::Index>(singles.size());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(count), squares = sum;
  const auto add = [&](const Eigen::MatrixXd& group, double weight) {
    const double repeats = static_cast<double>(group.cols());
    if (group.cols() < 2) return;
    const Eigen::MatrixXd x = nuisance.apply(group);
    for (int start = 1; start <= model.starts(); ++start) {
      if (std::none_of(singles.begin(), singles.end(), [&](const auto& one) { return one.start == start; })) continue;
      const Eigen::MatrixXd y = model.project(start, x);
      for (Eigen::Index m = 0; m < count; ++m) {
        if (singles[static_cast<std::size_t>(m)].start != start) continue;
        const double part = weight * weight * (y.row(m).array() - y.row(m).mean()).square().sum() / (repeats - 1) / repeats;
        sum[m] += part;
        squares[m] += part * part / (repeats - 1);
      }
    }
  };
  add(data.path.back(), 1);
  if (data.target_follows_start) add(data.path.front(), 1);
  for (const auto& one : data.target) add(one, 1.0 / static_cast<double>(data.target.size()));
  Eigen::VectorXd out(count);
  for (Eigen::Index m = 0; m < count; ++m) out[m] = squares[m] > 0 ? sum[m] * sum[m] / squares[m] : 1;
  return out;
}

ScoreInterval interval_of(double gain, const Eigen::VectorXd& draws, double degrees, double level, double distance) {
  const double mean = draws.mean(), error = std::sqrt((draws.array() - mean).square().sum() / static_cast<double>(draws.size() - 1));
  const double centre = 2 * gain - mean, reach = quantile_of_t(level, degrees) * error;
  ScoreInterval out{0, 0, centre - reach, centre + reach, degrees};
  if (!(distance > 0)) {
    out.lower = out.upper = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  out.lower = score_of(distance, std::min(distance, out.gain_lower));
  out.upper = score_of(distance, std::min(distance, out.gain_upper));
  return out;
}

}  // namespace

bool replicates_matter(const GuidedData& data) { return !(data.target_follows_start && data.path.size() == 1); }

ReplicateIntervals replicate_intervals(const GuidedData& data, const NuisanceProjection& nuisance, const InputGram& inputs, const std::vector<FactorScore>& singles, const std::vector<FactorSet>& sets, const BootstrapOptions& options) {
  HYPED_REQUIRE(options.draws >= 2 && options.level > 0 && options.level < 1);
  int repeated = 0;
  for (const auto* group : {&data.path, &data.target})
    for (const auto& one : *group) repeated += one.cols() > 1 ? 1 : 0;
  if (repeated == 0) throw InputError("the series", "has no time with two replicates: no interval can be made", "give replicates, or ask for no intervals");
  if (!replicates_matter(data)) throw InputError("the target", "is the start plus a change: without steps replicates do not move what is wanted", "ask for no intervals");
  const auto count = static_cast<Eigen::Index>(singles.size()), set_count = static_cast<Eigen::Index>(sets.size());
  const EffectModel observed(inputs, guided_problem(data, nuisance));
  Eigen::MatrixXd gains(options.draws, count), set_gains(options.draws, set_count);
  Eigen::VectorXd distances(options.draws);
  parallel_for(options.draws, [&](int draw) {
    RandomStream random(options.seed, static_cast<std::uint32_t>(draw), 41);
    GuidedData other;
    other.rule = data.rule;
    for (const auto& one : data.path) other.path.push_back(redrawn(one, random));
    for (const auto& one : data.target) other.target.push_back(redrawn(one, random));
    if (data.target_follows_start) {
      const Eigen::VectorXd moved = other.path[0].rowwise().mean() - data.path[0].rowwise().mean();
      for (auto& one : other.target) one.colwise() += moved;
    }
    const EffectModel model(inputs, guided_problem(other, nuisance));
    distances[draw] = model.distance() * model.distance();
    for (int start = 1; start <= model.starts(); ++start) {
      const Eigen::VectorXd match = model.match(start), squares = model.squares(start);
      for (Eigen::Index m = 0; m < count; ++m)
        if (singles[static_cast<std::size_t>(m)].start == start) gains(draw, m) = squares[m] > 0 ? match[m] / std::sqrt(squares[m]) : 0;
    }
    for (Eigen::Index s = 0; s < set_count; ++s) set_gains(draw, s) = evaluate_set(model, sets[static_cast<std::size_t>(s)].factors, sets[static_cast<std::size_t>(s)].start).gain;
  });
  ReplicateIntervals out;
  const double seen = observed.distance() * observed.distance(), noise = distances.mean() - seen;
  out.distance = std::sqrt(std::max(0.0, seen - noise));
  out.scored = out.distance > 0;
  out.notes.push_back(!out.scored ? fmt::format("d0 {:.4g} is no larger than noise between replicates makes it: scores have no intervals, places have.", observed.distance())
                                  : fmt::format("d0 {:.4g} holds noise between replicates: without it about {:.4g}.", observed.distance(), out.distance));
  const Eigen::VectorXd degrees = degrees_of(observed, data, nuisance, singles);
  for (Eigen::Index m = 0; m < count; ++m) out.factors.push_back(interval_of(singles[static_cast<std::size_t>(m)].gain, gains.col(m), degrees[m], options.level, out.distance));
  for (Eigen::Index s = 0; s < set_count; ++s) {
    double least = 1e300;      // the factors of a set share their noise: as sure as the least of them
    for (const int f : sets[static_cast<std::size_t>(s)].factors) least = std::min(least, degrees[f]);
    out.sets.push_back(interval_of(sets[static_cast<std::size_t>(s)].gain, set_gains.col(s), least, options.level, out.distance));
  }
  const Eigen::RowVectorXd mean = gains.colwise().mean();
  const Eigen::MatrixXd centred = gains.rowwise() - mean;
  const Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(options.draws - 1);
  out.places.resize(singles.size());
  parallel_for(static_cast<int>(count), [&](int a) {
    int better = 0, worse = 0;
    for (Eigen::Index b = 0; b < count; ++b) {
      if (b == a) continue;
      const double centre = (2 * singles[static_cast<std::size_t>(b)].gain - mean[b]) - (2 * singles[static_cast<std::size_t>(a)].gain - mean[a]);
      const double error = std::sqrt(std::max(0.0, covariance(a, a) + covariance(b, b) - 2 * covariance(a, b)));
      const double reach = quantile_of_t(options.level, std::min(degrees[a], degrees[b])) * error;
      better += centre > reach ? 1 : 0;
      worse += centre < -reach ? 1 : 0;
    }
    out.places[static_cast<std::size_t>(a)] = {1.0 + better, static_cast<double>(count) - worse};
  });
  return out;
}

PermutationNull permutation_null(const GuidedProblem& problem, const NuisanceProjection& nuisance, const InputGram& inputs, const Eigen::VectorXd& level, const std::vector<FactorScore>& singles, const std::vector<FactorSet>& sets, const PermutationOptions& options) {
  HYPED_REQUIRE(options.permutations >= 1 && options.strata >= 1 && level.size() == problem.difference.size());
  std::vector<int> genes;      // by expression, of those that are kept
  for (Eigen::Index g = 0; g < level.size(); ++g)
    if (nuisance.kept[g] > 0) genes.push_back(static_cast<int>(g));
  std::stable_sort(genes.begin(), genes.end(), [&](int a, int b) { return level[a] < level[b]; });
  const std::size_t n = genes.size(), strata = std::min<std::size_t>(static_cast<std::size_t>(options.strata), std::max<std::size_t>(1, n));
  const auto count = static_cast<Eigen::Index>(singles.size());
  Eigen::MatrixXd gains(count, options.permutations), set_gains(static_cast<Eigen::Index>(sets.size()), options.permutations);
  parallel_for(options.permutations, [&](int draw) {
    RandomStream random(options.seed, static_cast<std::uint32_t>(draw), 42);
    std::vector<int> shuffled = genes;
    for (std::size_t s = 0; s < strata; ++s) {
      const std::size_t from = n * s / strata, until = n * (s + 1) / strata;
      for (std::size_t k = until; k > from + 1; --k) std::swap(shuffled[k - 1], shuffled[from + std::min(k - from - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(k - from)))]);
    }
    GuidedProblem moved = problem;      // exchanging rows of B is exchanging those of everything it meets
    for (std::size_t k = 0; k < n; ++k) {
      moved.difference[genes[k]] = problem.difference[shuffled[k]];
      moved.seen.row(genes[k]) = problem.seen.row(shuffled[k]);
      moved.spread.row(genes[k]) = problem.spread.row(shuffled[k]);
      moved.removed.row(genes[k]) = problem.removed.row(shuffled[k]);
    }
    const EffectModel model(inputs, moved);
    const auto found = score_factors(model);
    for (Eigen::Index m = 0; m < count; ++m) gains(m, draw) = found[static_cast<std::size_t>(m)].gain;
    for (std::size_t s = 0; s < sets.size(); ++s) set_gains(static_cast<Eigen::Index>(s), draw) = best_start_of(model, sets[s].factors).gain;
  });
  const double all = options.permutations + 1.0;
  PermutationNull out;
  Eigen::VectorXd mean = gains.rowwise().mean(), sd(count);
  for (Eigen::Index m = 0; m < count; ++m) sd[m] = std::sqrt((gains.row(m).array() - mean[m]).square().mean());
  Eigen::VectorXd largest = Eigen::VectorXd::Constant(options.permutations, -1e300);
  for (Eigen::Index m = 0; m < count; ++m)
    if (sd[m] > 0) largest = largest.cwiseMax(((gains.row(m).array() - mean[m]) / sd[m]).matrix().transpose());
  for (Eigen::Index m = 0; m < count; ++m) {
    const double seen = singles[static_cast<std::size_t>(m)].gain, z = sd[m] > 0 ? (seen - mean[m]) / sd[m] : 0;
    out.factors.push_back((1 + static_cast<double>((gains.row(m).array() >= seen).count())) / all);
    out.family.push_back((1 + static_cast<double>((largest.array() >= z).count())) / all);
    out.typical.push_back(mean[m]);
  }
  for (std::size_t s = 0; s < sets.size(); ++s) out.sets.push_back((1 + static_cast<double>((set_gains.row(static_cast<Eigen::Index>(s)).array() >= sets[s].gain).count())) / all);
  return out;
}

}  // namespace hyped::control
