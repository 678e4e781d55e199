// GEARS' metrics on genes that are measured: top genes without dropouts, gaps of fold changes.
#include <fmt/format.h>

#include <cmath>

#include "libhyped/score/bulk/metric_families.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

// non_zero: genes that some true cell expresses. non_dropout: these, and those that neither the condition nor the control expresses (GEARS, data_utils.py): genes that
// the perturbation switches off altogether are not counted.
enum class Measured { non_zero, non_dropout };

struct Picked {
  std::vector<std::size_t> at;
  std::string none;
};
Picked top_measured(const EffectComparison& pair, const ConditionView& view, Measured which, std::size_t k) {
  if (pair.de_score.size() == 0) return {{}, "the truth has no test statistics (they need its cells)"};
  const auto truth = view.of(pair.truth), control = view.of(pair.control);
  std::vector<double> score = view.of(pair.de_score);
  for (std::size_t g = 0; g < score.size(); ++g)
    if (truth[g] == 0 && !(which == Measured::non_dropout && control[g] == 0)) score[g] = std::nan("");
  Picked out{largest(score, k), ""};
  if (out.at.empty()) out.none = "no gene that counts was tested";
  return out;
}

}  // namespace

std::vector<Metric> gears_metrics(OwnGenes own) {
  std::vector<Metric> out;
  const std::string rest = own == OwnGenes::left_out ? "; own genes left out" : "";
  struct Of {
    const char* id;
    const char* words;
    Better better;
    double perfect;
    std::optional<double> worst;
    MetricValue (*of)(Values truth, Values predicted, Values control);
  };
  static const auto differences = [](Values a, Values b) {
    std::vector<double> d;
    for (std::size_t i = 0; i < a.size(); ++i) d.push_back(a[i] - b[i]);
    return d;
  };
  // distance of the signs of true and predicted change: 0 the same, 2 opposite, 1 one of them zero
  static const auto share = [](Values t, Values p, Values c, int asked) {
    double hits = 0;
    for (std::size_t i = 0; i < t.size(); ++i) hits += std::abs(sign(p[i] - c[i]) - sign(t[i] - c[i])) == asked;
    return defined(hits / static_cast<double>(t.size()));
  };
  static const Of all[] = {
      {"mse", "mean of (p - t)^2, mean expression", Better::lower, 0, {}, [](Values t, Values p, Values) { return defined(mean_squared_error(t, p)); }},
      {"pearson", "Pearson correlation, mean expression", Better::higher, 1, -1, [](Values t, Values p, Values) { return pearson(t, p); }},
      {"pearson_delta", "Pearson correlation, changes from control", Better::higher, 1, -1, [](Values t, Values p, Values c) { return pearson(differences(t, c), differences(p, c)); }},
      {"direction", "share of genes whose predicted change has the true sign", Better::higher, 1, 0, [](Values t, Values p, Values c) { return share(t, p, c, 0); }},
      {"opposite_direction", "share of genes predicted to go the other way", Better::lower, 0, 1, [](Values t, Values p, Values c) { return share(t, p, c, 2); }},
      {"no_direction", "share of genes where one of true and predicted change is zero", Better::lower, 0, 1, [](Values t, Values p, Values c) { return share(t, p, c, 1); }},
  };
  for (const auto& [which, name, words] : {std::tuple{Measured::non_dropout, "non_dropout", "expressed, or expressed in neither condition nor control"}, std::tuple{Measured::non_zero, "non_zero", "expressed in the condition"}})
    for (const Of& m : all)
      out.push_back({fmt::format("{}_top20_{}", m.id, name), fmt::format("{}, over the 20 genes of largest |test score| that are {} (GEARS){}", m.words, words, rest), m.better, m.perfect, m.worst,
                     per_condition(own, [which = which, of = m.of](const EffectComparison& pair, const ConditionView& view) {
                       const Picked top = top_measured(pair, view, which, 20);
                       if (top.at.empty()) return undefined(top.none);
                       return of(picked(view.of(pair.truth), top.at), picked(view.of(pair.predicted), top.at), picked(view.of(pair.control), top.at));
                     })});
  struct Gap {
    const char* id;
    const char* words;
    double above, below;      // of the true ratio
  };
  static const Gap gaps[] = {{"fold_change_gap_all", "all", 0, INFINITY}, {"fold_change_gap_downreg_0.33", "below 0.333", 0, 0.333}, {"fold_change_gap_downreg_0.1", "below 0.1", 0, 0.1}, {"fold_change_gap_upreg_3", "above 3", 3, INFINITY}, {"fold_change_gap_upreg_10", "above 10", 10, INFINITY}};
  for (const Gap& gap : gaps)
    out.push_back({gap.id, fmt::format("mean over genes of |p / c - t / c| with the control's mean c, genes with t >= 0.5, c > 0 and t / c {}; ratios of mean logarithms (GEARS){}", gap.words, rest), Better::lower, 0, {}, per_condition(own, [gap](const EffectComparison& pair, const ConditionView& view) {
                     const auto truth = view.of(pair.truth), predicted = view.of(pair.predicted), control = view.of(pair.control);
                     double sum = 0, n = 0;
                     for (std::size_t g = 0; g < truth.size(); ++g) {
                       if (!(truth[g] >= 0.5) || control[g] == 0) continue;
                       const double ratio = truth[g] / control[g];
                       if (ratio > gap.above && ratio < gap.below) sum += std::abs(predicted[g] / control[g] - ratio), n += 1;
                     }
                     return n > 0 ? defined(sum / n) : undefined("no gene has such a fold change");
                   })});
  return out;
}

}  // namespace hyped
