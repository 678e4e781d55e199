// Medians of exact solutions, and distance covariances in one walk over pairs.
#include "libhyped/score/interactions/pair_coefficients.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

using Points = std::vector<Eigen::Vector2d>;

// Coefficients of pairs of genes by least squares, the shortest where a pair does not determine them (genes without a change give 0, 0): as scikit-learn's
// LAPACK gelss. All pairs, or `most` drawn ones. genes: the rows used, which may repeat (a bootstrap's); a gene makes no pair with itself. Empty if no pair determines both.
Points solutions(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& ab, const std::vector<int>& genes, int most, RandomStream random) {
  Points out;
  bool determined = false;
  const auto n = static_cast<double>(genes.size());
  const auto solve = [&](int i, int j) {
    const double determinant = a[i] * b[j] - a[j] * b[i], size = std::sqrt((a[i] * a[i] + b[i] * b[i]) * (a[j] * a[j] + b[j] * b[j]));
    if (i == j) return;
    if (std::abs(determinant) <= 1e-12 * size) {
      const Eigen::Vector2d one(a[i], b[i]), other(a[j], b[j]), longer = one.norm() >= other.norm() ? one : other;
      if (longer.isZero(0)) {
        out.emplace_back(0, 0);
        return;
      }
      const Eigen::Vector2d direction = longer.normalized(), along(one.dot(direction), other.dot(direction));
      out.emplace_back(direction * (along.dot(Eigen::Vector2d(ab[i], ab[j])) / along.squaredNorm()));
      return;
    }
    determined = true;
    out.emplace_back((ab[i] * b[j] - ab[j] * b[i]) / determinant, (a[i] * ab[j] - a[j] * ab[i]) / determinant);
  };
  if (n * (n - 1) / 2 <= most) {
    for (std::size_t i = 0; i < genes.size(); ++i)
      for (std::size_t j = i + 1; j < genes.size(); ++j) solve(genes[i], genes[j]);
    return determined ? out : Points();
  }
  for (int k = 0; k < most; ++k) {
    const auto i = static_cast<std::size_t>(random.uniform() * n), j = static_cast<std::size_t>(random.uniform() * n);
    if (i != j) solve(genes[i], genes[j]);
  }
  return determined ? out : Points();
}

// Weiszfeld's iteration, made safe at data points by Vardi & Zhang 2000, PNAS 97:1423.
Eigen::Vector2d spatial_median(const Points& points) {
  std::vector<double> first, second;
  for (const auto& p : points) first.push_back(p[0]), second.push_back(p[1]);
  const auto middle = [](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  Eigen::Vector2d at(middle(first), middle(second));
  for (int i = 0; i < 500; ++i) {
    Eigen::Vector2d sum = Eigen::Vector2d::Zero(), pull = Eigen::Vector2d::Zero();
    double weights = 0, here = 0;
    for (const auto& p : points) {
      const double distance = (p - at).norm();
      if (distance < 1e-14) {
        ++here;
        continue;
      }
      sum += p / distance, pull += (p - at) / distance, weights += 1 / distance;
    }
    if (weights == 0) return at;
    const double share = here == 0 ? 0 : std::min(1.0, here / std::max(1e-300, pull.norm()));
    const Eigen::Vector2d next = (1 - share) * sum / weights + share * at;
    const double moved = (next - at).norm();
    at = next;
    if (moved < 1e-11 * (1 + at.norm())) break;
  }
  return at;
}

std::pair<double, double> middle_95(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double p) { return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1) + 0.5)]; };
  return {at(0.025), at(0.975)};
}

}  // namespace

