// Networks of 10 to 5,000 genes for many cultures at once: saturating or linear, dense, sparse or through hidden modules, with inputs as physics.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libhyped/model/batch_model.hpp"
#include "models/gene_network/edge_matrix.hpp"
#include "models/gene_network/transfer.hpp"

namespace hyped::models {

struct NetworkDefinition;      // saturating_network.hpp

// How an input u >= 0 acts on a gene; e is u, or u times the gate's u.
//   drives:    amount e is added inside the transfer function (CellBox envelope 0)
//   boosts:    amount e is added to the transfer function's value, and scaled by the capacity with it (envelope 1)
//   produces:  amount e is added to dx/dt (envelope 2)
//   carries:   amount e is added to the gene's level as its targets see it: a delivered protein, the pool of a modified mRNA that is translated
//   degrades:  decay is multiplied by 1 + (amount - 1) e (siRNA: amount is the greatest fold); the extra part acts on x + resting
//   modulates: production inside the capacity is multiplied by 1 + amount e (a phase of the cell cycle: u is 1 in it)
enum class BatchAction { drives, boosts, produces, carries, degrades, modulates };
BatchAction action_of_envelope(int envelope);      // 0, 1, 2 of CellBox; InputError otherwise

struct BatchInput {
  int input = 0, gene = 0;
  BatchAction action = BatchAction::drives;
  double amount = 0;
  bool fixed = false;        // keeps its amount: no parameter
  int gate = -1;             // an input that multiplies this one's effect: a ligand that lets a carried receptor act
  bool counted = false;      // of what is carried: transcripts, counted with the endogenous ones whatever the gate does
};

// Modules read genes and regulate genes: h_m = phi_m(gain_m sum_j B_mj y_j + bias_m), and A h joins W y. With identity outside, capacity 1
// and no edges this is A sigma(alpha o (B x) + beta) - w o x of PerturbODE (Lin et al. 2025, arXiv 2501.02409); with phi_m the
// identity it is a network of low rank, W = A diag(gain) B.
struct HiddenModules {
  int count = 0;
  TransferFunction transfer{Transfer::logistic, 1};
  std::vector<double> gain, bias;               // [M] empty: 1 and 0
  bool gain_fixed = false, bias_fixed = false;
  std::vector<EdgeEntry> reads, regulates;      // to a module from a gene; to a gene from a module
};

// dx_i/dt = capacity_i prod_m (1 + a_im e_m) (phi(z_i) + sum boosts) + sum produces - decay_i (x_i F_i + resting_i (F_i - 1)), F_i = prod_k (1 + (f_ik - 1) e_k),
// z_i = bias_i + sum_j w_ij y_j [+ y_i sum_j w_ij where the degree is 2] + sum_m A_im h_m + sum drives,  y_j = x_j + sum carries.
struct BatchNetworkDefinition {
  std::string name = "gene_network/batch", state_unit = "relative";
  std::vector<std::string> genes, inputs;                                  // [G], [K]
  TransferFunction transfer;
  int degree = 1;                                                          // CellBox ode_degree: 1 or 2
  std::vector<double> capacity, bias, decay;                               // [G] 1/h, 1, 1/h
  bool capacity_fixed = false, bias_fixed = false, decay_fixed = false;    // then no parameters
  std::vector<double> initial;                                             // [G] empty: 0
  std::vector<double> resting;                                             // [G] level where x is 0, where states are differences from a control: it is degraded too; empty: 0
  std::vector<EdgeEntry> edges;                                            // {to, from, weight, fixed}: what is not here does not exist
  Eigen::MatrixXd all_edges;                                               // [G x G] targets in rows, in place of `edges`: every pair is an edge
  EdgeStorage storage = EdgeStorage::automatic;
  HiddenModules modules;
  std::vector<BatchInput> actions;
};
BatchNetworkDefinition batch_definition(const NetworkDefinition& definition);      // of a SaturatingNetwork

// Parameters in order: "capacity GENE", "bias GENE", "decay GENE" by gene, "gain module 1", "bias module 1" by module, "A -> B" by target
// then regulator, "A -> module 1", "module 1 -> B", "INPUT drives GENE" by action (with a gate: "INPUT with GATE drives GENE");
// those that are fixed are left out.
class BatchNetwork final : public BatchModel {
 public:
  // InputError for vectors of the wrong length, indices out of range, an edge or action that occurs twice, a decay that is not positive.
  explicit BatchNetwork(BatchNetworkDefinition definition);
  BatchNetwork(const BatchNetwork&) = delete;      // specs view its own names
  BatchNetwork& operator=(const BatchNetwork&) = delete;

