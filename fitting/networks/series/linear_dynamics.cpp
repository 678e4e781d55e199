// Linear steps and how well they predict what they have not seen.
#include "fitting/networks/series/linear_dynamics.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

std::vector<int> without(const std::vector<int>& transitions, int left_out) {
  std::vector<int> rest;
  for (const int k : transitions)
    if (k != left_out) rest.push_back(k);
  return rest;
}

Eigen::MatrixXd joined(const std::vector<Eigen::MatrixXd>& parts) {
  Eigen::Index columns = 0;
  for (const auto& part : parts) columns += part.cols();
  Eigen::MatrixXd out(parts[0].rows(), columns);
  columns = 0;
  for (const auto& part : parts) out.middleCols(columns, part.cols()) = part, columns += part.cols();
  return out;
}

double largest_singular(const Eigen::MatrixXd& m) { return Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues()[0]; }

}  // namespace

CourseCoordinates coordinates_of(const ExpressionCourse& course) {
  const Eigen::MatrixXd all = joined(course.replicates);
  CourseCoordinates out;
  out.centre = all.rowwise().mean();
  const Eigen::MatrixXd centred = all.colwise() - out.centre;
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(centred);
  const Eigen::Index rank = std::min(centred.rows(), centred.cols());
  out.basis = qr.householderQ() * Eigen::MatrixXd::Identity(centred.rows(), rank);
  const Eigen::MatrixXd reduced = qr.matrixQR().topRows(rank).triangularView<Eigen::Upper>();
  Eigen::Index at = 0;
  for (const auto& replicate : course.replicates) {
    out.replicates.push_back(reduced.middleCols(at, replicate.cols()));
    at += replicate.cols();
  }
  return out;
}

std::vector<int> all_transitions(const CourseCoordinates& course) {
  std::vector<int> out(static_cast<std::size_t>(course.times() - 1));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

StepPairs step_pairs(const CourseCoordinates& course, const std::vector<int>& transitions) {
  StepPairs out;
  out.transitions = transitions;
  const Eigen::Index dimension = course.replicates[0].rows(), count = static_cast<Eigen::Index>(transitions.size() * course.replicates.size());
  out.genes = std::max(dimension, course.centre.size());
  out.before.resize(dimension, count);
  out.after.resize(dimension, count);
  Eigen::Index at = 0;
  for (const auto& replicate : course.replicates)
    for (const int k : transitions) {
      out.before.col(at) = replicate.col(k);
      out.after.col(at++) = replicate.col(k + 1);
    }
  return out;
}

int hard_threshold_rank(const Eigen::MatrixXd& before, Eigen::Index rows) {
  const Eigen::VectorXd values = Eigen::JacobiSVD<Eigen::MatrixXd>(before).singularValues();
  if (!(values[0] > 0)) throw InputError("the course", "does not vary over the times used", "give a series that changes");
  std::vector<double> positive;
  for (const double v : values)
    if (v > 1e-10 * values[0]) positive.push_back(v);      // the mean was taken away: at least one is zero
  if (rows == 0) rows = before.rows();
  const double beta = static_cast<double>(std::min(rows, before.cols())) / static_cast<double>(std::max(rows, before.cols()));
  const double omega = 0.56 * beta * beta * beta - 0.95 * beta * beta + 1.82 * beta + 1.43;
  const std::size_t half = positive.size() / 2;
  const double median = positive.size() % 2 == 1 ? positive[half] : 0.5 * (positive[half - 1] + positive[half]);
  int rank = 0;
  for (const double v : positive) rank += v > omega * median ? 1 : 0;
  return std::max(1, rank);
}

Eigen::MatrixXd dmd_step(const StepPairs& pairs, int rank) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(pairs.before, Eigen::ComputeThinU | Eigen::ComputeThinV);
  int there = 0;
  while (there < svd.singularValues().size() && svd.singularValues()[there] > 1e-12 * svd.singularValues()[0]) ++there;
  if (rank == 0) rank = hard_threshold_rank(pairs.before, pairs.genes);
  rank = std::min(rank, there);
  const Eigen::MatrixXd modes = svd.matrixU().leftCols(rank);
  const Eigen::MatrixXd reduced = modes.transpose() * pairs.after * svd.matrixV().leftCols(rank) * svd.singularValues().head(rank).cwiseInverse().asDiagonal();
  return modes * reduced * modes.transpose();
}

std::string RidgeStep::text() const { return fmt::format("persistence {:g}, penalty {:g}, {}", persistence, penalty, rank == 0 ? "full rank" : fmt::format("rank {}", rank)); }

