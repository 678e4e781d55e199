// Models side by side on the same data.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/cycle/cycle_run.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void run_compare(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data) {
  std::vector<ModelVariant> variants(1);
  variants[0].name = "as stated";
  variants.insert(variants.end(), scenario.variants.begin(), scenario.variants.end());
  std::vector<CycleFit> fits(variants.size());
  Progress progress("models", static_cast<long>(variants.size()));
  // every variant is fitted with maximum, not restricted, likelihood in the end: fixed effects differ between them
  parallel_for(static_cast<int>(variants.size()), [&](int v) {
    fits[v] = fit_cycle(with_variant(scenario, variants[v]), data, scenario.fit);
    progress.advance();
  });
  struct Row {
    double aic, bic;
    int parameters;
  };
  std::vector<Row> rows;
  double best = 1e300;
  for (const auto& fitted : fits) {
    int parameters = fitted.problem->space().count();
    for (const auto& component : fitted.fit.components) parameters += component.free ? 1 : 0;
    if (!fitted.problem->density()) parameters += static_cast<int>(fitted.problem->wells().size());
    const double n = fitted.fit.data_count, l = fitted.fit.minus_two_log_likelihood;
    rows.push_back({l + 2.0 * parameters + 2.0 * parameters * (parameters + 1) / std::max(1.0, n - parameters - 1), l + parameters * std::log(n), parameters});
    if (!fitted.fit.parameters.empty()) best = std::min(best, rows.back().aic);
  }
  double weight_sum = 0;
  for (std::size_t v = 0; v < fits.size(); ++v)
    if (!fits[v].fit.parameters.empty()) weight_sum += std::exp(-0.5 * (rows[v].aic - best));
  Table table({{"model", "", ""}, {"parameters", "", "free, with variance components and wells' scales"}, {"minus_2_log_l", "", "Gaussian, each with its own process covariance"}, {"d_aicc", "", "AICc above the best"}, {"weight", "", "Akaike weight"}, {"d_bic", "", ""}, {"chi_square_per_value", "", "of whitened residuals"}, {"outcome", "", ""}});
  double best_bic = 1e300;
  for (std::size_t v = 0; v < fits.size(); ++v)
    if (!fits[v].fit.parameters.empty()) best_bic = std::min(best_bic, rows[v].bic);
  std::string chosen;
  for (std::size_t v = 0; v < fits.size(); ++v) {
    const ProcessFit& fit = fits[v].fit;
    if (fit.parameters.empty()) {
      table.add_row({variants[v].name, static_cast<std::int64_t>(rows[v].parameters), Cell{}, Cell{}, Cell{}, Cell{}, Cell{}, std::string(to_string(fit.outcome.status)) + ": " + fit.outcome.message});
      continue;
    }
    double square = 0;
    for (const auto& z : fit.whitened) square += z.squaredNorm();
    if (rows[v].aic == best) chosen = variants[v].name;
    table.add_row({variants[v].name, static_cast<std::int64_t>(rows[v].parameters), fit.minus_two_log_likelihood, rows[v].aic - best, std::exp(-0.5 * (rows[v].aic - best)) / weight_sum, rows[v].bic - best_bic, square / fit.data_count, std::string(to_string(fit.outcome.status))});
  }
  run.add_table("model_comparison", table, "Models fitted to the same data. The likelihood is that of the block averages under each model's own process covariance, so that models with wrong timing pay for it.");
  run.add_answer(fmt::format("Best of {} models by AICc: {}.", fits.size(), chosen));
  std::fprintf(stdout, "%s\n", to_terminal(table, "tables/model_comparison.tsv").c_str());
}

}  // namespace hyped
