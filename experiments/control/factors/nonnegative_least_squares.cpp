// Lawson and Hanson's active sets on a Gram matrix.
#include "experiments/control/factors/nonnegative_least_squares.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <vector>

namespace hyped::control {

NonnegativeSolution nonnegative_least_squares(const Eigen::MatrixXd& gram, const Eigen::VectorXd& match) {
  const Eigen::Index n = match.size();
  HYPED_REQUIRE(gram.rows() == n && gram.cols() == n);
  NonnegativeSolution out;
  out.u = Eigen::VectorXd::Zero(n);
  std::vector<int> in;
  std::vector<bool> barred(static_cast<std::size_t>(n), false);      // depends on what is in, or would leave at once
  const auto solve = [&] {
    const auto size = static_cast<Eigen::Index>(in.size());
    Eigen::MatrixXd part(size, size);
    Eigen::VectorXd right(size);
    for (Eigen::Index a = 0; a < size; ++a) {
      right[a] = match[in[static_cast<std::size_t>(a)]];
      for (Eigen::Index b = 0; b < size; ++b) part(a, b) = gram(in[static_cast<std::size_t>(a)], in[static_cast<std::size_t>(b)]);
    }
    return Eigen::VectorXd(part.llt().solve(right));
  };
  // squared distance of a column from the span of those that are in
  const auto left_of = [&](int k) {
    if (in.empty()) return gram(k, k);
    const auto size = static_cast<Eigen::Index>(in.size());
    Eigen::MatrixXd part(size, size);
    Eigen::VectorXd cross(size);
    for (Eigen::Index a = 0; a < size; ++a) {
      cross[a] = gram(in[static_cast<std::size_t>(a)], k);
      for (Eigen::Index b = 0; b < size; ++b) part(a, b) = gram(in[static_cast<std::size_t>(a)], in[static_cast<std::size_t>(b)]);
    }
    return gram(k, k) - cross.dot(part.llt().solve(cross));
  };
  for (long exchanges = 0;;) {
    const Eigen::VectorXd slope = match - gram * out.u;
    int best = -1;
    double steepest = 0;
    for (Eigen::Index k = 0; k < n; ++k) {
      if (out.u[k] > 0 || barred[static_cast<std::size_t>(k)] || !(gram(k, k) > 0)) continue;
      const double scaled = slope[k] / std::sqrt(gram(k, k));
      if (scaled > steepest && slope[k] > 1e-13 * (std::abs(match[k]) + gram.row(k).cwiseAbs().dot(out.u))) steepest = scaled, best = static_cast<int>(k);
    }
    if (best < 0) break;
    if (!(left_of(best) > 1e-12 * gram(best, best))) {
      barred[static_cast<std::size_t>(best)] = true;
      continue;
    }
    in.push_back(best);
    for (bool entering = true;; entering = false) {
      if (++exchanges > 30 * (n + 1)) {
        out.outcome = {Status::not_converged, "active sets kept being exchanged"};
        out.gain = 2 * match.dot(out.u) - out.u.dot(gram * out.u);
        return out;
      }
      const Eigen::VectorXd trial = solve();
      if (entering && !(trial[trial.size() - 1] > 0)) {      // rounding alone brought it in
        in.pop_back();
        barred[static_cast<std::size_t>(best)] = true;
        break;
      }
      double reach = 1;
      std::size_t first_out = in.size();      // the one that reaches zero first
      for (std::size_t a = 0; a < in.size(); ++a)
        if (!(trial[static_cast<Eigen::Index>(a)] > 0)) {
          const double now = out.u[in[a]], until = now / (now - trial[static_cast<Eigen::Index>(a)]);
          if (first_out == in.size() || until < reach) reach = until, first_out = a;
        }
      const bool done = first_out == in.size();
      std::vector<int> kept;
      for (std::size_t a = 0; a < in.size(); ++a) {
        double& u = out.u[in[a]];
        const double to = trial[static_cast<Eigen::Index>(a)];
        u = done ? to : a == first_out ? 0 : u + reach * (to - u);
        if (u > 0) kept.push_back(in[a]);
        else u = 0;
      }
      in = std::move(kept);
      std::fill(barred.begin(), barred.end(), false);
      if (done || in.empty()) break;
    }
  }
  out.gain = match.dot(out.u);      // at the optimum u'Gu = u'h
  return out;
}

}  // namespace hyped::control
