// Differential expression of every condition against a control, as the tables that scores compare, with the choices in which harnesses differ.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct DeSettings {
  MeanKind mean = MeanKind::geometric;
  double pseudocount = 0;                                  // on the scale of the means
  enum class ZeroMean { infinite, twentyfold } zero_mean = ZeroMean::infinite;      // one mean 0: log2 is an infinity, or that of 20 (1/20) as in pdex 0.1
  enum class Gate { none, expressed, control, either } gate = Gate::none;           // genes kept: with a count in the data at all; CPM above gate_cpm in control; in one of the two
  double gate_cpm = 5;
  enum class Pool { condition, all } pool = Pool::condition;                        // what one Benjamini-Hochberg adjustment spans
  bool float_columns = false;                              // log2, p and q rounded to 32 bits before anything is compared (cell-eval)
  double significance = 0.05;                              // q strictly below
};

struct DeGene {
  double log2 = 0;                // may be an infinity
  TailProbability p, q;           // with logarithms where they underflow
  bool tested = false;            // false: gated out, or not in this table
};

struct DeTable {
  std::vector<std::string> conditions, genes;      // [N], [G]
  std::vector<DeGene> values;                      // [N x G]
  std::vector<std::int64_t> tested;                // [N], genes that count in the adjustment
  double significance = 0.05;
  bool float_columns = false;

  const DeGene& at(std::size_t condition, std::size_t gene) const { return values[condition * genes.size() + gene]; }
  bool significant(std::size_t condition, std::size_t gene) const;
};

// q of what is tested, over the settings' pool; then the rounding to 32 bits if they ask for it.
void adjust(DeTable& table, const DeSettings& settings);

// cells: rows are cells, values ln(1 + normalised), none negative. Every group but `reference` is a condition, in the order of groups. `expressed` of Gate
// counts cells of all groups. Wilcoxon rank sums, two-sided, with ties and continuity correction; equal values everywhere: p = 1. One block of genes
// in memory at a time. Same bytes for any number of threads. InputError: an empty group.
DeTable differential_table(const SparseRows& cells, const std::vector<std::string>& genes, const CellGroups& groups, int reference, const DeSettings& settings);

// t statistics [N x G] of each group against `reference`, or against the rest without the groups `left_out` (reference the_rest): what orders top genes
// (scanpy "t-test") and gives Shift's weights ("t-test_overestim_var"). Rows in the order of groups; rows of reference and of left_out ones are 0.
std::vector<double> t_scores(const SparseRows& cells, const CellGroups& groups, int reference, const std::vector<int>& left_out, MeanTestKind kind);

// Some rows of one matrix below some of another; both have the same genes.
SparseRows stacked_rows(const SparseRows& first, const std::vector<int>& first_rows, const SparseRows& second, const std::vector<int>& second_rows);

}  // namespace hyped
