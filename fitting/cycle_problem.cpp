// Expected counts of every arm, their derivatives and their covariance.
#include "fitting/cycle_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

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
      projection_(setup_.map, *model_, setup_.place("reporter")) {
  if (setup_.arms.empty()) throw InputError(setup_.where, "there is no arm", "name at least one condition");
  bind_parameters();
  bind_data(data);
  share_courses();
}

const Arm& CycleProblem::arm(const std::string& condition) const {
  std::vector<std::string> names;
  for (const Arm& arm : setup_.arms) {
    if (arm.condition == condition) return arm;
    names.push_back(arm.condition);
  }
  throw InputError(setup_.where, "there is no arm '" + condition + "'", did_you_mean(condition, names));
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
  // Steps before the start: each target's last one holds at the start.
  Schedule& schedule = experiment.schedule;
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    Perturbation& step = schedule[i];
    if (step.time_h >= experiment.start_h || step.action != Action::set || model_->parameter_index(step.target) < 0) continue;
    const bool last = std::none_of(schedule.begin() + static_cast<std::ptrdiff_t>(i) + 1, schedule.end(), [&](const Perturbation& later) { return later.target == step.target && later.time_h <= experiment.start_h; });
    step.time_h = last ? experiment.start_h : -std::numeric_limits<double>::infinity();
  }
  std::erase_if(schedule, [](const Perturbation& p) { return p.time_h == -std::numeric_limits<double>::infinity(); });
  std::stable_sort(schedule.begin(), schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
  experiment.sample_times_h = times_h;
  return experiment;
}

const std::string& CycleProblem::steady_condition(const Arm& arm) const {
  return setup_.steady_condition.empty() ? arm.condition : setup_.steady_condition;
}

// Founders over the stages at the start and the derivative by the parameters of `condition`.
Eigen::VectorXd CycleProblem::start_of(const std::string& condition, const Eigen::VectorXd& theta, Eigen::MatrixXd& slope,
                                       Outcome& outcome) const {
  const std::vector<double> all = parameters_of(condition, theta);
  const auto p = std::span(all).first(static_cast<std::size_t>(model_->parameter_count()));
  if (setup_.start == StartKind::odds) return model_->start_distribution(p, slope);
  BalancedGrowth growth = balanced_growth(*model_, p);
  outcome = growth.outcome;
  slope = std::move(growth.stages_slope);
  return growth.stages;
}

CycleProblem::Course CycleProblem::course_of(const Arm& arm, const ArmStratum& stratum, const std::vector<double>& times_h,
                                             const Eigen::VectorXd& theta, bool derivatives, double founders,
                                             const Eigen::VectorXd& effects) const {
  const int own = model_->parameter_count(), classes = class_count(), samples = static_cast<int>(times_h.size());
  std::vector<double> p = parameters_of(arm.condition, theta);
  for (std::size_t r = 0; r < random_parameters_.size(); ++r) p[random_parameters_[r]] *= std::exp(effects[static_cast<int>(r)]);
  const auto parameters = std::span<const double>(p).first(static_cast<std::size_t>(own));
  const bool steady = setup_.start == StartKind::steady;
  Course out;
  Eigen::MatrixXd start_slope;
  Eigen::VectorXd start = start_of(steady ? steady_condition(arm) : arm.condition, theta, start_slope, out.outcome);
  if (!out.outcome.ok()) return out;
  start *= founders;
  start_slope *= founders;
  std::vector<int> columns = columns_;
  if (steady)
    for (const int c : columns_) columns.push_back(own + c);
  const int directions = static_cast<int>(columns.size()) + 3, founder_parameter = model_->parameter_index(founders_name);
  Experiment experiment = experiment_of(arm, stratum, times_h);
  experiment.initial.assign(start.data(), start.data() + start.size());
  Trajectory run;
  if (density()) {
    if (steady) throw InputError(setup_.where, "a steady start needs a model without density dependence", "use start = \"odds\"");
    if (arm.strata.size() > 1) throw InputError(setup_.where, "density dependence couples the strata of arm '" + arm.condition + "'", "give it one stratum (transfected_fraction = 1, dose_points = 1)");
    experiment.initial_by_parameter = start_slope;
    experiment.initial_by_parameter.col(founder_parameter) = start / founders;
    run = simulate_ode(*model_, parameters, experiment, {.relative_tolerance = 1e-9, .absolute_tolerance = 1e-7},
                       derivatives ? Sensitivities::parameters : Sensitivities::none);
  } else {
    experiment.initial_by_parameter.setZero(start.size(), steady ? 2 * own : own);
    experiment.initial_by_parameter.middleCols(steady ? own : 0, own) = start_slope;
    LinearOptions options;
    options.magnus_tolerance = 1e-7;      // counts scatter by 1e-2
    options.columns = columns;
    run = simulate_linear(*model_, parameters, experiment, options,
                          derivatives && !columns.empty() ? Sensitivities::parameters : Sensitivities::none);
  }
  out.method = run.method;
  out.outcome = run.outcome;
  if (!out.outcome.ok()) return out;
  const Eigen::MatrixXd seen = projection_.expected(p[own], p[own + 1]);
  out.mean.resize(samples * classes);
  if (derivatives) out.by_direction = Eigen::MatrixXd::Zero(samples * classes, directions);
  const Eigen::MatrixXd lit = projection_.by_labelled(p[own + 1]), mixed = projection_.by_misread(p[own], p[own + 1]);
  for (int t = 0; t < samples; ++t) {
    const Eigen::VectorXd x = run.states.row(t).transpose();
    out.mean.segment(t * classes, classes) = seen * x;
    if (!derivatives) continue;
    auto rows = out.by_direction.middleRows(t * classes, classes);
    if (density()) {
      for (std::size_t c = 0; c < columns.size(); ++c) rows.col(static_cast<int>(c)) = seen * run.sensitivities[t].col(columns[c]);
      rows.col(directions - 1) = seen * run.sensitivities[t].col(founder_parameter);
    } else if (!columns.empty()) {
      rows.leftCols(directions - 3).noalias() = seen * run.sensitivities[t];
    }
    rows.col(directions - 3) = lit * x;
    rows.col(directions - 2) = mixed * x;
  }
  return out;
}

