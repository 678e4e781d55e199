// Standardised variances and dispersions, and how batches agree on them.
#include "libhyped/expression/preparation/variable_genes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/expression/preparation/gene_moments.hpp"
#include "libhyped/expression/preparation/local_regression.hpp"
#include "libhyped/expression/preparation/quality.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::vector<int>> batches_of(const SparseRows& matrix, std::span<const int> batch) {
  if (batch.empty()) return {{}};      // no list of cells: all of them
  HYPED_REQUIRE(static_cast<int>(batch.size()) == matrix.rows);
  std::vector<std::vector<int>> cells = rows_by_label(batch);
  std::erase_if(cells, [](const auto& rows) { return rows.empty(); });
  return cells;
}

bool is_excluded(const VariableGeneOptions& options, int gene) { return !options.excluded.empty() && options.excluded[static_cast<std::size_t>(gene)]; }

// Genes by falling value; NaN and the excluded ones come last, equal ones in their order.
std::vector<int> by_falling(const Eigen::VectorXd& values, const VariableGeneOptions& options) {
  std::vector<int> order(static_cast<std::size_t>(values.size()));
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int g) { return is_excluded(options, g) || std::isnan(values[g]) ? -std::numeric_limits<double>::infinity() : values[g]; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) > key(b); });
  return order;
}

void check_top(const VariableGeneOptions& options, int genes) {
  if (options.top < 1) throw InputError("number of variable genes", "is below 1", "ask for 500 to 5000 of them");
  HYPED_REQUIRE(options.excluded.empty() || static_cast<int>(options.excluded.size()) == genes);
}

// Variances of counts standardised by what the regression expects of genes of their mean.
Eigen::VectorXd standardised_variance(const SparseRows& counts, std::span<const int> cells, const GeneMoments& moments, const VariableGeneOptions& options, Eigen::VectorXd& expected_log10, Outcome& outcome) {
  std::vector<double> x, y;
  for (int g = 0; g < counts.columns; ++g)
    if (moments.variance[g] > 0) x.push_back(std::log10(moments.mean[g])), y.push_back(std::log10(moments.variance[g]));
  const LocalRegression fit = local_quadratic_regression(x, y, {.span = options.span});
  outcome = fit.outcome;
  if (!outcome.ok()) return {};
  expected_log10.setConstant(counts.columns, nan);
  Eigen::VectorXd deviation = Eigen::VectorXd::Ones(counts.columns);      // 1 where the gene is constant
  for (int g = 0, i = 0; g < counts.columns; ++g)
    if (moments.variance[g] > 0) deviation[g] = std::sqrt(std::pow(10.0, expected_log10[g] = fit.fitted[static_cast<std::size_t>(i++)]));
  const double n = moments.cells;
  const Eigen::VectorXd highest = deviation * std::sqrt(n) + moments.mean;
  const Eigen::MatrixXd sums = gene_sums<2>(counts, cells, [&](int gene, double value, double* to) {
    const double clipped = std::min(value, highest[gene]);
    to[0] += clipped;
    to[1] += clipped * clipped;
  });
  return ((n * moments.mean.cwiseAbs2() + sums.row(1).transpose() - 2 * sums.row(0).transpose().cwiseProduct(moments.mean)).array() / ((n - 1) * deviation.array().square())).matrix();
}

