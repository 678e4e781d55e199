// Doses to courses and events, strata to quantities.
#include "experiments/planning/systems/cycle_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/balanced_growth.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "models/delivery/uptake.hpp"

namespace hyped {
CycleSystem::CycleSystem(CyclePlanSetup setup, std::vector<CycleMember> members) : setup_(std::move(setup)), members_(std::move(members)) {
  if (members_.empty()) throw InputError("plan", "the ensemble has no member");
  if (!setup_.stages.density_rates.empty()) throw InputError("plan", "the model depends on the density of the cells", "plans need rates that do not");
  const auto base = make_staged(setup_.model, setup_.stages);
  StageSettings stages = setup_.stages;
  for (const auto& input : setup_.inputs) {
    if (std::find(base->inputs().begin(), base->inputs().end(), input) == base->inputs().end()) {
      const std::vector<std::string> valid(base->inputs().begin(), base->inputs().end());
      throw InputError("input '" + input + "'", "the model has no such input", valid.empty() ? "it has none: add an [[effect]]" : did_you_mean(input, valid));
    }
    const auto found = std::find_if(setup_.deliveries.begin(), setup_.deliveries.end(), [&](const DeliveredInput& d) { return d.input == input; });
    carried_.push_back(found == setup_.deliveries.end() ? -1 : static_cast<int>(found - setup_.deliveries.begin()));
    if (carried_.back() < 0 && stages.event_parameters.size() == setup_.stages.event_parameters.size())
      for (int k = 0; k < setup_.most_steps; ++k) stages.event_parameters.push_back({planned_dose(k), "1", "amount of a planned step", 0, 0, 1e6});
  }
  for (const auto& input : setup_.driven)
    if (std::find(base->inputs().begin(), base->inputs().end(), input) == base->inputs().end() || std::find(setup_.inputs.begin(), setup_.inputs.end(), input) != setup_.inputs.end())
      throw InputError("input '" + input + "'", "a gene is to drive it, and the model has no such input or the plan doses it", "name an input of an [[effect]] that is no [[input]] of the plan");
  model_ = make_staged(setup_.model, stages);
  values_.resize(members_.size()), starts_.resize(members_.size()), carriers_.resize(members_.size());
  const auto carrier_of = [](const DeliveredInput& d, const CycleMember& member) {
    std::map<std::string, double> kinetics = d.parameters;
    if (const auto own = member.kinetics.find(d.input); own != member.kinetics.end())
      for (const auto& [name, value] : own->second) kinetics[name] = value;
    return std::make_shared<const models::Carrier>(models::delivery_kind(d.kind), kinetics);
  };
  std::vector<std::shared_ptr<const models::Carrier>> shared;
  for (const DeliveredInput& d : setup_.deliveries) {
    const auto kinetics = [&](const CycleMember& m) { return m.kinetics.contains(d.input) ? m.kinetics.at(d.input) : std::map<std::string, double>{}; };
    common_.push_back(std::all_of(members_.begin(), members_.end(), [&](const CycleMember& m) { return kinetics(m) == kinetics(members_[0]); }));
    shared.push_back(common_.back() ? carrier_of(d, members_[0]) : nullptr);
  }
  parallel_for(member_count(), [&](int m) {
    const auto i = static_cast<std::size_t>(m);
    HYPED_REQUIRE(static_cast<int>(members_[i].parameters.size()) == base->parameter_count());
    values_[i] = model_->default_parameters();
    for (int p = 0; p < base->parameter_count(); ++p) values_[i][static_cast<std::size_t>(model_->parameter_index(base->parameters()[static_cast<std::size_t>(p)].name))] = members_[i].parameters[static_cast<std::size_t>(p)];
    for (std::size_t k = 0; k < setup_.deliveries.size(); ++k) carriers_[i].push_back(common_[k] ? shared[k] : carrier_of(setup_.deliveries[k], members_[i]));
    if (setup_.start == StartKind::steady) {
      const BalancedGrowth growth = balanced_growth(*model_, values_[i]);
      if (!growth.outcome.ok()) throw InputError("start", growth.outcome.message);
      starts_[i] = growth.stages;
    } else {
      Eigen::MatrixXd slope;
      starts_[i] = model_->start_distribution(values_[i], slope);
    }
  });
  std::vector<std::string> phase_names = phases();
  for (const CycleQuantity& q : setup_.quantities) {
    Eigen::VectorXd pick = Eigen::VectorXd::Zero(model_->stage_count());
    for (const auto& phase : q.phases)
      if (model_->phase_index(phase) < 0) throw InputError("'" + q.name + "'", "the model has no phase '" + phase + "'", did_you_mean(phase, phase_names));
    for (int s = 0; s < model_->stage_count(); ++s) {
      const std::string& phase = phase_names[static_cast<std::size_t>(model_->chain().phase[static_cast<std::size_t>(s)])];
      pick[s] = q.phases.empty() || std::find(q.phases.begin(), q.phases.end(), phase) != q.phases.end();
    }
    if (!q.at_dosing.empty() && std::find(setup_.inputs.begin(), setup_.inputs.end(), q.at_dosing) == setup_.inputs.end()) throw InputError("'" + q.name + "'", "'" + q.at_dosing + "' is no input of the plan");
    if (q.at_dosing.empty() && !(q.time_h >= setup_.start_h && q.time_h <= setup_.end_h)) throw InputError("'" + q.name + "'", fmt::format("its time {:.6g} h lies outside {:.6g} to {:.6g} h", q.time_h, setup_.start_h, setup_.end_h));
    picks_.push_back(pick);
    names_.push_back({q.name, q.kind == CycleQuantity::Kind::cells ? "cells per founder" : "1"});
  }
  // What differs between members.
  std::vector<std::vector<double>> columns;
  const auto keep = [&](const std::string& name, const std::vector<double>& values) {
    if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; })) return;
    parameter_names_.push_back(name), columns.push_back(values);
  };
  for (int p = 0; p < base->parameter_count(); ++p) {
    std::vector<double> values;
    for (const auto& member : members_) values.push_back(member.parameters[static_cast<std::size_t>(p)]);
    keep(std::string(base->parameters()[static_cast<std::size_t>(p)].name), values);
  }
  for (const auto& [input, kinetics] : members_[0].kinetics)
    for (const auto& [name, first] : kinetics) {
      std::vector<double> values;
      for (const auto& member : members_) values.push_back(member.kinetics.at(input).at(name));
      keep(input + " " + name, values);
    }
  parameter_values_.resize(member_count(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (int m = 0; m < member_count(); ++m) parameter_values_(m, static_cast<Eigen::Index>(c)) = columns[c][static_cast<std::size_t>(m)];
  count_untreated();
}

std::vector<std::string> CycleSystem::phases() const {
  std::vector<std::string> out;
  for (const auto& phase : model_->graph().phases) out.push_back(phase.name);
  return out;
}

std::shared_ptr<const models::DosedCourse> CycleSystem::dosed(int member, int delivery, const std::vector<models::DosePulse>& doses, bool derivatives) const {
  const models::Carrier* carrier = carriers_[static_cast<std::size_t>(member)][static_cast<std::size_t>(delivery)].get();
  const auto compute = [&] { return std::make_shared<const models::DosedCourse>(carrier->course(doses, setup_.end_h, derivatives)); };
  if (!common_[static_cast<std::size_t>(delivery)]) return compute();
  const std::lock_guard guard(courses_lock_);      // others wait for the course they need themselves
  const auto found = std::find_if(courses_.begin(), courses_.end(), [&](const SharedCourse& c) { return c.carrier == carrier && c.derivatives == derivatives && c.doses == doses; });
  if (found != courses_.end()) return found->course;
  courses_.push_back({carrier, doses, derivatives, compute()});
  if (courses_.size() > 32) courses_.pop_front();
  return courses_.back().course;
}

CycleSystem::Dish CycleSystem::dish_of(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, bool derivatives, std::span<const DrivenInput> driven) const {
  const auto m = static_cast<std::size_t>(member);
  Dish out;
  out.parameters = values_[m];
  Experiment dish;
  dish.id = "plan";
  dish.start_h = setup_.start_h;
  dish.initial.assign(starts_[m].begin(), starts_[m].end());
  dish.sample_times_h = times_h;
  const std::size_t directions = derivatives ? 3 * pulses.size() : 0;
  dish.input_directions.resize(directions), dish.event_directions.resize(directions);

  // Handling and steps: events with the direction that moves their time; one of several alike at an instant is enough.
  struct Timed {
    Perturbation change;
    int direction;
  };
  std::vector<Timed> events;
  for (const Perturbation& change : setup_.events) events.push_back({change, -1});
  int steps = 0;
  for (std::size_t k = 0; k < pulses.size(); ++k) {
    const control::Pulse& pulse = pulses[k];
    const std::string& input = setup_.inputs[static_cast<std::size_t>(pulse.input)];
    const auto add = [&](double time_h, Perturbation change, std::size_t knob) {
      if (!std::isfinite(time_h)) return;
      change.time_h = time_h;
      events.push_back({change, static_cast<int>(3 * k + knob)});
    };
    if (pulse.amount > 0)      // no dose, no medium change
      for (const PlannedHandling& handling : setup_.handling)
        if (handling.input == input) add(handling.at_end ? pulse.until_h : pulse.start_h, handling.change, handling.at_end ? 2 : 1);
    if (carried(pulse.input)) continue;
    if (steps == setup_.most_steps) throw InputError("plan", fmt::format("more than {} steps", setup_.most_steps), "allow fewer pulses");
    const int dose = model_->parameter_index(planned_dose(steps));
    out.parameters[static_cast<std::size_t>(dose)] = pulse.amount;
    add(pulse.start_h, {0, input, Action::set, pulse.amount, planned_dose(steps++)}, 1);
    add(pulse.until_h, {0, input, Action::set, 0, ""}, 2);
  }
  std::stable_sort(events.begin(), events.end(), [](const Timed& a, const Timed& b) { return a.change.time_h < b.change.time_h; });
  for (Timed event : events) {
    if (event.change.time_h < dish.start_h) throw InputError("plan", fmt::format("something is done at {:.6g} h, and cells are followed from {:.6g} h on", event.change.time_h, dish.start_h), "start later");
    bool again = false;
    for (std::size_t k = dish.schedule.size(); k-- > 0 && dish.schedule[k].time_h >= event.change.time_h - 1e-9;) {
      Perturbation& there = dish.schedule[k];
      if (there.target != event.change.target) continue;
      const bool other_change = event.change.target == "cells" && (there.action != event.change.action || there.amount != event.change.amount || there.amount_parameter != event.change.amount_parameter);
      if (other_change) {      // both happen, the second a moment later
        event.change.time_h = std::max(event.change.time_h, there.time_h + 2e-9);
        break;
      }
      again = true;
      if (event.change.target != "cells" && event.change.amount_parameter != "") there = event.change;      // a new step in place of the old one's end
    }
    if (again) continue;
    dish.schedule.push_back(event.change);
    if (event.direction >= 0 && derivatives) dish.event_directions[static_cast<std::size_t>(event.direction)].push_back(static_cast<int>(dish.schedule.size()) - 1);
  }

  for (const DrivenInput& input : driven) {
    dish.inputs[input.input] = input.course;
    for (std::size_t d = 0; d < directions; ++d) dish.input_directions[d][input.input] = input.by[d];
  }
  out.strata = {{1.0, dish}};
  for (std::size_t i = 0; i < setup_.inputs.size(); ++i) {
    if (!carried(static_cast<int>(i))) continue;
    std::vector<models::DosePulse> doses;
    std::vector<std::size_t> place;
    for (std::size_t k = 0; k < pulses.size(); ++k)
      if (pulses[k].input == static_cast<int>(i)) doses.push_back({pulses[k].amount, pulses[k].start_h, pulses[k].until_h}), place.push_back(k);
    if (doses.empty()) continue;
    const DeliveredInput& delivery = setup_.deliveries[static_cast<std::size_t>(carried_[i])];
    const auto dosed_course = dosed(member, carried_[i], doses, derivatives);
    const models::DosedCourse& course = *dosed_course;
    std::vector<std::pair<double, Experiment>> split;
    for (const auto& [weight, before] : out.strata)
      for (const models::Stratum& uptake : models::uptake_strata(delivery.transfected_fraction, delivery.log_sd, delivery.dose_points)) {
        split.emplace_back(weight * uptake.weight, before);
        if (!(uptake.relative_dose > 0)) continue;
        Experiment& mine = split.back().second;
        mine.inputs[delivery.input] = course.course.scaled(uptake.relative_dose);
        for (std::size_t k = 0; k < place.size() && derivatives; ++k) {
          mine.input_directions[3 * place[k]][delivery.input] = course.by_amount[k].scaled(uptake.relative_dose);
          mine.input_directions[3 * place[k] + 1][delivery.input] = course.by_from[k].scaled(uptake.relative_dose);
          if (std::isfinite(pulses[place[k]].until_h)) mine.input_directions[3 * place[k] + 2][delivery.input] = course.by_until[k].scaled(uptake.relative_dose);
        }
      }
    out.strata = std::move(split);
  }
  return out;
}

control::PlannedAnswer CycleSystem::answer(int member, std::span<const control::Pulse> pulses, bool derivatives, std::span<const DrivenInput> driven) const {
  control::PlannedAnswer out;
  derivatives = derivatives && !pulses.empty();      // without a dose there is nothing to move
  const int count = static_cast<int>(setup_.quantities.size()), directions = static_cast<int>(3 * pulses.size());
  std::vector<double> times;
  std::vector<std::pair<double, int>> moment;      // of each quantity: its time, and the pulse whose start it is
  for (const CycleQuantity& q : setup_.quantities) {
    moment.emplace_back(q.time_h, -1);
    if (!q.at_dosing.empty()) {
      moment.back().first = setup_.end_h;      // without a pulse of it: the end
      for (std::size_t k = 0; k < pulses.size(); ++k)
        if (setup_.inputs[static_cast<std::size_t>(pulses[k].input)] == q.at_dosing && pulses[k].start_h < moment.back().first) moment.back() = {pulses[k].start_h, static_cast<int>(k)};
    }
    times.push_back(moment.back().first);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const Dish dish = dish_of(member, pulses, times, derivatives, driven);
  LinearOptions options;
  options.varying = Varying::explicit_steps;      // shares and counts are smooth in the states
  if (derivatives)
    for (int c = 0; c < directions; ++c) options.columns.push_back(model_->parameter_count() + c);
  // amounts of steps are parameters of their own
  std::vector<int> step_column(pulses.size(), -1);
  int steps = 0;
  for (std::size_t k = 0; k < pulses.size() && derivatives; ++k)
    if (!carried(pulses[k].input)) step_column[k] = static_cast<int>(options.columns.size()), options.columns.push_back(model_->parameter_index(planned_dose(steps++)));
  out.values.setZero(count);
  out.by_pulses.setZero(count, derivatives ? directions : 0);
  Eigen::VectorXd part = Eigen::VectorXd::Zero(count), total = part;
  Eigen::MatrixXd part_slope = out.by_pulses, total_slope = out.by_pulses;
  for (const auto& [weight, experiment] : dish.strata) {
    const Trajectory run = simulate_linear(*model_, dish.parameters, experiment, options, derivatives ? Sensitivities::parameters : Sensitivities::none);
    if (!run.outcome.ok()) {
      out.outcome = run.outcome;
      return out;
    }
    for (int q = 0; q < count; ++q) {
      const auto& [time, pulse] = moment[static_cast<std::size_t>(q)];
      const auto row = std::lower_bound(times.begin(), times.end(), time) - times.begin();
      const Eigen::VectorXd x = run.states.row(row).transpose();
      const Eigen::VectorXd& pick = picks_[static_cast<std::size_t>(q)];
      part[q] += weight * pick.dot(x), total[q] += weight * x.sum();
      if (!derivatives) continue;
      const Eigen::MatrixXd& slope = run.sensitivities[static_cast<std::size_t>(row)];      // [S x columns]
      Eigen::MatrixXd by = slope.leftCols(directions);
      for (std::size_t k = 0; k < pulses.size(); ++k)
        if (step_column[k] >= 0) by.col(static_cast<Eigen::Index>(3 * k)) += slope.col(step_column[k]);
      if (pulse >= 0) {      // the moment itself moves: along the rates after what happens at it
        std::vector<double> p = dish.parameters, dx(static_cast<std::size_t>(x.size()));
        for (const auto& [name, course] : experiment.inputs) p[static_cast<std::size_t>(model_->parameter_index(name))] = course(time);
        for (const Perturbation& event : experiment.schedule)      // steps
          if (const int at = model_->parameter_index(event.target); at >= 0 && event.time_h <= time) p[static_cast<std::size_t>(at)] = event.amount;
        model_->rates(time, {x.data(), static_cast<std::size_t>(x.size())}, p, dx);
        by.col(3 * pulse + 1) += Eigen::Map<const Eigen::VectorXd>(dx.data(), x.size());
      }
      part_slope.row(q) += weight * pick.transpose() * by;
      total_slope.row(q) += weight * by.colwise().sum();
    }
  }
  for (int q = 0; q < count; ++q) {
    const CycleQuantity::Kind kind = setup_.quantities[static_cast<std::size_t>(q)].kind;
    if (kind == CycleQuantity::Kind::share) {
      out.values[q] = part[q] / total[q];
      if (derivatives) out.by_pulses.row(q) = (part_slope.row(q) - out.values[q] * total_slope.row(q)) / total[q];
    } else {
      const double unit = kind == CycleQuantity::Kind::cells ? 1 : untreated_[static_cast<std::size_t>(member)][q];
      out.values[q] = part[q] / unit;
      if (derivatives) out.by_pulses.row(q) = part_slope.row(q) / unit;
    }
  }
  return out;
}

void CycleSystem::count_untreated() {
  untreated_.assign(members_.size(), Eigen::VectorXd::Ones(static_cast<Eigen::Index>(setup_.quantities.size())));
  if (std::none_of(setup_.quantities.begin(), setup_.quantities.end(), [](const CycleQuantity& q) { return q.kind == CycleQuantity::Kind::relative_cells; })) return;
  std::vector<Eigen::VectorXd> found(members_.size());
  parallel_for(member_count(), [&](int m) {
    const control::PlannedAnswer none = answer(m, {}, false);
    if (!none.outcome.ok()) throw InputError("plan", "a member of the ensemble cannot be simulated without doses: " + none.outcome.message);
    found[static_cast<std::size_t>(m)] = none.values;
  });
  untreated_ = std::move(found);
}

}  // namespace hyped
