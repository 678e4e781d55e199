// One step of Dormand-Prince 5(4) for all columns of a batch, its error, and its exact adjoint.
#pragma once
#include <Eigen/Core>
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "libhyped/simulate/batch_ode.hpp"

namespace hyped {

// An accepted step, as it is repeated and gone through backwards.
struct BatchStep {
  double from_h = 0, until_h = 0, length_h = 0;      // until = from + length but for rounding
  bool fresh = false;                                // begins at the start or at a break: the first slope is computed anew, inputs have their right limit
  int sample = -1;                                   // index of the sample at its end
};

// Nothing is allocated after construction, but for `reverse`, whose room is taken at its first call.
class BatchStepper {
 public:
  BatchStepper(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const BatchOptions& options);
  // The first slope at x; false: not finite.
  bool begin(double time_h, bool after, const Eigen::MatrixXd& x);
  double first_step(double time_h, double until_h, const Eigen::MatrixXd& x);
  // Tries a step from x, whose slope is known; the error in units of the tolerance (infinite where something is not finite).
  double attempt(const BatchStep& step, const Eigen::MatrixXd& x);
  // After an attempt: x becomes the new state, its slope the first of the next step.
  void accept(Eigen::MatrixXd& x);
  // An accepted step once more, from any x.
  void repeat(const BatchStep& step, Eigen::MatrixXd& x, bool slope_known);
  // lambda = d loss / d state after the step -> before it; adds to p_bar. x: state before the step.
  void reverse(const BatchStep& step, const Eigen::MatrixXd& x, Eigen::MatrixXd& lambda, std::span<double> p_bar);
  long evaluations() const { return evaluations_; }

 private:
  void slope(double time_h, bool after, const Eigen::MatrixXd& x, Eigen::MatrixXd& k, BatchModel::Scratch& scratch);
  const Eigen::MatrixXd& inputs_at(double time_h, bool after, Eigen::MatrixXd& room) const;
  void stages(const BatchStep& step, const Eigen::MatrixXd& x);
  double norm(const Eigen::MatrixXd& v, const Eigen::MatrixXd& x) const;

  const BatchModel& model_;
  const BatchExperiment& experiment_;
  std::span<const double> p_;
  const BatchOptions& options_;
  std::unique_ptr<BatchModel::Scratch> scratch_;
  std::array<Eigen::MatrixXd, 7> k_;                                       // slopes [S x B]
  Eigen::MatrixXd next_;                                                   // [S x B]
  Eigen::MatrixXd inputs_;                                                 // [K x B]
  std::array<Eigen::MatrixXd, 6> points_, points_bar_;                     // of reverse [S x B]
  std::array<Eigen::MatrixXd, 6> stage_inputs_;                            // [K x B]
  std::array<std::unique_ptr<BatchModel::Scratch>, 6> stage_scratch_;
  Eigen::MatrixXd slope_bar_;                                              // [S x B]
  long evaluations_ = 0;
};

}  // namespace hyped
