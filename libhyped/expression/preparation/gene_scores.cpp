// Mean of a set of genes against genes of like level.
#include "libhyped/expression/preparation/gene_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/expression/preparation/gene_moments.hpp"

namespace hyped {

GeneScore score_genes(const SparseRows& values, std::span<const int> genes, int bins) {
  HYPED_REQUIRE(bins > 1);
  if (genes.empty()) throw InputError("gene set", "none of its genes is in the data", "name genes as the data do");
  const Eigen::VectorXd mean = gene_sums<1>(values, {}, [](int, double value, double* to) { to[0] += value; }).row(0).transpose() / std::max(1, values.rows);
  std::vector<int> order(static_cast<std::size_t>(values.columns));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return mean[a] < mean[b]; });
  const double per_bin = std::max(1.0, std::nearbyint(static_cast<double>(values.columns) / (bins - 1)));      // half to even, as NumPy
  std::vector<int> bin(order.size());
  for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
    if (mean[order[i]] != mean[order[first]]) first = i;      // equal means have the rank of their first
    bin[static_cast<std::size_t>(order[i])] = static_cast<int>(std::floor(static_cast<double>(first + 1) / per_bin));
  }
  std::vector<char> role(order.size(), 0);      // 1: in the set, 2: control
  std::set<int> used;
  for (const int g : genes) role[static_cast<std::size_t>(g)] = 1, used.insert(bin[static_cast<std::size_t>(g)]);
  for (std::size_t g = 0; g < role.size(); ++g)
    if (role[g] == 0 && used.count(bin[g])) role[g] = 2;
  GeneScore out;
  out.genes = static_cast<int>(std::count(role.begin(), role.end(), 1));
  out.controls = static_cast<int>(std::count(role.begin(), role.end(), 2));
  if (out.controls == 0) throw InputError("gene set", "no gene of like expression is left to compare with", "score it on more genes");
  out.score.resize(values.rows);
  out.standard_error.resize(values.rows);
  constexpr int block = 256;
  parallel_for((values.rows + block - 1) / block, [&](int b) {
    for (int cell = b * block; cell < std::min(values.rows, (b + 1) * block); ++cell) {
      double sum[3] = {0, 0, 0}, squares[3] = {0, 0, 0};
      const auto columns = values.columns_of(cell);
      const auto row = values.values_of(cell);
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const char which = role[static_cast<std::size_t>(columns[i])];
        sum[static_cast<int>(which)] += row[i];
        squares[static_cast<int>(which)] += static_cast<double>(row[i]) * row[i];
      }
      const auto variance_of_mean = [&](int which, double n) { return n > 1 ? std::max(0.0, squares[which] - sum[which] * sum[which] / n) / (n * (n - 1)) : 0; };
      out.score[cell] = sum[1] / out.genes - sum[2] / out.controls;
      out.standard_error[cell] = std::sqrt(variance_of_mean(1, out.genes) + variance_of_mean(2, out.controls));
    }
  });
  return out;
}

std::string_view to_string(CyclePhase phase) { return phase == CyclePhase::g1 ? "G1" : phase == CyclePhase::s ? "S" : "G2M"; }

CellCycle score_cell_cycle(const SparseRows& values, std::span<const int> s_genes, std::span<const int> g2m_genes) {
  CellCycle out{score_genes(values, s_genes), score_genes(values, g2m_genes), {}, {}};
  for (int cell = 0; cell < values.rows; ++cell) {
    const double s = out.s.score[cell], g2m = out.g2m.score[cell], s_error = out.s.standard_error[cell], g2m_error = out.g2m.standard_error[cell];
    const bool negative = s < 0 && g2m < 0;
    out.phase.push_back(negative ? CyclePhase::g1 : g2m > s ? CyclePhase::g2m : CyclePhase::s);
    const bool low = s < -2 * s_error && g2m < -2 * g2m_error;
    const bool high = g2m > s ? g2m > 2 * g2m_error : s > 2 * s_error;
    out.clear.push_back(negative ? low : high && std::abs(g2m - s) > 2 * std::hypot(s_error, g2m_error));
  }
  return out;
}

}  // namespace hyped
