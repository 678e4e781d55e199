// What `hyped control design` is asked: quantities, candidate experiments with costs, a criterion, how to check the answer.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/control/next_experiment/design_criterion.hpp"
#include "experiments/control/next_experiment/network_candidates.hpp"
#include "experiments/network/network_file.hpp"
#include "experiments/network/network_values.hpp"

namespace hyped {

struct SamplingPlan {
  std::string name;
  std::vector<double> times_h;
};
struct DesignCosts {
  double unit = 1, dose = 0, frame = 0, hour = 0;      // of a well or dish, of each of its inputs, of a frame, of an hour until its last frame
};
struct AskedQuantity {
  std::string parameter;                               // or
  std::string arm, of_class, species;                  // class empty: all cells; species: of a network
  double time_h = 0;
  bool share = false;
  std::string place;
};

struct DesignSettings {
  control::CriterionKind kind = control::CriterionKind::a_optimal;
  std::string criterion = "c";
  int draws = 8;                                       // of the parameters; 1: at the estimate
  double budget = 4;
  int starts = 8;
  int replicates = 200;                                // refits that check the predicted errors; 0: none
  int twins = 0;                                       // experiments simulated cell by cell and fitted anew
};

// A network's experiments: inputs as parameter values between two times.
struct NetworkArm {
  std::string name;
  std::map<std::string, double> inputs;
  double from_h = 0, until_h = 0;
  bool measured = false;                               // part of what is known already
  std::vector<double> times_h;                         // of a measured one
};

struct DesignPlan {
  std::filesystem::path file;
  std::string title, question, text;
  std::string cycle;                                   // scenario of the model, or
  std::optional<NetworkFile> network;
  NetworkValues values;
  control::NetworkReading reading;
  control::NetworkUnknowns unknowns;
  std::vector<NetworkArm> network_arms;
  std::vector<AskedQuantity> quantities;               // empty: all parameters (D)
  std::vector<std::string> arms, shifted;              // candidates of a cycle scenario
  std::vector<double> shifts_h;
  std::string arms_place, shifted_place, shifts_place;      // their lines
  std::vector<SamplingPlan> sampling;
  DesignCosts costs;
  DesignSettings settings;
};

// A file, or one that ships by name. Unknown keys and names are InputErrors with their line; names of arms and parameters of a cycle
// scenario are checked when it has been read.
DesignPlan read_design_plan(const std::string& name);

}  // namespace hyped
