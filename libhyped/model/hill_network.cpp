// What must hold of a network of regulatory modules, its edges, and what perturbations make of it.
#include "libhyped/model/hill_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {

int HillNetwork::index(const std::string& gene) const {
  for (int g = 0; g < size(); ++g)
    if (genes[static_cast<std::size_t>(g)].name == gene) return g;
  const auto all = names();
  throw InputError(name, fmt::format("has no gene '{}'", gene), "nearest: " + nearest_names(gene, all));
}

std::vector<std::string> HillNetwork::names() const {
  std::vector<std::string> out;
  for (const HillGene& gene : genes) out.push_back(gene.name);
  return out;
}

std::vector<SignedEdge> HillNetwork::edges() const {
  std::vector<SignedEdge> out;
  for (int g = 0; g < size(); ++g) {
    const HillGene& gene = genes[static_cast<std::size_t>(g)];
    for (std::size_t m = 0; m < gene.modules.size(); ++m) {
      const int sign = gene.activation[std::size_t{1} << m] < gene.activation[0] ? -1 : 1;
      for (const HillRegulator& r : gene.modules[m].activators) out.push_back({r.gene, g, sign});
      for (const HillRegulator& r : gene.modules[m].deactivators) out.push_back({r.gene, g, -sign});
    }
  }
  return out;
}

void HillNetwork::check() const {
  if (genes.empty()) throw InputError(name, "has no genes");
  std::set<std::string> seen;
  for (const HillGene& gene : genes) {
    const auto fail = [&](const std::string& what) { throw InputError(name + ", gene " + gene.name, what); };
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    if (gene.name.empty() || !seen.insert(gene.name).second) fail("is named twice, or not at all");
    if (!(gene.max >= 0) || !std::isfinite(gene.max) || !positive(gene.decay) || !(gene.translation >= 0) || !std::isfinite(gene.translation) || !positive(gene.protein_decay))
      fail("has a negative rate, or a decay that is not positive");
    if (gene.modules.size() > 12) fail(fmt::format("has {} modules: more than 12", gene.modules.size()));
    if (gene.activation.size() != std::size_t{1} << gene.modules.size()) fail(fmt::format("has {} activations for {} modules: there are 2^modules", gene.activation.size(), gene.modules.size()));
    for (const double a : gene.activation)
      if (!(a >= 0 && a <= 1)) fail(fmt::format("has an activation of {}: they lie in [0, 1]", a));
    std::set<int> regulators;
    for (const HillModule& module : gene.modules) {
      if (module.activators.empty()) fail("has a module without activator");
      for (const auto* side : {&module.activators, &module.deactivators})
        for (const HillRegulator& r : *side) {
          if (r.gene < 0 || r.gene >= size()) fail("names a regulator that there is not");
          if (!regulators.insert(r.gene).second) fail(fmt::format("has the regulator {} twice", genes[static_cast<std::size_t>(r.gene)].name));
          if (!positive(r.threshold) || !(r.exponent >= 1) || !std::isfinite(r.exponent)) fail(fmt::format("has a threshold of {} and an exponent of {} for {}: the first is positive, the second at least 1", r.threshold, r.exponent, genes[static_cast<std::size_t>(r.gene)].name));
        }
    }
  }
}

HillNetwork with_time_in_hours(HillNetwork network, double minutes_per_hour) {
  if (!(minutes_per_hour > 0)) throw InputError(network.name, "minutes per hour are not positive");
  for (HillGene& gene : network.genes)
    for (double* rate : {&gene.max, &gene.decay, &gene.translation, &gene.protein_decay}) *rate *= minutes_per_hour;
  return network;
}

HillNetwork with_transcription(HillNetwork network, int gene, double share) {
  network.genes.at(static_cast<std::size_t>(gene)).max *= share;
  return network;
}

HillNetwork with_shifted_activation(HillNetwork network, const std::vector<double>& shift) {
  HYPED_REQUIRE(shift.size() == network.genes.size());
  for (std::size_t g = 0; g < shift.size(); ++g) {
    auto& activation = network.genes[g].activation;
    const double cut = std::clamp(activation[0] + shift[g], 0.0, 1.0) - activation[0];
    for (double& a : activation) a = std::clamp(a + cut, 0.0, 1.0);
  }
  return network;
}

}  // namespace hyped
