// Plans on ensembles of the cell cycle: derivatives, the search, and what a written plan gives when it is simulated again.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "experiments/control/ensembles/plan_assessment.hpp"
#include "experiments/planning/systems/schedule_file.hpp"
#include "fitting/cycle_problem.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/store/run_directory.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "tests/control/planned_cycles.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::tests;
using Catch::Matchers::Contains;

namespace {

std::vector<Pulse> shifted(std::vector<Pulse> pulses, int k, int knob, double by) {
  Pulse& pulse = pulses[static_cast<std::size_t>(k)];
  (knob == 0 ? pulse.amount : knob == 1 ? pulse.start_h : pulse.until_h) += by;
  return pulses;
}

// Central differences with Richardson's extrapolation: error of order h^4, rounding and solver noise over h.
double worst_difference(const PlannedSystem& system, const std::vector<Pulse>& pulses, double h) {
  const PlannedAnswer at = system.answer(0, pulses, true);
  REQUIRE(at.outcome.ok());
  double worst = 0;
  for (int k = 0; k < static_cast<int>(pulses.size()); ++k)
    for (int knob = 0; knob < 3; ++knob) {
      if (knob == 2 && std::isinf(pulses[static_cast<std::size_t>(k)].until_h)) continue;
      const auto slope = [&](double step) { return ((system.answer(0, shifted(pulses, k, knob, step), false).values - system.answer(0, shifted(pulses, k, knob, -step), false).values) / (2 * step)).eval(); };
      const Eigen::VectorXd difference = (4 * slope(h / 2) - slope(h)) / 3;
      worst = std::max(worst, (difference - at.by_pulses.col(3 * k + knob)).cwiseAbs().maxCoeff());
    }
  return worst;
}

}  // namespace

TEST_CASE("a carrier's active input is what its single dose gives, and its derivatives are those of differences") {
  for (const auto kind : {models::Delivery::sirna, models::Delivery::modified_mrna, models::Delivery::ligand}) {
    const models::Carrier carrier(kind, {});
    const std::vector<models::DosePulse> pulses{{0.7, 3.2, 21.4}, {0.5, 30.1}};
    const models::DosedCourse at = carrier.course(pulses, 72, true);
    const models::DosedCourse plain = carrier.course(pulses, 72, false);
    const auto moved = [&](int knob, double by) {
      auto other = pulses;
      (knob == 0 ? other[0].amount : knob == 1 ? other[0].from_h : other[0].until_h) += by;
      return carrier.course(other, 72, false).course;
    };
    for (const double t : {5.0, 10.0, 20.0, 24.0, 33.0, 60.0}) {
      CHECK(at.course(t) == Approx(plain.course(t)).margin(1e-9));
      for (int knob = 0; knob < 3; ++knob) {
        const InputCourse& slope = (knob == 0 ? at.by_amount : knob == 1 ? at.by_from : at.by_until)[0];
        CHECK(slope(t) == Approx((moved(knob, 1e-3)(t) - moved(knob, -1e-3)(t)) / 2e-3).margin(2e-5));
      }
    }
    const models::DosePulse one{0.8, 5, 29};
    const InputCourse single = models::active_input({kind, 0.8 * models::reference_dose(kind), 5, 29, 72});
    const InputCourse same = carrier.course({&one, 1}, 72).course;
    for (const double t : {6.0, 15.0, 30.0, 70.0}) CHECK(same(t) == single(t));
  }
}

