// Definitions of BatchNetwork and problems for the fit.
#include "experiments/grn/fit/grn_problem.hpp"
#include "libhyped/counted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

namespace hyped {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

models::BatchAction action_named(const std::string& name) {
  return name == "produces" ? models::BatchAction::produces : name == "degrades" ? models::BatchAction::degrades : name == "carries" ? models::BatchAction::carries : models::BatchAction::drives;
}

// states: of the network; those beyond the data's genes are doses, which nobody measured.
NetworkMeasurements measurements_of(const GrnData& data, int states, double decay_per_h) {
  const auto n = static_cast<Eigen::Index>(data.conditions.size()), m = static_cast<Eigen::Index>(data.genes.size());
  NetworkMeasurements out;
  out.conditions = data.conditions;
  out.steady = data.steady();
  out.experiment.initial = Eigen::MatrixXd::Zero(states, n);
  out.mean.push_back(Eigen::MatrixXd::Zero(states, n));
  out.weight.push_back(Eigen::MatrixXd::Zero(states, n));
  out.mean[0].topRows(m) = data.mean.transpose();
  out.weight[0].topRows(m).setOnes();
  if (data.standard_error.size() > 0) out.weight[0].topRows(m) = data.standard_error.transpose().unaryExpr([](double se) { return se > 0 ? 1 / (se * se) : 0.0; });
  if (out.steady) {
    out.experiment.constant_inputs = data.level.transpose();
    return out;
  }
  out.experiment.sample_times_h = {data.time_h};
  for (const auto& course : data.courses)
    for (const double at : course.breaks())
      if (at > 0 && at < data.time_h) out.experiment.breaks_h.push_back(at);
  // Where strengths are still near 0, states are too, and any step passes the control of their error: its derivative, which leads the descent, would be that of a step
  // far beyond the decay. (With siRNA from 0 h alone, one step of 48 h gave it the wrong sign, and no fit left its start.)
  for (double at = 0.5 / decay_per_h; at < data.time_h && out.experiment.breaks_h.size() < 1000; at += 0.5 / decay_per_h) out.experiment.breaks_h.push_back(at);
  std::sort(out.experiment.breaks_h.begin(), out.experiment.breaks_h.end());
  out.experiment.breaks_h.erase(std::unique(out.experiment.breaks_h.begin(), out.experiment.breaks_h.end()), out.experiment.breaks_h.end());
  out.experiment.inputs = delivered(data.courses, data.given);
  return out;
}

// Groups of edges with a share of the penalty: the norm of a group times the root of its size (Yuan & Lin 2006, J R Stat Soc B 68:49; Simon et al. 2013).
void group_edges(const GrnScenario& scenario, GrnNetwork& out) {
  if (scenario.groups == EdgeGroups::none) return;
  std::map<int, Penalty::Group> groups;
  Penalty& penalty = out.problem.penalty;
  for (const int i : out.problem.edges) {
    const GrnParameter& edge = out.free[static_cast<std::size_t>(i)];
    Penalty::Group& group = groups[scenario.groups == EdgeGroups::regulator ? edge.from : edge.to];
    group.members.push_back(i);
    group.weight += penalty.lasso[i] * penalty.lasso[i];      // the root of the size where all weigh 1
    penalty.lasso[i] *= 1 - scenario.group_share;
  }
  for (auto& [gene, group] : groups) {
    group.weight = scenario.group_share * std::sqrt(group.weight);
    penalty.groups.push_back(std::move(group));
  }
  out.words.push_back(fmt::format("{} of edges by {}: {:.0f} % of the penalty is on a group's norm, the rest on its edges.", counted(penalty.groups.size(), "group"), scenario.groups == EdgeGroups::regulator ? "regulator" : "target", 100 * scenario.group_share));
}

}  // namespace

std::string unit_of(const GrnData& data, const GrnParameter& parameter) {
  if (parameter.kind == GrnParameterKind::capacity) return fmt::format("{}/{}", data.unit, data.time_unit());
  if (parameter.kind == GrnParameterKind::edge) return data.roles[static_cast<std::size_t>(parameter.from)] == GrnRole::drug ? "1" : fmt::format("1/({})", data.unit);
  const bool produces = !data.deliveries.empty() && data.deliveries[static_cast<std::size_t>(parameter.from)].action == "produces";
  return produces ? fmt::format("{}/{}", data.unit, data.time_unit()) : "1";
}

