// Ceres behind a plain function.
#include "fitting/least_squares.hpp"

#include <ceres/ceres.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

namespace hyped {
namespace {

// Presents the free parameters as one block. Ceres asks for the residuals of a trial point and, when it accepts it, again for
// them with derivatives: after an accepted step the derivatives of the next trial are computed at once and kept.
class Cost final : public ceres::CostFunction {
 public:
  Cost(const ResidualFunction& function, Eigen::VectorXd base, std::vector<int> free, Outcome* last)
      : function_(function), base_(std::move(base)), free_(std::move(free)), last_(last) {
    set_num_residuals(function.residual_count());
    mutable_parameter_block_sizes()->push_back(static_cast<int>(free_.size()));
  }
  bool Evaluate(double const* const* parameters, double* residuals, double** jacobians) const override {
    Eigen::VectorXd theta = base_;
    for (std::size_t k = 0; k < free_.size(); ++k) theta[free_[k]] = parameters[0][k];
    const bool wanted = jacobians != nullptr && jacobians[0] != nullptr;
    const bool rejected = !wanted && !accepted_;      // two trials in a row: the one before was no good
    accepted_ = wanted;
    const Kept& kept = at(theta, wanted || !rejected);
    if (!kept.outcome.ok() || !kept.values.allFinite() || (wanted && !kept.jacobian.allFinite())) {
      *last_ = kept.outcome.ok() ? Outcome{Status::not_finite, "the residuals are not finite"} : kept.outcome;
      return false;
    }
    const Eigen::VectorXd& values = kept.values;
    const Eigen::MatrixXd& jacobian = kept.jacobian;
    Eigen::Map<Eigen::VectorXd>(residuals, values.size()) = values;
    if (wanted) {
      Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> out(
          jacobians[0], values.size(), static_cast<Eigen::Index>(free_.size()));
      for (std::size_t k = 0; k < free_.size(); ++k) out.col(static_cast<Eigen::Index>(k)) = jacobian.col(free_[k]);
    }
    return true;
  }

  mutable std::vector<FailedEvaluation> failures;
  mutable int evaluations = 0;
  struct Kept {
    Eigen::VectorXd theta, values;
    Eigen::MatrixXd jacobian;      // empty: not computed
    Outcome outcome;
  };
  const Kept& at(const Eigen::VectorXd& theta, bool derivatives) const {
    if (kept_.theta.size() != theta.size() || kept_.theta != theta || (derivatives && kept_.outcome.ok() && kept_.jacobian.size() == 0)) {
      kept_.theta = theta;
      kept_.values.resize(function_.residual_count());
      kept_.jacobian.resize(0, 0);
      kept_.outcome = function_.evaluate(theta, kept_.values, derivatives ? &kept_.jacobian : nullptr);
      ++evaluations;
      if (!kept_.outcome.ok()) failures.push_back({theta, kept_.outcome});
    }
    return kept_;
  }

