// Tests, means and gates block of genes by block; adjustment at the end.
#include "libhyped/score/differential/de_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/false_discovery.hpp"
#include "libhyped/expression/differential/group_moments.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int genes_at_once = 1024;

double rounded(double x) { return static_cast<double>(static_cast<float>(x)); }

double log2_of(const MeanOfCells& group, const MeanOfCells& other, const DeSettings& settings) {
  const double value = fold_change(group, other, settings.mean, settings.pseudocount).log2;
  if (settings.zero_mean == DeSettings::ZeroMean::twentyfold && std::isinf(value)) return value > 0 ? std::log2(20.0) : -std::log2(20.0);
  return value;
}

}  // namespace

bool DeTable::significant(std::size_t condition, std::size_t gene) const {
  const DeGene& v = at(condition, gene);
  return v.tested && (float_columns ? static_cast<float>(v.q.p) < static_cast<float>(significance) : v.q.p < significance);
}

void adjust(DeTable& table, const DeSettings& settings) {
  const std::size_t genes = table.genes.size(), all = table.values.size();
  const std::size_t step = settings.pool == DeSettings::Pool::all ? all : genes;
  for (std::size_t from = 0; from < all; from += step) {
    std::vector<TailProbability> tests;
    for (std::size_t i = from; i < from + step; ++i)
      if (table.values[i].tested) tests.push_back(table.values[i].p);
    const auto q = benjamini_hochberg(tests);
    for (std::size_t i = from, next = 0; i < from + step; ++i)
      if (table.values[i].tested) table.values[i].q = q[next++];
  }
  if (settings.float_columns)
    for (DeGene& v : table.values) v.log2 = rounded(v.log2), v.p.p = rounded(v.p.p), v.q.p = rounded(v.q.p);
}

DeTable differential_table(const SparseRows& cells, const std::vector<std::string>& genes, const CellGroups& groups, int reference, const DeSettings& settings) {
  HYPED_REQUIRE(static_cast<int>(genes.size()) == cells.columns && static_cast<int>(groups.of_cell.size()) == cells.rows && reference >= 0 && reference < groups.count());
  require_cells(groups, 1, "differential expression");
  DeTable out;
  out.genes = genes;
  out.significance = settings.significance;
  out.float_columns = settings.float_columns;
  std::vector<int> arms;
  for (int k = 0; k < groups.count(); ++k)
    if (k != reference) arms.push_back(k), out.conditions.push_back(groups.names[static_cast<std::size_t>(k)]);
  out.values.resize(arms.size() * genes.size());
  const bool by_cpm = settings.gate == DeSettings::Gate::control || settings.gate == DeSettings::Gate::either;
  Eigen::MatrixXd linear;      // [G x L] arithmetic means of expm1, for CPM
  if (by_cpm) linear.resize(cells.columns, groups.count());
  std::vector<char> expressed(genes.size(), 0);
  ColumnBlocks blocks(cells, genes_at_once);
  const auto count = static_cast<std::size_t>(groups.count());
  for (SparseRows block; blocks.next(block);) {
    const auto ranks = rank_test(block, groups, reference);
    const GroupMoments logs = group_moments(block, groups, MomentScale::stored);
    GroupMoments undone;
    if (by_cpm || settings.mean == MeanKind::arithmetic) undone = group_moments(block, groups, MomentScale::log1p_undone);
    if (by_cpm) linear.middleRows(blocks.first(), block.rows) = undone.mean;
    const GroupMoments& scale = settings.mean == MeanKind::arithmetic ? undone : logs;
    for (int b = 0; b < block.rows; ++b) {
      const auto g = static_cast<std::size_t>(blocks.first() + b);
      expressed[g] = logs.expressing.row(b).sum() > 0 ? 1 : 0;
      const auto mean_of = [&](int k) { return MeanOfCells{scale.mean(b, k), scale.variance(b, k), scale.cells[static_cast<std::size_t>(k)]}; };
      for (std::size_t n = 0; n < arms.size(); ++n) {
        DeGene& v = out.values[n * genes.size() + g];
        v.p = ranks[static_cast<std::size_t>(b) * count + static_cast<std::size_t>(arms[n])].test;
        v.log2 = log2_of(mean_of(arms[n]), mean_of(reference), settings);
        v.tested = true;
      }
    }
  }
  Eigen::RowVectorXd totals;
  if (by_cpm) totals = linear.colwise().sum();
  const auto cpm = [&](std::size_t g, int k) { return totals[k] > 0 ? linear(static_cast<Eigen::Index>(g), k) / totals[k] * 1e6 : 0.0; };
  for (std::size_t n = 0; n < arms.size(); ++n) {
    std::int64_t left = 0;
    for (std::size_t g = 0; g < genes.size(); ++g) {
      bool& tested = out.values[n * genes.size() + g].tested;
      if (settings.gate == DeSettings::Gate::expressed) tested = expressed[g] != 0;
      if (by_cpm) tested = cpm(g, reference) > settings.gate_cpm || (settings.gate == DeSettings::Gate::either && cpm(g, arms[n]) > settings.gate_cpm);
      left += tested ? 1 : 0;
    }
    out.tested.push_back(left);
  }
  adjust(out, settings);
  return out;
}

