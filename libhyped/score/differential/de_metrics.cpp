// Lists, sets and orders of genes.
#include "libhyped/score/differential/de_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/vectors.hpp"
#include "libhyped/score/differential/de_lists.hpp"

namespace hyped {
namespace {

using Values = std::span<const double>;
using Empty = DeRules::Empty;

const std::string no_real = "no gene is significant in the truth";

// Of the k first of both lists, the share that both have.
MetricValue list_overlap(const DeLists& lists, const DeRules& rules, std::size_t k, bool precision) {
  const std::size_t real = lists.real_top.size(), predicted = lists.predicted_top.size();
  const std::size_t of = std::min(k == 0 ? precision ? predicted : real : k, precision ? predicted : real);
  if (of == 0) {
    if (rules.empty != Empty::strict) return defined(0);
    return precision ? (real == 0 ? undefined(no_real) : defined(0)) : undefined(no_real);
  }
  return defined(static_cast<double>(shared(lists.real_top, lists.predicted_top, of, of)) / static_cast<double>(of));
}

MetricValue direction_match(const DeComparison& pair, const DeLists& lists, std::size_t i, const DeRules& rules) {
  if (lists.real.empty()) return undefined((rules.empty == Empty::strict ? "" : "absent: ") + no_real);
  double hits = 0, of = 0;
  for (const std::size_t g : lists.real) {
    if (!pair.predicted.at(i, g).tested && rules.empty != Empty::strict) continue;      // an inner join
    const int t = sign_of(pair.real.at(i, g).log2), p = pair.predicted.at(i, g).tested ? sign_of(pair.predicted.at(i, g).log2) : 0;
    hits += t == p ? 1 : 0, of += 1;
  }
  return of > 0 ? defined(hits / of) : undefined("absent: the prediction tested none of the genes");
}

MetricValue spearman_fold(const DeComparison& pair, const DeLists& lists, std::size_t i, const DeRules& rules) {
  if (lists.real.empty()) return undefined((rules.empty == Empty::strict ? "" : "absent: ") + no_real);
  std::vector<double> t, p;
  for (const std::size_t g : lists.real) {
    const DeGene& predicted = pair.predicted.at(i, g);
    if (!predicted.tested && !rules.missing_fold_is_zero) continue;
    t.push_back(pair.real.at(i, g).log2), p.push_back(predicted.tested ? predicted.log2 : 0);
  }
  MetricValue out = spearman(t, p);
  if (!out.value && rules.empty != Empty::strict) out.undefined_because = "NaN: " + out.undefined_because;
  return out;
}

MetricValue area(const DeComparison& pair, const DeLists& lists, std::size_t i, const DeRules& rules, bool roc) {
  std::vector<char> label;
  std::vector<double> score;
  double smallest = 1;
  for (const std::size_t g : lists.considered)
    if (const DeGene& v = pair.predicted.at(i, g); v.tested && v.q.p > 0) smallest = std::min(smallest, v.q.p);
  for (const std::size_t g : lists.considered) {
    if (!pair.real.at(i, g).tested) continue;
    const DeGene& v = pair.predicted.at(i, g);
    label.push_back(pair.real.significant(i, g) ? 1 : 0);
    double q = v.tested ? v.q.p : 1;
    switch (rules.auc_floor) {
      case DeRules::AucFloor::none: score.push_back(v.tested ? -v.q.log_p : 0); continue;
      case DeRules::AucFloor::clip: q = std::clamp(q, 1e-10, 1.0); break;
      case DeRules::AucFloor::replace_zero: q = q == 0 ? 1e-10 : q; break;
      case DeRules::AucFloor::smallest: q = q == 0 ? smallest : q; break;
    }
    score.push_back(pair.predicted.float_columns ? static_cast<double>(-std::log10(static_cast<float>(q))) : -std::log10(q));
  }
  const auto positive = std::count(label.begin(), label.end(), 1);
  if (positive == 0 || positive == static_cast<std::ptrdiff_t>(label.size()))
    return undefined((rules.empty == Empty::strict ? "" : "NaN: ") + (positive == 0 ? no_real : std::string("every gene is significant in the truth")));
  return defined(roc ? roc_area(label, score) : average_precision(label, score));
}

// P(X >= hits) of the hypergeometric: `drawn` of `all` genes, of which `marked` are.
double hypergeometric_tail(double all, double marked, double drawn, double hits) {
  const auto log_choose = [](double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); };
  double sum = 0;
  for (double x = std::max(hits, drawn + marked - all); x <= std::min(drawn, marked); ++x) sum += std::exp(log_choose(marked, x) + log_choose(all - marked, drawn - x) - log_choose(all, drawn));
  return std::min(1.0, sum);
}

enum class Chance { expected, tail };
MetricValue overlap_chance(const DeLists& lists, Chance what) {
  const auto k = static_cast<double>(lists.real_top.size()), all = static_cast<double>(lists.considered.size());
  if (k == 0) return undefined(no_real);
  const double drawn = std::min(k, static_cast<double>(lists.predicted_top.size()));
  if (what == Chance::expected) return defined(drawn / all);
  return defined(hypergeometric_tail(all, k, drawn, static_cast<double>(shared(lists.real_top, lists.predicted_top, lists.real_top.size(), lists.real_top.size()))));
}

std::vector<MetricValue> spearman_counts(const DeComparison& pair, const DeRules& rules) {
  std::vector<double> real, predicted;
  for (std::size_t i = 0; i < pair.real.conditions.size(); ++i) {
    const DeLists lists = lists_of(pair, i, rules, rules.own_genes_left_out);
    if (rules.empty != Empty::strict && lists.real.empty()) continue;
    real.push_back(static_cast<double>(lists.real.size())), predicted.push_back(static_cast<double>(lists.predicted.size()));
  }
  if (rules.empty != Empty::strict && real.empty()) return {defined(1)};
  if (real.size() < 3 && rules.empty == Empty::strict) return {undefined("fewer than three conditions")};
  MetricValue out = spearman(real, predicted);
  if (!out.value && rules.empty != Empty::strict) out.undefined_because = "NaN: " + out.undefined_because;
  return {out};
}

}  // namespace

