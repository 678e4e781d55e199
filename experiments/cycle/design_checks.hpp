// Checks of the experiment's design on the data themselves: arms treated alike that differ, density that differs between arms.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiments/cycle/cycle_fit.hpp"

namespace hyped {

// Growth of two arms over a time in which they are treated alike; the difference is no effect of any input.
struct PlaceboCheck {
  std::string one, two;
  double from_h = 0, until_h = 0;             // until: the first input or event that tells them apart
  double growth_one = 0, growth_two = 0;      // slopes of log totals, means over wells [1/h]
  int wells_one = 0, wells_two = 0;
  double difference = 0, lower = 0, upper = 0;      // two - one, 95 % t interval, variance between wells pooled over all arms
  double degrees = 0, p = 1;
  bool differs() const { return lower > 0 || upper < 0; }
};

// Number of cells at the start by arm.
struct DensityCheck {
  struct Arm {
    std::string condition;
    int wells = 0;
    double mean = 0, lowest = 0, highest = 0;      // cells; geometric mean over wells
  };
  std::vector<Arm> arms;
  double between_share = 0;                   // share of the variance of log starts that is between arms
  double f = 0, p = 1;                        // one-way analysis of variance of log starts
  std::size_t densest = 0, thinnest = 0;      // of arms
  double fold() const { return arms[densest].mean / arms[thinnest].mean; }
};

// First time at which two arms are told apart by an event, a step or an input course; infinity if never.
double first_difference_h(const Arm& one, const Arm& two);

// Every pair of arms that is treated alike for at least three frames and whose wells allow an interval; once over all frames
// before they part and, where the fit leaves frames out at the start, once over the frames of the fit.
std::vector<PlaceboCheck> placebo_checks(const CycleSetup& setup, const PhaseCounts& data);
// Empty for relative data, fewer than two arms, or no arm with two wells.
std::optional<DensityCheck> density_check(const CycleSetup& setup, const PhaseCounts& data);

// Doubts of the design in a few words each, for every result that rests on differences between arms.
std::vector<std::string> design_doubts(const CycleSetup& setup, const PhaseCounts& data);

// Tables placebo, density_by_arm, density_correlations; warnings and notes in words; the ratio of the spread between wells to
// the demographic one in words.
void write_design_checks(RunDirectory& run, const CycleFit& fitted, const PhaseCounts& data);

}  // namespace hyped
