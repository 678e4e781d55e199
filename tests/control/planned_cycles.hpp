// A small ensemble of the shipped twin's cell cycle for tests of plans.
#pragma once
#include "experiments/control/ensembles/plan_search.hpp"
#include "experiments/planning/systems/cycle_system.hpp"
#include "libhyped/random.hpp"

namespace hyped::tests {

inline Scenario twin_scenario() { return read_scenario(shipped_scenario("hyped_twin")); }

// The scenario's truth in every member but for a log-normal factor (additive for effects) drawn from (seed, member).
inline std::vector<CycleMember> twin_members(const Scenario& scenario, int count, double spread, std::uint64_t seed = 1) {
  const auto model = make_staged(scenario.setup.model, scenario.setup.stages);
  std::vector<CycleMember> members;
  for (int m = 0; m < count; ++m) {
    RandomStream random(seed, 7, static_cast<std::uint32_t>(m));
    CycleMember member{model->default_parameters(), {}};
    for (int p = 0; p < model->parameter_count(); ++p) {
      const auto known = scenario.twin->truth.find(std::string(model->parameters()[static_cast<std::size_t>(p)].name));
      double& value = member.parameters[static_cast<std::size_t>(p)];
      if (known != scenario.twin->truth.end()) value = known->second;
      const bool effect = known != scenario.twin->truth.end() && known->first.find("_on_") != std::string::npos;
      if (effect) value += spread * random.normal();
      else if (known != scenario.twin->truth.end() && known->first != "kept_at_wash") value *= std::exp(spread * random.normal());
    }
    members.push_back(member);
  }
  return members;
}

inline CyclePlanSetup twin_setup(const Scenario& scenario) {
  CyclePlanSetup setup;
  setup.stages = scenario.setup.stages, setup.model = scenario.setup.model;
  setup.inputs = {"siPRRX1", "mmMYOD1"};
  setup.deliveries = scenario.deliveries;
  setup.end_h = 72;
  setup.handling = {{"siPRRX1", true, {0, "cells", Action::scale, 0.9, "kept_at_wash"}}, {"mmMYOD1", false, {0, "cells", Action::scale, 0.9, "kept_at_wash"}}};
  setup.quantities = {{"S/G2/M at 48 h", CycleQuantity::Kind::share, {"S/G2/M"}, 48, ""},
                      {"S/G2/M at 72 h", CycleQuantity::Kind::share, {"S/G2/M"}, 72, ""},
                      {"cells left", CycleQuantity::Kind::relative_cells, {}, 72, ""},
                      {"G0 at dosing", CycleQuantity::Kind::share, {"G0"}, 0, "mmMYOD1"}};
  return setup;
}

// Amount, start and duration of the siRNA; amount and start of the mRNA.
inline std::vector<control::InputLimits> twin_inputs() {
  control::InputLimits si{"siPRRX1"}, mm{"mmMYOD1"};
  si.highest = 1.5, si.latest_h = 30, si.shortest_h = 6, si.longest_h = 30;
  mm.highest = 1.5, mm.latest_h = 60;
  return {si, mm};
}

inline control::PlanTarget share_target(double early, double late) {
  return control::PlanTarget({{"S/G2/M at 48 h", {{0, 1.0}}, control::Side::equal, early}, {"S/G2/M at 72 h", {{1, 1.0}}, control::Side::equal, late}});
}

}  // namespace hyped::tests
