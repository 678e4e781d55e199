// A network followed over time by one of the methods, assignments beside the states.
#pragma once
#include <string>
#include <vector>

#include "experiments/network/network_run.hpp"
#include "experiments/network/network_values.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

// Columns: states, then assignments [N]. What does not exist is NaN.
struct NetworkCourse {
  std::vector<std::string> names, units;
  std::vector<double> times_h;         // [T] those reached
  bool stochastic = false;             // values are means over cultures (of one path: the path)
  Eigen::MatrixXd value;               // [T x N]
  Eigen::MatrixXd sd, mean_error;      // [T x N] of one culture; of the mean; empty where there is none
  Trajectory deterministic;            // of ODE methods, with sensitivities
  Outcome outcome;
  std::string method;
  std::vector<std::string> notes;      // what was done to the input, and what is left out
};

// Throws InputError for methods and settings that do not exist or do not belong together.
NetworkCourse follow_network(const NetworkFile& network, const NetworkValues& values, const Experiment& experiment, const NetworkSettings& settings);

}  // namespace hyped
