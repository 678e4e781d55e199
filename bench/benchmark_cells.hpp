// Cells to take times on: expressed genes, clouds, and files of perturbed cells.
#pragma once
#include <fmt/format.h>

#include <Eigen/Core>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"

namespace hyped::bench {

// [genes x cells] rows of which a share is expressed that differs from gene to gene, `density` on average; values are logs of normalised counts, mostly distinct.
inline SparseRows expressed_genes(int genes, int cells, double density, std::uint64_t seed) {
  std::vector<SparseRows> part(static_cast<std::size_t>((genes + 99) / 100));
  parallel_for(static_cast<int>(part.size()), [&](int b) {
    SparseRows& mine = part[static_cast<std::size_t>(b)];
    for (int g = b * 100; g < std::min(genes, (b + 1) * 100); ++g) {
      RandomStream random(seed, 1, static_cast<std::uint32_t>(g));
      const double share = std::min(0.95, 2 * density * random.uniform()), step = 1 / std::log1p(-share);
      for (double c = std::floor(std::log(random.uniform()) * step); c < cells; c += 1 + std::floor(std::log(random.uniform()) * step)) {
        const double counts = 1 + std::floor(-0.7 * std::log(random.uniform()));
        mine.column.push_back(static_cast<std::int32_t>(c));
        mine.value.push_back(static_cast<float>(std::log1p(counts * 1e4 / (2000 + 4000 * random.uniform()))));
      }
      mine.start.push_back(static_cast<std::int64_t>(mine.value.size()));
    }
  });
  SparseRows out;
  out.rows = genes, out.columns = cells;
  for (const SparseRows& p : part) {
    const std::int64_t before = out.start.back();
    for (std::size_t r = 1; r < p.start.size(); ++r) out.start.push_back(before + p.start[r]);
    out.column.insert(out.column.end(), p.column.begin(), p.column.end());
    out.value.insert(out.value.end(), p.value.begin(), p.value.end());
  }
  return out;
}

inline Eigen::MatrixXd normal_cloud(int cells, int dimensions, double shift, std::uint32_t job) {
  RandomStream random(1, job, 0);
  Eigen::MatrixXd out(cells, dimensions);
  for (Eigen::Index k = 0; k < dimensions; ++k)
    for (Eigen::Index i = 0; i < cells; ++i) out(i, k) = shift + random.normal() * (1 + 10.0 / static_cast<double>(1 + k));
  return out;
}

// Counts of cells in conditions (one in ten is a control); each condition raises 30 genes and silences its own, which is gene number k for condition k.
inline void write_cells(const std::filesystem::path& file, int cells, int genes, int conditions, double density, std::uint64_t seed) {
  const auto condition_of = [&](int c) { return c % 10 == 0 ? conditions : (c - c / 10 - 1) % conditions; };
  std::vector<double> share(static_cast<std::size_t>(genes));
  RandomStream design(1, 2, 0);      // the same in truth and prediction
  for (double& s : share) s = std::min(0.9, 2 * density * design.uniform());
  constexpr int block = 256;
  std::vector<SparseRows> part(static_cast<std::size_t>((cells + block - 1) / block));
  parallel_for(static_cast<int>(part.size()), [&](int b) {
    SparseRows& mine = part[static_cast<std::size_t>(b)];
    for (int c = b * block; c < std::min(cells, (b + 1) * block); ++c) {
      RandomStream random(seed, 3, static_cast<std::uint32_t>(c));
      const int k = condition_of(c);
      for (int g = 0; g < genes; ++g) {
        const bool raised = k < conditions && (g + 37 * k) % (genes / 30) == 0;
        const double p = g == k ? 0 : share[static_cast<std::size_t>(g)] * (raised ? 1.6 : 1.0);
        const double u = static_cast<double>(random()) * 0x1.0p-32;
        if (u >= p) continue;
        mine.column.push_back(g);
        mine.value.push_back(1 + std::floor(static_cast<float>(-0.7 * std::log((u + 1e-9) / p))));
      }
      mine.start.push_back(static_cast<std::int64_t>(mine.value.size()));
    }
  });
  SparseRows all;
  all.rows = cells, all.columns = genes;
  for (SparseRows& p : part) {
    const std::int64_t before = all.start.back();
    for (std::size_t r = 1; r < p.start.size(); ++r) all.start.push_back(before + p.start[r]);
    all.column.insert(all.column.end(), p.column.begin(), p.column.end());
    all.value.insert(all.value.end(), p.value.begin(), p.value.end());
    p = {};
  }
  AnnotatedData data;
  Strings names, symbols;
  for (int c = 0; c < cells; ++c) names.push_back(fmt::format("cell{}", c));
  for (int g = 0; g < genes; ++g) symbols.push_back(fmt::format("g{}", g));
  data.obs.index = names, data.var.index = symbols;
  Labels labels;
  for (int k = 0; k < conditions; ++k) labels.levels.push_back(fmt::format("g{}", k));
  labels.levels.push_back("control");
  for (int c = 0; c < cells; ++c) labels.codes.push_back(condition_of(c));
  data.obs.put("condition", categorical_of(labels));
  data.X = {compressed_of(std::move(all))};
  write_anndata(data, file, {.gzip = 1});
}

}  // namespace hyped::bench
