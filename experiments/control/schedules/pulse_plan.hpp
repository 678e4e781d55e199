// A plan as doses in time, and the variables it is searched by: amount, start and duration of each pulse, within the inputs' limits.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

inline constexpr double never_h = std::numeric_limits<double>::infinity();

// `amount` of an input given at start_h and washed out at until_h (infinite: never).
struct Pulse {
  int input = 0;
  double amount = 0, start_h = 0, until_h = never_h;
};

// What may be done with one input. Equal bounds fix a quantity. Times in hours.
struct InputLimits {
  std::string name, unit = "reference dose";
  double lowest = 0, highest = 1;                          // amount of one pulse
  double earliest_h = 0, latest_h = 0;                     // start of a pulse
  double shortest_h = never_h, longest_h = never_h;        // of a pulse; both infinite: it is not washed out
  int fewest = 0, most = 1;                                // pulses
  double total = never_h;                                  // of all its pulses' amounts
  bool free = false;                                       // a course of levels over all the time, no pulses: experiments/planning/course
  double gap_h = 0;                                        // from the end of a pulse (its start, if never washed out) to the next one's start
};

enum class Knob { amount, start, duration };
struct PlanVariable {
  int pulse = 0;
  Knob knob = Knob::amount;
  std::string name, unit;                                  // "siPRRX1 pulse 1 start", "h"
  double lower = 0, upper = 1;
};

// Which inputs are given in which order: the integer part of a plan, enumerated; the rest is continuous.
class PlanShape {
 public:
  // `sequence`: input of every pulse; pulses of one input are in order of time. With `ordered`, all pulses are, `between_h` apart at least.
  PlanShape(const std::vector<InputLimits>& inputs, std::vector<int> sequence, bool ordered, double between_h);

  int pulse_count() const { return static_cast<int>(sequence_.size()); }
  const std::vector<int>& sequence() const { return sequence_; }
  const std::vector<PlanVariable>& variables() const { return variables_; }
  int variable_count() const { return static_cast<int>(variables_.size()); }
  Eigen::VectorXd lower() const, upper() const;            // [V]
  std::vector<Pulse> pulses(const Eigen::VectorXd& x) const;
  // x of these pulses (same sequence); values outside the bounds are moved to them.
  Eigen::VectorXd variables_of(std::span<const Pulse> pulses) const;
  // d (amount, start, until of every pulse) / d x [3K x V]; rows of washes that never come are zero.
  const Eigen::MatrixXd& by_variable() const { return by_variable_; }
  // Limits that are linear in x: rows * x <= most. Totals, gaps, order.
  struct Linear {
    Eigen::RowVectorXd row;                                // [V]
    double most = 0;
    std::string name;
  };
  const std::vector<Linear>& linear() const { return linear_; }
  std::string words() const;                               // "siPRRX1, then mmMYOD1 twice"

 private:
  std::vector<InputLimits> inputs_;
  std::vector<int> sequence_;
  std::vector<PlanVariable> variables_;
  std::vector<Pulse> fixed_;                               // values of what is no variable; until_h holds the duration
  Eigen::MatrixXd by_variable_;
  std::vector<Linear> linear_;
  bool ordered_ = false;
};

// Every number of pulses that the limits allow; with between_h > 0 also every order in which pulses of different inputs can follow
// each other (otherwise the order is what the starts make it). InputError: limits that cross (which), no input, more than 64 shapes.
std::vector<PlanShape> enumerate_shapes(const std::vector<InputLimits>& inputs, double between_h = 0);

}  // namespace hyped::control
