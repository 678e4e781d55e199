// TOML to Scenario, every key checked.
#include "experiments/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "experiments/planning/systems/schedule_file.hpp"
#include "experiments/scenario_section.hpp"
#include "experiments/twin/cells/read_cells.hpp"
#include "fitting/independent_likelihood.hpp"
#include "libhyped/errors.hpp"

namespace hyped {
namespace {

ClassMap read_reporter(Section s, std::map<std::string, std::string>* places = nullptr) {
  ClassMap map;
  map.reporter = reporter_named(s.required("type"), s.place("type"));
  map.partition = s.flag("partition", true);
  for (Section c : s.sections("classes")) {
    map.classes.push_back({c.required("name"), c.texts("phases"), c.flag("every_cell", false)});
    if (places != nullptr) (*places)["class " + map.classes.back().name] = c.place("name");
    c.reject_unknown();
  }
  if (map.classes.empty()) throw InputError(s.place("classes"), "[reporter] has no classes", "write classes = [{name = \"G1\", phases = [\"G1\"]}, ...]");
  s.reject_unknown();
  return map;
}

Effect read_effect(Section s) {
  Effect effect{s.required("name"), s.texts("inputs"), s.texts("rates")};
  s.reject_unknown();
  return effect;
}

ParameterChoice read_parameter(Section s) {
  ParameterChoice p;
  p.name = s.required("name");
  p.fixed = s.number("fixed");
  p.fixed_in = s.map<double>("fixed_in");
  p.per_condition = s.flag("per_condition", false);
  p.conditions = s.texts("conditions");
  p.lower = s.number("lower");
  p.upper = s.number("upper");
  p.start = s.number("start");
  if (const auto scale = s.text("scale")) {
    if (*scale != "log10" && *scale != "linear") throw InputError(s.place("scale"), "scale '" + *scale + "' is unknown", "use \"log10\" or \"linear\"");
    p.scale = *scale == "log10" ? SearchScale::log10 : SearchScale::linear;
  }
  for (Section prior : s.sections("prior")) {
    p.prior = NormalPrior{prior.required_number("mean"), prior.required_number("sd")};
    if (!(p.prior->sd > 0)) throw InputError(prior.place("sd"), "the prior's sd is not positive", "give a positive sd on the search scale");
    prior.reject_unknown();
  }
  if (p.fixed && (p.per_condition || p.prior)) throw InputError(s.place("fixed"), "parameter '" + p.name + "' is fixed and has a prior or values per condition", "drop one");
  s.reject_unknown();
  return p;
}

std::map<std::string, int> read_stages(Section& s, const std::string& key = "stages") {
  std::map<std::string, int> stages;
  for (const auto& [phase, count] : s.map<std::int64_t>(key)) stages[phase] = static_cast<int>(count);
  return stages;
}

RandomEffectGroup read_random_effect(Section s) {
  RandomEffectGroup group{s.required("name"), s.texts("parameters"), s.number("assumed_sd"), s.text("assumed_from", "")};
  if (group.assumed_sd.has_value() == group.assumed_from.empty())
    throw InputError(s.place("assumed_sd"), "'" + group.name + "' has only one of assumed_sd and assumed_from", "an assumed spread needs both its value and where it is from");
  s.reject_unknown();
  return group;
}

StartKind start_named(const std::string& name, const std::string& place) {
  if (name != "odds" && name != "steady") throw InputError(place, "start '" + name + "' is unknown", "use \"odds\" or \"steady\"");
  return name == "steady" ? StartKind::steady : StartKind::odds;
}

void read_model(Section s, CycleSetup& setup) {
  setup.model = s.required("name");
  setup.stages.stages = read_stages(s);
  setup.stages.start_parts = read_stages(s, "start_parts");
  setup.start = start_named(s.text("start", "odds"), s.place("start"));
  setup.steady_condition = s.text("steady_condition", "");
  setup.start_h = s.number("start_h", 0);
  setup.stages.density_rates = s.texts("density_rates");
  setup.stages.density_reference = s.number("density_reference", 0);
  s.reject_unknown();
}

DataSource read_source(Section s) {
  DataSource d;
  d.format = s.text("format", "phase_counts");
  d.file = s.text("file", "");
  d.frame_interval_h = s.number("frame_interval_h", 0);
  d.frame_interval_alternative_h = s.number("frame_interval_alternative_h", 0);
  if (d.frame_interval_alternative_h != 0 && (d.format != "bj_channels" || !(d.frame_interval_alternative_h > 0)))
    throw InputError(s.place("frame_interval_alternative_h"), "an alternative frame interval is for times counted in frames", "give positive hours, with format = \"bj_channels\"");
  for (Section w : s.sections("leave_out")) {
    d.leave_out.push_back({w.required("condition"), w.required("well"), w.required("why")});
    w.reject_unknown();
  }
  d.stage2_start_h = s.number("stage2_start_h", 24);
  d.from_h = s.number("from_h", d.from_h);
  d.rename = s.map<std::string>("rename");
  d.conditions = s.texts("conditions");
  for (Section c : s.sections("columns")) {
    d.columns.condition = c.text("condition", d.columns.condition);
    d.columns.well = c.text("well", d.columns.well);
    d.columns.time = c.text("time", d.columns.time);
    d.columns.class_name = c.text("class", d.columns.class_name);
    d.columns.count = c.text("count", d.columns.count);
    d.columns.class_columns = c.texts("classes");
    d.columns.hours_per_time_unit = c.number("hours_per_time_unit", 1);
    c.reject_unknown();
  }
  const std::string quantity = s.text("quantity", "count");
  const std::map<std::string, Quantity> kinds{{"count", Quantity::count}, {"fraction", Quantity::fraction}, {"relative_total", Quantity::relative_total}};
  if (!kinds.contains(quantity)) throw InputError(s.place("quantity"), "quantity '" + quantity + "' is unknown", "use \"count\", \"fraction\" or \"relative_total\"");
  d.columns.quantity = kinds.at(quantity);
  s.reject_unknown();
  return d;
}

TwinSettings read_twin(Section s, std::map<std::string, std::string>& places) {
  TwinSettings t;
  for (const auto& [arm, wells] : s.map<std::int64_t>("wells")) {
    if (wells < 1) throw InputError(s.place("wells", arm), fmt::format("arm '{}' has {} wells", arm, wells), "give at least 1");
    t.wells[arm] = static_cast<int>(wells);
  }
  const auto within = [&](const char* key, double& value, double low, double high) {
    value = s.number(key, value);
    if (!(value >= low && value <= high)) throw InputError(s.place(key), fmt::format("{} is {:.6g}", key, value), std::isfinite(high) ? fmt::format("give {:.6g} to {:.6g}", low, high) : fmt::format("give {:.6g} or more", low));
  };
  const double no_end = std::numeric_limits<double>::infinity();
  within("cells_per_well", t.cells_per_well, 1, no_end);
  within("seeding_spread", t.seeding_spread, 0, no_end);
  within("rate_spread", t.rate_spread, 0, no_end);
  within("sister_correlation", t.sister_correlation, 0, 1);
  within("missed", t.missed, 0, 1);
  t.truth = s.map<double>("truth");
  for (const auto& [name, value] : t.truth) places["truth " + name] = s.place("truth", name);
  const auto interval = s.number("frame_interval_h"), until = s.number("until_h");
  if (interval.has_value() != until.has_value()) throw InputError(s.place("frame_interval_h"), "[twin] has only one of frame_interval_h and until_h", "give both, or neither for HYPED's 67 + 137 frames");
  if (interval)
    for (int i = 0; i * *interval <= *until + 1e-9; ++i) t.times_h.push_back(i * *interval);
  else t.times_h = hyped_frames();
  s.reject_unknown();
  return t;
}

}  // namespace

Scenario read_scenario(const std::filesystem::path& file) {
  Scenario out;
  out.file = file;
  TomlFile toml = read_toml(file, "check the path, or name a shipped scenario");
  out.text = std::move(toml.text);
  Section top(toml.table, file.string(), "scenario");
  if (top.has("schedule_of")) return read_scheduled(top, file, out.text);      // a plan: an arm of another scenario
  out.setup.where = file.string();
  out.name = top.text("name", file.stem().string());
  out.title = top.text("title", out.name);
  out.question = top.text("question", "");
  out.end_h = top.number("end_h", 72);
  auto models = top.sections("model");
  if (models.size() != 1) throw InputError(file.string(), "there must be one [model]", "add it");
  read_model(models[0], out.setup);
  auto& places = out.setup.places;
  for (Section s : top.sections("model")) places["model"] = s.place("name");
  for (Section s : top.sections("reporter")) {
    out.setup.map = read_reporter(s, &places);
    places["reporter"] = s.place("classes");
  }
  if (out.setup.map.classes.empty()) throw InputError(file.string(), "there is no [reporter]", "say type and classes: the channel map is never guessed");
  for (Section s : top.sections("data")) {
    out.data = read_source(s);
    for (const char* key : {"format", "file", "frame_interval_h", "rename"}) places[std::string("data ") + key] = s.place(key);
  }
  out.setup.first_frame_h = out.data.from_h;
  out.data.columns.classes_partition_cells = out.setup.map.partition;
  for (Section s : top.sections("delivery")) {
    DeliveredInput d{s.required("input"), s.required("kind"), s.number("dose", 1), s.required_number("from_h"), s.number("until_h", std::numeric_limits<double>::infinity()),
                     s.number("transfected_fraction", 1), s.number("log_sd", 0), s.integer("dose_points", 1), s.map<double>("parameters")};
    places["delivery " + d.input] = s.place("kind");
    s.reject_unknown();
    out.deliveries.push_back(d);
  }
  for (Section s : top.sections("step")) {
    out.steps.push_back({s.required("input"), s.required_number("from_h"), s.number("until_h", std::numeric_limits<double>::infinity()), s.number("amount", 1)});
    for (const double time : {out.steps.back().from_h, out.steps.back().until_h}) places[fmt::format("event {} {}", out.steps.back().input, time)] = s.place(time == out.steps.back().from_h ? "from_h" : "until_h");
    s.reject_unknown();
  }
  std::vector<std::string> arms;
  for (Section s : top.sections("arm")) {
    const std::string condition = s.required("condition");
    if (out.arm_inputs.contains(condition)) throw InputError(s.place("condition"), "arm '" + condition + "' is there twice", "name it once");
    out.arm_inputs[condition] = s.texts("inputs");
    places["arm " + condition] = s.place("condition");
    places["inputs " + condition] = s.place("inputs");
    arms.push_back(condition);
    s.reject_unknown();
  }
  for (Section s : top.sections("event")) {
    ScenarioEvent event;
    const std::string action = s.text("action", "scale");
    const std::map<std::string, Action> actions{{"set", Action::set}, {"add", Action::add}, {"scale", Action::scale}};
    if (!actions.contains(action)) throw InputError(s.place("action"), "action '" + action + "' is unknown", "use \"set\", \"add\" or \"scale\"");
    event.change = {s.required_number("time_h"), s.text("target", "cells"), actions.at(action), s.number("amount", 1), s.text("amount_parameter", "")};
    if (event.change.action == Action::scale && event.change.amount < 0) throw InputError(s.place("amount"), fmt::format("the event scales by {:.6g}", event.change.amount), "give a factor of 0 or more");
    event.arms = s.texts("arms");
    places[fmt::format("event {} {}", event.change.target, event.change.time_h)] = s.place("time_h");
    event.label = s.text("label", "");
    for (const auto& arm : event.arms)
      if (!out.arm_inputs.contains(arm)) throw InputError(s.place("arms"), "there is no arm '" + arm + "'", did_you_mean(arm, arms));
    s.reject_unknown();
    out.events.push_back(event);
  }
  for (Section s : top.sections("event_parameter")) {
    out.setup.stages.event_parameters.push_back({s.required("name"), s.text("unit", "1"), s.text("meaning", ""), s.required_number("value"), s.required_number("lower"), s.required_number("upper")});
    s.reject_unknown();
  }
  for (Section s : top.sections("effect")) {
    out.setup.stages.effects.push_back(read_effect(s));
    places["effect " + out.setup.stages.effects.back().coefficient] = s.place("rates");
  }
  for (Section s : top.sections("parameter")) {
    out.setup.parameters.push_back(read_parameter(s));
    places["parameter " + out.setup.parameters.back().name] = s.place("name");
    for (const char* key : {"fixed", "fixed_in"}) places[fmt::format("{} {}", key, out.setup.parameters.back().name)] = s.place(key);
  }
  for (Section s : top.sections("random_effect")) {
    out.setup.random_effects.push_back(read_random_effect(s));
    places["random effect " + out.setup.random_effects.back().name] = s.place("parameters");
  }
  for (Section s : top.sections("fit")) {
    out.setup.block_h = s.number("block_h", 1);
    if (!(out.setup.block_h >= 0)) throw InputError(s.place("block_h"), "block_h is negative", "give hours, 0 for every frame by itself");
    out.fit.starts = s.integer("starts", out.fit.starts);
    if (out.fit.starts < 1) throw InputError(s.place("starts"), "starts is not positive", "give at least 1");
    out.fit.round_limit = s.integer("round_limit", out.fit.round_limit);
    out.fit.sister = s.number("sister_correlation");
    out.fit.detection = s.number("detection_variance");
    out.fit.unit_variance = s.number("unit_variance");
    out.fit.open_field = s.flag("open_field", false);
    out.fit.random_effects = s.flag("random_effects", true);
    out.profiles = s.texts("profiles");
    places["profiles"] = s.place("profiles");
    out.independent = s.texts("independent");
    for (const auto& noise : out.independent) independent_noise_named(noise, s.place("independent"));
    out.bootstrap_wells = s.integer("bootstrap_wells", 0);
    out.bootstrap_parametric = s.integer("bootstrap_parametric", 0);
    out.compare_in_fit = s.flag("compare", false);
    s.reject_unknown();
  }
  for (Section s : top.sections("compare")) {
    ModelVariant v;
    v.name = s.required("name");
    v.place = s.place("name");
    v.model = s.text("model");
    v.start = s.text("start");
    v.stages = read_stages(s);
    v.start_parts = read_stages(s, "start_parts");
    v.without_effects = s.texts("without_effects");
    for (Section e : s.sections("effect")) v.with_effects.push_back(read_effect(e));
    for (Section p : s.sections("parameter")) v.parameters.push_back(read_parameter(p));
    for (Section r : s.sections("reporter")) v.map = read_reporter(r);
    for (Section r : s.sections("random_effect")) v.random_effects.push_back(read_random_effect(r));
    if (v.start) start_named(*v.start, s.place("start"));
    s.reject_unknown();
    out.variants.push_back(v);
  }
  for (Section s : top.sections("reference")) {
    out.references.push_back({s.required("condition"), s.required("parameter"), s.required("quantity"), s.required("unit"), s.required("source"), s.required_number("value")});
    s.reject_unknown();
  }
  out.figures = top.texts("figures");
  std::vector<std::string> named = out.figures;
  for (const auto& reference : out.references) named.push_back(reference.condition);
  for (const auto& arm : named)
    if (!out.arm_inputs.contains(arm)) throw InputError(file.string(), "figures or a [[reference]] name the arm '" + arm + "', which there is not", did_you_mean(arm, arms));
  for (Section s : top.sections("predict")) {
    out.predict = PredictSettings{s.required("held_out"), s.required("control"), s.texts("singles"), s.integer("interval_times", 4)};
    if (out.predict->interval_times < 0) throw InputError(s.place("interval_times"), "interval_times is negative", "give a number of times, 0 for none");
    std::vector<std::pair<std::string, std::string>> named{{"held_out", out.predict->held_out}, {"control", out.predict->control}};
    for (const auto& single : out.predict->singles) named.emplace_back("singles", single);
    for (const auto& [key, arm] : named)
      if (!out.arm_inputs.contains(arm)) throw InputError(s.place(key), "there is no arm '" + arm + "'", did_you_mean(arm, arms));
    s.reject_unknown();
  }
  for (Section s : top.sections("twin")) out.twin = read_twin(s, places);
  for (Section s : top.sections("cells")) {
    out.cells = read_cells(s, arms, out.deliveries);
    if (!out.twin) throw InputError(s.place("library"), "[cells] needs the truth of [twin]", "add [twin]: the phases of sequenced cells come from it");
  }
  top.reject_unknown();
  for (const auto& condition : arms) out.setup.arms.push_back({condition, {}, {}});      // order of the file
  out.setup.arms = build_arms(out);
  check_model(out.setup);
  if (out.twin) check_truth(out.setup, out.twin->truth);
  for (const ModelVariant& variant : out.variants) check_model(with_variant(out, variant));
  return out;
}

}  // namespace hyped
