// What `hyped cycle ...`, `hyped twin cycle` and `hyped demo` do, one function each.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "experiments/cycle/cycle_fit.hpp"
#include "experiments/cycle/predict.hpp"

namespace hyped {

// Simulates the scenario's twin: data/counts.tsv, data/tracks.tsv, truth. InputError if the scenario has no [twin].
Twin run_twin(RunDirectory& run, const Scenario& scenario, std::uint64_t seed);
// Expected course of every arm at the parameters' defaults and the twin's truth: tables, figures.
void run_simulate(RunDirectory& run, const Scenario& scenario);
// Every variant of the scenario beside the model itself: log-likelihood, AIC, BIC, effects, checks of the residuals. stated: the
// fit of the model itself, if it has been made. Returns what failed on the way of those it made.
FailedSolves run_compare(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const CycleFit* stated = nullptr);
ArmPrediction run_predict(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const PredictSettings& settings);
// Twin, fit, compare, predict, report. Returns the path of report.html.
std::filesystem::path run_demo(const std::filesystem::path& out, const std::vector<std::string>& command_line, std::uint64_t seed);

// What was read and how, for the terminal and the report.
std::string data_summary(const PhaseCounts& data);

}  // namespace hyped