// Dispersions and their standardisation in bins of the mean; a mask of genes that take part.
struct Dispersions {
  Eigen::VectorXd mean, dispersion, normalised;
};
Dispersions dispersions_of(const SparseRows& values, std::span<const int> cells, int bins, bool only_seen) {
  const GeneMoments moments = gene_moments(values, cells, ValueScale::expm1);
  const Eigen::Index genes = values.columns;
  Dispersions out{Eigen::VectorXd::Zero(genes), Eigen::VectorXd::Zero(genes), Eigen::VectorXd::Zero(genes)};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const auto taken = [&](Eigen::Index g) { return !only_seen || moments.detected[g] > 0; };
  for (Eigen::Index g = 0; g < genes; ++g) {
    if (!taken(g)) continue;
    const double mean = moments.mean[g] == 0 ? 1e-12 : moments.mean[g], dispersion = moments.variance[g] / mean;
    out.mean[g] = std::log1p(mean);
    out.dispersion[g] = dispersion == 0 ? nan : std::log(dispersion);
    low = std::min(low, out.mean[g]);
    high = std::max(high, out.mean[g]);
  }
  // equal bins, the lowest edge moved down by a thousandth of the range, closed on the right (pandas.cut)
  std::vector<double> edge(static_cast<std::size_t>(bins) + 1);
  if (low == high) low -= low != 0 ? 0.001 * std::abs(low) : 0.001, high += high != 0 ? 0.001 * std::abs(high) : 0.001;
  for (int b = 0; b <= bins; ++b) edge[static_cast<std::size_t>(b)] = b == bins ? high : low + b * ((high - low) / bins);
  edge[0] -= 0.001 * (high - low);
  std::vector<int> bin(static_cast<std::size_t>(genes), -1);
  std::vector<std::vector<double>> members(static_cast<std::size_t>(bins));
  for (Eigen::Index g = 0; g < genes; ++g) {
    if (!taken(g)) continue;
    const int b = std::clamp(static_cast<int>(std::lower_bound(edge.begin(), edge.end(), out.mean[g]) - edge.begin()) - 1, 0, bins - 1);
    bin[static_cast<std::size_t>(g)] = b;
    if (!std::isnan(out.dispersion[g])) members[static_cast<std::size_t>(b)].push_back(out.dispersion[g]);
  }
  std::vector<double> centre, deviation;
  for (const auto& one : members) {
    const double n = static_cast<double>(one.size()), mean = n > 0 ? std::accumulate(one.begin(), one.end(), 0.0) / n : nan;
    double squares = 0;
    for (const double d : one) squares += (d - mean) * (d - mean);
    centre.push_back(one.size() == 1 ? 0 : mean);      // a gene alone in its bin gets 1
    deviation.push_back(one.size() == 1 ? mean : n > 1 ? std::sqrt(squares / (n - 1)) : nan);
  }
  for (Eigen::Index g = 0; g < genes; ++g)
    if (const int b = bin[static_cast<std::size_t>(g)]; b >= 0) out.normalised[g] = (out.dispersion[g] - centre[static_cast<std::size_t>(b)]) / deviation[static_cast<std::size_t>(b)];
  return out;
}

// The value of the last of the `top` highest; genes that are NaN or excluded are none of them.
double nth_highest(const Eigen::VectorXd& values, const VariableGeneOptions& options) {
  std::vector<double> kept;
  for (Eigen::Index g = 0; g < values.size(); ++g)
    if (!std::isnan(values[g]) && !is_excluded(options, static_cast<int>(g))) kept.push_back(values[g]);
  if (kept.empty()) return std::numeric_limits<double>::infinity();
  const auto at = kept.begin() + std::min<std::ptrdiff_t>(options.top, static_cast<std::ptrdiff_t>(kept.size())) - 1;
  std::nth_element(kept.begin(), at, kept.end(), std::greater<double>());
  return *at;
}

}  // namespace

