// Quality metrics of cells and genes, and the cut-offs taken from them.
#include "libhyped/expression/preparation/quality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/expression/preparation/gene_moments.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
constexpr int least_cells_for_mad = 20;

// Sums of the largest values, at every size of `top` (ascending), of values that are reordered.
void add_top(std::vector<float>& values, const std::vector<int>& top, double* sums, std::ptrdiff_t stride) {
  const auto descending = std::greater<float>();
  const auto most = std::min(values.size(), static_cast<std::size_t>(top.back()));
  if (most < values.size()) std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(most), values.end(), descending);
  // from the largest size to the smallest: each cut needs only what lies before the last one
  std::size_t end = most;
  std::vector<double> between(top.size(), 0.0);
  for (std::size_t t = top.size(); t-- > 0;) {
    const std::size_t from = t == 0 ? 0 : std::min(most, static_cast<std::size_t>(top[t - 1]));
    if (from > 0 && from < end) std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(from), values.begin() + static_cast<std::ptrdiff_t>(end), descending);
    for (std::size_t i = from; i < end; ++i) between[t] += values[i];
    end = from;
  }
  double sum = 0;
  for (std::size_t t = 0; t < top.size(); ++t) sums[static_cast<std::ptrdiff_t>(t) * stride] = sum += between[t];
}

}  // namespace

CellQuality cell_quality(const SparseRows& counts, std::span<const GeneMask> masks, std::vector<int> top) {
  std::sort(top.begin(), top.end());
  CellQuality out;
  out.top = top;
  out.total_counts.resize(counts.rows);
  out.genes_by_counts.resize(counts.rows);
  out.pct_in_top.resize(counts.rows, static_cast<Eigen::Index>(top.size()));
  out.total_in_mask.setZero(counts.rows, static_cast<Eigen::Index>(masks.size()));
  out.pct_in_mask.resize(counts.rows, static_cast<Eigen::Index>(masks.size()));
  std::vector<std::uint32_t> in(static_cast<std::size_t>(counts.columns), 0);      // the masks of a gene as bits
  for (std::size_t m = 0; m < masks.size(); ++m) {
    out.masks.push_back(masks[m].name);
    for (std::size_t g = 0; g < in.size(); ++g) in[g] |= static_cast<std::uint32_t>(masks[m].of[g] != 0) << m;
  }
  constexpr int block = 256;
  parallel_for((counts.rows + block - 1) / block, [&](int b) {
    std::vector<float> values;
    for (int cell = b * block; cell < std::min(counts.rows, (b + 1) * block); ++cell) {
      const auto row = counts.values_of(cell);
      const auto genes = counts.columns_of(cell);
      values.assign(row.begin(), row.end());
      double total = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        total += row[i];
        if (const std::uint32_t bits = in[static_cast<std::size_t>(genes[i])])
          for (std::size_t m = 0; m < masks.size(); ++m)
            if (bits >> m & 1U) out.total_in_mask(cell, static_cast<Eigen::Index>(m)) += row[i];
      }
      out.total_counts[cell] = total;
      out.genes_by_counts[cell] = static_cast<int>(row.size());
      if (!top.empty()) add_top(values, top, &out.pct_in_top(cell, 0), counts.rows);
      const double per_cent = total > 0 ? 100 / total : nan;
      out.pct_in_top.row(cell) *= per_cent;
      out.pct_in_mask.row(cell) = out.total_in_mask.row(cell) * per_cent;
    }
  });
  return out;
}

GeneQuality gene_quality(const SparseRows& counts) {
  const Eigen::MatrixXd sums = gene_sums<2>(counts, {}, [](int, double value, double* to) {
    to[0] += value;
    to[1] += 1;
  });
  GeneQuality out;
  out.total_counts = sums.row(0).transpose();
  out.cells_by_counts = sums.row(1).transpose().cast<int>();
  out.mean_counts = out.total_counts / counts.rows;
  out.pct_dropout = 100 * (1 - sums.row(1).transpose().array() / counts.rows);
  return out;
}

