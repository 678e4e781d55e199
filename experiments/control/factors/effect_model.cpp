// Sums of low rank worked out in inner products.
#include "experiments/control/factors/effect_model.hpp"

#include <algorithm>

#include "libhyped/errors.hpp"

namespace hyped::control {

InputGram input_gram(const FactorInputs& inputs, const NuisanceProjection& nuisance) {
  InputGram out;
  out.effect = inputs.effect;
  out.effect.prune([&](Eigen::Index row, Eigen::Index, double) { return nuisance.kept[row] > 0; });
  const SparseEffects product = out.effect.transpose() * out.effect;
  out.gram = product;
  return out;
}

EffectModel::EffectModel(const InputGram& inputs, const GuidedProblem& problem)
    : effect_(&inputs), steps_(problem.steps), distance_(problem.difference.norm()), step_(problem.step), spread_(problem.spread) {
  const SparseEffects& b = inputs.effect;
  HYPED_REQUIRE(b.rows() == problem.difference.size());
  input_spread_ = b.transpose() * problem.spread;
  seen_ = b.transpose() * problem.seen;
  spread_gram_ = problem.spread.transpose() * problem.spread;
  removed_ = b.transpose() * problem.removed;
  input_match_ = b.transpose() * problem.difference;
  spread_match_ = problem.spread.transpose() * problem.difference;
}

Eigen::VectorXd EffectModel::weights(int start) const {
  HYPED_REQUIRE(start >= 1 && start <= steps_);
  Eigen::VectorXd out(static_cast<Eigen::Index>(step_.size()));
  for (std::size_t q = 0; q < step_.size(); ++q) out[static_cast<Eigen::Index>(q)] = std::max(0, step_[q] - start);
  return out;
}

Eigen::VectorXd EffectModel::match(int start) const { return times(start) * input_match_ + seen_ * weights(start).cwiseProduct(spread_match_); }

Eigen::VectorXd EffectModel::squares(int start) const {
  const double n = times(start);
  const Eigen::MatrixXd v = seen_ * weights(start).asDiagonal();
  return n * n * (effect_->gram.diagonal() - removed_.rowwise().squaredNorm()) + 2 * n * input_spread_.cwiseProduct(v).rowwise().sum() + (v * spread_gram_).cwiseProduct(v).rowwise().sum();
}

Eigen::MatrixXd EffectModel::gram(int start) const {
  const double n = times(start);
  const Eigen::MatrixXd v = seen_ * weights(start).asDiagonal();
  Eigen::MatrixXd out = n * n * effect_->gram;
  out.noalias() -= (n * n) * removed_ * removed_.transpose();
  const Eigen::MatrixXd half = n * input_spread_ + 0.5 * v * spread_gram_;      // the rest is half v' + v half'
  out.noalias() += half * v.transpose();
  out.noalias() += v * half.transpose();
  return out;
}

Eigen::MatrixXd EffectModel::gram(int start, const std::vector<int>& factors) const {
  const double n = times(start);
  const auto size = static_cast<Eigen::Index>(factors.size());
  const Eigen::VectorXd weight = weights(start);
  Eigen::MatrixXd out(size, size), v(size, weight.size()), half(size, weight.size());
  for (Eigen::Index a = 0; a < size; ++a) {
    const int f = factors[static_cast<std::size_t>(a)];
    v.row(a) = seen_.row(f).cwiseProduct(weight.transpose());
    half.row(a) = n * input_spread_.row(f) + 0.5 * v.row(a) * spread_gram_;
    for (Eigen::Index b = 0; b < size; ++b) {
      const int other = factors[static_cast<std::size_t>(b)];
      out(a, b) = n * n * (effect_->gram(f, other) - removed_.row(f).dot(removed_.row(other)));
    }
  }
  return out + half * v.transpose() + v * half.transpose();
}

Eigen::MatrixXd EffectModel::project(int start, const Eigen::MatrixXd& x) const {
  const Eigen::MatrixXd direct = effect_->effect.transpose() * x;
  return times(start) * direct + seen_ * (weights(start).asDiagonal() * (spread_.transpose() * x));
}

}  // namespace hyped::control
