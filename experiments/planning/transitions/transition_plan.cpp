// TOML to TransitionPlan, every key checked.
#include "experiments/planning/transitions/transition_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/planning/least_input.hpp"
#include "experiments/planning/verb_scenarios.hpp"
#include "experiments/scenario_section.hpp"

namespace hyped {
namespace {

// Positive numbers, each larger than the one before.
std::vector<double> increasing(Section& s, const std::string& key) {
  const std::vector<double> out = s.numbers(key);
  if (out.empty() && s.has(key)) throw InputError(s.place(key), "'" + key + "' is an empty list", "give positive numbers, sorted, each once");
  if (out.empty()) s.missing(key);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!(out[i] > (i == 0 ? 0.0 : out[i - 1]))) throw InputError(s.place(key), fmt::format("'{}' does not increase from above 0: {:.6g}", key, out[i]), "give positive numbers, sorted, each once");
  return out;
}

std::vector<std::string> state_names(const InterpretedModel& model) {
  std::vector<std::string> out;
  for (const auto& spec : model.states()) out.emplace_back(spec.name);
  return out;
}

int state_of(const InterpretedModel& model, const std::string& name, const std::string& place) {
  const int s = model.state_index(name);
  if (s < 0) throw InputError(place, "the network has no species '" + name + "'", did_you_mean(name, state_names(model)));
  return s;
}

int parameter_of(const InterpretedModel& model, const std::string& name, const std::string& place) {
  const int p = model.parameter_index(name);
  std::vector<std::string> names;
  for (const auto& spec : model.parameters()) names.emplace_back(spec.name);
  if (p < 0) throw InputError(place, "the network has no parameter '" + name + "'", did_you_mean(name, names));
  return p;
}

double checked_bound(double value, const std::string& key, const std::string& name, const Section& s) {
  if (!(std::isfinite(value) && value >= 0)) throw InputError(s.place(key, name), fmt::format("{} of '{}' is {:.6g}, and counts are 0 or more", key, name, value), "give a count");
  return value;
}

void read_target(Section s, TransitionPlan& out) {
  const InterpretedModel& model = *out.network.model;
  out.target = control::CountSet(static_cast<std::size_t>(model.state_count()));
  std::vector<std::string> words;
  for (const auto& [name, value] : s.map<double>("at_least")) {
    out.target.lower[static_cast<std::size_t>(state_of(model, name, s.place("at_least", name)))] = checked_bound(value, "at_least", name, s);
    out.target_places[name] = s.place("at_least", name);
    words.push_back(fmt::format("{} >= {:.6g}", name, value));
  }
  for (const auto& [name, value] : s.map<double>("at_most")) {
    const auto i = static_cast<std::size_t>(state_of(model, name, s.place("at_most", name)));
    out.target.upper[i] = checked_bound(value, "at_most", name, s);
    if (out.target.lower[i] > value) throw InputError(s.place("at_most", name), fmt::format("'{}' is to be at most {} and at least {}", name, value, out.target.lower[i]), "exchange them");
    words.push_back(fmt::format("{} <= {:.6g}", name, value));
  }
  if (words.empty()) throw InputError(s.place("at_least"), "[target] has no bounds", "write at_least = {V = 10}");
  s.reject_unknown();
  out.target_text = fmt::format("{}", fmt::join(words, " and "));
}

void read_input(Section s, TransitionPlan& out) {
  TransitionInput input;
  input.name = s.required("name");
  input.parameters = s.map<double>("parameters");
  if (input.parameters.empty()) throw InputError(s.place("parameters"), "the input '" + input.name + "' sets no parameters", "write parameters = {push = 1}");
  for (const auto& [name, value] : input.parameters) {
    parameter_of(*out.network.model, name, s.place("parameters", name));
    for (const auto& event : out.network.schedule)
      if (event.target == name) throw InputError(s.place("parameters", name), "the network has events of its own on '" + name + "'", "drop them, or use another parameter");
  }
  input.doses = increasing(s, "doses");
  for (const auto& [name, value] : input.parameters)
    if (const double least = least_input(out.network.model->parameters()[static_cast<std::size_t>(out.network.model->parameter_index(name))]); !(input.doses.back() * value >= least && input.doses.front() * value >= least))
      throw InputError(s.place("parameters", name), fmt::format("'{}' would be {:.6g} at dose {:.6g}, and it may not be below {:.6g}", name, input.doses.back() * value, input.doses.back(), least), "correct it");
  input.durations_h = increasing(s, "durations_h");
  input.from_h = s.number("from_h", 0);
  if (input.from_h < 0) throw InputError(s.place("from_h"), "the input starts before 0 h", "give 0 or more");
  s.reject_unknown();
  out.inputs.push_back(input);
}

void read_size(Section s, TransitionPlan& out) {
  const std::string name = s.required("parameter");
  out.size_parameter = parameter_of(*out.network.model, name, s.place("parameter"));
  out.sizes = increasing(s, "values");
  out.paths = s.integer("paths", out.paths);
  if (out.sizes.size() < 2) throw InputError(s.place("values"), "a slope needs two sizes", "give more");
  if (out.paths < 0) throw InputError(s.place("paths"), fmt::format("'paths' is {}", out.paths), "give 0 or more");
  s.reject_unknown();
}

void read_path(Section s, TransitionPlan& out) {
  const InterpretedModel& model = *out.network.model;
  std::vector<double> end = out.values.initial;
  const auto given = s.map<double>("end");
  if (given.empty()) s.missing("end");
  for (const auto& [name, value] : given) {
    if (!(value >= 0 && std::isfinite(value))) throw InputError(s.place("end", name), fmt::format("the count of '{}' is {:.6g}", name, value), "give 0 or more");
    end[static_cast<std::size_t>(state_of(model, name, s.place("end", name)))] = value;
  }
  out.end = end;
  const std::string noise = s.text("noise", "jump");
  if (noise != "jump" && noise != "langevin") throw InputError(s.place("noise"), "noise '" + noise + "' is unknown", "use \"jump\" or \"langevin\"");
  out.path.noise = noise == "jump" ? control::ActionNoise::jump : control::ActionNoise::langevin;
  out.path.segments = s.integer("segments", out.path.segments);
  out.path.starts = s.integer("starts", out.path.starts);
  if (out.path.segments < 16 || out.path.segments > 1000) throw InputError(s.place("segments"), "'segments' is not between 16 and 1000", "96 is enough in most cases");
  if (out.path.starts < 1 || out.path.starts > 20) throw InputError(s.place("starts"), "'starts' is not between 1 and 20");
  s.reject_unknown();
}

}  // namespace

