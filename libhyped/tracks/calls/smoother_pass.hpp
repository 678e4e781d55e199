// Inside the phase smoother: the passes over one cell, with memory kept between cells.
#pragma once
#include <cstdint>
#include <vector>

#include "libhyped/tracks/calls/phase_smoother.hpp"

namespace hyped {

// One object per thread.
class SmootherPass {
 public:
  SmootherPass(const PhaseSmoother& data, const SmootherModel& model);

  // False if no path explains the cell, of the logarithm of brightness given.
  bool forward(int cell, const Eigen::RowVector2d& log_brightness = Eigen::RowVector2d::Zero());      // then log_likelihood()
  void backward(SmootherSums* sums, bool keep);      // after forward; keep: the posteriors that decode() reads
  // The allowed order of states with the highest product of posteriors (Fariselli, Martelli & Casadio 2005, BMC Bioinf 6(S4):S12): the single
  // most probable path of stages would count one of the many ways through a phase. By row: its state, the posterior of its phase, and
  // whether the track jumped since the row before.
  void decode(int* state, float* certainty, char* jumped);
  // Forward with the brightness of highest posterior, found from 0 by expectation-maximisation within the cell; then log_likelihood() has it
  // integrated out by Laplace's method. Without brightness in the model it is forward().
  bool settle(int cell);
  const Eigen::RowVector2d& log_brightness() const { return log_brightness_; }
  // After forward: backward, the cell's sums with its brightness taken out added to `sums`, and the brightness they ask for.
  Eigen::RowVector2d add_expectations(SmootherSums& sums);
  long outliers() const { return outliers_; }      // frames of the cell that more likely show something else

  double log_likelihood() const { return log_likelihood_; }

 private:
  void emissions();
  void shift_means();
  Eigen::RowVector2d brightness_step(const SmootherSums& own);
  void start(std::vector<double>& into) const;
  void advance(const double* from, double* to) const;
  double end_weight(int stage) const;
  const PhaseSmoother& data_;
  const SmootherModel& model_;
  const PhaseSmoother::Cell* cell_ = nullptr;
  int stages_, states_;
  std::vector<int> state_of_;
  std::vector<double> leave_, keep_;            // per step, by stage; keep counts a division that ends the track as leaving
  std::vector<int> next_, over_;                // first stage of the next state and of the one after it; the stage after within a state
  std::vector<double> to_next_, to_over_;       // shares of leaving
  // Density of a frame by stage, and without the outliers' part [rows x stages]. Eigen's own memory: packets then begin at the same
  // elements everywhere, and the last digit of exp does not depend on an address.
  Eigen::ArrayXXd light_, own_;
  std::vector<double> alpha_, scale_, beta_, beta_before_, weighted_;
  std::vector<int> row_of_step_;                // -1: missing
  std::vector<double> posterior_, jump_;        // of states [steps x states]; of a jump into the step [steps]
  std::vector<std::uint8_t> from_;              // back pointers [steps x states]
  double log_likelihood_ = 0, outlier_density_ = 0;
  long outliers_ = 0;
  Eigen::RowVector2d log_brightness_ = Eigen::RowVector2d::Zero(), precision_ = Eigen::RowVector2d::Ones();      // of the brightness' posterior
  Eigen::MatrixX2d mean_, signal_;              // of log light given the cell's brightness; its slope by the logarithm of brightness [S x 2]
  SmootherSums mine_;
};

}  // namespace hyped
