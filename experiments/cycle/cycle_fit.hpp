// A scenario fitted to data: the problem, the fit, its checks, and how they are written down.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "experiments/scenario.hpp"
#include "fitting/cycle_problem.hpp"
#include "fitting/process_fit.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/store/run_file.hpp"

namespace hyped {

struct CycleFit {
  std::unique_ptr<CycleProblem> problem;
  ProcessFit fit;
  std::optional<ProcessFit> other_end;                     // with the other frame interval, where the scenario has one
  std::vector<FittedParameter> without_time_axis;          // as `fit.parameters` before that difference entered
};

CycleFit fit_cycle(const CycleSetup& setup, const PhaseCounts& data, const ProcessOptions& options);
// The same with the scenario's options; where the frame interval has another possible end, intervals hold that too.
CycleFit fit_scenario(const Scenario& scenario, const CycleSetup& setup, const PhaseCounts& data, const Records& records);
// Adds what a cause that may move theta by anything up to `difference` (search scale [P]) means for covariance and intervals.
void widen_intervals(ProcessFit& fit, const ParameterSpace& space, const Eigen::VectorXd& difference);

// Truth of a twin by parameter name; empty for measured data.
using Truth = std::map<std::string, double>;

// Tables: parameters, components, wells, starts, information spectrum.
void write_fit_tables(RunDirectory& run, const CycleFit& fitted, const Truth& truth);
// Figures: phases and totals per arm, residuals, autocorrelation, waterfall, durations (not of mere growth), schedule, intervals.
void write_fit_figures(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const Truth& truth);
// The axis of a parameter, with its unit, for figures: parameters of one kind share it.
std::string axis_of(const FreeParameter& parameter);
// Answers and warnings in words, made from the numbers.
void write_fit_words(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const PhaseCounts& data);
// Tables reference_comparison and time_axis_sensitivity, where the scenario has references or two frame intervals.
void write_references(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted);
void write_time_axis(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted);
// Indices of the parameters the scenario wants profiles of. InputError with the scenario's line if a name is not fitted.
std::vector<int> profiled_parameters(const Scenario& scenario, const ParameterSpace& space);
// What adds solves of its own to the fit's failed ones takes the fit to change.
// Profiles of the scenario's `profiles` (table, figure, open bounds as a warning); tests of the residuals in words.
void write_profiles(RunDirectory& run, const Scenario& scenario, CycleFit& fitted, const Truth& truth);
void write_residual_check(RunDirectory& run, const CycleFit& fitted);
// Bootstrap intervals and fits with independent frames, where the scenario asks for them.
void write_bootstraps(RunDirectory& run, const Scenario& scenario, CycleFit& fitted, std::uint64_t seed);
void write_independent_fits(RunDirectory& run, const Scenario& scenario, CycleFit& fitted);
// Table failed_solves and their reasons in words: last, once for a run.
void write_failed_solves(RunDirectory& run, const FailedSolves& failed);
RunArrays fit_arrays(const CycleFit& fitted, const Scenario& scenario);

// What the terminal shows: the parameter table.
std::string terminal_summary(const CycleFit& fitted, const Truth& truth, const std::string& rest);

// Everything of the above and profiles: `hyped cycle fit`.
CycleFit run_cycle_fit(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const Truth& truth);

}  // namespace hyped