 private:
  const ResidualFunction& function_;
  Eigen::VectorXd base_;
  std::vector<int> free_;
  Outcome* last_;
  mutable Kept kept_;
  mutable bool accepted_ = true;
};

void silence_ceres() {
  static const bool done = [] {
    FLAGS_minloglevel = 3;      // failed evaluations are reported as outcomes, not on stderr
    return true;
  }();
  (void)done;
}

// Gauss-Newton steps from a converged point over the parameters that stand between their bounds: what the trust region's stopping
// rules leave. The measure is the residual's part within the Jacobian's range, which no scale of a parameter changes; a step
// that does not shorten it is taken back, so the end is what rounding allows. Returns the number of steps kept.
int refine(const Cost& cost, const std::vector<int>& free, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int limit, Eigen::VectorXd& theta) {
  Eigen::VectorXd kept = theta;
  double shortest = std::numeric_limits<double>::infinity();
  for (int taken = 0;; ++taken) {
    const auto& [at, residuals, jacobian, outcome] = cost.at(theta, true);
    std::vector<int> inside;
    if (outcome.ok() && residuals.allFinite() && jacobian.allFinite())
      for (const int i : free)
        if (theta[i] > lower[i] && theta[i] < upper[i] && jacobian.col(i).norm() > 0) inside.push_back(i);
    Eigen::MatrixXd scaled(residuals.size(), static_cast<Eigen::Index>(inside.size()));
    for (std::size_t k = 0; k < inside.size(); ++k) scaled.col(static_cast<Eigen::Index>(k)) = jacobian.col(inside[k]).normalized();
    double length = std::numeric_limits<double>::infinity();
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr;
    if (!inside.empty()) {
      qr.compute(scaled);
      if (qr.rank() == scaled.cols()) length = Eigen::VectorXd(qr.householderQ().adjoint() * residuals).head(qr.rank()).norm();
    }
    if (!(length < shortest)) {
      theta = kept;
      return std::max(0, taken - 1);
    }
    shortest = length;
    kept = theta;
    if (length == 0 || taken == limit) return taken;
    const Eigen::VectorXd step = qr.solve(residuals);
    for (std::size_t k = 0; k < inside.size(); ++k) theta[inside[k]] -= step[static_cast<Eigen::Index>(k)] / jacobian.col(inside[k]).norm();
    const bool within = (theta.array() >= lower.array()).all() && (theta.array() <= upper.array()).all();
    if (within && theta != kept) continue;
    theta = kept;
    return taken;
  }
}

// damped: Levenberg-Marquardt. wandering: the same, but the sum of squares may rise for some steps. dog_leg: within the plane of the
// gradient and the Gauss-Newton step (Byrd, Schnabel & Shultz 1988).
enum class Path { damped, dog_leg, wandering };

// One descent by Ceres' trust region. stranded: the column of a free parameter all but vanished on the way.
LeastSquaresResult descend(const ResidualFunction& function, const Eigen::VectorXd& start, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper,
                           const std::vector<int>& fixed, const LeastSquaresOptions& options, Path path, bool& stranded) {
  LeastSquaresResult result;
  result.theta = start.cwiseMax(lower).cwiseMin(upper);
  std::vector<int> free;
  for (int i = 0; i < start.size(); ++i) {
    const bool is_fixed = std::find(fixed.begin(), fixed.end(), i) != fixed.end();
    if (is_fixed) result.theta[i] = start[i];
    else free.push_back(i);
  }
  if (free.empty()) {
    Eigen::VectorXd residuals(function.residual_count());
    result.outcome = function.evaluate(result.theta, residuals, nullptr);
    result.evaluations = 1;
    if (!result.outcome.ok()) result.failures.push_back({result.theta, result.outcome});
    result.sum_of_squares = result.start_sum_of_squares = result.outcome.ok() ? residuals.squaredNorm() : std::numeric_limits<double>::infinity();
    return result;
  }
  std::vector<double> block(free.size());
  for (std::size_t k = 0; k < free.size(); ++k) block[k] = result.theta[free[k]];

  Outcome failure;
  ceres::Problem problem;
  Cost* cost = new Cost(function, result.theta, free, &failure);      // the problem owns it
  problem.AddResidualBlock(cost, nullptr, block.data());
  for (std::size_t k = 0; k < free.size(); ++k) {
    problem.SetParameterLowerBound(block.data(), static_cast<int>(k), lower[free[k]]);
    problem.SetParameterUpperBound(block.data(), static_cast<int>(k), upper[free[k]]);
  }
  ceres::Solver::Options solver;
  solver.linear_solver_type = ceres::DENSE_QR;
  solver.logging_type = ceres::SILENT;
  solver.num_threads = 1;
  solver.max_num_iterations = options.iteration_limit;
  solver.function_tolerance = options.function_tolerance;
  solver.gradient_tolerance = options.gradient_tolerance;
  solver.parameter_tolerance = options.parameter_tolerance;
  solver.initial_trust_region_radius = options.first_radius;
  solver.max_num_consecutive_invalid_steps = 20;
  solver.use_nonmonotonic_steps = path == Path::wandering;
  if (path == Path::dog_leg) {
    solver.trust_region_strategy_type = ceres::DOGLEG;
    solver.dogleg_type = ceres::SUBSPACE_DOGLEG;
  }
  const Cost::Kept& first = cost->at(result.theta, true);      // Ceres' own first evaluation finds it kept
  const Eigen::VectorXd influence = first.outcome.ok() ? Eigen::VectorXd(first.jacobian.colwise().norm()) : Eigen::VectorXd::Zero(start.size());
  ceres::Solver::Summary summary;
  ceres::Solve(solver, &problem, &summary);

  for (std::size_t k = 0; k < free.size(); ++k) result.theta[free[k]] = block[k];
  result.iterations = summary.num_successful_steps + summary.num_unsuccessful_steps;
  result.start_sum_of_squares = 2 * summary.initial_cost;
  if (options.refinements > 0 && summary.termination_type == ceres::CONVERGENCE)
    result.iterations += refine(*cost, free, lower, upper, options.refinements, result.theta);
  const auto& [theta, residuals, jacobian, last] = cost->at(result.theta, true);
  result.failures = cost->failures;
  result.evaluations = cost->evaluations;
  if (!last.ok() || !residuals.allFinite()) {
    result.outcome = last.ok() ? (failure.ok() ? Outcome{Status::not_finite, "the residuals are not finite"} : failure) : last;
    result.sum_of_squares = std::numeric_limits<double>::infinity();
    return result;
  }
  result.sum_of_squares = residuals.squaredNorm();
  const Eigen::VectorXd gradient = jacobian.transpose() * residuals;
  for (const int i : free) {
    if (jacobian.col(i).norm() < 1e-8 * influence[i]) stranded = true;
    const double span = upper[i] - lower[i];
    if (result.theta[i] - lower[i] <= 1e-9 * span) result.at_lower.push_back(i);
    else if (upper[i] - result.theta[i] <= 1e-9 * span) result.at_upper.push_back(i);
    else result.gradient_norm = std::max(result.gradient_norm, std::abs(gradient[i]));
  }
  if (summary.termination_type == ceres::CONVERGENCE) result.outcome = {};
  else if (summary.termination_type == ceres::FAILURE)
    result.outcome = failure.ok() ? Outcome{Status::not_converged, summary.message} : failure;
  else
    result.outcome = {Status::not_converged, "no convergence within " + std::to_string(options.iteration_limit) + " iterations"};
  return result;
}

}  // namespace

LeastSquaresResult least_squares(const ResidualFunction& function, const Eigen::VectorXd& start, const Eigen::VectorXd& lower,
                                 const Eigen::VectorXd& upper, const std::vector<int>& fixed, const LeastSquaresOptions& options) {
  silence_ceres();
  bool stranded = false;
  LeastSquaresResult result = descend(function, start, lower, upper, fixed, options, Path::damped, stranded);
  for (const Path path : {Path::dog_leg, Path::wandering}) {
    if (!stranded) break;
    bool again = false;
    LeastSquaresResult other = descend(function, start, lower, upper, fixed, options, path, again);
    const int iterations = result.iterations + other.iterations, evaluations = result.evaluations + other.evaluations;
    std::vector<FailedEvaluation> failures = result.failures;
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
    if (other.sum_of_squares < result.sum_of_squares) {
      result = std::move(other);
      stranded = again;
    }
    result.iterations = iterations;
    result.evaluations = evaluations;
    result.failures = std::move(failures);
  }
  return result;
}

double jacobian_error(const ResidualFunction& function, const Eigen::VectorXd& theta, double step) {
  Eigen::VectorXd residuals, above, below;
  Eigen::MatrixXd jacobian;
  if (!function.evaluate(theta, residuals, &jacobian).ok()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (int i = 0; i < theta.size(); ++i) {
    Eigen::VectorXd moved = theta;
    moved[i] = theta[i] + step;
    if (!function.evaluate(moved, above, nullptr).ok()) return std::numeric_limits<double>::infinity();
    moved[i] = theta[i] - step;
    if (!function.evaluate(moved, below, nullptr).ok()) return std::numeric_limits<double>::infinity();
    const Eigen::VectorXd difference = (above - below) / (2 * step);
    const double size = std::max(1e-12, jacobian.col(i).cwiseAbs().maxCoeff());
    worst = std::max(worst, (difference - jacobian.col(i)).cwiseAbs().maxCoeff() / size);
  }
  return worst;
}

}  // namespace hyped