DeRules cell_eval_rules() { return {Empty::cell_eval, DeRules::Order::fold_change, DeRules::AucFloor::clip, false, true}; }
DeRules cell_eval2_rules() { return {Empty::cell_eval2, DeRules::Order::fold_change, DeRules::AucFloor::smallest, false, true}; }
DeRules strict_rules() { return {}; }

std::vector<DeMetric> de_metrics(const DeRules& rules) {
  std::vector<DeMetric> out;
  const auto add = [&](std::string id, std::string formula, std::optional<double> worst, std::function<MetricValue(const DeComparison&, const DeLists&, std::size_t)> of, bool always_without_own = false) {
    const bool without_own = rules.own_genes_left_out || always_without_own;
    out.push_back({std::move(id), std::move(formula) + (without_own ? "; own genes left out" : ""), Better::higher, 1, worst, false, [rules, of = std::move(of), without_own](const DeComparison& pair) {
                     std::vector<MetricValue> values;
                     for (std::size_t i = 0; i < pair.real.conditions.size(); ++i) values.push_back(of(pair, lists_of(pair, i, rules, without_own), i));
                     return values;
                   }});
  };
  add("overlap_at_N", "|top_k(R) and top_k(P)| / k, k = |R| (DES of VCC-2025)", 0, [rules](const DeComparison&, const DeLists& l, std::size_t) { return list_overlap(l, rules, 0, false); });
  for (const std::size_t k : {50, 100, 200, 500}) add(fmt::format("overlap_at_{}", k), fmt::format("|top_k(R) and top_k(P)| / k, k = min({}, |R|)", k), 0, [rules, k](const DeComparison&, const DeLists& l, std::size_t) { return list_overlap(l, rules, k, false); });
  add("precision_at_N", "|top_k(R) and top_k(P)| / k, k = |P|", 0, [rules](const DeComparison&, const DeLists& l, std::size_t) { return list_overlap(l, rules, 0, true); });
  for (const std::size_t k : {50, 100, 200, 500}) add(fmt::format("precision_at_{}", k), fmt::format("|top_k(R) and top_k(P)| / k, k = min({}, |P|)", k), 0, [rules, k](const DeComparison&, const DeLists& l, std::size_t) { return list_overlap(l, rules, k, true); });
  add("de_direction_match", "share of R whose predicted fold change has the true sign", 0, [rules](const DeComparison& c, const DeLists& l, std::size_t i) { return direction_match(c, l, i, rules); });
  out.push_back({"de_spearman_sig", "Spearman over conditions of |R| and |P|", Better::higher, 1, -1, true, [rules](const DeComparison& pair) { return spearman_counts(pair, rules); }});
  add("de_spearman_lfc_sig", "Spearman over R of true and predicted log2 fold change", -1, [rules](const DeComparison& c, const DeLists& l, std::size_t i) { return spearman_fold(c, l, i, rules); });
  add("de_sig_genes_recall", "|R and P| / |R|", 0, [rules](const DeComparison&, const DeLists& l, std::size_t) {
    if (l.real.empty()) return undefined((rules.empty == Empty::strict ? "" : "absent: ") + no_real);
    return defined(static_cast<double>(shared(l.real, l.predicted, l.real.size(), l.predicted.size())) / static_cast<double>(l.real.size()));
  });
  add("de_nsig_real", "|R|", {}, [](const DeComparison&, const DeLists& l, std::size_t) { return defined(static_cast<double>(l.real.size())); });
  add("de_nsig_pred", "|P|", {}, [](const DeComparison&, const DeLists& l, std::size_t) { return defined(static_cast<double>(l.predicted.size())); });
  add("pr_auc", "average precision of R by predicted -log10 q", 0, [rules](const DeComparison& c, const DeLists& l, std::size_t i) { return area(c, l, i, rules, false); });
  add("roc_auc", "area under the ROC curve of R by predicted -log10 q", 0, [rules](const DeComparison& c, const DeLists& l, std::size_t i) { return area(c, l, i, rules, true); });
  add("overlap_at_N_chance", "mean of overlap_at_N if the predicted list were drawn at random: min(k, |P|) / tested genes", {}, [](const DeComparison&, const DeLists& l, std::size_t) { return overlap_chance(l, Chance::expected); });
  add("overlap_at_N_p", "probability of at least this overlap at random (hypergeometric)", {}, [](const DeComparison&, const DeLists& l, std::size_t) { return overlap_chance(l, Chance::tail); });
  for (DeMetric& metric : direction_metrics(rules)) out.push_back(std::move(metric));
  return out;
}

