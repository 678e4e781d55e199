// Predicted standard errors of a cell-cycle design against refits of simulated data.
#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/planning/design/cycle_design.hpp"
#include "experiments/twin/twin.hpp"
#include "fitting/bootstrap.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace {

using namespace control;

double sd_of(const std::vector<double>& values) {
  double mean = 0, sum = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) sum += (value - mean) * (value - mean);
  return values.size() > 1 ? std::sqrt(sum / static_cast<double>(values.size() - 1)) : 0;
}

// The setup with the arms that are measured or added; the others are known to predictions alone.
CycleSetup joint_setup(const CycleDesign& design, const PhaseCounts& data) {
  CycleSetup out = design.setup;
  std::vector<Arm> used;
  for (const Arm& arm : design.setup.arms)
    (std::any_of(data.wells.begin(), data.wells.end(), [&](const auto& well) { return well.condition == arm.condition; }) ? used : out.unseen_arms).push_back(arm);
  out.arms = used;
  return out;
}

PhaseCounts with_wells(const PhaseCounts& data, const CycleDesign& design, const std::vector<int>& count) {
  PhaseCounts out = data;
  for (std::size_t i = 0; i < count.size(); ++i)
    for (int n = 0; n < count[i]; ++n) {
      const WellPlan& plan = design.candidates[i].plan;
      const auto frames = static_cast<Eigen::Index>(plan.times_h.size());
      out.wells.push_back({plan.condition, "added " + std::to_string(i + 1) + "." + std::to_string(n + 1), plan.times_h, Eigen::MatrixXd::Ones(frames, static_cast<Eigen::Index>(data.classes.size())), std::vector<int>(plan.times_h.size(), 0)});
    }
  return out;
}

// Quantities at a theta, by a problem that knows their arms; NaN where they cannot be simulated.
double value_at(const CycleCandidates& candidates, const CycleQuantity& wanted, const Eigen::VectorXd& theta) {
  const QuantityValue value = candidates.quantity(wanted, theta);
  return value.outcome.ok() ? value.value : std::numeric_limits<double>::quiet_NaN();
}

void parametric(const CycleDesign& design, const CycleCandidates& candidates, const PhaseCounts& data, const CycleFit& fitted, const std::vector<double>& predicted, const char* experiment, const DesignSettings& settings, std::uint64_t seed, std::vector<ErrorCheck>& out) {
  const CycleProblem problem(joint_setup(design, data), data);
  ProcessFit fit = fitted.fit;
  // wells in the problem's order: those of the data first
  const auto wells = static_cast<Eigen::Index>(problem.wells().size()), before = fit.effects.rows();
  fit.effects.conservativeResize(wells, Eigen::NoChange);
  fit.effects.bottomRows(wells - before).setZero();
  fit.scales.resize(problem.wells().size(), design.cells);
  BootstrapOptions options;
  options.replicates = settings.replicates;
  options.seed = seed;
  const Bootstrap refits = bootstrap_parametric(problem, fit, options);
  for (std::size_t q = 0; q < design.quantities.size(); ++q) {
    std::vector<double> values;
    for (Eigen::Index b = 0; b < refits.theta.rows(); ++b)
      if (const double value = value_at(candidates, design.quantities[q], refits.theta.row(b).transpose()); std::isfinite(value)) values.push_back(value);
    if (values.size() < 20) continue;
    out.push_back({design.quantities[q].name, experiment, "refits of the fitted process", predicted[q], sd_of(values), static_cast<int>(values.size()), refits.failures, -1});
  }
}

struct OneTwin {
  std::vector<double> value;
  std::vector<char> covered;
  bool ok = false;
};

