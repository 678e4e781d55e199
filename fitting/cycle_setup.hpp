// Everything that defines a cell-cycle fit except the data: model, arms, class map, which parameters are free and shared.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fitting/parameter_space.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/observe/class_map.hpp"
#include "libhyped/simulate/schedule.hpp"
#include "libhyped/simulate/input_course.hpp"

namespace hyped {

// Cells of an arm that received the same doses; weights of an arm sum to 1.
struct ArmStratum {
  double weight = 1;
  std::map<std::string, InputCourse> inputs;
};

struct Arm {
  std::string condition;
  std::vector<ArmStratum> strata;
  Schedule schedule;                       // events of all its cells: medium change, cell loss, inputs that step
};

// odds: start_<phase> parameters; steady: balanced growth of the condition named in CycleSetup::steady_condition.
enum class StartKind { odds, steady };

// Overrides of a model parameter's treatment; a parameter not named is free, shared and bounded as the model says, except
// inputs (0), death of phases in `fixed` and misreading (0).
struct ParameterChoice {
  std::string name;
  std::optional<double> fixed;
  std::map<std::string, double> fixed_in;      // conditions where it has a known value
  bool per_condition = false;
  std::vector<std::string> conditions;     // per_condition: those with a value of their own; empty: all
  std::optional<double> lower, upper, start;
  std::optional<SearchScale> scale;
  std::optional<NormalPrior> prior;        // on the search scale
};

// Parameters whose log varies between wells (or value, for an additive one), with one variance for the group.
struct RandomEffectGroup {
  std::string name;                        // of the standard deviation in tables
  std::vector<std::string> parameters;     // model parameters with a positive value
  std::optional<double> assumed_sd;        // of the log, where wells are too few to estimate it; empty: estimated
  std::string assumed_from;                // why that value
};

struct CycleSetup {
  std::string model = "cell_cycle/two_phase";
  StageSettings stages;
  ClassMap map;
  std::vector<Arm> arms;
  std::vector<Arm> unseen_arms;            // without data: they can be predicted (CycleProblem::mean_at)
  StartKind start = StartKind::odds;
  std::string steady_condition;            // empty: each condition its own
  std::vector<ParameterChoice> parameters;
  std::vector<RandomEffectGroup> random_effects;
  double start_h = 0;
  double first_frame_h = -1e300;           // earlier frames are not fitted (cells still settle); steps before start_h hold at it
  double block_h = 1;                      // frames are averaged over this time in the process likelihood; 0: none
  std::string where = "scenario";          // for error texts
  std::map<std::string, std::string> places;      // file:line of what the scenario says, by "arm x", "class x", "event target time"
  const std::string& place(const std::string& what) const {
    const auto found = places.find(what);
    return found == places.end() ? where : found->second;
  }
};

// Names of the observation parameters that stand beside the model's.
inline constexpr const char* labelled_fraction = "labelled_fraction";
inline constexpr const char* misread_fraction = "misread_fraction";

}  // namespace hyped
