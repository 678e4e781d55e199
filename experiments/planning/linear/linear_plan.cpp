// TOML to LinearPlan, every key checked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/linear/linear_run.hpp"
#include "experiments/planning/verb_scenarios.hpp"
#include "experiments/scenario_section.hpp"

namespace hyped {

LinearPlan read_linear_plan(const std::string& name, const std::map<std::string, double>& set) {
  LinearPlan out;
  out.file = verb_scenario("linear", name);
  TomlFile toml = read_toml(out.file, "check the path");
  out.text = std::move(toml.text);
  Section top(toml.table, out.file.string(), "linear");
  out.title = top.text("title", out.file.stem().string());
  out.question = top.text("question", "");
  out.network = network_of_scenario(out.file, top.required("network"), top.map<double>("set"), set, out.values);
  const InterpretedModel& model = *out.network.model;
  std::vector<std::string> states, parameters;
  for (const auto& spec : model.states()) states.emplace_back(spec.name);
  for (const auto& spec : model.parameters()) parameters.emplace_back(spec.name);
  const auto state = [&](const std::string& s, const std::string& place) {
    if (model.state_index(s) < 0) throw InputError(place, "the network has no species '" + s + "'", did_you_mean(s, states));
    return model.state_index(s);
  };
  for (const auto& input : top.texts("inputs")) {
    const int p = model.parameter_index(input);
    if (p < 0) throw InputError(top.place("inputs"), "the network has no parameter '" + input + "'", did_you_mean(input, parameters));
    if (std::find(out.inputs.begin(), out.inputs.end(), p) != out.inputs.end()) throw InputError(top.place("inputs"), "'" + input + "' is named twice", "name it once");
    for (const auto& event : out.network.schedule)
      if (event.target == input) throw InputError(top.place("inputs"), "the network has events of its own on '" + input + "'", "drop them, or use another parameter");
    out.inputs.push_back(p);
  }
  if (out.inputs.empty()) top.missing("inputs");
  for (const auto& reading : top.texts("readings")) out.readings.push_back(state(reading, top.place("readings")));
  for (const auto& [species, amount] : top.map<double>("change")) {
    if (!std::isfinite(amount) || std::abs(amount) > 1e100) throw InputError(top.place("change", species), fmt::format("'change' of '{}' is {:.6g}", species, amount), "give a change near the course: it is answered by a linear picture");
    out.change.emplace_back(state(species, top.place("change", species)), amount);
  }
  if (top.has("change") && out.change.empty()) throw InputError(top.place("change"), "'change' names no species", "write change = {Y = 2}, or leave it out");
  if (!out.change.empty() && std::all_of(out.change.begin(), out.change.end(), [](const auto& one) { return one.second == 0; })) throw InputError(top.place("change"), "'change' is 0: no input is needed", "give a change, or leave it out");
  out.end_h = top.number("end_h", out.network.end_h > 0 ? out.network.end_h : out.end_h);
  out.pieces = top.integer("pieces", out.pieces);
  out.tolerance = top.number("tolerance", out.tolerance);
  if (!(out.end_h > 0) || !std::isfinite(out.end_h)) throw InputError(top.place("end_h"), fmt::format("'end_h' is {:.6g}", out.end_h), "give a positive number of hours");
  if (out.pieces < 10 || out.pieces > 5000) throw InputError(top.place("pieces"), fmt::format("'pieces' is {}", out.pieces), "give 10 to 5000");
  if (!(out.tolerance > 0 && out.tolerance < 1)) throw InputError(top.place("tolerance"), fmt::format("'tolerance' is {:.6g}, and must lie between 0 and 1", out.tolerance), "leave it out");
  top.reject_unknown();
  return out;
}

}  // namespace hyped