TEST_CASE("quantities of a planned cell cycle have exact derivatives by amounts, starts and ends") {
  const Scenario scenario = twin_scenario();
  const CycleSystem system(twin_setup(scenario), twin_members(scenario, 1, 0));
  CHECK(worst_difference(system, {{0, 0.8, 2.3, 25.1}, {1, 0.6, 27.4, never_h}}, 2e-2) < 2e-6);
  CHECK(worst_difference(system, {{0, 0.8, 2.3, 15.1}, {0, 0.4, 20.2, 40.3}, {1, 0.6, 37.4, never_h}}, 2e-2) < 2e-6);
  // At amount zero the derivative by the amount is that of the first dose given, not zero.
  const PlannedAnswer none = system.answer(0, std::vector<Pulse>{{1, 0, 24, never_h}}, true);
  const PlannedAnswer nothing = system.answer(0, {}, true);      // no dose at all: values, and no derivative
  CHECK((nothing.values - none.values).head(2).cwiseAbs().maxCoeff() < 1e-9);
  CHECK(nothing.by_pulses.rows() == nothing.values.size());
  CHECK(nothing.by_pulses.cols() == 0);
  CHECK((nothing.values - none.values).head(3).cwiseAbs().maxCoeff() < 1e-8);      // the fourth is at the dosing; no medium change either, whether derivatives are asked for or not
  CHECK((none.values - system.answer(0, std::vector<Pulse>{{1, 0, 24, never_h}}, false).values).cwiseAbs().maxCoeff() < 1e-8);
  const PlannedAnswer small = system.answer(0, std::vector<Pulse>{{1, 1e-4, 24, never_h}}, false);
  CHECK(none.by_pulses(1, 0) == Approx((small.values[1] - none.values[1]) / 1e-4).epsilon(1e-2));
  CHECK(std::abs(none.by_pulses(1, 0)) > 0.01);
}

TEST_CASE("steps of an input without a carrier move in time by the jump of the rates") {
  const Scenario scenario = twin_scenario();
  CyclePlanSetup setup = twin_setup(scenario);
  setup.deliveries.clear();
  const CycleSystem system(setup, twin_members(scenario, 1, 0));
  CHECK(worst_difference(system, {{0, 0.8, 2.3, 25.1}, {1, 0.6, 27.4, 50.2}}, 2e-2) < 2e-7);
  // The same by forward sensitivities of the ODE engine, which know event times from their own jump conditions.
  const auto model = make_staged(setup.model, setup.stages);
  Experiment dish;
  dish.initial.assign(static_cast<std::size_t>(model->state_count()), 0.0);
  dish.initial[0] = 1;
  dish.schedule = {{10.0, "mmMYOD1", Action::set, 0.5}, {30.0, "mmMYOD1", Action::set, 0}};
  dish.sample_times_h = {48};
  std::vector<double> p = model->default_parameters();
  p[static_cast<std::size_t>(model->parameter_index("mmMYOD1_on_S_entry"))] = -1;
  const Trajectory ode = simulate(*model, p, dish, OdeOptions{1e-10, 1e-12}, Sensitivities::parameters_and_event_times);
  dish.event_directions = {{0}, {1}};
  LinearOptions options;
  options.columns = {model->parameter_count(), model->parameter_count() + 1};
  const Trajectory linear = simulate_linear(*model, p, dish, options, Sensitivities::parameters);
  CHECK((linear.sensitivities[0] - ode.sensitivities[0].rightCols(2)).cwiseAbs().maxCoeff() < 1e-8);
  CHECK_THROWS_AS(simulate(*model, p, dish, OdeOptions{}), InputError);
}

TEST_CASE("two different medium changes at one moment both happen, one that two inputs share happens once") {
  const Scenario scenario = twin_scenario();
  const std::vector<Pulse> together{{0, 0.8, 2, 26}, {1, 0.6, 26, never_h}};      // the end of the one is the start of the other
  const auto cells = [&](double at_end, double at_start) {
    CyclePlanSetup setup = twin_setup(scenario);
    setup.handling = {{"siPRRX1", true, {0, "cells", Action::scale, at_end}}, {"mmMYOD1", false, {0, "cells", Action::scale, at_start}}};
    return CycleSystem(setup, twin_members(scenario, 1, 0)).answer(0, together, false).values[2];
  };
  const double untouched = cells(1, 1);
  CHECK(cells(0.9, 0.9) == Approx(0.9 * untouched).epsilon(1e-6));
  CHECK(cells(0.9, 0.8) == Approx(0.72 * untouched).epsilon(1e-6));
  CHECK_THROWS_AS(CycleSystem(twin_setup(scenario), twin_members(scenario, 1, 0)).answer(0, std::vector<Pulse>{{0, 0.8, 2, 26}, {1, 0.6, -3, never_h}}, false), InputError);
}

