// Conditions on time in expressions: which there are, and when they switch.
#pragma once
#include <span>
#include <vector>

#include "libhyped/model/clock_use.hpp"
#include "libhyped/model/expression.hpp"

namespace hyped {

// Time stands in comparisons, floor, ceil, sign, abs, min, max and what piecewise asks; each switches where a function of time and
// parameters passes zero (or a whole number). Where that function is linear in time between the switches of what it holds itself,
// as in time > on or time - 24*floor(time/24) < 12, its times are exact.
class ClockConditions {
 public:
  ClockConditions() = default;
  // Of all that `rates` need. Slots of the graph's variables: time, states, parameters.
  ClockConditions(ExpressionGraph& graph, const std::vector<ExpressionGraph::Node>& rates, int states, int parameters);
  const std::vector<ClockUse>& uses() const { return uses_; }      // of each rate
  // All switches in [from, until], in order, apart by more than rounding; derivatives are NaN where switches coincide that parameters
  // move differently. Throws InputError for a condition that is not a number, and for more than 100,000 switches.
  std::vector<ClockSwitch> switches(std::span<const double> parameters, double from_h, double until_h) const;

 private:
  struct Condition {
    Tape tape;                // the function, its slope in time, its derivatives by the parameters [2 + P]
    bool at_whole_numbers;      // switches at every one, not at zero alone
  };
  std::vector<Condition> conditions_;      // those that others hold come first
  std::vector<ClockUse> uses_;
  int states_ = 0, parameters_ = 0;
};

}  // namespace hyped
