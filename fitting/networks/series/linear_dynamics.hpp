// Linear dynamics of expression from a time series: dynamic mode decomposition, data-guided control's steps, a ridge of low rank.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/observe/expression_series.hpp"

namespace hyped {

// A course in orthonormal coordinates of the space its samples span, about the mean of all samples: every inner product between
// samples is kept, so that linear fits and their R2 are those in genes.
struct CourseCoordinates {
  std::vector<Eigen::MatrixXd> replicates;     // [R] of [D x T]
  Eigen::MatrixXd basis;                       // [G x D]
  Eigen::VectorXd centre;                      // [G]
  int times() const { return static_cast<int>(replicates[0].cols()); }
};
CourseCoordinates coordinates_of(const ExpressionCourse& course);

// Samples before and after each of some transitions, replicates side by side.
struct StepPairs {
  std::vector<int> transitions;
  Eigen::Index genes = 0;                      // rows that the noise has: coordinates are fewer than genes
  Eigen::MatrixXd before, after;               // [D x N]
};
StepPairs step_pairs(const CourseCoordinates& course, const std::vector<int>& transitions);
std::vector<int> all_transitions(const CourseCoordinates& course);

// x_{k+1} = M x_k.
using StepFit = std::function<Eigen::MatrixXd(const StepPairs&)>;      // M [D x D]

// Dynamic mode decomposition: M = U_r (U_r' F V_r S_r^-1) U_r', P = U S V'. rank 0: by the optimal hard threshold.
// Sources: Tu et al. 2014, J Comput Dyn 1:391; Gavish & Donoho 2014, IEEE Trans Inf Theory 60:5040 (threshold for unknown noise).
Eigen::MatrixXd dmd_step(const StepPairs& pairs, int rank);
// The threshold hangs on the shape of the matrix that holds the noise: `rows` of it where `before` stands in fewer coordinates (0: its own).
// InputError where nothing varies.
int hard_threshold_rank(const Eigen::MatrixXd& before, Eigen::Index rows = 0);

// M = s I + B, B of the given rank (0: full) with a ridge: argmin |F - s P - B P|^2 + penalty (|P|^2 / N) |B|^2.
struct RidgeStep {
  double persistence = 0, penalty = 1;
  int rank = 0;
  std::string text() const;
};
Eigen::MatrixXd ridge_step(const StepPairs& pairs, const RidgeStep& settings);

struct RidgeChoice {
  RidgeStep chosen;
  double error = 0;                            // of the left-out transitions, relative to predicting the mean
};
// By leaving out one transition at a time within `transitions`: of five penalties and five ranks the strongest penalty, then the lowest rank,
// within one standard error of the best (Breiman et al. 1984, ch. 3). InputError for fewer than three transitions.
RidgeChoice choose_ridge(const CourseCoordinates& course, const std::vector<int>& transitions);

// 1 - |X - X^|^2 / |X|^2 about the mean of all samples, by the Frobenius norm; and with the largest singular value in its place, as
// the code of Hasnain et al. 2023 and Pickard et al. 2024 has it: the two do not compare.
// InputError where `seen` is zero.
struct LinearScore {
  double frobenius = 0, spectral = 0;
};
LinearScore score_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& seen);
LinearScore one_step_score(const CourseCoordinates& course, const Eigen::MatrixXd& step);
LinearScore k_step_score(const CourseCoordinates& course, const Eigen::MatrixXd& step);      // all times from each replicate's first
LinearScore leave_one_transition_out(const CourseCoordinates& course, const StepFit& fit);
LinearScore leave_one_replicate_out(const CourseCoordinates& course, const StepFit& fit);

// Data-guided control's time-varying step A_k = I + (x_{k+1} - x_k) x_k' / (x_k' x_k): exact at x_k, the identity across it.
// Source: Ronquist et al. 2017, PNAS 114:11832.
struct GuidedStep {
  Eigen::VectorXd state, change;               // x_k; (x_{k+1} - x_k) / (x_k' x_k)
  Eigen::MatrixXd apply(const Eigen::MatrixXd& x) const { return x + change * (state.transpose() * x); }
};
std::vector<GuidedStep> guided_steps(const Eigen::MatrixXd& course);      // mean over replicates [G x T]

}  // namespace hyped
