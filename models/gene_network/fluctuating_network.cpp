// Moment equations and their exact derivatives.
#include "models/gene_network/fluctuating_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "models/gene_network/skewed_logistic.hpp"

namespace hyped::models {
namespace {
std::size_t at(int i) { return static_cast<std::size_t>(i); }
double positive(double mean) { return std::max(mean, 1e-12); }      // trial steps of a solver may leave the positive levels
}  // namespace

// One gene at one point.
struct FluctuatingNetwork::Gene {
  double modulation = 1, loss = 1, a = 0;                  // products of the inputs' effects; capacity times modulation
  double carried = 0;                                      // of its level, as targets see it
  double z = 0, variance = 0, third = 0;                   // moments inside the saturation
  SkewedLogistic f;
  std::vector<double> with;                                // cov(z, regulator) [R]
  std::vector<double> part;                                // of the third moment, by incoming edge
};

FluctuatingNetwork::FluctuatingNetwork(const SaturatingNetwork& network, std::vector<double> dispersion) : network_(network), dispersion_(std::move(dispersion)) {
  const NetworkDefinition& d = network.definition();
  if (d.saturation != Saturation::logistic) throw InputError(d.name, "is not logistic: its moments are not closed", "use logistic saturation");
  if (dispersion_.size() != d.genes.size()) throw InputError(d.name, "has not one dispersion per gene");
  for (const double one : dispersion_)
    if (!(one >= 0 && one <= 0.9)) throw InputError(d.name, fmt::format("a dispersion of {:g} is not between 0 and 0.9", one), "levels of cells that unequal have no mean to speak of");
  number_.assign(d.genes.size(), -1);
  for (const auto& e : d.edges) number_[at(e.from)] = 0;
  for (std::size_t g = 0; g < d.genes.size(); ++g)
    if (number_[g] == 0) number_[g] = static_cast<int>(regulators_.size()), regulators_.push_back(static_cast<int>(g));
  incoming_.resize(d.genes.size());
  for (std::size_t e = 0; e < d.edges.size(); ++e) incoming_[at(d.edges[e].to)].push_back({static_cast<int>(e), d.edges[e].from, number_[at(d.edges[e].from)]});
  drives_.resize(d.genes.size()), carries_.resize(d.genes.size()), products_.resize(d.genes.size());
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const NetworkInput& action = d.actions[k];
    (action.action == InputAction::drives ? drives_ : action.action == InputAction::carries ? carries_ : products_)[at(action.gene)].push_back(static_cast<int>(k));
  }
  const std::size_t count = d.genes.size() + regulators_.size() * (regulators_.size() + 1) / 2;
  names_.reserve(count);      // views stay valid
  for (std::size_t g = 0; g < d.genes.size(); ++g) states_.push_back(network.states()[g]);
  for (std::size_t a = 0; a < regulators_.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      names_.push_back(d.genes[at(regulators_[a])] + " with " + d.genes[at(regulators_[b])]);
      const double level = d.initial.empty() ? 0.0 : d.initial[at(regulators_[a])];
      states_.push_back({names_.back(), "relative squared", a == b ? dispersion_[at(regulators_[a])] * level * level : 0.0});
    }
}

int FluctuatingNetwork::covariance_index(int a, int b) const {
  if (a < b) std::swap(a, b);
  return genes() + a * (a + 1) / 2 + b;
}

Eigen::VectorXd FluctuatingNetwork::start_at(const Eigen::VectorXd& mean) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(state_count());
  out.head(genes()) = mean;
  for (std::size_t a = 0; a < regulators_.size(); ++a) {
    const double level = mean[regulators_[a]];
    out[covariance_index(static_cast<int>(a), static_cast<int>(a))] = dispersion_[at(regulators_[a])] * level * level;
  }
  return out;
}

Eigen::SparseMatrix<double> FluctuatingNetwork::start_by(const Eigen::VectorXd& mean) const {
  std::vector<Eigen::Triplet<double>> by;
  for (int gene = 0; gene < genes(); ++gene) {
    const int number = number_[at(gene)];
    by.emplace_back(gene, gene, 1);
    if (number >= 0 && dispersion_[at(gene)] > 0) by.emplace_back(covariance_index(number, number), gene, 2 * dispersion_[at(gene)] * mean[gene]);
  }
  Eigen::SparseMatrix<double> out(state_count(), genes());
  out.setFromTriplets(by.begin(), by.end());
  return out;
}

