// TOML and JSON to InterpretedModel.
#include "experiments/network/network_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "experiments/network/network_values.hpp"
#include "experiments/scenario_section.hpp"
#include "libhyped/ingest/read_model.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

ReactionTable::Rule read_rule(Section s, bool has_unit = false) {
  ReactionTable::Rule rule{s.required("name"), s.required("expression"), s.place("expression")};
  if (has_unit) rule.unit = s.text("unit", "1");
  s.reject_unknown();
  return rule;
}

Perturbation read_event(Section s) {
  const std::string action = s.required("action");
  const std::map<std::string, Action> actions{{"set", Action::set}, {"add", Action::add}, {"scale", Action::scale}};
  if (!actions.contains(action)) throw InputError(s.place("action"), "action '" + action + "' is unknown", "use \"set\", \"add\" or \"scale\"");
  Perturbation event{s.required_number("time_h"), s.required("target"), actions.at(action), s.number("amount", 0), s.text("amount_parameter", "")};
  if (s.has("amount") && s.has("amount_parameter")) throw InputError(s.place("amount"), "the event has both an amount and an amount_parameter", "drop one");
  if (!s.has("amount") && !s.has("amount_parameter")) s.missing("amount");
  if (event.action == Action::scale && event.amount < 0) throw InputError(s.place("amount"), fmt::format("the event scales by {}", event.amount), "give a factor of 0 or more");
  s.reject_unknown();
  return event;
}

ReactionTable::Parameter read_parameter(Section s) {
  const auto lower = s.number("lower"), upper = s.number("upper");
  if (lower.has_value() != upper.has_value()) throw InputError(s.place(lower ? "lower" : "upper"), "a parameter has only one of lower and upper", "give both, or neither");
  if (lower && !(*lower < *upper)) throw InputError(s.place("lower"), fmt::format("lower ({}) is not below upper ({})", *lower, *upper), "exchange them");
  ReactionTable::Parameter out{s.required("name"), s.text("unit", "1"), s.text("meaning", ""), s.required_number("value"), lower.value_or(0), upper.value_or(0), s.place("value")};
  s.reject_unknown();
  return out;
}

ReactionTable read_table(Section& top, const fs::path& file) {
  ReactionTable table;
  table.name = top.text("name", file.stem().string());
  table.where = file.string();
  for (Section s : top.sections("species")) {
    table.species.push_back({s.required("name"), s.text("unit", "1"), s.number("initial", 0), s.flag("constant", false), s.place(s.has("initial") ? "initial" : "name")});
    s.reject_unknown();
  }
  for (Section s : top.sections("parameter")) table.parameters.push_back(read_parameter(s));
  for (Section s : top.sections("reaction")) {
    const std::string name = s.required("name"), equation = s.required("equation"), rate = s.required("rate");
    table.reactions.push_back({name, net_of_equation(equation, s.place("equation")), rate, s.place("rate")});
    s.reject_unknown();
  }
  for (Section s : top.sections("rate")) table.rates.push_back(read_rule(s));
  for (Section s : top.sections("assignment")) table.assignments.push_back(read_rule(s, true));
  for (Section s : top.sections("initial")) table.initial_assignments.push_back(read_rule(s));
  const auto free = [](const std::string& name, const std::string& place) {
    if (name == "t" || name == "time") throw InputError(place, "the name '" + name + "' is that of time", "give it another");
  };
  for (const auto& row : table.species) free(row.name, row.place);
  for (const auto& row : table.parameters) free(row.name, row.place);
  for (const auto& row : table.assignments) free(row.name, row.place);
  return table;
}

