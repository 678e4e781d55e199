// Asking both parts, and putting their answers together.
#include "experiments/planning/systems/joint_system.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libhyped/parallel.hpp"

namespace hyped {

namespace {

// Nodes at 0 and the times; slopes are linear in the values, so that derivatives of the values give the course's derivatives.
InputCourse course_through(const std::vector<double>& times_h, double start_h, const Eigen::VectorXd& values) {
  std::vector<double> times{start_h}, heights{0};
  for (std::size_t k = 0; k < times_h.size(); ++k) times.push_back(times_h[k]), heights.push_back(values[static_cast<Eigen::Index>(k)]);
  std::vector<double> slopes(times.size(), 0.0);
  for (std::size_t k = 0; k < times.size(); ++k) {
    const std::size_t before = k == 0 ? 0 : k - 1, after = std::min(k + 1, times.size() - 1);
    slopes[k] = (heights[after] - heights[before]) / (times[after] - times[before]);
  }
  return InputCourse(times, heights, slopes, {});
}

}  // namespace

std::vector<double> coupling_times(double end_h) {
  std::vector<double> out;
  for (double t = 1; t < end_h - 1e-9; ++t) out.push_back(t);
  out.push_back(end_h);
  return out;
}

JointSystem::JointSystem(JointPart one, JointPart two, std::vector<Coupling> couplings) : couplings_(std::move(couplings)) {
  parts_ = {std::move(one), std::move(two)};
  if (parts_[0].input_of.size() != parts_[1].input_of.size()) throw InputError("joint plan", "the two models do not have the same inputs");
  if (parts_[0].member_of.empty() || parts_[0].member_of.size() != parts_[1].member_of.size()) throw InputError("joint plan", "the two ensembles cannot be paired");
  for (const JointPart& part : parts_) names_.insert(names_.end(), part.system->quantities().begin(), part.system->quantities().end());
  network_quantities_ = static_cast<Eigen::Index>(parts_[1].system->quantities().size());
  if (couplings_.empty()) return;
  cycle_ = dynamic_cast<const CycleSystem*>(parts_[0].system.get());
  if (cycle_ == nullptr) throw InputError("coupling", "only a cell cycle can be driven by genes");
  for (const Coupling& coupling : couplings_) network_quantities_ = std::min<Eigen::Index>(network_quantities_, coupling.first_quantity);
  names_.resize(parts_[0].system->quantities().size() + static_cast<std::size_t>(network_quantities_));
  undosed_.resize(parts_[1].member_of.size());
  std::vector<Outcome> outcomes(undosed_.size());
  parallel_for(static_cast<int>(undosed_.size()), [&](int m) {
    const auto at = static_cast<std::size_t>(m);
    const control::PlannedAnswer none = parts_[1].system->answer(parts_[1].member_of[at], {}, false);
    outcomes[at] = none.outcome, undosed_[at] = none.values;
  });
  for (std::size_t m = 0; m < undosed_.size(); ++m) {
    if (!outcomes[m].ok()) throw InputError("coupling", "a network of the ensemble cannot be followed without doses: " + outcomes[m].message);
    for (const Coupling& coupling : couplings_)
      if (!(undosed_[m].segment(coupling.first_quantity, static_cast<Eigen::Index>(coupling.times_h.size())).minCoeff() > 1e-9))
        throw InputError("coupling", fmt::format("without doses '{}' has no level in network {}: there is nothing to compare it with", coupling.gene, m + 1), "couple a gene that is expressed");
  }
}

std::vector<DrivenInput> JointSystem::driven_by(int member, const control::PlannedAnswer& network, bool derivatives) const {
  std::vector<DrivenInput> out;
  for (const Coupling& coupling : couplings_) {
    const auto count = static_cast<Eigen::Index>(coupling.times_h.size());
    const Eigen::VectorXd without = undosed_[static_cast<std::size_t>(member)].segment(coupling.first_quantity, count);
    const double start_h = cycle_->setup().start_h;
    DrivenInput input{coupling.input, course_through(coupling.times_h, start_h, (network.values.segment(coupling.first_quantity, count).array() / without.array() - 1).matrix()), {}};
    for (Eigen::Index c = 0; derivatives && c < network.by_pulses.cols(); ++c)
      input.by.push_back(course_through(coupling.times_h, start_h, network.by_pulses.col(c).segment(coupling.first_quantity, count).cwiseQuotient(without)));
    out.push_back(std::move(input));
  }
  return out;
}

std::vector<DrivenInput> JointSystem::driven(int member, std::span<const control::Pulse> pulses, Outcome& outcome) const {
  if (couplings_.empty()) return {};
  const control::PlannedAnswer network = parts_[1].system->answer(parts_[1].member_of[static_cast<std::size_t>(member)], pulses_of(1, pulses), false);
  if (!(outcome = network.outcome).ok()) return {};
  return driven_by(member, network, false);
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
  for (const int p : {1, 0}) {      // the network first: it may drive the cycle
    const JointPart& part = parts_[static_cast<std::size_t>(p)];
    const int own = part.member_of[static_cast<std::size_t>(member)];
    found[p] = p == 0 && cycle_ != nullptr ? cycle_->answer(own, pulses_of(p, pulses), derivatives, driven_by(member, found[1], derivatives)) : part.system->answer(own, pulses_of(p, pulses), derivatives);
    if (!(out.outcome = found[p].outcome).ok()) return out;
  }
  const Eigen::Index network = cycle_ != nullptr ? network_quantities_ : found[1].values.size();
  out.values.resize(found[0].values.size() + network);
  out.values << found[0].values, found[1].values.head(network);
  if (!derivatives) return out;
  const auto columns = static_cast<Eigen::Index>(3 * pulses.size());
  out.by_pulses.setZero(out.values.size(), columns);
  if (columns > 0) out.by_pulses << found[0].by_pulses, found[1].by_pulses.topRows(network);
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
    const int own = part.member_of[static_cast<std::size_t>(member)];
    if (p == 0 && cycle_ != nullptr) {
      const std::vector<DrivenInput> by_genes = driven(member, pulses, outcome);
      if (outcome.ok()) found[p] = cycle_->course(own, pulses_of(p, pulses), times_h, outcome, by_genes);
    } else {
      found[p] = part.system->course(own, pulses_of(p, pulses), times_h, outcome);
    }
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
