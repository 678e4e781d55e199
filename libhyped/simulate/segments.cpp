// Checks an experiment at the door and cuts it at its events and input breaks.
#include "libhyped/simulate/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

std::string place(const Experiment& experiment) {
  return experiment.id.empty() ? "experiment" : "experiment '" + experiment.id + "'";
}

std::vector<std::string> parameter_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& spec : model.parameters()) names.emplace_back(spec.name);
  return names;
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

void check_values(const Model& model, std::span<const double> parameters, const Experiment& experiment) {
  const std::string where = place(experiment);
  const auto states = static_cast<std::size_t>(model.state_count()), count = static_cast<std::size_t>(model.parameter_count());
  if (parameters.size() != count)
    throw InputError(where, fmt::format("{} parameters were given, model '{}' has {}", parameters.size(), model.name(), count));
  if (experiment.initial.size() != states)
    throw InputError(where, fmt::format("{} initial values were given, model '{}' has {} states", experiment.initial.size(),
                                        model.name(), states));
  const auto& by = experiment.initial_by_parameter;
  if (by.size() > 0 && (by.rows() != model.state_count() || by.cols() < model.parameter_count()))
    throw InputError(where, fmt::format("initial_by_parameter is {} x {}, expected {} x at least {}", by.rows(), by.cols(), states, count));
  if (!all_finite(parameters)) throw InputError(where, "a parameter is not finite");
  if (!all_finite(experiment.initial)) throw InputError(where, "an initial value is not finite");
  if (!std::isfinite(experiment.start_h)) throw InputError(where, "start_h is not finite");
  const auto& times = experiment.sample_times_h;
  if (!all_finite(times)) throw InputError(where, "a sample time is not finite");
  for (std::size_t i = 1; i < times.size(); ++i)
    if (!(times[i - 1] < times[i]))
      throw InputError(where, fmt::format("sample times must increase: {} h is followed by {} h", times[i - 1], times[i]));
  if (!times.empty() && times.front() < experiment.start_h)
    throw InputError(where, fmt::format("sample at {} h lies before the start at {} h", times.front(), experiment.start_h));
}

BoundEvent bind(const Model& model, std::span<const double> parameters, const Experiment& experiment, std::size_t number) {
  const Perturbation& event = experiment.schedule[number];
  const std::string where = fmt::format("{}, event {} at {} h", place(experiment), number, event.time_h);
  if (!std::isfinite(event.time_h) || !std::isfinite(event.amount)) throw InputError(where, "time and amount must be finite");
  if (event.time_h < experiment.start_h)
    throw InputError(where, fmt::format("it lies before the start of the experiment at {} h", experiment.start_h));
  if (number > 0 && event.time_h < experiment.schedule[number - 1].time_h)
    throw InputError(where, "the schedule is not sorted by time", "sort it, or build it with merge()");
  for (std::size_t other = number; other-- > 0 && experiment.schedule[other].time_h == event.time_h;)
    if (experiment.schedule[other].target == event.target)
      throw InputError(where, "a second event on '" + event.target + "' at the same instant", "combine them into one");
  BoundEvent bound{.action = event.action, .amount = event.amount, .number = static_cast<int>(number)};
  const std::vector<std::string> names = parameter_names(model);
  if (!event.amount_parameter.empty()) {
    bound.amount_parameter = model.parameter_index(event.amount_parameter);
    if (bound.amount_parameter < 0)
      throw InputError(where, "unknown amount parameter '" + event.amount_parameter + "'", did_you_mean(event.amount_parameter, names));
    bound.amount = parameters[static_cast<std::size_t>(bound.amount_parameter)];
  }
  if (!model.stoichiometry().empty() && model.parameter_index(event.target) < 0 && event.action != Action::add && bound.amount < 0)
    throw InputError(where, fmt::format("it {} '{}' {} {}, and amounts are not negative", event.action == Action::set ? "sets" : "scales", event.target, event.action == Action::set ? "to" : "by", bound.amount), "give 0 or more");
  if (event.target == "cells") {
    bound.kind = BoundEvent::Kind::all_states;
  } else if ((bound.index = model.state_index(event.target)) >= 0) {
    bound.kind = BoundEvent::Kind::state;
  } else if ((bound.index = model.parameter_index(event.target)) >= 0) {
    bound.kind = BoundEvent::Kind::parameter;
    if (experiment.inputs.contains(event.target))
      throw InputError(where, "'" + event.target + "' is already given over time as an input", "change that input's course");
  } else {
    std::vector<std::string> valid{"cells"};
    for (const auto& spec : model.states()) valid.emplace_back(spec.name);
    valid.insert(valid.end(), names.begin(), names.end());
    throw InputError(where, "unknown target '" + event.target + "'", did_you_mean(event.target, valid));
  }
  return bound;
}

