// The even cells of every condition as truth and the odd ones as prediction, as tests/peers/score_halves.py splits them.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "libhyped/score/dialects/scored_pair.hpp"
#include "tests/expression/shared_cells.hpp"

namespace hyped::testing {

inline ScoredPair split_pair(const std::filesystem::path& file, const std::string& column, const std::string& control, CellScale scale) {
  const SharedCells cells(file);
  const auto labels = cells.labels(column);
  ScoredPair out;
  out.where = "test";
  out.genes = cells.genes;
  out.control = control;
  std::map<std::string, std::vector<int>> rows;
  for (std::size_t c = 0; c < labels.size(); ++c) rows[labels[c]].push_back(static_cast<int>(c));
  for (const auto& [label, list] : rows)
    if (label != control) out.conditions.push_back(label);
  std::vector<int> part[2];
  CellGroups groups[2];
  std::map<std::string, std::int32_t> place;
  for (std::size_t k = 0; k < out.conditions.size(); ++k) place[out.conditions[k]] = static_cast<std::int32_t>(k);
  place[control] = static_cast<std::int32_t>(out.conditions.size());
  std::map<std::string, int> seen;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    const int at = seen[labels[c]]++ % 2;
    part[at].push_back(static_cast<int>(c)), groups[at].of_cell.push_back(place[labels[c]]);
  }
  for (CellGroups& g : groups) g.names = out.conditions, g.names.push_back(control);
  out.truth = {rows_of(cells.matrix, part[0]), groups[0], scale};
  out.predicted = ScoredCells{rows_of(cells.matrix, part[1]), groups[1], scale};
  out.missing.assign(out.conditions.size(), 0);
  for (const auto& label : out.conditions) {
    out.own_genes.emplace_back();
    for (std::size_t g = 0; g < out.genes.size(); ++g)
      if (out.genes[g] == label) out.own_genes.back().push_back(g);
  }
  return out;
}

}  // namespace hyped::testing
