// What a planning verb works on: the ensemble as a system, the problem over one half of it, plans to compare with, and what data support.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/control/ensembles/plan_assessment.hpp"
#include "experiments/planning/plan/plan_scenario.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// A dose that was measured: what the fit saw of an input. A plan's dose elsewhere rests on a model of its kinetics.
struct MeasuredDose {
  std::string input;
  double amount = 1, start_h = 0, until_h = control::never_h;
};

struct PlanCase {
  std::unique_ptr<control::PlannedSystem> system;
  std::optional<control::PlanProblem> problem;             // over halves.optimise
  control::MemberHalves halves;
  bool structures_differ = false;                          // between members: see range_with_open_reach
  int centre = -1;                                         // member with the fitted values themselves; -1: none
  struct Reference {
    std::string name;
    std::vector<control::Pulse> pulses;
  };
  std::vector<Reference> references;                       // "no dose" first, then the protocol
  std::vector<MeasuredDose> measured;
  std::vector<std::vector<std::string>> together;          // inputs that were measured in one arm
  std::string rests_on;                                    // what doses and times not measured rest on
  std::vector<std::string> notes, warnings;
  std::vector<std::pair<std::string, std::string>> settings;
  double end_h = 72;
  // Writes the plan's schedule file into the run and returns the command that simulates it.
  std::function<std::string(RunDirectory& run, const std::string& name, const std::vector<control::Pulse>& pulses)> write_schedule;
};

// `source`: run folder of `hyped cycle fit` or `sample` (cycle), cells table (network); empty: the scenario's own, or members about the
// truth where relative_sd is set. InputError: a fit that did not converge unless `forced`, of another scenario; inputs, phases or genes that are not there.
PlanCase make_plan_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed);
PlanCase make_cycle_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed);
PlanCase make_network_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed);
PlanCase make_joint_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed);      // `source`: the cycle's

// The search with the references as starts; with warm starts besides.
control::PlanSearch search_plan(const PlanScenario& scenario, const PlanCase& plan, const control::PlanProblem& problem, std::uint64_t seed, std::vector<std::vector<control::Pulse>> warm = {});

// Each amount and time of a plan against the measured ones.
struct SupportRow {
  std::string pulse, part, unit, measured, verdict;
  double value = 0;
  bool supported = false;
};
std::vector<SupportRow> support_of(const PlanCase& plan, const std::vector<control::Pulse>& pulses);
// How many of the members of a record keep each limit.
struct LimitKept {
  std::string name, words;                 // what was asked for
  double share = 0, mean = 0;
  bool kept = true;                        // as it was asked for: the mean, all, or the share of them
  control::PredictiveRange range;
};
std::vector<LimitKept> limits_kept(const PlanCase& plan, const control::PlanRecord& record);
std::string pulse_words(const PlanCase& plan, const std::vector<control::Pulse>& pulses);

}  // namespace hyped