TransitionPlan read_transition_plan(const std::string& name, const std::map<std::string, double>& set) {
  TransitionPlan out;
  out.file = verb_scenario("transitions", name);
  TomlFile toml = read_toml(out.file, "check the path");
  out.text = std::move(toml.text);
  Section top(toml.table, out.file.string(), "transitions");
  out.title = top.text("title", out.file.stem().string());
  out.question = top.text("question", "");
  out.assumed = top.text("assumed", "");
  out.network = network_of_scenario(out.file, top.required("network"), top.map<double>("set"), set, out.values);
  const auto states = static_cast<std::size_t>(out.network.model->state_count());
  if (!top.has("target")) top.missing("target");
  for (Section s : top.sections("target")) read_target(s, out);
  for (Section s : top.sections("input")) read_input(s, out);
  if (!out.inputs.empty() && !top.has("efficiency")) top.missing("efficiency");
  for (Section s : top.sections("efficiency")) {
    out.horizon_h = s.required_number("horizon_h");
    out.runs = s.integer("runs", out.runs);
    out.level = s.number("level", out.level);
    if (out.runs > 10'000'000) throw InputError(s.place("runs"), fmt::format("{} runs are more than can be kept", out.runs), "give at most 10000000");
    if (out.runs < 10) throw InputError(s.place("runs"), "fewer than 10 runs tell no share", "give more");
    if (!(out.level > 0 && out.level < 1)) throw InputError(s.place("level"), fmt::format("'level' is {:.6g}, and a share lies between 0 and 1", out.level), "give the share of cells that is to stay across");
    if (!(out.horizon_h > 0)) throw InputError(s.place("horizon_h"), "the horizon after the input is not positive: nothing is seen once it has ended", "give a longer horizon");
    s.reject_unknown();
  }
  out.most.assign(states, std::numeric_limits<double>::infinity());
  for (Section s : top.sections("exact")) {
    for (const auto& [species, value] : s.map<double>("most")) {
      const auto i = static_cast<std::size_t>(state_of(*out.network.model, species, s.place("most", species)));
      out.most[i] = checked_bound(value, "most", species, s);
      if (out.target.lower[i] > value) throw InputError(out.target_places[species], fmt::format("'{}' is to reach {:.6g}, and [exact] most bounds it by {:.6g}: the target lies outside the states", species, out.target.lower[i], value), "lower the threshold, or raise most");
      if (out.values.initial[i] > value) throw InputError(s.place("most", species), fmt::format("'{}' starts at {:.6g}, above its most of {:.6g}", species, out.values.initial[i], value), "raise most");
    }
    out.state_limit = s.integer("state_limit", static_cast<int>(out.state_limit));
    if (out.state_limit < 1 || out.state_limit > 10'000'000) throw InputError(s.place("state_limit"), fmt::format("state_limit is {}", out.state_limit), "give 1 to 10000000");
    out.exact = s.flag("use", true);
    s.reject_unknown();
  }
  if (!top.has("exact")) out.exact = false;
  for (Section s : top.sections("size")) read_size(s, out);
  for (Section s : top.sections("path")) read_path(s, out);
  if (out.size_parameter >= 0 && !out.end) throw InputError(out.file.string(), "[size] asks for the barrier, and there is no [path] with a state on the other side", "add [path] end = {...}");
  if (out.inputs.empty() && !out.end) throw InputError(out.file.string(), "neither [[input]] nor [path] is given: nothing is asked", "add one");
  top.reject_unknown();
  return out;
}

}  // namespace hyped
