// How GeneNetWeaver deals regulators to modules and draws their constants.
#include "models/gene_network/random_hill_network.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped::models {
namespace {

constexpr double weak_activation = 0.25;

int up_to(RandomStream& random, int n) { return std::min(n - 1, static_cast<int>(random.uniform() * n)); }      // 0 .. n - 1
double half_life(RandomStream& random) { return truncated_normal(random, 5, 50, 27.5, 7.5); }
double low_basal(RandomStream& random) { return truncated_normal(random, 0, weak_activation, 0, 0.05); }

std::vector<double> draw_activation(const std::vector<bool>& enhances, RandomStream& random) {
  const std::size_t modules = enhances.size();
  std::vector<double> effect(modules), activation(std::size_t{1} << modules);
  double up = 0, down = 0;
  for (std::size_t m = 0; m < modules; ++m) {
    effect[m] = truncated_normal(random, weak_activation, 1, 0.625, 0.125) * (enhances[m] ? 1 : -1);
    (enhances[m] ? up : down) += effect[m];
  }
  double& basal = activation[0];
  basal = up == 0 ? 1 : down == 0 ? low_basal(random) : truncated_normal(random, weak_activation, 1 - weak_activation, 0.5, 1.0 / 12);
  const auto weakest = [&](bool enhancing) {
    std::size_t best = modules;
    for (std::size_t m = 0; m < modules; ++m)
      if (enhances[m] == enhancing && (best == modules || std::abs(effect[m]) < std::abs(effect[best]))) best = m;
    return best;
  };
  if (up > 0 && basal + up < 1) effect[weakest(true)] += 1 - basal - up;
  if (down < 0 && basal + down > weak_activation) effect[weakest(false)] += low_basal(random) - basal - down;
  for (std::size_t s = 1; s < activation.size(); ++s) {
    activation[s] = basal;
    for (std::size_t m = 0; m < modules; ++m)
      if (s >> m & 1) activation[s] += effect[m];
    activation[s] = std::clamp(activation[s], 0.0, 1.0);
  }
  return activation;
}

}  // namespace

double truncated_normal(RandomStream& random, double lower, double upper, double mean, double sd) {
  for (;;) {
    const double value = mean + sd * random.normal();
    if (value >= lower && value <= upper) return value;
  }
}

std::vector<SignedEdge> random_edges(const RandomEdgesOptions& options, RandomStream& random) {
  const int sources = std::max(2, static_cast<int>(std::lround(options.regulating * options.genes)));
  if (options.genes < 2 || options.edges < 0 || options.edges > std::min(sources * (options.genes - 1), options.genes * options.most_regulators) / 2)
    throw InputError("random_edges", "that many edges do not fit", "ask for fewer");
  std::vector<int> order(static_cast<std::size_t>(options.genes)), count(order.size(), 0);
  for (std::size_t g = 0; g < order.size(); ++g) order[g] = static_cast<int>(g);
  for (std::size_t g = order.size(); g-- > 1;) std::swap(order[g], order[static_cast<std::size_t>(up_to(random, static_cast<int>(g) + 1))]);
  std::vector<SignedEdge> edges;
  while (static_cast<int>(edges.size()) < options.edges) {
    const int from = order[static_cast<std::size_t>(up_to(random, sources))], to = up_to(random, options.genes);
    const bool known = std::any_of(edges.begin(), edges.end(), [&](const SignedEdge& e) { return e.from == from && e.to == to; });
    if (from == to || known || count[static_cast<std::size_t>(to)] >= options.most_regulators) continue;
    ++count[static_cast<std::size_t>(to)];
    edges.push_back({from, to, random.uniform() < options.activating ? 1 : -1});
  }
  std::sort(edges.begin(), edges.end(), [](const SignedEdge& a, const SignedEdge& b) { return a.to != b.to ? a.to < b.to : a.from < b.from; });
  return edges;
}

HillNetwork random_hill_network(const std::string& name, const std::vector<std::string>& genes, const std::vector<SignedEdge>& edges, RandomStream& random) {
  HillNetwork network;
  network.name = name;
  for (std::size_t g = 0; g < genes.size(); ++g) {
    HillGene gene;
    gene.name = genes[g];
    gene.max = gene.decay = std::log(2.0) / half_life(random);
    gene.translation = gene.protein_decay = std::log(2.0) / half_life(random);
    std::vector<SignedEdge> inputs;
    for (const SignedEdge& e : edges)
      if (e.to == static_cast<int>(g)) inputs.push_back(e);
    for (SignedEdge& e : inputs)
      if (e.sign == 0) e.sign = random.uniform() < 0.5 ? 1 : -1;
    for (std::size_t n = inputs.size(); n-- > 1;) std::swap(inputs[n], inputs[static_cast<std::size_t>(up_to(random, static_cast<int>(n) + 1))]);
    std::vector<int> sizes;
    for (std::size_t n = 0; n < inputs.size(); ++n) {
      const int m = up_to(random, static_cast<int>(sizes.size()) + 1);
      if (m == static_cast<int>(sizes.size())) sizes.push_back(1);
      else ++sizes[static_cast<std::size_t>(m)];
    }
    std::vector<bool> enhances;
    std::size_t next = 0;
    for (const int size : sizes) {
      int positive = 0;
      for (int n = 0; n < size; ++n) positive += inputs[next + static_cast<std::size_t>(n)].sign > 0;
      const bool enhancer = 2 * positive > size || (2 * positive == size && random.uniform() < 0.5);
      HillModule module;
      module.complex = random.uniform() < 0.5;
      for (int n = 0; n < size; ++n, ++next) {
        const HillRegulator r{inputs[next].from, 0.01 + 0.99 * random.uniform(), truncated_normal(random, 1, 10, 2, 2)};
        ((inputs[next].sign > 0) == enhancer ? module.activators : module.deactivators).push_back(r);
      }
      gene.modules.push_back(std::move(module));
      enhances.push_back(enhancer);
    }
    gene.activation = draw_activation(enhances, random);
    network.genes.push_back(std::move(gene));
  }
  network.check();
  return network;
}

}  // namespace hyped::models
