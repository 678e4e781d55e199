// Thin singular values, and lazy greedy choice on log-determinants.
#include "experiments/control/linear/sensors.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

// c_g' A^t for t = 0 .. K, as columns [D x (K + 1)].
class SensorInformation {
 public:
  SensorInformation(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, double ridge) : rows_(rows), scale_(1 / std::sqrt(ridge)) {
    Eigen::MatrixXd power = Eigen::MatrixXd::Identity(a.rows(), a.cols());
    for (int t = 0; t <= steps; ++t, power = (a * power).eval()) powers_.push_back(power);
  }
  Eigen::MatrixXd factor(int g) const {
    Eigen::MatrixXd out(rows_.cols(), static_cast<Eigen::Index>(powers_.size()));
    for (std::size_t t = 0; t < powers_.size(); ++t) out.col(static_cast<Eigen::Index>(t)) = scale_ * powers_[t].transpose() * rows_.row(g).transpose();
    return out;
  }
  // log det(M + R R') - log det M, given the Cholesky factor of M.
  static double gain(const Eigen::LLT<Eigen::MatrixXd>& cholesky, const Eigen::MatrixXd& factor) {
    const Eigen::MatrixXd solved = cholesky.matrixL().solve(factor);
    const Eigen::LLT<Eigen::MatrixXd> small(Eigen::MatrixXd::Identity(factor.cols(), factor.cols()) + solved.transpose() * solved);
    return 2 * small.matrixLLT().diagonal().array().log().sum();
  }

 private:
  const Eigen::MatrixXd& rows_;
  double scale_;
  std::vector<Eigen::MatrixXd> powers_;
};

void require_shapes(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, double ridge) {
  HYPED_REQUIRE(a.rows() == a.cols() && rows.cols() == a.rows() && steps >= 0);
  if (!(ridge > 0)) throw InputError("ridge", fmt::format("is {:g}", ridge), "the noise of a measurement over the spread of states is positive");
}

}  // namespace

TrajectorySensors trajectory_sensors(const Eigen::MatrixXd& trajectory, int directions) {
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(trajectory, Eigen::ComputeThinU);
  const Eigen::VectorXd& values = svd.singularValues();
  if (!(values.size() > 0 && values[0] > 0)) throw InputError("the trajectory", "is all zero", "");
  Eigen::Index there = 0;
  while (there < values.size() && values[there] > 1e-12 * values[0]) ++there;
  const Eigen::Index used = directions > 0 ? std::min<Eigen::Index>(directions, there) : there;
  TrajectorySensors out;
  out.energy = values.head(used).array().square();
  out.directions = svd.matrixU().leftCols(used);
  for (Eigen::Index d = 0; d < used; ++d) {
    Eigen::Index at = 0;
    out.directions.col(d).cwiseAbs().maxCoeff(&at);
    if (out.directions(at, d) < 0) out.directions.col(d) *= -1;
  }
  out.weight = out.directions.array().square().matrix() * (out.energy / out.energy.sum());
  return out;
}

Eigen::MatrixXd linear_trajectory(const Eigen::MatrixXd& a, const Eigen::VectorXd& start, int steps) {
  HYPED_REQUIRE(steps >= 0 && a.cols() == start.size());
  Eigen::MatrixXd out(start.size(), steps + 1);
  out.col(0) = start;
  for (int k = 0; k < steps; ++k) out.col(k + 1) = a * out.col(k);
  return out;
}

GreedySensors greedy_sensors(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, int count, double ridge) {
  require_shapes(rows, a, steps, ridge);
  if (count < 1 || count > rows.rows()) throw InputError("sensors", fmt::format("{} are asked for of {} genes", count, rows.rows()), "");
  const SensorInformation information(rows, a, steps, ridge);
  const auto genes = static_cast<int>(rows.rows());
  Eigen::MatrixXd sum = Eigen::MatrixXd::Identity(a.rows(), a.rows());
  Eigen::LLT<Eigen::MatrixXd> cholesky(sum);
  std::vector<double> gains(static_cast<std::size_t>(genes));      // upper bounds: gains only fall
  std::vector<bool> taken(static_cast<std::size_t>(genes), false);
  parallel_for(genes, [&](int g) { gains[static_cast<std::size_t>(g)] = SensorInformation::gain(cholesky, information.factor(g)); });
  GreedySensors out;
  double value = 0;
  out.at_most = 1e300;
  // f(best) <= f(S) + the largest `count` marginal gains; old gains are no smaller, so they bound as well.
  const auto bound = [&] {
    std::vector<double> largest;
    for (int g = 0; g < genes; ++g)
      if (!taken[static_cast<std::size_t>(g)]) largest.push_back(gains[static_cast<std::size_t>(g)]);
    const auto most = std::min<std::size_t>(static_cast<std::size_t>(count), largest.size());
    std::partial_sort(largest.begin(), largest.begin() + static_cast<std::ptrdiff_t>(most), largest.end(), std::greater<>());
    out.at_most = std::min(out.at_most, value + std::accumulate(largest.begin(), largest.begin() + static_cast<std::ptrdiff_t>(most), 0.0));
  };
  bound();
  for (int n = 0; n < count; ++n) {
    std::vector<int> order;
    for (int g = 0; g < genes; ++g)
      if (!taken[static_cast<std::size_t>(g)]) order.push_back(g);
    std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return gains[static_cast<std::size_t>(x)] > gains[static_cast<std::size_t>(y)]; });
    int best = -1;
    for (const int g : order) {
      if (best >= 0 && gains[static_cast<std::size_t>(best)] >= gains[static_cast<std::size_t>(g)]) break;
      if (n > 0) gains[static_cast<std::size_t>(g)] = SensorInformation::gain(cholesky, information.factor(g));
      if (best < 0 || gains[static_cast<std::size_t>(g)] > gains[static_cast<std::size_t>(best)]) best = g;
    }
    taken[static_cast<std::size_t>(best)] = true;
    value += gains[static_cast<std::size_t>(best)];
    const Eigen::MatrixXd factor = information.factor(best);
    sum += factor * factor.transpose();
    cholesky.compute(sum);
    out.chosen.push_back(best);
    out.value.push_back(value);
  }
  parallel_for(genes, [&](int g) {
    if (!taken[static_cast<std::size_t>(g)]) gains[static_cast<std::size_t>(g)] = SensorInformation::gain(cholesky, information.factor(g));
  });
  bound();
  return out;
}

double sensor_value(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& a, int steps, const std::vector<int>& chosen, double ridge) {
  require_shapes(rows, a, steps, ridge);
  const SensorInformation information(rows, a, steps, ridge);
  Eigen::MatrixXd sum = Eigen::MatrixXd::Identity(a.rows(), a.rows());
  for (const int g : chosen) {
    const Eigen::MatrixXd factor = information.factor(g);
    sum += factor * factor.transpose();
  }
  return 2 * Eigen::LLT<Eigen::MatrixXd>(sum).matrixLLT().diagonal().array().log().sum();
}

}  // namespace hyped::control
