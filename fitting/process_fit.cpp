// Iterated generalised least squares over wells.
#include "fitting/linearised_wells.hpp"
#include "fitting/process_fit.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>

#include "libhyped/parallel.hpp"

namespace hyped {

double t_quantile_975(double degrees) {
  if (degrees > 1e5) return 1.959963984540054;
  return boost::math::quantile(boost::math::students_t_distribution<double>(std::max(1.0, degrees)), 0.975);
}

namespace {

constexpr int covariance_rounds = 12;

std::vector<VarianceComponent> starting_components(const CycleProblem& problem, const ProcessOptions& options) {
  const bool counts = problem.quantity() == Quantity::count;
  std::vector<VarianceComponent> components;
  const std::optional<double> unit = options.unit_variance ? options.unit_variance : counts ? std::optional<double>(1.0) : std::nullopt;
  components.push_back({"unit_variance", unit.value_or(1e-3), !unit, 1e6});
  // with density dependence the linear-noise covariance knows no sisters
  components.push_back({"sister_correlation", options.sister.value_or(0.0), !options.sister && !problem.density(), 0.95});
  components.push_back({"detection_variance", options.detection.value_or(counts ? 0.05 : 1e-4), !options.detection, 1e6});
  for (const auto& group : problem.setup().random_effects) {
    if (!options.random_effects && !options.open_field) break;
    const double sd = options.random_effects ? group.assumed_sd.value_or(1e-2) : 0.0;
    components.push_back({group.name, sd * sd, options.random_effects && !group.assumed_sd, 4.0});
  }
  if (options.open_field) components.push_back({"migration_variance", 0.01, true, 100.0});
  return components;
}

// Weights of the first, cheap fit: independent blocks with Poisson-like variance, relative for relative data.
std::vector<Eigen::MatrixXd> plain_factors(const CycleProblem& problem) {
  std::vector<Eigen::MatrixXd> factors;
  for (const Well& well : problem.wells()) {
    const double mean = well.blocks.mean();
    const Eigen::VectorXd variance = (well.blocks.array().max(0.0) + 0.1 * mean).matrix();
    factors.emplace_back(variance.cwiseSqrt().asDiagonal());
  }
  return factors;
}

// Penalised sum of squares of each arm's wells given their effects and of the arm's own priors, at fixed covariance, and last
// that of shared parameters' priors: what a step must not raise.
Eigen::VectorXd penalised_sums(const CycleProblem& problem, const Eigen::VectorXd& theta, const Eigen::MatrixXd& effects,
                     const std::vector<Eigen::MatrixXd>& lower, const std::vector<VarianceComponent>& components,
                     const std::vector<int>& owner, std::vector<double>& scales) {
  const bool own = effects.size() > 0 && !effects.isZero(0);
  const auto means = own ? problem.well_means(theta, effects, false) : problem.unit_means(theta, false);
  const int arms = static_cast<int>(problem.setup().arms.size());
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(arms + 1);
  for (std::size_t w = 0; w < problem.wells().size(); ++w) {
    const Well& well = problem.wells()[w];
    const UnitMean& mean = own ? means[w] : means[well.unit];
    double& sum = sums[problem.units()[static_cast<std::size_t>(well.unit)].arm];
    if (!mean.outcome.ok()) {
      sum = std::numeric_limits<double>::infinity();
      continue;
    }
    const auto factor = lower[w].triangularView<Eigen::Lower>();
    const Eigen::VectorXd y = factor.solve(well.blocks), m = factor.solve(problem.block_average(well.unit, mean.mean));
    if (problem.has_scale()) scales[w] = m.dot(y) / m.squaredNorm();
    sum += (y - (problem.has_scale() ? scales[w] : 1.0) * m).squaredNorm();
    for (int r = 0; r < effects.cols(); ++r) {
      const double variance = components[first_random_component + problem.random_group()[r]].value;
      if (variance > 0) sum += effects(static_cast<int>(w), r) * effects(static_cast<int>(w), r) / variance;
    }
  }
  const ParameterSpace& space = problem.space();
  for (int i = 0; i < space.count(); ++i)
    if (space[i].prior) sums[owner[i] < 0 ? arms : owner[i]] += std::pow(space[i].prior->row(theta[i]).value, 2);
  return sums;
}

// The one arm whose wells depend on a parameter, or -1 for shared ones.
std::vector<int> owners_of(const CycleProblem& problem, const LinearisedWells& wells) {
  std::vector<int> owner(static_cast<std::size_t>(problem.space().count()), -2);
  for (std::size_t w = 0; w < wells.blocks.size(); ++w) {
    const int arm = problem.units()[static_cast<std::size_t>(problem.wells()[w].unit)].arm;
    for (std::size_t i = 0; i < owner.size(); ++i)
      if (owner[i] != arm && !wells.blocks[w].design.col(static_cast<int>(i)).isZero(0)) owner[i] = owner[i] == -2 ? arm : -1;
  }
  for (int& arm : owner) arm = std::max(arm, -1);
  return owner;
}

// Gauss-Newton step within the bounds: parameters at a bound that would leave it are held.
Eigen::VectorXd bounded_step(const Eigen::MatrixXd& information, const Eigen::VectorXd& score, const Eigen::VectorXd& theta,
                             const Eigen::VectorXd& lower, const Eigen::VectorXd& upper) {
  const int count = static_cast<int>(theta.size());
  // a weak pull that keeps directions without information in place: 10 widths of the bounds
  const Eigen::MatrixXd ridge = ((upper - lower) * 10).cwiseAbs2().cwiseInverse().asDiagonal();
  std::vector<bool> held(static_cast<std::size_t>(count), false);
  Eigen::VectorXd step = Eigen::VectorXd::Zero(count);
  for (int pass = 0; pass <= count; ++pass) {
    std::vector<int> free;
    for (int i = 0; i < count; ++i)
      if (!held[i]) free.push_back(i);
    Eigen::MatrixXd a(free.size(), free.size());
    Eigen::VectorXd b(free.size());
    for (std::size_t i = 0; i < free.size(); ++i) {
      b[static_cast<int>(i)] = score[free[i]];
      for (std::size_t j = 0; j < free.size(); ++j) a(static_cast<int>(i), static_cast<int>(j)) = information(free[i], free[j]) + ridge(free[i], free[j]);
    }
    const Eigen::VectorXd x = a.ldlt().solve(b);
    step.setZero();
    bool again = false;
    for (std::size_t i = 0; i < free.size(); ++i) {
      const int k = free[i];
      step[k] = x[static_cast<int>(i)];
      const double edge = 1e-9 * (upper[k] - lower[k]);
      if ((theta[k] <= lower[k] + edge && step[k] < 0) || (theta[k] >= upper[k] - edge && step[k] > 0)) {
        held[k] = true;
        again = true;
      }
    }
    if (!again) break;
  }
  for (int i = 0; i < count; ++i)
    if (held[i]) step[i] = 0;
  return step;
}

}  // namespace

std::vector<Eigen::MatrixXd> covariance_factors(const CycleProblem& problem, const ProcessFit& fit, Outcome& outcome) {
  const auto covariances = problem.unit_covariances(fit.theta);
  const LinearisedWells wells = linearise_wells(problem, fit.theta, fit.effects, fit.scales, fit.components.size(), covariances);
  outcome = wells.outcome;
  std::vector<Eigen::MatrixXd> factors(wells.blocks.size());
  for (std::size_t w = 0; w < wells.blocks.size() && outcome.ok(); ++w) outcome = block_factor(wells.blocks[w], fit.components, factors[w]);
  return factors;
}

std::unique_ptr<ProcessResiduals> frozen_residuals(const CycleProblem& problem, const ProcessFit& fit, Outcome& outcome) {
  const auto covariances = problem.unit_covariances(fit.theta);
  const LinearisedWells wells = linearise_wells(problem, fit.theta, fit.effects, fit.scales, fit.components.size(), covariances);
  outcome = wells.outcome;
  std::vector<Eigen::MatrixXd> factors(problem.wells().size());
  std::vector<Eigen::VectorXd> offset;
  for (std::size_t w = 0; w < factors.size() && outcome.ok(); ++w) {
    outcome = block_factor(wells.blocks[w], fit.components, factors[w]);
    offset.emplace_back(wells.random[w] * fit.effects.row(static_cast<int>(w)).transpose());
  }
  return std::make_unique<ProcessResiduals>(problem, std::move(factors), fit.effects, std::move(offset));
}

ProcessFit fit_process(const CycleProblem& problem, const ProcessOptions& options) {
  ProcessFit fit;
  const ParameterSpace& space = problem.space();
  const Eigen::VectorXd lower = space.lower(), upper = space.upper();
  for (const Well& well : problem.wells()) fit.data_count += static_cast<int>(well.blocks.size());

  // First fit: many starts, plain weights.
  ProcessResiduals residuals(problem, plain_factors(problem));
  fit.starts.resize(options.from ? 1 : static_cast<std::size_t>(std::max(1, options.starts)));
  parallel_for(static_cast<int>(fit.starts.size()), [&](int s) {
    // the middle half of the bounds: starts near a bound see a flat function
    const Eigen::VectorXd start = options.from ? *options.from : s == 0 ? space.start() : space.start(Eigen::VectorXd((0.25 + 0.5 * halton_point(s, space.count()).array()).matrix()));
    const Record kept = options.records.job(fmt::format("starts/{}", s), [&] {
      LeastSquaresOptions loose = options.least_squares;
      loose.function_tolerance = 1e-6;
      if (options.from) loose.iteration_limit = 0;
      const LeastSquaresResult end = least_squares(residuals, start, lower, upper, {}, loose);
      SolveLog log;
      log.add(end);
      RecordWriter out;
      out << end.theta << end.sum_of_squares << end.gradient_norm << end.iterations << log;
      return out.record(end.outcome);
    });
    RecordReader in(kept);
    StartRecord& record = fit.starts[s];
    record.start = start;
    record.end = in.vector();
    record.sum_of_squares = in.number();
    record.gradient_norm = in.number();
    record.iterations = in.integer();
    record.solves = solves_of(in);
    record.outcome = kept.outcome;
  });
  for (std::size_t s = 0; s < fit.starts.size(); ++s) fit.failed_solves.add(fmt::format("start {}", s + 1), fit.starts[s].solves, space);
  const auto best = std::min_element(fit.starts.begin(), fit.starts.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  fit.theta = best->end;
  if (!std::isfinite(best->sum_of_squares)) {
    fit.outcome = best->outcome;
    return fit;
  }
  fit.scales = residuals.scales(fit.theta);
  fit.effects = Eigen::MatrixXd::Zero(static_cast<int>(problem.wells().size()), static_cast<int>(problem.random_parameters().size()));
  fit.components = starting_components(problem, options);

  std::vector<CycleProblem::UnitCovariance> covariances;
  LinearisedWells wells;
  MixedFit mixed;
  Eigen::VectorXd last = Eigen::VectorXd::Zero(space.count()), damping = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(problem.setup().arms.size()) + 1);
  bool settled = false;
  double moved = 1e300;
  for (fit.rounds = 1; fit.rounds <= options.round_limit; ++fit.rounds) {
    // in the end it stays, so that every step is one of the same least-squares problem
    if (moved > 0.2 && fit.rounds <= covariance_rounds) covariances = problem.unit_covariances(fit.theta);
    for (const auto& covariance : covariances)
      if (!covariance.outcome.ok()) fit.outcome = covariance.outcome;
    if (fit.outcome.ok()) {
      wells = linearise_wells(problem, fit.theta, fit.effects, fit.scales, fit.components.size(), covariances);
      fit.outcome = wells.outcome;
    }
    if (!fit.outcome.ok()) return fit;
    mixed = fit_variance_components(wells.blocks, fit.components, fit.rounds == 1 ? 12 : 30);
    if (mixed.outcome.status == Status::singular) {
      fit.outcome = mixed.outcome;
      return fit;
    }
    fit.components = mixed.components;
    const std::vector<VarianceComponent> within(fit.components.begin(), fit.components.begin() + first_random_component);
    std::vector<Eigen::MatrixXd> marginal(wells.blocks.size()), demographic(wells.blocks.size());
    for (std::size_t w = 0; w < wells.blocks.size() && fit.outcome.ok(); ++w) {
      fit.outcome = block_factor(wells.blocks[w], fit.components, marginal[w]);
      if (fit.outcome.ok()) fit.outcome = block_factor(wells.blocks[w], within, demographic[w]);
    }
    if (!fit.outcome.ok()) return fit;
    Eigen::VectorXd score = mixed.score;
    for (int i = 0; i < space.count(); ++i)
      if (space[i].prior) {
        const PriorRow known = space[i].prior->row(fit.theta[i]);
        score[i] -= known.value * known.slope;
      }
    const Eigen::MatrixXd information = space.with_priors(mixed.information, fit.theta);
    const std::vector<int> owner = owners_of(problem, wells);
    const Eigen::Index arms = static_cast<Eigen::Index>(problem.setup().arms.size());
    auto part_of = [&](int i) { return owner[static_cast<std::size_t>(i)] < 0 ? arms : owner[static_cast<std::size_t>(i)]; };
    Eigen::VectorXd step = bounded_step(information, score, fit.theta, lower, upper);
    // Rounds that undo each other are halved, by arm: the wells' effects answer the parameters with a round's delay.
    Eigen::VectorXd turned = Eigen::VectorXd::Zero(arms + 1);
    for (int i = 0; i < space.count(); ++i) turned[part_of(i)] += information(i, i) * last[i] * step[i];
    damping = (turned.array() < 0).select((damping / 2).cwiseMax(0.25), (damping * 1.25).cwiseMin(1.0));
    for (int i = 0; i < space.count(); ++i) step[i] *= damping[part_of(i)];
    const Eigen::VectorXd target = (fit.theta + step).cwiseMax(lower).cwiseMin(upper);
    Eigen::MatrixXd effects = fit.effects;
    for (int w = 0; w < effects.rows(); ++w) {
      const MixedBlock& block = wells.blocks[static_cast<std::size_t>(w)];
      const Eigen::VectorXd predicted = predicted_effects(problem, wells, static_cast<std::size_t>(w), fit.components, marginal[w], block.residual - block.design * (target - fit.theta));
      effects.row(w) += damping[problem.units()[static_cast<std::size_t>(problem.wells()[w].unit)].arm] * (predicted.transpose() - effects.row(w));
    }
    std::vector<double> scales = fit.scales;
    const Eigen::VectorXd before = penalised_sums(problem, fit.theta, fit.effects, demographic, fit.components, owner, scales);
    const double slack = 1e-6 * before.sum() + 1e-9;
    Eigen::VectorXd theta = fit.theta;
    Eigen::MatrixXd next = fit.effects;
    // lengths by arm; last: shared parameters
    auto move = [&](const Eigen::VectorXd& length) -> Eigen::VectorXd {
      for (int i = 0; i < space.count(); ++i) theta[i] = fit.theta[i] + length[part_of(i)] * (target[i] - fit.theta[i]);
      for (int w = 0; w < next.rows(); ++w)
        next.row(w) = fit.effects.row(w) + length[problem.units()[static_cast<std::size_t>(problem.wells()[w].unit)].arm] * (effects.row(w) - fit.effects.row(w));
      return penalised_sums(problem, theta, next, demographic, fit.components, owner, scales);
    };
    // Arms with parameters of their own are nearly separate problems: one that cannot take a whole step would hold all the others.
    const bool separate = 2 * std::count(owner.begin(), owner.end(), -1) < space.count() && arms > 1;
    // wells without effects so far have no penalised sum to compare with: the first prediction is taken whole
    for (double shared = 1; shared > 1e-3; shared /= 2) {
      Eigen::VectorXd length = Eigen::VectorXd::Constant(arms + 1, shared);
      if (separate) {
        length.head(arms).setZero();
        const Eigen::VectorXd baseline = move(length);
        length.head(arms).setOnes();
        for (int trial = 0; trial < 8; ++trial) {
          const Eigen::VectorXd after = move(length);
          const auto rises = ((after - baseline).head(arms).array() > slack).eval();
          if (!rises.any()) break;
          length.head(arms) = rises.select(length.head(arms) / 2, length.head(arms));
        }
      }
      if (move(length).sum() <= before.sum() + slack) break;
    }
    const Identifiability known = identifiability_of(information, space);
    moved = 0;
    for (int i = 0; i < space.count(); ++i)
      if (known.identified[i]) moved = std::max(moved, std::abs(theta[i] - fit.theta[i]) / damping[part_of(i)] / std::sqrt(known.covariance(i, i)));
    last = theta - fit.theta;
    fit.theta = theta;
    fit.effects = next;
    fit.scales = scales;
    if (moved < options.round_tolerance) {
      settled = true;
      break;
    }
  }
  fit.rounds = std::min(fit.rounds, options.round_limit);
  describe(problem, fit, settled);
  return fit;
}

}  // namespace hyped
