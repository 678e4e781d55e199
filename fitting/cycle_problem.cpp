// Expected counts of every arm, their derivatives and their covariance.
#include "fitting/cycle_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/balanced_growth.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/staged_linear.hpp"

namespace hyped {

// With density dependence the number of founders is a parameter no rate depends on; events may not use the name.
static constexpr const char* founders_name = "founders";

static CycleSetup with_founders(CycleSetup setup) {
  if (!setup.stages.density_rates.empty())
    setup.stages.event_parameters.push_back({founders_name, "cells", "cells at the start", 1, 1e-6, 1e9});
  return setup;
}

CycleProblem::CycleProblem(CycleSetup setup, const PhaseCounts& data)
    : setup_(with_founders(std::move(setup))), model_(make_staged(setup_.model, setup_.stages)),
      projection_(setup_.map, *model_, setup_.where) {
  if (setup_.arms.empty()) throw InputError(setup_.where, "there is no arm", "name at least one condition");
  bind_parameters();
  bind_data(data);
}

const Arm& CycleProblem::arm(const std::string& condition) const {
  std::vector<std::string> names;
  for (const Arm& arm : setup_.arms) {
    if (arm.condition == condition) return arm;
    names.push_back(arm.condition);
  }
  throw InputError(setup_.where, "there is no arm '" + condition + "'", "did you mean " + nearest_names(condition, names) + "?");
}

const CycleProblem::Binding& CycleProblem::binding(const std::string& condition) const {
  const auto found = bindings_.find(condition);
  HYPED_REQUIRE(found != bindings_.end());
  return found->second;
}

std::vector<double> CycleProblem::parameters_of(const std::string& condition, const Eigen::VectorXd& theta) const {
  const Binding& bound = binding(condition);
  std::vector<double> p = bound.fixed;
  for (std::size_t j = 0; j < p.size(); ++j)
    if (bound.theta[j] >= 0) p[j] = space_.natural(bound.theta[j], theta[bound.theta[j]]);
  return p;
}

Experiment CycleProblem::experiment_of(const Arm& arm, const ArmStratum& stratum, const std::vector<double>& times_h) const {
  Experiment experiment;
  experiment.id = arm.condition;
  experiment.start_h = setup_.start_h;
  experiment.schedule = arm.schedule;
  for (const auto& [name, course] : stratum.inputs)
    if (model_->parameter_index(name) >= 0) experiment.inputs[name] = course;
  // An input the model does not use changes nothing; so do its steps.
  std::erase_if(experiment.schedule, [&](const Perturbation& p) {
    return p.target != "cells" && model_->parameter_index(p.target) < 0 && model_->state_index(p.target) < 0;
  });
  experiment.sample_times_h = times_h;
  return experiment;
}

UnitMean CycleProblem::mean_at(const Arm& arm, const std::vector<double>& times_h, const Eigen::VectorXd& theta,
                               bool derivatives, double founders, int founder_parameter) const {
  const int own = model_->parameter_count(), classes = class_count(), samples = static_cast<int>(times_h.size());
  const std::vector<double> p = parameters_of(arm.condition, theta);
  const Binding& bound = binding(arm.condition);
  const bool steady = setup_.start == StartKind::steady;
  const std::string& steady_condition = setup_.steady_condition.empty() ? arm.condition : setup_.steady_condition;

  // Start: one founder, its derivative by this arm's parameters and, for a steady start, by the steady condition's.
  Eigen::VectorXd start;
  Eigen::MatrixXd start_slope;
  if (steady) {
    const std::vector<double> before = parameters_of(steady_condition, theta);
    BalancedGrowth growth = balanced_growth(*model_, std::span(before).first(static_cast<std::size_t>(own)));
    if (!growth.outcome.ok()) return {.mean = {}, .by_theta = {}, .by_random = {}, .outcome = growth.outcome, .method = ""};
    start = growth.stages;
    start_slope = growth.stages_slope;
  } else {
    start = model_->start_distribution(std::span(p).first(static_cast<std::size_t>(own)), start_slope);
  }
  start *= founders;
  start_slope *= founders;

  const Eigen::MatrixXd seen = projection_.expected(p[own], p[own + 1]);
  std::vector<int> columns = columns_;
  if (steady)
    for (const int c : columns_) columns.push_back(own + c);
  UnitMean out;
  out.mean = Eigen::VectorXd::Zero(samples * classes);
  const int directions = static_cast<int>(columns.size()) + 3;      // + labelled, misread, founders
  Eigen::MatrixXd by_direction = Eigen::MatrixXd::Zero(derivatives ? samples * classes : 0, directions);
  for (const ArmStratum& stratum : arm.strata) {
    Experiment experiment = experiment_of(arm, stratum, times_h);
    experiment.initial.assign(start.data(), start.data() + start.size());
    const auto parameters = std::span(p).first(static_cast<std::size_t>(own));
    Trajectory run;
    if (density()) {
      if (steady) throw InputError(setup_.where, "a steady start needs a model without density dependence", "use start = \"odds\"");
      if (arm.strata.size() > 1) throw InputError(setup_.where, "density dependence couples the strata of arm '" + arm.condition + "'", "give it one stratum (transfected_fraction = 1, dose_points = 1)");
      experiment.initial_by_parameter = start_slope;
      experiment.initial_by_parameter.col(model_->parameter_index(founders_name)) = start / founders;
      run = simulate_ode(*model_, parameters, experiment, {.relative_tolerance = 1e-9, .absolute_tolerance = 1e-7},
                         derivatives ? Sensitivities::parameters : Sensitivities::none);
    } else {
      experiment.initial_by_parameter.setZero(start.size(), steady ? 2 * own : own);
      experiment.initial_by_parameter.middleCols(steady ? own : 0, own) = start_slope;
      LinearOptions options;
      options.columns = columns;
      run = simulate_linear(*model_, parameters, experiment, options,
                            derivatives && !columns.empty() ? Sensitivities::parameters : Sensitivities::none);
    }
    out.method = run.method;
    if (!run.outcome.ok()) {
      out.outcome = run.outcome;
      return out;
    }
    const Eigen::MatrixXd lit = derivatives ? projection_.by_labelled(p[own + 1]) : Eigen::MatrixXd();
    const Eigen::MatrixXd mixed = derivatives ? projection_.by_misread(p[own], p[own + 1]) : Eigen::MatrixXd();
    for (int t = 0; t < samples; ++t) {
      const Eigen::VectorXd x = run.states.row(t).transpose();
      out.mean.segment(t * classes, classes) += stratum.weight * seen * x;
      if (!derivatives) continue;
      auto rows = by_direction.middleRows(t * classes, classes);
      if (density()) {
        for (std::size_t c = 0; c < columns.size(); ++c)
          if (columns[c] < own) rows.col(static_cast<int>(c)) += stratum.weight * seen * run.sensitivities[t].col(columns[c]);
        rows.col(directions - 1) += stratum.weight * seen * run.sensitivities[t].col(model_->parameter_index(founders_name));
      } else if (!columns.empty()) {
        rows.leftCols(static_cast<int>(columns.size())).noalias() += stratum.weight * seen * run.sensitivities[t];
      }
      rows.col(directions - 3) += stratum.weight * lit * x;
      rows.col(directions - 2) += stratum.weight * mixed * x;
    }
  }
  if (!derivatives) return out;
  out.by_theta = Eigen::MatrixXd::Zero(samples * classes, space_.count());
  auto add = [&](const Binding& to, int parameter, int direction) {
    const int index = to.theta[parameter];
    if (index >= 0) out.by_theta.col(index) += by_direction.col(direction) * space_.slope(index, theta[index]);
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c] < own) add(bound, columns[c], static_cast<int>(c));
    else add(binding(steady_condition), columns[c] - own, static_cast<int>(c));
  }
  add(bound, own, directions - 3);
  add(bound, own + 1, directions - 2);
  if (founder_parameter >= 0)
    out.by_theta.col(founder_parameter) += by_direction.col(directions - 1) * space_.slope(founder_parameter, theta[founder_parameter]);
  out.by_random.resize(samples * classes, static_cast<int>(random_parameters_.size()));
  for (std::size_t r = 0; r < random_parameters_.size(); ++r) {
    const int parameter = random_parameters_[r];
    const int column = static_cast<int>(std::find(columns.begin(), columns.end(), parameter) - columns.begin());
    out.by_random.col(static_cast<int>(r)) = by_direction.col(column) * p[parameter];
  }
  return out;
}

