// An ensemble of fitted gene networks as what plans are made for: siRNA and mRNA doses in, levels of genes out, with exact derivatives.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/control/schedules/planned_system.hpp"
#include "fitting/interventions/dual_arm_candidates.hpp"
#include "models/gene_network/transient_doses.hpp"

namespace hyped {

// One network: a model of some genes, the others at levels that nothing moves.
struct HillMember {
  std::shared_ptr<const models::HillModules> model;      // with the states of both doses
  std::vector<double> parameters, start;                 // [P], [S] without doses
  std::vector<int> place;                                // [G] gene of the model, or -1
  Eigen::VectorXd levels;                                // [G] of genes that are not in the model
  models::TransientDoses doses;                          // genes of the model; half-lives
  double weight = 1;
};
// Input 0 is the siRNA (amount 1: the dose of the experiment), input 1 the mRNA.
struct GeneQuantity {
  std::string name;
  int gene = 0;
  double time_h = 48;
};

class HillSystem final : public control::PlannedSystem {
 public:
  HillSystem(std::vector<std::string> genes, std::vector<GeneQuantity> quantities, std::vector<HillMember> members, double end_h);

  const std::vector<control::PlannedQuantity>& quantities() const override { return names_; }
  int member_count() const override { return static_cast<int>(members_.size()); }
  double weight(int member) const override { return members_[static_cast<std::size_t>(member)].weight; }
  control::PlannedAnswer answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const override;
  std::vector<control::PlannedQuantity> course_quantities() const override;      // measured level of every gene
  Eigen::MatrixXd course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const override;
  Eigen::VectorXd input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const override;
  // Rates of the genes that all networks model, and the edges that not all have (1, -1, 0: activates, represses, is not there).
  std::vector<std::string> parameter_names() const override { return parameter_names_; }
  Eigen::MatrixXd parameters() const override { return parameter_values_; }
  const HillMember& member(int m) const { return members_[static_cast<std::size_t>(m)]; }
  const std::vector<std::string>& genes() const { return genes_; }
  // Events of a plan on the member's model, in order of time; with `events_of` (if given): the pulse and knob (0 amount, 1 start, 2 end) of each.
  static Schedule events_of(const HillMember& member, std::span<const control::Pulse> pulses, std::vector<std::pair<int, int>>* origins = nullptr);

 private:
  std::vector<std::string> genes_;
  std::vector<GeneQuantity> quantities_;
  std::vector<control::PlannedQuantity> names_;
  void compare_members();
  std::vector<HillMember> members_;
  double end_h_;
  std::vector<std::string> parameter_names_;
  Eigen::MatrixXd parameter_values_;       // [M x P]
};

// Members of what fit_candidates leaves, with their weights; `arms` says the levels of genes that no dose reaches.
std::vector<HillMember> hill_members(const std::vector<DualArmCandidate>& candidates, const std::vector<double>& weights, const SingleArms& arms);
// The network itself (per hour) as a member, from a start.
HillMember true_member(const HillNetwork& network, const models::TransientDoses& doses, const std::vector<double>& mrna, const std::vector<double>& protein);
// A member under a plan as a network file that `hyped network simulate` reads.
std::string to_network_toml(const HillMember& member, std::span<const control::Pulse> pulses, const std::string& title, double end_h);

}  // namespace hyped
