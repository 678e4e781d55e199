// A reaction network as a file: TOML tables, or the flat JSON of the stochastic test suites.
#pragma once
#include <filesystem>
#include <map>
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
  Schedule schedule;                      // [[event]], by time
  std::vector<std::string> event_places;  // file:line of each
  double end_h = 0, step_h = 0;           // [simulate]; 0: not said
  std::vector<std::string> outputs, unknown_starts;      // for identifiability: infix; states
  std::vector<std::string> show;          // states and assignments in figures; empty: all, at most 12
};

// TOML as in docs/networks.md. JSON: model.json of the suites, its duration in hours. Throws InputError with file and line (and column in
// an expression) for whatever is wrong in it: names, numbers, events, rates that are negative at the start.
NetworkFile read_network(const std::filesystem::path& file);
// The network that a scenario names, a file beside the scenario or a shipped one. `values`: its numbers with the scenario's `set` over them, and
// `given` (of the command line) over these; InputErrors as of values_of.
struct NetworkValues;
NetworkFile network_of_scenario(const std::filesystem::path& scenario, const std::string& name, std::map<std::string, double> set, const std::map<std::string, double>& given, NetworkValues& values);
// A network that ships with the program, by name ("toggle_switch").
std::filesystem::path shipped_network(const std::string& name);

}  // namespace hyped