double median_of(std::vector<double> values) {
  if (values.empty()) return nan;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 == 1 ? *middle : 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

MedianMad median_mad(std::span<const double> values) {
  std::vector<double> kept;
  for (const double value : values)
    if (!std::isnan(value)) kept.push_back(value);
  MedianMad out{median_of(kept), nan};
  for (double& value : kept) value = std::abs(value - out.median);
  out.mad = median_of(kept);
  return out;
}

QualityVerdict judge_cells(const CellQuality& quality, const QualityRules& rules, std::span<const int> groups, std::span<const std::string> names) {
  const int cells = static_cast<int>(quality.total_counts.size());
  QualityVerdict out;
  out.outlier.assign(static_cast<std::size_t>(cells), 0);
  out.mt_outlier = out.outlier;
  const auto top = std::find(quality.top.begin(), quality.top.end(), rules.top);
  const auto mt = std::find(quality.masks.begin(), quality.masks.end(), "mt");
  std::vector<std::vector<int>> members = rows_by_label(groups);
  if (groups.empty()) {
    members.assign(1, std::vector<int>(static_cast<std::size_t>(cells)));
    std::iota(members[0].begin(), members[0].end(), 0);
  }
  const auto cut = [&](std::size_t group, const std::string& metric, const std::string& unit, double mads, double least, double most, bool lower_side, std::vector<char>& flags, const auto& value_of) {
    if (members[group].empty()) return;
    std::vector<double> values;
    for (const int cell : members[group]) values.push_back(value_of(cell));
    QualityCut one{names.empty() ? "" : names[group], metric, unit};
    const MedianMad centre = median_mad(values);
    one.median = centre.median;
    one.mad = centre.mad;
    one.cells = static_cast<int>(values.size());
    one.applies = one.cells >= least_cells_for_mad && centre.mad > 0 && mads > 0;
    one.lower = std::max(least, one.applies && lower_side ? centre.median - mads * centre.mad : -infinity);
    one.upper = std::min(most, one.applies ? centre.median + mads * centre.mad : infinity);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!(values[i] >= one.lower && values[i] <= one.upper)) ++one.outside, flags[static_cast<std::size_t>(members[group][i])] = 1;      // NaN: no counts, out
    out.cuts.push_back(one);
  };
  for (std::size_t group = 0; group < members.size(); ++group) {
    cut(group, "log1p_total_counts", "ln(1 + counts)", rules.mads, rules.min_counts > 0 ? std::log1p(rules.min_counts) : -infinity, infinity, true, out.outlier, [&](int c) { return std::log1p(quality.total_counts[c]); });
    cut(group, "log1p_n_genes_by_counts", "ln(1 + genes)", rules.mads, rules.min_genes > 0 ? std::log1p(rules.min_genes) : -infinity, infinity, true, out.outlier, [&](int c) { return std::log1p(quality.genes_by_counts[c]); });
    if (top != quality.top.end())
      cut(group, "pct_counts_in_top_" + std::to_string(rules.top) + "_genes", "%", rules.mads, -infinity, infinity, true, out.outlier, [&](int c) { return quality.pct_in_top(c, top - quality.top.begin()); });
    if (mt != quality.masks.end())
      cut(group, "pct_counts_mt", "%", rules.mads_mt, -infinity, rules.max_pct_mt, false, out.mt_outlier, [&](int c) { return quality.pct_in_mask(c, mt - quality.masks.begin()); });
  }
  out.kept.resize(out.outlier.size());
  for (std::size_t c = 0; c < out.kept.size(); ++c) out.kept[c] = !out.outlier[c] && !out.mt_outlier[c];
  return out;
}

std::vector<int> genes_to_keep(const GeneQuality& quality, int min_cells, double min_counts) {
  std::vector<int> kept;
  for (int g = 0; g < quality.total_counts.size(); ++g)
    if (quality.cells_by_counts[g] >= min_cells && quality.total_counts[g] >= min_counts) kept.push_back(g);
  return kept;
}

}  // namespace hyped
