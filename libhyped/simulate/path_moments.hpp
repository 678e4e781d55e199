// Inside the stochastic simulators: mean and covariance of counts over many paths, the same for any number of threads.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/observables.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

struct PathMoments {
  Eigen::MatrixXd mean;                        // [T x S]
  std::vector<Eigen::MatrixXd> covariance;     // [T] of [S x S], unbiased
  Outcome outcome;                             // of the first path that failed
  long reactions = 0;
};

// One path's counts at every sample time, in order, to the callback; returns how it ended and how many reactions it took.
struct PathEnd {
  Outcome outcome;
  long reactions = 0;
};
using SampleSink = std::function<void(std::span<const double>)>;
using PathSimulator = std::function<PathEnd(int path, const SampleSink&)>;

// The sink for one path's counts that hands on counts and observables [S + Q]; both must outlive it.
SampleSink observed(const Observables& observables, const SampleSink& record);

// One path as a trajectory: `run` gives its counts at the sample times to the sink and returns how it ended.
Trajectory path_trajectory(const std::vector<double>& times_h, int states, std::string method, const std::function<PathEnd(const SampleSink&)>& run);

// Paths 0 .. runs-1 in blocks that depend on the problem only; `make` gives one simulator per block. On failure only `outcome` is
// meaningful.
PathMoments path_moments(int runs, int times, int states, const std::function<PathSimulator()>& make);

}  // namespace hyped
