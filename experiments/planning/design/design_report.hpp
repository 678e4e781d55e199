// The answer to a design question, however the information was made: ranking, shares with their proof, numbers to do, intervals.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/control/next_experiment/exact_design.hpp"
#include "experiments/planning/design/design_plan.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct QuantityLabel {
  std::string name, unit;
  double value = 0;                     // on the scale of the intervals
  bool log10 = false;                   // natural value is 10^value
};

// Tables ranking (every candidate done once), design (shares of the budget with the equivalence theorem's check, whole numbers),
// quantities (intervals before and after); figure ranking; answers. Returns the exact design.
control::ExactDesign write_design(RunDirectory& run, const control::DesignProblem& problem, const std::vector<QuantityLabel>& labels, const DesignSettings& settings, std::uint64_t seed);

// One check of a predicted standard error by refits of simulated data.
struct ErrorCheck {
  std::string quantity, experiment, how;      // experiment: existing, with the design; how: what was simulated
  double predicted = 0, realised = 0;         // standard errors
  int used = 0, failed = 0, covered = -1;     // covered: refits whose own 95 % intervals hold the truth; -1: not counted
  int intervals = -1;                         // refits that gave an interval of their own; -1: all used
};
// Table verification, figure, answers. A realised error is a chi-squared number of used - 1 degrees: its 95 % interval stands beside it.
void write_checks(RunDirectory& run, const std::vector<ErrorCheck>& checks);

}  // namespace hyped
