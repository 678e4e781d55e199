// What a batched model need not write itself.
#include "libhyped/model/batch_model.hpp"

#include <algorithm>
#include <cmath>

namespace hyped {

std::vector<double> BatchModel::default_parameters() const {
  std::vector<double> out;
  for (const ParameterSpec& one : parameters()) out.push_back(one.value);
  return out;
}

std::vector<double> BatchModel::default_state() const {
  std::vector<double> out;
  for (const StateSpec& one : states()) out.push_back(one.initial);
  return out;
}

void BatchModel::input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const {
  const int states = state_count(), count = input_count();
  const Eigen::Map<const Eigen::VectorXd> at(x.data(), states), given(u.data(), count);
  const Eigen::MatrixXd same = at.replicate(1, 2);
  Eigen::MatrixXd moved = given.replicate(1, 2), rate(states, 2);
  const auto room = scratch(2);
  out.resize(states, count);
  for (int k = 0; k < count; ++k) {
    const double h = 6e-6 * std::max(1.0, std::abs(given[k]));      // cube root of rounding: truncation and rounding alike
    moved(k, 0) = given[k] + h;
    moved(k, 1) = given[k] - h;
    rates(same, moved, p, rate, *room);
    out.col(k) = (rate.col(0) - rate.col(1)) / (moved(k, 0) - moved(k, 1));
    moved.row(k).setConstant(given[k]);
  }
}

}  // namespace hyped
