// Metrics on two tables of differential expression, real and predicted.
#pragma once
#include <functional>
#include <string>
#include <span>
#include <string_view>
#include <vector>

#include "libhyped/score/differential/de_table.hpp"
#include "libhyped/score/metric.hpp"

namespace hyped {

// Same conditions and genes in the same order.
struct DeComparison {
  DeTable real, predicted;
  std::vector<std::vector<std::size_t>> own_genes;      // [N], places of each condition's target genes
};

// In what the harnesses differ once the tables are there.
struct DeRules {
  enum class Empty { cell_eval, cell_eval2, strict } empty = Empty::strict;      // what no significant gene means, see docs/benchmark_metrics.md
  enum class Order { fold_change, p_value } order = Order::p_value;              // of lists of top genes: |log2| (ties by gene order), or p, then |log2|
  enum class AucFloor { none, clip, replace_zero, smallest } auc_floor = AucFloor::none;      // of q before -log10: log q itself; at least 1e-10; 0 becomes 1e-10; 0 becomes the smallest other
  bool own_genes_left_out = true;         // from every list and count; the metrics of cell-eval2 that leave them out do so anyway
  bool missing_fold_is_zero = true;       // de_spearman_lfc_sig: a gene that the prediction did not test counts with log2 = 0, else it is left out
};
DeRules cell_eval_rules();
DeRules cell_eval2_rules();
DeRules strict_rules();

struct DeMetric {
  std::string id, formula;
  Better better = Better::higher;
  double perfect = 1;
  std::optional<double> worst;
  bool over_all = false;                  // one value for all conditions together [1], else one a condition [N]
  std::function<std::vector<MetricValue>(const DeComparison&)> evaluate;
};

// overlap_at_N (the DES of VCC-2025), overlap_at_K, precision_at_N, precision_at_K, de_direction_match, de_spearman_sig, de_spearman_lfc_sig,
// de_sig_genes_recall, de_nsig_real, de_nsig_pred, pr_auc, roc_auc, direction_fidelity_yield_raw, direction_fidelity_yield, direction_reach_raw,
// sig_jaccard, lfc_nmae, sig_informedness, sig_markedness, sig_mcc, overlap_mcc, overlap_at_N_chance, overlap_at_N_p. R, P: genes below the
// significance in the real and predicted table.
// A value that a peer gives as NaN is undefined "NaN: ...", one that it leaves out is undefined "absent: ...".
std::vector<DeMetric> de_metrics(const DeRules& rules);
DeMetric de_metric(std::string_view id, const DeRules& rules);      // InputError naming the nearest ids

// Real and predicted table with the conditions of `real`; genes by name. Conditions that the prediction has not are named in an InputError.
DeComparison compare_tables(DeTable real, DeTable predicted, std::vector<std::vector<std::size_t>> own_genes, const std::string& where);

// scikit-learn's rules: tied scores enter in one step. label: one of each at least.
double average_precision(std::span<const char> label, std::span<const double> score);
double roc_area(std::span<const char> label, std::span<const double> score);

}  // namespace hyped