void FluctuatingNetwork::evaluate(std::span<const double> x, std::span<const double> p, std::vector<Gene>& all, std::span<double> dx) const {
  const NetworkDefinition& d = network_.definition();
  const int count = genes(), number = static_cast<int>(regulators_.size());
  all.resize(at(count));
  for (int i = 0; i < count; ++i) all[at(i)].modulation = all[at(i)].loss = 1, all[at(i)].carried = 0, all[at(i)].z = p[at(network_.bias_index(i))];
  for (std::size_t k = 0; k < d.actions.size(); ++k) {
    const NetworkInput& action = d.actions[k];
    const double u = p[at(action.input)], effect = p[at(network_.action_index(static_cast<int>(k)))] * u;
    Gene& gene = all[at(action.gene)];
    if (action.action == InputAction::drives) gene.z += effect;
    else if (action.action == InputAction::carries) gene.carried += effect;
    else if (action.action == InputAction::modulates) gene.modulation *= 1 + effect;
    else gene.loss *= 1 + effect - u;
  }
  for (int i = 0; i < count; ++i) {
    Gene& gene = all[at(i)];
    const auto& in = incoming_[at(i)];
    gene.a = p[at(network_.capacity_index(i))] * gene.modulation;
    gene.loss *= p[at(network_.decay_index(i))];
    gene.with.assign(at(number), 0);
    gene.part.resize(in.size());
    gene.variance = gene.third = 0;
    for (const Incoming& e : in) {
      const double w = p[at(network_.edge_index(e.edge))];
      gene.z += w * (x[at(e.from)] + all[at(e.from)].carried);
      for (int r = 0; r < number; ++r) gene.with[at(r)] += w * covariance(x, e.regulator, r);
    }
    for (std::size_t n = 0; n < in.size(); ++n) {
      const double w = p[at(network_.edge_index(in[n].edge))], q = gene.with[at(in[n].regulator)], c = covariance(x, in[n].regulator, in[n].regulator), excess = 4 / (1 - dispersion_[at(in[n].from)]) - 3;
      gene.variance += w * q;
      gene.part[n] = (3 * q * q + excess * w * w * c * c) / positive(x[at(in[n].from)]);
      gene.third += w * gene.part[n];
    }
    gene.f = skewed_logistic(gene.z, gene.variance, gene.third);
    dx[at(i)] = gene.a * gene.f.value - gene.loss * x[at(i)];
  }
  for (int a = 0; a < number; ++a)
    for (int b = 0; b <= a; ++b) {
      const Gene &one = all[at(regulators_[at(a)])], &other = all[at(regulators_[at(b)])];
      const double c = covariance(x, a, b);
      double rate = one.a * one.f.slope * one.with[at(b)] + other.a * other.f.slope * other.with[at(a)] - (one.loss + other.loss) * c;
      if (a == b) {
        const int g = regulators_[at(a)];
        const double v = dispersion_[at(g)];
        rate += 2 * p[at(network_.decay_index(g))] * v / (1 + v) * (c + x[at(g)] * x[at(g)]);
      }
      dx[at(covariance_index(a, b))] = rate;
    }
}

void FluctuatingNetwork::rates(double, std::span<const double> x, std::span<const double> p, std::span<double> dx) const {
  thread_local std::vector<Gene> all;
  evaluate(x, p, all, dx);
}

