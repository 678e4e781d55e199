// A small network, trained on all examples at once.
#include "libhyped/image/segment/union_rule.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

using segmentation::look_count;
using segmentation::UnionLook;

constexpr int hidden = 16, first_size = hidden * (look_count + 1);
constexpr UnionLook middle = {0.93, 1.05, 0, 0.3, 0.05, 0.1, 0.2, 0.3, 0.1, 0.5, 0.15, 0.85, -0.7, -0.5, 0.9, 0.1, 0.2, 1};      // about what unions look like
constexpr UnionLook width = {0.05, 0.1, 1.5, 0.2, 0.1, 0.15, 0.2, 0.25, 0.2, 0.15, 0.2, 0.15, 0.7, 1.3, 0.06, 0.15, 0.25, 1};

using Inputs = Eigen::Matrix<float, look_count + 1, Eigen::Dynamic>;

Eigen::Matrix<float, look_count + 1, 1> input_of(const UnionLook& look) {
  Eigen::Matrix<float, look_count + 1, 1> x;
  for (int k = 0; k < look_count; ++k) x[k] = static_cast<float>(std::clamp((look[k] - middle[k]) / width[k], -4.0, 4.0));
  x[look_count] = 1;
  return x;
}

}  // namespace

double UnionRule::score(const UnionLook& look) const {
  const std::vector<float>& w = weights.empty() ? shipped_union_weights() : weights;
  HYPED_REQUIRE(w.size() == first_size + hidden + 1);
  const Eigen::Map<const Eigen::Matrix<float, hidden, look_count + 1>> first(w.data());
  const Eigen::Map<const Eigen::Matrix<float, hidden, 1>> second(w.data() + first_size);
  const float sum = second.dot((first * input_of(look)).array().tanh().matrix()) + w.back();
  return 1 / (1 + std::exp(-sum));
}

UnionExample union_example(const UnionLook& look, double overlap) { return {look, 0.7 * (overlap > 0.5) + 0.3 * (overlap > 0.7)}; }

UnionRule fit_union_rule(const std::vector<UnionExample>& examples, int steps, double decay) {
  if (examples.empty()) throw InputError("examples of unions", "there are none", "give pictures whose nuclei are drawn");
  const auto n = static_cast<Eigen::Index>(examples.size());
  Inputs x(look_count + 1, n);
  Eigen::RowVectorXf target(n);
  for (Eigen::Index i = 0; i < n; ++i) x.col(i) = input_of(examples[static_cast<std::size_t>(i)].look), target[i] = static_cast<float>(examples[static_cast<std::size_t>(i)].target);
  constexpr int size = first_size + hidden + 1;
  Eigen::VectorXf w(size), speed = Eigen::VectorXf::Zero(size), square = Eigen::VectorXf::Zero(size), slope(size);
  RandomStream random(1, 0x72756c65, 0);
  for (int k = 0; k < size; ++k) w[k] = static_cast<float>(0.3 * random.normal());
  for (int step = 1; step <= steps; ++step) {
    const Eigen::Map<const Eigen::Matrix<float, hidden, look_count + 1>> first(w.data());
    const Eigen::Map<const Eigen::Matrix<float, hidden, 1>> second(w.data() + first_size);
    const Eigen::Matrix<float, hidden, Eigen::Dynamic> inner = (first * x).array().tanh().matrix();
    const Eigen::RowVectorXf error = (1 / (1 + (-(second.transpose() * inner).array() - w[size - 1]).exp()) - target.array()).matrix() / static_cast<float>(n);
    slope = static_cast<float>(decay) * w;
    Eigen::Map<Eigen::Matrix<float, hidden, look_count + 1>>(slope.data()) += ((second * error).array() * (1 - inner.array().square())).matrix() * x.transpose();
    slope.segment(first_size, hidden) += inner * error.transpose();
    slope[size - 1] += error.sum();
    speed = 0.9F * speed + 0.1F * slope;
    square = 0.99F * square + 0.01F * slope.cwiseAbs2();
    const float pace = 0.02F * (step > 0.7 * steps ? 0.2F : 1.0F);
    const float a = 1 / (1 - std::pow(0.9F, static_cast<float>(step))), b = 1 / (1 - std::pow(0.99F, static_cast<float>(step)));
    w -= (pace * a * speed.array() / ((b * square.array()).sqrt() + 1e-8F)).matrix();
  }
  UnionRule out;
  out.weights.assign(w.begin(), w.end());
  return out;
}

}  // namespace hyped
