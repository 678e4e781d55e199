// TOML to PlanScenario, every key checked.
#include "experiments/planning/plan/plan_scenario.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/scenario_section.hpp"

namespace hyped {
namespace {

constexpr double at_harvest = std::numeric_limits<double>::quiet_NaN();

template <class Enum>
Enum named(Section& s, const std::string& key, const std::string& otherwise, const std::map<std::string, Enum>& kinds) {
  const std::string text = s.text(key, otherwise);
  if (const auto found = kinds.find(text); found != kinds.end()) return found->second;
  std::vector<std::string> valid;
  for (const auto& [name, kind] : kinds) valid.push_back(name);
  throw InputError(s.place(key), fmt::format("{} '{}' is unknown", key, text), "use " + nearest_names(text, valid));
}

double positive(Section& s, const std::string& key, double otherwise, bool zero = false) {
  const double value = s.number(key, otherwise);
  if (!((value > 0 || (zero && value == 0)) && std::isfinite(value))) throw InputError(s.place(key), fmt::format("{} is {:.6g}", key, value), zero ? "give 0 or more, finite" : "give a positive, finite number");
  return value;
}

int count(Section& s, const std::string& key, int otherwise, int least) {
  const int value = s.integer(key, otherwise);
  if (value < least) throw InputError(s.place(key), fmt::format("{} is {}", key, value), fmt::format("give {} or more", least));
  return value;
}

// [low, high], or one number for both.
std::pair<double, double> range(Section& s, const std::string& key, double low, double high) {
  if (!s.has(key)) return {low, high};
  const auto values = s.numbers(key);
  if (values.empty() || values.size() > 2) throw InputError(s.place(key), fmt::format("'{}' has {} numbers", key, values.size()), "write [least, most], or [value]");
  if (values.back() < values.front()) throw InputError(s.place(key), fmt::format("'{}' runs from {:.6g} down to {:.6g}", key, values.front(), values.back()), "the smaller one comes first");
  return {values.front(), values.back()};
}

control::InputLimits read_input(Section s) {
  control::InputLimits input;
  input.name = s.required("name");
  input.unit = s.text("unit", input.unit);
  const std::string shape = s.text("shape", "pulses");
  if (shape != "pulses" && shape != "free") throw InputError(s.place("shape"), "shape '" + shape + "' is unknown", "use \"pulses\" or \"free\"");
  input.free = shape == "free";
  for (const char* key : {"start_h", "duration_h", "pulses", "gap_h"})
    if (input.free && s.has(key)) throw InputError(s.place(key), std::string("an input of free shape has no ") + key, "its levels over time are what is looked for: leave it out");
  std::tie(input.lowest, input.highest) = range(s, "amount", 0, 1);
  std::tie(input.earliest_h, input.latest_h) = range(s, "start_h", 0, 0);
  std::tie(input.shortest_h, input.longest_h) = range(s, "duration_h", control::never_h, control::never_h);
  const auto pulses = range(s, "pulses", 1, 1);
  input.fewest = static_cast<int>(pulses.first), input.most = static_cast<int>(pulses.second);
  if (input.fewest < 0 || pulses.first != input.fewest || pulses.second != input.most) throw InputError(s.place("pulses"), "pulses must be whole numbers from 0", "write [0, 2]");
  if (input.lowest < 0 || !std::isfinite(input.highest)) throw InputError(s.place("amount"), fmt::format("the amount of '{}' runs from {:.6g} to {:.6g}", input.name, input.lowest, input.highest), "an amount is finite and not negative");
  if (!std::isfinite(input.earliest_h) || !std::isfinite(input.latest_h)) throw InputError(s.place("start_h"), "a start of '" + input.name + "' is not finite", "give hours");
  if (!(input.shortest_h > 0)) throw InputError(s.place("duration_h"), fmt::format("'{}' may last {:.6g} h", input.name, input.shortest_h), "give more than 0 h; without duration_h it is not washed out");
  input.total = s.number("total", control::never_h);
  input.gap_h = positive(s, "gap_h", 0, true);
  if (const double least = (input.most - 1) * (input.gap_h + (std::isfinite(input.shortest_h) ? input.shortest_h : 0)); input.most > 1 && least > input.latest_h - input.earliest_h)
    throw InputError(s.place("gap_h"), fmt::format("{} pulses of '{}' cannot stand {:.6g} h apart: their starts may lie between {:.6g} and {:.6g} h", input.most, input.name, input.gap_h, input.earliest_h, input.latest_h), "allow fewer pulses, a smaller gap_h or a longer start_h");
  s.reject_unknown();
  return input;
}

StatedQuantity read_quantity(Section& s, const std::string& otherwise) {
  StatedQuantity q;
  q.quantity = s.text("quantity", s.has("genes") ? "level" : otherwise);
  q.of = s.texts("phases");
  for (const auto& gene : s.texts("genes")) q.of.push_back(gene);
  q.time_h = s.number("time_h", at_harvest);
  q.at_dosing = s.text("at_dosing_of", "");
  q.place = s.place("quantity");
  if (!q.at_dosing.empty() && std::isfinite(q.time_h)) throw InputError(s.place("time_h"), "a quantity has its time and is at a dosing", "give one of the two");
  return q;
}

void read_target(Section s, PlanScenario& out, const std::string& quantity) {
  out.distance = named<control::PlanDistance>(s, "distance", "root_mean_square", {{"root_mean_square", control::PlanDistance::root_mean_square}, {"mean_square", control::PlanDistance::mean_square}});
  out.within = positive(s, "within", 0, true);
  for (Section t : s.sections("term")) {
    StatedTerm term;
    term.quantity = read_quantity(t, quantity);
    term.term.name = t.required("name");
    term.term.value = t.required_number("value");
    term.term.scale = positive(t, "scale", 1);
    term.term.weight = positive(t, "weight", 1);
    term.term.side = named<control::Side>(t, "side", "equal", {{"equal", control::Side::equal}, {"at_least", control::Side::at_least}, {"at_most", control::Side::at_most}});
    term.held = t.flag("held", false);
    if (term.held && (std::isfinite(term.quantity.time_h) || !term.quantity.at_dosing.empty())) throw InputError(t.place("held"), "a term is held all the time, and has a time", "give one of the two");
    t.reject_unknown();
    out.terms.push_back(std::move(term));
  }
  for (Section p : s.sections("profile")) {
    StatedProfile profile{p.required("file"), p.text("column", ""), p.text("label", ""), p.text("matrix", ""), p.place("file"), p.texts("genes"), positive(p, "weight", 1), positive(p, "scale", 1), positive(p, "depth", 0, true)};
    if (profile.column.empty() != profile.label.empty()) throw InputError(profile.place, "a profile has only one of column and label", "give both for an .h5ad, neither for a table gene, value");
    if (!profile.column.empty() && !(profile.depth > 0)) throw InputError(profile.place, "counts of cells become levels of the networks by the depth of that file, and none is given", "give depth, the mean count of a gene at level 1 (as in [model.network], times the ratio of mean total counts)");
    if (profile.column.empty() && profile.depth > 0) throw InputError(profile.place, "a table gene, value holds levels as they are: depth does not apply", "leave it out");
    p.reject_unknown();
    out.profiles.push_back(std::move(profile));
  }
  for (Section n : s.sections("nuisance")) {
    StatedProgramme programme{n.required("name"), n.place("name"), n.map<double>("loadings")};
    for (const auto& gene : n.texts("genes")) programme.loadings[gene] = 1;
    if (programme.loadings.empty()) throw InputError(programme.place, "the programme has no gene", "give genes, or loadings = {GENE = 1}");
    n.reject_unknown();
    out.nuisance.push_back(std::move(programme));
  }
  s.reject_unknown();
  if (out.terms.empty() && out.profiles.empty()) throw InputError(s.place("term"), "[target] names nothing that is to be reached", "add a [[target.term]] or a [[target.profile]]");
}

StatedLimit read_limit(Section s, const std::string& quantity) {
  StatedLimit out;
  out.quantity = read_quantity(s, quantity);
  out.limit.name = s.required("name");
  out.limit.least = s.number("least", -control::never_h);
  out.limit.most = s.number("most", control::never_h);
  if (!std::isfinite(out.limit.least) && !std::isfinite(out.limit.most)) throw InputError(s.place("least"), "the limit '" + out.limit.name + "' has neither least nor most", "give one");
  if (out.limit.least > out.limit.most) throw InputError(s.place("least"), "the limit '" + out.limit.name + "' has a least above its most", "exchange them");
  out.limit.over = named<control::Over>(s, "over", "mean", {{"mean", control::Over::mean}, {"every", control::Over::every}, {"chance", control::Over::chance}});
  if (s.has("chance") && out.limit.over != control::Over::chance) throw InputError(s.place("chance"), "the limit '" + out.limit.name + "' has a chance, and is not over = \"chance\"", "write over = \"chance\", or leave chance out");
  out.limit.chance = s.number("chance", 0.9);
  if (!(out.limit.chance > 0.5 && out.limit.chance < 1)) throw InputError(s.place("chance"), fmt::format("chance is {:.6g}", out.limit.chance), "give a number between 0.5 and 1");
  s.reject_unknown();
  return out;
}

void read_plan_network(Section s, NetworkPlanData& out, const std::filesystem::path& folder) {
  const auto beside = [&](const std::string& name) { return std::filesystem::path(name).is_relative() && !name.empty() ? (folder / name).string() : name; };
  out.cells = beside(s.text("cells", ""));
  out.edges = beside(s.required("edges"));
  out.silenced = s.required("silenced");
  out.delivered = s.required("delivered");
  out.depth = positive(s, "depth", out.depth);
  for (auto [key, share] : {std::pair{"precision", &out.precision}, {"recall", &out.recall}})
    if (*share = positive(s, key, *share); *share > 1) throw InputError(s.place(key), fmt::format("{} is {:.6g}", key, *share), "it is a share: give at most 1");
  models::TransientDoses& d = out.doses;
  d.strength = positive(s, "strength", d.strength), d.wash_h = positive(s, "wash_h", d.wash_h), d.sirna_half_life_h = positive(s, "sirna_half_life_h", d.sirna_half_life_h);
  d.dose = positive(s, "dose", d.dose), d.delivery_h = positive(s, "delivery_h", d.delivery_h, true), d.delivered_half_life_h = positive(s, "delivered_half_life_h", d.delivered_half_life_h);
  out.minutes_per_hour = positive(s, "minutes_per_hour", out.minutes_per_hour);
  out.arms = {{"ctrl", "ctrl"}, {"si", "si"}, {"mm", "mm"}, {"simm", "simm"}};
  for (const auto& [arm, label] : s.map<std::string>("arms")) {
    if (!out.arms.contains(arm)) throw InputError(s.place("arms"), "there is no arm '" + arm + "'", "use ctrl, si, mm, simm");
    out.arms[arm] = label;
  }
  s.reject_unknown();
}

}  // namespace

PlanScenario read_plan_scenario(const std::filesystem::path& file) {
  PlanScenario out;
  out.file = file;
  TomlFile toml = read_toml(file, "check the path, or name a shipped scenario");
  out.text = std::move(toml.text);
  Section top(toml.table, file.string(), "scenario");
  out.title = top.text("title", file.stem().string());
  out.question = top.text("question", "");
  out.harvest_h = positive(top, "harvest_h", out.harvest_h);
  out.protocol = top.text("protocol", "");
  auto models = top.sections("model");
  if (models.size() != 1) throw InputError(file.string(), "there must be one [model]", "is this a planning scenario? It says kind = \"cycle\", \"network\" or \"joint\"");
  Section model = models[0];
  out.kind = model.required("kind");
  if (out.kind != "cycle" && out.kind != "network" && out.kind != "joint") throw InputError(model.place("kind"), "kind '" + out.kind + "' is unknown", "use \"cycle\", \"network\" or \"joint\"");
  if (out.kind != "network") out.base = model.required("scenario");
  const auto not_for_networks = [&](Section& s, const std::string& key) {
    if (out.kind == "network" && s.has(key)) throw InputError(s.place(key), "'" + key + "' belongs to cell-cycle models, and this plan is for a network", key == "protocol" ? "leave it out: plans of networks are compared with both doses of [model.network]" : "leave it out");
  };
  not_for_networks(top, "protocol"), not_for_networks(top, "handling"), not_for_networks(model, "keep_events"), not_for_networks(model, "scenario");
  out.keep_events = model.flag("keep_events", false);
  for (Section n : model.sections("network")) read_plan_network(n, out.network, file.parent_path());
  if (out.kind != "cycle" && out.network.silenced.empty()) throw InputError(model.place("network"), "[model] has no network", "add [model.network]");
  model.reject_unknown();
  const std::string quantity = out.kind == "network" ? "level" : "share";
  for (Section s : top.sections("ensemble")) {
    not_for_networks(s, "kinetics"), not_for_networks(s, "relative_sd");
    out.ensemble.members = count(s, "members", out.ensemble.members, 4);
    if (out.ensemble.members > 10'000) throw InputError(s.place("members"), fmt::format("members is {}", out.ensemble.members), "give at most 10000: each is simulated for every plan");
    out.ensemble.kinetics = s.flag("kinetics", out.ensemble.kinetics);
    out.ensemble.relative_sd = positive(s, "relative_sd", 0, true);
    s.reject_unknown();
  }
  for (Section s : top.sections("input")) {
    out.inputs.push_back(read_input(s));
    if (const auto& input = out.inputs.back(); !input.free && input.latest_h > out.harvest_h) throw InputError(s.place("start_h"), fmt::format("'{}' may start at {:.6g} h, after the harvest at {:.6g} h", input.name, input.latest_h, out.harvest_h), "end its starts at the harvest, or give a later harvest_h");
  }
  out.between_h = positive(top, "between_h", 0, true);
  for (Section s : top.sections("coupling")) {
    if (out.kind != "joint") throw InputError(s.place("gene"), "[[coupling]] lets a gene of the network drive the cell cycle, and this plan has one of the two", "write kind = \"joint\", or leave it out");
    out.couplings.push_back({s.required("gene"), s.required("input"), s.place("gene")});
    s.reject_unknown();
  }
  for (Section s : top.sections("handling")) {
    StatedHandling handling;
    handling.input = s.required("input");
    handling.place = s.place("input");
    const std::string at = s.text("at", "start");
    if (at != "start" && at != "end") throw InputError(s.place("at"), "at '" + at + "' is unknown", "use \"start\" or \"end\"");
    handling.at_end = at == "end";
    handling.change = {0, s.text("target", "cells"), Action::scale, s.number("amount", 1), s.text("amount_parameter", "")};
    s.reject_unknown();
    out.handling.push_back(handling);
  }
  auto targets = top.sections("target");
  if (targets.size() != 1) throw InputError(file.string(), "there must be one [target]", "add it");
  read_target(targets[0], out, quantity);
  for (Section s : top.sections("limit")) out.limits.push_back(read_limit(s, quantity));
  for (Section s : top.sections("risk")) {
    out.risk.measure = named<control::RiskMeasure>(s, "measure", "quantile", {{"mean", control::RiskMeasure::mean}, {"quantile", control::RiskMeasure::quantile}, {"worst", control::RiskMeasure::worst}, {"reach", control::RiskMeasure::reach}});
    out.risk.level = s.number("level", out.risk.level);
    if (!(out.risk.level > 0 && out.risk.level < 1)) throw InputError(s.place("level"), fmt::format("level is {:.6g}", out.risk.level), "give a number between 0 and 1");
    out.price = positive(s, "price", 0, true);
    s.reject_unknown();
  }
  out.risk.within = out.within;
  if (out.risk.measure == control::RiskMeasure::reach && !(out.within > 0)) throw InputError(file.string(), "risk = reach needs the distance that counts as reached", "give within in [target]");
  out.total = top.number("total", control::never_h);
  for (Section s : top.sections("search")) {
    out.search.candidates = count(s, "candidates", out.search.candidates, 1);
    out.search.starts = count(s, "starts", out.search.starts, 1);
    out.search.screening = count(s, "screening", out.search.screening, 1);
    out.search.polished = count(s, "polished", out.search.polished, 1);
    out.pareto_points = count(s, "pareto_points", out.pareto_points, 2);
    s.reject_unknown();
  }
  for (const auto& input : out.inputs)
    if (input.free != out.inputs[0].free) throw InputError(file.string(), "some inputs have pulses, others a free shape", "plan them apart");
  if (is_free(out) && out.kind == "joint") throw InputError(file.string(), "levels over time are planned for cell cycles, not for joint plans", "write kind = \"cycle\"");
  const auto before_harvest = [&](const StatedQuantity& q, const std::string& name) {
    if (std::isfinite(q.time_h) && q.time_h > out.harvest_h) throw InputError(q.place, fmt::format("'{}' is asked for at {:.6g} h, after the harvest at {:.6g} h", name, q.time_h, out.harvest_h), "give an earlier time_h, or a later harvest_h");
  };
  for (const auto& limit : out.limits) before_harvest(limit.quantity, limit.limit.name);
  for (const auto& term : out.terms) {
    before_harvest(term.quantity, term.term.name);
    const double value = term.term.value;
    if (value < 0 || (term.quantity.quantity == "share" && value > 1) || !std::isfinite(value)) throw InputError(term.quantity.place, fmt::format("'{}' asks for the {} {:.6g}", term.term.name, term.quantity.quantity, value), term.quantity.quantity == "share" ? "a share lies between 0 and 1" : "it cannot be negative, and is finite");
  }
  for (const auto& term : out.terms)
    if (term.held && !is_free(out)) throw InputError(term.quantity.place, "'" + term.term.name + "' is held all the time, and inputs have pulses", "give time_h, or shape = \"free\" to every input");
  for (Section s : top.sections("course")) {
    if (!is_free(out)) throw InputError(s.place("intervals"), "[course] belongs to inputs of free shape", "write shape = \"free\" in every [[input]], or leave it out");
    out.course.intervals = count(s, "intervals", out.course.intervals, 4);
    out.course.starts = count(s, "starts", out.course.starts, 1);
    out.course.shooting = named<bool>(s, "transcription", "collocation", {{"collocation", false}, {"shooting", true}});
    out.course.tolerance = positive(s, "tolerance", out.course.tolerance);
    s.reject_unknown();
  }
  for (Section s : top.sections("mpc")) {
    MpcSettings& m = out.mpc;
    m.given = true;
    m.input = s.required("input");
    m.highest = positive(s, "highest", m.highest);
    m.observe_h = positive(s, "observe_h", m.observe_h);
    m.block_h = positive(s, "block_h", m.block_h);
    m.horizon_h = positive(s, "horizon_h", m.horizon_h);
    m.start_h = positive(s, "start_h", m.start_h, true);
    m.until_h = positive(s, "until_h", out.harvest_h);
    m.particles = count(s, "members", m.particles, 8);
    if (m.particles > 10'000) throw InputError(s.place("members"), fmt::format("members is {}", m.particles), "give at most 10000: each is simulated at every look");
    m.cells = count(s, "cells", m.cells, 10);
    m.missed = positive(s, "missed", m.missed, true);
    if (!(m.missed < 1)) throw InputError(s.place("missed"), fmt::format("missed is {:.6g}: no cell would ever be seen", m.missed), "it is the share of cells that a look misses: give less than 1");
    s.reject_unknown();
  }
  top.reject_unknown();
  return out;
}

}  // namespace hyped
