// Two planned systems under the same doses: quantities of both side by side, members paired.
#pragma once
#include <memory>

#include "experiments/control/schedules/planned_system.hpp"
#include "experiments/planning/systems/cycle_system.hpp"

namespace hyped {

// A part with its own order of inputs: input_of[i] is the part's index of joint input i. Members: the joint ensemble's member m is
// member_of[m] of the part.
struct JointPart {
  std::shared_ptr<const control::PlannedSystem> system;
  std::vector<int> input_of, member_of;
};

// A gene of the network drives an input of the cycle: level / level without any dose - 1, 0 without doses. The level is asked for at times_h; between
// them it is a cubic with the slopes of central differences.
struct Coupling {
  std::string gene, input;
  std::vector<double> times_h;             // from the start on, where the input is 0
  int first_quantity = 0;                  // of the network: levels at times_h stand from here on, after all that plans ask for
};

// Every hour to the end, and the end itself.
std::vector<double> coupling_times(double end_h);

// Both models answer the same schedule; couplings feed the first, a cell cycle, from the second. Their fits are independent, so members are paired as they come, and a
// pair's weight is the product. InputError: parts of different numbers of inputs or members.
class JointSystem final : public control::PlannedSystem {
 public:
  JointSystem(JointPart one, JointPart two, std::vector<Coupling> couplings = {});

  const std::vector<control::PlannedQuantity>& quantities() const override { return names_; }      // [Q of one + Q of two]
  int member_count() const override { return static_cast<int>(parts_[0].member_of.size()); }
  double weight(int member) const override;
  control::PlannedAnswer answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const override;
  std::vector<control::PlannedQuantity> course_quantities() const override;
  Eigen::MatrixXd course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const override;
  Eigen::VectorXd input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const override;      // of the first part
  std::vector<std::string> parameter_names() const override;      // of the parts that have any
  Eigen::MatrixXd parameters() const override;
  // The pulses as a part knows them.
  std::vector<control::Pulse> pulses_of(int part, std::span<const control::Pulse> pulses) const;

  // What drives the cycle in this member under these pulses; `outcome` says if the network cannot be followed.
  std::vector<DrivenInput> driven(int member, std::span<const control::Pulse> pulses, Outcome& outcome) const;

 private:
  std::vector<DrivenInput> driven_by(int member, const control::PlannedAnswer& network, bool derivatives) const;
  const CycleSystem* cycle_ = nullptr;     // the first part, where it is driven
  std::vector<Coupling> couplings_;
  Eigen::Index network_quantities_ = 0;    // that plans ask for
  std::vector<Eigen::VectorXd> undosed_;   // [M] the network's answers without doses
  std::vector<JointPart> parts_;
  std::vector<control::PlannedQuantity> names_;
};

}  // namespace hyped
