// A reaction network as a file: TOML tables, or the flat JSON of the stochastic test suites.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/simulate/schedule.hpp"

namespace hyped {

struct NetworkFile {
  std::filesystem::path file;
  std::string title, question;
  std::unique_ptr<InterpretedModel> model;
  Schedule schedule;                      // [[event]]
  double end_h = 0, step_h = 0;           // [simulate]; 0: not said
  std::vector<std::string> outputs, unknown_starts;      // for identifiability: infix; states
  std::vector<std::string> show;          // states and assignments in figures; empty: all, at most 12
};

// TOML: [[species]] name, initial, unit, constant; [[parameter]] name, value, unit, lower, upper, meaning; [[reaction]] name, equation,
// rate; [[rate]], [[assignment]], [[initial]] name, expression; [[event]] time_h, target, action, amount, amount_parameter; [simulate]
// end_h, step_h; figures; outputs, unknown_starts. JSON: model.json of the suites, its duration in hours. Throws InputError with file and line (and column in
// an expression); unknown keys are errors; a negative rate constant of a reaction is one too.
NetworkFile read_network(const std::filesystem::path& file);
// A network that ships with the program, by name ("toggle_switch").
std::filesystem::path shipped_network(const std::string& name);

}  // namespace hyped
