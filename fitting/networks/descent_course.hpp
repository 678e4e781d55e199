// What all descents of networks share: counted evaluations that may fail, and when to end.
#pragma once
#include <cmath>

#include "fitting/networks/smooth_function.hpp"

namespace hyped {

// The curvature pairs of the last steps: an approximate inverse Hessian. Source: Nocedal & Wright 2006, algorithm 7.4.
class CurvaturePairs {
 public:
  explicit CurvaturePairs(int memory) : memory_(memory) {}
  void clear() { steps_.clear(), changes_.clear(); }
  bool empty() const { return steps_.empty(); }
  // Left out where the curvature along the step is not positive.
  void add(const Eigen::VectorXd& step, const Eigen::VectorXd& change);
  Eigen::VectorXd times(const Eigen::VectorXd& gradient) const;

 private:
  int memory_;
  std::vector<Eigen::VectorXd> steps_, changes_;
};

class DescentCourse {
 public:
  DescentCourse(const SmoothFunction& function, const Penalty& penalty, const DescentOptions& options) : function_(function), penalty_(penalty), options_(options) {}
  // True if value and gradient are there and finite.
  bool evaluate(const Eigen::VectorXd& theta, double& value, Eigen::VectorXd& gradient);
  // Takes down a point that was reached; true: the descent ends here, with its outcome.
  bool reached(const Eigen::VectorXd& theta, double value, const Eigen::VectorXd& gradient);
  void end(Status status, std::string message);
  DescentResult result;

 private:
  const SmoothFunction& function_;
  const Penalty& penalty_;
  const DescentOptions& options_;
};

}  // namespace hyped
