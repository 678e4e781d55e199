// A small measured file and prediction of known effects, as counts of cells.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "libhyped/random.hpp"
#include "libhyped/score/dialects/scored_pair.hpp"

namespace hyped::testing {

// Poisson counts around base * effect; G genes g0 ..., conditions named as given, then the control. Every condition moves its own ten genes threefold.
struct SmallDesign {
  std::vector<std::string> conditions = {"g0", "g1", "g2", "g3"};
  int genes = 60, cells = 40, control_cells = 60;
  double base = 4, effect = 3;
  std::uint64_t seed = 1;
};

inline ScoredCells small_cells(const SmallDesign& design, std::uint32_t side) {
  ScoredCells out;
  out.groups.names = design.conditions;
  out.groups.names.push_back("control");
  out.cells.columns = design.genes;
  for (std::size_t k = 0; k < out.groups.names.size(); ++k) {
    const bool control = k + 1 == out.groups.names.size();
    for (int c = 0; c < (control ? design.control_cells : design.cells); ++c) {
      RandomStream stream(design.seed, side, static_cast<std::uint32_t>(out.cells.rows));
      for (int g = 0; g < design.genes; ++g) {
        const bool moved = !control && g % static_cast<int>(design.conditions.size()) == static_cast<int>(k) && g >= design.genes / 3;
        const auto count = stream.poisson(design.base * (1 + 0.2 * (g % 5)) * (moved ? design.effect : 1));
        if (count > 0) out.cells.column.push_back(g), out.cells.value.push_back(static_cast<float>(count));
      }
      out.cells.start.push_back(static_cast<std::int64_t>(out.cells.value.size()));
      ++out.cells.rows;
      out.groups.of_cell.push_back(static_cast<std::int32_t>(k));
    }
  }
  return out;
}

inline ScoredPair small_pair(const SmallDesign& design = {}) {
  ScoredPair out;
  out.where = "test";
  for (int g = 0; g < design.genes; ++g) out.genes.push_back("g" + std::to_string(g));
  out.conditions = design.conditions;
  out.control = "control";
  out.truth = small_cells(design, 1);
  out.predicted = small_cells(design, 2);
  out.missing.assign(design.conditions.size(), 0);
  for (std::size_t k = 0; k < design.conditions.size(); ++k) {
    out.own_genes.emplace_back();
    for (std::size_t g = 0; g < out.genes.size(); ++g)
      if (out.genes[g] == design.conditions[k]) out.own_genes.back().push_back(g);
  }
  return out;
}

}  // namespace hyped::testing