// A switch at a cut that is there already: rounding is no segment, and the derivative by what moves the switch misses the jump.
double nearness(double t) { return 1e-12 * std::max(1.0, std::abs(t)); }

void mark_one_sided(const Eigen::VectorXd& by_parameter, bool all, std::vector<int>& out) {
  for (Eigen::Index p = 0; p < by_parameter.size(); ++p)
    if (all ? by_parameter[p] != 0 : std::isnan(by_parameter[p])) out.push_back(static_cast<int>(p));
}

// Switches between the cuts, parameters as events have left them.
std::vector<ClockSwitch> switches_of(const Model& model, std::span<const double> parameters, const std::vector<BoundEvent>& events, const Schedule& schedule,
                                     const std::vector<double>& cuts, double last, Plan& plan) {
  std::vector<ClockSwitch> all;
  ActiveParameters active(parameters, plan.inputs);
  std::size_t event = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    for (; event < events.size() && schedule[event].time_h <= cuts[i]; ++event)
      if (events[event].kind == BoundEvent::Kind::parameter) active.apply(events[event]);
    const double until = i + 1 < cuts.size() ? cuts[i + 1] : last;
    const std::span<const double> now = active.after(cuts[i]);
    std::vector<double> known(now.begin(), now.end());
    for (const BoundInput& input : plan.inputs) known[static_cast<std::size_t>(input.parameter)] = std::numeric_limits<double>::quiet_NaN();
    for (ClockSwitch& s : model.clock_switches(known, cuts[i], until)) {
      const bool at_cut = s.time_h - cuts[i] <= nearness(s.time_h) || (i + 1 < cuts.size() && until - s.time_h <= nearness(s.time_h));
      mark_one_sided(s.by_parameter, at_cut, plan.one_sided);
      s.by_parameter = s.by_parameter.array().isNaN().select(0, s.by_parameter);
      if (!at_cut) all.push_back(std::move(s));
    }
  }
  return all;
}

}  // namespace

