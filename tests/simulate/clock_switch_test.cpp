// Rates that switch at given times: every simulator against the closed form, derivatives by the times, and what is refused.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/simulate/master_equation.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/pack_ode.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/simulate/steady_state.hpp"
#include "libhyped/simulate/tau_leap.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

const std::vector<double> given{5, 0.1, 2, 6};      // make, lose, on, off

std::unique_ptr<InterpretedModel> made_at(const std::string& rate) {
  ReactionTable table;
  table.name = "clocked";
  table.species = {{"X", "1", 8}};
  table.parameters = {{"make", "1/h", "", 5}, {"lose", "1/h", "", 0.1}, {"on", "h", "", 2}, {"off", "h", "", 6}};
  table.assignments = {{"dox", "time > on && time < off", "f:1"}};
  table.reactions = {{"make", {{"X", 1}}, rate, "f:2"}, {"lose", {{"X", -1}}, "lose*X", "f:3"}};
  return std::make_unique<InterpretedModel>(table);
}

// X at t when it is made at 5 from `on` to `off`.
double pulse(double t, double on, double off) {
  const auto grown = [&](double from) { return t > from ? 1 - std::exp(-0.1 * (t - from)) : 0; };
  return 8 * std::exp(-0.1 * t) + 50 * (grown(on) - grown(off));
}

// Every simulator at `times` against `exact`, means of jump processes being those of the ODE (first order).
template <class Exact>
void check_all(const Model& model, const Experiment& experiment, Exact exact) {
  const Trajectory run = simulate(model, given, experiment);
  for (const Method& method : {Method(OdeOptions{}), Method(StiffOptions{}), Method(SwitchingOptions{})}) {
    const Trajectory found = simulate(model, given, experiment, method);
    REQUIRE(found.outcome.ok());
    for (std::size_t t = 0; t < found.times_h.size(); ++t) CHECK(found.states(static_cast<int>(t), 0) == Approx(exact(found.times_h[t])).epsilon(1e-6));
  }
  const PackJob job{given, &experiment};
  const auto packed = simulate_packs(model, {&job, 1});
  const Distribution master = simulate_master_equation(model, given, experiment, {.snapshots = false});
  REQUIRE(master.outcome.ok());
  const Moments moments = simulate_moments(model, given, experiment);
  const int runs = 4000;
  const SsaEnsemble ssa = simulate_ssa_ensemble(model, given, experiment, runs);
  const TauLeapEnsemble tau = simulate_tau_leap_ensemble(model, given, experiment, runs);
  REQUIRE(ssa.outcome.ok());
  REQUIRE(tau.times_h.size() == experiment.sample_times_h.size());
  for (int t = 0; t < static_cast<int>(experiment.sample_times_h.size()); ++t) {
    const double time = experiment.sample_times_h[static_cast<std::size_t>(t)], mean = exact(time), sd = std::sqrt(master.covariance[static_cast<std::size_t>(t)](0, 0));
    INFO("at " << time << " h: exact " << mean << ", ssa " << ssa.mean(t, 0) << ", tau " << tau.mean(t, 0) << ", master " << master.mean(t, 0));
    CHECK(packed[0].states(t, 0) == Approx(mean).epsilon(1e-6));
    CHECK(master.mean(t, 0) == Approx(mean).epsilon(1e-6));
    CHECK(moments.mean(t, 0) == Approx(mean).epsilon(1e-6));
    CHECK(std::abs(ssa.mean(t, 0) - mean) <= 4.5 * sd / std::sqrt(runs) + 1e-9);
    CHECK(std::abs(tau.mean(t, 0) - mean) <= 4.5 * tau.mean_error(t, 0) + 1e-9);
  }
}

}  // namespace