TEST_CASE("must/control/2", "[standard]") {
  const Scenario scenario = twin_scenario();
  const int count = 12;
  auto members = twin_members(scenario, count, 0.08);
  const CycleSystem system(twin_setup(scenario), members);
  PlanProblem problem{&system, twin_inputs(), 0, share_target(0.12, 0.1), {}, {RiskMeasure::quantile, 0.9, 0}, 0, never_h, {}};
  problem.members = split_members(count).optimise;
  PlanSearchOptions options;
  options.candidates = 16, options.starts = 2, options.screening = 4, options.polished = 1;
  set_threads(1);
  const PlanSearch search = find_plan(problem, options);
  set_threads(2);
  const PlanSearch again = find_plan(problem, options);
  set_threads(0);
  CHECK(search.best.cost == again.best.cost);      // to the last bit
  CHECK((search.best.x.array() == again.best.x.array()).all());

  // Written as a schedule file, read back by the reader of `hyped cycle simulate`, every member simulated by the engine of fits.
  const PlanRecord optimised = record_of(problem, "plan", search.best.pulses, problem.members);
  Eigen::VectorXd distances(static_cast<Eigen::Index>(problem.members.size()));
  const auto folder = std::filesystem::temp_directory_path() / "hyped_plan_test";
  std::filesystem::create_directories(folder);
  for (std::size_t m = 0; m < problem.members.size(); ++m) {
    const CycleMember& member = members[static_cast<std::size_t>(problem.members[m])];
    const auto model = make_staged(scenario.setup.model, scenario.setup.stages);
    ScheduleFile file{"hyped_twin", "a plan", "plan", 72, {}, system.events_of(search.best.pulses), {}};
    for (const Pulse& pulse : search.best.pulses) file.pulses.push_back({twin_setup(scenario).inputs[static_cast<std::size_t>(pulse.input)], {pulse.amount, pulse.start_h, pulse.until_h}});
    for (int p = 0; p < model->parameter_count(); ++p)
      if (const std::string name(model->parameters()[static_cast<std::size_t>(p)].name); scenario.twin->truth.contains(name)) file.values[name] = member.parameters[static_cast<std::size_t>(p)];
    write_file(folder / "plan.toml", to_toml(file));
    const Scenario read = read_scenario(folder / "plan.toml");
    CycleSetup setup = read.setup;
    PhaseCounts grid;
    for (const auto& seen : setup.map.classes) grid.classes.push_back(seen.name);
    for (const Arm& arm : setup.arms) grid.wells.push_back({arm.condition, "1", {0, 36, 72}, Eigen::MatrixXd::Ones(3, 3), {0, 0, 0}});
    const CycleProblem cycle(setup, grid);
    Eigen::VectorXd theta = cycle.space().start();
    for (int i = 0; i < cycle.space().count(); ++i)
      if (const auto found = read.twin->truth.find(cycle.space()[i].name); found != read.twin->truth.end()) theta[i] = cycle.space().search(i, found->second);
    const UnitMean mean = cycle.mean_at(cycle.arm("plan"), {48, 72}, theta, false);
    REQUIRE(mean.outcome.ok());
    Eigen::VectorXd quantities = Eigen::VectorXd::Zero(4);      // classes G1, S/G2/M, unlabelled: the share among labelled ones
    for (int t = 0; t < 2; ++t) quantities[t] = mean.mean[3 * t + 1] / (mean.mean[3 * t] + mean.mean[3 * t + 1]);
    distances[static_cast<Eigen::Index>(m)] = problem.target.distance(quantities);
  }
  // The engine of fits takes its steps to 1e-7, the planner's to 1e-8; both are far inside that.
  CHECK((distances - optimised.distances).cwiseAbs().maxCoeff() < 1e-8);
  CHECK(risk_of(problem.risk, distances, Eigen::VectorXd::Ones(distances.size())) == Approx(search.best.cost).margin(1e-8));

  // Quantiles of the distance over a fresh draw of the ensemble: within Monte-Carlo error, from the order statistics' normal theory.
  const int fresh_count = 120;
  const CycleSystem one(twin_setup(scenario), twin_members(scenario, fresh_count, 0.08, 11)), two(twin_setup(scenario), twin_members(scenario, fresh_count, 0.08, 12));
  std::vector<int> all;
  for (int m = 0; m < fresh_count; ++m) all.push_back(m);
  const EnsembleAnswer a = ensemble_answer(one, problem.target, all, search.best.pulses), b = ensemble_answer(two, problem.target, all, search.best.pulses);
  for (const double level : {0.1, 0.5, 0.9}) {
    const double reach = 3 * std::sqrt(2 * level * (1 - level) / fresh_count);      // of the level, difference of two draws
    const double low = smooth_quantile(a.distances, a.weights, std::max(0.005, level - reach)), high = smooth_quantile(a.distances, a.weights, std::min(0.995, level + reach));
    const double there = smooth_quantile(b.distances, b.weights, level);
    CHECK(there > low);
    CHECK(there < high);
  }
}

