// Asking both parts, and putting their answers together.
#include "experiments/planning/systems/joint_system.hpp"

namespace hyped {

JointSystem::JointSystem(JointPart one, JointPart two) {
  parts_ = {std::move(one), std::move(two)};
  if (parts_[0].input_of.size() != parts_[1].input_of.size()) throw InputError("joint plan", "the two models do not have the same inputs");
  if (parts_[0].member_of.empty() || parts_[0].member_of.size() != parts_[1].member_of.size()) throw InputError("joint plan", "the two ensembles cannot be paired");
  for (const JointPart& part : parts_) names_.insert(names_.end(), part.system->quantities().begin(), part.system->quantities().end());
}

std::vector<control::Pulse> JointSystem::pulses_of(int part, std::span<const control::Pulse> pulses) const {
  std::vector<control::Pulse> out(pulses.begin(), pulses.end());
  for (control::Pulse& pulse : out) pulse.input = parts_[static_cast<std::size_t>(part)].input_of[static_cast<std::size_t>(pulse.input)];
  return out;
}

double JointSystem::weight(int member) const {
  double out = 1;
  for (const JointPart& part : parts_) out *= part.system->weight(part.member_of[static_cast<std::size_t>(member)]);
  return out;
}

control::PlannedAnswer JointSystem::answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const {
  control::PlannedAnswer out;
  control::PlannedAnswer found[2];
  for (int p = 0; p < 2; ++p) {
    const JointPart& part = parts_[static_cast<std::size_t>(p)];
    found[p] = part.system->answer(part.member_of[static_cast<std::size_t>(member)], pulses_of(p, pulses), derivatives);
    if (!(out.outcome = found[p].outcome).ok()) return out;
  }
  out.values.resize(found[0].values.size() + found[1].values.size());
  out.values << found[0].values, found[1].values;
  if (!derivatives) return out;
  const auto columns = static_cast<Eigen::Index>(3 * pulses.size());
  out.by_pulses.setZero(out.values.size(), columns);
  if (columns > 0) out.by_pulses << found[0].by_pulses, found[1].by_pulses;
  return out;
}

std::vector<control::PlannedQuantity> JointSystem::course_quantities() const {
  auto out = parts_[0].system->course_quantities();
  for (const auto& quantity : parts_[1].system->course_quantities()) out.push_back(quantity);
  return out;
}

Eigen::MatrixXd JointSystem::course(int member, std::span<const control::Pulse> pulses, const std::vector<double>& times_h, Outcome& outcome) const {
  Eigen::MatrixXd found[2];
  for (int p = 0; p < 2; ++p) {
    const JointPart& part = parts_[static_cast<std::size_t>(p)];
    found[p] = part.system->course(part.member_of[static_cast<std::size_t>(member)], pulses_of(p, pulses), times_h, outcome);
    if (!outcome.ok()) return Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times_h.size()), static_cast<Eigen::Index>(course_quantities().size()));
  }
  Eigen::MatrixXd out(found[0].rows(), found[0].cols() + found[1].cols());
  out << found[0], found[1];
  return out;
}

Eigen::VectorXd JointSystem::input_course(int member, int input, std::span<const control::Pulse> pulses, const std::vector<double>& times_h) const {
  const JointPart& part = parts_[0];
  return part.system->input_course(part.member_of[static_cast<std::size_t>(member)], part.input_of[static_cast<std::size_t>(input)], pulses_of(0, pulses), times_h);
}

std::vector<std::string> JointSystem::parameter_names() const {
  std::vector<std::string> out;
  for (const JointPart& part : parts_)
    for (const auto& name : part.system->parameter_names()) out.push_back(name);
  return out;
}

Eigen::MatrixXd JointSystem::parameters() const {
  Eigen::MatrixXd out(member_count(), static_cast<Eigen::Index>(parameter_names().size()));
  Eigen::Index at = 0;
  for (const JointPart& part : parts_) {
    const Eigen::MatrixXd own = part.system->parameters();
    if (own.cols() == 0) continue;
    for (int m = 0; m < member_count(); ++m) out.row(m).segment(at, own.cols()) = own.row(part.member_of[static_cast<std::size_t>(m)]);
    at += own.cols();
  }
  return out;
}

}  // namespace hyped
