// From a scenario's statements to arms, data and variants.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "experiments/scenario.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/ingest/read_published.hpp"
#include "models/delivery/active_input.hpp"
#include "models/delivery/uptake.hpp"

namespace hyped {
namespace {

// What the model or delivery code finds wrong is said with the scenario's line.
template <class Build>
auto at_place(const std::string& place, const Build& build) {
  try {
    return build();
  } catch (const InputError& error) {
    std::string text = error.what();
    if (text.rfind(error.where() + ": ", 0) == 0) text.erase(0, error.where().size() + 2);
    throw InputError(place, text);
  }
}

}  // namespace

std::vector<Arm> build_arms(const Scenario& scenario) {
  std::vector<Arm> arms;
  std::vector<std::string> known;
  for (const auto& d : scenario.deliveries) known.push_back(d.input);
  for (const auto& s : scenario.steps) known.push_back(s.input);
  for (const Arm& named : scenario.setup.arms) {
    Arm arm{named.condition, {{1, {}}}, {}};
    for (const std::string& input : scenario.arm_inputs.at(named.condition)) {
      bool found = false;
      for (const auto& d : scenario.deliveries) {
        if (d.input != input) continue;
        found = true;
        const std::string place = scenario.setup.place("delivery " + input);
        const InputCourse course = at_place(place, [&] {
          return models::active_input({models::delivery_kind(d.kind), d.dose * models::reference_dose(models::delivery_kind(d.kind)), d.from_h, d.until_h, scenario.end_h, d.parameters});
        });
        const auto uptakes = at_place(place, [&] { return models::uptake_strata(d.transfected_fraction, d.log_sd, d.dose_points); });
        // every stratum so far splits by this input's uptake; doses of two inputs are independent
        std::vector<ArmStratum> split;
        for (const ArmStratum& before : arm.strata)
          for (const auto& uptake : uptakes) {
            ArmStratum stratum = before;
            stratum.weight *= uptake.weight;
            if (uptake.relative_dose > 0) stratum.inputs[input] = course.scaled(uptake.relative_dose);
            split.push_back(stratum);
          }
        arm.strata = split;
      }
      for (const auto& s : scenario.steps) {
        if (s.input != input) continue;
        found = true;
        arm.schedule.push_back({s.from_h, input, Action::set, s.amount, ""});
        if (std::isfinite(s.until_h)) arm.schedule.push_back({s.until_h, input, Action::set, 0, ""});
      }
      if (!found)
        throw InputError(scenario.setup.place("inputs " + named.condition), fmt::format("arm '{}' names the input '{}', which no [[delivery]] or [[step]] makes", named.condition, input),
                         known.empty() ? "add one" : did_you_mean(input, known));
    }
    for (const auto& event : scenario.events)
      if (event.arms.empty() || std::find(event.arms.begin(), event.arms.end(), named.condition) != event.arms.end()) arm.schedule.push_back(event.change);
    std::stable_sort(arm.schedule.begin(), arm.schedule.end(), [](const auto& a, const auto& b) { return a.time_h < b.time_h; });
    arms.push_back(arm);
  }
  return arms;
}

namespace {

// Rates and odds are not negative, shares lie between 0 and 1; effects may be anything finite.
void check_value(const StagedModel& model, const std::string& name, double value, const std::string& place) {
  const bool share = name == labelled_fraction || name == misread_fraction;
  const int p = model.parameter_index(name);
  const bool positive = p >= 0 && model.parameters()[static_cast<std::size_t>(p)].lower >= 0;
  if (!std::isfinite(value) || (share && !(value >= 0 && value <= 1)) || (positive && value < 0))
    throw InputError(place, fmt::format("'{}' is {:.6g}", name, value), share ? "give 0 to 1" : "give 0 or more");
}

}  // namespace

void check_truth(const CycleSetup& setup, const std::map<std::string, double>& truth) {
  const auto model = make_staged(setup.model, setup.stages);
  std::vector<std::string> names{labelled_fraction, misread_fraction};
  for (const auto& spec : model->parameters()) names.emplace_back(spec.name);
  for (const auto& [name, value] : truth) {
    const std::string& place = setup.place("truth " + name);
    if (std::find(names.begin(), names.end(), name) == names.end()) throw InputError(place, "truth names '" + name + "', which is no parameter", did_you_mean(name, names));
    check_value(*model, name, value, place);
  }
}

void check_model(const CycleSetup& setup) {
  // the model grows by one statement at a time: the first that fails is at fault
  StageSettings settings = setup.stages;
  settings.effects.clear();
  at_place(setup.place("model"), [&] { make_staged(setup.model, settings); });
  for (const Effect& effect : setup.stages.effects) {
    settings.effects.push_back(effect);
    at_place(setup.place("effect " + effect.coefficient), [&] { make_staged(setup.model, settings); });
  }
  const auto model = make_staged(setup.model, settings);
  const ClassProjection projection(setup.map, *model, setup.place("reporter"));
  std::vector<std::string> names{labelled_fraction, misread_fraction};
  for (const auto& spec : model->parameters()) names.emplace_back(spec.name);
  auto known = [&](const std::string& name, const std::string& place) {
    if (std::find(names.begin(), names.end(), name) == names.end()) throw InputError(place, "there is no parameter '" + name + "'", did_you_mean(name, names));
  };
  for (const auto& choice : setup.parameters) {
    known(choice.name, setup.place("parameter " + choice.name));
    if (choice.fixed) check_value(*model, choice.name, *choice.fixed, setup.place("fixed " + choice.name));
    for (const auto& [_, value] : choice.fixed_in) check_value(*model, choice.name, value, setup.place("fixed_in " + choice.name));
  }
  for (const auto& group : setup.random_effects)
    for (const auto& name : group.parameters) known(name, setup.place("random effect " + group.name));
}

std::filesystem::path shipped_scenario(const std::string& name) {
  const char* here = std::getenv("HYPED_DATA");
  std::vector<std::filesystem::path> folders;
  if (here != nullptr) folders.emplace_back(std::filesystem::path(here) / "experiments/scenarios");
  folders.emplace_back(std::filesystem::path(HYPED_SOURCE_DIR) / "experiments/scenarios");
  folders.emplace_back(std::filesystem::path(HYPED_DATA_DIR) / "experiments/scenarios");
  std::vector<std::string> shipped;
  for (const auto& folder : folders) {
    const auto file = folder / (name + ".toml");
    if (std::filesystem::exists(file)) return file;
    if (std::filesystem::is_directory(folder))
      for (const auto& entry : std::filesystem::directory_iterator(folder)) shipped.push_back(entry.path().stem().string());
  }
  if (std::filesystem::exists(name)) {
    const auto kind = std::filesystem::path(name).extension();
    if (kind == ".csv" || kind == ".tsv" || kind == ".h5" || std::filesystem::is_directory(name))
      throw InputError(name, "is no scenario (a TOML file)", "the scenario comes first, then the data: hyped cycle fit SCENARIO DATA");
    return name;
  }
  throw InputError(name, "is neither a file nor a shipped scenario", shipped.empty() ? "give a path" : "shipped are " + nearest_names(name, shipped));
}

PhaseCounts read_data(const Scenario& scenario, const std::string& file) {
  const DataSource& source = scenario.data;
  std::filesystem::path path = file.empty() ? source.file : file;
  if (path.empty()) throw InputError(scenario.file.string(), "no data file is named", "give it after the scenario, or as file = \"...\" in [data]");
  if (path.is_relative() && file.empty()) path = scenario.file.parent_path() / path;
  PhaseCounts data;
  if (source.format == "phase_counts") data = read_phase_counts(path, source.columns);
  else if (source.format == "au565") data = read_au565(path);
  else if (source.format == "bj_channels") {
    if (!(source.frame_interval_h > 0)) throw InputError(scenario.setup.place("data format"), "[data] has no frame_interval_h", "say which interval holds: 25 min (axis label) or 22.3 min (tracks)");
    data = read_bj_channels(path, source.frame_interval_h);
  } else if (source.format == "nuclei_counts") {
    data = read_nuclei_counts(path, {source.stage2_start_h, source.frame_interval_h > 0 ? source.frame_interval_h : 1.0 / 3});
  } else {
    const std::vector<std::string> formats{"phase_counts", "au565", "bj_channels", "nuclei_counts"};
    throw InputError(scenario.setup.place("data format"), "there is no data format '" + source.format + "'", "use " + nearest_names(source.format, formats));
  }
  for (const auto& out : source.leave_out) {
    if (std::erase_if(data.wells, [&](const WellSeries& well) { return well.condition == out.condition && well.well == out.well; }) == 0)
      throw InputError(scenario.file.string(), fmt::format("leave_out names well '{}' of '{}', which {} does not have", out.well, out.condition, data.source), "correct its names or take it out");
    data.notes.push_back(fmt::format("Well '{}' of '{}' is left out: {}", out.well, out.condition, out.why));
  }
  std::set<std::string> present;
  for (auto& well : data.wells) {
    present.insert(well.condition);
    const auto renamed = source.rename.find(well.condition);
    if (renamed != source.rename.end()) well.condition = renamed->second;
  }
  for (const auto& [from, to] : source.rename)
    if (!present.contains(from)) throw InputError(scenario.setup.place("data rename"), "rename names the condition '" + from + "', which " + data.source + " does not have", "the data have " + nearest_names(from, std::vector<std::string>(present.begin(), present.end())));
  for (const auto& name : data.classes)
    if (std::none_of(scenario.setup.map.classes.begin(), scenario.setup.map.classes.end(), [&](const auto& seen) { return seen.name == name; }))
      data.notes.push_back("class '" + name + "' of the data is not in the class map and is not used");
  std::set<std::string> wanted(source.conditions.begin(), source.conditions.end());
  if (!wanted.empty()) {
    const auto before = data.wells.size();
    std::erase_if(data.wells, [&](const WellSeries& well) { return !wanted.contains(well.condition); });
    data.notes.push_back(fmt::format("{} of {} wells are used: conditions {}", data.wells.size(), before, fmt::join(wanted, ", ")));
  }
  return data;
}

bool is_shown(const Scenario& scenario, const std::string& name) {
  const auto at = name.find('@');
  const std::string arm = at == name.npos ? name : name.substr(at + 1);
  if (scenario.figures.empty()) return true;
  if (at == name.npos && !scenario.arm_inputs.contains(arm)) return true;      // a shared parameter
  return std::find(scenario.figures.begin(), scenario.figures.end(), arm) != scenario.figures.end();
}

CycleSetup with_variant(const Scenario& scenario, const ModelVariant& variant) {
  CycleSetup setup = scenario.setup;
  setup.where = variant.place;      // what is wrong from here on is the variant's doing
  setup.places.clear();
  if (variant.model) {
    setup.model = *variant.model;
    setup.stages.stages.clear();      // phases of the other model
    setup.stages.start_parts.clear();
  }
  if (variant.start) setup.start = *variant.start == "steady" ? StartKind::steady : StartKind::odds;
  for (const auto& [phase, stages] : variant.stages) setup.stages.stages[phase] = stages;
  for (const auto& [phase, parts] : variant.start_parts) setup.stages.start_parts[phase] = parts;
  for (const auto& name : variant.without_effects) {
    const auto removed = std::erase_if(setup.stages.effects, [&](const Effect& effect) { return effect.coefficient == name; });
    if (removed == 0) {
      std::vector<std::string> names;
      for (const auto& effect : setup.stages.effects) names.push_back(effect.coefficient);
      throw InputError(setup.where, "variant '" + variant.name + "' drops the effect '" + name + "', which there is not", did_you_mean(name, names));
    }
    std::erase_if(setup.parameters, [&](const ParameterChoice& choice) { return choice.name == name; });
  }
  for (const auto& effect : variant.with_effects) setup.stages.effects.push_back(effect);
  for (const auto& choice : variant.parameters) {
    std::erase_if(setup.parameters, [&](const ParameterChoice& old) { return old.name == choice.name; });
    setup.parameters.push_back(choice);
  }
  if (variant.map) setup.map = *variant.map;
  if (variant.model || !variant.start_parts.empty()) {      // choices for parameters the model as stated had and this one does not
    const auto model = at_place(variant.place, [&] { return make_staged(setup.model, setup.stages); });
    std::erase_if(setup.parameters, [&](const ParameterChoice& choice) {
      return model->parameter_index(choice.name) < 0 && choice.name != labelled_fraction && choice.name != misread_fraction;
    });
  }
  if (!variant.random_effects.empty()) setup.random_effects = variant.random_effects;
  return setup;
}

}  // namespace hyped
