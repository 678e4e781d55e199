// Packs of eight give what one by one gives: accuracy, events, inputs, retired lanes, odd numbers, threads.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/pack_ode.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Lotka-Volterra, written for packs.
struct Prey {
  static constexpr std::string_view name = "test/prey";
  static constexpr bool in_packs = true;
  static constexpr std::array states{StateSpec{"u", "1", 30}, StateSpec{"v", "1", 4}};
  static constexpr std::array parameters{ParameterSpec{"a", "1/h", 0.55}, ParameterSpec{"b", "1/h", 0.028}, ParameterSpec{"c", "1/h", 0.8}, ParameterSpec{"d", "1/h", 0.024}};
  template <class T>
  static std::array<T, 2> rates(T, In<T, 2> x, In<T, 4> p) {
    return {(p[0] - p[1] * x[1]) * x[0], (p[3] * x[0] - p[2]) * x[1]};
  }
};

struct Batch {
  std::vector<std::vector<double>> parameters;
  std::vector<Experiment> experiments;
  std::vector<PackJob> jobs() const {
    std::vector<PackJob> out;
    for (std::size_t i = 0; i < parameters.size(); ++i) out.push_back({parameters[i], &experiments[i]});
    return out;
  }
};

Batch preys(int count) {
  Batch batch;
  for (int i = 0; i < count; ++i) {
    batch.parameters.push_back({0.5 + 0.01 * i, 0.028, 0.8 - 0.005 * i, 0.024});
    Experiment e = culture({30.0 + i, 4}, {1, 5, 10, 20}, {{7, "u", Action::scale, 0.5 + 0.02 * i}, {12, "c", Action::set, 0.9}});
    batch.experiments.push_back(e);
  }
  return batch;
}

}  // namespace

TEST_CASE("a pack's trajectories are as accurate as single ones, with events and any number of jobs") {
  const CompiledModel<Prey> model;
  const Batch batch = preys(19);
  const auto jobs = batch.jobs();
  const auto together = simulate_packs(model, jobs, {1e-8, 1e-10});
  REQUIRE(together.size() == 19);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Trajectory exact = simulate_ode(model, batch.parameters[i], batch.experiments[i], {1e-12, 1e-13});
    REQUIRE(together[i].outcome.ok());
    CHECK(together[i].method.find("packs of eight") != std::string::npos);
    // error per step 1e-8 relative, a few hundred steps, cycles that keep errors
    CHECK(((together[i].states - exact.states).array() / exact.states.array()).abs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("packs do not depend on threads, nor a lane on its neighbours beyond the tolerance") {
  const CompiledModel<Prey> model;
  const Batch batch = preys(24);
  const auto jobs = batch.jobs();
  set_threads(1);
  const auto one = simulate_packs(model, jobs);
  set_threads(8);
  const auto eight = simulate_packs(model, jobs);
  set_threads(0);
  for (std::size_t i = 0; i < jobs.size(); ++i) CHECK(one[i].states == eight[i].states);
}

TEST_CASE("a lane that leaves the numbers is retired with its outcome, the others go on") {
  ReactionTable table;
  table.name = "blow up";
  table.species = {{"x", "1", 1}};
  table.parameters = {{"k", "1/h", "", 0.1}};
  table.rates = {{"x", "k*x^2", "t"}};
  const InterpretedModel model(table);      // ends at 1 / (k x0)
  std::vector<std::vector<double>> p;
  for (int i = 0; i < 8; ++i) p.push_back({i == 3 ? 0.5 : 0.01});
  const Experiment e = culture({1}, {1, 5, 10});
  std::vector<PackJob> jobs;
  for (const auto& values : p) jobs.push_back({values, &e});
  const auto out = simulate_packs(model, jobs);
  CHECK_FALSE(out[3].outcome.ok());
  CHECK(out[3].times_h == std::vector<double>{1});
  CHECK(out[3].outcome.time_h == Approx(2).epsilon(1e-3));
  for (const int i : {0, 2, 4, 7}) {
    REQUIRE(out[static_cast<std::size_t>(i)].outcome.ok());
    CHECK(out[static_cast<std::size_t>(i)].states(2, 0) == Approx(1 / (1 - 0.1)).epsilon(1e-7));
  }
}

TEST_CASE("stiff packs and jobs that stop at other times are done one by one, and that is said") {
  ReactionTable table;
  table.name = "van der Pol";
  table.species = {{"x", "1", 2}, {"y", "1", 0}};
  table.rates = {{"x", "y", "t"}, {"y", "1000*(1 - x^2)*y - x", "t"}};
  const InterpretedModel stiff(table);
  const Experiment e = culture({2, 0}, {500});
  const std::vector<PackJob> jobs{{{}, &e}, {{}, &e}};
  const auto out = simulate_packs(stiff, jobs);
  REQUIRE(out[1].outcome.ok());
  CHECK(out[1].method.find("turned stiff") != std::string::npos);
  const CompiledModel<Prey> model;
  Batch batch = preys(2);
  batch.experiments[1].schedule.clear();
  const auto apart = simulate_packs(model, batch.jobs());
  CHECK(apart[0].method.find("stops differ") != std::string::npos);
  CHECK(apart[1].outcome.ok());
}

TEST_CASE("inputs that vary act in each lane as alone") {
  const CompiledModel<Pools> model;
  Batch batch;
  for (int i = 0; i < 8; ++i) {
    batch.parameters.push_back({0.2, 0.4 + 0.02 * i, 0.3, 2});
    Experiment e = culture({1, 0.5}, {2, 6, 12});
    e.inputs["u"] = InputCourse({0, 4, 12}, {0, 1.0 + 0.1 * i, 0.2}, {0.1, 0, -0.05}, {4});
    batch.experiments.push_back(e);
  }
  const auto out = simulate_packs(model, batch.jobs());
  for (std::size_t i = 0; i < 8; ++i) {
    const Trajectory alone = simulate_ode(model, batch.parameters[i], batch.experiments[i], {1e-11, 1e-12});
    CHECK((out[i].states - alone.states).cwiseAbs().maxCoeff() < 1e-6);
  }
}