TEST_CASE("a pulse between two times: every simulator sees all of it") {
  const auto model = made_at("make*dox");
  check_all(*model, culture({8}, {1, 2, 4, 6, 8, 10}), [](double t) { return pulse(t, 2, 6); });
  CHECK(pulse(10, 2, 6) == Approx(13.99).epsilon(1e-3));
  const auto late = made_at("5*(time > 3)");
  check_all(*late, culture({8}, {3, 10}), [](double t) { return pulse(t, 3, 1e9); });
  // shorter than any step would be
  const auto spike = made_at("1e6*(time >= 5)*(time < 5.00001)");
  const Trajectory seen = simulate(*spike, given, culture({8}, {100}));
  CHECK(seen.states(0, 0) == Approx(8 * std::exp(-10.0) + 10 * std::exp(-9.5)).epsilon(1e-5));
}

TEST_CASE("every second half of a day, and a time that an event moves") {
  const auto days = made_at("make*(time - 24*floor(time/24) >= 12)");
  const auto exact = [](double t) {
    double x = 8 * std::exp(-0.1 * t);
    for (double from = 12; from < t; from += 24) x += 50 * (std::exp(-0.1 * std::max(0.0, t - from - 12)) - std::exp(-0.1 * (t - from)));
    return x;
  };
  check_all(*days, culture({8}, {12, 24, 30, 60}), exact);
  const auto moved = made_at("make*dox");      // off is put back to 4 at 3 h
  check_all(*moved, culture({8}, {10}, {{3, "off", Action::set, 4}}), [](double t) { return pulse(t, 2, 4); });
}

TEST_CASE("derivatives by the times of a switch are those of the closed form") {
  const auto model = made_at("make*dox");
  const Experiment experiment = culture({8}, {1, 4, 10});
  for (const Method& method : {Method(OdeOptions{}), Method(StiffOptions{}), Method(SwitchingOptions{})}) {
    const Trajectory run = simulate(*model, given, experiment, method, Sensitivities::parameters);
    REQUIRE(run.outcome.ok());
    for (int t = 0; t < 3; ++t) {
      const double time = experiment.sample_times_h[static_cast<std::size_t>(t)];
      CHECK(run.sensitivities[static_cast<std::size_t>(t)](0, 2) == Approx(time > 2 ? -5 * std::exp(-0.1 * (time - 2)) : 0).epsilon(1e-6));
      CHECK(run.sensitivities[static_cast<std::size_t>(t)](0, 3) == Approx(time > 6 ? 5 * std::exp(-0.1 * (time - 6)) : 0).epsilon(1e-6));
    }
    CHECK(run.one_sided.empty());
  }
  const Trajectory at_event = simulate(*model, given, culture({8}, {10}, {{6, "X", Action::scale, 0.5}}), Automatic{}, Sensitivities::parameters);
  CHECK(at_event.one_sided == std::vector<std::string>{"off"});
}

TEST_CASE("times that are not known beforehand: refused by name, or said") {
  const auto wave = made_at("make*(sin(time) > 0)");
  const Experiment experiment = culture({8}, {20});
  for (const auto& run : std::vector<std::function<void()>>{[&] { simulate_ssa_ensemble(*wave, given, experiment, 10); }, [&] { simulate_tau_leap_ensemble(*wave, given, experiment, 10); }, [&] { simulate_master_equation(*wave, given, experiment); }})
    CHECK_THROWS_WITH(run(), Contains("reaction 'make'") && Contains("not known beforehand"));
  const Trajectory followed = simulate(*wave, given, experiment);
  CHECK_THAT(followed.method, Contains("steps of at most 0.01 h"));
  double exact = 8 * std::exp(-2.0);
  for (double from = 0; from < 20; from += 2 * M_PI) exact += 50 * (std::exp(-0.1 * (20 - std::min(20.0, from + M_PI))) - std::exp(-0.1 * (20 - from)));
  CHECK(followed.states(0, 0) == Approx(exact).epsilon(1e-5));
  CHECK_THAT(steady_state(*made_at("5*(time > 3)"), given, std::vector<double>{8}).outcome.message, Contains("depend on time"));
}

