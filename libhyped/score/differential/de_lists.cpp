// Lists in the orders that harnesses use, and the metrics of cell-eval2 on them.
#include "libhyped/score/differential/de_lists.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

using Empty = DeRules::Empty;

std::vector<std::size_t> in_order(const DeTable& table, std::size_t i, std::vector<std::size_t> genes, DeRules::Order order) {
  std::stable_sort(genes.begin(), genes.end(), [&](std::size_t a, std::size_t b) {
    const DeGene &x = table.at(i, a), &y = table.at(i, b);
    if (order == DeRules::Order::p_value && x.p.log_p != y.p.log_p) return x.p.log_p < y.p.log_p;
    return std::abs(x.log2) > std::abs(y.log2);
  });
  return genes;
}

bool directed(double log2) { return !std::isnan(log2) && log2 != 0; }

struct Fidelity {
  double calls = 0, matches = 0, confirmed = 0;      // n_pred, k, n_conf
  double majority = 0;                               // share of the more frequent sign in R
};
Fidelity fidelity_of(const DeComparison& pair, const DeLists& lists, std::size_t i) {
  Fidelity out;
  double up = 0, signs = 0;
  for (const std::size_t g : lists.predicted) {
    const DeGene &t = pair.real.at(i, g), &p = pair.predicted.at(i, g);
    if (!t.tested || !directed(t.log2)) continue;
    out.calls += 1;
    out.matches += directed(p.log2) && sign_of(p.log2) == sign_of(t.log2) ? 1 : 0;
  }
  for (const std::size_t g : lists.real) {
    out.confirmed += 1;
    if (const double log2 = pair.real.at(i, g).log2; directed(log2)) signs += 1, up += log2 > 0 ? 1 : 0;
  }
  out.majority = signs > 0 ? std::max(up, signs - up) / signs : 1;
  return out;
}

MetricValue fidelity_yield_raw(const DeComparison& pair, const DeLists& lists, std::size_t i) {
  const Fidelity f = fidelity_of(pair, lists, i);
  const double of = std::max(f.calls, f.confirmed);
  return of > 0 ? defined(f.matches / of) : undefined("absent: neither table has a significant gene");
}

MetricValue fidelity_yield(const DeComparison& pair, const DeLists& lists, std::size_t i, Empty empty) {
  const Fidelity f = fidelity_of(pair, lists, i);
  if (f.confirmed == 0) return empty == Empty::strict ? undefined("no gene is significant in the truth") : defined(f.calls == 0 ? 1 : 0);
  if (f.calls == 0) return defined(0);
  const double room = std::max(1 - f.majority, 0.05);
  return defined(std::min(1.0, f.calls / f.confirmed) * (f.matches / f.calls - f.majority) / room);
}

// The deepest place in the predicted order of R at which at least 9 of 10 directions so far are right, as a share of R.
MetricValue reach(const DeComparison& pair, const DeLists& lists, std::size_t i) {
  std::vector<std::size_t> pool;
  for (const std::size_t g : lists.real)
    if (pair.predicted.at(i, g).tested && directed(pair.real.at(i, g).log2)) pool.push_back(g);
  if (lists.real.empty()) return undefined("absent: no gene is significant in the truth");
  std::sort(pool.begin(), pool.end(), [&](std::size_t a, std::size_t b) {
    const DeGene &x = pair.predicted.at(i, a), &y = pair.predicted.at(i, b);
    const bool sx = pair.predicted.significant(i, a), sy = pair.predicted.significant(i, b);
    if (sx != sy) return sx;
    if (x.q.log_p != y.q.log_p) return x.q.log_p < y.q.log_p;
    if (x.p.log_p != y.p.log_p) return x.p.log_p < y.p.log_p;
    if (std::abs(x.log2) != std::abs(y.log2)) return std::abs(x.log2) > std::abs(y.log2);
    return pair.real.genes[a] < pair.real.genes[b];
  });
  double depth = 0, matches = 0, deepest = 0;
  for (const std::size_t g : pool) {
    depth += 1;
    matches += sign_of(pair.predicted.at(i, g).log2) == sign_of(pair.real.at(i, g).log2) ? 1 : 0;
    if (matches / depth >= 0.9) deepest = depth;
  }
  return defined(deepest / static_cast<double>(lists.real.size()));
}

MetricValue jaccard(const DeLists& lists, Empty empty) {
  const auto both = static_cast<double>(shared(lists.real, lists.predicted, lists.real.size(), lists.predicted.size()));
  const double either = static_cast<double>(lists.real.size() + lists.predicted.size()) - both;
  if (lists.real.empty() && empty == Empty::strict) return undefined("no gene is significant in the truth");
  return defined(either > 0 ? both / either : 1);
}

MetricValue fold_error(const DeComparison& pair, const DeLists& lists, std::size_t i) {
  double error = 0, size = 0, genes = 0;
  for (const std::size_t g : lists.real) {
    const double truth = pair.real.at(i, g).log2;
    if (!std::isfinite(truth)) continue;
    const DeGene& v = pair.predicted.at(i, g);
    error += std::abs((v.tested && std::isfinite(v.log2) ? v.log2 : 0) - truth), size += std::abs(truth), genes += 1;
  }
  if (genes < 10) return undefined("absent: fewer than 10 genes with a finite fold change are significant in the truth");
  return size > 0 ? defined(error / size) : undefined("absent: all true fold changes are zero");
}

