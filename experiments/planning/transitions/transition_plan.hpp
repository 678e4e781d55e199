// What `hyped control transitions` is asked: a network, what counts as across, which inputs, how the barrier is to be measured.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/control/transitions/count_set.hpp"
#include "experiments/control/transitions/least_action.hpp"
#include "experiments/network/network_file.hpp"
#include "experiments/network/network_values.hpp"

namespace hyped {

struct TransitionInput {
  std::string name;
  std::map<std::string, double> parameters;       // values at dose 1
  std::vector<double> doses, durations_h;
  double from_h = 0;
};

struct TransitionPlan {
  std::filesystem::path file;
  std::string title, question, text;
  std::string assumed;                            // what the scenario says of numbers that nobody measured: a warning of the run
  NetworkFile network;
  NetworkValues values;
  control::CountSet target{0};
  std::map<std::string, std::string> target_places;      // lines of its lower bounds, by species
  std::string target_text;                        // "V >= 10 and U <= 4"
  std::vector<TransitionInput> inputs;
  double horizon_h = 0, level = 0.5;
  int runs = 1000;
  std::vector<double> most;                       // [S] of the exact chain; infinity: no bound
  long state_limit = 200'000;
  bool exact = true;
  // the barrier
  int size_parameter = -1;                        // -1: not asked for
  std::vector<double> sizes;
  int paths = 200;                                // sample paths beside each exact mean
  std::optional<std::vector<double>> end;         // [S] a state in the other basin
  control::LeastActionOptions path;
};

// A file, or one that ships by name ("toggle_crossing"). Unknown keys and names are InputErrors with their line.
TransitionPlan read_transition_plan(const std::string& name, const std::map<std::string, double>& set);

}  // namespace hyped
