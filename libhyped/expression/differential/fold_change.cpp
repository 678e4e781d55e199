// Fold changes and t-tests.
#include "libhyped/expression/differential/fold_change.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {
namespace {

// Satterthwaite's degrees of freedom of a / + b, each a variance with n - 1.
double welch_df(double a, double df_a, double b, double df_b) {
  const double denominator = (df_a > 0 ? a * a / df_a : 0) + (df_b > 0 ? b * b / df_b : 0);
  return denominator > 0 ? (a + b) * (a + b) / denominator : 1;
}

}  // namespace

std::string_view to_string(MeanKind kind) { return kind == MeanKind::geometric ? "geometric" : "arithmetic"; }

FoldChange fold_change(const MeanOfCells& group, const MeanOfCells& other, MeanKind kind, double pseudocount) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto amount = [&](const MeanOfCells& m) { return kind == MeanKind::geometric ? std::expm1(m.mean) : m.mean; };
  const double a = amount(group) + pseudocount, b = amount(other) + pseudocount;
  if (a <= 0 && b <= 0) return {0, nan, nan};
  if (a <= 0) return {-infinity, nan, nan};
  if (b <= 0) return {infinity, nan, nan};
  const double value = std::log2(a / b);
  // variance of the logarithm of each mean
  const auto spread = [&](const MeanOfCells& m, double with) {
    const double slope = kind == MeanKind::geometric ? std::exp(m.mean) / with : 1 / with;
    return slope * slope * m.variance / static_cast<double>(m.cells);
  };
  const double va = spread(group, a), vb = spread(other, b);
  if (!(va + vb > 0) || group.cells < 2 || other.cells < 2) return {value, nan, nan};
  const double df = welch_df(va, static_cast<double>(group.cells - 1), vb, static_cast<double>(other.cells - 1));
  const double half = student_quantile(0.975, df) * std::sqrt(va + vb) / std::log(2.0);
  return {value, value - half, value + half};
}

MeanTest mean_test(const MeanOfCells& group, const MeanOfCells& other, MeanTestKind kind) {
  MeanTest out;
  const auto n = static_cast<double>(group.cells), m = kind == MeanTestKind::welch ? static_cast<double>(other.cells) : n;
  if (n < 2 || m < 2) return out;
  const double a = group.variance / n, b = other.variance / m;
  if (!(a + b > 0)) return out;
  out.df = welch_df(a, n - 1, b, m - 1);
  out.t = (group.mean - other.mean) / std::sqrt(a + b);
  out.test = two_sided_student(out.t, out.df);
  return out;
}

}  // namespace hyped