Plan plan_of(const Model& model, std::span<const double> parameters, const Experiment& experiment) {
  check_values(model, parameters, experiment);
  Plan plan;
  plan.sample_count = static_cast<int>(experiment.sample_times_h.size());
  plan.event_count = static_cast<int>(experiment.schedule.size());
  std::vector<BoundEvent> events;
  for (std::size_t k = 0; k < experiment.schedule.size(); ++k) events.push_back(bind(model, parameters, experiment, k));
  for (const auto& [name, course] : experiment.inputs) {
    const int index = model.parameter_index(name);
    if (index < 0) throw InputError(place(experiment), "unknown input '" + name + "'", did_you_mean(name, parameter_names(model)));
    plan.inputs.push_back({index, &course});
  }
  if (experiment.sample_times_h.empty()) return plan;

  const double last = experiment.sample_times_h.back();
  std::vector<double> cuts{experiment.start_h};
  const auto cut = [&](double t) {
    if (t > experiment.start_h && t <= last) cuts.push_back(t);
  };
  for (const Perturbation& event : experiment.schedule) cut(event.time_h);
  for (const auto& [name, course] : experiment.inputs)
    for (const double t : course.breaks()) cut(t);
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());

  const ClockUse clock = model.clock_use().value_or(ClockUse::none);
  std::map<double, Eigen::VectorXd> moved_by;
  if (clock != ClockUse::none)
    for (ClockSwitch& s : switches_of(model, parameters, events, experiment.schedule, cuts, last, plan)) moved_by.emplace(s.time_h, std::move(s.by_parameter));
  for (const auto& [time, _] : moved_by) cuts.push_back(time);
  std::ranges::sort(cuts);
  if (clock == ClockUse::unresolved) plan.longest_step_h = (last - experiment.start_h) / 2000;

  std::size_t event = 0, sample = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const bool final = i + 1 == cuts.size();
    Segment segment{cuts[i], final ? last : cuts[i + 1], {}, {}, clock != ClockUse::none};
    if (const auto found = moved_by.find(cuts[i]); found != moved_by.end() && !found->second.isZero(0)) segment.moved_by = found->second;
    for (; event < events.size() && experiment.schedule[event].time_h == cuts[i]; ++event) segment.events.push_back(events[event]);
    for (; sample < experiment.sample_times_h.size() && (final || experiment.sample_times_h[sample] < segment.until_h); ++sample)
      segment.samples_h.push_back(experiment.sample_times_h[sample]);
    plan.segments.push_back(std::move(segment));
  }
  return plan;
}

double Segment::off_the_ends(double t) const {
  const double margin = std::min(0.25 * (until_h - from_h), 1e-10 * std::max(std::abs(from_h), std::abs(until_h)));
  return std::clamp(t, from_h + margin, until_h - margin);
}

Outcome event_outcome(const Model& model, const BoundEvent& event, int state, double before, double after, double time_h) {
  const auto said = [&](const char* what) {
    return fmt::format("the event at {:.6g} h {} '{}' ({:.6g} becomes {:.6g})", time_h, what, model.states()[static_cast<std::size_t>(state)].name, before, after);
  };
  if (!std::isfinite(after)) return {Status::not_finite, said("makes infinite"), time_h};
  const double rounding = 1e-6 * (std::abs(before) + std::abs(event.amount));
  if (model.stoichiometry().empty() || after >= -rounding || after >= before) return {};
  return {Status::not_converged, said("takes below zero") + ": amounts are not negative", time_h};
}

double after_event(const BoundEvent& event, double value) {
  switch (event.action) {
    case Action::set: return event.amount;
    case Action::add: return value + event.amount;
    case Action::scale: return value * event.amount;
  }
  return value;
}

ActiveParameters::ActiveParameters(std::span<const double> parameters, std::span<const BoundInput> inputs)
    : values_(parameters.begin(), parameters.end()), inputs_(inputs.begin(), inputs.end()), plain_(inputs.empty()) {
  const auto count = static_cast<Eigen::Index>(parameters.size());
  by_parameter_.setIdentity(count, count);
  for (const BoundInput& input : inputs_) by_parameter_.row(input.parameter).setZero();
}

void ActiveParameters::apply(const BoundEvent& event) {
  auto row = by_parameter_.row(event.index);
  double& value = values_[static_cast<std::size_t>(event.index)];
  const double before = value;
  value = after_event(event, value);
  if (event.action == Action::set) row.setZero();
  if (event.action == Action::scale) row *= event.amount;
  if (event.amount_parameter >= 0) row[event.amount_parameter] += event.action == Action::scale ? before : 1;
  plain_ = false;
}

void ActiveParameters::begin(double until_h) { last_inside_ = std::nextafter(until_h, -std::numeric_limits<double>::infinity()); }

std::span<const double> ActiveParameters::at(double t) { return after(std::min(t, last_inside_)); }

std::span<const double> ActiveParameters::after(double t) {
  for (const BoundInput& input : inputs_) values_[static_cast<std::size_t>(input.parameter)] = (*input.course)(t);
  return values_;
}

}  // namespace hyped