TEST_CASE("must/control/5", "[standard]") {
  const Scenario scenario = twin_scenario();
  CyclePlanSetup small = twin_setup(scenario);
  small.stages.stages = {{"G0", 3}, {"G1", 3}, {"S/G2/M", 4}};
  for (auto& delivery : small.deliveries) delivery.transfected_fraction = 1, delivery.log_sd = 0;
  const int count = 3;
  const CycleSystem system(small, twin_members(scenario, count, 0.1));
  const PlanTarget target = share_target(0.1, 0.3);
  // No dose, each input alone, both: more points where there are more variables, 10,000 schedules in all.
  std::vector<std::vector<Pulse>> schedules;
  const auto shapes = enumerate_shapes(twin_inputs());
  REQUIRE(shapes.size() == 4);
  for (const PlanShape& shape : shapes) {
    const int v = shape.variable_count();
    if (v == 0) schedules.push_back({});
    else
      for (const auto& x : design_points(shape, v == 5 ? 7500 : v == 3 ? 1500 : 999, 99)) schedules.push_back(shape.pulses(x));
  }
  REQUIRE(schedules.size() == 10000);
  std::vector<EnsembleAnswer> sampled(schedules.size());
  const std::vector<int> all{0, 1, 2};
  parallel_for(static_cast<int>(schedules.size()), [&](int n) { sampled[static_cast<std::size_t>(n)] = ensemble_answer(system, target, all, schedules[static_cast<std::size_t>(n)]); });
  std::vector<double> spread;      // they do differ
  for (const EnsembleAnswer& one : sampled) spread.push_back(one.distances.mean());
  CHECK(*std::max_element(spread.begin(), spread.end()) > 2 * *std::min_element(spread.begin(), spread.end()));
  for (const RiskMeasure measure : {RiskMeasure::mean, RiskMeasure::quantile, RiskMeasure::worst}) {
    PlanProblem problem{&system, twin_inputs(), 0, target, {}, {measure, 0.8, 0}, 0, never_h, {}};
    problem.limits.push_back({"cells left", {{2, 1.0}}, 0.6, never_h, Over::mean, 0.9});
    const PlanSearch search = find_plan(problem, {});
    double least = 1e300, broken = 1e300;
    for (const EnsembleAnswer& one : sampled) {
      const double cost = risk_of(problem.risk, one.distances, one.weights);
      double& slot = one.quantities.col(2).mean() >= 0.6 ? least : broken;
      slot = std::min(slot, cost);
    }
    INFO(to_words(problem.risk) << ": sampled " << least << " (without the limit " << broken << "), plan " << search.best.cost << " at " << search.best.x.transpose());
    CHECK(least < 1e299);
    CHECK(search.best.cost <= least + 1e-9);
    CHECK(search.best.cost > 1e-3);      // the target is out of reach: there is something to find
  }
}

TEST_CASE("plans that constraints forbid are said with the constraints, and targets out of reach give their nearest point", "[standard]") {
  const Scenario scenario = twin_scenario();
  const CycleSystem system(twin_setup(scenario), twin_members(scenario, 4, 0.05));
  PlanProblem problem{&system, twin_inputs(), 0, share_target(0.1, 0.1), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  problem.limits.push_back({"cells in S/G2/M at 72 h", {{1, 1.0}}, 0.99, never_h, Over::mean, 0.9});
  PlanSearchOptions options;
  options.candidates = 12, options.starts = 2;
  CHECK_THROWS_WITH(find_plan(problem, options), Contains("cells in S/G2/M at 72 h") && Contains("at least 0.99"));
  problem.limits.clear();
  problem.target = share_target(0.95, 0.95);
  const PlanSearch search = find_plan(problem, options);
  CHECK(search.best.cost > 0.3);
  CHECK(search.best.violation <= 1e-6);
  problem.inputs[0].name = "siPRX1";
  CyclePlanSetup wrong = twin_setup(scenario);
  wrong.inputs = {"siPRX1"};
  CHECK_THROWS_WITH(CycleSystem(wrong, twin_members(scenario, 1, 0)), Contains("did you mean 'siPRRX1'"));
}
