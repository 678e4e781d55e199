// Gene networks of regulatory modules with mRNA and protein: GeneNetWeaver's equations, with siRNA and delivered mRNA.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/model/hill_network.hpp"
#include "libhyped/model/model.hpp"

namespace hyped::models {

// Which genes have their mRNA degraded by an siRNA, and which are delivered as mRNA. Each adds a state that decays by itself.
struct HillInputs {
  std::vector<int> silenced, delivered;      // genes
};

// Share of its greatest transcription that a gene has at the protein levels y [G]. Levels below zero count as zero.
double hill_activation(const HillGene& gene, const double* y);

// Per gene i, mRNA x, protein y (time unit: the network's):
//   dx_i/dt = max_i f_i(y) - decay_i x_i (1 + strength_i s_i),   dy_i/dt = translation_i (x_i + e_i) - protein_decay_i y_i,
//   ds_i/dt = -clearance_i s_i (siRNA at work),                   de_i/dt = -delivered_decay_i e_i (delivered mRNA; measured with x_i)
//   module with activators A, deactivators R, xi = (y/k)^n:  M = prod_A xi / Z; complex: Z = 1 + prod_A xi (+ prod_{A u R} xi if R is not
//   empty); one by one: Z = prod_{A u R} (1 + xi);  f = sum_S a_S prod_{m in S} M_m prod_{m not in S} (1 - M_m).
// States: mRNA [G], proteins [G], siRNA of each silenced gene, delivered mRNA of each delivered one.
// Parameters by gene: "max G", "decay G", "translation G", "protein decay G", "activation s G" for each state s of its modules,
// "threshold R -> G", "exponent R -> G" for each regulator; then "siRNA strength G", "siRNA clearance G", "delivered decay G".
// Source: Marbach et al. 2010, PNAS 107:6286; Schaffter, Marbach & Floreano 2011, Bioinformatics 27:2263.
class HillModules final : public Model {
 public:
  explicit HillModules(HillNetwork network, HillInputs inputs = {});      // InputError from HillNetwork::check
  HillModules(const HillModules&) = delete;                               // specs view its own names
  HillModules& operator=(const HillModules&) = delete;

  std::string_view name() const override { return network_.name; }
  std::span<const StateSpec> states() const override { return states_; }
  std::span<const ParameterSpec> parameters() const override { return parameters_; }
  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override;
  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation& out) const override;
  std::optional<ClockUse> clock_use() const override { return ClockUse::none; }

  const HillNetwork& network() const { return network_; }
  const HillInputs& inputs() const { return inputs_; }
  int gene_count() const { return network_.size(); }
  int mrna_state(int gene) const { return gene; }
  int protein_state(int gene) const { return gene_count() + gene; }
  int sirna_state(int k) const { return 2 * gene_count() + k; }                                                     // k-th silenced gene
  int delivered_state(int k) const { return 2 * gene_count() + static_cast<int>(inputs_.silenced.size()) + k; }      // k-th delivered gene
  int rate_parameter(int gene) const { return first_[static_cast<std::size_t>(gene)]; }      // max, decay, translation, protein decay follow each other
  int activation_parameter(int gene, int state) const { return rate_parameter(gene) + 4 + state; }
  int regulator_parameter(int gene, int regulator) const;      // threshold; the exponent follows. Regulators by module, activators first
  int strength_parameter(int k) const { return first_silenced_ + 2 * k; }                   // then clearance
  int delivered_decay_parameter(int k) const { return first_delivered_ + k; }

 private:
  // Levels, with derivatives where `out` is not null.
  void evaluate(std::span<const double> x, std::span<const double> p, std::span<double> dx, Linearisation* out) const;
  HillNetwork network_;
  HillInputs inputs_;
  std::vector<std::string> names_;
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
  std::vector<int> first_;      // [G] first parameter of each gene
  int first_silenced_ = 0, first_delivered_ = 0;
};

// What sequencing counts: mRNA of the cell with the delivered one [T x G], from states [T x S].
Eigen::MatrixXd measured_mrna(const HillModules& model, const Eigen::MatrixXd& states);
// State [S] with these levels, all inputs zero.
std::vector<double> hill_state(const HillModules& model, const std::vector<double>& mrna, const std::vector<double>& protein);

}  // namespace hyped::models
