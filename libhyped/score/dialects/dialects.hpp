// How each harness scores: its metrics under its own names with its own choices, from the one input, and what differs where names are the same.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libhyped/score/bulk/vectors.hpp"
#include "libhyped/score/dialects/scored_pair.hpp"

namespace hyped {

struct Dialect {
  std::string id;            // "cell-eval-0.8.1"
  std::string harness;       // what it is pinned to, with version
  std::string mean_rule;     // how it averages over conditions
};
// cell-eval-0.6.6 (VCC-2025), cell-eval-0.7.6, cell-eval-0.8.1, cell-eval2 (VCC-2026), perturbench, gears, ahlmann-eltze-huber, systema, shift,
// scperturb, pertpy, hyped-table3, strict.
const std::vector<Dialect>& dialects();

using Choices = std::vector<std::pair<std::string, std::string>>;      // what was chosen in what, for example {"control", "of the prediction"}

struct DialectMetric {
  std::string id, formula;
  std::string means;                          // what the number is meant to say: rows of one are set beside each other in same_name_rows
  Better better = Better::higher;
  double perfect = 1;
  std::optional<double> worst;                // of a missing prediction
  Choices choices;
  bool over_all = false;
  std::vector<MetricValue> values;            // [N], or [1] if over_all
  // The harness' own mean over conditions, as it does it (NaN poisoning it, zeros filled in ...), and ours: of what is defined.
  MetricValue harness_mean;
  MetricMean masked;
  MetricValue filled;                         // undefined and missing ones at the worst value; undefined where that is unbounded
};

struct DialectScores {
  std::string dialect;
  std::vector<DialectMetric> metrics;
  std::vector<std::string> words;             // what it could not do here, and why
};

struct DialectOptions {
  double most_pair_work = 2e10;               // cells^2 x genes up to which distances of cells are computed
  double significance = 0.05;
};
// InputError naming the nearest ids for an unknown dialect.
DialectScores score_dialect(const ScoredPair& pair, std::string_view dialect, const DialectOptions& options = {});

// "Same name, different number": of every thing meant that two dialects or more give, their means side by side and what differs from the first of them.
struct SameNameRow {
  std::string means, dialect, id;
  MetricValue mean;                           // of what is defined
  MetricValue harness_mean;
  std::size_t defined = 0, of = 0;
  std::string differs;                        // from `strict`, or the first dialect that gives it; "" for that one
};
std::vector<SameNameRow> same_name_rows(const std::vector<DialectScores>& scores);

}  // namespace hyped
