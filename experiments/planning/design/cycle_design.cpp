// Candidates of a cell-cycle scenario and the run.
#include "experiments/planning/design/cycle_design.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "experiments/cycle/cycle_run.hpp"
#include "experiments/planning/design/design_run.hpp"
#include "fitting/networks/evidence/input_design.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

using namespace control;

// The scenario's arms with the shifted inputs later by `by`, and with them the events at the times at which they came and went.
std::vector<Arm> moved_arms(const Scenario& scenario, const std::vector<std::string>& inputs, double by) {
  Scenario moved = scenario;
  std::set<double> times;
  const auto is_moved = [&](const std::string& input) { return std::find(inputs.begin(), inputs.end(), input) != inputs.end(); };
  for (auto& d : moved.deliveries)
    if (is_moved(d.input)) times.insert({d.from_h, d.until_h}), d.from_h += by, d.until_h += by;
  for (auto& s : moved.steps)
    if (is_moved(s.input)) times.insert({s.from_h, s.until_h}), s.from_h += by, s.until_h += by;
  for (auto& event : moved.events)
    if (times.contains(event.change.time_h)) event.change.time_h += by;
  moved.end_h += std::max(0.0, by);
  return build_arms(moved);
}

std::string known_arms(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Arm& arm : scenario.setup.arms) names.push_back(arm.condition);
  return fmt::format("{}", fmt::join(names, ", "));
}

int free_parameter(const AskedQuantity& asked, const ParameterSpace& space) {
  const int at = space.index(asked.parameter);
  if (at < 0) throw InputError(asked.place, "the fit has no free parameter '" + asked.parameter + "'", did_you_mean(asked.parameter, space.names()));
  return at;
}

CycleQuantity quantity_of(const AskedQuantity& asked, const CycleDesign& design, const ParameterSpace& space) {
  CycleQuantity out;
  if (!asked.parameter.empty()) {
    out.parameter = free_parameter(asked, space);
    out.name = asked.parameter;
    out.unit = space[out.parameter].unit;
    return out;
  }
  if (!asked.species.empty()) throw InputError(asked.place, "a cell-cycle scenario has no species", "write class");
  const auto arm = std::find_if(design.setup.arms.begin(), design.setup.arms.end(), [&](const Arm& a) { return a.condition == asked.arm; });
  if (arm == design.setup.arms.end()) throw InputError(asked.place, "there is no arm '" + asked.arm + "'", "it may be one of the scenario's");
  out.condition = asked.arm;
  out.time_h = asked.time_h;
  out.share = asked.share;
  if (!asked.of_class.empty()) {
    std::vector<std::string> names;
    for (const auto& seen : design.setup.map.classes) names.push_back(seen.name);
    const auto found = std::find(names.begin(), names.end(), asked.of_class);
    if (found == names.end()) throw InputError(asked.place, "there is no class '" + asked.of_class + "'", did_you_mean(asked.of_class, names));
    out.of_class = static_cast<int>(found - names.begin());
  }
  out.name = fmt::format("{} of {} at {:.4g} h", asked.of_class.empty() ? "cells" : asked.share ? "share of " + asked.of_class : asked.of_class, asked.arm, asked.time_h);
  out.unit = asked.share ? "1" : "per founder";
  return out;
}

// Normal draws about the fit on the search scale, within the bounds; the first is the fit itself.
std::vector<Eigen::VectorXd> draws_of(const CycleFit& fitted, int count, std::uint64_t seed) {
  const ParameterSpace& space = fitted.problem->space();
  std::vector<Eigen::VectorXd> out{fitted.fit.theta};
  if (count == 1) return out;
  const Eigen::MatrixXd& covariance = fitted.fit.identifiability.covariance;
  const Eigen::LDLT<Eigen::MatrixXd> factor(covariance);
  const Eigen::MatrixXd root = factor.transpositionsP().transpose() * Eigen::MatrixXd(Eigen::MatrixXd(factor.matrixL()) * factor.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal());
  out.clear();
  for (int s = 0; s < count; ++s) {
    RandomStream random(seed, 0xd5a3, static_cast<std::uint32_t>(s));
    Eigen::VectorXd z(space.count());
    for (auto& value : z) value = random.normal();
    out.push_back((fitted.fit.theta + root * z).cwiseMax(space.lower()).cwiseMin(space.upper()));
  }
  return out;
}

}  // namespace

