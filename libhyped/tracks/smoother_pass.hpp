// Inside the phase smoother: the passes over one cell, with memory kept between cells.
#pragma once
#include <cstdint>
#include <vector>

#include "libhyped/tracks/phase_smoother.hpp"

namespace hyped {

// One object per thread.
class SmootherPass {
 public:
  SmootherPass(const PhaseSmoother& data, const SmootherModel& model);

  // False if no path explains the cell.
  bool forward(int cell);                       // then log_likelihood()
  void backward(SmootherSums* sums, float* phase_posterior);      // after forward; posterior [rows x phases], row by row
  // States of the most probable path by row, and whether it jumped since the row before; counts outliers on it.
  void most_probable(int* state, char* jumped, long& outliers);
  double log_likelihood() const { return log_likelihood_; }

 private:
  void emissions();
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
  std::vector<std::uint8_t> from_;              // back pointers [steps x stages]
  double log_likelihood_ = 0, outlier_density_ = 0;
};

}  // namespace hyped