UnitMean CycleProblem::assemble(const Arm& arm, const std::vector<const Course*>& courses, const Eigen::VectorXd& theta,
                                bool derivatives, int founder_parameter, const Eigen::VectorXd& effects) const {
  UnitMean out;
  for (const Course* course : courses)
    if (!course->outcome.ok()) {
      out.outcome = course->outcome;
      return out;
    }
  out.method = courses.front()->method;
  out.mean = Eigen::VectorXd::Zero(courses.front()->mean.size());
  Eigen::MatrixXd by_direction = Eigen::MatrixXd::Zero(courses.front()->by_direction.rows(), courses.front()->by_direction.cols());
  for (std::size_t s = 0; s < courses.size(); ++s) {
    out.mean += arm.strata[s].weight * courses[s]->mean;
    if (derivatives) by_direction += arm.strata[s].weight * courses[s]->by_direction;
  }
  if (!derivatives) {
    if (quantity_ == Quantity::fraction) to_fractions(out);
    return out;
  }
  const int own = model_->parameter_count(), directions = static_cast<int>(by_direction.cols());
  // directions are by the values the well sees: the shared parameter times exp(effect)
  for (std::size_t r = 0; r < random_parameters_.size(); ++r)
    by_direction.col(std::find(columns_.begin(), columns_.end(), random_parameters_[r]) - columns_.begin()) *= std::exp(effects[static_cast<int>(r)]);
  out.by_theta = Eigen::MatrixXd::Zero(out.mean.size(), space_.count());
  auto add = [&](const Binding& to, int parameter, int direction) {
    const int index = to.theta[parameter];
    if (index >= 0) out.by_theta.col(index) += by_direction.col(direction) * space_.slope(index, theta[index]);
  };
  const Binding& bound = binding(arm.condition);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    add(bound, columns_[c], static_cast<int>(c));
    if (setup_.start == StartKind::steady) add(binding(steady_condition(arm)), columns_[c], static_cast<int>(columns_.size() + c));
  }
  add(bound, own, directions - 3);
  add(bound, own + 1, directions - 2);
  if (founder_parameter >= 0)
    out.by_theta.col(founder_parameter) += by_direction.col(directions - 1) * space_.slope(founder_parameter, theta[founder_parameter]);
  if (density()) out.by_founders = by_direction.col(directions - 1);
  const std::vector<double> p = parameters_of(arm.condition, theta);
  out.by_random.resize(out.mean.size(), static_cast<int>(random_parameters_.size()));
  for (std::size_t r = 0; r < random_parameters_.size(); ++r) {
    const int parameter = random_parameters_[r];
    const auto column = std::find(columns_.begin(), columns_.end(), parameter) - columns_.begin();
    out.by_random.col(static_cast<int>(r)) = by_direction.col(column) * p[parameter];
  }
  if (quantity_ == Quantity::fraction) to_fractions(out);
  return out;
}

