// Means of cells whose levels fluctuate: a saturating network with the covariance of its regulators between cells.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <string>
#include <utility>
#include <vector>

#include "models/gene_network/saturating_network.hpp"

namespace hyped::models {

// Cells follow dx_i = (production_i - loss_i) dt + sigma_i x_i dW_i of the saturating network. The mean of a saturating function is not the
// function of the mean: unequal cells make regulators look weaker. States: means of all genes [G], then the covariance of regulators
// (genes with a target) "A with B" [R (R + 1) / 2]. With z_i inside the saturation, m means and C covariances,
//   dm_i/dt = a_i E[phi(z_i)] - l_i m_i
//   dC_ij/dt = a_i E[phi'(z_i)] cov(z_i, x_j) + a_j E[phi'(z_j)] cov(z_j, x_i) - (l_i + l_j) C_ij + [i = j] sigma_i^2 (C_ii + m_i^2),
// a_i and l_i as in SaturatingNetwork, sigma_i^2 = 2 decay_i dispersion_i / (1 + dispersion_i), so that dispersion_i is the squared
// coefficient of variation of an undisturbed gene without regulators. Expectations are over a shifted log-normal with the first three moments
// of z_i (skewed_logistic); third moments of levels are closed by 3 C^2 / m (log-normal) raised to 4 C^2 / (m (1 - dispersion)), that of
// proportional noise at rest, cov(phi(z), x) by Stein's lemma. Means are exact where z is a multiple of one log-normal level.
// Against simulate_sde: tests/grn/fluctuating_network_test.cpp.
class FluctuatingNetwork final : public Model {
 public:
  // network: logistic, outlives this. dispersion [G] in [0, 0.9]. InputError otherwise. Parameters are the network's.
  FluctuatingNetwork(const SaturatingNetwork& network, std::vector<double> dispersion);
  std::string_view name() const override { return "gene_network/fluctuating"; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return network_.parameters(); }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  std::optional<ClockUse> clock_use() const override { return ClockUse::none; }

  const SaturatingNetwork& network() const { return network_; }
  int genes() const { return static_cast<int>(dispersion_.size()); }
  const std::vector<int>& regulators() const { return regulators_; }      // genes [R]
  double dispersion(int gene) const { return dispersion_[static_cast<std::size_t>(gene)]; }
  int covariance_index(int a, int b) const;                               // state of the covariance of regulators number a and b
  // Start of cells that fluctuate independently about `mean` [G]: [states].
  Eigen::VectorXd start_at(const Eigen::VectorXd& mean) const;
  Eigen::SparseMatrix<double> start_by(const Eigen::VectorXd& mean) const;      // its derivatives by `mean` [states x G]

 private:
  struct Incoming {
    int edge = 0, from = 0, regulator = 0;      // regulator: number of `from` among regulators
  };
  struct Gene;
  void evaluate(std::span<const double> x, std::span<const double> p, std::vector<Gene>& genes, std::span<double> dx) const;
  double covariance(std::span<const double> x, int a, int b) const { return x[static_cast<std::size_t>(covariance_index(a, b))]; }

  const SaturatingNetwork& network_;
  std::vector<double> dispersion_;
  std::vector<int> regulators_, number_;           // number_ [G]: -1 no regulator
  std::vector<std::vector<Incoming>> incoming_;    // [G]
  std::vector<std::vector<int>> drives_, carries_, products_;      // actions by gene; products: modulations and degradations
  std::vector<std::string> names_;
  std::vector<StateSpec> states_;
};

}  // namespace hyped::models
