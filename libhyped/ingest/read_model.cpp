// JSON to reaction table.
#include "libhyped/ingest/read_model.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

using Json = nlohmann::ordered_json;

double number_in(const std::string& text, double otherwise) { return text.empty() ? otherwise : std::stod(text); }

SuiteSettings settings_of(const Json& given) {
  SuiteSettings settings;
  const auto text = [&](const char* key) { return given.value(key, std::string()); };
  settings.start_h = number_in(text("start"), 0);
  settings.duration_h = number_in(text("duration"), 0);
  settings.steps = static_cast<int>(number_in(text("steps"), 0));
  std::stringstream list(text("variables"));
  for (std::string name; std::getline(list, name, ',');) {
    name.erase(0, name.find_first_not_of(' '));
    settings.variables.push_back(name);
  }
  std::sscanf(text("meanRange").c_str(), " ( %lf , %lf )", &settings.mean_low, &settings.mean_high);
  std::sscanf(text("sdRange").c_str(), " ( %lf , %lf )", &settings.sd_low, &settings.sd_high);
  return settings;
}

// Species whose name in an expression is a concentration: the name of its compartment, where that is not of size 1.
using Concentrations = std::map<std::string, std::string>;

// The same expression with amounts over compartment sizes for concentrations.
std::string with_amounts(const std::string& text, const Concentrations& concentrations) {
  static const std::regex name("[A-Za-z_][A-Za-z_0-9]*");
  std::string out;
  auto from = text.begin();
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    const auto found = concentrations.find(at->str());
    out.append(from, (*at)[0].first);
    out += found == concentrations.end() ? at->str() : "(" + found->first + "/" + found->second + ")";
    from = (*at)[0].second;
  }
  return out.append(from, text.end());
}

ReactionTable table_of(const Json& given, const std::string& file) {
  const auto place = [&](const std::string& name) { return file + ", " + name; };
  ReactionTable table;
  table.name = given.value("case", std::string());
  table.name += (table.name.empty() ? "" : " ") + given.value("id", std::string("model"));
  table.where = file;
  for (const auto& [name, size] : given.at("compartments").items()) table.parameters.push_back({name, "1", "compartment size", size.get<double>(), 0, 0, place(name)});
  for (const auto& [name, value] : given.at("parameters").items()) table.parameters.push_back({name, "1", "", value.get<double>(), 0, 0, place(name)});
  Concentrations concentrations;
  for (const auto& [name, s] : given.at("species").items()) {
    const std::string compartment = s.value("compartment", std::string());
    const double size = given.at("compartments").value(compartment, 1.0), initial = s.at("initial").get<double>();
    if (!s.value("hasOnlySubstanceUnits", true) && size != 1) {
      concentrations[name] = compartment;
      if (given.at("rate_rules").contains(name) || given.at("initial_assignments").contains(name))
        throw InputError(place(name), "a rule sets it as a concentration in a compartment whose size is not 1", "write the rule in amounts");
    }
    const bool by_size = s.value("initial_kind", std::string("amount")) == "concentration";
    table.species.push_back({name, "1", by_size ? initial * size : initial, s.value("boundary", false) || s.value("constant", false), place(name)});
  }
  for (const auto& rule : given.at("assignment_rules"))
    if (const auto name = rule.at(0).get<std::string>(); concentrations.contains(name))
      throw InputError(place(name), "a rule sets it as a concentration in a compartment whose size is not 1", "write the rule in amounts");
  const auto in_amounts = [&](const Json& text) { return with_amounts(text.get<std::string>(), concentrations); };
  for (const auto& rule : given.at("assignment_rules")) table.assignments.push_back({rule.at(0).get<std::string>(), in_amounts(rule.at(1)), place(rule.at(0).get<std::string>())});
  for (const auto& [name, text] : given.at("initial_assignments").items()) table.initial_assignments.push_back({name, in_amounts(text), place(name)});
  for (const auto& [name, text] : given.at("rate_rules").items()) table.rates.push_back({name, in_amounts(text), place(name)});
  for (const auto& r : given.at("reactions")) {
    ReactionTable::Reaction reaction{r.at("id").get<std::string>(), {}, in_amounts(r.at("rate")), place(r.at("id").get<std::string>())};
    for (const auto& [species, change] : r.at("net").items()) reaction.net[species] = change.get<double>();
    // local parameters are the reaction's own: their names in its rate get its name in front
    if (r.contains("local_parameters") && !r.at("local_parameters").empty())
      throw InputError(reaction.place, "it has local parameters", "promote them to parameters of the model");
    table.reactions.push_back(std::move(reaction));
  }
  if (!given.at("events").empty()) throw InputError(file, fmt::format("the model has {} events in its own format", given.at("events").size()), "write them as [[event]] of a TOML model");
  return table;
}

}  // namespace

SuiteCase read_suite_case(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw InputError(file.string(), "cannot be read", "check the path");
  try {
    const Json given = Json::parse(in);
    return {table_of(given, file.string()), given.contains("settings") ? settings_of(given.at("settings")) : SuiteSettings{}};
  } catch (const Json::exception& error) {
    throw InputError(file.string(), std::string("is no flat model: ") + error.what(), "expected species, parameters, reactions with net and rate");
  }
}

}  // namespace hyped