TEST_CASE("rates smooth in time: paths are thinned against bounds that hold, leaps and the master equation refuse by name") {
  // 0.01 h wide and 100 high at 5.5 h: probing at a few times would not see it
  const auto needle = made_at("1000*exp(-((time - 5.5)/0.01)^2)");
  const Experiment experiment = culture({8}, {6, 10});
  const int runs = 4000;
  const SsaEnsemble ssa = simulate_ssa_ensemble(*needle, given, experiment, runs);
  INFO(ssa.outcome.message);
  REQUIRE(ssa.outcome.ok());
  const double made = 1000 * 0.01 * std::sqrt(M_PI);
  for (int t = 0; t < 2; ++t) {
    const double time = experiment.sample_times_h[static_cast<std::size_t>(t)], mean = 8 * std::exp(-0.1 * time) + made * std::exp(-0.1 * (time - 5.5));
    CHECK(std::abs(ssa.mean(t, 0) - mean) < 4.5 * std::sqrt(mean / runs));
  }
  CHECK_THROWS_WITH(simulate_tau_leap_ensemble(*needle, given, experiment, 10), Contains("reaction 'make' varies with time"));
  CHECK_THROWS_WITH(simulate_master_equation(*needle, given, experiment), Contains("reaction 'make' varies with time"));
}

TEST_CASE("events that take an amount below zero: one rule for all simulators, naming event and state") {
  const auto model = made_at("make");
  const auto outcomes = [&](const Schedule& schedule, double start) {
    const Experiment experiment = culture({start}, {1, 4}, schedule);
    return std::vector<Outcome>{simulate(*model, given, experiment).outcome, simulate_ssa_ensemble(*model, given, experiment, 50).outcome, simulate_tau_leap_ensemble(*model, given, experiment, 50).outcome,
                                simulate_master_equation(*model, given, experiment).outcome};
  };
  for (const Outcome& outcome : outcomes({{2, "X", Action::add, -200}}, 8)) {
    CHECK(outcome.status == Status::not_converged);
    CHECK_THAT(outcome.message, Contains("event at 2 h takes") && Contains("'X'") && Contains("below zero"));
  }
  for (const Outcome& outcome : outcomes({{2, "X", Action::add, -5}}, 400)) CHECK(outcome.ok());
  CHECK_THROWS_WITH(outcomes({{2, "X", Action::scale, -1}}, 8), Contains("scales 'X' by -1"));
  CHECK_THROWS_WITH(outcomes({{2, "X", Action::set, -1}}, 8), Contains("sets 'X' to -1"));
}

TEST_CASE("observables are means over paths and states, not functions of means") {
  const auto model = made_at("make");
  const Experiment experiment = culture({8}, {5});
  const Observables square{2, [](int, std::span<const double> x, std::span<double> out) { out[0] = x[0] * x[0], out[1] = 1 / x[0]; }};
  const Distribution master = simulate_master_equation(*model, given, experiment, {}, square);
  const double mean = master.mean(0, 0), variance = master.covariance[0](0, 0);
  CHECK(master.mean(0, 1) == Approx(mean * mean + variance).epsilon(1e-9));
  const SsaEnsemble ssa = simulate_ssa_ensemble(*model, given, experiment, 4000, {}, square);
  const TauLeapEnsemble tau = simulate_tau_leap_ensemble(*model, given, experiment, 4000, {}, square);
  const double error = std::sqrt(master.covariance[0](1, 1) / 4000);
  CHECK(std::abs(ssa.mean(0, 1) - master.mean(0, 1)) < 4.5 * error);
  CHECK(ssa.mean(0, 0) == simulate_ssa_ensemble(*model, given, experiment, 4000).mean(0, 0));
  CHECK(std::abs(tau.mean(0, 1) - master.mean(0, 1)) < 4.5 * tau.mean_error(0, 1));
  CHECK(ssa.covariance[0](1, 1) == Approx(master.covariance[0](1, 1)).epsilon(0.15));
}
