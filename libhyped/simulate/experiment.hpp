// One culture: where it starts, what is done to it, when it is looked at. Knows nothing of solvers, threads or files.
#pragma once
#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "libhyped/simulate/input_course.hpp"
#include "libhyped/simulate/schedule.hpp"

namespace hyped {

struct Experiment {
  std::string id;
  double start_h = 0;
  std::vector<double> initial;                    // [S] natural units
  Eigen::MatrixXd initial_by_parameter;           // d initial / d p [S x P]; empty: zero. Columns past P are
                                                  // directions of their own (linear engine, LinearOptions::columns >= P)
  Schedule schedule;
  std::map<std::string, InputCourse> inputs;      // time-varying inputs by parameter name; override the parameter vector
  std::vector<double> sample_times_h;             // increasing, >= start_h
  // d input / d (direction of its own) by parameter name, one entry for each column past P (linear engine alone; others refuse it).
  // Breaks are those of `inputs`.
  std::vector<std::map<std::string, InputCourse>> input_directions;
  // Events, by their place in the schedule, whose time a direction past P moves; as input_directions.
  std::vector<std::vector<int>> event_directions;
};

}  // namespace hyped
