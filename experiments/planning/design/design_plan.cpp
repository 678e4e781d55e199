// TOML to DesignPlan, every key checked.
#include "experiments/planning/design/design_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/least_input.hpp"
#include "experiments/planning/verb_scenarios.hpp"
#include "experiments/scenario_section.hpp"

namespace hyped {
namespace {

std::vector<double> times_of(Section& s) {
  std::vector<double> out = s.numbers("times_h");
  const auto every = s.number("every_h");
  if (!out.empty() == every.has_value()) throw InputError(s.place(every ? "every_h" : "name"), "a sampling needs either times_h, or from_h, until_h and every_h", "give one of them");
  if (every) {
    const double from = s.number("from_h", 0), until = s.required_number("until_h");
    if (!(*every > 0) || !(until > from) || (until - from) / *every > 2000) throw InputError(s.place("every_h"), fmt::format("every {} h from {} to {} h is no sampling", *every, from, until), "correct it");
    for (int i = 0; from + i * *every <= until * (1 + 1e-12); ++i) out.push_back(from + i * *every);
  }
  for (std::size_t i = 1; i < out.size(); ++i)
    if (!(out[i] > out[i - 1])) throw InputError(s.place("times_h"), "the times do not increase", "sort them, each once");
  if (!(out.front() >= 0 && std::isfinite(out.back()))) throw InputError(s.place(every ? "from_h" : "times_h"), fmt::format("'{}' has a time of {:.6g} h", every ? "from_h" : "times_h", out.front() >= 0 ? out.back() : out.front()), "give finite times from 0 h on");
  return out;
}

void read_candidates(Section s, DesignPlan& out) {
  out.arms = s.texts("arms");
  out.shifted = s.texts("shifted");
  out.shifts_h = s.numbers("shifts_h");
  out.arms_place = s.place("arms"), out.shifted_place = s.place("shifted"), out.shifts_place = s.place("shifts_h");
  if (out.shifts_h.empty()) out.shifts_h = {0};
  if (out.shifted.empty() && (out.shifts_h.size() > 1 || out.shifts_h[0] != 0)) throw InputError(s.place("shifts_h"), "doses are to be shifted, and 'shifted' does not say which inputs", "write shifted = [\"mmMYOD1\"]");
  for (Section p : s.sections("sampling")) {
    SamplingPlan plan{p.required("name"), times_of(p)};
    for (const auto& other : out.sampling)
      if (other.name == plan.name) throw InputError(p.place("name"), "two samplings are called '" + plan.name + "'", "rename one");
    out.sampling.push_back(plan);
    p.reject_unknown();
  }
  if (out.sampling.empty()) throw InputError(s.place("sampling"), "[candidates] has no [[candidates.sampling]]", "say when wells are looked at");
  s.reject_unknown();
}

void read_network_part(Section& top, DesignPlan& out) {
  const InterpretedModel& model = *out.network->model;
  std::vector<std::string> species, parameters;
  for (const auto& spec : model.states()) species.emplace_back(spec.name);
  for (const auto& spec : model.parameters()) parameters.emplace_back(spec.name);
  const auto state = [&](const std::string& name, const std::string& place) {
    if (model.state_index(name) < 0) throw InputError(place, "the network has no species '" + name + "'", did_you_mean(name, species));
    return model.state_index(name);
  };
  const auto parameter = [&](const std::string& name, const std::string& place) {
    if (model.parameter_index(name) < 0) throw InputError(place, "the network has no parameter '" + name + "'", did_you_mean(name, parameters));
    return model.parameter_index(name);
  };
  if (!top.has("reading")) top.missing("reading");
  for (Section s : top.sections("reading")) {
    for (const auto& name : s.texts("species")) out.reading.species.push_back(state(name, s.place("species")));
    if (out.reading.species.empty()) s.missing("species");
    out.reading.absolute = s.number("absolute", 0);
    out.reading.relative = s.number("relative", 0.1);
    out.reading.replicates = s.integer("replicates", 1);
    if (out.reading.absolute < 0 || out.reading.relative < 0 || out.reading.replicates < 1) throw InputError(s.place("relative"), "errors are not negative and replicates not below 1");
    s.reject_unknown();
  }
  for (Section s : top.sections("unknown")) {
    const std::string name = s.required("parameter");
    out.unknowns.parameters.push_back(parameter(name, s.place("parameter")));
    out.unknowns.prior_sd.push_back(s.number("prior_sd", 0));
    if (!(out.values.parameters[static_cast<std::size_t>(out.unknowns.parameters.back())] > 0)) throw InputError(s.place("parameter"), "'" + name + "' is not positive, and unknown parameters are estimated on a log scale", "give it a positive value");
    if (!(out.unknowns.prior_sd.back() >= 0 && std::isfinite(out.unknowns.prior_sd.back()))) throw InputError(s.place("prior_sd"), fmt::format("'prior_sd' of '{}' is {:.6g}", name, out.unknowns.prior_sd.back()), "give decades, or leave it out");
    s.reject_unknown();
  }
  if (out.unknowns.parameters.empty()) throw InputError(out.file.string(), "no [[unknown]] says which parameters are to be estimated", "add one");
  for (Section s : top.sections("arm")) {
    NetworkArm arm;
    arm.name = s.required("name");
    arm.inputs = s.map<double>("inputs");
    for (const auto& [name, value] : arm.inputs)
      if (const double least = least_input(model.parameters()[static_cast<std::size_t>(parameter(name, s.place("inputs", name)))]); !(value >= least && std::isfinite(value)))
        throw InputError(s.place("inputs", name), fmt::format("'{}' is {:.6g} in the arm '{}', and it may not be below {:.6g}", name, value, arm.name, least), "correct the dose");
    arm.from_h = s.number("from_h", 0);
    arm.until_h = s.number("until_h", 1e300);
    if (!(arm.until_h > arm.from_h) || arm.from_h < 0) throw InputError(s.place(arm.from_h < 0 ? "from_h" : "until_h"), arm.from_h < 0 ? fmt::format("the inputs of '{}' start at {:.4g} h", arm.name, arm.from_h) : "the inputs end before they start", arm.from_h < 0 ? "give 0 h or later" : "exchange the times");
    arm.measured = s.has("measured_at_h");
    arm.times_h = s.numbers("measured_at_h");
    for (std::size_t i = 0; i < arm.times_h.size(); ++i)
      if (!(arm.times_h[i] >= 0 && std::isfinite(arm.times_h[i])) || (i > 0 && !(arm.times_h[i] > arm.times_h[i - 1]))) throw InputError(s.place("measured_at_h"), fmt::format("'measured_at_h' of '{}' holds {:.6g}", arm.name, arm.times_h[i]), "give times from 0 h on, sorted, each once");
    if (arm.measured && arm.times_h.empty()) throw InputError(s.place("measured_at_h"), "'measured_at_h' of '" + arm.name + "' is empty", "give times, or leave it out: the arm is then a candidate");
    s.reject_unknown();
    out.network_arms.push_back(arm);
  }
  if (std::all_of(out.network_arms.begin(), out.network_arms.end(), [](const auto& arm) { return arm.measured; })) throw InputError(out.file.string(), "no [[arm]] is a candidate (all have measured_at_h)", "add one without");
}

void read_settings(Section s, DesignSettings& out) {
  out.criterion = s.text("criterion", "c");
  if (out.criterion != "c" && out.criterion != "A" && out.criterion != "D") throw InputError(s.place("criterion"), "criterion '" + out.criterion + "' is unknown", "use \"c\" (one quantity), \"A\" (sum of variances) or \"D\" (volume)");
  out.kind = out.criterion == "D" ? control::CriterionKind::d_optimal : control::CriterionKind::a_optimal;
  out.draws = s.integer("draws", out.draws);
  out.budget = s.number("budget", out.budget);
  out.starts = s.integer("starts", out.starts);
  out.replicates = s.integer("refits", out.replicates);
  out.twins = s.integer("twins", out.twins);
  for (auto [key, value] : {std::pair{"draws", out.draws}, {"starts", out.starts}, {"refits", out.replicates}, {"twins", out.twins}})
    if (value > 10'000) throw InputError(s.place(key), fmt::format("'{}' is {}", key, value), "give at most 10000");
  if (out.draws < 1 || out.starts < 1 || !(out.budget > 0) || out.replicates < 0 || out.twins < 0) throw InputError(s.place("budget"), "draws and starts are at least 1, the budget positive, refits and twins not negative");
  s.reject_unknown();
}

}  // namespace

DesignPlan read_design_plan(const std::string& name) {
  DesignPlan out;
  out.file = verb_scenario("design", name);
  TomlFile toml = read_toml(out.file, "check the path");
  out.text = std::move(toml.text);
  Section top(toml.table, out.file.string(), "design");
  out.title = top.text("title", out.file.stem().string());
  out.question = top.text("question", "");
  out.cycle = top.text("cycle", "");
  const std::string network = top.text("network", "");
  if (out.cycle.empty() == network.empty()) throw InputError(out.file.string(), "give either cycle (a scenario) or network (a network file)", "write cycle = \"hyped_twin\"");
  if (!network.empty()) {
    out.network = network_of_scenario(out.file, network, top.map<double>("set"), {}, out.values);
    read_network_part(top, out);
  }
  for (Section s : top.sections("quantity")) {
    AskedQuantity q{s.text("parameter", ""), s.text("arm", ""), s.text("class", ""), s.text("species", ""), s.number("time_h", 0), s.flag("share", false), s.place(s.has("parameter") ? "parameter" : "arm")};
    if (q.parameter.empty() == q.arm.empty()) throw InputError(q.place, "a quantity is either a parameter, or what is expected of an arm at time_h", "give one of them");
    if (!q.arm.empty() && !s.has("time_h")) s.missing("time_h");
    if (!(q.time_h >= 0 && std::isfinite(q.time_h))) throw InputError(s.place("time_h"), fmt::format("'time_h' of a quantity is {:.6g}", q.time_h), "give 0 h or later");
    if (q.share && q.of_class.empty()) throw InputError(q.place, "a share is of a class", "add class");
    s.reject_unknown();
    out.quantities.push_back(q);
  }
  if (!top.has("candidates")) top.missing("candidates");
  for (Section s : top.sections("candidates")) read_candidates(s, out);
  for (Section s : top.sections("cost")) {
    out.costs = {s.number("well", 1), s.number("dose", 0), s.number("frame", 0), s.number("hour", 0)};
    if (out.costs.unit < 0 || out.costs.dose < 0 || out.costs.frame < 0 || out.costs.hour < 0) throw InputError(s.place("well"), "a cost is negative", "give 0 or more");
    s.reject_unknown();
  }
  for (Section s : top.sections("design")) read_settings(s, out.settings);
  if (out.settings.criterion == "c" && out.quantities.size() != 1) throw InputError(out.file.string(), fmt::format("criterion \"c\" is of one quantity, and {} are given", out.quantities.size()), "give one [[quantity]], or criterion \"A\" or \"D\"");
  if (out.quantities.empty() && out.settings.criterion == "A") throw InputError(out.file.string(), "criterion \"A\" needs quantities", "add [[quantity]], or use \"D\" for all parameters");
  top.reject_unknown();
  return out;
}

}  // namespace hyped
