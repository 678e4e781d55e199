// Rates of a saturating network and their exact derivatives.
#include "models/gene_network/saturating_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "libhyped/errors.hpp"
#include "libhyped/model/pack.hpp"

namespace hyped::models {
namespace {

const char* verb_of(InputAction action) {
  switch (action) {
    case InputAction::drives: return "drives";
    case InputAction::carries: return "carries";
    case InputAction::degrades: return "degrades";
    case InputAction::modulates: return "modulates";
  }
  return "";
}

template <class T>
T saturated(Saturation kind, const T& z) {
  using std::exp;
  using std::tanh;
  if (kind == Saturation::identity) return z;
  if (kind == Saturation::tanh) return tanh(z);
  return T(1) / (T(1) + exp(-z));
}

double saturated_slope(Saturation kind, double value) {      // from the value itself
  return kind == Saturation::identity ? 1.0 : kind == Saturation::tanh ? 1 - value * value : value * (1 - value);
}

// Room for one evaluation, kept by its thread. y: level seen by targets, z: inside the saturation, then saturated; m: product of the
// modulations, l: product of the degradations.
template <class T>
struct Room {
  std::vector<T> y, z, m, l;
  void resize(std::size_t genes) {
    y.resize(genes), z.resize(genes), m.resize(genes), l.resize(genes);
  }
};
template <class T>
Room<T>& room(std::size_t genes) {
  thread_local Room<T> kept;
  kept.resize(genes);
  return kept;
}

}  // namespace

SaturatingNetwork::SaturatingNetwork(NetworkDefinition definition) : definition_(std::move(definition)) {
  const NetworkDefinition& d = definition_;
  const auto genes = d.genes.size();
  const auto fail = [&](const std::string& what) { throw InputError(d.name, what); };
  if (genes == 0) fail("the network has no genes");
  if (d.capacity.size() != genes || d.bias.size() != genes || d.decay.size() != genes || (!d.initial.empty() && d.initial.size() != genes)) fail("capacity, bias, decay and initial are not one per gene");
  if (std::set<std::string>(d.genes.begin(), d.genes.end()).size() != genes) fail("a gene is named twice");
  const auto gene_ok = [&](int g) { return g >= 0 && g < static_cast<int>(genes); };
  std::set<std::tuple<int, int, int>> seen;
  for (const NetworkEdge& e : d.edges) {
    if (!gene_ok(e.from) || !gene_ok(e.to)) fail("an edge names a gene that there is not");
    if (!seen.insert({-1, e.from, e.to}).second) fail(fmt::format("the edge {} -> {} is there twice", d.genes[static_cast<std::size_t>(e.from)], d.genes[static_cast<std::size_t>(e.to)]));
  }
  for (const NetworkInput& a : d.actions) {
    if (!gene_ok(a.gene) || a.input < 0 || a.input >= static_cast<int>(d.inputs.size())) fail("an action names an input or a gene that there is not");
    if (!seen.insert({static_cast<int>(a.action), a.input, a.gene}).second) fail(fmt::format("'{} {} {}' is there twice", d.inputs[static_cast<std::size_t>(a.input)], verb_of(a.action), d.genes[static_cast<std::size_t>(a.gene)]));
  }
  for (std::size_t g = 0; g < genes; ++g)
    if (!(d.decay[g] > 0) || !(d.capacity[g] >= 0) || !std::isfinite(d.bias[g])) fail(fmt::format("decay of '{}' is not positive, its capacity negative, or its bias not finite", d.genes[g]));
  for (std::size_t g = 0; g < genes; ++g) states_.push_back({d.genes[g], "relative", d.initial.empty() ? 0.0 : d.initial[g]});
  names_.reserve(d.inputs.size() + 3 * genes + d.edges.size() + d.actions.size());      // views stay valid
  const auto add = [&](std::string name, const char* unit, double value, double lower, double upper, const char* meaning) {
    names_.push_back(std::move(name));
    parameters_.push_back({names_.back(), unit, value, std::min(lower, value), std::max(upper, value), meaning});
  };
  for (const auto& input : d.inputs) add(input, "1", 0, 0, 1e3, "input; 1 at the peak of the reference dose, or in its phase");
  first_gene_ = static_cast<int>(names_.size());
  for (std::size_t g = 0; g < genes; ++g) {
    add("capacity " + d.genes[g], "1/h", d.capacity[g], 1e-9, 1e3, "greatest production");
    add("bias " + d.genes[g], "1", d.bias[g], -30, 30, "inside the saturation, without regulators");
    add("decay " + d.genes[g], "1/h", d.decay[g], 1e-3, 10, "of the transcript");
  }
  first_edge_ = static_cast<int>(names_.size());
  for (const NetworkEdge& e : d.edges) add(d.genes[static_cast<std::size_t>(e.from)] + " -> " + d.genes[static_cast<std::size_t>(e.to)], "1", e.weight, -30, 30, "weight of the regulator's level");
  first_action_ = static_cast<int>(names_.size());
  for (const NetworkInput& a : d.actions)
    add(fmt::format("{} {} {}", d.inputs[static_cast<std::size_t>(a.input)], verb_of(a.action), d.genes[static_cast<std::size_t>(a.gene)]), "1", a.amount, a.action == InputAction::drives || a.action == InputAction::modulates ? -30 : 0, 1e3, "strength of the input on the gene");
}

template <class T>
void SaturatingNetwork::evaluate(const T* x, const T* p, T* dx) const {
  const NetworkDefinition& d = definition_;
  const std::size_t genes = d.genes.size();
  Room<T>& r = room<T>(genes);
  for (std::size_t g = 0; g < genes; ++g) {
    r.y[g] = x[g];
    r.z[g] = p[bias_index(static_cast<int>(g))];
    r.m[g] = T(1);
    r.l[g] = T(1);
  }
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const NetworkInput& a = d.actions[k];
    const T effect = p[action_index(static_cast<int>(k))] * p[a.input];
    const auto g = static_cast<std::size_t>(a.gene);
    if (a.action == InputAction::drives) r.z[g] += effect;
    else if (a.action == InputAction::carries) r.y[g] += effect;
    else if (a.action == InputAction::modulates) r.m[g] *= T(1) + effect;
    else r.l[g] *= T(1) + effect - p[a.input];
  }
  for (std::size_t e = 0; e < d.edges.size(); ++e) r.z[static_cast<std::size_t>(d.edges[e].to)] += p[edge_index(static_cast<int>(e))] * r.y[static_cast<std::size_t>(d.edges[e].from)];
  for (std::size_t g = 0; g < genes; ++g) {
    const int at = static_cast<int>(g);
    r.z[g] = saturated(d.saturation, r.z[g]);
    dx[g] = p[capacity_index(at)] * r.m[g] * r.z[g] - p[decay_index(at)] * r.l[g] * x[g];
  }
}

