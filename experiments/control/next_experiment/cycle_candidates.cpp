// One problem on the union of all times; plans are choices of its rows.
#include "experiments/control/next_experiment/cycle_candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "fitting/linearised_wells.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

Eigen::MatrixXd rows(const Eigen::MatrixXd& all, const std::vector<int>& which) { return all.size() == 0 ? all : Eigen::MatrixXd(all(which, Eigen::all)); }

MixedBlock chosen(const MixedBlock& all, const std::vector<int>& which) {
  MixedBlock out;
  out.residual = rows(all.residual, which);
  out.design = rows(all.design, which);
  out.own = rows(all.own, which);
  for (const CovariancePart& part : all.parts) out.parts.push_back({part.dense.size() == 0 ? part.dense : Eigen::MatrixXd(part.dense(which, which)), rows(part.factor, which)});
  return out;
}

}  // namespace

CycleCandidates::CycleCandidates(CycleSetup setup, const PhaseCounts& like, std::vector<WellPlan> plans, const ParameterSpace& fitted) : plans_(std::move(plans)) {
  if (plans_.empty()) throw InputError(setup.where, "there are no wells to choose from");
  std::map<std::string, std::set<double>> times;
  for (const WellPlan& plan : plans_) {
    if (plan.times_h.size() < 3 || std::adjacent_find(plan.times_h.begin(), plan.times_h.end(), std::greater_equal<>()) != plan.times_h.end())
      throw InputError(setup.where, fmt::format("a plan of '{}' has {} frames, or they do not increase", plan.condition, plan.times_h.size()), "give at least 3 increasing times");
    times[plan.condition].insert(plan.times_h.begin(), plan.times_h.end());
  }
  PhaseCounts grid;
  grid.source = "candidate wells";
  grid.quantity = like.quantity;
  grid.classes_partition_cells = like.classes_partition_cells;
  for (const auto& seen : setup.map.classes) grid.classes.push_back(seen.name);
  std::map<std::string, int> well;
  std::vector<Arm> arms;
  for (const auto& [condition, at] : times) {
    const auto arm = std::find_if(setup.arms.begin(), setup.arms.end(), [&](const Arm& a) { return a.condition == condition; });
    if (arm == setup.arms.end()) throw InputError(setup.where, "a plan names the arm '" + condition + "', which there is not");
    arms.push_back(*arm);
    well[condition] = static_cast<int>(grid.wells.size());
    const std::vector<double> hours(at.begin(), at.end());
    grid.wells.push_back({condition, "candidate", hours, Eigen::MatrixXd::Ones(static_cast<Eigen::Index>(hours.size()), static_cast<Eigen::Index>(grid.classes.size())), std::vector<int>(hours.size(), 0)});
  }
  // arms that no plan uses must stay known to parameters and predictions
  for (const Arm& arm : setup.arms)
    if (!times.contains(arm.condition)) setup.unseen_arms.push_back(arm);
  setup.arms = arms;
  setup.block_h = 0;
  setup.first_frame_h = -1e300;
  problem_ = std::make_unique<CycleProblem>(std::move(setup), grid);
  if (problem_->density()) throw InputError(problem_->setup().where, "with density dependence every well has a number of cells of its own: designs of such wells are not available", "drop density_rates for the design");
  if (problem_->space().names() != fitted.names()) throw InputError(problem_->setup().where, "the candidates' parameters are not those of the fit: some belong to one condition only", "give candidates of arms that were measured, and do not move doses where parameters are per condition");
  const int classes = problem_->class_count();
  for (const WellPlan& plan : plans_) {
    const int w = well.at(plan.condition);
    const auto& hours = problem_->units()[static_cast<std::size_t>(problem_->wells()[static_cast<std::size_t>(w)].unit)].times_h;
    std::vector<int> which;
    for (const double t : plan.times_h) {
      const auto found = std::find(hours.begin(), hours.end(), t);
      HYPED_REQUIRE(found != hours.end());
      for (int k = 0; k < classes; ++k) which.push_back(static_cast<int>(found - hours.begin()) * classes + k);
    }
    well_of_.push_back(w);
    rows_of_.push_back(which);
  }
}

Outcome CycleCandidates::information(const Eigen::VectorXd& theta, const std::vector<VarianceComponent>& components, double cells, std::vector<Eigen::MatrixXd>& out) const {
  const auto covariances = problem_->unit_covariances(theta);
  for (const auto& covariance : covariances)
    if (!covariance.outcome.ok()) return covariance.outcome;
  const std::size_t count = problem_->wells().size();
  const LinearisedWells wells = linearise_wells(*problem_, theta, Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(problem_->random_parameters().size())),
                                                std::vector<double>(count, cells), components.size(), covariances);
  if (!wells.outcome.ok()) return wells.outcome;
  out.assign(plans_.size(), {});
  std::vector<Outcome> outcomes(plans_.size());
  parallel_for(static_cast<int>(plans_.size()), [&](int i) {
    const auto p = static_cast<std::size_t>(i);
    const MixedBlock block = chosen(wells.blocks[static_cast<std::size_t>(well_of_[p])], rows_of_[p]);
    Eigen::MatrixXd lower;
    outcomes[p] = block_factor(block, components, lower);
    if (!outcomes[p].ok()) return;
    const auto factor = lower.triangularView<Eigen::Lower>();
    Eigen::MatrixXd design = factor.solve(block.design);
    if (block.own.size() > 0) {
      const Eigen::VectorXd own = factor.solve(block.own).normalized();
      design -= own * (own.transpose() * design);
    }
    out[p] = design.transpose() * design;
  });
  for (const Outcome& outcome : outcomes)
    if (!outcome.ok()) return outcome;
  return {};
}

QuantityValue CycleCandidates::quantity(const CycleQuantity& wanted, const Eigen::VectorXd& theta) const {
  QuantityValue out;
  out.gradient = Eigen::VectorXd::Zero(theta.size());
  if (wanted.parameter >= 0) {
    out.value = theta[wanted.parameter];
    out.gradient[wanted.parameter] = 1;
    return out;
  }
  const int classes = problem_->class_count();
  const UnitMean mean = problem_->mean_at(problem_->arm(wanted.condition), {wanted.time_h}, theta, true);
  if (!(out.outcome = mean.outcome).ok()) return out;
  const double total = mean.mean.head(classes).sum();
  const Eigen::VectorXd total_slope = mean.by_theta.topRows(classes).colwise().sum().transpose();
  const double amount = wanted.of_class < 0 ? total : mean.mean[wanted.of_class];
  const Eigen::VectorXd slope = wanted.of_class < 0 ? total_slope : Eigen::VectorXd(mean.by_theta.row(wanted.of_class).transpose());
  if (!(amount > 0)) {
    out.outcome = {Status::not_finite, "no cells are expected of '" + wanted.name + "'"};
    return out;
  }
  if (wanted.share) {
    out.value = amount / total;
    out.gradient = (slope - out.value * total_slope) / total;
  } else {
    out.value = std::log10(amount);
    out.gradient = slope / (amount * std::numbers::ln10);
  }
  return out;
}

}  // namespace hyped::control
