// Iterated generalised least squares over wells.
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

enum Component { unit_variance, sister, detection, first_random };

std::vector<VarianceComponent> starting_components(const CycleProblem& problem, const ProcessOptions& options) {
  const bool counts = problem.quantity() == Quantity::count;
  std::vector<VarianceComponent> components;
  const std::optional<double> unit = options.unit_variance ? options.unit_variance : counts ? std::optional<double>(1.0) : std::nullopt;
  components.push_back({"unit_variance", unit.value_or(1e-3), !unit, 1e6});
  // with density dependence the linear-noise covariance knows no sisters
  components.push_back({"sister_correlation", options.sister.value_or(0.0), !options.sister && !problem.density(), 0.95});
  components.push_back({"detection_variance", options.detection.value_or(counts ? 0.05 : 1e-4), !options.detection, 1e6});
  if (options.random_effects)
    for (const auto& group : problem.setup().random_effects) components.push_back({group.name, 1e-4, true, 4.0});
  return components;
}

// Every well linearised at theta with the parts of its covariance. A sister correlation rho multiplies unit_variance * sister
// part; for counts unit_variance is 1, else the part's coefficient is the product and rho its ratio.
Outcome linearise(const CycleProblem& problem, const Eigen::VectorXd& theta, const std::vector<double>& scales,
                  std::size_t component_count, std::vector<MixedBlock>& blocks, std::vector<UnitMean>& means) {
  means = problem.unit_means(theta, true);
  for (const auto& mean : means)
    if (!mean.outcome.ok()) return mean.outcome;
  const auto covariances = problem.unit_covariances(theta);
  for (const auto& covariance : covariances)
    if (!covariance.outcome.ok()) return covariance.outcome;
  blocks.assign(problem.wells().size(), {});
  for (std::size_t w = 0; w < blocks.size(); ++w) {
    const Well& well = problem.wells()[w];
    const UnitMean& mean = means[well.unit];
    const auto& covariance = covariances[well.unit];
    const Unit& unit = problem.units()[well.unit];
    const double scale = problem.density() ? 1.0 : scales[w];
    MixedBlock& block = blocks[w];
    const Eigen::VectorXd block_mean = problem.block_average(well.unit, mean.mean);
    block.residual = well.blocks - scale * block_mean;
    block.design = scale * problem.block_average(well.unit, mean.by_theta);
    if (!problem.density()) block.own = block_mean;
    block.parts.resize(component_count);
    block.parts[unit_variance].dense = scale * covariance.demographic;
    block.parts[sister].dense = scale * covariance.sister;
    const auto sizes = unit.blocks.size();
    Eigen::VectorXd noise(block_mean.size());
    for (int i = 0; i < noise.size(); ++i) noise[i] = std::max(0.0, scale * block_mean[i]) / sizes[i / problem.class_count()];
    block.parts[detection].dense = noise.asDiagonal();
    const Eigen::MatrixXd random = scale * problem.block_average(well.unit, mean.by_random);
    for (std::size_t k = first_random; k < component_count; ++k) {
      std::vector<int> mine;
      for (std::size_t r = 0; r < problem.random_group().size(); ++r)
        if (problem.random_group()[r] == static_cast<int>(k) - first_random) mine.push_back(static_cast<int>(r));
      block.parts[k].factor.resize(random.rows(), static_cast<int>(mine.size()));
      for (std::size_t c = 0; c < mine.size(); ++c) block.parts[k].factor.col(static_cast<int>(c)) = random.col(mine[c]);
    }
  }
  return {};
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

// Information that independent frames (Poisson counts, which is multinomial phases and Poisson totals) would have claimed.
Eigen::MatrixXd independent_information(const CycleProblem& problem, const std::vector<UnitMean>& means, const std::vector<double>& scales) {
  const int count = problem.space().count();
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(count, count);
  for (std::size_t w = 0; w < scales.size(); ++w) {
    const UnitMean& mean = means[problem.wells()[w].unit];
    const double scale = problem.density() ? 1.0 : scales[w];
    const Eigen::VectorXd weight = (scale * mean.mean).cwiseMax(1e-9).cwiseInverse();
    const Eigen::MatrixXd x = scale * mean.by_theta;
    Eigen::MatrixXd part = x.transpose() * weight.asDiagonal() * x;
    if (!problem.density()) {
      const Eigen::VectorXd own = x.transpose() * weight.cwiseProduct(mean.mean);
      part -= own * own.transpose() / mean.mean.dot(weight.cwiseProduct(mean.mean));
    }
    information += part;
  }
  return information;
}

Eigen::MatrixXd with_priors(Eigen::MatrixXd information, const ParameterSpace& space) {
  for (int i = 0; i < space.count(); ++i)
    if (space[i].prior) information(i, i) += 1 / (space[i].prior->sd * space[i].prior->sd);
  return information;
}

}  // namespace

