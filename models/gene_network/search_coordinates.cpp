// From coordinates to the network's parameters, with exact derivatives.
#include "models/gene_network/search_coordinates.hpp"

#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped::models {

SearchCoordinates::SearchCoordinates(const SaturatingNetwork& network, Eigen::VectorXd rest, const std::vector<int>& held) : network_(network), rest_(std::move(rest)) {
  const NetworkDefinition& d = network.definition();
  if (d.saturation != Saturation::logistic) throw InputError(d.name, "is not logistic: openness has no meaning for it", "use logistic saturation");
  HYPED_REQUIRE(rest_.size() == static_cast<Eigen::Index>(d.genes.size()));
  for (Eigen::Index g = 0; g < rest_.size(); ++g)
    if (!(rest_[g] > 0)) throw InputError(d.name, "'" + d.genes[static_cast<std::size_t>(g)] + "' does not rest at a positive level", "scale its level");
  held_.assign(d.genes.size(), false);
  for (const int g : held) held_[static_cast<std::size_t>(g)] = true;
  const auto add = [&](std::vector<int>& to, bool skip, CoordinateKind kind, int which, std::string name) {
    to.push_back(skip ? -1 : count());
    if (!skip) coordinates_.push_back({kind, which, std::move(name)});
  };
  for (std::size_t g = 0; g < d.genes.size(); ++g) {
    const int at = static_cast<int>(g);
    add(level_, held_[g], CoordinateKind::level, at, "log level " + d.genes[g]);
    add(openness_, held_[g], CoordinateKind::openness, at, "logit openness " + d.genes[g]);
    add(decay_, held_[g], CoordinateKind::decay, at, "log decay " + d.genes[g]);
  }
  for (std::size_t e = 0; e < d.edges.size(); ++e)
    add(edge_, held_[static_cast<std::size_t>(d.edges[e].to)], CoordinateKind::edge, static_cast<int>(e), d.genes[static_cast<std::size_t>(d.edges[e].from)] + " -> " + d.genes[static_cast<std::size_t>(d.edges[e].to)]);
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const auto& a = d.actions[k];      // what is carried is the unit of the input itself
    add(strength_, a.action == InputAction::carries, CoordinateKind::strength, static_cast<int>(k), std::string(network.parameters()[static_cast<std::size_t>(network.action_index(static_cast<int>(k)))].name));
  }
}

Eigen::VectorXd SearchCoordinates::of_definition() const {
  const NetworkDefinition& d = network_.definition();
  Eigen::VectorXd out(count());
  for (int c = 0; c < count(); ++c) {
    const auto& at = coordinates_[static_cast<std::size_t>(c)];
    const auto n = static_cast<std::size_t>(at.which);
    if (at.kind == CoordinateKind::level) out[c] = std::log(rest_[at.which]);
    if (at.kind == CoordinateKind::decay) out[c] = std::log(d.decay[n]);
    if (at.kind == CoordinateKind::openness) {
      out[c] = d.bias[n];
      for (const auto& e : d.edges)
        if (e.to == at.which) out[c] += e.weight * rest_[e.from];
    }
    if (at.kind == CoordinateKind::edge) out[c] = d.edges[n].weight;
    if (at.kind == CoordinateKind::strength) out[c] = d.actions[n].action == InputAction::degrades ? std::log(d.actions[n].amount) : d.actions[n].amount;
  }
  return out;
}

std::vector<int> SearchCoordinates::model_parameters() const {
  const NetworkDefinition& d = network_.definition();
  std::vector<int> out;
  for (std::size_t g = 0; g < d.genes.size(); ++g)
    if (!held_[g])
      for (const int p : {network_.capacity_index(static_cast<int>(g)), network_.bias_index(static_cast<int>(g)), network_.decay_index(static_cast<int>(g))}) out.push_back(p);
  for (std::size_t e = 0; e < d.edges.size(); ++e)
    if (edge_[e] >= 0) out.push_back(network_.edge_index(static_cast<int>(e)));
  for (std::size_t k = 0; k < d.actions.size(); ++k)
    if (strength_[k] >= 0) out.push_back(network_.action_index(static_cast<int>(k)));
  return out;
}

SearchCoordinates::Point SearchCoordinates::at(const Eigen::VectorXd& theta) const {
  const NetworkDefinition& d = network_.definition();
  const auto genes = static_cast<int>(d.genes.size());
  Point out;
  out.parameters = network_.default_parameters();
  out.start = rest_;
  std::vector<Eigen::Triplet<double>> by, start_by;
  const auto level = [&](int g) { return level_[static_cast<std::size_t>(g)] >= 0 ? std::exp(theta[level_[static_cast<std::size_t>(g)]]) : rest_[g]; };
  const auto p = [&](int index) -> double& { return out.parameters[static_cast<std::size_t>(index)]; };
  for (int g = 0; g < genes; ++g) {
    const auto i = static_cast<std::size_t>(g);
    if (held_[i]) continue;
    const double rest = level(g), decay = std::exp(theta[decay_[i]]), odds = theta[openness_[i]], open = 1 / (1 + std::exp(-odds));
    out.start[g] = rest;
    start_by.emplace_back(g, level_[i], rest);
    p(network_.decay_index(g)) = decay;
    by.emplace_back(network_.decay_index(g), decay_[i], decay);
    const double capacity = decay * rest / open;
    p(network_.capacity_index(g)) = capacity;
    by.emplace_back(network_.capacity_index(g), decay_[i], capacity);
    by.emplace_back(network_.capacity_index(g), level_[i], capacity);
    by.emplace_back(network_.capacity_index(g), openness_[i], -capacity * (1 - open));
    p(network_.bias_index(g)) = odds;
    by.emplace_back(network_.bias_index(g), openness_[i], 1);
  }
  for (std::size_t e = 0; e < d.edges.size(); ++e) {
    const auto& edge = d.edges[e];
    if (edge_[e] < 0) continue;
    const double weight = theta[edge_[e]], from = level(edge.from);
    const int at = network_.edge_index(static_cast<int>(e)), bias = network_.bias_index(edge.to);
    p(at) = weight;
    by.emplace_back(at, edge_[e], 1);
    p(bias) -= weight * from;
    by.emplace_back(bias, edge_[e], -from);
    if (level_[static_cast<std::size_t>(edge.from)] >= 0) by.emplace_back(bias, level_[static_cast<std::size_t>(edge.from)], -weight * from);
  }
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    if (strength_[k] < 0) continue;
    const int at = network_.action_index(static_cast<int>(k));
    const bool log = d.actions[k].action == InputAction::degrades;
    p(at) = log ? std::exp(theta[strength_[k]]) : theta[strength_[k]];
    by.emplace_back(at, strength_[k], log ? p(at) : 1.0);
  }
  out.parameters_by.resize(network_.parameter_count(), count());
  out.parameters_by.setFromTriplets(by.begin(), by.end());
  out.start_by.resize(genes, count());
  out.start_by.setFromTriplets(start_by.begin(), start_by.end());
  return out;
}

}  // namespace hyped::models
