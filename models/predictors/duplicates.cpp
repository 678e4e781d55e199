// Rows that see the truth.
#include "models/predictors/duplicates.hpp"

#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {

ProfileMatrix technical_duplicate(const TruthHalves& halves) {
  HYPED_REQUIRE(halves.first.rows() == halves.second.rows() && halves.first.cols() == halves.second.cols());
  return halves.first;
}

ProfileMatrix interpolated_duplicate(const TruthHalves& halves, const ProfileMatrix& mean, const ProfileMatrix& adjusted_p) {
  HYPED_REQUIRE(mean.cols() == halves.first.cols() && (mean.rows() == 1 || mean.rows() == halves.first.rows()));
  HYPED_REQUIRE(adjusted_p.rows() == halves.first.rows() && adjusted_p.cols() == halves.first.cols());
  ProfileMatrix out = halves.first;
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index g = 0; g < out.cols(); ++g) {
      const double alpha = std::isfinite(adjusted_p(i, g)) ? 1 - adjusted_p(i, g) : 0.0;
      out(i, g) = alpha * halves.first(i, g) + (1 - alpha) * mean(mean.rows() == 1 ? 0 : i, g);
    }
  return out;
}

ProfileMatrix shuffled_truth(const ProfileMatrix& truth, std::uint64_t seed) {
  const Eigen::Index n = truth.rows();
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, 8103, 0);      // Sattolo's algorithm: one cycle, so no fixed point
  for (Eigen::Index i = n - 1; i > 0; --i) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
  ProfileMatrix out(n, truth.cols());
  for (Eigen::Index i = 0; i < n; ++i) out.row(i) = truth.row(order[static_cast<std::size_t>(i)]);
  return out;
}

ProfileMatrix flipped_truth(const ProfileMatrix& truth, const ProfileMatrix& control) { return 2 * control - truth; }

}  // namespace hyped