std::vector<int> rows_named(const GrnData& data, const std::vector<std::string>& names) {
  std::vector<int> out;
  for (const auto& name : names) out.push_back(static_cast<int>(std::find(data.conditions.begin(), data.conditions.end(), name) - data.conditions.begin()));
  return out;
}

InputRidge baseline_of(const GrnData& data, const std::vector<int>& rows) {
  if (!data.steady() && rows.size() < 2) return {};
  InputRidgeOptions options;
  options.least_conditions = 2;
  return fit_input_ridge(data.level(rows, Eigen::all), data.mean(rows, Eigen::all), options);
}

GrnNetwork build_grn(const GrnScenario& scenario, const GrnData& data, const InputRidge& baseline) {
  GrnNetwork out;
  models::BatchNetworkDefinition definition;
  const int m = static_cast<int>(data.genes.size()), k = static_cast<int>(data.inputs.size());
  const bool nodes = scenario.network.inputs == InputRoute::nodes;
  definition.genes = data.genes;
  definition.inputs = data.inputs;
  definition.transfer = scenario.network.transfer;
  // Direct inputs have a state each that rests at the dose, so that what they drive is part of the one matrix product.
  const bool doses = data.steady() && !nodes;
  if (doses)
    for (const auto& input : data.inputs) definition.genes.push_back("dose " + input);
  const std::size_t states = definition.genes.size();
  definition.capacity.assign(states, scenario.network.decay_per_h);
  definition.bias.assign(states, 0.0);
  definition.decay.assign(states, scenario.network.decay_per_h);
  definition.bias_fixed = definition.decay_fixed = true;
  if (data.resting.size() == m) definition.resting.assign(data.resting.data(), data.resting.data() + m);
  definition.capacity_fixed = !scenario.network.capacity_free;
  const GrnPrior prior = read_grn_prior(scenario, data, out.words);
  const bool only_prior = !scenario.network.prior.empty() && scenario.network.prior_only;
  for (int to = 0; to < m; ++to)
    for (int from = 0; from < m; ++from) {
      const GrnRole target = data.roles[static_cast<std::size_t>(to)], source = data.roles[static_cast<std::size_t>(from)];
      const bool drives = source == GrnRole::gene || (nodes && source == GrnRole::drug && target == GrnRole::gene);
      if (from == to || target == GrnRole::drug || !drives || (only_prior && !prior.edges.contains({from, to}))) continue;
      definition.edges.push_back({to, from, 0.0, false});
    }
  const int first_drug = data.scored();
  if (data.steady()) {
    for (int i = 0; i < k; ++i) {
      const auto action = models::action_of_envelope(scenario.network.envelope);
      definition.actions.push_back({i, first_drug + i, action, action == models::BatchAction::produces ? scenario.network.decay_per_h : 1.0, true});
    }
    for (int i = 0; doses && i < k; ++i) {
      definition.actions.push_back({i, m + i, models::BatchAction::produces, scenario.network.decay_per_h, true});
      for (int to = 0; to < first_drug; ++to) definition.edges.push_back({to, m + i, 0.0, false});
    }
  } else {
    for (int i = 0; i < k; ++i) {
      const GrnDelivery& d = data.deliveries[static_cast<std::size_t>(i)];
      const int gene = static_cast<int>(std::find(data.genes.begin(), data.genes.end(), d.gene) - data.genes.begin());
      const auto action = action_named(d.action);
      definition.actions.push_back({i, gene, action, action == models::BatchAction::degrades ? 1.0 : 0.0, false});
      if (action == models::BatchAction::degrades)
        out.words.push_back(fmt::format("'{}' raises the decay of the whole level of {} (the reference's mean {:.3g} plus the difference from it) by a fold that is fitted; a fold of 1 is no effect.", d.kind, d.gene, data.resting[gene]));
    }
  }
  const auto actions = definition.actions;
  out.model = std::make_unique<models::BatchNetwork>(std::move(definition));
  const models::BatchNetwork& model = *out.model;
  NetworkProblem& problem = out.problem;
  problem.model = out.model.get();
  out.genes = m;
  problem.transform = NetworkTransform::of(model);
  problem.blocks.push_back(measurements_of(data, static_cast<int>(states), scenario.network.decay_per_h));
  if (scenario.loss.kind != GrnLoss::means) add_cell_losses(scenario, data, problem.blocks[0], out.words);
  problem.loss.huber = scenario.huber;
  for (std::size_t row = 0; row < data.conditions.size(); ++row) problem.together[data.conditions[row]] = data.arm_of[row];
  std::vector<GrnParameter> all(static_cast<std::size_t>(model.parameter_count()));
  for (int i = 0; i < static_cast<int>(states); ++i) {
    if (model.capacity_index(i) < 0) continue;
    if (i >= m) problem.transform.fix(model.capacity_index(i), scenario.network.decay_per_h);
    all[static_cast<std::size_t>(model.capacity_index(i))] = {GrnParameterKind::capacity, -1, i, {}};
  }
  model.edges().for_each([&](int parameter, int to, int from, double) {
    if (parameter >= 0) all[static_cast<std::size_t>(model.first_edge() + parameter)] = from < m ? GrnParameter{GrnParameterKind::edge, from, to, {}} : GrnParameter{GrnParameterKind::input, from - m, to, {}};
  });
  for (std::size_t a = 0; a < actions.size(); ++a)
    if (const int index = model.action_index(static_cast<int>(a)); index >= 0) {
      all[static_cast<std::size_t>(index)] = {GrnParameterKind::input, actions[a].input, actions[a].gene, {}};
      // a fold is searched as its logarithm, which is 0 where the input does nothing
      if (actions[a].action == models::BatchAction::degrades) problem.transform.logarithmic[static_cast<std::size_t>(std::find(problem.transform.free.begin(), problem.transform.free.end(), index) - problem.transform.free.begin())] = true;
    }
  // On the scale of the misfit, a mean over all values; with standard errors the two scales have nothing to do with each other.
  constexpr double weak_pull = 1e-4;
  out.input_pull = scenario.input_pull.value_or(data.steady() ? baseline.penalty / (baseline.conditions * static_cast<double>(m)) : weak_pull);
  const int f = problem.transform.size();
  problem.penalty.lasso = problem.loss.pull = Eigen::VectorXd::Zero(f);
  problem.loss.pull_to = problem.transform.start();      // capacities towards where saturation is at 1, strengths towards 0
  if (only_prior) problem.penalty.lower = Eigen::VectorXd::Constant(f, -infinite), problem.penalty.upper = Eigen::VectorXd::Constant(f, infinite);
  for (int i = 0; i < f; ++i) {
    GrnParameter parameter = all[static_cast<std::size_t>(problem.transform.free[static_cast<std::size_t>(i)])];
    parameter.name = model.parameters()[static_cast<std::size_t>(problem.transform.free[static_cast<std::size_t>(i)])].name;
    const bool from_drug = parameter.kind == GrnParameterKind::edge && data.roles[static_cast<std::size_t>(parameter.from)] == GrnRole::drug;
    if (parameter.kind == GrnParameterKind::capacity) {
      if (parameter.to < first_drug) problem.loss.pull[i] = scenario.capacity_pull;
    } else if (parameter.kind == GrnParameterKind::input || from_drug) {
      problem.loss.pull_to[i] = 0;
      problem.loss.pull[i] = out.input_pull;
      problem.penalty.lasso[i] = scenario.input_lasso;
    } else {
      const auto known = prior.edges.find({parameter.from, parameter.to});
      problem.penalty.lasso[i] = known == prior.edges.end() ? 1.0 : known->second.weight;
      problem.loss.pull_to[i] = 0;
      problem.loss.pull[i] = scenario.edge_pull;
      problem.edges.push_back(i);
      if (known != prior.edges.end() && !only_prior && known->second.pull > 0) problem.loss.pull[i] += known->second.pull, problem.loss.pull_to[i] = known->second.pull * known->second.pull_to / problem.loss.pull[i];
      if (only_prior && known->second.sign > 0) problem.penalty.lower[i] = 0;
      if (only_prior && known->second.sign < 0) problem.penalty.upper[i] = 0;
    }
    out.free.push_back(std::move(parameter));
  }
  group_edges(scenario, out);
  return out;
}

}  // namespace hyped
