// Classes by cuts, curves by ranks.
#include "libhyped/score/interactions/interaction_classes.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {
namespace {

bool outside(double v, double lower, double upper) { return v < lower || v > upper; }

TailCurve tail_curve(std::span<const double> residual, std::span<const double> predicted, double sign, double cut, double other_cut) {
  HYPED_REQUIRE(residual.size() == predicted.size());
  TailCurve out;
  std::vector<std::pair<double, char>> ranked;      // score, true or false
  for (std::size_t i = 0; i < residual.size(); ++i) {
    const double r = sign * residual[i];
    if (r > cut) ranked.emplace_back(sign * predicted[i], 1), ++out.positives;
    else if (r < other_cut) ranked.emplace_back(sign * predicted[i], 0), ++out.negatives;
  }
  const auto none = [&](const char* why) {
    out.auroc.undefined_because = out.auprc.undefined_because = why;
    return out;
  };
  if (out.positives == 0 || out.negatives == 0) return none("no gene is beyond one of the cuts");
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (ranked.front().first == ranked.back().first) return none("all predictions tie, as those of the additive model do");
  std::vector<char> label;
  std::vector<double> score;
  for (const auto& [s, l] : ranked) label.push_back(l), score.push_back(s);
  out.auroc.value = roc_area(label, score), out.auprc.value = average_precision(label, score);
  out.fdp.resize(101), out.tpr.assign(101, 0);
  for (int k = 0; k <= 100; ++k) out.fdp[static_cast<std::size_t>(k)] = 0.01 * k;
  double hits = 0, misses = 0;
  for (std::size_t from = 0, until = 0; from < ranked.size(); from = until) {
    for (; until < ranked.size() && ranked[until].first == ranked[from].first; ++until) (ranked[until].second ? hits : misses) += 1;
    const double fdp = misses / (hits + misses), tpr = hits / out.positives;
    for (std::size_t k = 0; k <= 100; ++k)
      if (out.fdp[k] >= fdp - 1e-12) out.tpr[k] = std::max(out.tpr[k], tpr);
  }
  return out;
}

}  // namespace

std::string_view to_string(InteractionClass c) {
  switch (c) {
    case InteractionClass::additive: return "additive";
    case InteractionClass::synergy: return "synergy";
    case InteractionClass::buffering: return "buffering";
    case InteractionClass::masking: return "masking";
    case InteractionClass::inversion: return "inversion";
    case InteractionClass::emergent: return "emergent";
  }
  return "";
}

InteractionClass interaction_class(double a, double b, double ab, const InteractionCuts& cuts) {
  const double residual = ab - a - b, middle = 0.5 * (cuts.residual_lower + cuts.residual_upper);
  if (!outside(residual, cuts.residual_lower, cuts.residual_upper)) return InteractionClass::additive;
  const auto effect = [&](double v) { return outside(v, cuts.effect_lower, cuts.effect_upper); };
  const auto same = [&](double v) { return !outside(v + middle, cuts.residual_lower, cuts.residual_upper); };      // no more apart than an additive gene
  if (!effect(a) && !effect(b)) return InteractionClass::emergent;
  const double additive = a + b, sign = additive < 0 ? -1 : 1;
  if (effect(ab) && sign * ab < 0) return InteractionClass::inversion;
  if ((effect(a) && same(ab - a) && !same(ab - b)) || (effect(b) && same(ab - b) && !same(ab - a))) return InteractionClass::masking;
  return sign * residual > 0 ? InteractionClass::synergy : InteractionClass::buffering;
}

FittedCuts interaction_cuts(std::span<const double> residuals, std::span<const double> effects, double level, const LocalFdrOptions& options) {
  FittedCuts out;
  out.residuals = local_fdr(residuals, options), out.effects = local_fdr(effects, options);
  out.outcome = out.residuals.outcome.ok() ? out.effects.outcome : out.residuals.outcome;
  if (out.outcome.ok()) out.cuts = {out.residuals.lower(level), out.residuals.upper(level), out.effects.lower(level), out.effects.upper(level)};
  return out;
}

TailCurve upper_tail(std::span<const double> residual, std::span<const double> predicted, const InteractionCuts& cuts) { return tail_curve(residual, predicted, 1, cuts.residual_upper, cuts.residual_lower); }
TailCurve lower_tail(std::span<const double> residual, std::span<const double> predicted, const InteractionCuts& cuts) { return tail_curve(residual, predicted, -1, -cuts.residual_lower, -cuts.residual_upper); }

ClassAgreement class_agreement(std::span<const InteractionClass> truth, std::span<const InteractionClass> predicted) {
  HYPED_REQUIRE(truth.size() == predicted.size());
  ClassAgreement out;
  for (std::size_t i = 0; i < truth.size(); ++i) ++out.counts(static_cast<int>(truth[i]), static_cast<int>(predicted[i]));
  const int additive = out.counts(0, 0), considered = out.counts.sum() - additive;
  if (considered > 0) out.agreement.value = static_cast<double>(out.counts.trace() - additive) / considered;
  else out.agreement.undefined_because = "every gene is additive in truth and prediction";
  return out;
}

}  // namespace hyped