std::vector<std::string> inseparable_inputs(const CycleSetup& setup, double end_h) {
  InputDesign design;
  std::set<std::string> names;
  for (const Arm& arm : setup.arms) {
    for (const auto& stratum : arm.strata)
      for (const auto& [name, course] : stratum.inputs) names.insert(name);
    for (const auto& event : arm.schedule)
      if (event.action == Action::set && event.amount > 0 && event.target != "cells") names.insert(event.target);
  }
  design.inputs.assign(names.begin(), names.end());
  design.amount = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(setup.arms.size()), static_cast<Eigen::Index>(names.size()));
  for (std::size_t a = 0; a < setup.arms.size(); ++a) {
    design.arms.push_back(setup.arms[a].condition);
    for (std::size_t i = 0; i < design.inputs.size(); ++i) {
      double& amount = design.amount(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(i));
      for (const auto& stratum : setup.arms[a].strata)
        if (const auto found = stratum.inputs.find(design.inputs[i]); found != stratum.inputs.end())
          for (int k = 0; k < 1000; ++k) amount += stratum.weight * std::max(0.0, found->second((k + 0.5) * end_h / 1000)) * end_h / 1000;
      double value = 0, since = 0;
      for (const auto& event : setup.arms[a].schedule)
        if (event.target == design.inputs[i] && event.action == Action::set) amount += value * (event.time_h - since), value = event.amount, since = event.time_h;
      amount += value * std::max(0.0, end_h - since);
    }
  }
  std::vector<std::string> out;
  const DesignReport report = check_design(design);
  for (const auto& pair : report.pairs) out.push_back(pair.text);
  for (const auto& combination : report.combinations) out.push_back(combination.text);
  return out;
}

void check_design_names(const DesignPlan& plan, const Scenario& scenario) {
  std::vector<std::string> arms, inputs, classes;
  for (const Arm& arm : scenario.setup.arms) arms.push_back(arm.condition);
  for (const auto& d : scenario.deliveries) inputs.push_back(d.input);
  for (const auto& s : scenario.steps) inputs.push_back(s.input);
  for (const auto& seen : scenario.setup.map.classes) classes.push_back(seen.name);
  for (const auto& input : plan.shifted)
    if (std::find(inputs.begin(), inputs.end(), input) == inputs.end()) throw InputError(plan.shifted_place, "'shifted' names the input '" + input + "', which the scenario does not have", did_you_mean(input, inputs));
  for (const auto& name : plan.arms)
    if (std::find(arms.begin(), arms.end(), name) == arms.end()) throw InputError(plan.arms_place, "[candidates] arms names '" + name + "', which the scenario does not have", "it has " + known_arms(scenario));
  for (const auto& asked : plan.quantities) {
    if (!asked.species.empty()) throw InputError(asked.place, "a cell-cycle scenario has no species", "write class");
    if (asked.arm.empty()) continue;
    const std::string own = asked.arm.substr(0, asked.arm.find(", doses "));      // a shifted one is named after its arm
    if (std::find(arms.begin(), arms.end(), own) == arms.end()) throw InputError(asked.place, "there is no arm '" + asked.arm + "'", did_you_mean(own, arms));
    if (!asked.of_class.empty() && std::find(classes.begin(), classes.end(), asked.of_class) == classes.end()) throw InputError(asked.place, "there is no class '" + asked.of_class + "'", did_you_mean(asked.of_class, classes));
  }
}

