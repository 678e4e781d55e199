// Which stretches of a plan are at a bound and which are not, found from a solution on a grid; then the exact switching times.
#pragma once
#include "experiments/control/courses/first_order_conditions.hpp"

namespace hyped::control {

enum class ControlLevel { lower, upper, inside };      // inside: between its bounds (a singular or a smooth arc)

struct StructureArc {
  double from = 0, until = 0;
  std::vector<ControlLevel> levels;                    // [U]
  bool operator==(const StructureArc&) const = default;
};

struct SwitchingStructure {
  std::vector<StructureArc> arcs;
  std::string words(const OptimalControlProblem& problem) const;      // "u: upper to 1.2, lower from then on"
};

// From controls that are constant in each interval: an interval between two bounds is a switch inside it, placed so that the integral
// of the control stays; three or more in a row are an arc of their own. tolerance: share of the range that counts as at the bound.
SwitchingStructure find_structure(const OptimalControlProblem& problem, const ControlCourse& course, double tolerance = 1e-3);

struct StructureOptions {
  OptimalControlOptions solver = {};                   // of the switching-time problem; arcs, shape and guess are set here
  int intervals = 40;                                  // over the horizon; every arc has at least `arc_intervals`
  int arc_intervals = 4;
  int rounds = 6;                                      // arcs that vanish are dropped, arcs that the switching function asks for put in
  double tolerance = 1e-7;                             // of the first-order conditions, relative
};

struct RefinedControl {
  ControlSolution solution;
  SwitchingStructure structure;
  std::vector<double> switches;                        // times between arcs
  FirstOrderReport report;
  int rounds = 0;
  Outcome outcome;
};

// Arcs with free durations, controls at their bounds (free where inside): switching-time optimisation from the structure given. The result
// says by its report whether the first-order conditions hold; where their sign fails the structure is corrected and solved again.
// Source: Maurer, Buskens, Kim & Kaya 2005, Optim Control Appl Methods 26:129 (arc parametrisation).
RefinedControl refine_structure(const OptimalControlProblem& problem, const SwitchingStructure& structure, const ControlSolution& guess, const StructureOptions& options = {});

// Grid first, structure from it, then refinement: the whole way.
RefinedControl solve_by_structure(const OptimalControlProblem& problem, const OptimalControlOptions& grid, const StructureOptions& options = {});

}  // namespace hyped::control