void FluctuatingNetwork::linearise(double, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const {
  thread_local std::vector<Gene> all;
  evaluate(x, p, all, dx);
  const NetworkDefinition& d = network_.definition();
  const int count = genes(), number = static_cast<int>(regulators_.size());
  out.state.setZero(state_count(), state_count());
  out.parameter.setZero(state_count(), parameter_count());
  // what E[phi(z_i)] (by_z, by_v, by_t its derivatives by the moments of z_i) means for states and parameters, times `factor`, in `row`
  const auto through = [&](int row, int i, double factor, double by_z, double by_v, double by_t) {
    const Gene& gene = all[at(i)];
    const auto& in = incoming_[at(i)];
    by_z *= factor, by_v *= factor, by_t *= factor;
    out.parameter(row, network_.bias_index(i)) += by_z;
    for (std::size_t n = 0; n < in.size(); ++n) {
      const Incoming& e = in[n];
      const double w = p[at(network_.edge_index(e.edge))], q = gene.with[at(e.regulator)], m = positive(x[at(e.from)]), c = covariance(x, e.regulator, e.regulator), excess = 4 / (1 - dispersion_[at(e.from)]) - 3;
      out.state(row, e.from) += by_z * w - by_t * w * gene.part[n] / m;
      double third_by_w = gene.part[n] + 2 * excess * w * w * c * c / m;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const Incoming& other = in[k];
        const double v = p[at(network_.edge_index(other.edge))], scaled = 6 * v * gene.with[at(other.regulator)] / positive(x[at(other.from)]);
        third_by_w += scaled * covariance(x, e.regulator, other.regulator);
        // cov(z, other) holds w C(e, other): this pair's share of variance and third moment
        out.state(row, covariance_index(e.regulator, other.regulator)) += by_v * w * v + by_t * scaled * w;
      }
      out.state(row, covariance_index(e.regulator, e.regulator)) += by_t * 2 * excess * w * w * w * c / m;
      out.parameter(row, network_.edge_index(e.edge)) += by_z * (x[at(e.from)] + all[at(e.from)].carried) + by_v * 2 * q + by_t * third_by_w;
    }
    const auto acts = [&](int k, double slope) {
      const int input = d.actions[at(k)].input;
      out.parameter(row, network_.action_index(k)) += slope * p[at(input)];
      out.parameter(row, input) += slope * p[at(network_.action_index(k))];
    };
    for (const int k : drives_[at(i)]) acts(k, by_z);
    for (const Incoming& e : in)
      for (const int k : carries_[at(e.from)]) acts(k, by_z * p[at(network_.edge_index(e.edge))]);
  };
  // products of modulations and of degradations without one factor, which may be zero
  const auto by_products = [&](int row, int i, double of_modulation, double of_loss) {
    for (const int k : products_[at(i)]) {
      const NetworkInput& action = d.actions[at(k)];
      const bool degrades = action.action == InputAction::degrades;
      double others = 1;
      for (const int n : products_[at(i)])
        if (n != k && d.actions[at(n)].action == action.action) {
          const double u = p[at(d.actions[at(n)].input)];
          others *= 1 + p[at(network_.action_index(n))] * u - (degrades ? u : 0.0);
        }
      const double slope = (degrades ? of_loss : of_modulation) * others, amount = p[at(network_.action_index(k))];
      out.parameter(row, network_.action_index(k)) += slope * p[at(action.input)];
      out.parameter(row, action.input) += slope * (degrades ? amount - 1 : amount);
    }
  };
  for (int i = 0; i < count; ++i) {
    const Gene& gene = all[at(i)];
    const double capacity = p[at(network_.capacity_index(i))], decay = p[at(network_.decay_index(i))], factor = gene.loss / decay;
    out.state(i, i) -= gene.loss;
    out.parameter(i, network_.capacity_index(i)) += gene.modulation * gene.f.value;
    out.parameter(i, network_.decay_index(i)) -= factor * x[at(i)];
    through(i, i, gene.a, gene.f.slope, gene.f.by_variance, gene.f.by_third);
    by_products(i, i, capacity * gene.f.value, -decay * x[at(i)]);
  }
  for (int a = 0; a < number; ++a)
    for (int b = 0; b <= a; ++b) {
      const int row = covariance_index(a, b);
      const double c = covariance(x, a, b);
      for (const auto& [mine, other] : {std::pair{a, b}, std::pair{b, a}}) {      // a == b: both halves
        const int i = regulators_[at(mine)];
        const Gene& gene = all[at(i)];
        const double q = gene.with[at(other)], capacity = p[at(network_.capacity_index(i))], decay = p[at(network_.decay_index(i))];
        through(row, i, gene.a * q, gene.f.slope_by_mean, gene.f.slope_by_variance, gene.f.slope_by_third);
        for (const Incoming& e : incoming_[at(i)]) {
          out.state(row, covariance_index(e.regulator, other)) += gene.a * gene.f.slope * p[at(network_.edge_index(e.edge))];
          out.parameter(row, network_.edge_index(e.edge)) += gene.a * gene.f.slope * covariance(x, e.regulator, other);
        }
        out.parameter(row, network_.capacity_index(i)) += gene.modulation * gene.f.slope * q;
        out.parameter(row, network_.decay_index(i)) -= gene.loss / decay * c;
        out.state(row, row) -= gene.loss;
        by_products(row, i, capacity * gene.f.slope * q, -decay * c);
      }
      if (a != b) continue;
      const int g = regulators_[at(a)];
      const double v = dispersion_[at(g)], noise = 2 * v / (1 + v), decay = p[at(network_.decay_index(g))], level = x[at(g)];
      out.state(row, row) += noise * decay;
      out.state(row, g) += 2 * noise * decay * level;
      out.parameter(row, network_.decay_index(g)) += noise * (c + level * level);
    }
}

}  // namespace hyped::models
