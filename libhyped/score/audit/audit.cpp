// Gains of tricks, paired over conditions.
#include "libhyped/score/audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

using MetricKey = std::pair<std::string, std::string>;
using SubmissionKey = std::pair<std::string, bool>;      // base, cells

const AuditedValues* values_in(const AuditedScores& scores, const MetricKey& key) {
  for (const auto& v : scores)
    if (v.preset == key.first && v.metric == key.second) return &v;
  return nullptr;
}

std::optional<double> mean_of(const std::vector<MetricValue>& values) {
  double sum = 0, n = 0;
  for (const auto& v : values)
    if (v.value && std::isfinite(*v.value)) sum += *v.value, n += 1;
  if (n == 0) return std::nullopt;
  return sum / n;
}

// Differences after - before in the metric's direction where both are there, and both means.
std::vector<double> paired(const AuditedValues& before, const AuditedValues& after, TrickGain& out) {
  const double sign = before.better == Better::higher ? 1 : -1;
  std::vector<double> gains;
  double a = 0, b = 0;
  for (std::size_t i = 0; i < before.values.size() && i < after.values.size(); ++i) {
    const auto &x = before.values[i].value, &y = after.values[i].value;
    if (!x || !y || !std::isfinite(*x) || !std::isfinite(*y)) continue;
    a += *x, b += *y;
    gains.push_back(sign * (*y - *x));
  }
  out.conditions = gains.size();
  if (gains.empty()) return gains;
  out.before = a / static_cast<double>(gains.size()), out.after = b / static_cast<double>(gains.size());
  return gains;
}

}  // namespace

std::string_view to_string(Paid paid) {
  switch (paid) {
    case Paid::no_value: return "no value";
    case Paid::loses: return "loses";
    case Paid::nothing: return "nothing";
    case Paid::gains: return "gains";
  }
  return "";
}

Audit audit_of(const std::vector<AuditedSubmission>& submissions, const AuditOptions& options) {
  std::map<SubmissionKey, const AuditedSubmission*> bases;
  std::vector<MetricKey> metrics;
  std::map<MetricKey, int> tests;
  for (const auto& s : submissions) {
    if (s.trick.empty()) bases[{s.base, s.cells}] = &s;
    for (const auto& v : s.scores) {
      const MetricKey key{v.preset, v.metric};
      if (!tests.count(key)) metrics.push_back(key);
      tests[key] += s.trick.empty() ? 0 : 1;
    }
  }
  Audit out;
  for (const auto& key : metrics) {
    AuditVerdict verdict{key.first, key.second, true, false, {}, std::nullopt};
    // the span, by the means of cells where the metric needs cells
    std::optional<double> span;
    for (const bool cells : {false, true}) {
      const auto upper = bases.find({options.span_upper, cells}), lower = bases.find({options.span_lower, cells});
      if (span || upper == bases.end() || lower == bases.end()) continue;
      const auto *top = values_in(upper->second->scores, key), *bottom = values_in(lower->second->scores, key);
      if (!top || !bottom) continue;
      const auto high = mean_of(top->values), low = mean_of(bottom->values);
      if (high && low && *high != *low) span = std::abs(*high - *low);
    }
    for (const auto& s : submissions) {
      if (s.trick.empty()) continue;
      const auto base = bases.find({s.base, s.cells});
      HYPED_REQUIRE(base != bases.end());
      const auto *before = values_in(base->second->scores, key), *after = values_in(s.scores, key);
      if (!before || !after) continue;
      TrickGain gain{key.first, key.second, s.base, s.trick, s.setting, s.cells, std::nullopt, std::nullopt, 0, std::nullopt, std::nullopt, Paid::no_value};
      const auto differences = paired(*before, *after, gain);
      if (!differences.empty()) {
        const double sign = before->better == Better::higher ? 1 : -1, mean = sign * (*gain.after - *gain.before);
        if (span) gain.in_spans = mean / *span;
        const double least = span ? options.least * *span : options.least * std::abs(*gain.before);
        if (before->values.size() > 1) gain.gain = range_over_perturbations(differences, 0, {options.seed, 1 - (1 - options.level) / std::max(1, tests[key]), 4000});
        if (gain.gain) gain.paid = gain.gain->lower > 0 && mean > least ? Paid::gains : gain.gain->upper < 0 && mean < -least ? Paid::loses : Paid::nothing;
        else gain.paid = mean > 5 * least ? Paid::gains : mean < -5 * least ? Paid::loses : Paid::nothing;
      }
      if (s.trick == "label_shuffle" && gain.paid == Paid::loses) verdict.sees_labels = true;
      if (gain.paid == Paid::gains) {
        verdict.certified = false;
        verdict.gained_by.push_back(fmt::format("{}{}{} ({}{})", s.trick, s.setting.empty() ? "" : " ", s.setting, s.base, s.cells ? ", cells" : ""));
        if (!verdict.worst || gain.in_spans.value_or(0) > verdict.worst->in_spans.value_or(0)) verdict.worst = gain;
      }
      out.gains.push_back(std::move(gain));
    }
    out.verdicts.push_back(std::move(verdict));
  }
  return out;
}

}  // namespace hyped