VariableGenes variable_genes_seurat_v3(const SparseRows& counts, const VariableGeneOptions& options, std::span<const int> batch) {
  check_top(options, counts.columns);
  const std::vector<std::vector<int>> cells = batches_of(counts, batch);
  const GeneMoments all = gene_moments(counts);
  VariableGenes out;
  out.mean = all.mean;
  out.spread = all.variance;
  out.normalised = Eigen::VectorXd::Zero(counts.columns);
  out.batches = Eigen::VectorXi::Zero(counts.columns);
  std::vector<std::vector<double>> ranks(static_cast<std::size_t>(counts.columns));
  for (const auto& members : cells) {
    Eigen::VectorXd expected;
    const Eigen::VectorXd one = standardised_variance(counts, members, members.empty() ? all : gene_moments(counts, members), options, expected, out.outcome);
    if (!out.outcome.ok()) return out;
    if (cells.size() == 1) out.expected_log10 = expected;
    out.normalised += one / static_cast<double>(cells.size());
    const std::vector<int> order = by_falling(one, options);
    for (int r = 0; r < std::min(options.top, counts.columns); ++r)
      if (const int g = order[static_cast<std::size_t>(r)]; !is_excluded(options, g)) ranks[static_cast<std::size_t>(g)].push_back(r), ++out.batches[g];
  }
  out.rank.resize(counts.columns);
  for (int g = 0; g < counts.columns; ++g) out.rank[g] = median_of(ranks[static_cast<std::size_t>(g)]);
  std::vector<int> order(static_cast<std::size_t>(counts.columns));
  std::iota(order.begin(), order.end(), 0);
  const auto rank = [&](int g) { return std::isnan(out.rank[g]) ? std::numeric_limits<double>::infinity() : out.rank[g]; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return rank(a) != rank(b) ? rank(a) < rank(b) : out.batches[a] > out.batches[b]; });
  out.selected.assign(static_cast<std::size_t>(counts.columns), 0);
  out.in_all_batches = out.selected;
  for (int r = 0; r < std::min(options.top, counts.columns); ++r)
    if (const int g = order[static_cast<std::size_t>(r)]; out.batches[g] > 0) out.selected[static_cast<std::size_t>(g)] = 1;
  for (int g = 0; g < counts.columns; ++g) out.in_all_batches[static_cast<std::size_t>(g)] = out.batches[g] == static_cast<int>(cells.size());
  return out;
}

VariableGenes variable_genes_seurat(const SparseRows& log_normalised, const VariableGeneOptions& options, std::span<const int> batch) {
  check_top(options, log_normalised.columns);
  const int genes = log_normalised.columns;
  const std::vector<std::vector<int>> cells = batches_of(log_normalised, batch);
  VariableGenes out;
  out.mean = out.spread = out.normalised = Eigen::VectorXd::Zero(genes);
  Eigen::VectorXd spreads = Eigen::VectorXd::Zero(genes), normalised = spreads;      // in how many batches they exist
  out.batches = Eigen::VectorXi::Zero(genes);
  for (const auto& members : cells) {
    const Dispersions one = dispersions_of(log_normalised, members, options.bins, !batch.empty());
    const double lowest = nth_highest(one.normalised, options);
    out.mean += one.mean / static_cast<double>(cells.size());
    for (int g = 0; g < genes; ++g) {
      if (!std::isnan(one.dispersion[g])) out.spread[g] += one.dispersion[g], ++spreads[g];
      if (!std::isnan(one.normalised[g])) out.normalised[g] += one.normalised[g], ++normalised[g];
      out.batches[g] += !is_excluded(options, g) && one.normalised[g] >= lowest;
    }
  }
  out.spread = out.spread.cwiseQuotient(spreads);
  out.normalised = out.normalised.cwiseQuotient(normalised);
  out.selected.assign(static_cast<std::size_t>(genes), 0);
  out.in_all_batches = out.selected;
  if (batch.empty()) {
    for (int g = 0; g < genes; ++g) out.selected[static_cast<std::size_t>(g)] = out.batches[g] > 0;
  } else {
    std::vector<int> order = by_falling(out.normalised, options);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return out.batches[a] > out.batches[b]; });
    for (int r = 0; r < std::min(options.top, genes); ++r)
      if (const int g = order[static_cast<std::size_t>(r)]; !is_excluded(options, g)) out.selected[static_cast<std::size_t>(g)] = 1;
  }
  for (int g = 0; g < genes; ++g) out.in_all_batches[static_cast<std::size_t>(g)] = out.batches[g] == static_cast<int>(cells.size());
  return out;
}

}  // namespace hyped