enum class TwoByTwo { informedness, markedness, mcc };
MetricValue agreement(TwoByTwo what, double tp, double a, double b, double g) {
  const bool real = a > 0 && a < g, predicted = b > 0 && b < g;
  switch (what) {
    case TwoByTwo::informedness: return defined(real ? tp / a - (b - tp) / (g - a) : -1);
    case TwoByTwo::markedness: return defined(predicted ? tp / b - (a - tp) / (g - b) : -1);
    case TwoByTwo::mcc: return defined(real && predicted ? (tp * g - a * b) / std::sqrt(a * b * (g - a) * (g - b)) : -1);
  }
  return {};
}

}  // namespace

DeLists lists_of(const DeComparison& pair, std::size_t condition, const DeRules& rules, bool without_own) {
  std::set<std::size_t> own;
  if (without_own && condition < pair.own_genes.size()) own.insert(pair.own_genes[condition].begin(), pair.own_genes[condition].end());
  DeLists out;
  for (std::size_t g = 0; g < pair.real.genes.size(); ++g) {
    if (own.count(g)) continue;
    if (pair.real.at(condition, g).tested || pair.predicted.at(condition, g).tested) out.considered.push_back(g);
    if (pair.real.significant(condition, g)) out.real.push_back(g);
    if (pair.predicted.significant(condition, g)) out.predicted.push_back(g);
  }
  out.real_top = in_order(pair.real, condition, out.real, rules.order);
  out.predicted_top = in_order(pair.predicted, condition, out.predicted, rules.order);
  return out;
}

std::size_t shared(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other, std::size_t a, std::size_t b) {
  const std::set<std::size_t> first(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(std::min(a, one.size())));
  std::size_t out = 0;
  for (std::size_t i = 0; i < std::min(b, other.size()); ++i) out += first.count(other[i]);
  return out;
}

std::vector<DeMetric> direction_metrics(const DeRules& rules) {
  std::vector<DeMetric> out;
  const auto add = [&](std::string id, std::string formula, Better better, double perfect, std::optional<double> worst, bool without_own, std::function<MetricValue(const DeComparison&, const DeLists&, std::size_t)> of) {
    out.push_back({std::move(id), std::move(formula) + (without_own ? "; own genes left out" : ""), better, perfect, worst, false, [rules, of = std::move(of), without_own](const DeComparison& pair) {
                     std::vector<MetricValue> values;
                     for (std::size_t i = 0; i < pair.real.conditions.size(); ++i) {
                       MetricValue v = of(pair, lists_of(pair, i, rules, without_own), i);
                       if (rules.empty == Empty::strict && v.undefined_because.starts_with("absent: ")) v.undefined_because.erase(0, 8);
                       values.push_back(std::move(v));
                     }
                     return values;
                   }});
  };
  const Empty empty = rules.empty;
  add("direction_fidelity_yield_raw", "predicted calls with the true direction / max(predicted calls, |R|)", Better::higher, 1, 0, true, [](const DeComparison& c, const DeLists& l, std::size_t i) { return fidelity_yield_raw(c, l, i); });
  add("direction_fidelity_yield", "min(1, calls / |R|) (share right - q) / max(1 - q, .05), q = share of the majority sign in R", Better::higher, 1, {}, true, [empty](const DeComparison& c, const DeLists& l, std::size_t i) { return fidelity_yield(c, l, i, empty); });
  add("direction_reach_raw", "deepest place in the predicted order of R with 9 of 10 directions right / |R|", Better::higher, 1, 0, true, [](const DeComparison& c, const DeLists& l, std::size_t i) { return reach(c, l, i); });
  add("sig_jaccard", "|R and P| / |R or P|", Better::higher, 1, 0, true, [empty](const DeComparison&, const DeLists& l, std::size_t) { return jaccard(l, empty); });
  add("lfc_nmae", "mean over R of |predicted - true log2| / mean of |true log2|; a missing prediction counts as 0", Better::lower, 0, {}, true, [](const DeComparison& c, const DeLists& l, std::size_t i) { return fold_error(c, l, i); });
  struct Of {
    const char* id;
    const char* formula;
    TwoByTwo what;
  };
  for (const Of& m : {Of{"sig_informedness", "tp/|R| - fp/(g - |R|)", TwoByTwo::informedness}, Of{"sig_markedness", "tp/|P| - fn/(g - |P|)", TwoByTwo::markedness}, Of{"sig_mcc", "Matthews correlation of R and P over the g genes that were tested", TwoByTwo::mcc}})
    add(m.id, m.formula, Better::higher, 1, -1, rules.own_genes_left_out, [empty, what = m.what](const DeComparison&, const DeLists& l, std::size_t) {
      if (l.real.empty() && empty == Empty::strict) return undefined("no gene is significant in the truth");
      return agreement(what, static_cast<double>(shared(l.real, l.predicted, l.real.size(), l.predicted.size())), static_cast<double>(l.real.size()), static_cast<double>(l.predicted.size()), static_cast<double>(l.considered.size()));
    });
  add("overlap_mcc", "Matthews correlation of R and the first |R| of P (cell-eval2 overlap_adjusted)", Better::higher, 1, -1, rules.own_genes_left_out, [empty](const DeComparison&, const DeLists& l, std::size_t) {
    const std::size_t k = l.real_top.size(), taken = std::min(k, l.predicted_top.size());
    if (k == 0 && empty == Empty::strict) return undefined("no gene is significant in the truth");
    return agreement(TwoByTwo::mcc, static_cast<double>(shared(l.real_top, l.predicted_top, k, taken)), static_cast<double>(k), static_cast<double>(taken), static_cast<double>(l.considered.size()));
  });
  return out;
}

}  // namespace hyped