void SaturatingNetwork::rates(double, std::span<const double> x, std::span<const double> p, std::span<double> dx) const { evaluate(x.data(), p.data(), dx.data()); }
void SaturatingNetwork::pack_rates(const Pack&, const Pack* x, const Pack* p, Pack* dx) const { evaluate(x, p, dx); }

void SaturatingNetwork::linearise(double, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const {
  evaluate(x.data(), p.data(), dx.data());
  const NetworkDefinition& d = definition_;
  const int genes = state_count();
  const Room<double>& r = room<double>(static_cast<std::size_t>(genes));      // as evaluate left it
  out.state.setZero(genes, genes);
  out.parameter.setZero(genes, parameter_count());
  const auto at = [&](int index) { return p[static_cast<std::size_t>(index)]; };
  std::vector<double> by_z(static_cast<std::size_t>(genes));
  for (int g = 0; g < genes; ++g) {
    const auto i = static_cast<std::size_t>(g);
    by_z[i] = at(capacity_index(g)) * r.m[i] * saturated_slope(d.saturation, r.z[i]);
    out.state(g, g) -= at(decay_index(g)) * r.l[i];
    out.parameter(g, capacity_index(g)) = r.m[i] * r.z[i];
    out.parameter(g, bias_index(g)) = by_z[i];
    out.parameter(g, decay_index(g)) = -r.l[i] * x[i];
  }
  for (std::size_t e = 0; e < d.edges.size(); ++e) {
    const NetworkEdge& edge = d.edges[e];
    const double slope = by_z[static_cast<std::size_t>(edge.to)];
    out.state(edge.to, edge.from) += slope * at(edge_index(static_cast<int>(e)));
    out.parameter(edge.to, edge_index(static_cast<int>(e))) = slope * r.y[static_cast<std::size_t>(edge.from)];
  }
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const NetworkInput& a = d.actions[k];
    const int strength = action_index(static_cast<int>(k)), g = a.gene;
    const auto i = static_cast<std::size_t>(g);
    const double u = at(a.input), amount = at(strength);
    const auto add = [&](int gene, double by_effect) {      // effect = amount u
      out.parameter(gene, strength) += by_effect * u;
      out.parameter(gene, a.input) += by_effect * amount;
    };
    if (a.action == InputAction::drives) add(g, by_z[i]);
    if (a.action == InputAction::carries)
      for (std::size_t e = 0; e < d.edges.size(); ++e)
        if (d.edges[e].from == g) add(d.edges[e].to, by_z[static_cast<std::size_t>(d.edges[e].to)] * at(edge_index(static_cast<int>(e))));
    if (a.action == InputAction::modulates || a.action == InputAction::degrades) {
      double others = 1;      // the product without this factor, which may be zero
      for (std::size_t n = 0; n < d.actions.size(); ++n)
        if (n != k && d.actions[n].gene == g && d.actions[n].action == a.action) {
          const double v = at(d.actions[n].input);
          others *= 1 + at(action_index(static_cast<int>(n))) * v - (a.action == InputAction::degrades ? v : 0.0);
        }
      if (a.action == InputAction::modulates) add(g, at(capacity_index(g)) * r.z[i] * others);
      else {
        const double by_factor = -at(decay_index(g)) * x[i] * others;
        out.parameter(g, strength) += by_factor * u;
        out.parameter(g, a.input) += by_factor * (amount - 1);
      }
    }
  }
}

}  // namespace hyped::models
