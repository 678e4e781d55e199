// One schedule for cell cycle and gene network together: the scenario's parts go to each model's case, and the cases are joined.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "experiments/planning/plan/plan_case.hpp"
#include "experiments/planning/systems/joint_system.hpp"
#include "experiments/planning/systems/schedule_file.hpp"

namespace hyped {
namespace {

bool of_genes(const StatedQuantity& stated) { return stated.quantity == "level"; }

// What of the scenario concerns one of the models.
PlanScenario part_of(const PlanScenario& scenario, bool network) {
  PlanScenario out = scenario;
  out.kind = network ? "network" : "cycle";
  std::erase_if(out.terms, [&](const StatedTerm& t) { return of_genes(t.quantity) != network; });
  std::erase_if(out.limits, [&](const StatedLimit& l) { return of_genes(l.quantity) != network; });
  if (!network) out.profiles.clear();
  if (network) out.handling.clear();
  if (out.terms.empty() && out.profiles.empty())
    throw InputError(scenario.file.string(), fmt::format("the joint plan has no target for {}", network ? "genes" : "phases"), network ? "add a [[target.term]] with quantity = \"level\", or plan with kind = \"cycle\"" : "add a [[target.term]] with quantity = \"share\", or plan with kind = \"network\"");
  return out;
}

}  // namespace

PlanCase make_joint_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed) {
  if (!scenario.nuisance.empty()) throw InputError(scenario.nuisance[0].place, "nuisance programmes are not taken out of joint targets", "plan with kind = \"network\", or leave the genes out of the target");
  PlanCase cycle = make_cycle_case(part_of(scenario, false), source, forced, seed), network = make_network_case(part_of(scenario, true), "", forced, seed);
  JointPart parts[2];
  const auto offset = static_cast<int>(cycle.system->quantities().size());
  const auto& inputs = cycle.problem->inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    parts[0].input_of.push_back(static_cast<int>(i));
    const auto& theirs = network.problem->inputs;
    const auto place = std::find_if(theirs.begin(), theirs.end(), [&](const auto& input) { return input.name == inputs[i].name; });
    parts[1].input_of.push_back(static_cast<int>(place - theirs.begin()));      // make_network_case knows all inputs, or has refused
  }
  const int count = std::min(cycle.centre, network.system->member_count());      // the cycle's last member is its centre
  for (int m = 0; m < count; ++m) parts[0].member_of.push_back(m), parts[1].member_of.push_back(m);
  const double cycle_start = dynamic_cast<const CycleSystem&>(*cycle.system).setup().start_h;
  parts[0].system = std::move(cycle.system), parts[1].system = std::move(network.system);
  std::vector<Coupling> couplings;
  const std::vector<double> looks = coupling_times(scenario.harvest_h);
  for (std::size_t c = 0; c < scenario.couplings.size(); ++c)
    couplings.push_back({scenario.couplings[c].gene, scenario.couplings[c].input, looks, static_cast<int>(parts[1].system->quantities().size() - (scenario.couplings.size() - c) * looks.size())});

  PlanCase out;
  auto joint = std::make_unique<JointSystem>(parts[0], parts[1], couplings);
  const JointSystem* system = joint.get();
  out.system = std::move(joint);
  std::vector<control::TargetTerm> terms = cycle.problem->target.terms();
  for (control::TargetTerm term : network.problem->target.terms()) {
    for (auto& [quantity, coefficient] : term.combination) quantity += offset;
    terms.push_back(std::move(term));
  }
  std::vector<control::QuantityLimit> limits = cycle.problem->limits;
  for (control::QuantityLimit limit : network.problem->limits) {
    for (auto& [quantity, coefficient] : limit.combination) quantity += offset;
    limits.push_back(std::move(limit));
  }
  out.halves = control::split_members(count);
  out.structures_differ = true;
  out.end_h = cycle.end_h;
  out.problem = control::PlanProblem{system, inputs, scenario.between_h, control::PlanTarget(terms, scenario.distance), limits, scenario.risk, scenario.price, scenario.total, out.halves.optimise};
  out.references = cycle.references;
  out.measured = cycle.measured, out.together = cycle.together;
  out.rests_on = cycle.rests_on + ", and " + network.rests_on;
  for (PlanCase* part : {&cycle, &network}) {
    out.notes.insert(out.notes.end(), part->notes.begin(), part->notes.end());
    out.warnings.insert(out.warnings.end(), part->warnings.begin(), part->warnings.end());
    out.settings.insert(out.settings.end(), part->settings.begin(), part->settings.end());
  }
  out.notes.push_back(fmt::format("Joint: {} pairs of a cell-cycle member and a network. Both answer the same doses, each with its own kinetics of them; {}.", count, couplings.empty() ? "neither feeds the other" : "genes of the network drive inputs of the cycle"));
  for (const Coupling& coupling : couplings) out.notes.push_back(fmt::format("Coupled: input '{}' of the cycle is the level of {} over its level without any dose, less 1, looked at every hour.", coupling.input, coupling.gene));
  // The parts' own pulses are numbered as their inputs are.
  std::vector<double> nodes{cycle_start};
  nodes.insert(nodes.end(), looks.begin(), looks.end());
  out.write_schedule = [system, nodes, of_cycle = cycle.write_schedule, of_network = network.write_schedule](RunDirectory& run, const std::string& name, const std::vector<control::Pulse>& pulses) {
    const std::string first = of_cycle(run, name, system->pulses_of(0, pulses));
    int heaviest = 0;
    for (int m = 1; m < system->member_count(); ++m)
      if (system->weight(m) > system->weight(heaviest)) heaviest = m;
    Outcome outcome;
    const std::vector<DrivenInput> by_genes = system->driven(heaviest, pulses, outcome);
    if (!outcome.ok()) run.add_warning("The network of the schedule file cannot be followed: what genes do to the cycle is not in it. " + outcome.message);
    if (!by_genes.empty()) {      // what drives the cycle, of the pair of greatest weight
      std::ofstream file(run.path_for("data/" + file_name_of(name) + ".toml"), std::ios::app);
      for (const DrivenInput& input : by_genes) file << to_toml(input, nodes);
    }
    return first + "; " + of_network(run, name + " of the network", system->pulses_of(1, pulses));
  };
  return out;
}

}  // namespace hyped