namespace {

// One step per rank wanted. Reduced rank: the best for this ridge (Mukherjee & Zhu 2011, Stat Anal Data Min 4:612).
std::vector<Eigen::MatrixXd> ridge_steps(const StepPairs& pairs, double persistence, double penalty, const std::vector<int>& ranks) {
  const Eigen::Index dimension = pairs.before.rows();
  const Eigen::MatrixXd change = pairs.after - persistence * pairs.before;
  const double scale = pairs.before.squaredNorm() / static_cast<double>(pairs.before.cols());
  const Eigen::MatrixXd gram = pairs.before * pairs.before.transpose() + penalty * scale * Eigen::MatrixXd::Identity(dimension, dimension);
  const Eigen::MatrixXd full = gram.ldlt().solve(pairs.before * change.transpose()).transpose();
  Eigen::MatrixXd directions;      // of what the full step explains, by rising weight
  std::vector<Eigen::MatrixXd> out;
  for (const int rank : ranks) {
    Eigen::MatrixXd step = full;
    if (rank > 0 && rank < dimension) {
      if (directions.size() == 0) directions = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(full * gram * full.transpose()).eigenvectors();
      const auto span = directions.rightCols(rank);
      step = span * (span.transpose() * full);
    }
    step.diagonal().array() += persistence;
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace

Eigen::MatrixXd ridge_step(const StepPairs& pairs, const RidgeStep& settings) { return ridge_steps(pairs, settings.persistence, settings.penalty, {settings.rank})[0]; }

RidgeChoice choose_ridge(const CourseCoordinates& course, const std::vector<int>& transitions) {
  if (transitions.size() < 3) throw InputError("the course", "has fewer than three transitions: a penalty cannot be chosen by leaving one out", "");
  const std::vector<double> penalties{0.1, 0.3, 1, 3, 10};
  const std::vector<int> ranks{1, 2, 3, 5, 0};
  const std::size_t folds = transitions.size(), choices = penalties.size() * ranks.size();
  Eigen::MatrixXd wrong(static_cast<Eigen::Index>(folds), static_cast<Eigen::Index>(choices));
  Eigen::VectorXd all(static_cast<Eigen::Index>(folds));
  parallel_for(static_cast<int>(folds), [&](int n) {
    const int k = transitions[static_cast<std::size_t>(n)];
    const StepPairs pairs = step_pairs(course, without(transitions, k)), held = step_pairs(course, {k});
    all[n] = held.after.squaredNorm();
    Eigen::Index at = 0;
    for (const double penalty : penalties)
      for (const auto& step : ridge_steps(pairs, 0, penalty, ranks)) wrong(n, at++) = (held.after - step * held.before).squaredNorm();
  });
  Eigen::Index best = 0;
  const Eigen::RowVectorXd mean = wrong.colwise().mean();
  mean.minCoeff(&best);
  // the strongest penalty, then the lowest rank, that is within one standard error (of paired differences) of the best
  RidgeChoice out;
  bool chosen = false;
  for (std::size_t p = penalties.size(); p-- > 0 && !chosen;)
    for (std::size_t r = 0; r < ranks.size() && !chosen; ++r) {
      const auto at = static_cast<Eigen::Index>(p * ranks.size() + r);
      const Eigen::VectorXd excess = wrong.col(at) - wrong.col(best);
      const double n = static_cast<double>(folds), error = std::sqrt((excess.array() - excess.mean()).square().sum() / (n - 1) / n);
      if (excess.mean() > error) continue;
      out = {{0, penalties[p], ranks[r]}, wrong.col(at).sum() / all.sum()};
      chosen = true;
    }
  return out;
}

LinearScore score_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& seen) {
  const double error = largest_singular(seen - predicted), size = largest_singular(seen);
  if (!(size > 0)) throw InputError("the course", "does not vary over the times used", "give a series that changes");
  return {1 - (seen - predicted).squaredNorm() / seen.squaredNorm(), 1 - error * error / (size * size)};
}

LinearScore one_step_score(const CourseCoordinates& course, const Eigen::MatrixXd& step) {
  const StepPairs pairs = step_pairs(course, all_transitions(course));
  return score_of(step * pairs.before, pairs.after);
}

LinearScore k_step_score(const CourseCoordinates& course, const Eigen::MatrixXd& step) {
  std::vector<Eigen::MatrixXd> predicted, seen;
  for (const auto& replicate : course.replicates) {
    Eigen::MatrixXd path(replicate.rows(), replicate.cols() - 1);
    Eigen::VectorXd x = replicate.col(0);
    for (Eigen::Index t = 0; t < path.cols(); ++t) path.col(t) = x = step * x;
    predicted.push_back(path);
    seen.push_back(replicate.rightCols(path.cols()));
  }
  return score_of(joined(predicted), joined(seen));
}

LinearScore leave_one_transition_out(const CourseCoordinates& course, const StepFit& fit) {
  std::vector<Eigen::MatrixXd> predicted, seen;
  const std::vector<int> all = all_transitions(course);
  for (const int k : all) {
    const Eigen::MatrixXd step = fit(step_pairs(course, without(all, k)));
    const StepPairs held = step_pairs(course, {k});
    predicted.push_back(step * held.before);
    seen.push_back(held.after);
  }
  return score_of(joined(predicted), joined(seen));
}

LinearScore leave_one_replicate_out(const CourseCoordinates& course, const StepFit& fit) {
  if (course.replicates.size() < 2) throw InputError("the course", "has one replicate: none can be left out", "");
  std::vector<Eigen::MatrixXd> predicted, seen;
  for (std::size_t r = 0; r < course.replicates.size(); ++r) {
    CourseCoordinates others, held;
    others.centre = held.centre = course.centre;
    for (std::size_t s = 0; s < course.replicates.size(); ++s) (s == r ? held : others).replicates.push_back(course.replicates[s]);
    const StepPairs test = step_pairs(held, all_transitions(held));
    predicted.push_back(fit(step_pairs(others, all_transitions(others))) * test.before);
    seen.push_back(test.after);
  }
  return score_of(joined(predicted), joined(seen));
}

std::vector<GuidedStep> guided_steps(const Eigen::MatrixXd& course) {
  std::vector<GuidedStep> out;
  for (Eigen::Index k = 0; k + 1 < course.cols(); ++k) {
    const double size = course.col(k).squaredNorm();
    if (!(size > 0)) throw InputError("time point " + std::to_string(k), "is all zero: its step is not defined", "");
    out.push_back({course.col(k), (course.col(k + 1) - course.col(k)) / size});
  }
  return out;
}

}  // namespace hyped
