// Heun's method with a fixed step and its exact adjoint: what CellBox computes, so that published models can be reproduced to their digits.
#pragma once
#include "libhyped/simulate/batch_ode.hpp"

namespace hyped {

struct HeunOptions {
  double step_h = 0.1;                     // CellBox: dT
  std::vector<int> sample_steps = {400};   // increasing, >= 0; the last is the number of steps (CellBox: nT)
  int checkpoints = 64;
};

// x <- x + step / 2 (f(x) + f(x + step f(x))) with constant inputs [K x B] from `initial` [S x B]; no error control. Source: Yuan et al.
// 2021, Cell Syst 12:128. InputError for wrong sizes and steps; what is not finite is an outcome.
BatchTrajectory heun_batch(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const HeunOptions& options = {});
// Loss at the sampled steps, and its derivatives; memory as of batch_gradient.
BatchGradient heun_gradient(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const SampleLoss& loss, const HeunOptions& options = {});

}  // namespace hyped
