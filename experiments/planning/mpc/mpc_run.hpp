// `hyped control mpc`: a twin's culture observed and steered in closed loop, beside the same controller without looking, and no input.
#pragma once
#include "experiments/planning/mpc/feedback.hpp"
#include "experiments/planning/plan/plan_scenario.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct MpcCourse {
  std::string name;
  std::vector<double> times_h, level, seen_share, true_share, mean, lower, upper;      // the filter's share: mean and 90 % of its members
  double error = 0;                        // root mean square of true share - wanted, after the first horizon; NaN: it ended before
  double slowest_s = 0;                    // longest decision with its filter step
  int inside = 0;                          // decisions at which the filter's 90 % range holds the true share
  Outcome outcome;
};
enum class MpcRegime { closed, open, none };
// The twin (true parameters, exact stochastic cells) under one regime. InputError as FeedbackController.
MpcCourse run_culture(const FeedbackSettings& settings, const StageSettings& stages, const std::string& model, const std::vector<double>& truth, const std::vector<std::vector<double>>& members, const MpcSettings& mpc, MpcRegime regime);

void run_mpc(RunDirectory& run, const PlanScenario& scenario, const std::string& source, bool forced);

}  // namespace hyped
