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

// sum_i weight_i |theta_i| (weight 0: free), groups with their Euclidean norm, and a quadratic pull to a prior.
struct Penalty {
  Eigen::VectorXd lasso;                           // [P] empty: none
  struct Group {
    std::vector<int> members;
    double weight = 0;                             // of the norm of the group's members
  };
  std::vector<Group> groups;                       // disjoint
  Eigen::VectorXd lower, upper;                    // [P] bounds, empty: none
  double value(const Eigen::VectorXd& theta) const;
  // argmin_z  |z - theta|^2 / (2 step) + value(z), within the bounds: exact zeros. step [P] per parameter (equal within a group) or one.
  Eigen::VectorXd proximal(const Eigen::VectorXd& theta, const Eigen::VectorXd& step) const;
};

struct DescentResult {
  Eigen::VectorXd theta;
  double value = 0;                                // smooth part
  double penalty = 0;
  double optimality = 0;                           // largest entry of theta - prox(theta - gradient)
  int iterations = 0, evaluations = 0;
  std::vector<double> course;                      // value + penalty by iteration
  Outcome outcome;
};

struct DescentOptions {
  int iteration_limit = 500;
  double tolerance = 1e-6;                         // of optimality
  int memory = 10;                                 // L-BFGS pairs
  double learning_rate = 0.01;                     // Adam
  // Called after every iteration with theta and the objective; true: stop (early stopping on held-out conditions).
  std::function<bool(int iteration, const Eigen::VectorXd& theta, double objective)> stop;
};

// L-BFGS with a strong-Wolfe line search; no penalty. Source: Nocedal & Wright 2006, algorithms 7.5, 3.5.
DescentResult minimise_lbfgs(const SmoothFunction& function, const Eigen::VectorXd& start, const DescentOptions& options = {});
// Adam (Kingma & Ba 2015) with proximal steps in its own scaling, so that a lasso gives exact zeros.
DescentResult minimise_adam(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options = {});
// Proximal gradient with a limited-memory metric, orthant-wise for the lasso (OWL-QN, Andrew & Gao 2007) where there are no groups,
// accelerated proximal gradient with restarts (Beck & Teboulle 2009; O'Donoghue & Candes 2015) where there are.
DescentResult minimise_proximal(const SmoothFunction& function, const Penalty& penalty, const Eigen::VectorXd& start, const DescentOptions& options = {});

}  // namespace hyped
