// Networks in time: all columns of a batch in one error-controlled integration, and exact gradients by the adjoint of its steps.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/batch_model.hpp"

namespace hyped {

// Cultures (arms, phases, cells) that share a clock and a model; they may differ in inputs and start.
struct BatchExperiment {
  double start_h = 0;
  Eigen::MatrixXd initial;                                                     // [S x B]
  std::vector<double> sample_times_h;                                          // increasing, >= start_h [T]
  std::vector<double> breaks_h;                                                // doses, washes: steps end here and start anew
  Eigen::MatrixXd constant_inputs;                                             // [K x B]; used where `inputs` is empty
  // Writes [K x B] at a time. At a break it must give the right limit when `after` is true, else the left one.
  std::function<void(double time_h, bool after, BatchMatrix inputs)> inputs;
};

struct BatchOptions {
  double relative_tolerance = 1e-6, absolute_tolerance = 1e-9;
  double first_step_h = 0;                 // 0: chosen
  long step_limit = 100000;
  int checkpoints = 64;                    // states kept for the backward pass; steps between them are repeated (binomial schedule)
};

struct BatchTrajectory {
  std::vector<double> times_h;             // [T] as far as reached
  std::vector<Eigen::MatrixXd> states;     // [T] of [S x B]
  long steps = 0, rejected = 0, evaluations = 0;
  Outcome outcome;
};

// Dormand-Prince 5(4), one step size for the batch: the root mean square of each column's error stays below tolerance (largest column
// counts). InputError for wrong sizes and times. Source: Dormand & Prince 1980, J Comput Appl Math 6:19.
BatchTrajectory simulate_batch(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const BatchOptions& options = {});

// Given sample s and the states there [S x B], writes d loss / d state [S x B] and returns that sample's part of the loss; may add
// direct derivatives to p_bar [P].
using SampleLoss = std::function<double(int sample, const Eigen::MatrixXd& state, BatchMatrix state_bar, std::span<double> p_bar)>;

struct BatchGradient {
  double loss = 0;
  Eigen::VectorXd parameters;              // d loss / d p [P]
  Eigen::MatrixXd initial;                 // d loss / d initial [S x B]
  BatchTrajectory trajectory;              // states at samples
  long repeated_steps = 0;                 // of the backward pass
  Outcome outcome;
};

// The exact derivative of what simulate_batch computes with its accepted steps held (discrete adjoint): no second integration error.
// Memory: checkpoints + one step, whatever the number of steps. Sources: Hairer, Norsett & Wanner, Solving ODEs I, II.6; Griewank &
// Walther 2000, ACM TOMS 26:19 (binomial checkpoints); Stumm & Walther 2010, SIAM J Sci Comput 32:836 (number of steps unknown beforehand).
BatchGradient batch_gradient(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const SampleLoss& loss,
                             const BatchOptions& options = {});

}  // namespace hyped
