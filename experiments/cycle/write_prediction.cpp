// Tables, figure and words of a predicted arm.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/cycle/predict.hpp"
#include "experiments/report/figure.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

bool closed(const ProfileSide& side) { return side.end == ProfileEnd::crossed || side.end == ProfileEnd::limited; }

std::string fold_text(const ProfileSide& side) { return closed(side) ? fmt::format("{:.3g}", std::exp(side.bound)) : side.end == ProfileEnd::failed ? "not decided" : "open"; }

// Table, results and words of the prediction profiles; returns what the figure marks.
Table write_intervals(RunDirectory& run, const ArmPrediction& prediction, const PredictSettings& settings) {
  Table table({{"time_h", "h", "middle of the block"}, {"estimate", "log fold", "total relative to the anchor's"}, {"lower", "log fold", "95 % by prediction profile; empty: open"}, {"upper", "log fold", ""}, {"linear_lower", "log fold", "95 % linearised at the optimum"}, {"linear_upper", "log fold", ""}, {"degrees", "", "of the t quantile of both (Satterthwaite); empty: normal quantile"}, {"verdict", "", ""}});
  Table marks({{"arm", "", ""}, {"class", "", ""}, {"time_h", "h", ""}, {"estimate", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  std::vector<std::pair<std::string, std::vector<std::string>>> doubts;      // verdict, times
  for (const PredictionInterval& i : prediction.intervals) {
    const PredictionProfile& p = i.profile;
    const bool low = closed(p.below), high = closed(p.above);
    table.add_row({i.time_h, cell_of(p.estimate), low ? cell_of(p.lower) : Cell{}, high ? cell_of(p.upper) : Cell{}, cell_of(i.linear_lower), cell_of(i.linear_upper), i.degrees < 1e5 ? cell_of(i.degrees) : Cell{}, p.verdict});
    if (low && high) marks.add_row({settings.held_out, std::string("all"), i.time_h, std::exp(p.estimate), std::exp(p.lower), std::exp(p.upper)});
    if (p.verdict == "identified") continue;
    if (doubts.empty() || doubts.back().first != p.verdict) doubts.push_back({p.verdict, {}});
    doubts.back().second.push_back(fmt::format("{:.4g}", i.time_h));
  }
  if (!prediction.intervals_outcome.ok()) run.add_warning("No prediction profiles: " + prediction.intervals_outcome.message + ".");
  if (prediction.intervals.empty()) return marks;
  run.add_table("prediction_intervals", table, fmt::format("How far the other arms let the predicted total of '{}' go, relative to the anchor: profiles with all parameters refitted under the covariance frozen at the fit, and the linearised interval. Parameters alone: no differences between wells, no counting. A well that holds {:.4g} cells at the anchor.", settings.held_out, prediction.anchor_cells));
  const PredictionInterval& end = prediction.intervals.back();
  run.add_result("prediction.log_fold_at_end", end.profile.estimate, "log fold");
  if (closed(end.profile.below)) run.add_result("prediction.log_fold_at_end.lower", end.profile.lower, "log fold");
  if (closed(end.profile.above)) run.add_result("prediction.log_fold_at_end.upper", end.profile.upper, "log fold");
  run.add_answer(fmt::format("Expected total of '{}' at {:.4g} h: x {:.3g} of that at {:.4g} h, 95 % [{}, {}] by prediction profile, [{:.3g}, {:.3g}] linearised (parameters alone{}).", settings.held_out, end.time_h, std::exp(end.profile.estimate), prediction.times_h.front(), fold_text(end.profile.below), fold_text(end.profile.above), std::exp(end.linear_lower), std::exp(end.linear_upper), end.degrees < 1e5 ? fmt::format(", {:.3g} degrees of freedom", end.degrees) : ""));
  for (const auto& [verdict, times] : doubts) run.add_warning(fmt::format("The predicted total of '{}' at {} h: {} (table prediction_intervals).", settings.held_out, fmt::join(times, ", "), verdict));
  return marks;
}

}  // namespace

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
  const Table marks = write_intervals(run, prediction, settings);
  std::vector<std::pair<std::string, Table>> parts{{"points", points}, {"model", model}};
  if (!marks.rows().empty()) parts.emplace_back("intervals", marks);
  report::add_figure(run, {"prediction", fmt::format("Arm '{}' predicted from the others. Points: its {} wells, relative to their first block after {} h. Line: prediction. Band: 95 % for a single well (parameters, well, its cells).{}", settings.held_out, prediction.wells.size(), prediction.anchor_h, marks.rows().empty() ? "" : " Bars: 95 % of the line itself by prediction profile (parameters alone), where both ends are closed."), "time_course", parts, {{"y_label", "cells relative to anchor"}}, "answer"});

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
