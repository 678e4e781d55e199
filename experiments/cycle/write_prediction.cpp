// Tables, figure and words of a predicted arm.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/cycle/predict.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

void write_prediction(RunDirectory& run, const Scenario&, const ArmPrediction& prediction, const PredictSettings& settings) {
  Table table({{"prediction", "", ""}, {"kind", "", ""}, {"error", "1", "root mean square of log (predicted / measured) total after the last event, mean over wells"}, {"lower", "", "95 % t interval over wells"}, {"upper", "", ""}, {"share_error", "1", "root mean square difference of class shares"}, {"final_fold", "1", "predicted / measured at the end"}, {"verdict", "", ""}});
  const auto ceiling = std::find_if(prediction.scores.begin(), prediction.scores.end(), [](const auto& s) { return s.kind == "ceiling"; });
  double best_baseline = 1e300;
  std::string best_name;
  for (const auto& s : prediction.scores)
    if (s.kind == "baseline" && s.error < best_baseline) {
      best_baseline = s.error;
      best_name = s.name;
    }
  // The model against the best baseline, well by well.
  auto paired = [&](const PredictionScore& mine) -> std::string {
    const auto other = std::find_if(prediction.scores.begin(), prediction.scores.end(), [&](const auto& s) { return s.name == best_name; });
    const double n = static_cast<double>(mine.per_well.size());
    double mean = 0, square = 0;
    for (std::size_t w = 0; w < mine.per_well.size(); ++w) mean += (other->per_well[w] - mine.per_well[w]) / n;
    for (std::size_t w = 0; w < mine.per_well.size(); ++w) square += std::pow(other->per_well[w] - mine.per_well[w] - mean, 2);
    if (n < 2) return "one well: no interval";
    const double reach = t_quantile_975(n - 1) * std::sqrt(square / (n - 1) / n);
    return fmt::format("gain over best baseline {:.3f} [{:.3f}, {:.3f}] paired over wells{}", mean, mean - reach, mean + reach, mean - reach > 0 ? "" : ": none shown");
  };
  for (const auto& s : prediction.scores) {
    std::string verdict = s.kind == "ceiling" ? "what wells allow" : ceiling != prediction.scores.end() && s.error <= ceiling->error ? "within the wells' own scatter" : s.name == best_name ? "best baseline" : s.kind == "model" ? paired(s) : "";
    table.add_row({s.name, s.kind, s.error, s.lower, s.upper, s.fraction_error > 0 ? cell_of(s.fraction_error) : Cell{}, s.final_fold, verdict});
  }
  run.add_table("prediction_scores", table, fmt::format("Arm '{}' predicted without its data; error of log totals after {} h, every way anchored to each well's own first block after it.", settings.held_out, prediction.anchor_h));

  Table points({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"value", "", ""}}), model({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (std::size_t b = 0; b < prediction.times_h.size(); ++b) {
    model.add_row({settings.held_out, std::string("all"), prediction.times_h[b], prediction.mean[b], prediction.lower[b], prediction.upper[b]});
    for (const auto& well : prediction.wells)
      if (b < well.size()) points.add_row({settings.held_out, std::string("all"), prediction.times_h[b], well[b]});
  }
  run.add_table("prediction", model, "Predicted total relative to the anchor with the 95 % band of a single well.");
  report::add_figure(run, {"prediction", fmt::format("Arm '{}' predicted from the others. Points: its {} wells, relative to their first block after {} h. Line: prediction. Band: 95 % for a single well (parameters, well, its cells).", settings.held_out, prediction.wells.size(), prediction.anchor_h), "time_course", {{"points", points}, {"model", model}}, {{"y_label", "cells relative to anchor"}}, "answer"});

  const auto& model_score = prediction.scores.front();
  run.add_result("prediction.error", model_score.error, "log fold");
  run.add_result("prediction.best_baseline_error", best_baseline, "log fold");
  if (ceiling != prediction.scores.end()) run.add_result("prediction.ceiling_error", ceiling->error, "log fold");
  run.add_result("prediction.band_coverage", prediction.band_coverage, "1");
  run.add_result("prediction.minimal_difference", prediction.minimal_difference, "log fold");
  run.add_answer(fmt::format("Arm '{}' from the other arms: error {:.3f} in log totals ({:.3f} to {:.3f} over wells); best baseline, {}: {:.3f}{}.", settings.held_out, model_score.error, model_score.lower, model_score.upper, best_name, best_baseline,
                             ceiling == prediction.scores.end() ? std::string() : fmt::format("; other wells of the same arm: {:.3f}", ceiling->error)));
  run.add_answer(fmt::format("With wells that scatter by {:.3f} (log total at the end), differences below a factor {:.2f} between '{}' and '{}' cannot be shown (80 % power).", prediction.between_well_sd, std::exp(prediction.minimal_difference), settings.held_out, settings.control));
  if (!prediction.dropped_effects.empty()) run.add_note(fmt::format("Effects that only '{}' could show are left out of the prediction: {}.", settings.held_out, fmt::join(prediction.dropped_effects, ", ")));
  if (model_score.error > best_baseline) run.add_warning(fmt::format("The model's prediction of '{}' is worse than the baseline '{}'.", settings.held_out, best_name));
}

}  // namespace hyped
