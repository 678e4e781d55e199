// The audit chart: what each trick gains by each metric; and scores over the scale of the prediction.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/benchmark/audit/audit_run.hpp"
#include "experiments/report/figure.hpp"

namespace hyped {
namespace {

std::string trick_name(const TrickGain& g) { return g.setting.empty() ? g.trick : g.trick + " " + g.setting; }

// The largest gain over bases for a metric and trick; cells of the chart.
void add_chart(RunDirectory& run, const Audit& audit, const std::string& preset, bool cells) {
  Table chart{{{"metric", "", ""}, {"trick", "", ""}, {"gain", "1", "in spans, the largest over bases"}, {"paid", "", ""}}};
  std::map<std::pair<std::string, std::string>, const TrickGain*> largest;
  std::vector<std::string> metrics, tricks;
  for (const auto& g : audit.gains) {
    if (g.preset != preset || g.cells != cells || !g.in_spans) continue;
    const auto name = trick_name(g);
    if (std::find(metrics.begin(), metrics.end(), g.metric) == metrics.end()) metrics.push_back(g.metric);
    if (std::find(tricks.begin(), tricks.end(), name) == tricks.end()) tricks.push_back(name);
    // what pays first, then what charges, then the rest; the larger size of each
    auto& best = largest[{g.metric, name}];
    const auto weight = [](const TrickGain& t) { return (t.paid == Paid::gains ? 2e9 : t.paid == Paid::loses ? 1e9 : 0) + std::min(1e8, std::abs(*t.in_spans)); };
    if (!best || weight(g) > weight(*best)) best = &g;
  }
  for (const auto& metric : metrics)
    for (const auto& trick : tricks)
      if (const auto found = largest.find({metric, trick}); found != largest.end()) chart.add_row({metric, trick, *found->second->in_spans, std::string(to_string(found->second->paid))});
  if (chart.rows().empty()) return;
  report::add_figure(run, {fmt::format("audit_{}_{}", preset, cells ? "cells" : "means"), fmt::format("{}, predictions as {}: gain of each trick in the base prediction where it pays most (or else costs most), in units of the distance from 'mean only' to the duplicate. Red: the metric pays.", preset, cells ? "cells" : "mean profiles"),
                           "audit", {{"chart", chart}}, {}, "answer"});
}

}  // namespace

void add_audit_figures(RunDirectory& run, const Audit& audit, const std::vector<ScaleRow>& sweep) {
  std::set<std::string> seen;
  std::vector<std::string> presets;
  for (const auto& v : audit.verdicts)
    if (seen.insert(v.preset).second) presets.push_back(v.preset);
  for (const auto& preset : presets)
    for (const bool cells : {false, true}) {
      // of the others the table says enough
      const bool drawn = preset == "strict" || preset.starts_with("cell-eval-0.8") || preset == "cell-eval2";
      if (drawn || presets.size() == 1) add_chart(run, audit, preset, cells);
    }
  Table curve{{{"panel", "", ""}, {"series", "", ""}, {"x", "1", "scale"}, {"y", "1", "score"}}};
  for (const auto& r : sweep) {
    if (r.scale <= 0) continue;      // a log axis
    const auto add = [&](const char* panel, const char* series, const MetricMean& mean) {
      if (mean.mean.value) curve.add_row({std::string(panel), std::string(series), r.scale, *mean.mean.value});
    };
    add("discrimination, duplicate", "L1", r.duplicate_l1), add("discrimination, duplicate", "L2", r.duplicate_l2), add("discrimination, duplicate", "cosine", r.duplicate_cosine);
    add("discrimination, noisy model", "L1", r.noisy_l1), add("discrimination, noisy model", "L2", r.noisy_l2);
    add("mean absolute error", "duplicate", r.duplicate_mae), add("mean absolute error", "no change", r.no_change_mae);
  }
  report::add_figure(run, {"scale_sweep", "Scores of one prediction whose change is multiplied by a number.", "log_curves", {{"curve", curve}}, {{"x_axis", "factor on the predicted change, log axis"}}, "answer"});
}

}  // namespace hyped