double distance_correlation(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  HYPED_REQUIRE(x.rows() == y.rows() && x.rows() > 1);
  const Eigen::Index n = x.rows();
  Eigen::VectorXd row_x(n), row_y(n), xy(n), xx(n), yy(n);
  const Eigen::MatrixXd tx = x.transpose(), ty = y.transpose();
  parallel_for(static_cast<int>(n), [&](int i) {
    const Eigen::RowVectorXd a = (tx.colwise() - tx.col(i)).colwise().norm(), b = (ty.colwise() - ty.col(i)).colwise().norm();
    row_x[i] = a.mean(), row_y[i] = b.mean();
    xy[i] = a.dot(b) / static_cast<double>(n), xx[i] = a.squaredNorm() / static_cast<double>(n), yy[i] = b.squaredNorm() / static_cast<double>(n);
  });
  const auto covariance = [&](const Eigen::VectorXd& products, const Eigen::VectorXd& u, const Eigen::VectorXd& v) { return products.mean() - 2 * u.dot(v) / static_cast<double>(n) + u.mean() * v.mean(); };
  const double both = covariance(xy, row_x, row_y), own = covariance(xx, row_x, row_x) * covariance(yy, row_y, row_y);
  return own > 0 && both > 0 ? std::sqrt(both / std::sqrt(own)) : 0;
}

PairCoefficients pair_coefficients(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& ab, const TheilSenOptions& options, int bootstrap) {
  if (a.size() < 3 || b.size() != a.size() || ab.size() != a.size()) throw InputError("coefficients of a pair", "fewer than three genes, or profiles of different length", "");
  if (!a.allFinite() || !b.allFinite() || !ab.allFinite()) throw InputError("coefficients of a pair", "a change is NaN or infinite", "");
  PairCoefficients out;
  std::vector<int> all;
  for (Eigen::Index g = 0; g < a.size(); ++g)
    if (options.unchanged_genes || a[g] != 0 || b[g] != 0) all.push_back(static_cast<int>(g));
  const Points points = solutions(a, b, ab, all, options.most_pairs, RandomStream(options.seed, 0, 0));
  if (points.empty()) {
    out.outcome = {Status::not_identifiable, "no two genes whose single changes differ in direction: the coefficients are not determined"};
    return out;
  }
  const Eigen::Vector2d c = spatial_median(points);
  out.c1 = c[0], out.c2 = c[1];
  std::vector<double> first(static_cast<std::size_t>(bootstrap), c[0]), second(first.size(), c[1]);
  parallel_for(bootstrap, [&](int k) {
    RandomStream random(options.seed, 1, static_cast<std::uint32_t>(k));
    std::vector<int> drawn(all.size());
    for (int& g : drawn) g = all[static_cast<std::size_t>(random.uniform() * static_cast<double>(all.size()))];
    const Points p = solutions(a, b, ab, drawn, std::min(options.most_pairs, 20000), RandomStream(options.seed, 2, static_cast<std::uint32_t>(k)));
    if (p.empty()) return;
    const Eigen::Vector2d here = spatial_median(p);
    first[static_cast<std::size_t>(k)] = here[0], second[static_cast<std::size_t>(k)] = here[1];
  });
  if (bootstrap > 0) std::tie(out.c1_lower, out.c1_upper) = middle_95(first), std::tie(out.c2_lower, out.c2_upper) = middle_95(second);
  else out.c1_lower = out.c1_upper = out.c1, out.c2_lower = out.c2_upper = out.c2;
  out.magnitude = c.norm();
  if (out.c1 * out.c2 > 0) out.dominance = defined(std::abs(std::log10(out.c1 / out.c2)));
  else out.dominance = undefined("the coefficients have opposite signs, or one is 0");
  const Eigen::VectorXd fitted = out.c1 * a + out.c2 * b;
  out.fit_correlation = pearson({ab.data(), static_cast<std::size_t>(ab.size())}, {fitted.data(), static_cast<std::size_t>(ab.size())});
  Eigen::MatrixXd singles(a.size(), 2);
  singles << a, b;
  out.dcor = distance_correlation(singles, ab), out.dcor_singles = distance_correlation(a, b);
  const double da = distance_correlation(a, ab), db = distance_correlation(b, ab);
  if (std::max(da, db) > 0) out.equal_contribution = defined(std::min(da, db) / std::max(da, db));
  else out.equal_contribution = undefined("neither single goes with the double");
  return out;
}

}  // namespace hyped