DeMetric de_metric(std::string_view id, const DeRules& rules) {
  std::vector<std::string> names;
  for (DeMetric& m : de_metrics(rules)) {
    if (m.id == id) return m;
    names.push_back(m.id);
  }
  throw InputError("metric " + std::string(id), "is not known", did_you_mean(id, names));
}

double average_precision(std::span<const char> label, std::span<const double> score) {
  std::vector<std::size_t> order(label.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
  const double positive = static_cast<double>(std::count(label.begin(), label.end(), 1));
  double hits = 0, seen = 0, sum = 0;
  for (std::size_t from = 0; from < order.size();) {
    double more = 0;
    std::size_t until = from;
    for (; until < order.size() && score[order[until]] == score[order[from]]; ++until) more += label[order[until]], seen += 1;
    hits += more;
    sum += more / positive * (hits / seen);
    from = until;
  }
  return sum;
}

double roc_area(std::span<const char> label, std::span<const double> score) {
  const auto ranks = mid_ranks(score);
  double sum = 0, positive = 0;
  for (std::size_t i = 0; i < label.size(); ++i)
    if (label[i]) sum += ranks[i], positive += 1;
  return (sum - positive * (positive + 1) / 2) / (positive * (static_cast<double>(label.size()) - positive));
}

DeComparison compare_tables(DeTable real, DeTable predicted, std::vector<std::vector<std::size_t>> own_genes, const std::string& where) {
  if (real.genes != predicted.genes) throw InputError(where, "the tables have different genes", "bring both to one list of genes first");
  if (real.conditions != predicted.conditions) {
    DeTable ordered = predicted;
    ordered.conditions = real.conditions;
    ordered.values.assign(real.conditions.size() * real.genes.size(), {});
    ordered.tested.assign(real.conditions.size(), 0);
    for (std::size_t i = 0; i < real.conditions.size(); ++i) {
      const auto found = std::find(predicted.conditions.begin(), predicted.conditions.end(), real.conditions[i]);
      if (found == predicted.conditions.end()) throw InputError(where, fmt::format("the prediction has no condition {}", real.conditions[i]), "predict every condition, or score the ones there are");
      const auto at = static_cast<std::size_t>(found - predicted.conditions.begin());
      std::copy_n(predicted.values.begin() + static_cast<std::ptrdiff_t>(at * real.genes.size()), real.genes.size(), ordered.values.begin() + static_cast<std::ptrdiff_t>(i * real.genes.size()));
      ordered.tested[i] = predicted.tested[at];
    }
    predicted = std::move(ordered);
  }
  if (own_genes.empty()) own_genes.resize(real.conditions.size());
  HYPED_REQUIRE(own_genes.size() == real.conditions.size());
  return {std::move(real), std::move(predicted), std::move(own_genes)};
}

}  // namespace hyped
