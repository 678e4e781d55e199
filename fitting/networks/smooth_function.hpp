// What the optimisers of large networks see: a value, a gradient, and a penalty that is not smooth.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// A smooth function of theta [P]. A failed evaluation (solver failed, not finite) is an outcome: optimisers step back.
class SmoothFunction {
 public:
  virtual ~SmoothFunction() = default;
  virtual int size() const = 0;
  virtual Outcome evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) const = 0;
};

// sum_i weight_i |theta_i| (weight 0: free), groups with their Euclidean norm, and bounds. A quadratic pull to a prior is smooth: it
// belongs to the function.
struct Penalty {
  Eigen::VectorXd lasso;                           // [P] empty: none
  struct Group {
    std::vector<int> members;
    double weight = 0;                             // of the norm of the group's members
  };
  std::vector<Group> groups;                       // disjoint
  Eigen::VectorXd lower, upper;                    // [P] bounds, empty: none; members of a group: 0 or infinite only (signs)
  double value(const Eigen::VectorXd& theta) const;
  // argmin_z  |z - theta|^2 / (2 step) + value(z), within the bounds: exact zeros. step [P] per parameter (equal within a group) or one.
  // Soft threshold, then the bounds, then the group's shrinkage: exact for each of them and for lasso and signs within groups
  // (Parikh & Boyd 2014, Found Trends Optim 1:127; Simon et al. 2013, J Comput Graph Stat 22:231).
  Eigen::VectorXd proximal(const Eigen::VectorXd& theta, const Eigen::VectorXd& step) const;
  Penalty scaled(double factor) const;             // weights times a factor, the same bounds
};

struct DescentResult {
  Eigen::VectorXd theta;
  double value = 0;                                // smooth part
  double penalty = 0;
  double optimality = 0;                           // largest entry of theta - prox(theta - gradient)
  int iterations = 0, evaluations = 0;
  int failed_evaluations = 0;                      // steps that were taken back because the function could not be evaluated there
  bool ended_by_gain = false;                      // by least_gain, above the tolerance: near the end, not at it
  std::vector<double> course;                      // value + penalty by iteration
  Outcome outcome;                                 // not_converged: limit reached; else why nothing was found
};

struct DescentOptions {
  int iteration_limit = 500;
  double tolerance = 1e-6;                         // of optimality
  double least_gain = 0;                           // ends also when ten iterations together gain less than this share of the objective
  int memory = 10;                                 // L-BFGS pairs
  double learning_rate = 0.01;                     // Adam
  // Called after every iteration with theta and the objective; true: stop (early stopping on held-out conditions).
  std::function<bool(int iteration, const Eigen::VectorXd& theta, double objective)> stop;
};

// L-BFGS with a strong-Wolfe line search; no penalty. Source: Nocedal & Wright 2006, algorithms 7.5, 3.5.
DescentResult minimise_lbfgs(const SmoothFunction& function, const Eigen::VectorXd& start, const DescentOptions& options = {});
// Adam (Kingma & Ba 2015) with proximal steps in its own scaling, so that a lasso gives exact zeros; members of a group share one second moment. A failed evaluation halves the
// learning rate from the last good point. The best point met is returned.
DescentResult minimise_adam(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options = {});
// Proximal gradient with a limited-memory metric, orthant-wise for the lasso (OWL-QN, Andrew & Gao 2007) where there are no groups,
// accelerated proximal gradient with restarts (Beck & Teboulle 2009; O'Donoghue & Candes 2015) where there are.
DescentResult minimise_proximal(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options = {});

// Largest entry of theta - prox(theta - gradient): 0 at a stationary point of value + penalty.
double optimality_of(const Penalty& penalty, const Eigen::VectorXd& theta, const Eigen::VectorXd& gradient);

}  // namespace hyped
