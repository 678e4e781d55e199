// Coverage over simulated experiments.
#include "experiments/twin/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fitting/cycle_problem.hpp"
#include "fitting/process_fit.hpp"
#include "fitting/profile.hpp"
#include "fitting/residual_check.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace {

struct OneTwin {
  std::vector<FittedParameter> parameters;
  Eigen::VectorXd theta;
  std::vector<double> components;
  std::vector<std::string> words;
  std::vector<std::pair<std::string, bool>> profiles;      // name, holds the truth
  bool ok = false, flagged = false;
};

OneTwin fit_one(const Scenario& truth, const Scenario& fitted, const CalibrationOptions& options, int number) {
  OneTwin out;
  const Twin twin = simulate_twin(truth.setup, *truth.twin, options.seed + static_cast<std::uint64_t>(number));
  const CycleProblem problem(fitted.setup, twin.counts);
  const ProcessFit fit = fit_process(problem, fitted.fit);
  out.parameters = fit.parameters;
  out.theta = fit.theta;
  out.ok = fit.outcome.ok() && !fit.parameters.empty();
  for (const auto& component : fit.components) out.components.push_back(component.value);
  if (fit.parameters.empty()) return out;
  const ResidualCheck check = check_residuals(whitened_residuals(problem, fit));
  out.flagged = !check.passed;
  for (const auto& test : check.tests)
    if (test.flagged) out.words.push_back(test.name);
  if (number < options.profiled) {
    Outcome outcome;
    const auto frozen = frozen_residuals(problem, fit, outcome);
    ProfileOptions profile;
    std::vector<int> which;
    for (const auto& p : fit.parameters) {
      const double t = t_quantile_975(p.degrees);
      profile.thresholds.push_back(t * t);
      if (std::find(options.rates.begin(), options.rates.end(), p.name) != options.rates.end()) which.push_back(static_cast<int>(&p - fit.parameters.data()));
    }
    if (outcome.ok())
      for (const auto& p : profile_likelihood(*frozen, problem.space(), fit.theta, which, profile))
        if (const auto found = twin.truth.find(p.name); found != twin.truth.end()) out.profiles.emplace_back(p.name, p.lower <= found->second && found->second <= p.upper);
  }
  return out;
}

}  // namespace

Calibration calibrate(const Scenario& truth, const Scenario& fitted, const CalibrationOptions& options) {
  std::vector<OneTwin> twins(static_cast<std::size_t>(options.twins));
  Progress progress("twins", options.twins);
  parallel_for(options.twins, [&](int r) {
    twins[r] = fit_one(truth, fitted, options, r);
    progress.advance();
  });
  Calibration out;
  out.twins = options.twins;
  std::map<std::string, int> words;
  const auto& known = truth.twin->truth;
  int pooled = 0, held = 0, independent_held = 0, profiled = 0, profile_held = 0;
  for (const OneTwin& one : twins) {
    out.failed += one.ok ? 0 : 1;
    out.flagged += one.flagged ? 1 : 0;
    for (const auto& word : one.words) ++words[word];
    if (out.components.size() < one.components.size()) out.components.resize(one.components.size(), 0);
    for (std::size_t k = 0; k < one.components.size(); ++k) out.components[k] += one.components[k] / options.twins;
    for (const FittedParameter& p : one.parameters) {
      const auto found = known.find(p.name);
      if (found == known.end() || !p.identified) continue;
      auto row = std::find_if(out.parameters.begin(), out.parameters.end(), [&](const auto& q) { return q.name == p.name; });
      if (row == out.parameters.end()) row = out.parameters.insert(out.parameters.end(), CalibratedParameter{p.name});
      const bool logarithmic = p.lower > 0 && p.unit != "1" ? true : p.lower > 0 && found->second > 0 && p.name.find("_on_") == std::string::npos;
      const double error = logarithmic ? std::log10(p.estimate / found->second) : p.estimate - found->second;
      const bool holds = p.lower <= found->second && found->second <= p.upper, alone = std::abs(error) <= 1.959964 * p.independent_sd;
      ++row->used;
      row->covered += holds;
      row->independent_covered += alone;
      row->bias += error;
      row->scatter += error * error;
      row->claimed += p.sd;
      row->independent_claimed += p.independent_sd;
      if (options.rates.empty() || std::find(options.rates.begin(), options.rates.end(), p.name) != options.rates.end()) {
        ++pooled;
        held += holds;
        independent_held += alone;
      }
    }
    for (const auto& [name, holds] : one.profiles)
      for (auto& row : out.parameters)
        if (row.name == name) {
          ++row.profiled;
          row.profile_covered += holds;
          ++profiled;
          profile_held += holds;
        }
  }
  for (auto& row : out.parameters) {
    row.bias /= row.used;
    row.scatter = std::sqrt(std::max(0.0, row.scatter / row.used - row.bias * row.bias));
    row.claimed /= row.used;
    row.independent_claimed /= row.used;
  }
  out.pooled = pooled > 0 ? static_cast<double>(held) / pooled : 0;
  out.independent_pooled = pooled > 0 ? static_cast<double>(independent_held) / pooled : 0;
  out.profile_pooled = profiled > 0 ? static_cast<double>(profile_held) / profiled : 0;
  for (const auto& [word, count] : words) out.words.push_back(fmt::format("{} in {} of {}", word, count, options.twins));
  return out;
}

Table calibration_table(const std::string& name, const Calibration& c) {
  Table table({{"study", "", ""}, {"parameter", "", ""}, {"twins", "", ""}, {"coverage", "", "share of 95 % intervals that hold the truth"}, {"bias", "", "search scale"}, {"scatter", "", "sd of the estimates"}, {"claimed", "", "mean standard error"}, {"independent", "", "coverage that independent frames would have"}, {"profile", "", "coverage of profiles, where checked"}});
  for (const auto& p : c.parameters)
    table.add_row({name, p.name, static_cast<std::int64_t>(p.used), static_cast<double>(p.covered) / p.used, p.bias, p.scatter, p.claimed, static_cast<double>(p.independent_covered) / p.used, p.profiled > 0 ? Cell{static_cast<double>(p.profile_covered) / p.profiled} : Cell{}});
  table.add_row({name, std::string("all rates, pooled"), static_cast<std::int64_t>(c.twins), c.pooled, Cell{}, Cell{}, Cell{}, c.independent_pooled, c.profile_pooled > 0 ? Cell{c.profile_pooled} : Cell{}});
  return table;
}

}  // namespace hyped
