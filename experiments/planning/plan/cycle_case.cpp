// A cell-cycle case: quantities of phases, the arms as references, plans as schedule files.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/plan/cycle_members.hpp"
#include "experiments/planning/plan/plan_case.hpp"
#include "experiments/planning/systems/schedule_file.hpp"

namespace hyped {
namespace {

constexpr int held_looks = 24;      // times at which a held term is looked at, over members; the course itself is found for all times

// Index of the quantity in the setup; added if it is new.
int quantity_of(CyclePlanSetup& setup, const StatedQuantity& stated, const std::string& name, double harvest_h) {
  const std::map<std::string, CycleQuantity::Kind> kinds{{"share", CycleQuantity::Kind::share}, {"cells", CycleQuantity::Kind::cells}, {"relative_cells", CycleQuantity::Kind::relative_cells}};
  const auto kind = kinds.find(stated.quantity);
  if (kind == kinds.end()) throw InputError(stated.place, "a cell-cycle model has no quantity '" + stated.quantity + "'", "use share, cells or relative_cells, or level of genes in a joint plan");
  if (kind->second == CycleQuantity::Kind::share && stated.of.empty()) throw InputError(stated.place, "the share '" + name + "' names no phase", "give phases = [...]");
  setup.quantities.push_back({name, kind->second, stated.of, std::isfinite(stated.time_h) ? stated.time_h : harvest_h, stated.at_dosing});
  return static_cast<int>(setup.quantities.size()) - 1;
}

}  // namespace

PlanCase make_cycle_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed) {
  const Scenario base = read_scenario(shipped_scenario(scenario.base));
  PlanCase out;
  CyclePlanSetup setup;
  setup.stages = base.setup.stages, setup.model = base.setup.model, setup.start = base.setup.start, setup.start_h = base.setup.start_h;
  setup.deliveries = base.deliveries;
  if (is_free(scenario)) {      // levels act at once
    std::erase_if(setup.deliveries, [&](const DeliveredInput& d) { return std::any_of(scenario.inputs.begin(), scenario.inputs.end(), [&](const auto& input) { return input.name == d.input; }); });
    setup.most_steps = 200;
  }
  setup.end_h = out.end_h = scenario.couplings.empty() ? std::max(base.end_h, scenario.harvest_h) : scenario.harvest_h;      // what drives the cycle is known until the harvest
  for (const auto& input : scenario.inputs) {
    setup.inputs.push_back(input.name);
    if (input.earliest_h < setup.start_h) throw InputError(scenario.file.string(), fmt::format("'{}' may start at {:.6g} h, and {} follows cells from {:.6g} h on", input.name, input.earliest_h, scenario.base, setup.start_h), "start later");
  }
  for (const auto& handling : scenario.handling) {
    if (std::find(setup.inputs.begin(), setup.inputs.end(), handling.input) == setup.inputs.end()) throw InputError(handling.place, "'" + handling.input + "' is no [[input]] of the plan", did_you_mean(handling.input, setup.inputs));
    setup.handling.push_back({handling.input, handling.at_end, handling.change});
  }
  for (const auto& coupling : scenario.couplings) setup.driven.push_back(coupling.input);
  if (scenario.keep_events)
    for (const auto& event : base.events)
      if (event.arms.empty()) setup.events.push_back(event.change);
  if (!scenario.profiles.empty()) throw InputError(scenario.profiles[0].place, "a cell-cycle model has no genes", "plan with kind = \"network\", or name shares of phases");
  if (!scenario.nuisance.empty()) throw InputError(scenario.nuisance[0].place, "a cell-cycle model has no genes", "nuisance programmes belong to targets of genes");
  std::vector<control::TargetTerm> terms;
  for (const StatedTerm& stated : scenario.terms) {
    for (int k = 1; k <= (stated.held ? held_looks : 1); ++k) {
      StatedQuantity at = stated.quantity;
      if (stated.held) at.time_h = setup.start_h + (scenario.harvest_h - setup.start_h) * (k - 0.5) / held_looks;
      terms.push_back(stated.term);
      if (stated.held) terms.back().name += fmt::format(" at {:.3g} h", at.time_h), terms.back().weight /= held_looks;
      terms.back().combination = {{quantity_of(setup, at, stated.term.name, scenario.harvest_h), 1.0}};
    }
  }
  std::vector<control::QuantityLimit> limits;
  for (const StatedLimit& stated : scenario.limits) {
    limits.push_back(stated.limit);
    limits.back().combination = {{quantity_of(setup, stated.quantity, stated.limit.name, scenario.harvest_h), 1.0}};
  }
  CycleEnsemble ensemble = cycle_members(scenario, base, source, forced, seed);
  out.notes = ensemble.notes, out.warnings = ensemble.warnings;
  out.centre = static_cast<int>(ensemble.members.size()) - 1;
  auto system = std::make_unique<CycleSystem>(setup, std::move(ensemble.members));
  const CycleSystem* cycle = system.get();
  out.system = std::move(system);
  out.halves = control::split_members(out.centre);
  out.problem = control::PlanProblem{cycle, scenario.inputs, scenario.between_h, control::PlanTarget(terms, scenario.distance), limits, scenario.risk, scenario.price, scenario.total, out.halves.optimise};

  out.references.push_back({"no dose", {}});
  std::vector<std::string> arms;
  for (const auto& [arm, inputs] : base.arm_inputs) arms.push_back(arm);
  if (!scenario.protocol.empty() && !base.arm_inputs.contains(scenario.protocol)) throw InputError(scenario.file.string(), "protocol names the arm '" + scenario.protocol + "', which " + scenario.base + " does not have", did_you_mean(scenario.protocol, arms));
  for (const auto& [arm, inputs] : base.arm_inputs) {
    out.together.push_back(inputs);
    PlanCase::Reference reference{"protocol: " + arm, {}};
    bool complete = true;
    for (const auto& name : inputs) {
      const auto place = std::find(setup.inputs.begin(), setup.inputs.end(), name);
      bool known = false;
      const auto give = [&](double amount, double from, double until) {
        known = true;
        if (place != setup.inputs.end()) reference.pulses.push_back({static_cast<int>(place - setup.inputs.begin()), amount, from, until});
        const auto same = [&](const MeasuredDose& m) { return m.input == name && m.amount == amount && m.start_h == from && m.until_h == until; };
        if (std::none_of(out.measured.begin(), out.measured.end(), same)) out.measured.push_back({name, amount, from, until});
      };
      for (const auto& d : base.deliveries)
        if (d.input == name) give(d.dose, d.from_h, d.until_h);
      for (const auto& s : base.steps)
        if (s.input == name) give(s.amount, s.from_h, s.until_h);
      complete = complete && known && place != setup.inputs.end();
    }
    if (arm != scenario.protocol) continue;
    if (!complete) throw InputError(scenario.file.string(), "the protocol '" + arm + "' uses inputs that the plan may not use", "add them as [[input]]");
    out.references.push_back(reference);
  }
  out.rests_on = "the delivery model's kinetics, whose ranges are priors";
  out.settings = {{"model", setup.model}, {"scenario of the model", scenario.base}};
  out.write_schedule = [cycle, base_name = scenario.base, values = ensemble.values, end_h = setup.end_h](RunDirectory& run, const std::string& name, const std::vector<control::Pulse>& pulses) {
    ScheduleFile file{base_name, "Plan found by hyped control: " + name, "plan", end_h, {}, cycle->events_of(pulses), values};
    if (std::filesystem::path(base_name).extension() == ".toml") file.scenario = std::filesystem::absolute(base_name).string();
    for (const control::Pulse& pulse : pulses) {
      const std::string& input = cycle->setup().inputs[static_cast<std::size_t>(pulse.input)];
      if (std::any_of(cycle->setup().deliveries.begin(), cycle->setup().deliveries.end(), [&](const auto& d) { return d.input == input; })) file.pulses.push_back({input, {pulse.amount, pulse.start_h, pulse.until_h}});
    }
    const std::string relative = "data/" + file_name_of(name) + ".toml";
    write_file(run.path_for(relative), to_toml(file));
    return "hyped cycle simulate OUT/" + relative + " --out FOLDER";
  };
  return out;
}

}  // namespace hyped