// Amounts to shares of all cells seen, in every sample; derivatives likewise.
void CycleProblem::to_fractions(UnitMean& mean) const {
  const int classes = class_count();
  for (Eigen::Index at = 0; at < mean.mean.size(); at += classes) {
    const double sum = mean.mean.segment(at, classes).sum();
    const Eigen::VectorXd share = mean.mean.segment(at, classes) / sum;
    mean.mean.segment(at, classes) = share;
    for (Eigen::MatrixXd* slope : {&mean.by_theta, &mean.by_random}) {
      if (slope->rows() == 0) continue;
      const Eigen::RowVectorXd total = slope->middleRows(at, classes).colwise().sum();
      slope->middleRows(at, classes) = ((slope->middleRows(at, classes) - share * total) / sum).eval();
    }
  }
}

UnitMean CycleProblem::mean_at(const Arm& arm, const std::vector<double>& times_h, const Eigen::VectorXd& theta,
                               bool derivatives, double founders) const {
  std::vector<Course> courses;
  for (const ArmStratum& stratum : arm.strata) courses.push_back(course_of(arm, stratum, times_h, theta, derivatives, founders, no_effects()));
  std::vector<const Course*> views;
  for (const Course& course : courses) views.push_back(&course);
  return assemble(arm, views, theta, derivatives, -1, no_effects());
}

// Strata of different arms that nothing tells apart (untransfected cells, say) are simulated once.
void CycleProblem::share_courses() {
  for (std::size_t u = 0; u < units_.size(); ++u) {
    const Arm& arm = setup_.arms[units_[u].arm];
    course_of_unit_.emplace_back();
    for (std::size_t s = 0; s < arm.strata.size(); ++s) {
      int found = -1;
      for (std::size_t c = 0; c < courses_.size() && found < 0 && !density(); ++c) {
        const auto& [unit, stratum] = courses_[c];
        const Arm& other = setup_.arms[units_[unit].arm];
        if (other.strata[stratum].inputs == arm.strata[s].inputs && other.schedule == arm.schedule &&
            units_[unit].times_h == units_[u].times_h && binding(other.condition) == binding(arm.condition) &&
            binding(steady_condition(other)) == binding(steady_condition(arm)))
          found = static_cast<int>(c);
      }
      if (found < 0) {
        found = static_cast<int>(courses_.size());
        courses_.emplace_back(static_cast<int>(u), static_cast<int>(s));
      }
      course_of_unit_.back().push_back(found);
    }
  }
}

std::vector<UnitMean> CycleProblem::unit_means(const Eigen::VectorXd& theta, bool derivatives) const {
  std::vector<Course> courses(courses_.size());
  parallel_for(static_cast<int>(courses.size()), [&](int c) {
    const auto [unit, stratum] = courses_[c];
    const Arm& arm = setup_.arms[units_[unit].arm];
    const int founder = founders_[unit];
    courses[c] = course_of(arm, arm.strata[stratum], units_[unit].times_h, theta, derivatives,
                           founder < 0 ? 1.0 : space_.natural(founder, theta[founder]), no_effects());
  });
  std::vector<UnitMean> means(units_.size());
  for (std::size_t u = 0; u < units_.size(); ++u) {
    std::vector<const Course*> views;
    for (const int c : course_of_unit_[u]) views.push_back(&courses[c]);
    means[u] = assemble(setup_.arms[units_[u].arm], views, theta, derivatives, founders_[u], no_effects());
  }
  return means;
}

std::vector<UnitMean> CycleProblem::well_means(const Eigen::VectorXd& theta, const Eigen::MatrixXd& effects, bool derivatives) const {
  std::vector<std::pair<int, int>> jobs;      // well, stratum
  for (std::size_t w = 0; w < wells_.size(); ++w)
    for (std::size_t s = 0; s < setup_.arms[units_[wells_[w].unit].arm].strata.size(); ++s) jobs.emplace_back(static_cast<int>(w), static_cast<int>(s));
  std::vector<Course> courses(jobs.size());
  parallel_for(static_cast<int>(jobs.size()), [&](int j) {
    const auto [w, s] = jobs[j];
    const int unit = wells_[w].unit, founder = founders_[unit];
    const Arm& arm = setup_.arms[units_[unit].arm];
    courses[j] = course_of(arm, arm.strata[s], units_[unit].times_h, theta, derivatives,
                           founder < 0 ? 1.0 : space_.natural(founder, theta[founder]), effects.row(w).transpose());
  });
  std::vector<UnitMean> means(wells_.size());
  std::size_t j = 0;
  for (std::size_t w = 0; w < wells_.size(); ++w) {
    const int unit = wells_[w].unit;
    std::vector<const Course*> views;
    for (std::size_t s = 0; s < setup_.arms[units_[unit].arm].strata.size(); ++s) views.push_back(&courses[j++]);
    means[w] = assemble(setup_.arms[units_[unit].arm], views, theta, derivatives, founders_[unit], effects.row(static_cast<int>(w)).transpose());
  }
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
