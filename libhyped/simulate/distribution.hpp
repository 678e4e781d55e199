// Probabilities of a network's states at the sample times, with a bound on what was left out.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

struct Distribution {
  // One sample time. Each probability is at most the true one; the true ones exceed them by truncated_mass in all, so every event's
  // probability lies between the sum here and that plus truncated_mass. Rounding (about 1e-16 a product) comes on top.
  struct Snapshot {
    Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> states;      // [n x S] counts
    Eigen::VectorXd probability;                                                               // [n]
    double truncated_mass = 0;
    // Sum of probability * value(counts) over the states kept, over their mass.
    double expectation(const std::function<double(std::span<const std::int32_t>)>& value) const;
    // Probabilities of counts 0, 1, ... of one state.
    Eigen::VectorXd marginal(int state) const;
  };
  std::vector<double> times_h;                  // [T] those reached
  std::vector<Snapshot> snapshots;              // [T]; empty if not asked for
  Eigen::MatrixXd mean;                         // [T x (S + Q)] of states and observables, given that the state is among those kept
  std::vector<Eigen::MatrixXd> covariance;      // [T] of [(S + Q) x (S + Q)], likewise
  double truncated_mass = 0;                    // at the last time reached
  long largest_set = 0;                         // states held at once
  Outcome outcome;
  std::string method;
  WorkCounters work;                            // steps, rejected (steps repeated), rate_calls, products
};

}  // namespace hyped
