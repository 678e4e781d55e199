// log2 fold changes between means, with an explicit pseudocount and an interval, and tests of means.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "libhyped/distance/tail_probability.hpp"

namespace hyped {

// A group's cells of one gene, on the scale the mean is taken on.
struct MeanOfCells {
  double mean = 0, variance = 0;      // variance of a cell, with n - 1
  std::int64_t cells = 0;
};

// geometric: exp(mean of log1p) - 1, of log-normalised values. arithmetic: mean of linear values.
enum class MeanKind { geometric, arithmetic };
std::string_view to_string(MeanKind);

// log2 of (a_group + e) / (a_other + e). Both means 0 with e = 0: 0. One of them 0 with e = 0: an infinity, kept as a direction.
// lower, upper: 95 %, delta method on the log scale with Welch's degrees of freedom; NaN where log2 is infinite, or no cell varies.
// They hold for other cells of the same cultures, not for other cultures.
struct FoldChange {
  double log2 = 0, lower = 0, upper = 0;
};
FoldChange fold_change(const MeanOfCells& group, const MeanOfCells& other, MeanKind kind, double pseudocount);

// welch: scanpy's "t-test". overestimated_variance: its "t-test_overestim_var", where the other group counts with the group's number of cells.
enum class MeanTestKind { welch, overestimated_variance };
struct MeanTest {
  double t = 0, df = 0;           // t = 0 and p = 1 if neither group varies: there is nothing to test with
  TailProbability test;
};
MeanTest mean_test(const MeanOfCells& group, const MeanOfCells& other, MeanTestKind kind);

}  // namespace hyped
