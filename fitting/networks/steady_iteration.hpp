// Steady states of a batch by products of matrices alone, warm from one set of parameters to the next, and their exact gradient.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <span>

#include "libhyped/errors.hpp"
#include "libhyped/model/batch_model.hpp"

namespace hyped {

struct SteadyIterationOptions {
  double tolerance = 1e-9;      // of the last step over max(1, |x|)
  int limit = 200;              // right-hand sides; a network that settles more slowly counts as one that does not
};

// x <- x + w f(x) / d with d = -diag(df/dx): the network's own dynamics in pseudo-time, with a time scale of its own for each state. It settles at
// roots alone, mostly where the dynamics settle; but time scales of their own may hold a root at which the dynamics themselves turn away, so that what is
// reported has to be asked whether it is `stable`. The step w is halved while the residual does not fall. The gradient comes from the same iteration on the
// transposed Jacobian (implicit function theorem), to the same tolerance. One thread; the warm start is part of the object.
class SteadyIteration {
 public:
  SteadyIteration(const BatchModel& model, Eigen::MatrixXd inputs, Eigen::MatrixXd start, const SteadyIterationOptions& options = {});
  // not_converged: the states move on (no steady state near, oscillation) or diverge; the next solve starts from the last good states.
  Outcome solve(std::span<const double> parameters);
  const Eigen::MatrixXd& state() const { return state_; }      // [S x B] of the last good solve
  // Adds d loss / d parameters [P] for d loss / d state [S x B] at the last solve.
  Outcome pull_back(std::span<const double> parameters, const Eigen::MatrixXd& state_bar, std::span<double> p_bar);
  // After a good solve: not_converged, with column, eigenvalue and period, if an eigenvalue of df/dx has a real part above 0 at a state found.
  Outcome stable(std::span<const double> parameters) const;
  long iterations() const { return iterations_; }

 private:
  void refresh_diagonal(std::span<const double> parameters, const Eigen::MatrixXd& state);
  const BatchModel& model_;
  SteadyIterationOptions options_;
  Eigen::MatrixXd inputs_, state_, trial_, rates_, inverse_, adjoint_, bar_, last_, jacobian_;      // [S x B] but the inputs [K x B] and the Jacobian
  std::unique_ptr<BatchModel::Scratch> scratch_;
  double step_ = 1;
  int needed_ = 1000;      // iterations of the last solve
  long iterations_ = 0;
};

}  // namespace hyped
