// What an experimenter does to a culture, as data: the solver stops exactly at each event and restarts.
#pragma once
#include <limits>
#include <string>
#include <vector>

namespace hyped {

enum class Action { set, add, scale };

// One change of one named state, parameter or input at one time. Target "cells" means every state (medium change, wash,
// cell loss at handling). A change of a parameter or input holds until the next one.
struct Perturbation {
  double time_h = 0;
  std::string target;
  Action action = Action::set;
  double amount = 0;
  std::string amount_parameter = "";      // if not empty, the amount is this model parameter's value
  bool operator==(const Perturbation&) const = default;
};

// Sorted by time. Semantics, in this order at one instant: perturbations in the order given (two on one target at one
// instant is an InputError), then observation, so a sample at an event's time sees the state after it. Events before the
// first sample time act at their time after `start_h`; an event before start_h is an InputError.
// Sensitivities jump with the event: set -> 0 (or the amount parameter's 1), add -> + that, scale -> times the factor; with
// respect to the event's time: J f(before) - f(after), J the event's Jacobian.
using Schedule = std::vector<Perturbation>;

// An input that is `amount` in [from, until) and 0 outside.
Schedule pulse(std::string input, double from_h, double until_h, double amount);
// `factor` of all cells stay at time_h.
Perturbation keep_fraction_of_cells(double time_h, double factor, std::string parameter = "");
Schedule merge(const std::vector<Schedule>& parts);

}  // namespace hyped
