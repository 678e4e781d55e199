// Metrics on the genes that matter: the top of a test, the top of the change, weights, directions.
#include <fmt/format.h>

#include <cmath>

#include "libhyped/score/bulk/metric_families.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

// The k genes of largest test score, by place in the view; a reason if there are none.
struct TopGenes {
  std::vector<std::size_t> at;
  std::string none;
};
TopGenes top_of_test(const EffectComparison& pair, const ConditionView& view, std::size_t k) {
  if (pair.de_score.size() == 0) return {{}, "the truth has no test statistics (they need its cells)"};
  TopGenes out{largest(view.of(pair.de_score), k), ""};
  if (out.at.empty()) out.none = "no gene was tested";
  return out;
}

// Share of genes whose predicted change has the true sign (asked +1), the other (-1), or where one of the two is zero (0): they add up to 1.
double direction_share(const std::vector<double>& truth, const std::vector<double>& predicted, int asked) {
  double hits = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const int t = sign(truth[i]), p = sign(predicted[i]);
    hits += asked > 0 ? t == p : asked < 0 ? t * p < 0 : (p == 0) != (t == 0);
  }
  return hits / static_cast<double>(truth.size());
}

std::string own_words(OwnGenes own) { return own == OwnGenes::left_out ? "; own genes left out" : ""; }

}  // namespace

std::vector<Metric> top_gene_metrics(OwnGenes own) {
  std::vector<Metric> out;
  struct Of {
    const char* id;
    const char* words;
    Better better;
    double perfect;
    std::optional<double> worst;
    bool change;
    MetricValue (*of)(Values, Values);
  };
  static const Of all[] = {
      {"mse", "mean of (p - t)^2, mean expression", Better::lower, 0, {}, false, [](Values t, Values p) { return defined(mean_squared_error(t, p)); }},
      {"pearson", "Pearson correlation, mean expression", Better::higher, 1, -1, false, pearson},
      {"l2_delta", "||p - t||, changes from control", Better::lower, 0, {}, true, [](Values t, Values p) { return defined(euclidean_distance(t, p)); }},
      {"pearson_delta", "Pearson correlation, changes from control", Better::higher, 1, -1, true, pearson},
      {"spearman_delta", "Spearman correlation, changes from control", Better::higher, 1, -1, true, spearman},
      {"cosine_delta", "cosine, changes from control", Better::higher, 1, -1, true, cosine},
  };
  for (const std::size_t k : {20, 50, 100})
    for (const Of& m : all)
      out.push_back({fmt::format("{}_top{}", m.id, k), fmt::format("{}, over the {} genes of largest |test score| of the truth against control (GEARS){}", m.words, k, own_words(own)), m.better, m.perfect, m.worst,
                     per_condition(own, [k, change = m.change, of = m.of](const EffectComparison& pair, const ConditionView& view) {
                       const TopGenes top = top_of_test(pair, view, k);
                       if (top.at.empty()) return undefined(top.none);
                       if (!change) return of(picked(view.of(pair.truth), top.at), picked(view.of(pair.predicted), top.at));
                       return of(picked(view.change_of(pair.truth, pair.control), top.at), picked(view.change_of(pair.predicted, pair.control), top.at));
                     })});
  out.push_back({"pearson_perturbed_mean_top20", "Pearson correlation of differences from the perturbed mean, over the 20 genes of largest |truth - control| (Systema)" + own_words(own), Better::higher, 1, -1, [own](const EffectComparison& pair) {
                   const ProfileMatrix reference = perturbed_mean_of(pair);
                   return per_condition(own, [&](const EffectComparison& c, const ConditionView& view) {
                     const auto top = largest(view.change_of(c.truth, c.control), 20);
                     return pearson(picked(view.change_of(c.truth, reference), top), picked(view.change_of(c.predicted, reference), top));
                   })(pair);
                 }});
  struct Share {
    const char* id;
    const char* words;
    Better better;
    double perfect, worst;
    int asked;
  };
  static const Share shares[] = {{"direction", "share of genes whose predicted change has the true sign (both zero: it has)", Better::higher, 1, 0, 1},
                                 {"opposite_direction", "share of genes predicted to go the other way", Better::lower, 0, 1, -1},
                                 {"no_direction", "share of genes where one of true and predicted change is zero, the other not", Better::lower, 0, 1, 0}};
  for (const Share& s : shares)
    for (const std::size_t k : {0, 20, 50, 100, 200})
      out.push_back({k == 0 ? std::string(s.id) : fmt::format("{}_top{}", s.id, k), k == 0 ? std::string(s.words) + ", all genes" + own_words(own) : fmt::format("{}, of the {} genes of largest |test score| (GEARS){}", s.words, k, own_words(own)), s.better, s.perfect, s.worst,
                     per_condition(own, [k, asked = s.asked](const EffectComparison& pair, const ConditionView& view) {
                       const auto truth = view.change_of(pair.truth, pair.control), predicted = view.change_of(pair.predicted, pair.control);
                       if (k == 0) return defined(direction_share(truth, predicted, asked));
                       const TopGenes top = top_of_test(pair, view, k);
                       if (top.at.empty()) return undefined(top.none);
                       return defined(direction_share(picked(truth, top.at), picked(predicted, top.at), asked));
                     })});
  return out;
}

std::vector<Metric> weighted_metrics(OwnGenes own) {
  // ((|t| - least) / (greatest - least))^2 of the genes of a condition; all |t| the same and above 0: equal weights.
  const auto weights_of = [](const EffectComparison& pair, const ConditionView& view) {
    std::vector<double> w = pair.contrast_score.size() > 0 ? view.of(pair.contrast_score) : std::vector<double>{};
    double least = INFINITY, greatest = 0;
    for (double& x : w) {
      x = std::isfinite(x) ? std::abs(x) : 0;
      least = std::min(least, x), greatest = std::max(greatest, x);
    }
    for (double& x : w) x = greatest > least ? (x - least) / (greatest - least) * ((x - least) / (greatest - least)) : greatest > 0 ? 1 : 0;
    return w;
  };
  const std::string rest = ", weights ((|t| - min) / (max - min))^2 of a t-test against all other perturbed cells (Shift); they come from the scored truth" + own_words(own);
  std::vector<Metric> out;
  out.push_back({"wmse", "weighted mean over genes of (p - t)^2" + rest, Better::lower, 0, {}, per_condition(own, [weights_of](const EffectComparison& pair, const ConditionView& view) {
                   const auto w = weights_of(pair, view);
                   return w.empty() ? undefined("the truth has no test statistics (they need its cells)") : weighted_squared_error(view.of(pair.truth), view.of(pair.predicted), w);
                 })});
  out.push_back({"weighted_r2_delta", "weighted R2 of differences from the perturbed mean" + rest, Better::higher, 1, {}, [own, weights_of](const EffectComparison& pair) {
                   const ProfileMatrix reference = perturbed_mean_of(pair);
                   return per_condition(own, [&](const EffectComparison& c, const ConditionView& view) {
                     const auto w = weights_of(c, view);
                     return w.empty() ? undefined("the truth has no test statistics (they need its cells)") : weighted_r_squared(view.change_of(c.truth, reference), view.change_of(c.predicted, reference), w);
                   })(pair);
                 }});
  return out;
}

}  // namespace hyped