std::vector<Eigen::MatrixXd> covariance_factors(const CycleProblem& problem, const ProcessFit& fit, Outcome& outcome) {
  std::vector<MixedBlock> blocks;
  std::vector<UnitMean> means;
  outcome = linearise(problem, fit.theta, fit.scales, fit.components.size(), blocks, means);
  std::vector<Eigen::MatrixXd> factors(blocks.size());
  for (std::size_t w = 0; w < blocks.size() && outcome.ok(); ++w) outcome = block_factor(blocks[w], fit.components, factors[w]);
  return factors;
}

ProcessFit fit_process(const CycleProblem& problem, const ProcessOptions& options) {
  ProcessFit fit;
  const ParameterSpace& space = problem.space();
  const Eigen::VectorXd lower = space.lower(), upper = space.upper();
  for (const Well& well : problem.wells()) fit.data_count += static_cast<int>(well.blocks.size());

  // First fit: many starts, plain weights.
  ProcessResiduals residuals(problem, plain_factors(problem));
  fit.starts.resize(static_cast<std::size_t>(std::max(1, options.starts)));
  parallel_for(static_cast<int>(fit.starts.size()), [&](int s) {
    StartRecord& record = fit.starts[s];
    // the middle 80 % of the bounds: starts on a bound see a flat function
    record.start = s == 0 ? space.start() : space.start(Eigen::VectorXd((0.1 + 0.8 * halton_point(s, space.count()).array()).matrix()));
    LeastSquaresOptions loose = options.least_squares;
    loose.function_tolerance = 1e-8;
    const LeastSquaresResult end = least_squares(residuals, record.start, lower, upper, {}, loose);
    record = {record.start, end.theta, end.sum_of_squares, end.gradient_norm, end.iterations, end.outcome};
  });
  const auto best = std::min_element(fit.starts.begin(), fit.starts.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  fit.theta = best->end;
  if (!std::isfinite(best->sum_of_squares)) {
    fit.outcome = best->outcome;
    return fit;
  }
  fit.scales = residuals.scales(fit.theta);

  fit.components = starting_components(problem, options);
  std::vector<MixedBlock> blocks;
  std::vector<UnitMean> means;
  MixedFit mixed;
  LeastSquaresResult end;
  bool settled = false;
  for (fit.rounds = 1; fit.rounds <= options.round_limit; ++fit.rounds) {
    fit.outcome = linearise(problem, fit.theta, fit.scales, fit.components.size(), blocks, means);
    if (!fit.outcome.ok()) return fit;
    mixed = fit_variance_components(blocks, fit.components, fit.rounds == 1 ? 12 : 30);
    if (mixed.outcome.status == Status::singular) {
      fit.outcome = mixed.outcome;
      return fit;
    }
    fit.components = mixed.components;
    std::vector<Eigen::MatrixXd> factors(blocks.size());
    for (std::size_t w = 0; w < blocks.size(); ++w) {
      fit.outcome = block_factor(blocks[w], fit.components, factors[w]);
      if (!fit.outcome.ok()) return fit;
    }
    const ProcessResiduals weighted(problem, factors);
    LeastSquaresOptions settings = options.least_squares;
    settings.function_tolerance = 1e-10;
    end = least_squares(weighted, fit.theta, lower, upper, {}, settings);
    if (!std::isfinite(end.sum_of_squares)) {
      fit.outcome = end.outcome;
      return fit;
    }
    const Identifiability known = identifiability_of(with_priors(mixed.information, space), space);
    double moved = 0;
    for (int i = 0; i < space.count(); ++i)
      if (known.identified[i]) moved = std::max(moved, std::abs(end.theta[i] - fit.theta[i]) / std::sqrt(known.covariance(i, i)));
    fit.theta = end.theta;
    fit.scales = weighted.scales(fit.theta);
    if (moved < options.round_tolerance) {
      settled = true;
      break;
    }
  }
  fit.rounds = std::min(fit.rounds, options.round_limit);

  // Report at the end point with the covariance there.
  fit.outcome = linearise(problem, fit.theta, fit.scales, fit.components.size(), blocks, means);
  if (!fit.outcome.ok()) return fit;
  mixed = fit_variance_components(blocks, fit.components, 30);
  fit.components = mixed.components;
  fit.restricted = mixed.minus_two_log_likelihood;
  fit.method = means.front().method;
  fit.component_sd = mixed.component_covariance.diagonal().cwiseMax(0).cwiseSqrt();
  fit.identifiability = identifiability_of(with_priors(mixed.information, space), space);
  const Eigen::VectorXd degrees = satterthwaite(mixed, fit.identifiability.covariance);
  const Identifiability independent = identifiability_of(
      with_priors(problem.quantity() == Quantity::count ? independent_information(problem, means, fit.scales) : Eigen::MatrixXd::Zero(space.count(), space.count()), space), space);
  fit.minus_two_log_likelihood = 0;
  for (const auto& block : blocks) {
    Eigen::MatrixXd factor;
    fit.outcome = block_factor(block, fit.components, factor);
    if (!fit.outcome.ok()) return fit;
    fit.whitened.push_back(factor.triangularView<Eigen::Lower>().solve(block.residual));
    fit.minus_two_log_likelihood += fit.whitened.back().squaredNorm() + 2 * factor.diagonal().array().log().sum() +
                                    std::log(2 * std::numbers::pi) * static_cast<double>(block.residual.size());
  }
  bool bound = false;
  for (int i = 0; i < space.count(); ++i) {
    FittedParameter p{space[i].name, space[i].unit, space[i].meaning, space.natural(i, fit.theta[i]), 0, 0, 0, degrees[i], 0, fit.identifiability.identified[i], ""};
    const bool low = std::find(end.at_lower.begin(), end.at_lower.end(), i) != end.at_lower.end();
    const bool high = std::find(end.at_upper.begin(), end.at_upper.end(), i) != end.at_upper.end();
    p.lower = space[i].lower;
    p.upper = space[i].upper;
    if (p.identified) {
      p.sd = std::sqrt(std::max(0.0, fit.identifiability.covariance(i, i)));
      const double reach = t_quantile_975(p.degrees) * p.sd;
      p.lower = std::max(space[i].lower, space.natural(i, fit.theta[i] - reach));
      p.upper = std::min(space[i].upper, space.natural(i, fit.theta[i] + reach));
    }
    if (independent.identified[i]) p.independent_sd = std::sqrt(std::max(0.0, independent.covariance(i, i)));
    p.how = !p.identified ? "not identifiable" : low ? "at lower bound" : high ? "at upper bound" : space[i].prior ? "data and prior" : "data";
    bound = bound || low || high;
    fit.parameters.push_back(std::move(p));
  }

  // Spread between wells against what one well's own cells would leave, per random parameter.
  for (std::size_t r = 0; r < problem.random_parameters().size(); ++r) {
    double information = 0;
    for (std::size_t w = 0; w < blocks.size(); ++w) {
      const UnitMean& mean = means[problem.wells()[w].unit];
      const double scale = problem.density() ? 1.0 : fit.scales[w];
      const Eigen::VectorXd slope = scale * problem.block_average(problem.wells()[w].unit, mean.by_random.col(static_cast<int>(r)));
      MixedBlock alone = blocks[w];
      alone.parts.resize(first_random);
      Eigen::MatrixXd factor;
      const std::vector<VarianceComponent> demographic(fit.components.begin(), fit.components.begin() + first_random);
      if (!block_factor(alone, demographic, factor).ok()) continue;
      information += factor.triangularView<Eigen::Lower>().solve(slope).squaredNorm() / static_cast<double>(blocks.size());
    }
    const std::size_t component = first_random + static_cast<std::size_t>(problem.random_group()[r]);
    fit.between_to_demographic.push_back(component < fit.components.size() && information > 0 ? std::sqrt(fit.components[component].value * information) : 0.0);
  }
  if (!fit.identifiability.all()) fit.outcome = {Status::not_identifiable, "not identifiable: " + fit.identifiability.null.front().text};
  else if (bound) fit.outcome = {Status::at_bound, "the optimum lies at a bound"};
  else if (!settled) fit.outcome = {Status::not_converged, fmt::format("parameters and covariance did not settle within {} rounds", options.round_limit)};
  else if (!end.outcome.ok()) fit.outcome = end.outcome;
  return fit;
}

}  // namespace hyped
