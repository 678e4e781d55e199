// The flat model.json of the stochastic test suites: species, parameters, rules and reactions with infix rates.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/model/reaction_table.hpp"

namespace hyped {

// What to compute, beside the model.
struct SuiteSettings {
  double start_h = 0, duration_h = 0;
  int steps = 0;
  std::vector<std::string> variables;
  double mean_low = 0, mean_high = 0, sd_low = 0, sd_high = 0;      // accepted ranges of Z and Y
};

struct SuiteCase {
  ReactionTable model;
  SuiteSettings settings;
};

// Time is taken as hours, states are amounts: names that stand for concentrations become amount over compartment size. Throws InputError for a file that is no such model, for events (none of the cases
// here has one) and for keys of the wrong type.
SuiteCase read_suite_case(const std::filesystem::path& file);

}  // namespace hyped
