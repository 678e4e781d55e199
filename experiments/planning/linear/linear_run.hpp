// `hyped control linear`: what inputs can do to a network near its own course, and what readings can tell of it: Gramians over a finite horizon.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/network/network_file.hpp"
#include "experiments/network/network_values.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct LinearPlan {
  std::filesystem::path file;
  std::string title, question, text;
  NetworkFile network;
  NetworkValues values;
  std::vector<int> inputs, readings;               // parameters; states
  std::vector<std::pair<int, double>> change;      // wanted at the end, from where the course without input is: state, amount
  double end_h = 24;
  int pieces = 200;                                // A and B are held over each of them, at its middle
  double tolerance = 1e-8;                         // share of the largest eigenvalue below which a direction is out of reach
};

// A file, or one that ships by name ("cascade_steering"). Unknown keys and names are InputErrors with their line.
LinearPlan read_linear_plan(const std::string& name, const std::map<std::string, double>& set = {});

// dx/dt = A(t) d + B(t) u about the course d = x - x(t) of the network as it is, u: inputs less their values. Controllability and observability
// Gramians, the input of least energy (integral of u'u) to the wanted change of the states that are named (target controllability), and what that
// input does to the network itself, not its linear picture.
void run_linear(RunDirectory& run, const LinearPlan& plan);

}  // namespace hyped