CycleDesign cycle_design_of(const DesignPlan& plan, const Scenario& scenario, const CycleFit& fitted) {
  CycleDesign out;
  out.setup = scenario.setup;
  std::vector<std::string> arms = plan.arms, inputs;
  if (arms.empty())
    for (const Arm& arm : scenario.setup.arms) arms.push_back(arm.condition);
  for (const auto& d : scenario.deliveries) inputs.push_back(d.input);
  for (const auto& s : scenario.steps) inputs.push_back(s.input);
  for (const auto& input : plan.shifted)
    if (std::find(inputs.begin(), inputs.end(), input) == inputs.end()) throw InputError(plan.shifted_place, "'shifted' names the input '" + input + "', which the scenario does not have", did_you_mean(input, inputs));
  for (const double by : plan.shifts_h) {
    const std::vector<Arm> moved = by == 0 ? scenario.setup.arms : moved_arms(scenario, plan.shifted, by);
    for (const std::string& name : arms) {
      const auto arm = std::find_if(moved.begin(), moved.end(), [&](const Arm& a) { return a.condition == name; });
      if (arm == moved.end()) throw InputError(plan.arms_place, "[candidates] arms names '" + name + "', which the scenario does not have", "it has " + known_arms(scenario));
      const auto& own = scenario.arm_inputs.at(name);
      const bool has = std::any_of(own.begin(), own.end(), [&](const std::string& input) { return std::find(plan.shifted.begin(), plan.shifted.end(), input) != plan.shifted.end(); });
      if (by != 0 && !has) continue;
      const std::string label = by == 0 ? name : fmt::format("{}, doses {:+.4g} h", name, by);
      if (by != 0) {
        Arm copy = *arm;
        copy.condition = label;
        out.setup.arms.push_back(copy);
        for (auto& choice : out.setup.parameters)
          if (const auto fixed = choice.fixed_in.find(name); fixed != choice.fixed_in.end()) choice.fixed_in[label] = fixed->second;
      }
      for (const SamplingPlan& sampling : plan.sampling) {
        for (const auto& event : arm->schedule)
          if (event.time_h > sampling.times_h.back()) throw InputError(plan.file.string(), fmt::format("the sampling '{}' ends at {:.4g} h, before '{}' is changed at {:.4g} h in '{}'", sampling.name, sampling.times_h.back(), event.target, event.time_h, label), "look at the wells longer");
        const double cost = plan.costs.unit + plan.costs.dose * static_cast<double>(own.size()) + plan.costs.frame * static_cast<double>(sampling.times_h.size()) + plan.costs.hour * sampling.times_h.back();
        out.candidates.push_back({{label, sampling.times_h}, label + " | " + sampling.name, cost});
      }
    }
  }
  const ParameterSpace& space = fitted.problem->space();
  for (const auto& asked : plan.quantities) out.quantities.push_back(quantity_of(asked, out, space));
  if (out.quantities.empty())
    for (int i = 0; i < space.count(); ++i)
      if (fitted.fit.identifiability.identified[static_cast<std::size_t>(i)]) {
        CycleQuantity parameter;
        parameter.name = space[i].name, parameter.unit = space[i].unit, parameter.parameter = i;
        out.quantities.push_back(parameter);
      }
  double sum = 0;
  for (const double scale : fitted.fit.scales) sum += scale;
  out.cells = fitted.fit.scales.empty() ? 1 : sum / static_cast<double>(fitted.fit.scales.size());
  return out;
}

