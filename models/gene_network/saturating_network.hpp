// A gene network of run-time size: saturating production, linear decay, sparse edges, and inputs that come and go.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/model/model.hpp"

namespace hyped::models {

enum class Saturation { identity, logistic, tanh };

// How an input u >= 0 acts on a gene.
//   drives:    amount u is added inside the saturation
//   carries:   amount u is added to the gene's level as its targets see it (a delivered protein, an exogenous transcript)
//   degrades:  decay is multiplied by 1 + (amount - 1) u (siRNA: amount is the greatest fold, u the silencing activity)
//   modulates: production is multiplied by 1 + amount u (a phase of the cell cycle: u is 1 in it)
enum class InputAction { drives, carries, degrades, modulates };

struct NetworkEdge {
  int from = 0, to = 0;      // genes
  double weight = 0;
};
struct NetworkInput {
  int input = 0, gene = 0;
  InputAction action = InputAction::drives;
  double amount = 0;
};

// dx_i/dt = capacity_i prod_m (1 + a_im u_m) phi(bias_i + sum_j w_ij y_j + sum_k v_ik u_k) - decay_i x_i prod_k (1 + (f_ik - 1) u_k),
// y_j = x_j + sum_k c_jk u_k. With phi = tanh this is CellBox's envelope 0 (Yuan et al. 2021, Cell Syst 12:128).
struct NetworkDefinition {
  std::string name = "gene_network/saturating";
  std::vector<std::string> genes, inputs;                     // [G], [K]
  Saturation saturation = Saturation::logistic;
  std::vector<double> capacity, bias, decay;                  // [G] per hour, 1, per hour
  std::vector<double> initial;                                // [G] empty: 0
  std::vector<NetworkEdge> edges;                             // at most one from each gene to each gene
  std::vector<NetworkInput> actions;
};

// Parameters in order: inputs (default 0), then "capacity GENE", "bias GENE", "decay GENE" by gene, "A -> B" by edge,
// "INPUT drives GENE" (carries, degrades, modulates) by action. All can be fitted; inputs can follow an InputCourse.
class SaturatingNetwork final : public Model {
 public:
  // InputError for vectors of the wrong length, indices out of range, an edge or action that occurs twice, a decay that is not positive.
  explicit SaturatingNetwork(NetworkDefinition definition);
  SaturatingNetwork(const SaturatingNetwork&) = delete;      // specs view its own names
  SaturatingNetwork& operator=(const SaturatingNetwork&) = delete;

  std::string_view name() const override { return definition_.name; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  void pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const override;
  std::optional<ClockUse> clock_use() const override { return ClockUse::none; }

  const NetworkDefinition& definition() const { return definition_; }
  int capacity_index(int gene) const { return first_gene_ + 3 * gene; }
  int bias_index(int gene) const { return first_gene_ + 3 * gene + 1; }
  int decay_index(int gene) const { return first_gene_ + 3 * gene + 2; }
  int edge_index(int edge) const { return first_edge_ + edge; }
  int action_index(int action) const { return first_action_ + action; }

 private:
  template <class T>
  void evaluate(const T* x, const T* p, T* dx) const;
  NetworkDefinition definition_;
  std::vector<std::string> names_;              // of parameters
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
  int first_gene_ = 0, first_edge_ = 0, first_action_ = 0;
};

}  // namespace hyped::models
