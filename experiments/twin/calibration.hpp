// Do 95 % intervals hold the truth in 95 % of twins? The check every interval of the default likelihood has to pass.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

struct CalibrationOptions {
  int twins = 200, profiled = 0;              // profiled: profiles of the rates are checked on so many of them
  std::uint64_t seed = 1000;
  std::vector<std::string> rates;             // parameters the pooled coverage is of; empty: every parameter with a truth
};

struct CalibratedParameter {
  std::string name;
  int used = 0, covered = 0, independent_covered = 0, profiled = 0, profile_covered = 0;
  double bias = 0, scatter = 0, claimed = 0, independent_claimed = 0;      // search scale: mean error, its sd, mean standard errors
};

struct Calibration {
  std::vector<CalibratedParameter> parameters;
  int twins = 0, failed = 0;                  // failed: no intervals, or an outcome other than ok
  int flagged = 0;                            // twins whose residual check found a fault
  std::vector<std::string> words;             // what it said, distinct, with counts
  double pooled = 0, independent_pooled = 0, profile_pooled = 0;      // shares of intervals that hold the truth, over `rates`
  std::vector<double> components;             // mean variance components
};

// Twins of `truth` (its [twin]) fitted with `fitted` (its model may differ: another number of stages).
Calibration calibrate(const Scenario& truth, const Scenario& fitted, const CalibrationOptions& options);
Table calibration_table(const std::string& name, const Calibration& calibration);

}  // namespace hyped