UnitMean CycleProblem::unit_mean(int unit, const Eigen::VectorXd& theta, bool derivatives) const {
  const Unit& u = units_[static_cast<std::size_t>(unit)];
  const Arm& arm = setup_.arms[static_cast<std::size_t>(u.arm)];
  if (!density()) return mean_at(arm, u.times_h, theta, derivatives);
  const int founder = founder_parameter(unit);
  const double cells = space_.natural(founder, theta[founder]);
  return mean_at(arm, u.times_h, theta, derivatives, cells, founder);
}

std::vector<UnitMean> CycleProblem::unit_means(const Eigen::VectorXd& theta, bool derivatives) const {
  std::vector<UnitMean> means(units_.size());
  parallel_for(static_cast<int>(units_.size()), [&](int u) { means[u] = unit_mean(u, theta, derivatives); });
  return means;
}

Eigen::MatrixXd CycleProblem::block_average(int unit, const Eigen::MatrixXd& per_sample) const {
  const Unit& u = units_[static_cast<std::size_t>(unit)];
  const int classes = class_count();
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(u.blocks.count * classes, per_sample.cols());
  const auto sizes = u.blocks.size();
  for (std::size_t t = 0; t < u.blocks.block_of_sample.size(); ++t) {
    const int block = u.blocks.block_of_sample[t];
    if (block >= 0) out.middleRows(block * classes, classes) += per_sample.middleRows(static_cast<int>(t) * classes, classes) / sizes[block];
  }
  return out;
}

}  // namespace hyped
