// A planned system whose answers are written by the test: quantities and derivatives by the pulses' amounts.
#pragma once
#include <functional>
#include <utility>

#include "experiments/control/schedules/planned_system.hpp"

namespace hyped::tests {

class MadeSystem final : public control::PlannedSystem {
 public:
  // values [Q], by_amount [Q x pulses]; an answer that also knows derivatives by starts and ends makes it [Q x 3 pulses]
  using Answer = std::function<void(int member, std::span<const control::Pulse> pulses, Eigen::VectorXd& values, Eigen::MatrixXd& by_amount)>;
  MadeSystem(int members, std::vector<std::string> names, Answer answer) : members_(members), answer_(std::move(answer)) {
    for (auto& name : names) names_.push_back({name, "1"});
  }
  std::vector<double> weights;      // [M]; empty: alike
  std::vector<std::string> parameter_list;
  Eigen::MatrixXd parameter_table;

  const std::vector<control::PlannedQuantity>& quantities() const override { return names_; }
  int member_count() const override { return members_; }
  double weight(int m) const override { return weights.empty() ? 1 : weights[static_cast<std::size_t>(m)]; }
  control::PlannedAnswer answer(int member, std::span<const control::Pulse> pulses, bool derivatives) const override {
    control::PlannedAnswer out;
    const auto q = static_cast<Eigen::Index>(names_.size()), k = static_cast<Eigen::Index>(pulses.size());
    out.values.setZero(q);
    Eigen::MatrixXd by = Eigen::MatrixXd::Zero(q, k);
    answer_(member, pulses, out.values, by);
    if (!derivatives) return out;
    out.by_pulses.setZero(q, 3 * k);
    if (by.cols() == 3 * k) out.by_pulses = by;
    else
      for (Eigen::Index p = 0; p < k; ++p) out.by_pulses.col(3 * p) = by.col(p);
    return out;
  }
  std::vector<control::PlannedQuantity> course_quantities() const override { return {}; }
  Eigen::MatrixXd course(int, std::span<const control::Pulse>, const std::vector<double>& times, Outcome&) const override { return Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times.size()), 0); }
  Eigen::VectorXd input_course(int, int, std::span<const control::Pulse>, const std::vector<double>& times) const override { return Eigen::VectorXd::Zero(static_cast<Eigen::Index>(times.size())); }
  std::vector<std::string> parameter_names() const override { return parameter_list; }
  Eigen::MatrixXd parameters() const override { return parameter_table; }

 private:
  int members_;
  std::vector<control::PlannedQuantity> names_;
  Answer answer_;
};

inline std::vector<int> all_members(int count) {
  std::vector<int> out;
  for (int m = 0; m < count; ++m) out.push_back(m);
  return out;
}

}  // namespace hyped::tests
