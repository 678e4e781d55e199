// One list of edges, placed on the genes of the data.
#include "experiments/grn/fit/grn_prior.hpp"

#include <fmt/format.h>

#include "libhyped/counted.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"

namespace hyped {

GrnPrior read_grn_prior(const GrnScenario& scenario, const GrnData& data, std::vector<std::string>& words) {
  GrnPrior out;
  const GrnNetworkChoice& choice = scenario.network;
  if (choice.prior.empty()) return out;
  const auto file = beside_scenario(scenario, choice.prior, "correct [network] prior");
  const PriorEdges list = read_edge_list(file);
  const PlacedEdges placed = place_edges(list, data.genes);
  for (const auto& note : list.notes) words.push_back(fmt::format("{}: {}", list.name, note));
  for (const auto& note : placed.notes) words.push_back(note);
  if (placed.edges.empty() && choice.prior_only) throw InputError(file.string(), "holds no edge between two genes of the data", "check that both name genes in the same way");
  const int genes = static_cast<int>(data.genes.size());
  const PriorWeights weights = prior_weights(placed, genes, choice.prior_inside, choice.prior_strength, choice.prior_sd > 0 ? choice.prior_sd : 1);
  for (std::size_t e = 0; e < placed.edges.size(); ++e) {
    const auto& edge = placed.edges[e];
    GrnPriorEdge one;
    one.sign = list.weak_positive && edge.sign > 0 ? 0 : edge.sign;
    if (!choice.prior_only) {
      one.weight = weights.lasso[static_cast<std::size_t>(edge.to) * static_cast<std::size_t>(genes) + static_cast<std::size_t>(edge.from)];
      // on the scale of the misfit, which is a mean over all values
      if (choice.prior_sd > 0 && edge.sign != 0) one.pull_to = weights.pull_mean[e], one.pull = 1 / (weights.pull_sd[e] * weights.pull_sd[e] * static_cast<double>(data.mean.size()));
    }
    out.edges[{edge.from, edge.to}] = one;
  }
  words.push_back(choice.prior_only ? fmt::format("Only {} of {} {} allowed, with the signs that are known.", counted(out.edges.size(), "edge"), list.name, agreed(out.edges.size(), "is", "are"))
                                    : fmt::format("Edges of {} weigh {:g} in the penalty at full confidence, others 1{}.", list.name, choice.prior_inside, choice.prior_sd > 0 ? fmt::format("; they are pulled towards sign times {:g} (sd {:g})", choice.prior_strength, choice.prior_sd) : ""));
  return out;
}

}  // namespace hyped
