// Counts of cells in groups, drawn from gene frequencies that differ between the groups: shared by tests and benchmarks.
#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped::testing {

// Whatever body returns, with that many threads.
template <class Body>
auto with_threads(int threads, const Body& body) {
  set_threads(threads);
  auto out = body();
  set_threads(0);
  return out;
}

struct SimulatedCells {
  SparseRows counts;
  std::vector<int> group, batch;      // [N]
  std::vector<std::string> genes;     // g0, g1, ...
};

struct CellDesign {
  int cells = 1000, genes = 1500, groups = 4;
  double depth = 2000;                // median number of reads of a cell
  double depth_spread = 0.35;         // standard deviation of its logarithm
  double level_spread = 2;            // of the logarithm of gene frequencies
  double changed = 0.06, effect = 1;  // share of genes a group changes, standard deviation of the log change
  std::uint64_t seed = 1;
};

// Reads of a cell are drawn one by one (alias tables), so that counts are multinomial given the depth.
inline SimulatedCells simulated_cells(const CellDesign& design) {
  const auto genes = static_cast<std::size_t>(design.genes);
  SimulatedCells out;
  RandomStream random(design.seed, 0, 0);
  std::vector<double> base(genes);
  for (std::size_t g = 0; g < genes; ++g) base[g] = std::exp(design.level_spread * random.normal()), out.genes.push_back("g" + std::to_string(g));
  struct Alias {
    std::vector<double> cut;
    std::vector<int> other;
  };
  std::vector<Alias> tables;
  for (int k = 0; k < design.groups; ++k) {
    std::vector<double> share = base;
    double total = 0;
    for (double& one : share) {
      if (random.uniform() < design.changed) one *= std::exp(design.effect * random.normal());
      total += one;
    }
    Alias table{std::vector<double>(genes), std::vector<int>(genes)};
    std::vector<std::size_t> small, large;
    for (std::size_t g = 0; g < genes; ++g) {
      table.cut[g] = share[g] * static_cast<double>(genes) / total;
      table.other[g] = static_cast<int>(g);
      (table.cut[g] < 1 ? small : large).push_back(g);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t s = small.back(), l = large.back();
      small.pop_back();
      table.other[s] = static_cast<int>(l);
      table.cut[l] -= 1 - table.cut[s];
      if (table.cut[l] < 1) large.pop_back(), small.push_back(l);
    }
    tables.push_back(std::move(table));
  }
  std::vector<std::vector<std::int32_t>> columns(static_cast<std::size_t>(design.cells));
  std::vector<std::vector<float>> values(columns.size());
  for (int c = 0; c < design.cells; ++c) out.group.push_back(c % design.groups), out.batch.push_back(c / design.groups % 3);
  parallel_for((design.cells + 63) / 64, [&](int job) {
    std::vector<float> seen(genes, 0);
    for (int c = job * 64; c < std::min(design.cells, (job + 1) * 64); ++c) {
      RandomStream mine(design.seed, 1, static_cast<std::uint32_t>(c));
      const Alias& table = tables[static_cast<std::size_t>(c % design.groups)];
      const int depth = static_cast<int>(design.depth * std::exp(design.depth_spread * mine.normal()));
      auto& touched = columns[static_cast<std::size_t>(c)];
      for (int r = 0; r < depth; ++r) {
        const double u = mine.uniform() * design.genes;
        const auto at = static_cast<std::size_t>(u);
        const int g = u - static_cast<double>(at) < table.cut[at] ? static_cast<int>(at) : table.other[at];
        if (seen[static_cast<std::size_t>(g)]++ == 0) touched.push_back(g);
      }
      std::sort(touched.begin(), touched.end());
      for (const int g : touched) values[static_cast<std::size_t>(c)].push_back(std::exchange(seen[static_cast<std::size_t>(g)], 0.0F));
    }
  });
  out.counts.rows = design.cells, out.counts.columns = design.genes;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out.counts.column.insert(out.counts.column.end(), columns[c].begin(), columns[c].end());
    out.counts.value.insert(out.counts.value.end(), values[c].begin(), values[c].end());
    out.counts.start.push_back(static_cast<std::int64_t>(out.counts.column.size()));
  }
  return out;
}

inline Eigen::MatrixXd dense(const SparseRows& m) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(m.rows, m.columns);
  for (int r = 0; r < m.rows; ++r)
    for (std::size_t i = 0; i < m.columns_of(r).size(); ++i) out(r, m.columns_of(r)[i]) = m.values_of(r)[i];
  return out;
}

}  // namespace hyped::testing