// The twin's experiment, with the added wells, at the fitted values as truth.
OneTwin fit_twin(const CycleDesign& design, const Scenario& scenario, const CycleCandidates& candidates, const CycleFit& fitted, const std::vector<int>& count, std::uint64_t seed) {
  OneTwin out;
  TwinSettings settings = *scenario.twin;
  const ParameterSpace& space = fitted.problem->space();
  for (int i = 0; i < space.count(); ++i) settings.truth[space[i].name] = space.natural(i, fitted.fit.theta[i]);
  PhaseCounts data = simulate_twin(scenario.setup, settings, seed).counts;
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] == 0) continue;
    const WellPlan& plan = design.candidates[i].plan;
    CycleSetup setup = design.setup;
    std::erase_if(setup.arms, [&](const Arm& arm) { return arm.condition != plan.condition; });
    TwinSettings added = settings;
    added.wells = {{plan.condition, count[i]}};
    added.times_h = plan.times_h;
    for (WellSeries& well : simulate_twin(setup, added, seed + 0x10000000ull * (i + 1)).counts.wells) {
      well.well = "added " + std::to_string(i + 1) + "." + well.well;
      data.wells.push_back(well);
    }
  }
  const CycleProblem problem(joint_setup(design, data), data);
  ProcessOptions options = scenario.fit;
  options.records = {};
  options.from = fitted.fit.theta;
  const ProcessFit fit = fit_process(problem, options);
  out.ok = !fit.parameters.empty() && fit.outcome.ok();
  if (!out.ok) return out;
  for (const CycleQuantity& wanted : design.quantities) {
    const QuantityValue at = candidates.quantity(wanted, fit.theta), truth = candidates.quantity(wanted, fitted.fit.theta);
    if (!(out.ok = at.outcome.ok() && truth.outcome.ok())) return out;
    const double sd = std::sqrt(std::max(0.0, at.gradient.dot(fit.identifiability.covariance * at.gradient)));
    const double degrees = satterthwaite(fit.mixed, fit.identifiability.covariance, at.gradient);
    out.value.push_back(at.value);
    out.covered.push_back(std::abs(at.value - truth.value) <= t_quantile_975(degrees) * sd ? 1 : 0);
  }
  return out;
}

void by_twins(const CycleDesign& design, const Scenario& scenario, const CycleCandidates& candidates, const CycleFit& fitted, const std::vector<int>& count, const std::vector<double>& predicted, const char* experiment, const DesignSettings& settings, std::uint64_t seed, std::vector<ErrorCheck>& out) {
  std::vector<OneTwin> twins(static_cast<std::size_t>(settings.twins));
  Progress progress("twins", settings.twins);
  parallel_for(settings.twins, [&](int r) {
    twins[static_cast<std::size_t>(r)] = fit_twin(design, scenario, candidates, fitted, count, seed + 7919ull * static_cast<std::uint64_t>(r + 1));
    progress.advance();
  });
  for (std::size_t q = 0; q < design.quantities.size(); ++q) {
    std::vector<double> values;
    int covered = 0;
    for (const OneTwin& twin : twins)
      if (twin.ok) values.push_back(twin.value[q]), covered += twin.covered[q];
    if (values.size() < 5) continue;
    out.push_back({design.quantities[q].name, experiment, "cells simulated one by one, fitted anew", predicted[q], sd_of(values), static_cast<int>(values.size()), settings.twins - static_cast<int>(values.size()), covered});
  }
}

}  // namespace

std::vector<ErrorCheck> check_cycle_design(const CycleDesign& design, const Scenario& scenario, const PhaseCounts& data, const CycleFit& fitted, const std::vector<int>& count,
                                           const std::vector<double>& predicted_before, const std::vector<double>& predicted_after, const DesignSettings& settings, bool pilot, std::uint64_t seed) {
  std::vector<ErrorCheck> out;
  std::vector<WellPlan> wells;
  for (const auto& candidate : design.candidates) wells.push_back(candidate.plan);
  const CycleCandidates candidates(design.setup, data, wells, fitted.problem->space());
  const std::vector<int> none(count.size(), 0);
  if (settings.replicates > 0) {
    parametric(design, candidates, data, fitted, predicted_before, "existing", settings, seed, out);
    parametric(design, candidates, with_wells(data, design, count), fitted, predicted_after, "with the design", settings, seed, out);
  }
  if (settings.twins > 0 && pilot) {
    by_twins(design, scenario, candidates, fitted, none, predicted_before, "existing", settings, seed, out);
    by_twins(design, scenario, candidates, fitted, count, predicted_after, "with the design", settings, seed, out);
  }
  return out;
}

}  // namespace hyped
