// What a planned culture does over time, and its events in plain amounts.
#include <algorithm>

#include "experiments/planning/systems/cycle_system.hpp"
#include "libhyped/simulate/staged_linear.hpp"

namespace hyped {

Eigen::MatrixXd CycleSystem::course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome, std::span<const DrivenInput> driven) const {
  const int phase_count = model_->phase_count();
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times_h.size()), phase_count + 1);
  const Dish dish = dish_of(member, pulses, times_h, false, driven);
  for (const auto& [weight, experiment] : dish.strata) {
    const Trajectory run = simulate_linear(*model_, dish.parameters, experiment);
    if (!(outcome = run.outcome).ok()) return out;
    for (int s = 0; s < model_->stage_count(); ++s) out.col(model_->chain().phase[static_cast<std::size_t>(s)]) += weight * run.states.col(s);
  }
  out.col(phase_count) = out.leftCols(phase_count).rowwise().sum();
  for (int p = 0; p < phase_count; ++p) out.col(p) = out.col(p).cwiseQuotient(out.col(phase_count)).eval();
  return out;
}

Eigen::VectorXd CycleSystem::input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(times_h.size()));
  std::vector<models::DosePulse> doses;
  for (const control::Pulse& pulse : pulses)
    if (pulse.input == input) doses.push_back({pulse.amount, pulse.start_h, pulse.until_h});
  if (doses.empty()) return out;
  const int delivery = carried_[static_cast<std::size_t>(input)];
  const InputCourse course = delivery >= 0 ? carriers_[static_cast<std::size_t>(member)][static_cast<std::size_t>(delivery)]->course(doses, setup_.end_h).course : InputCourse();
  for (std::size_t t = 0; t < times_h.size(); ++t) {
    double& value = out[static_cast<Eigen::Index>(t)];
    if (delivery >= 0) value = course(times_h[t]);
    else
      for (const auto& dose : doses)
        if (times_h[t] >= dose.from_h && times_h[t] < dose.until_h) value = dose.amount;
  }
  return out;
}

std::vector<control::PlannedQuantity> CycleSystem::course_quantities() const {
  std::vector<control::PlannedQuantity> out;
  for (const auto& phase : phases()) out.push_back({phase, "share"});
  out.push_back({"cells", "cells per founder"});
  return out;
}

Schedule CycleSystem::events_of(std::span<const control::Pulse> pulses) const {
  Schedule out = dish_of(0, pulses, {setup_.end_h}, false).strata.front().second.schedule;
  int steps = 0;
  std::vector<double> amounts;
  for (const control::Pulse& pulse : pulses)
    if (!carried(pulse.input)) amounts.push_back(pulse.amount);
  for (Perturbation& event : out)
    for (steps = 0; steps < static_cast<int>(amounts.size()); ++steps)
      if (event.amount_parameter == planned_dose(steps)) event.amount_parameter.clear(), event.amount = amounts[static_cast<std::size_t>(steps)];
  return out;
}

}  // namespace hyped
