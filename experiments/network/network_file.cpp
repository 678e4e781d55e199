// TOML and JSON to InterpretedModel.
#include "experiments/network/network_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "experiments/scenario_section.hpp"
#include "libhyped/ingest/read_model.hpp"

namespace hyped {
namespace fs = std::filesystem;
namespace {

ReactionTable::Rule read_rule(Section s) {
  ReactionTable::Rule rule{s.required("name"), s.required("expression"), s.place("expression")};
  s.reject_unknown();
  return rule;
}

Perturbation read_event(Section s) {
  const std::string action = s.text("action", "set");
  const std::map<std::string, Action> actions{{"set", Action::set}, {"add", Action::add}, {"scale", Action::scale}};
  if (!actions.contains(action)) throw InputError(s.place("action"), "action '" + action + "' is unknown", "use \"set\", \"add\" or \"scale\"");
  Perturbation event{s.required_number("time_h"), s.required("target"), actions.at(action), s.number("amount", 1), s.text("amount_parameter", "")};
  s.reject_unknown();
  return event;
}

ReactionTable read_table(Section& top, const fs::path& file) {
  ReactionTable table;
  table.name = top.text("name", file.stem().string());
  table.where = file.string();
  for (Section s : top.sections("species")) {
    table.species.push_back({s.required("name"), s.text("unit", "1"), s.number("initial", 0), s.flag("constant", false), s.place("name")});
    s.reject_unknown();
  }
  for (Section s : top.sections("parameter")) {
    table.parameters.push_back({s.required("name"), s.text("unit", "1"), s.text("meaning", ""), s.required_number("value"), s.number("lower", 0), s.number("upper", 0), s.place("name")});
    s.reject_unknown();
  }
  for (Section s : top.sections("reaction")) {
    const std::string name = s.required("name"), equation = s.required("equation"), rate = s.required("rate");
    table.reactions.push_back({name, net_of_equation(equation, s.place("equation")), rate, s.place("rate")});
    s.reject_unknown();
  }
  for (Section s : top.sections("rate")) table.rates.push_back(read_rule(s));
  for (Section s : top.sections("assignment")) table.assignments.push_back(read_rule(s));
  for (Section s : top.sections("initial")) table.initial_assignments.push_back(read_rule(s));
  return table;
}

// A reaction that runs backwards at the start has a wrong sign somewhere, or is two reactions.
void check_rates(const InterpretedModel& model) {
  const auto& reactions = model.table().reactions;
  std::vector<double> rates(reactions.size());
  model.propensities(0, model.default_state(), model.default_parameters(), rates);
  for (std::size_t r = 0; r < rates.size(); ++r)
    if (rates[r] < 0) throw InputError(reactions[r].place, fmt::format("reaction '{}' has the negative rate {:.4g} at the start", reactions[r].name, rates[r]), "correct its sign, or split a reversible reaction in two");
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
    check_rates(*out.model);
    return out;
  }
  std::ifstream stream(file);
  if (!stream) throw InputError(file.string(), "cannot be read", "check the path, or name a shipped network");
  std::stringstream text;
  text << stream.rdbuf();
  toml::table parsed;
  try {
    parsed = toml::parse(text.str(), file.string());
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}", file.string(), error.source().begin.line), std::string(error.description()), "correct the TOML");
  }
  Section top(parsed, file.string(), "network");
  const ReactionTable table = read_table(top, file);
  out.title = top.text("title", table.name);
  out.question = top.text("question", "");
  out.show = top.texts("figures");
  out.outputs = top.texts("outputs");
  out.unknown_starts = top.texts("unknown_starts");
  for (Section s : top.sections("event")) out.schedule.push_back(read_event(s));
  for (Section s : top.sections("simulate")) {
    out.end_h = s.required_number("end_h");
    out.step_h = s.number("step_h", out.end_h / 100);
    if (!(out.end_h > 0) || !(out.step_h > 0)) throw InputError(s.place("end_h"), "end_h and step_h must be positive", "give hours");
    s.reject_unknown();
  }
  top.reject_unknown();
  out.model = std::make_unique<InterpretedModel>(table);
  check_rates(*out.model);
  std::stable_sort(out.schedule.begin(), out.schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
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
      for (const auto& entry : fs::directory_iterator(folder)) shipped.push_back(entry.path().stem().string());
  }
  if (fs::exists(name)) return name;
  throw InputError(name, "is neither a file nor a shipped network", shipped.empty() ? "give a path" : "shipped are " + nearest_names(name, shipped));
}

}  // namespace hyped
