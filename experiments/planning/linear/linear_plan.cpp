// TOML to LinearPlan, every key checked.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/planning/linear/linear_run.hpp"
#include "experiments/scenario.hpp"
#include "experiments/scenario_section.hpp"

namespace hyped {

LinearPlan read_linear_plan(const std::string& name, const std::map<std::string, double>& set) {
  LinearPlan out;
  out.file = std::filesystem::exists(name) ? std::filesystem::path(name) : shipped_scenario("control/" + name);
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
  for (const auto& [species, amount] : top.map<double>("change")) out.change.emplace_back(state(species, top.place("change", species)), amount);
  out.end_h = top.number("end_h", out.network.end_h > 0 ? out.network.end_h : out.end_h);
  out.pieces = top.integer("pieces", out.pieces);
  out.tolerance = top.number("tolerance", out.tolerance);
  if (!(out.end_h > 0) || out.pieces < 10 || out.pieces > 5000) throw InputError(top.place("pieces"), "end_h is positive, and pieces are 10 to 5000", "correct it");
  if (!(out.tolerance > 0 && out.tolerance < 1)) throw InputError(top.place("tolerance"), "is not between 0 and 1", "leave it out");
  top.reject_unknown();
  return out;
}

}  // namespace hyped
