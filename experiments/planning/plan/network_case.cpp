// A gene-network case: an ensemble fitted to cells of the arms, levels of genes as targets, plans as network files.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/planning/plan/plan_case.hpp"
#include "experiments/planning/plan/profile_target.hpp"
#include "experiments/planning/systems/hill_system.hpp"
#include "experiments/planning/systems/joint_system.hpp"
#include "libhyped/ingest/networks/read_edge_list.hpp"
#include "libhyped/ingest/networks/read_network_tables.hpp"

namespace hyped {
namespace {

int gene_of(const std::vector<std::string>& genes, const std::string& name, const std::string& place) {
  const auto found = std::find(genes.begin(), genes.end(), name);
  if (found == genes.end()) throw InputError(place, "the gene '" + name + "' is not measured", did_you_mean(name, genes));
  return static_cast<int>(found - genes.begin());
}

}  // namespace

PlanCase make_network_case(const PlanScenario& scenario, const std::string& source, bool forced, std::uint64_t seed) {
  const NetworkPlanData& data = scenario.network;
  const std::string file = source.empty() ? data.cells : source;
  if (file.empty()) throw InputError(scenario.file.string(), "there are no cells to fit networks to", "give the table after the scenario, or cells in [model.network]");
  const ConditionCounts cells = read_condition_counts(file);
  models::TransientDoses doses = data.doses;
  doses.silenced = gene_of(cells.genes, data.silenced, file), doses.delivered = gene_of(cells.genes, data.delivered, file);
  SingleArms arms = single_arms(cells.genes, cells.of(data.arms.at("ctrl")), cells.of(data.arms.at("si")), cells.of(data.arms.at("mm")), data.depth, doses);
  PlanCase out;
  if (std::find(cells.condition.begin(), cells.condition.end(), data.arms.at("simm")) != cells.condition.end()) {
    const SingleArms dual = single_arms(cells.genes, cells.of(data.arms.at("ctrl")), cells.of(data.arms.at("simm")), cells.of(data.arms.at("mm")), data.depth, doses);
    arms.both = dual.si, arms.both_error = dual.si_error;
    out.together.push_back({data.silenced, data.delivered});
  } else {
    out.warnings.push_back("The arm with both doses is not in the data: what the doses do together is the models' word alone.");
  }
  for (const auto& doubt : depth_doubts(arms)) out.warnings.push_back(doubt + ".");
  const PlacedEdges placed = place_edges(read_edge_list(data.edges), cells.genes);
  EdgeList known{{}, data.precision, data.recall};
  for (const auto& e : placed.edges) known.edges.push_back({e.from, e.to, e.sign});
  for (const auto& note : placed.notes) out.notes.push_back(note);
  DualArmOptions options;
  options.seed = seed, options.minutes_per_hour = data.minutes_per_hour;
  options.attempts = static_cast<int>(std::ceil(scenario.ensemble.members / 0.6));
  options.fewest_networks = 0.4 * scenario.ensemble.members;
  int failed = 0;
  const auto candidates = fit_candidates(arms, known, options, failed);
  if (candidates.size() < 4) throw InputError(file, fmt::format("only {} of {} networks could be fitted", candidates.size(), options.attempts), "give more edges, or check doses and depth");
  std::vector<double> weights;
  double temper = 1, best = 1e300;
  const double effective = weigh_candidates(candidates, options.fewest_networks, weights, temper);
  for (const auto& c : candidates) best = std::min(best, c.member.misfit / c.member.residuals);
  const std::string said = fmt::format("{} networks fitted to drawn means of the cells ({} failed), {:.1f} in effect; best misfit per mean {:.2f}", candidates.size(), failed, effective, best);
  if (best > 4) {
    if (!forced) throw InputError(file, "no network explains the arms: " + said, "check doses, depth and edges, or plan with --force");
    out.warnings.push_back("Forced: no network explains the arms (" + said + ").");
  }
  out.notes.push_back("Members: " + said + ".");

  std::vector<GeneQuantity> quantities;
  std::vector<control::TargetTerm> terms;
  const auto combine = [&](const StatedQuantity& stated, const std::string& name) {
    if (stated.quantity != "level") throw InputError(stated.place, "a network has no quantity '" + stated.quantity + "'", "use level");
    if (!stated.at_dosing.empty()) throw InputError(stated.place, "levels at a dosing are not followed in networks", "give time_h");
    if (stated.of.empty()) throw InputError(stated.place, "'" + name + "' names no gene", "give genes = [...]");
    std::vector<std::pair<int, double>> combination;
    for (const auto& gene : stated.of) {
      combination.emplace_back(static_cast<int>(quantities.size()), 1.0 / static_cast<double>(stated.of.size()));
      quantities.push_back({name + ", " + gene, gene_of(cells.genes, gene, stated.place), std::isfinite(stated.time_h) ? stated.time_h : scenario.harvest_h});
    }
    return combination;
  };
  for (const StatedTerm& stated : scenario.terms) {
    terms.push_back(stated.term);
    terms.back().combination = combine(stated.quantity, stated.term.name);
  }
  for (const StatedProfile& stated : scenario.profiles)
    for (const auto& [gene, value] : profile_of(stated, cells.genes, scenario.file.parent_path(), out.notes)) {
      terms.push_back({gene, {{static_cast<int>(quantities.size()), 1.0}}, control::Side::equal, value, stated.scale, stated.weight});
      quantities.push_back({gene, gene_of(cells.genes, gene, stated.place), scenario.harvest_h});
    }
  Eigen::MatrixXd nuisance = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(terms.size()), static_cast<Eigen::Index>(scenario.nuisance.size()));
  for (std::size_t n = 0; n < scenario.nuisance.size(); ++n) {
    for (const auto& [gene, loading] : scenario.nuisance[n].loadings) gene_of(cells.genes, gene, scenario.nuisance[n].place);
    for (std::size_t t = 0; t < terms.size(); ++t)
      for (const auto& [q, coefficient] : terms[t].combination)
        if (const auto found = scenario.nuisance[n].loadings.find(cells.genes[static_cast<std::size_t>(quantities[static_cast<std::size_t>(q)].gene)]); found != scenario.nuisance[n].loadings.end())
          nuisance(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(n)) += coefficient * found->second / terms[t].scale;
    out.notes.push_back("Projected out of the target: " + scenario.nuisance[n].name + ".");
  }
  std::vector<control::QuantityLimit> limits;
  for (const StatedLimit& stated : scenario.limits) {
    limits.push_back(stated.limit);
    limits.back().combination = combine(stated.quantity, stated.limit.name);
  }
  for (const StatedCoupling& coupling : scenario.couplings)      // after all that the plan asks for: JointSystem counts on it
    for (const double t : coupling_times(scenario.harvest_h)) quantities.push_back({fmt::format("{} at {:.4g} h", coupling.gene, t), gene_of(cells.genes, coupling.gene, coupling.place), t});
  // Inputs by what they dose: the siRNA is input 0, the mRNA input 1.
  std::vector<control::InputLimits> inputs(2);
  inputs[0].name = "si" + data.silenced, inputs[1].name = "mm" + data.delivered;
  inputs[0].highest = inputs[1].highest = 0, inputs[0].fewest = inputs[0].most = inputs[1].fewest = inputs[1].most = 0;
  for (const auto& input : scenario.inputs) {
    const std::vector<std::string> names{inputs[0].name, inputs[1].name};
    const auto place = std::find(names.begin(), names.end(), input.name);
    if (place == names.end()) throw InputError(scenario.file.string(), "the networks have no input '" + input.name + "'", fmt::format("they have {} and {}", names[0], names[1]));
    if (place == names.begin() + 1 && std::isfinite(input.longest_h)) throw InputError(scenario.file.string(), "'" + input.name + "' has a duration, and the networks have no wash of a delivered mRNA", "leave duration_h out: it decays by its half-life");
    inputs[static_cast<std::size_t>(place - names.begin())] = input;
  }
  auto members = hill_members(candidates, weights, arms);
  auto system = std::make_unique<HillSystem>(cells.genes, quantities, std::move(members), scenario.harvest_h);
  const HillSystem* network = system.get();
  out.system = std::move(system);
  out.structures_differ = true;
  out.end_h = scenario.harvest_h;
  out.halves = control::split_members(network->member_count());
  out.problem = control::PlanProblem{network, inputs, scenario.between_h, control::PlanTarget(terms, scenario.distance, nuisance), limits, scenario.risk, scenario.price, scenario.total, out.halves.optimise};
  out.references = {{"no dose", {}}, {"protocol: both", {{0, 1, 0, doses.wash_h}, {1, doses.dose, doses.delivery_h, control::never_h}}}};
  out.measured = {{inputs[0].name, 1, 0, doses.wash_h}, {inputs[1].name, doses.dose, doses.delivery_h, control::never_h}};
  for (auto& names : out.together) names = {inputs[0].name, inputs[1].name};
  out.rests_on = "the doses' assumed half-lives and their linear action";
  const auto heaviest = static_cast<int>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  out.settings = {{"cells", file}, {"edges", data.edges}, {"depth", fmt::format("{:.4g} counts at level 1", data.depth)}};
  out.write_schedule = [network, heaviest, end = out.end_h, quantities, genes = cells.genes, target = std::make_shared<control::PlanTarget>(out.problem->target)](RunDirectory& run, const std::string& name, const std::vector<control::Pulse>& pulses) {
    const std::string relative = "data/" + file_name_of(name) + ".toml";
    write_file(run.path_for(relative), to_network_toml(network->member(heaviest), pulses, "Plan found by hyped control: " + name, end));
    const std::vector<int> one{heaviest};
    const auto there = control::ensemble_answer(*network, *target, one, pulses);
    if (there.outcome.ok()) {      // what whoever runs the file should find again
      Table table({{"species", "", "in the network file"}, {"gene", "", ""}, {"time_h", "h", ""}, {"level", "", "mean of the model's run of it"}});
      for (std::size_t q = 0; q < quantities.size(); ++q) table.add_row({fmt::format("x{}", quantities[q].gene), genes[static_cast<std::size_t>(quantities[q].gene)], quantities[q].time_h, there.quantities(0, static_cast<Eigen::Index>(q))});
      run.add_table("schedule_" + file_name_of(name), table, fmt::format("What the target's genes come to in the network of {}: member {}, the one of greatest weight. Its distance from the target is {:.4g}.", relative, heaviest + 1, there.distances[0]));
    }
    return "hyped network simulate OUT/" + relative + " --out FOLDER";
  };
  return out;
}

}  // namespace hyped