std::vector<double> t_scores(const SparseRows& cells, const CellGroups& groups, int reference, const std::vector<int>& left_out, MeanTestKind kind) {
  CellGroups used = groups;
  for (auto& k : used.of_cell)
    if (std::find(left_out.begin(), left_out.end(), k) != left_out.end()) k = -1;
  const auto count = static_cast<std::size_t>(groups.count()), genes = static_cast<std::size_t>(cells.columns);
  std::vector<double> out(count * genes, 0);
  ColumnBlocks blocks(cells, genes_at_once);
  for (SparseRows block; blocks.next(block);) {
    const GroupMoments logs = group_moments(block, used, MomentScale::stored);
    const GroupMoments rest = reference == the_rest ? moments_of_rest(logs) : logs;
    const auto mean_of = [](const GroupMoments& m, int b, int k) { return MeanOfCells{m.mean(b, k), m.variance(b, k), m.cells[static_cast<std::size_t>(k)]}; };
    for (int b = 0; b < block.rows; ++b)
      for (int k = 0; k < groups.count(); ++k)
        if (k != reference && logs.cells[static_cast<std::size_t>(k)] > 0)
          out[static_cast<std::size_t>(k) * genes + static_cast<std::size_t>(blocks.first() + b)] = mean_test(mean_of(logs, b, k), mean_of(rest, b, reference == the_rest ? k : reference), kind).t;
  }
  return out;
}

SparseRows stacked_rows(const SparseRows& first, const std::vector<int>& first_rows, const SparseRows& second, const std::vector<int>& second_rows) {
  HYPED_REQUIRE(first.columns == second.columns);
  SparseRows out;
  out.columns = first.columns;
  out.rows = static_cast<int>(first_rows.size() + second_rows.size());
  std::int64_t stored = 0;
  for (const int r : first_rows) stored += static_cast<std::int64_t>(first.values_of(r).size());
  for (const int r : second_rows) stored += static_cast<std::int64_t>(second.values_of(r).size());
  out.column.reserve(static_cast<std::size_t>(stored)), out.value.reserve(static_cast<std::size_t>(stored));
  const auto add = [&](const SparseRows& from, const std::vector<int>& rows) {
    for (const int r : rows) {
      out.column.insert(out.column.end(), from.columns_of(r).begin(), from.columns_of(r).end());
      out.value.insert(out.value.end(), from.values_of(r).begin(), from.values_of(r).end());
      out.start.push_back(static_cast<std::int64_t>(out.value.size()));
    }
  };
  add(first, first_rows), add(second, second_rows);
  return out;
}

}  // namespace hyped
