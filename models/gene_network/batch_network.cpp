// What a batched network is made of: checks, order and names of its parameters.
#include "models/gene_network/batch_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "libhyped/errors.hpp"
#include "models/gene_network/saturating_network.hpp"

namespace hyped::models {
namespace {

const char* verb_of(BatchAction action) {
  switch (action) {
    case BatchAction::drives: return "drives";
    case BatchAction::boosts: return "boosts";
    case BatchAction::produces: return "produces";
    case BatchAction::carries: return "carries";
    case BatchAction::degrades: return "degrades";
    case BatchAction::modulates: return "modulates";
  }
  return "";
}

std::string name_of(const BatchNetworkDefinition& d, const BatchInput& a) {
  const auto input = [&](int k) { return d.inputs[static_cast<std::size_t>(k)]; };
  return fmt::format("{}{} {} {}", input(a.input), a.gate >= 0 ? " with " + input(a.gate) : "", verb_of(a.action), d.genes[static_cast<std::size_t>(a.gene)]);
}

}  // namespace

BatchAction action_of_envelope(int envelope) {
  if (envelope == 0) return BatchAction::drives;
  if (envelope == 1) return BatchAction::boosts;
  if (envelope == 2) return BatchAction::produces;
  throw InputError("envelope", fmt::format("{} is not 0, 1 or 2", envelope));
}

BatchNetworkDefinition batch_definition(const NetworkDefinition& definition) {
  BatchNetworkDefinition out;
  out.name = definition.name;
  out.genes = definition.genes;
  out.inputs = definition.inputs;
  out.transfer.kind = definition.saturation == Saturation::identity ? Transfer::identity : definition.saturation == Saturation::tanh ? Transfer::tanh : Transfer::logistic;
  out.capacity = definition.capacity;
  out.bias = definition.bias;
  out.decay = definition.decay;
  out.initial = definition.initial;
  for (const NetworkEdge& e : definition.edges) out.edges.push_back({e.to, e.from, e.weight, false});
  for (const NetworkInput& a : definition.actions) {
    BatchAction action = BatchAction::drives;
    switch (a.action) {
      case InputAction::drives: break;
      case InputAction::carries: action = BatchAction::carries; break;
      case InputAction::degrades: action = BatchAction::degrades; break;
      case InputAction::modulates: action = BatchAction::modulates; break;
    }
    out.actions.push_back({a.input, a.gene, action, a.amount, false, -1, false});
  }
  return out;
}

void BatchNetwork::check() const {
  const BatchNetworkDefinition& d = definition_;
  const auto genes = d.genes.size();
  const auto fail = [&](const std::string& what) { throw InputError(d.name, what); };
  if (genes == 0) fail("the network has no genes");
  if (d.capacity.size() != genes || d.bias.size() != genes || d.decay.size() != genes || (!d.initial.empty() && d.initial.size() != genes) || (!d.resting.empty() && d.resting.size() != genes)) fail("capacity, bias, decay, initial and resting are not one per gene");
  if (std::set<std::string>(d.genes.begin(), d.genes.end()).size() != genes) fail("a gene is named twice");
  if (std::set<std::string>(d.inputs.begin(), d.inputs.end()).size() != d.inputs.size()) fail("an input is named twice");
  if (d.degree != 1 && d.degree != 2) fail("the degree is not 1 or 2");
  if (d.transfer.exponent < 1 || d.modules.transfer.exponent < 1) fail("the exponent of a transfer function is below 1");
  for (std::size_t g = 0; g < genes; ++g)
    if (!(d.decay[g] > 0) || !std::isfinite(d.capacity[g]) || !std::isfinite(d.bias[g])) fail(fmt::format("decay of '{}' is not positive, or its capacity or bias not finite", d.genes[g]));
  if (d.all_edges.size() > 0 && (!d.edges.empty() || d.all_edges.rows() != static_cast<Eigen::Index>(genes) || d.all_edges.cols() != static_cast<Eigen::Index>(genes))) fail("all_edges is not a square of the genes, or there are edges beside it");
  const auto checked = [&](const std::vector<EdgeEntry>& entries, std::size_t targets, std::size_t regulators, const char* what) {
    std::set<std::pair<int, int>> seen;
    for (const EdgeEntry& e : entries) {
      if (e.to < 0 || e.to >= static_cast<int>(targets) || e.from < 0 || e.from >= static_cast<int>(regulators) || !std::isfinite(e.weight)) fail(fmt::format("{} names a gene that there is not, or has a weight that is not finite", what));
      if (!seen.insert({e.to, e.from}).second) fail(fmt::format("{} from {} to {} (numbers from 0) is there twice", what, e.from, e.to));
    }
  };
  checked(d.edges, genes, genes, "an edge");
  const auto modules = static_cast<std::size_t>(d.modules.count);
  if (d.modules.count < 0 || (!d.modules.gain.empty() && d.modules.gain.size() != modules) || (!d.modules.bias.empty() && d.modules.bias.size() != modules)) fail("gain and bias are not one per module");
  checked(d.modules.reads, modules, genes, "an edge to a module");
  checked(d.modules.regulates, genes, modules, "an edge of a module");
  const int inputs = static_cast<int>(d.inputs.size());
  std::set<std::tuple<BatchAction, int, int, int>> seen;
  for (const BatchInput& a : d.actions) {
    if (a.gene < 0 || a.gene >= static_cast<int>(genes) || a.input < 0 || a.input >= inputs || a.gate < -1 || a.gate >= inputs) fail("an action names an input or a gene that there is not");
    if (!seen.insert({a.action, a.input, a.gene, a.gate}).second) fail(fmt::format("'{}' is there twice", name_of(d, a)));
    if (a.counted && a.action != BatchAction::carries) fail(fmt::format("'{}' is counted, but only what is carried can be", name_of(d, a)));
  }
}

BatchNetwork::BatchNetwork(BatchNetworkDefinition definition) : definition_(std::move(definition)) {
  check();
  BatchNetworkDefinition& d = definition_;
  const int genes = static_cast<int>(d.genes.size());
  if (d.modules.gain.empty()) d.modules.gain.assign(static_cast<std::size_t>(d.modules.count), 1.0);
  if (d.modules.bias.empty()) d.modules.bias.assign(static_cast<std::size_t>(d.modules.count), 0.0);
  if (d.all_edges.size() > 0) edges_ = EdgeMatrix(std::move(d.all_edges));
  else edges_ = EdgeMatrix(genes, genes, std::move(d.edges), d.storage);
  d.all_edges.resize(0, 0);
  d.edges.clear();
  reads_ = EdgeMatrix(d.modules.count, genes, d.modules.reads, d.storage);
  regulates_ = EdgeMatrix(genes, d.modules.count, d.modules.regulates, d.storage);
  resting_ = Eigen::VectorXd::Zero(genes);
  if (!d.resting.empty()) resting_ = Eigen::Map<const Eigen::VectorXd>(d.resting.data(), genes);
  for (int g = 0; g < genes; ++g) states_.push_back({d.genes[static_cast<std::size_t>(g)], d.state_unit, d.initial.empty() ? 0.0 : d.initial[static_cast<std::size_t>(g)]});
  kinds_ = (d.capacity_fixed ? 0 : 1) + (d.bias_fixed ? 0 : 1) + (d.decay_fixed ? 0 : 1);
  first_module_ = kinds_ * genes;
  first_edge_ = first_module_ + ((d.modules.gain_fixed ? 0 : 1) + (d.modules.bias_fixed ? 0 : 1)) * d.modules.count;
  first_read_ = first_edge_ + edges_.parameter_count();
  first_regulated_ = first_read_ + reads_.parameter_count();
  parameter_count_ = first_regulated_ + regulates_.parameter_count();
  companions_.resize(d.actions.size());
  for (std::size_t a = 0; a < d.actions.size(); ++a) {
    present_[static_cast<std::size_t>(d.actions[a].action)] = true;
    action_index_.push_back(d.actions[a].fixed ? -1 : parameter_count_++);
  }
  std::vector<std::vector<std::size_t>> by_gene(static_cast<std::size_t>(genes) * 2);      // what modulates a gene, what degrades it
  for (std::size_t a = 0; a < d.actions.size(); ++a) {
    const BatchInput& one = d.actions[a];
    if (one.action == BatchAction::modulates || one.action == BatchAction::degrades) by_gene[static_cast<std::size_t>(one.gene) * 2 + (one.action == BatchAction::degrades ? 1 : 0)].push_back(a);
  }
  for (const auto& group : by_gene)
    for (const std::size_t a : group)
      for (const std::size_t other : group)
        if (other != a) companions_[a].push_back(other);
}

int BatchNetwork::edge_index(int from, int to) const {
  const int at = edges_.parameter_of(to, from);
  return at < 0 ? -1 : first_edge_ + at;
}

// In the order of the class comment; names and specs only if asked for.
void BatchNetwork::write_parameters(std::vector<std::string>* names, std::vector<ParameterSpec>* specs, std::vector<double>& values) const {
  const BatchNetworkDefinition& d = definition_;
  values.reserve(static_cast<std::size_t>(parameter_count_));
  if (names != nullptr) names->reserve(static_cast<std::size_t>(parameter_count_));      // views stay valid
  const auto add = [&](const auto& name, const char* unit, double value, double lower, double upper, const char* meaning) {
    values.push_back(value);
    if (names == nullptr) return;
    names->push_back(name());
    specs->push_back({names->back(), unit, value, std::min(lower, value), std::max(upper, value), meaning});
  };
  const auto gene = [&](int g) -> const std::string& { return d.genes[static_cast<std::size_t>(g)]; };
  for (int g = 0; g < static_cast<int>(d.genes.size()); ++g) {
    const auto i = static_cast<std::size_t>(g);
    if (!d.capacity_fixed) add([&] { return "capacity " + gene(g); }, "1/h", d.capacity[i], 1e-9, 1e3, "greatest production");
    if (!d.bias_fixed) add([&] { return "bias " + gene(g); }, "1", d.bias[i], -30, 30, "inside the transfer function, without regulators");
    if (!d.decay_fixed) add([&] { return "decay " + gene(g); }, "1/h", d.decay[i], 1e-3, 10, "of the transcript");
  }
  for (int m = 0; m < d.modules.count; ++m) {
    const auto i = static_cast<std::size_t>(m);
    if (!d.modules.gain_fixed) add([&] { return fmt::format("gain module {}", m + 1); }, "1", d.modules.gain[i], -30, 30, "of what the module reads");
    if (!d.modules.bias_fixed) add([&] { return fmt::format("bias module {}", m + 1); }, "1", d.modules.bias[i], -30, 30, "inside the module");
  }
  const auto add_edges = [&](const EdgeMatrix& edges, const auto& name) {
    edges.for_each([&](int parameter, int to, int from, double weight) {
      if (parameter >= 0) add([&] { return name(to, from); }, "1", weight, -30, 30, "weight of the regulator's level");
    });
  };
  add_edges(edges_, [&](int to, int from) { return gene(from) + " -> " + gene(to); });
  add_edges(reads_, [&](int to, int from) { return fmt::format("{} -> module {}", gene(from), to + 1); });
  add_edges(regulates_, [&](int to, int from) { return fmt::format("module {} -> {}", from + 1, gene(to)); });
  for (const BatchInput& a : d.actions)
    if (!a.fixed) add([&] { return name_of(d, a); }, "1", a.amount, a.action == BatchAction::degrades || a.action == BatchAction::carries ? 0 : -30, 1e3, "strength of the input on the gene");
}

std::span<const ParameterSpec> BatchNetwork::parameters() const {
  std::call_once(named_, [&] {
    std::vector<double> values;
    parameters_.reserve(static_cast<std::size_t>(parameter_count_));
    write_parameters(&names_, &parameters_, values);
  });
  return parameters_;
}

std::vector<double> BatchNetwork::default_parameters() const {
  std::vector<double> out;
  write_parameters(nullptr, nullptr, out);
  return out;
}

}  // namespace hyped::models
