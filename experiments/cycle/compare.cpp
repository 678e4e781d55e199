// Models side by side on the same data.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/cycle/cycle_run.hpp"
#include "fitting/model_selection.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

namespace {

// What each model says of the effects: a conclusion that changes with the model is not one.
void write_effects(RunDirectory& run, const std::vector<ModelVariant>& variants, const std::vector<const CycleFit*>& fits) {
  Table table({{"model", "", ""}, {"effect", "", ""}, {"log_fold", "1", "of the rate at full input"}, {"lower", "", "95 %"}, {"upper", "", ""}, {"how", "", ""}});
  for (std::size_t v = 0; v < fits.size(); ++v)
    for (const FittedParameter& p : fits[v]->fit.parameters)
      if (p.meaning.rfind("log-fold", 0) == 0)
        table.add_row({variants[v].name, p.name, p.estimate, p.identified ? cell_of(p.lower) : Cell{}, p.identified ? cell_of(p.upper) : Cell{}, p.how});
  if (!table.rows().empty()) run.add_table("model_effects", table, "Effects of the inputs under each model.");
}

}  // namespace

FailedSolves run_compare(RunDirectory& run, const Scenario& scenario, const PhaseCounts& data, const CycleFit* stated) {
  std::vector<ModelVariant> variants(1);
  variants[0].name = "as stated";
  variants.insert(variants.end(), scenario.variants.begin(), scenario.variants.end());
  std::vector<CycleFit> made(variants.size());
  std::vector<const CycleFit*> fits;
  for (const CycleFit& fitted : made) fits.push_back(&fitted);
  if (stated != nullptr) fits[0] = stated;
  Progress progress("models", static_cast<long>(variants.size()));
  parallel_for(static_cast<int>(variants.size()), [&](int v) {
    if (fits[v] == &made[v]) made[v] = fit_scenario(scenario, with_variant(scenario, variants[v]), data, scenario.records.in("compare/" + variants[v].name));
    progress.advance();
  });
  FailedSolves failed;
  for (std::size_t v = 0; v < made.size(); ++v) failed.add(made[v].fit.failed_solves, variants[v].name + ", ");
  std::vector<ModelEvidence> evidence;
  std::vector<std::size_t> of;      // variant of each evidence
  for (std::size_t v = 0; v < fits.size(); ++v)
    if (!fits[v]->fit.parameters.empty()) {
      evidence.push_back(evidence_of(variants[v].name, *fits[v]->problem, fits[v]->fit));
      of.push_back(v);
    }
  if (evidence.empty()) {
    run.set_outcome(fits[0]->fit.outcome);
    return failed;
  }
  const std::vector<ModelScore> scores = score_models(evidence);
  if (scenario.variants.empty()) throw InputError(scenario.file.string(), "there is nothing to compare", "add [[compare]] sections with a name and what differs");
  Table table({{"model", "", ""}, {"parameters", "", "free, with variance components and wells' scales"}, {"log_l", "", "Gaussian, each with its own process covariance"}, {"d_aicc", "", "AICc above the best"}, {"weight", "", "Akaike weight"}, {"outcome", "", ""}, {"p_ratio", "", "likelihood-ratio test that the model as stated is not needed, where it is nested in it"}, {"chi_square", "", "per value, of whitened residuals; 1 is right"}, {"d_bic", "", ""}});
  double best_bic = 1e300;
  for (const auto& score : scores) best_bic = std::min(best_bic, score.bic);
  std::string chosen;
  std::size_t at = 0;
  for (std::size_t v = 0; v < fits.size(); ++v) {
    const ProcessFit& fit = fits[v]->fit;
    if (fit.parameters.empty()) {
      table.add_row({variants[v].name, Cell{}, Cell{}, Cell{}, Cell{}, std::string(to_string(fit.outcome.status)) + ": " + fit.outcome.message, Cell{}, Cell{}, Cell{}});
      continue;
    }
    const ModelScore& score = scores[at];
    // only effects dropped: nested in the model as stated
    const ModelVariant& variant = variants[v];
    const bool nested = !variant.without_effects.empty() && variant.with_effects.empty() && !variant.model && !variant.start && variant.stages.empty() && variant.parameters.empty() && !variant.map;
    Cell ratio;
    if (nested && of[0] == 0 && evidence[0].parameters > evidence[at].parameters) {
      const RatioTest test = likelihood_ratio(evidence[at], evidence[0]);
      ratio = cell_of(test.p_value);
      // each model has its own covariance, so the larger one can come out a little lower
      run.add_answer(fmt::format("\"{}\" against the model as stated: {} (likelihood ratio {:.3g} with {} degrees of freedom, p = {:.2g}).", variant.name, test.p_value < 0.05 ? "the dropped effects are needed" : "the dropped effects are not needed", std::max(0.0, test.statistic), test.degrees, test.p_value));
    }
    if (v > 0 && of[0] == 0)
      run.add_answer(fmt::format("\"{}\" against the model as stated: -2 log L {} by {:.1f} with {}, AICc {} by {:.1f}.", score.model, score.log_likelihood < scores[0].log_likelihood ? "higher (worse)" : "lower (better)", 2 * std::abs(score.log_likelihood - scores[0].log_likelihood), score.parameters == scores[0].parameters ? std::string("as many parameters") : fmt::format("{} parameters {}", std::abs(score.parameters - scores[0].parameters), score.parameters < scores[0].parameters ? "fewer" : "more"), score.aicc > scores[0].aicc ? "higher (worse)" : "lower (better)", std::abs(score.aicc - scores[0].aicc)));
    double square = 0;
    for (const auto& z : fit.whitened) square += z.squaredNorm();
    if (score.aicc_difference <= 0) chosen = score.model;
    table.add_row({score.model, static_cast<std::int64_t>(score.parameters), score.log_likelihood, score.aicc_difference, score.weight, std::string(to_string(fit.outcome.status)), ratio, square / fit.data_count, score.bic - best_bic});
    ++at;
  }
  run.add_table("model_comparison", table, "Models fitted to the same data. The likelihood is that of the block averages under each model's own process covariance, so that models with wrong timing pay for it.");
  write_effects(run, variants, fits);
  run.add_result("best_model", chosen);
  std::string close;
  for (const auto& score : scores)
    if (score.model != chosen && score.aicc_difference < 4) close += fmt::format("{}{} (AICc +{:.1f})", close.empty() ? "" : ", ", score.model, score.aicc_difference);
  run.add_answer(fmt::format("Best of {} models by AICc: {}{}.", fits.size(), chosen, close.empty() ? "" : "; hardly told apart from it: " + close));
  std::fprintf(stdout, "%s\n", to_terminal(table, "tables/model_comparison.tsv").c_str());
  return failed;
}

}  // namespace hyped
