// What a simulation returns: states at the sample times, their derivatives, and how it went.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct WorkCounters {
  long steps = 0, rejected = 0, rate_calls = 0, jacobian_calls = 0, products = 0;
};

struct Trajectory {
  std::vector<double> times_h;                          // [T] those reached
  Eigen::MatrixXd states;                               // [T x S]
  std::vector<Eigen::MatrixXd> sensitivities;           // [T] of [S x C]; empty if not asked for
  std::vector<std::string> sensitivity_columns;         // [C] parameter names, then "time of event k"
  std::vector<std::string> one_sided;                   // columns that miss a jump: the switch they move coincides with another or an event
  Outcome outcome;
  std::string method;                                   // which simulator, in words
  double error_bound = 0;                               // absolute, on states; 0 if the method has none
  WorkCounters work;
};

}  // namespace hyped
