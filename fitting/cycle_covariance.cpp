// Covariance of the counts of every unit per founder: exact for the branching process, linear-noise with density dependence.
#include <fmt/format.h>

#include "fitting/cycle_problem.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/moments.hpp"

namespace hyped {

// Density couples the cells of a well: linear-noise approximation about its own course.
CycleProblem::UnitCovariance CycleProblem::density_covariance(int unit, const Eigen::VectorXd& theta) const {
  const Unit& u = units_[static_cast<std::size_t>(unit)];
  const Arm& arm = setup_.arms[static_cast<std::size_t>(u.arm)];
  const int own = model_->parameter_count(), classes = class_count(), stages = model_->stage_count();
  const int samples = static_cast<int>(u.times_h.size());
  if (stages * samples > 4000)
    throw InputError(setup_.where, fmt::format("density dependence with {} stages and {} frames needs a {} x {} covariance", stages, samples, stages * samples, stages * samples), "use fewer stages or thin the frames");
  const std::vector<double> p = parameters_of(arm.condition, theta);
  const auto parameters = std::span(p).first(static_cast<std::size_t>(own));
  const int founder = founder_parameter(unit);
  const double cells = space_.natural(founder, theta[founder]);
  Eigen::MatrixXd unused;
  const Eigen::VectorXd start = model_->start_distribution(parameters, unused);
  Experiment experiment = experiment_of(arm, arm.strata.front(), u.times_h);
  experiment.initial.resize(static_cast<std::size_t>(stages));
  for (int i = 0; i < stages; ++i) experiment.initial[i] = cells * start[i];
  MomentOptions options;
  options.ode.relative_tolerance = 1e-7;
  options.between_times = true;
  options.initial_covariance = cells * (Eigen::MatrixXd(start.asDiagonal()) - start * start.transpose());
  const Moments moments = simulate_moments(*model_, parameters, experiment, options);
  if (!moments.outcome.ok()) return {{}, {}, {}, moments.outcome};
  const Eigen::MatrixXd seen = projection_.expected(p[own], p[own + 1]);
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(samples * classes, samples * stages);
  Eigen::VectorXd mean(samples * classes);
  for (int t = 0; t < samples; ++t) {
    all.block(t * classes, t * stages, classes, stages) = seen;
    mean.segment(t * classes, classes) = seen * moments.mean.row(t).transpose();
  }
  const Eigen::MatrixXd to_blocks = block_average(unit, all);
  UnitCovariance out{block_average(unit, mean), to_blocks * moments.between * to_blocks.transpose(), {}, {}};
  out.sister = Eigen::MatrixXd::Zero(out.demographic.rows(), out.demographic.cols());
  return out;
}

// Second moments of founders: strata and dark clones are mixtures, so second moments mix and the square of the mixed mean goes.
std::vector<CycleProblem::UnitCovariance> CycleProblem::unit_covariances(const Eigen::VectorXd& theta) const {
  std::vector<UnitCovariance> out(units_.size());
  if (density()) {
    parallel_for(static_cast<int>(out.size()), [&](int u) { out[u] = density_covariance(u, theta); });
    return out;
  }
  const int own = model_->parameter_count(), classes = class_count();
  std::vector<CloneMoments> clones(courses_.size());
  parallel_for(static_cast<int>(clones.size()), [&](int c) {
    const auto [unit, stratum] = courses_[c];
    const Unit& u = units_[unit];
    const Arm& arm = setup_.arms[u.arm];
    const std::vector<double> p = parameters_of(arm.condition, theta);
    Eigen::MatrixXd unused;
    const Eigen::VectorXd start = start_of(setup_.start == StartKind::steady ? steady_condition(arm) : arm.condition, theta, unused, clones[c].outcome);
    if (!clones[c].outcome.ok()) return;
    Experiment experiment = experiment_of(arm, arm.strata[stratum], u.times_h);
    experiment.initial.assign(start.data(), start.data() + start.size());
    clones[c] = clone_moments(*model_, std::span(p).first(static_cast<std::size_t>(own)), experiment, projection_.conditional(p[own + 1]), u.blocks);
  });
  parallel_for(static_cast<int>(out.size()), [&](int u) {
    const Arm& arm = setup_.arms[units_[u].arm];
    const double labelled = parameters_of(arm.condition, theta)[own];
    const int size = units_[u].blocks.count * classes;
    out[u] = {Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size), Eigen::MatrixXd::Zero(size, size), {}};
    Eigen::MatrixXd both(classes, classes);
    for (int a = 0; a < classes; ++a)
      for (int b = 0; b < classes; ++b) both(a, b) = projection_.seen_in_both(a, b, labelled);
    for (std::size_t s = 0; s < arm.strata.size(); ++s) {
      const CloneMoments& clone = clones[course_of_unit_[u][s]];
      if (!clone.outcome.ok()) {
        out[u].outcome = clone.outcome;
        return;
      }
      for (int j = 0; j < size; ++j)
        for (int i = 0; i < size; ++i) {
          const double weight = arm.strata[s].weight * both(i % classes, j % classes);      // 0: never seen in one clone
          out[u].demographic(i, j) += weight * (clone.covariance(i, j) + clone.mean[i] * clone.mean[j]);
          out[u].sister(i, j) += weight * clone.sister_covariance(i, j);
        }
      for (int i = 0; i < size; ++i) out[u].mean[i] += arm.strata[s].weight * both(i % classes, i % classes) * clone.mean[i];
    }
    out[u].demographic -= out[u].mean * out[u].mean.transpose();
    if (quantity_ != Quantity::fraction) return;
    // shares of a well of n founders: G C G' / n with G = (1 - share 1') / amount, block by block
    for (int b = 0; b < size; b += classes) {
      const double amount = out[u].mean.segment(b, classes).sum();
      const Eigen::VectorXd share = out[u].mean.segment(b, classes) / amount;
      const Eigen::MatrixXd g = (Eigen::MatrixXd::Identity(classes, classes) - share * Eigen::RowVectorXd::Ones(classes)) / amount;
      for (Eigen::MatrixXd* c : {&out[u].demographic, &out[u].sister}) {
        c->middleRows(b, classes) = (g * c->middleRows(b, classes)).eval();
        c->middleCols(b, classes) = (c->middleCols(b, classes) * g.transpose()).eval();
      }
      out[u].mean.segment(b, classes) = share;
    }
  });
  return out;
}

}  // namespace hyped
