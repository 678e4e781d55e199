// Linearisation of every well about its own rates.
#include "fitting/linearised_wells.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

namespace hyped {

namespace {

// Covariance of block averages per founder when cells enter and leave the field at random, each hour a variance of one per cell
// in it. Who comes has the field's own composition, and its descendants grow as the field's do: a surplus d at u is
// d m(t) r(t) / (N(u) r(u)) at t, m the expected classes, N their total, r the relative change of N per relative change of the
// start (1 without density dependence). So cov(s, t) = v(s) I(min(s, t)) v(t)', v = m r, I(t) = integral of 1 / (N r^2).
Eigen::MatrixXd migration_covariance(const CycleProblem& problem, int unit, const UnitMean& mean) {
  const auto& times = problem.units()[static_cast<std::size_t>(unit)].times_h;
  const int classes = problem.class_count(), samples = static_cast<int>(times.size()), founder = problem.founder_parameter(unit);
  Eigen::VectorXd v = mean.mean, cumulated = Eigen::VectorXd::Zero(samples);
  double before = 0;
  for (int t = 0; t < samples; ++t) {
    const auto here = mean.mean.segment(t * classes, classes);
    const double total = problem.setup().map.partition ? here.sum() : here.maxCoeff();
    double response = 1;
    if (founder >= 0) {
      const auto slope = mean.by_theta.col(founder).segment(t * classes, classes);
      response = slope.sum() / here.sum();
    }
    v.segment(t * classes, classes) *= response;
    const double now = 1 / std::max(1e-12, total * response * response);
    if (t > 0) cumulated[t] = cumulated[t - 1] + 0.5 * (now + before) * (times[static_cast<std::size_t>(t)] - times[static_cast<std::size_t>(t - 1)]);
    before = now;
  }
  Eigen::MatrixXd full(v.size(), v.size());
  for (int j = 0; j < v.size(); ++j)
    for (int i = 0; i < v.size(); ++i) full(i, j) = v[i] * v[j] * cumulated[std::min(i, j) / classes];
  return problem.block_average(unit, problem.block_average(unit, full).transpose());
}

}  // namespace

LinearisedWells linearise_wells(const CycleProblem& problem, const Eigen::VectorXd& theta, const Eigen::MatrixXd& effects,
                                const std::vector<double>& scales, std::size_t component_count,
                                const std::vector<CycleProblem::UnitCovariance>& covariances) {
  LinearisedWells out;
  out.per_well = effects.size() > 0 && !effects.isZero(0);
  out.means = out.per_well ? problem.well_means(theta, effects, true) : problem.unit_means(theta, true);
  for (const auto& mean : out.means)
    if (!mean.outcome.ok()) {
      out.outcome = mean.outcome;
      return out;
    }
  out.blocks.resize(problem.wells().size());
  out.random.resize(problem.wells().size());
  for (std::size_t w = 0; w < out.blocks.size(); ++w) {
    const Well& well = problem.wells()[w];
    const UnitMean& mean = out.mean_of(problem, w);
    const auto& covariance = covariances[static_cast<std::size_t>(well.unit)];
    const Unit& unit = problem.units()[static_cast<std::size_t>(well.unit)];
    const double scale = problem.has_scale() ? scales[w] : 1.0;
    MixedBlock& block = out.blocks[w];
    const Eigen::VectorXd block_mean = problem.block_average(well.unit, mean.mean);
    out.random[w] = scale * problem.block_average(well.unit, mean.by_random);
    block.residual = well.blocks - scale * block_mean;
    if (out.per_well) block.residual += out.random[w] * effects.row(static_cast<int>(w)).transpose();
    block.design = scale * problem.block_average(well.unit, mean.by_theta);
    if (problem.has_scale()) block.own = block_mean;
    block.parts.resize(component_count);
    block.parts[unit_variance_component].dense = scale * covariance.demographic;
    block.parts[sister_component].dense = scale * covariance.sister;
    const auto sizes = unit.blocks.size();
    Eigen::VectorXd noise(block_mean.size());
    for (int i = 0; i < noise.size(); ++i) noise[i] = std::max(0.0, scale * block_mean[i]) / sizes[static_cast<std::size_t>(i / problem.class_count())];
    block.parts[detection_component].dense = noise.asDiagonal();
    const std::size_t migration = first_random_component + problem.setup().random_effects.size();
    if (component_count > migration) block.parts[migration].dense = scale * migration_covariance(problem, well.unit, mean);
    for (std::size_t k = first_random_component; k < std::min(migration, component_count); ++k) {
      std::vector<int> mine;
      for (std::size_t r = 0; r < problem.random_group().size(); ++r)
        if (problem.random_group()[r] == static_cast<int>(k) - first_random_component) mine.push_back(static_cast<int>(r));
      block.parts[k].factor.resize(block_mean.size(), static_cast<int>(mine.size()));
      for (std::size_t c = 0; c < mine.size(); ++c) block.parts[k].factor.col(static_cast<int>(c)) = out.random[w].col(mine[c]);
    }
  }
  return out;
}

Eigen::VectorXd predicted_effects(const CycleProblem& problem, const LinearisedWells& wells, std::size_t well,
                                  const std::vector<VarianceComponent>& components, const Eigen::MatrixXd& lower,
                                  const Eigen::VectorXd& residual) {
  const auto factor = lower.triangularView<Eigen::Lower>();
  Eigen::VectorXd z = factor.solve(residual);
  if (wells.blocks[well].own.size() > 0) {
    const Eigen::VectorXd own = factor.solve(wells.blocks[well].own);
    z -= own * (own.dot(z) / own.squaredNorm());
  }
  Eigen::VectorXd effects = factor.solve(wells.random[well]).transpose() * z;
  for (int r = 0; r < effects.size(); ++r) {
    const std::size_t component = first_random_component + static_cast<std::size_t>(problem.random_group()[static_cast<std::size_t>(r)]);
    effects[r] *= component < components.size() ? components[component].value : 0.0;
  }
  return effects;
}

}  // namespace hyped
