// The best plan: every shape, many starts on a few members, the best of them on all members.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/control/ensembles/ensemble_program.hpp"

namespace hyped::control {

struct PlanSearchOptions {
  int candidates = 48;             // points of a low-discrepancy design, by shape, whose cost is looked at
  int starts = 6;                  // of them, the best that are not alike, are local solves on `screening` members
  int screening = 8;               // members
  int polished = 2;                // ends, over all shapes, that are solved again on all members; more where none of them keeps the limits there
  int sweep = 12;                  // starts over the range of every pulse of the best end, all else as it is, that are looked at for a better valley; 0: none
  double tolerance = 1e-8;         // of the last solves
  double gain = 1e-7;              // a step that gains less of the cost, relative, is the last one
  int iterations = 200;
  double keeps = 1e-6;             // a constraint counts as kept within this
  std::uint64_t seed = 1;          // of the design's shift
  std::vector<std::vector<Pulse>> given;      // plans to start from too (the paper's protocol), by their sequence
};

struct FoundPlan {
  std::vector<Pulse> pulses;
  Eigen::VectorXd x;               // of its shape
  int shape = 0;
  double cost = 0, violation = 0;
  double optimality = 0;           // of the last solve, scaled variables
  std::string ended;               // how the last solve ended, if not well
};

struct ShapeRow {
  std::string words;
  int variables = 0;
  bool feasible = false;
  double cost = 0;                 // the best end of its starts, on the screening members
  int starts = 0, alike = 0;       // ends within 1 % (or 1e-6) of the best
};

struct PlanSearch {
  std::vector<PlanShape> shapes;
  std::vector<ShapeRow> rows;      // [shapes]
  FoundPlan best;
  std::vector<FoundPlan> others;   // the other polished ones, by cost
  long evaluations = 0;            // of single members
};

// Shapes and starts run in parallel, each by itself; the last solves run over members in parallel. The same plan for any number of
// threads. A start that breaks constraints goes first to where their squared violations are least. InputError naming the constraints (and
// by how much they are missed) if no end of any search, of all shapes, keeps them all; if no member can be simulated, or none at the plan.
PlanSearch find_plan(const PlanProblem& problem, const PlanSearchOptions& options = {});

// Shapes of the problem, points of the design that keep all that is linear are preferred [n x V] (for tests: sampled schedules).
std::vector<Eigen::VectorXd> design_points(const PlanShape& shape, int count, std::uint64_t seed);

}  // namespace hyped::control
