// Exact derivatives of everything a cycle problem can have, and its refusals.
#include <catch2/catch.hpp>

#include "fitting/process_fit.hpp"
#include "tests/fitting/small_problem.hpp"

using namespace hyped;
using namespace hyped::test;

namespace {

// Strata of unequal uptake, dark clones, misreading, a loss with a fitted size, values per condition, an interaction.
CycleSetup rich_setup() {
  CycleSetup setup = small_setup(2);
  setup.stages.effects.push_back({"two_inputs", {"drug", "pulse"}, {"division"}});
  setup.stages.event_parameters = {{"kept", "1", "kept at the wash", 0.8, 0.2, 1}};
  setup.map = {Reporter::cdt1_geminin, {{"G1", {"G1"}}, {"S/G2/M", {"S/G2/M"}}, {"dark", {}}}, true};
  const InputCourse full = setup.arms[1].strata[0].inputs.at("drug");
  setup.arms[1].strata = {{0.3, {}}, {0.5, {{"drug", full}}}, {0.2, {{"drug", full.scaled(2)}}}};
  for (Arm& arm : setup.arms) arm.schedule.push_back({10.2, "cells", Action::scale, 1, "kept"});
  setup.arms[1].schedule = {{6, "pulse", Action::set, 1, ""}, {10.2, "cells", Action::scale, 1, "kept"}, {15, "pulse", Action::set, 0, ""}};
  ParameterChoice misread, own;
  misread.name = misread_fraction;
  misread.start = 0.05;
  own.name = "division";
  own.per_condition = true;
  setup.parameters.push_back(misread);
  setup.parameters.push_back(own);
  return setup;
}

PhaseCounts with_dark(PhaseCounts data) {
  data.classes.push_back("dark");
  for (auto& well : data.wells) well.values = Eigen::MatrixXd::Constant(well.values.rows(), 3, 10.0);
  return data;
}

Eigen::VectorXd inside(const ParameterSpace& space) {
  Eigen::VectorXd theta = space.start();
  for (int i = 0; i < theta.size(); ++i) theta[i] += 0.07 * std::sin(1.0 + i) * std::min(1.0, space.upper()[i] - space.lower()[i]);
  return theta.cwiseMax(space.lower() + 1e-3 * (space.upper() - space.lower())).cwiseMin(space.upper() - 1e-3 * (space.upper() - space.lower()));
}

std::vector<Eigen::MatrixXd> unit_factors(const CycleProblem& problem) {
  std::vector<Eigen::MatrixXd> factors;
  for (const Well& well : problem.wells()) {
    Eigen::MatrixXd lower = Eigen::MatrixXd::Identity(well.blocks.size(), well.blocks.size());
    for (int i = 1; i < lower.rows(); ++i) lower(i, i - 1) = 0.3;
    factors.push_back(lower);
  }
  return factors;
}

double residual_slope_error(const CycleProblem& problem, const Eigen::MatrixXd& effects = {}) {
  std::vector<Eigen::VectorXd> offset;
  for (const Well& well : problem.wells())
    if (effects.size() > 0) offset.push_back(Eigen::VectorXd::LinSpaced(well.blocks.size(), 0, 1));
  return jacobian_error(ProcessResiduals(problem, unit_factors(problem), effects, offset), inside(problem.space()), 1e-4);
}

}  // namespace

TEST_CASE("residuals have exact derivatives: strata, dark clones, misreading, loss, values per condition, interaction") {
  const CycleProblem problem(rich_setup(), with_dark(blank_data(2, frames(24, 1))));
  for (const char* name : {"g1_exit", "division@control", "division@drug", "drug_on_g1_exit", "two_inputs", "kept", "labelled_fraction", "misread_fraction", "start_S/G2/M"}) {
    INFO(name);
    CHECK(problem.space().index(name) >= 0);
  }
  CHECK(problem.space().index("drug") < 0);
  CHECK(residual_slope_error(problem) < 1e-5);
}

