// A well of any condition followed from an anchor on: its log total relative to that of one block, with derivatives.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "fitting/cycle_problem.hpp"

namespace hyped {

// Blocks A from the anchor on; the anchor's own row is 0.
struct AnchoredCourse {
  double founders = 1;              // cells at the start
  Eigen::VectorXd blocks;           // expected amounts of every block [B K]
  Eigen::VectorXd log_fold;         // of the total over all classes [A]
  Eigen::MatrixXd by_theta;         // [A x P], search scale
  Eigen::MatrixXd by_random;        // [A x R], by the log of each random-effect parameter
  Outcome outcome;
};

class AnchoredWell {
 public:
  // problem: has the arm, perhaps unseen. sampled, unit: whose frames and blocks these are. The anchor is the first block at or after
  // anchor_h, in which the well holds `cells`: with density dependence the founders are those that lead there, at every theta anew,
  // so that what happens before the anchor only counts by what it leaves. Both problems must outlive this.
  AnchoredWell(const CycleProblem& problem, const Arm& arm, const CycleProblem& sampled, int unit, double anchor_h, double cells);
  const std::vector<double>& times_h() const { return times_h_; }      // of the blocks from the anchor on [A]
  double cells() const { return cells_; }
  AnchoredCourse at(const Eigen::VectorXd& theta, bool derivatives) const;

 private:
  double founders(const Eigen::VectorXd& theta, Outcome& outcome) const;
  const CycleProblem& problem_;
  const Arm& arm_;
  const CycleProblem& sampled_;
  int unit_ = 0, anchor_ = 0;       // first block
  double cells_ = 0;
  std::vector<double> times_h_, anchor_frames_h_;
};

}  // namespace hyped