void run_cycle_design(RunDirectory& run, const DesignPlan& plan, const std::string& data_file, std::uint64_t seed, bool force) {
  Scenario scenario = read_scenario(shipped_scenario(plan.cycle));
  run.add_input(scenario.file);
  check_design_names(plan, scenario);      // before the fit
  const bool pilot = data_file.empty() && scenario.data.file.empty();
  PhaseCounts data;
  if (pilot) {
    if (!scenario.twin) throw InputError(scenario.file.string(), "there are no data, and the scenario has no [twin] to simulate a pilot from", "give DATA on the command line");
    data = simulate_twin(scenario.setup, *scenario.twin, seed).counts;
    run.add_warning("No data were given: the design rests on a pilot simulated from the scenario's [twin]. It says what is best if the truth is like that.");
  } else {
    data = read_data(scenario, data_file);
    run.add_input(data.source);
  }
  std::fprintf(stdout, "%s", to_terminal_paragraph("data      ", data_summary(data)).c_str());
  const CycleProblem unfitted(scenario.setup, data);
  for (const auto& asked : plan.quantities)
    if (!asked.parameter.empty()) free_parameter(asked, unfitted.space());      // before the fit
  const CycleFit fitted = fit_scenario(scenario, scenario.setup, data, scenario.records);
  if (fitted.fit.parameters.empty() || (!fitted.fit.outcome.ok() && !force)) {
    run.set_outcome(fitted.fit.outcome.ok() ? Outcome{Status::not_converged, "the fit gave no parameters"} : fitted.fit.outcome);
    run.add_answer("No design: the fit did not converge (" + fitted.fit.outcome.message + "). --force designs from it all the same.");
    return;
  }
  if (!fitted.fit.outcome.ok()) run.add_warning("The fit did not converge (" + fitted.fit.outcome.message + "); the design was forced.");
  const CycleDesign design = cycle_design_of(plan, scenario, fitted);
  std::vector<WellPlan> wells;
  for (const auto& candidate : design.candidates) wells.push_back(candidate.plan);
  const ParameterSpace& space = fitted.problem->space();
  const CycleCandidates candidates(design.setup, data, wells, space);
  run.add_note(fmt::format("An added well starts with {:.4g} cells (mean of those measured), frames count by themselves, and wells differ as the fitted ones do.", design.cells));
  run.add_note("Variance components are held at their estimates, and intervals here are normal; those of a fit of few wells are wider (Satterthwaite).");
  for (const auto& text : inseparable_inputs(scenario.setup, scenario.end_h)) run.add_note("Arms as they are: " + text);
  DesignProblem problem;
  problem.kind = plan.settings.kind;
  for (const auto& candidate : design.candidates) problem.candidates.push_back({candidate.name, candidate.cost, {}});
  const auto draws = draws_of(fitted, plan.settings.draws, seed);
  const Eigen::MatrixXd known = space.with_priors(fitted.fit.mixed.information, fitted.fit.theta);
  std::vector<std::vector<Eigen::MatrixXd>> information(draws.size());
  std::vector<Outcome> outcomes(draws.size());
  std::vector<Eigen::MatrixXd> contrasts(draws.size(), Eigen::MatrixXd(space.count(), static_cast<Eigen::Index>(design.quantities.size())));
  Progress progress("draws", static_cast<int>(draws.size()));
  for (std::size_t s = 0; s < draws.size(); ++s) {
    outcomes[s] = candidates.information(draws[s], fitted.fit.components, design.cells, information[s]);
    for (std::size_t q = 0; q < design.quantities.size() && outcomes[s].ok(); ++q) {
      const QuantityValue value = candidates.quantity(design.quantities[q], draws[s]);
      outcomes[s] = value.outcome;
      contrasts[s].col(static_cast<Eigen::Index>(q)) = value.gradient;
    }
    progress.advance();
  }
  int failed = 0;
  for (std::size_t s = 0; s < draws.size(); ++s) {
    if (!outcomes[s].ok()) {
      ++failed;
      continue;
    }
    problem.known.push_back(known);
    problem.contrasts.push_back(contrasts[s]);
    for (std::size_t i = 0; i < problem.candidates.size(); ++i) problem.candidates[i].information.push_back(information[s][i]);
  }
  if (failed > 0) run.add_warning(fmt::format("{} of {} draws of the parameters could not be simulated and are left out.", failed, draws.size()));
  if (problem.known.empty()) {
    run.set_outcome(outcomes.front());
    return;
  }
  std::vector<QuantityLabel> labels;
  for (const auto& wanted : design.quantities) {
    const bool log10 = wanted.parameter >= 0 ? space[wanted.parameter].scale == SearchScale::log10 : !wanted.share;
    labels.push_back({wanted.name, wanted.unit, candidates.quantity(wanted, fitted.fit.theta).value, log10});
  }
  const ExactDesign exact = write_design(run, problem, labels, plan.settings, seed);
  if (!exact.outcome.ok() || (plan.settings.replicates == 0 && plan.settings.twins == 0)) return;
  // predicted at the estimate: what the refits are made from
  std::vector<Eigen::MatrixXd> at_fit;
  const Outcome outcome = candidates.information(fitted.fit.theta, fitted.fit.components, design.cells, at_fit);
  if (!outcome.ok()) return run.set_outcome(outcome);
  DesignProblem local = problem;
  local.known = {known};
  local.contrasts = {Eigen::MatrixXd(space.count(), static_cast<Eigen::Index>(design.quantities.size()))};
  for (std::size_t q = 0; q < design.quantities.size(); ++q) local.contrasts[0].col(static_cast<Eigen::Index>(q)) = candidates.quantity(design.quantities[q], fitted.fit.theta).gradient;
  Eigen::VectorXd amount(static_cast<Eigen::Index>(exact.count.size()));
  for (std::size_t i = 0; i < exact.count.size(); ++i) {
    local.candidates[i].information = {at_fit[i]};
    amount[static_cast<Eigen::Index>(i)] = exact.count[i];
  }
  const Eigen::MatrixXd before = contrast_variances(local, local.known), after = contrast_variances(local, total_information(local, amount));
  std::vector<double> sd_before, sd_after;
  for (Eigen::Index q = 0; q < before.cols(); ++q) sd_before.push_back(std::sqrt(before(0, q))), sd_after.push_back(std::sqrt(after(0, q)));
  write_checks(run, check_cycle_design(design, scenario, data, fitted, exact.count, sd_before, sd_after, plan.settings, pilot, seed));
}

}  // namespace hyped