  std::string_view name() const override { return definition_.name; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const std::string> inputs() const override { return definition_.inputs; }
  std::span<const ParameterSpec> parameters() const override;      // written at the first call: millions of names take a while
  int parameter_count() const override { return parameter_count_; }
  std::vector<double> default_parameters() const override;
  std::unique_ptr<Scratch> scratch(int columns) const override;
  void hold_parameters(std::span<const double> p, Scratch& scratch) const override;
  void rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch& scratch) const override;
  void pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Scratch& scratch) const override;
  void pull_back_after_rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Scratch& scratch) const override;
  // The same with what w means for the inputs, added to u_bar [K x B]: gradients by dose and timing.
  void pull_back_inputs(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Eigen::MatrixXd& u_bar, Scratch& scratch) const;
  void jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;
  void parameter_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;
  void input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const override;
  void measured(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix out) const override;
  void pull_back_measured(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar) const override;

  const BatchNetworkDefinition& definition() const { return definition_; }      // its edges are moved into edges()
  const EdgeMatrix& edges() const { return edges_; }
  // Indices of parameters, -1 where there is none.
  int capacity_index(int gene) const { return definition_.capacity_fixed ? -1 : gene * kinds_; }
  int bias_index(int gene) const { return definition_.bias_fixed ? -1 : gene * kinds_ + (definition_.capacity_fixed ? 0 : 1); }
  int decay_index(int gene) const { return definition_.decay_fixed ? -1 : gene * kinds_ + kinds_ - 1; }
  int edge_index(int from, int to) const;
  int action_index(int action) const { return action_index_[static_cast<std::size_t>(action)]; }
  int first_edge() const { return first_edge_; }      // edges are [first_edge, first_edge + edges().parameter_count())
  int first_read() const { return first_read_; }
  int first_regulated() const { return first_regulated_; }

 private:
  struct Room;
  void check() const;
  void write_parameters(std::vector<std::string>* names, std::vector<ParameterSpec>* specs, std::vector<double>& values) const;
  void place(std::span<const double> p, Room& room) const;
  void evaluate(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, Room& room) const;
  void evaluate_modules(const ConstBatchMatrix& level, Room& room) const;
  void adjoint(const ConstBatchMatrix& x, const ConstBatchMatrix& u, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double> p_bar, Eigen::MatrixXd* u_bar, Room& room) const;
  void adjoint_modules(const ConstBatchMatrix& level, BatchMatrix level_bar, std::span<double> p_bar, Room& room) const;
  void adjoint_genes(const ConstBatchMatrix& x, const ConstBatchMatrix& w, std::span<double> p_bar, Room& room) const;
  void adjoint_action(std::size_t action, const ConstBatchMatrix& x, const ConstBatchMatrix& u, const ConstBatchMatrix& w, const BatchMatrix& level_bar, std::span<double> p_bar, Eigen::MatrixXd* u_bar, Room& room) const;
  bool has(BatchAction action) const { return present_[static_cast<std::size_t>(action)]; }
  double amount(std::size_t action, std::span<const double> p) const { return action_index_[action] >= 0 ? p[static_cast<std::size_t>(action_index_[action])] : definition_.actions[action].amount; }

  BatchNetworkDefinition definition_;
  EdgeMatrix edges_, reads_, regulates_;
  std::vector<StateSpec> states_;
  std::vector<int> action_index_;                        // [A]
  std::vector<std::vector<std::size_t>> companions_;     // [A] others that multiply the same production or loss
  bool present_[6] = {};
  Eigen::VectorXd resting_;                              // [G]
  int kinds_ = 0, first_module_ = 0, first_edge_ = 0, first_read_ = 0, first_regulated_ = 0, parameter_count_ = 0;
  mutable std::once_flag named_;
  mutable std::vector<std::string> names_;
  mutable std::vector<ParameterSpec> parameters_;
};

}  // namespace hyped::models
