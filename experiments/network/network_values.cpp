// Checks that the file's numbers and those of the command line share.
#include "experiments/network/network_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

using Set = std::map<std::string, double>;

std::string place_of(const std::string& name, const std::string& line, const Set& set) {
  return set.contains(name) ? fmt::format("--set {}={:.6g}", name, set.at(name)) : line;
}

void check_parameters(const InterpretedModel& model, const NetworkValues& values, const Set& set) {
  for (const auto& row : model.table().parameters) {
    const int p = model.parameter_index(row.name);
    if (p < 0 || !(row.lower < row.upper)) continue;      // assigned, or without bounds of its own
    const double value = values.parameters[static_cast<std::size_t>(p)];
    if (!(value >= row.lower && value <= row.upper))
      throw InputError(place_of(row.name, row.place, set), fmt::format("'{}' is {:.6g}, outside its own bounds {:.6g} to {:.6g}", row.name, value, row.lower, row.upper), "correct the value or the bounds");
  }
}

void check_starts(const InterpretedModel& model, const NetworkValues& values, const Set& set) {
  if (model.stoichiometry().empty()) return;      // rules may mean anything
  const auto& table = model.table();
  for (const auto& row : table.species) {
    const int s = model.state_index(row.name), p = model.parameter_index(row.name);
    if (s < 0 && p < 0) continue;
    const double value = s >= 0 ? values.initial[static_cast<std::size_t>(s)] : values.parameters[static_cast<std::size_t>(p)];
    const auto rule = std::find_if(table.initial_assignments.begin(), table.initial_assignments.end(), [&](const auto& r) { return r.name == row.name; });
    if (value < 0) throw InputError(place_of(row.name, rule == table.initial_assignments.end() ? row.place : rule->place, set), fmt::format("'{}' starts at {:.6g}, and amounts are not negative", row.name, value), "give 0 or more");
  }
}

// A reaction that runs backwards at the start has a wrong sign somewhere, or is two reactions.
void check_rates(const InterpretedModel& model, const NetworkValues& values, const Set& set) {
  const auto& reactions = model.table().reactions;
  std::vector<double> rates(reactions.size());
  model.propensities(0, values.initial, values.parameters, rates);
  std::string with;
  for (const auto& [name, value] : set) with += fmt::format(" --set {}={:.6g}", name, value);
  for (std::size_t r = 0; r < rates.size(); ++r)
    if (rates[r] < 0)
      throw InputError(reactions[r].place, fmt::format("reaction '{}' has the negative rate {:.4g} at the start{}{}", reactions[r].name, rates[r], with.empty() ? "" : " with", with), "correct its sign, or split a reversible reaction in two");
}

// Event by event, so that the one at fault is known.
void check_events(const NetworkFile& network, const NetworkValues& values) {
  Experiment experiment;
  experiment.initial = values.initial;
  for (std::size_t k = 0; k < network.schedule.size(); ++k) {
    experiment.schedule.push_back(network.schedule[k]);
    experiment.sample_times_h = {std::max(0.0, network.schedule[k].time_h)};
    try {
      plan_of(*network.model, values.parameters, experiment);
    } catch (const InputError& error) {
      std::string text = error.what();
      if (text.rfind(error.where() + ": ", 0) == 0) text.erase(0, error.where().size() + 2);
      throw InputError(network.event_places[k], fmt::format("the event at {:.6g} h: {}", network.schedule[k].time_h, text));
    }
  }
}

}  // namespace

NetworkValues values_of(const NetworkFile& network, const Set& set) {
  const InterpretedModel& model = *network.model;
  NetworkValues out;
  out.parameters = model.default_parameters();
  std::vector<std::string> names;
  for (const auto& spec : model.parameters()) names.emplace_back(spec.name);
  for (const auto& spec : model.states()) names.emplace_back(spec.name);
  for (const auto& [name, value] : set) {
    if (!std::isfinite(value)) throw InputError(fmt::format("--set {}={}", name, value), "is not a finite number", "write --set k=0.3");
    if (const int p = model.parameter_index(name); p >= 0) out.parameters[static_cast<std::size_t>(p)] = value;
    else if (model.state_index(name) < 0) throw InputError("--set " + name, "there is no parameter or species '" + name + "'", did_you_mean(name, names));
  }
  out.initial = model.initial_state(out.parameters, &out.initial_by_parameter);
  for (const auto& [name, value] : set)
    if (const int s = model.state_index(name); s >= 0) {
      out.initial[static_cast<std::size_t>(s)] = value;
      out.initial_by_parameter.row(s).setZero();
    }
  check_parameters(model, out, set);
  check_starts(model, out, set);
  check_rates(model, out, set);
  check_events(network, out);
  return out;
}

Table values_table(const InterpretedModel& model, const NetworkValues& values) {
  Table table({{"name", "", ""}, {"unit", "", ""}, {"value", "", ""}, {"what", "", ""}});
  for (std::size_t i = 0; i < values.parameters.size(); ++i) table.add_row({std::string(model.parameters()[i].name), std::string(model.parameters()[i].unit), values.parameters[i], std::string("parameter")});
  for (std::size_t i = 0; i < values.initial.size(); ++i) table.add_row({std::string(model.states()[i].name), std::string(model.states()[i].unit), cell_of(values.initial[i]), std::string("start")});
  return table;
}

}  // namespace hyped