TEST_CASE("residuals about each well's own rates have exact derivatives") {
  const CycleProblem problem(rich_setup(), with_dark(blank_data(1, frames(24, 1))));
  Eigen::MatrixXd effects(2, 2);
  effects << 0.2, -0.1, -0.3, 0.15;
  CHECK(residual_slope_error(problem, effects) < 1e-5);
  // by_random is the derivative by the log multiplier
  const Eigen::VectorXd theta = inside(problem.space());
  const auto at = problem.well_means(theta, effects, true);
  for (int r = 0; r < 2; ++r) {
    Eigen::MatrixXd up = effects, down = effects;
    up.col(r).array() += 1e-4;
    down.col(r).array() -= 1e-4;
    const auto above = problem.well_means(theta, up, false), below = problem.well_means(theta, down, false);
    for (std::size_t w = 0; w < 2; ++w) {
      const Eigen::VectorXd slope = (above[w].mean - below[w].mean) / 2e-4;
      CHECK((at[w].by_random.col(r) - slope).cwiseAbs().maxCoeff() < 1e-6 * std::max(1.0, slope.cwiseAbs().maxCoeff()));
    }
  }
}

TEST_CASE("a steady start, its own or another arm's, has exact derivatives") {
  for (const char* of : {"", "control"}) {
    CycleSetup setup = small_setup(3);
    setup.start = StartKind::steady;
    setup.steady_condition = of;
    const CycleProblem problem(setup, blank_data(2, frames()));
    CHECK(problem.space().index("start_S/G2/M") < 0);
    CHECK(residual_slope_error(problem) < 1e-5);
  }
}

TEST_CASE("density dependence: a number of cells per well, exact derivatives, frames before the first left out") {
  CycleSetup setup = small_setup(1);
  setup.stages.density_rates = {"division", "g1_exit"};
  setup.stages.density_reference = 30;
  setup.arms[1] = {"drug", {{1, {}}}, {{0, "drug", Action::set, 1, ""}}};
  setup.start_h = setup.first_frame_h = 4;      // the step at 0 h holds from the start
  const CycleProblem problem(setup, blank_data(1, frames()));
  CHECK(problem.units().front().times_h.front() == 4);
  CHECK(problem.founder_parameter(0) >= 0);
  const double error = residual_slope_error(problem);
  INFO(error);
  CHECK(error < 1e-5);
  Eigen::VectorXd theta = problem.space().start(), silent = theta;
  theta[problem.space().index("drug_on_g1_exit")] = -1;
  silent[problem.space().index("drug_on_g1_exit")] = 0;
  const auto on = problem.unit_means(theta, false), off = problem.unit_means(silent, false);
  CHECK((on[0].mean - off[0].mean).norm() == 0);
  CHECK((on[1].mean - off[1].mean).norm() > 1);
}

TEST_CASE("a problem refuses what does not fit together, with names") {
  using Catch::Matchers::Contains;
  auto message = [](CycleSetup setup, PhaseCounts data) -> std::string {
    try {
      CycleProblem(std::move(setup), data);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  const PhaseCounts data = blank_data(1, frames());
  CHECK(message(small_setup(), data).empty());
  PhaseCounts other = data;
  other.wells[1].condition = "drog";
  CHECK_THAT(message(small_setup(), other), Contains("'drog' is no arm") && Contains("drug"));
  other = data;
  other.wells.pop_back();
  CHECK_THAT(message(small_setup(), other), Contains("has the condition 'drug'"));
  other = data;
  for (auto& well : other.wells) well.values.col(1).setZero();
  CHECK_THAT(message(small_setup(), other), Contains("'S/G2/M' is never observed"));
  other = data;
  other.classes[1] = "S";
  CHECK_THAT(message(small_setup(), other), Contains("names 'S/G2/M'"));
  CycleSetup setup = small_setup();
  setup.parameters.push_back({"g1_exot"});
  CHECK_THAT(message(setup, data), Contains("'g1_exot'") && Contains("g1_exit"));
  setup = small_setup();
  setup.arms[0].schedule.push_back({99, "cells", Action::scale, 0.5, ""});
  CHECK_THAT(message(setup, data), Contains("at 99 h") && Contains("last frame"));
  setup = small_setup();
  setup.start_h = 2;
  CHECK_THAT(message(setup, data), Contains("before the model's start"));
  setup = small_setup();
  setup.random_effects[0].parameters.push_back("divisoin");
  CHECK_THAT(message(setup, data), Contains("'divisoin'") && Contains("division"));
}
