// What a process fit says at its end point: intervals, identifiability, spreads, verdict.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "fitting/linearised_wells.hpp"
#include "fitting/process_fit.hpp"

namespace hyped {
namespace {

// Information that independent frames (Poisson counts, which is multinomial phases and Poisson totals) would have claimed.
Eigen::MatrixXd independent_information(const CycleProblem& problem, const LinearisedWells& wells, const std::vector<double>& scales) {
  const int count = problem.space().count();
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(count, count);
  for (std::size_t w = 0; w < scales.size(); ++w) {
    const UnitMean& mean = wells.mean_of(problem, w);
    const double scale = problem.has_scale() ? scales[w] : 1.0;
    const Eigen::VectorXd weight = (scale * mean.mean).cwiseMax(1e-9).cwiseInverse();
    const Eigen::MatrixXd x = scale * mean.by_theta;
    Eigen::MatrixXd part = x.transpose() * weight.asDiagonal() * x;
    if (problem.has_scale()) {
      const Eigen::VectorXd own = x.transpose() * weight.cwiseProduct(mean.mean);
      part -= own * own.transpose() / mean.mean.dot(weight.cwiseProduct(mean.mean));
    }
    information += part;
  }
  return information;
}

}  // namespace

void describe(const CycleProblem& problem, ProcessFit& fit, bool settled) {
  const ParameterSpace& space = problem.space();
  const auto covariances = problem.unit_covariances(fit.theta);
  const LinearisedWells wells = linearise_wells(problem, fit.theta, fit.effects, fit.scales, fit.components.size(), covariances);
  fit.outcome = wells.outcome;
  if (!fit.outcome.ok()) return;
  const MixedFit& mixed = fit.mixed = fit_variance_components(wells.blocks, fit.components, 30);
  if (mixed.outcome.status == Status::singular) {
    fit.outcome = mixed.outcome;
    return;
  }
  fit.components = mixed.components;
  fit.restricted = mixed.minus_two_log_likelihood;
  fit.method = wells.means.front().method;
  fit.component_sd = mixed.component_covariance.diagonal().cwiseMax(0).cwiseSqrt();
  fit.identifiability = identifiability_of(space.with_priors(mixed.information, fit.theta), space);
  const Eigen::VectorXd degrees = satterthwaite(mixed, fit.identifiability.covariance);
  const bool counts = problem.quantity() == Quantity::count;
  const Identifiability independent = identifiability_of(
      space.with_priors(counts ? independent_information(problem, wells, fit.scales) : Eigen::MatrixXd::Zero(space.count(), space.count()), fit.theta), space);
  fit.minus_two_log_likelihood = 0;
  for (const auto& block : wells.blocks) {
    Eigen::MatrixXd factor;
    fit.outcome = block_factor(block, fit.components, factor);
    if (!fit.outcome.ok()) return;
    Eigen::VectorXd z = factor.triangularView<Eigen::Lower>().solve(block.residual);
    fit.minus_two_log_likelihood += z.squaredNorm() + 2 * factor.diagonal().array().log().sum() +
                                    std::log(2 * std::numbers::pi) * static_cast<double>(block.residual.size());
    fit.whitened.push_back(std::move(z));
  }
  std::string bound;
  for (int i = 0; i < space.count(); ++i) {
    FittedParameter p{space[i].name, space[i].unit, space[i].meaning, space.natural(i, fit.theta[i]), 0, 0, 0, degrees[i], 0, fit.identifiability.identified[i], ""};
    const double low = space.search(i, space[i].lower), high = space.search(i, space[i].upper), edge = 1e-9 * (high - low);
    const bool at_low = fit.theta[i] <= low + edge, at_high = fit.theta[i] >= high - edge;
    p.lower = space[i].lower;
    p.upper = space[i].upper;
    if (p.identified) {
      p.sd = std::sqrt(std::max(0.0, fit.identifiability.covariance(i, i)));
      const double reach = t_quantile_975(p.degrees) * p.sd;
      p.lower = std::max(space[i].lower, space.natural(i, fit.theta[i] - reach));
      p.upper = std::min(space[i].upper, space.natural(i, fit.theta[i] + reach));
    }
    if (counts && independent.identified[i]) p.independent_sd = std::sqrt(std::max(0.0, independent.covariance(i, i)));
    p.how = !p.identified ? "not identifiable" : at_low ? "at lower bound" : at_high ? "at upper bound" : space[i].prior ? "data and prior" : "data";
    if (at_low || at_high) bound += (bound.empty() ? "" : ", ") + p.name;
    fit.parameters.push_back(std::move(p));
  }

  // Spread between wells against what one well's own cells would leave, per random parameter.
  for (std::size_t r = 0; r < problem.random_parameters().size(); ++r) {
    double information = 0;
    for (std::size_t w = 0; w < wells.blocks.size(); ++w) {
      MixedBlock alone = wells.blocks[w];
      alone.parts.resize(first_random_component);
      Eigen::MatrixXd factor;
      const std::vector<VarianceComponent> demographic(fit.components.begin(), fit.components.begin() + first_random_component);
      if (!block_factor(alone, demographic, factor).ok()) continue;
      information += factor.triangularView<Eigen::Lower>().solve(wells.random[w].col(static_cast<int>(r))).squaredNorm() / static_cast<double>(wells.blocks.size());
    }
    const std::size_t component = first_random_component + static_cast<std::size_t>(problem.random_group()[r]);
    fit.between_to_demographic.push_back(component < fit.components.size() && information > 0 ? std::sqrt(fit.components[component].value * information) : 0.0);
  }
  if (!fit.identifiability.all()) fit.outcome = {Status::not_identifiable, "not identifiable: " + fit.identifiability.null.front().text};
  else if (!bound.empty()) fit.outcome = {Status::at_bound, "the optimum lies at a bound: " + bound};
  else if (!settled) fit.outcome = {Status::not_converged, fmt::format("parameters and covariance did not settle within {} rounds", fit.rounds)};
}

}  // namespace hyped
