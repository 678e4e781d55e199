// A walk to one end of a profile interval, or to the best fit with one parameter held: one evaluation after another, given from outside.
#pragma once
#include <Eigen/Core>
#include <string>

namespace hyped {

// Squared length of residuals at a point with the Gauss-Newton matrix and the gradient: q, A'A, A'e.
struct LocalSquares {
  double squares = 0;
  Eigen::MatrixXd matrix;      // [n x n]
  Eigen::VectorXd gradient;    // [n]
};

struct WalkOptions {
  int evaluation_limit = 40;
  double tolerance = 0.08;     // of the end's distance from the optimum: a last step that is shorter is taken without an evaluation
  double too_far = 300;        // a first look that finds more than so many times the wanted rise is taken half way back
};

// The end of the profile interval of parameter k: the furthest value at which the squares, all else refitted, rise by `rise`. Predictor and
// corrector: along the profile's tangent to where the local quadratic has its end (Venzon & Moolgavkar 1988, Appl Stat 37:87), then Gauss-Newton steps of all
// else with k held, then on by the slope of the root of the rise, or between the two points that enclose the end. Others at a bound that
// holds them there stay.
// Whoever owns the walk evaluates at `at()` and gives the result to `take` until `done()`.
class ProfileWalk {
 public:
  static ProfileWalk to_end(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, int side, double rise, const WalkOptions& options);
  // Best fit with parameter k at `value`; `from`: where to begin, with the other parameters at their profile.
  static ProfileWalk to_value(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& from, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, double value, const WalkOptions& options);

  bool done() const { return done_; }
  const Eigen::VectorXd& at() const { return at_; }
  void take(const LocalSquares& here);
  void failed();                                    // at() could not be evaluated

  double value() const { return value_; }          // of parameter k at the end
  double rise() const { return rise_; }            // of the squares there
  bool closed() const { return closed_; }          // false: the bound came first, or no convergence
  bool converged() const { return converged_; }    // false: the limit of evaluations came first; the value is then the last one inside
  double lowest() const { return lowest_; }        // least squares met on the way
  const Eigen::VectorXd& last() const { return inside_; }      // last point within the rise

 private:
  ProfileWalk(const Eigen::VectorXd& optimum, const LocalSquares& there, const Eigen::VectorXd& lower, const Eigen::VectorXd& upper, int k, const WalkOptions& options);
  Eigen::VectorXd held_step(const LocalSquares& here) const;                             // of all but parameter k, to their best
  Eigen::VectorXd tangent(const LocalSquares& here, double& variance) const;             // of the profile, by parameter k
  void advance(double by, const Eigen::VectorXd& direction);
  void on_profile(const LocalSquares& here, double rise);
  void stop(double value, double rise, bool closed, bool converged);

  Eigen::VectorXd optimum_, lower_, upper_, at_, inside_, outside_, before_;      // outside_: empty, not yet met
  WalkOptions options_;
  int k_ = 0, side_ = 0, evaluations_ = 0;
  double base_ = 0, wanted_ = 0, lowest_ = 0, value_ = 0, rise_ = 0, before_squares_ = 0, inside_root_ = 0, outside_root_ = 0;
  bool held_ = false, fitting_ = false, at_bound_ = false, done_ = false, closed_ = false, converged_ = false;
};

}  // namespace hyped
