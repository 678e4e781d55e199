// Rates and exact derivatives of networks of regulatory modules.
#include "models/gene_network/hill_modules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/errors.hpp"

namespace hyped::models {
namespace {

constexpr double no_level = 1e-150;      // stands for zero: powers and their derivatives stay finite
constexpr std::size_t most_modules = 12, most_regulators = 64;

double occupancy(double y, double threshold, double exponent) { return std::pow(std::max(y, no_level) / threshold, exponent); }

// Activity of a module from the occupancies of its regulators, activators first; `by_log` (if not null): derivative by the logarithm of each.
double module_activity(std::size_t activators, std::size_t all, bool complex, const double* xi, double* by_log) {
  double product = 1;
  for (std::size_t a = 0; a < activators; ++a) product *= xi[a];
  if (complex) {
    double both = 0;
    if (all > activators) {
      both = product;
      for (std::size_t r = activators; r < all; ++r) both *= xi[r];
    }
    const double z = 1 + product + both, activity = std::isfinite(z) ? product / z : 1 / (1 + (product > 0 ? both / product : 0));
    if (by_log)
      for (std::size_t r = 0; r < all; ++r) by_log[r] = r < activators ? activity / z : -activity * both / z;
    return activity;
  }
  double activity = 1;
  for (std::size_t r = 0; r < all; ++r) activity *= (r < activators ? xi[r] : 1.0) / (1 + xi[r]);
  if (by_log)
    for (std::size_t r = 0; r < all; ++r) by_log[r] = r < activators ? activity / (1 + xi[r]) : -activity * xi[r] / (1 + xi[r]);
  return activity;
}

// Chance of one state of the modules, without module `left_out` (-1: all).
double state_share(std::size_t modules, std::size_t state, const double* activity, std::size_t left_out) {
  double share = 1;
  for (std::size_t m = 0; m < modules; ++m)
    if (m != left_out) share *= state >> m & 1 ? activity[m] : 1 - activity[m];
  return share;
}

}  // namespace

double hill_activation(const HillGene& gene, const double* y) {
  std::array<double, most_modules> activity;
  std::array<double, most_regulators> xi;
  for (std::size_t m = 0; m < gene.modules.size(); ++m) {
    const HillModule& module = gene.modules[m];
    std::size_t n = 0;
    for (const HillRegulator& r : module.activators) xi[n++] = occupancy(y[r.gene], r.threshold, r.exponent);
    for (const HillRegulator& r : module.deactivators) xi[n++] = occupancy(y[r.gene], r.threshold, r.exponent);
    activity[m] = module_activity(module.activators.size(), n, module.complex, xi.data(), nullptr);
  }
  double sum = 0;
  for (std::size_t s = 0; s < gene.activation.size(); ++s)
    if (gene.activation[s] != 0) sum += gene.activation[s] * state_share(gene.modules.size(), s, activity.data(), gene.modules.size());
  return sum;
}

HillModules::HillModules(HillNetwork network, HillInputs inputs) : network_(std::move(network)), inputs_(std::move(inputs)) {
  network_.check();
  for (const HillGene& gene : network_.genes) {
    std::size_t regulators = 0;
    for (const HillModule& module : gene.modules) regulators += module.activators.size() + module.deactivators.size();
    if (regulators > most_regulators) throw InputError(network_.name + ", gene " + gene.name, fmt::format("has {} regulators: more than {}", regulators, most_regulators));
  }
  for (const auto* list : {&inputs_.silenced, &inputs_.delivered})
    for (std::size_t k = 0; k < list->size(); ++k)
      if ((*list)[k] < 0 || (*list)[k] >= network_.size() || std::find(list->begin(), list->begin() + static_cast<std::ptrdiff_t>(k), (*list)[k]) != list->begin() + static_cast<std::ptrdiff_t>(k))
        throw InputError(network_.name, "an input names a gene twice, or one that there is not");
  std::size_t needed = 0;      // views stay valid
  for (const HillGene& gene : network_.genes) {
    needed += 8 + gene.activation.size();
    for (const HillModule& module : gene.modules) needed += 2 * (module.activators.size() + module.deactivators.size());
  }
  names_.reserve(needed + 3 * (inputs_.silenced.size() + inputs_.delivered.size()));
  const auto view = [&](std::string name) -> std::string_view { return names_.emplace_back(std::move(name)); };
  const auto add = [&](std::string name, const char* unit, double value, double lower, double upper, const char* meaning) {
    parameters_.push_back({view(std::move(name)), unit, value, std::min(lower, value), std::max(upper, value), meaning});
  };
  for (const HillGene& gene : network_.genes) states_.push_back({view("mRNA " + gene.name), "relative", 0});
  for (const HillGene& gene : network_.genes) states_.push_back({view("protein " + gene.name), "relative", 0});
  for (const int g : inputs_.silenced) states_.push_back({view("siRNA " + network_.genes[static_cast<std::size_t>(g)].name), "of the dose", 0});
  for (const int g : inputs_.delivered) states_.push_back({view("delivered mRNA " + network_.genes[static_cast<std::size_t>(g)].name), "relative", 0});
  for (const HillGene& gene : network_.genes) {
    first_.push_back(static_cast<int>(parameters_.size()));
    add("max " + gene.name, "1/h", gene.max, 0, 1e3, "greatest transcription");
    add("decay " + gene.name, "1/h", gene.decay, 1e-6, 1e3, "of the mRNA");
    add("translation " + gene.name, "1/h", gene.translation, 0, 1e3, "protein per mRNA");
    add("protein decay " + gene.name, "1/h", gene.protein_decay, 1e-6, 1e3, "of the protein");
    for (std::size_t s = 0; s < gene.activation.size(); ++s) add(fmt::format("activation {} {}", s, gene.name), "1", gene.activation[s], 0, 1, "share of the greatest transcription in this state of the modules");
    for (const HillModule& module : gene.modules)
      for (const auto* side : {&module.activators, &module.deactivators})
        for (const HillRegulator& r : *side) {
          const std::string edge = network_.genes[static_cast<std::size_t>(r.gene)].name + " -> " + gene.name;
          add("threshold " + edge, "relative", r.threshold, 1e-6, 1e3, "protein level of half occupancy");
          add("exponent " + edge, "1", r.exponent, 1, 10, "Hill exponent");
        }
  }
  first_silenced_ = static_cast<int>(parameters_.size());
  for (const int g : inputs_.silenced) {
    add("siRNA strength " + network_.genes[static_cast<std::size_t>(g)].name, "1", 0, 0, 1e3, "extra degradation over the natural one");
    add("siRNA clearance " + network_.genes[static_cast<std::size_t>(g)].name, "1/h", 0, 0, 1e3, "0 while the dose is on");
  }
  first_delivered_ = static_cast<int>(parameters_.size());
  for (const int g : inputs_.delivered) add("delivered decay " + network_.genes[static_cast<std::size_t>(g)].name, "1/h", 0.1, 1e-6, 1e3, "of the delivered mRNA");
}

int HillModules::regulator_parameter(int gene, int regulator) const {
  return rate_parameter(gene) + 4 + static_cast<int>(network_.genes[static_cast<std::size_t>(gene)].activation.size()) + 2 * regulator;
}

void HillModules::evaluate(std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation* out) const {
  const auto genes = network_.genes.size();
  if (out) {
    out->state.setZero(state_count(), state_count());
    out->parameter.setZero(state_count(), parameter_count());
  }
  std::array<double, most_modules> activity;
  std::array<double, most_regulators> xi, by_log;
  for (std::size_t g = 0; g < genes; ++g) {
    const HillGene& gene = network_.genes[g];
    const int row = static_cast<int>(g), protein = protein_state(row), at = rate_parameter(row);
    const std::size_t first = static_cast<std::size_t>(at), modules = gene.modules.size(), states = gene.activation.size(), regulators_at = first + 4 + states;
    std::size_t n = 0;
    for (std::size_t m = 0; m < modules; ++m) {
      const HillModule& module = gene.modules[m];
      const std::size_t start = n;
      for (const auto* side : {&module.activators, &module.deactivators})
        for (const HillRegulator& r : *side) xi[n] = occupancy(x[genes + static_cast<std::size_t>(r.gene)], p[regulators_at + 2 * n], p[regulators_at + 2 * n + 1]), ++n;
      activity[m] = module_activity(module.activators.size(), n - start, module.complex, &xi[start], out ? &by_log[start] : nullptr);
    }
    double share = 0;
    for (std::size_t s = 0; s < states; ++s) share += p[first + 4 + s] * state_share(modules, s, activity.data(), modules);
    dx[g] = p[first] * share - p[first + 1] * x[g];
    dx[genes + g] = p[first + 2] * x[g] - p[first + 3] * x[genes + g];
    if (!out) continue;
    out->state(row, row) = -p[first + 1];
    out->parameter(row, at) = share;
    out->parameter(row, at + 1) = -x[g];
    for (std::size_t s = 0; s < states; ++s) out->parameter(row, at + 4 + static_cast<int>(s)) = p[first] * state_share(modules, s, activity.data(), modules);
    n = 0;
    for (std::size_t m = 0; m < modules; ++m) {
      double by_activity = 0;
      for (std::size_t s = 0; s < states; ++s) by_activity += (s >> m & 1 ? 1.0 : -1.0) * p[first + 4 + s] * state_share(modules, s, activity.data(), m);
      for (const auto* side : {&gene.modules[m].activators, &gene.modules[m].deactivators})
        for (const HillRegulator& r : *side) {
          const double level = x[genes + static_cast<std::size_t>(r.gene)], y = std::max(level, no_level);
          const double threshold = p[regulators_at + 2 * n], exponent = p[regulators_at + 2 * n + 1], by = p[first] * by_activity * by_log[n];
          const int parameter = static_cast<int>(regulators_at + 2 * n);
          if (level >= 0) out->state(row, protein_state(r.gene)) += by * exponent / y;
          out->parameter(row, parameter) = -by * exponent / threshold;
          out->parameter(row, parameter + 1) = by == 0 ? 0.0 : by * std::log(y / threshold);
          ++n;
        }
    }
    out->state(protein, row) = p[first + 2];
    out->state(protein, protein) = -p[first + 3];
    out->parameter(protein, at + 2) = x[g];
    out->parameter(protein, at + 3) = -x[genes + g];
  }
  for (std::size_t k = 0; k < inputs_.silenced.size(); ++k) {
    const int gene = inputs_.silenced[k], row = sirna_state(static_cast<int>(k)), strength = strength_parameter(static_cast<int>(k)), decay = rate_parameter(gene) + 1;
    const double s = x[static_cast<std::size_t>(row)], f = p[static_cast<std::size_t>(strength)], clearance = p[static_cast<std::size_t>(strength + 1)], d = p[static_cast<std::size_t>(decay)];
    const double mrna = x[static_cast<std::size_t>(gene)];
    dx[static_cast<std::size_t>(gene)] -= d * f * s * mrna;
    dx[static_cast<std::size_t>(row)] = -clearance * s;
    if (!out) continue;
    out->state(gene, gene) -= d * f * s;
    out->state(gene, row) -= d * f * mrna;
    out->state(row, row) = -clearance;
    out->parameter(gene, decay) -= f * s * mrna;
    out->parameter(gene, strength) -= d * s * mrna;
    out->parameter(row, strength + 1) = -s;
  }
  for (std::size_t k = 0; k < inputs_.delivered.size(); ++k) {
    const int gene = inputs_.delivered[k], row = delivered_state(static_cast<int>(k)), decay = delivered_decay_parameter(static_cast<int>(k)), translation = rate_parameter(gene) + 2;
    const double e = x[static_cast<std::size_t>(row)];
    dx[genes + static_cast<std::size_t>(gene)] += p[static_cast<std::size_t>(translation)] * e;
    dx[static_cast<std::size_t>(row)] = -p[static_cast<std::size_t>(decay)] * e;
    if (!out) continue;
    out->state(protein_state(gene), row) += p[static_cast<std::size_t>(translation)];
    out->parameter(protein_state(gene), translation) += e;
    out->state(row, row) = -p[static_cast<std::size_t>(decay)];
    out->parameter(row, decay) = -e;
  }
}

void HillModules::rates(double, std::span<const double> x, std::span<const double> p, std::span<double> dx) const { evaluate(x, p, dx, nullptr); }
void HillModules::linearise(double, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const { evaluate(x, p, dx, &out); }

Eigen::MatrixXd measured_mrna(const HillModules& model, const Eigen::MatrixXd& states) {
  Eigen::MatrixXd out = states.leftCols(model.gene_count());
  for (std::size_t k = 0; k < model.inputs().delivered.size(); ++k) out.col(model.inputs().delivered[k]) += states.col(model.delivered_state(static_cast<int>(k)));
  return out;
}

std::vector<double> hill_state(const HillModules& model, const std::vector<double>& mrna, const std::vector<double>& protein) {
  const auto genes = static_cast<std::size_t>(model.gene_count());
  HYPED_REQUIRE(mrna.size() == genes && protein.size() == genes);
  std::vector<double> state(static_cast<std::size_t>(model.state_count()), 0.0);
  std::copy(mrna.begin(), mrna.end(), state.begin());
  std::copy(protein.begin(), protein.end(), state.begin() + static_cast<std::ptrdiff_t>(genes));
  return state;
}

}  // namespace hyped::models