// Names that are not the model's, in lists that only some verbs use.
void check_lists(Section& top, const NetworkFile& network) {
  const InterpretedModel& model = *network.model;
  std::vector<std::string> states, shown, readable{"time", "t"};
  for (const auto& spec : model.states()) states.emplace_back(spec.name);
  shown = states;
  const auto assigned = model.assignment_names();
  shown.insert(shown.end(), assigned.begin(), assigned.end());
  readable.insert(readable.end(), states.begin(), states.end());
  for (const auto& spec : model.parameters()) readable.emplace_back(spec.name);
  const auto known = [&](const char* key, const std::string& name, const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw InputError(top.place(key), fmt::format("{} names '{}', which there is not", key, name), did_you_mean(name, names));
  };
  for (const auto& name : network.show) known("figures", name, shown);
  for (const auto& name : network.unknown_starts) known("unknown_starts", name, states);
  for (const auto& text : network.outputs)
    for (const auto& name : names_in(text, top.place("outputs"))) known("outputs", name, readable);
}

// Sorted by time, each at the line it is from; none after the end.
void read_events(Section& top, NetworkFile& out) {
  std::vector<std::pair<Perturbation, std::string>> events;
  for (Section s : top.sections("event")) {
    const std::string place = s.place("time_h");
    events.emplace_back(read_event(s), place);
    if (out.end_h > 0 && events.back().first.time_h > out.end_h)
      throw InputError(place, fmt::format("the event at {:.6g} h comes after the end at {:.6g} h", events.back().first.time_h, out.end_h), "correct its time, or end_h of [simulate]");
  }
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first.time_h < b.first.time_h; });
  for (auto& [event, place] : events) {
    out.schedule.push_back(std::move(event));
    out.event_places.push_back(std::move(place));
  }
}

}  // namespace

NetworkFile read_network(const fs::path& file) {
  NetworkFile out;
  out.file = file;
  if (file.extension() == ".json") {
    SuiteCase suite = read_suite_case(file);
    out.title = suite.model.name;
    out.end_h = suite.settings.duration_h;
    if (suite.settings.steps > 0) out.step_h = suite.settings.duration_h / suite.settings.steps;
    out.model = std::make_unique<InterpretedModel>(suite.model);
    values_of(out, {});
    return out;
  }
  TomlFile toml = read_toml(file, "check the path, or name a shipped network");
  Section top(toml.table, file.string(), "network");
  const ReactionTable table = read_table(top, file);
  out.title = top.text("title", table.name);
  out.question = top.text("question", "");
  out.show = top.texts("figures");
  out.outputs = top.texts("outputs");
  out.unknown_starts = top.texts("unknown_starts");
  for (Section s : top.sections("simulate")) {
    out.end_h = s.required_number("end_h");
    out.step_h = s.number("step_h", out.end_h / 100);
    for (const auto& [key, value] : {std::pair{"end_h", out.end_h}, {"step_h", out.step_h}})
      if (!(value > 0)) throw InputError(s.place(key), fmt::format("{} is not positive", key), "give hours");
    s.reject_unknown();
  }
  read_events(top, out);
  top.reject_unknown();
  out.model = std::make_unique<InterpretedModel>(table);
  check_lists(top, out);
  values_of(out, {});
  return out;
}

NetworkFile network_of_scenario(const fs::path& scenario, const std::string& name, std::map<std::string, double> set, const std::map<std::string, double>& given, NetworkValues& values) {
  const fs::path beside = scenario.parent_path() / name;
  NetworkFile out = read_network(fs::is_regular_file(beside) ? beside : shipped_network(name));
  for (const auto& [key, value] : given) set[key] = value;
  values = values_of(out, set);
  return out;
}

fs::path shipped_network(const std::string& name) {
  const char* here = std::getenv("HYPED_DATA");
  std::vector<fs::path> folders{fs::path(HYPED_SOURCE_DIR) / "experiments/networks", fs::path(HYPED_DATA_DIR) / "experiments/networks"};
  if (here != nullptr) folders.insert(folders.begin(), fs::path(here) / "experiments/networks");
  std::vector<std::string> shipped;
  for (const auto& folder : folders) {
    if (fs::exists(folder / (name + ".toml"))) return folder / (name + ".toml");
    if (fs::is_directory(folder))
      for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".toml") shipped.push_back(entry.path().stem().string());
  }
  if (fs::exists(name)) return name;
  throw InputError(name, "is neither a file nor a shipped network", shipped.empty() ? "give a path" : "shipped are " + nearest_names(name, shipped));
}

}  // namespace hyped
