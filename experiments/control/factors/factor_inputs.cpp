// Edges by name to a sparse matrix.
#include "experiments/control/factors/factor_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "libhyped/errors.hpp"

namespace hyped::control {

int FactorInputs::index_of(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : static_cast<int>(at - names.begin());
}

FactorInputs factor_inputs(const PriorEdges& list, const std::vector<std::string>& genes, const InputRules& rules) {
  std::unordered_map<std::string, int> row, factor;
  for (std::size_t g = 0; g < genes.size(); ++g)
    if (rules.used.empty() || rules.used[g]) row.emplace(genes[g], static_cast<int>(g));
  struct Targets {
    std::string name;
    std::vector<std::pair<int, double>> effect;
  };
  std::vector<Targets> all;
  int used = 0, unsigned_edges = 0;
  for (const auto& edge : list.edges) {
    const auto at = row.find(edge.target);
    if (at == row.end()) continue;
    if (edge.sign == 0) {
      ++unsigned_edges;
      continue;
    }
    const auto [place, fresh] = factor.emplace(edge.source, static_cast<int>(all.size()));
    if (fresh) all.push_back({edge.source, {}});
    all[static_cast<std::size_t>(place->second)].effect.emplace_back(at->second, edge.sign * (rules.weigh_by_confidence ? edge.confidence : 1.0));
  }
  FactorInputs out;
  std::vector<Eigen::Triplet<double>> entries;
  for (const auto& one : all) {
    if (static_cast<int>(one.effect.size()) < rules.least_targets) continue;
    int up = 0, down = 0;
    for (const auto& [gene, value] : one.effect) {
      entries.emplace_back(gene, static_cast<int>(out.names.size()), value);
      ++(value > 0 ? up : down);
    }
    out.names.push_back(one.name), out.activated.push_back(up), out.repressed.push_back(down);
    used += up + down;
  }
  if (out.names.empty()) throw InputError(list.name, fmt::format("has no factor with {} signed targets among the {} genes", rules.least_targets, row.size()), "lower the number of targets, or give a list for this species");
  out.effect.resize(static_cast<Eigen::Index>(genes.size()), static_cast<Eigen::Index>(out.names.size()));
  out.effect.setFromTriplets(entries.begin(), entries.end());
  out.notes.push_back(fmt::format("{}: {} of {} factors have at least {} signed targets among the {} genes ({} edges).", list.name, out.names.size(), all.size(), rules.least_targets, row.size(), used));
  if (unsigned_edges > 0) out.notes.push_back(fmt::format("{} edges to these genes have no sign and are left out.", unsigned_edges));
  if (list.weak_positive) out.notes.push_back("In this list + is also written where the mode of action is not known: a + is weak evidence.");
  return out;
}

}  // namespace hyped::control
