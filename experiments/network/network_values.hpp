// The numbers a network runs with: the file's with --set in their place, held to one set of rules.
#pragma once
#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "experiments/network/network_file.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

struct NetworkValues {
  std::vector<double> parameters, initial;
  Eigen::MatrixXd initial_by_parameter;
};

// `set`: parameters and starts by name instead of the file's. Throws InputError, at the file's line or naming the --set, for unknown
// names, a parameter outside its own bounds, and of a network of reactions: a negative start, a rate that is negative at the start;
// and for events that do not fit the model.
NetworkValues values_of(const NetworkFile& network, const std::map<std::string, double>& set);
Table values_table(const InterpretedModel& model, const NetworkValues& values);

}  // namespace hyped
