// Sums over states.
#include "libhyped/simulate/distribution.hpp"

namespace hyped {

using Eigen::Index;

double Distribution::Snapshot::expectation(const std::function<double(std::span<const std::int32_t>)>& value) const {
  double sum = 0;
  for (Index i = 0; i < states.rows(); ++i)
    sum += probability[i] * value({states.data() + i * states.cols(), static_cast<std::size_t>(states.cols())});
  return sum / probability.sum();
}

Eigen::VectorXd Distribution::Snapshot::marginal(int state) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(states.rows() == 0 ? 0 : states.col(state).maxCoeff() + 1);
  for (Index i = 0; i < states.rows(); ++i) out[states(i, state)] += probability[i];
  return out;
}

}  // namespace hyped
