// Fit, Laplace, chains, diagnostics, bands.
#include "experiments/cycle/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/cycle/cycle_run.hpp"
#include "experiments/report/figure.hpp"
#include "fitting/chain_diagnostics.hpp"
#include "fitting/laplace.hpp"
#include "fitting/mixing.hpp"
#include "fitting/nuts.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

void write_posterior(RunDirectory& run, const CycleFit& fitted, const Chains& chains, const ChainDiagnostics& diagnostics, const Laplace& approximation) {
  const ParameterSpace& space = fitted.problem->space();
  const Eigen::MatrixXd draws = chains.pooled();
  Table posterior({{"name", "", ""}, {"unit", "", ""}, {"median", "", ""}, {"lower", "", "95 % of the draws"}, {"upper", "", ""}, {"median_error", "", "Monte-Carlo error of the median"}, {"mean", "", "empty where the variance does not exist"}, {"rhat", "", "the larger of bulk and folded; 1 is mixed"}, {"ess_bulk", "", "effective draws"}, {"ess_tail", "", ""}, {"verdict", "", ""}});
  Table gaussian({{"name", "", ""}, {"unit", "", ""}, {"median", "", ""}, {"lower", "", "95 %"}, {"upper", "", ""}, {"shift", "sd", "largest move of a quantile to that of the chains"}, {"weighted_shift", "sd", "the same when its own draws are weighted by the posterior"}, {"verdict", "", ""}});
  Table rows({{"panel", "", ""}, {"name", "", ""}, {"scale", "", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (std::size_t i = 0; i < diagnostics.parameters.size(); ++i) {
    const ParameterDiagnostics& p = diagnostics.parameters[i];
    const std::string& unit = space[static_cast<int>(i)].unit;
    const double lower = draw_quantile(draws.col(static_cast<Eigen::Index>(i)), 0.025), upper = draw_quantile(draws.col(static_cast<Eigen::Index>(i)), 0.975);
    posterior.add_row({p.name, unit, p.quantiles[1], lower, upper, p.quantile_errors[1], p.mean_error ? cell_of(p.mean) : Cell{}, std::max(p.rhat_bulk, p.rhat_folded), p.ess_bulk, p.ess_tail, p.verdict});
    run.add_result(p.name + ".median", p.quantiles[1], unit);
    run.add_result(p.name + ".lower", lower, unit);
    run.add_result(p.name + ".upper", upper, unit);
    if (!p.good) run.add_warning(fmt::format("{}: {}", p.name, p.verdict));
    if (p.name.rfind("cells@", 0) != 0) rows.add_row({axis_of(space[static_cast<int>(i)]), p.name, std::string(space[static_cast<int>(i)].scale == SearchScale::log10 ? "log10" : "linear"), p.quantiles[1], lower, upper});
    if (i < approximation.parameters.size()) {
      const LaplaceParameter& l = approximation.parameters[i];
      gaussian.add_row({l.name, unit, cell_of(l.quantiles[1]), cell_of(l.lower), cell_of(l.upper), cell_of(l.worst_shift), cell_of(l.weighted_shift), l.verdict});
    }
  }
  run.add_table("posterior", posterior, "Median and 95 % of the draws of all chains, with Monte-Carlo errors, mixing (Vehtari et al. 2021) and what the tails allow.");
  if (!gaussian.rows().empty()) run.add_table("laplace", gaussian, "Laplace's approximation: " + approximation.verdict + ".");
  std::fprintf(stdout, "%s\n", to_terminal(posterior, "tables/posterior.tsv").c_str());
  report::add_figure(run, {"posterior", "Median and 95 % interval of the draws.", "intervals", {{"rows", rows}}, {{"interval_label", "blue: median and 95 % of the draws"}}, "answer"});
}

// What the draws say of each arm's totals, per founder.
void write_bands(RunDirectory& run, const Scenario& scenario, const CycleFit& fitted, const Chains& chains) {
  const CycleProblem& problem = *fitted.problem;
  const ParameterSpace& space = problem.space();
  const Eigen::MatrixXd draws = chains.pooled();
  Table bands({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", "median of the draws"}, {"lower", "", "95 % of the draws"}, {"upper", "", ""}});
  std::vector<std::string> drawn;
  int failed = 0;
  for (const Unit& unit : problem.units()) {
    const Arm& arm = problem.setup().arms[static_cast<std::size_t>(unit.arm)];
    if (!is_shown(scenario, arm.condition) || std::find(drawn.begin(), drawn.end(), arm.condition) != drawn.end() || drawn.size() == 12) continue;
    drawn.push_back(arm.condition);
    std::vector<double> times;
    const std::size_t thin = std::max<std::size_t>(1, unit.times_h.size() / 70);
    for (std::size_t t = 0; t < unit.times_h.size(); t += thin) times.push_back(unit.times_h[t]);
    const int classes = problem.class_count();
    const PredictionBands found = prediction_bands(draws, [&](const Eigen::VectorXd& natural, Eigen::VectorXd& prediction) {
      Eigen::VectorXd theta(space.count());
      for (int i = 0; i < space.count(); ++i) theta[i] = space.search(i, natural[i]);
      const UnitMean mean = problem.mean_at(arm, times, theta, false, 1.0);
      prediction = mean.mean;
      return mean.outcome;
    }, {.draws = 400});
    failed += found.failed;
    for (std::size_t t = 0; t < times.size(); ++t)
      for (int k = 0; k < classes; ++k) {
        const auto row = static_cast<Eigen::Index>(t) * classes + k;
        bands.add_row({arm.condition, problem.setup().map.classes[static_cast<std::size_t>(k)].name, times[t], found.quantiles(row, 1), found.quantiles(row, 0), found.quantiles(row, 2)});
      }
  }
  if (failed > 0) run.add_warning(fmt::format("{} of the draws' predictions could not be computed and are left out of the bands.", failed));
  run.add_table("bands", bands, "Expected amounts per founder over the draws: parameters alone, no wells, no counting.");
  report::add_figure(run, {"bands", "Expected amounts per founder cell: median and 95 % over the draws (parameters alone: no differences between wells, no counting).", "time_course", {{"model", bands}}, {{"y_label", "cells per founder"}, {"band_label", "line: median   band: 95 % of the draws"}}, "answer"});
}

RunArrays chain_arrays(const Chains& chains, const Scenario& scenario) {
  RunArrays arrays;
  arrays.attributes["scenario"] = scenario.text;
  const std::vector<std::string> columns{"log_density", "accept", "energy", "step_size", "depth", "leapfrogs", "divergent"};
  for (std::size_t c = 0; c < chains.chains.size(); ++c) {
    const Chain& chain = chains.chains[c];
    if (!chain.outcome.ok()) continue;
    Eigen::MatrixXd steps(static_cast<Eigen::Index>(chain.steps.size()), static_cast<Eigen::Index>(columns.size()));
    for (Eigen::Index k = 0; k < steps.rows(); ++k) {
      const NutsDraw& d = chain.steps[static_cast<std::size_t>(k)];
      steps.row(k) << d.log_density, d.accept, d.energy, d.step_size, d.depth, d.leapfrogs, d.divergent;
    }
    arrays.arrays[fmt::format("chains/{}/draws", c + 1)] = {chain.draws, chains.names, {}};
    arrays.arrays[fmt::format("chains/{}/steps", c + 1)] = {steps, columns, {}};
  }
  return arrays;
}

}  // namespace

FailedSolves run_sample(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const SampleSettings& settings) {
  run.add_setting("scenario", scenario.text);
  const CycleFit fitted = fit_scenario(scenario, scenario.setup, data, scenario.records.in("fit"));
  const auto failed = [&](const Outcome& outcome) {
    run.set_outcome(outcome);
    return fitted.fit.failed_solves;
  };
  if (fitted.fit.parameters.empty()) return failed(fitted.fit.outcome);
  write_fit_words(run, scenario, fitted, data);
  write_fit_tables(run, fitted, {});
  Outcome outcome;
  const auto frozen = frozen_residuals(*fitted.problem, fitted.fit, outcome);
  if (!outcome.ok()) return failed(outcome);
  const SpaceDensity density(fitted.problem->space(), *frozen, Priors::in_function);
  LaplaceOptions about;
  about.seed = run.summary().seed;
  about.check_draws = 400;
  about.start.emplace(fitted.fit.theta.size());
  for (int i = 0; i < density.dimension(); ++i) (*about.start)[i] = density.from_search(i, fitted.fit.theta[i]);
  Laplace approximation = laplace(density, about);
  NutsOptions options;
  options.seed = run.summary().seed;
  options.chains = settings.chains;
  options.warmup = settings.warmup;
  options.draws = settings.draws;
  options.metric = MassMetric::dense;
  options.records = scenario.records;
  if (!approximation.parameters.empty()) {
    options.starts = laplace_starts(approximation, settings.chains, options.seed);
    options.start_metric = approximation.covariance;
  }
  const Chains chains = sample(density, options);
  if (std::all_of(chains.chains.begin(), chains.chains.end(), [](const Chain& c) { return !c.outcome.ok(); })) return failed(chains.chains.front().outcome);
  const ChainDiagnostics diagnostics = diagnose(chains);
  if (!approximation.parameters.empty()) compare(approximation, diagnostics);
  write_posterior(run, fitted, chains, diagnostics, approximation);
  write_bands(run, scenario, fitted, chains);
  run.add_answer(fmt::format("{} chains of {} draws after {} of warm-up: {}.", settings.chains, settings.draws, settings.warmup, diagnostics.verdict));
  run.add_answer(fmt::format("Laplace's approximation: {} (k-hat {:.2f}).", approximation.verdict, approximation.khat));
  run.add_note("The likelihood sampled is the Gaussian one with the covariance of the branching process and the wells' effects held at the fit; their own uncertainty is not in the draws, as it is not in the Wald intervals' shape.");
  if (!approximation.good) run.add_warning("Laplace: " + approximation.verdict + ".");
  if (!diagnostics.good) {
    run.add_warning("Chains: " + diagnostics.verdict + ".");
    if (fitted.fit.outcome.ok()) run.set_outcome({Status::not_converged, "the chains have not mixed: " + diagnostics.verdict});
  }
  write_run_file(run.path_for("run.h5"), chain_arrays(chains, scenario));
  return fitted.fit.failed_solves;
}

}  // namespace hyped
