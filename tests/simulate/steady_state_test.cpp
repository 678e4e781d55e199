// Steady states: moieties by name, closed forms, the root on the right side, derivatives, and what has none.
#include "libhyped/simulate/steady_state.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "libhyped/model/interpreted_model.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<InterpretedModel> reactions(std::vector<std::string> species, std::vector<std::pair<std::string, double>> parameters,
                                            std::vector<std::pair<std::string, std::string>> rows) {
  ReactionTable table;
  table.name = "network";
  for (const auto& name : species) table.species.push_back({name, "1", 0});
  for (const auto& [name, value] : parameters) table.parameters.push_back({name, "1", "", value});
  for (const auto& [equation, rate] : rows) table.reactions.push_back({equation, net_of_equation(equation, "network"), rate});
  return std::make_unique<InterpretedModel>(table);
}
std::unique_ptr<InterpretedModel> rules(std::vector<std::pair<std::string, double>> parameters, std::vector<std::pair<std::string, std::string>> rates) {
  ReactionTable table;
  table.name = "rules";
  for (const auto& [name, value] : parameters) table.parameters.push_back({name, "1", "", value});
  for (const auto& [name, rate] : rates) {
    table.species.push_back({name, "1", 0});
    table.rates.push_back({name, rate, "rules"});
  }
  return std::make_unique<InterpretedModel>(table);
}

// Central differences of the root by parameters and, moving the start of the first state of each total, by totals.
void check_slopes(const Model& model, std::vector<double> p, std::vector<double> start, double tolerance = 1e-6) {
  const SteadyState at = steady_state(model, p, start);
  REQUIRE(at.outcome.ok());
  for (int i = 0; i < model.parameter_count(); ++i) {
    const double step = 1e-5 * std::max(1e-3, std::abs(p[i])), kept = p[i];
    p[i] = kept + step;
    const SteadyState above = steady_state(model, p, start);
    p[i] = kept - step;
    const SteadyState below = steady_state(model, p, start);
    p[i] = kept;
    REQUIRE((above.outcome.ok() && below.outcome.ok()));
    const Eigen::VectorXd difference = (above.state - below.state) / (2 * step);
    CHECK((difference - at.by_parameter.col(i)).cwiseAbs().maxCoeff() < tolerance * (1 + difference.cwiseAbs().maxCoeff()));
  }
  for (std::size_t k = 0; k < at.totals.size(); ++k) {
    int s = 0;      // a state of this total alone
    while (at.totals[k].weights[s] == 0 || [&] {
      for (std::size_t other = 0; other < at.totals.size(); ++other)
        if (other != k && at.totals[other].weights[s] != 0) return true;
      return false;
    }()) ++s;
    const double step = 1e-5 * (1 + std::abs(start[s])), kept = start[s];
    start[s] = kept + step;
    const SteadyState above = steady_state(model, p, start);
    start[s] = kept;
    const Eigen::VectorXd difference = (above.state - at.state) / (step * at.totals[k].weights[s]);
    CHECK((difference - at.by_total.col(static_cast<int>(k))).cwiseAbs().maxCoeff() < 1e-3 * (1 + difference.cwiseAbs().maxCoeff()));
  }
}

}  // namespace

TEST_CASE("an enzyme: moieties by name, the closed form, derivatives") {
  // E + S <-> ES, nothing else: ES solves (E0 - c)(S0 - c) = K c
  const auto model = reactions({"E", "S", "ES"}, {{"on", 2}, {"off", 3}}, {{"E + S -> ES", "on*E*S"}, {"ES -> E + S", "off*ES"}});
  const std::vector<double> p{2, 3}, start{10, 4, 0};
  const SteadyState found = steady_state(*model, p, start);
  INFO(found.outcome.message);
  REQUIRE(found.outcome.ok());
  REQUIRE(found.totals.size() == 2);
  CHECK(found.totals[0].text == "E + ES = 10");
  CHECK(found.totals[1].text == "S + ES = 4");
  const double k = 1.5, b = 10 + 4 + k, c = (b - std::sqrt(b * b - 4 * 40)) / 2;
  CHECK(found.state[2] == Approx(c).epsilon(1e-13));
  CHECK(found.state[0] == Approx(10 - c).epsilon(1e-13));
  CHECK(found.stable);
  REQUIRE(found.eigenvalues.size() == 1);
  CHECK(found.eigenvalues[0].real() == Approx(-(2 * (found.state[0] + found.state[1]) + 3)).epsilon(1e-12));
  CHECK(found.by_parameter(2, 0) == Approx((10 - c) * (4 - c) / (2 * (found.state[0] + found.state[1]) + 3)).epsilon(1e-10));
  check_slopes(*model, p, start);
  // the same without a stoichiometry: totals are found from the Jacobian
  const auto bare = rules({{"on", 2}, {"off", 3}}, {{"E", "off*ES - on*E*S"}, {"S", "off*ES - on*E*S"}, {"ES", "on*E*S - off*ES"}});
  const SteadyState again = steady_state(*bare, p, start);
  REQUIRE(again.outcome.ok());
  REQUIRE(again.totals.size() == 2);
  CHECK(again.totals[0].text == "E + ES = 10");
  CHECK((again.state - found.state).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("Michaelis-Menten with supply: closed form") {
  const auto model = reactions({"E", "S", "ES"}, {{"supply", 1.2}, {"on", 50}, {"off", 10}, {"cat", 4}},
                               {{"-> S", "supply"}, {"E + S -> ES", "on*E*S"}, {"ES -> E + S", "off*ES"}, {"ES -> E", "cat*ES"}});
  const std::vector<double> p{1.2, 50, 10, 4}, start{0.5, 0, 0};
  const SteadyState found = steady_state(*model, p, start);
  INFO(found.outcome.message);
  REQUIRE(found.outcome.ok());
  CHECK(found.totals[0].text == "E + ES = 0.5");
  const double vmax = 4 * 0.5, km = (10 + 4) / 50.0;
  CHECK(found.state[1] == Approx(km * 1.2 / (vmax - 1.2)).epsilon(1e-12));
  CHECK(found.state[2] == Approx(0.3).epsilon(1e-13));
  check_slopes(*model, p, start);
  // more supply than the enzyme can take: the substrate grows for ever
  const SteadyState none = steady_state(*model, std::vector<double>{2.5, 50, 10, 4}, start);
  CHECK_FALSE(none.outcome.ok());
  CHECK_THAT(none.outcome.message, Contains("S grows without bound"));
}

TEST_CASE("a bistable switch: the root on the start's side of the threshold") {
  const auto toggle = rules({{"a", 4}, {"n", 2}}, {{"u", "a/(1 + v^n) - u"}, {"v", "a/(1 + u^n) - v"}});
  const std::vector<double> p{4, 2};
  // u + v = a, u v = 1: the two stable roots
  const double high = 2 + std::sqrt(3.0), low = 2 - std::sqrt(3.0);
  for (const double u : {0.0, 1.0, 1.3, 1.49999, 1.50001, 1.7, 3.0, 40.0}) {
    const SteadyState found = steady_state(*toggle, p, std::vector<double>{u, 1.5});
    INFO("from " << u << ": " << found.outcome.message);
    REQUIRE(found.outcome.ok());
    CHECK(found.stable);
    CHECK(found.state[0] == Approx(u > 1.5 ? high : low).epsilon(1e-12));
    CHECK(found.state[1] == Approx(u > 1.5 ? low : high).epsilon(1e-12));
  }
  check_slopes(*toggle, p, {3, 0});
  // one state with threshold 1 between 0 and 2: extinction is a root with an entry at zero
  const auto allee = rules({{"k", 2}}, {{"x", "x*(x - 1)*(k - x)"}});
  CHECK(steady_state(*allee, std::vector<double>{2}, std::vector<double>{0.999}).state[0] == Approx(0).margin(1e-12));
  CHECK(steady_state(*allee, std::vector<double>{2}, std::vector<double>{1.001}).state[0] == Approx(2).epsilon(1e-13));
  const SteadyState rest = steady_state(*allee, std::vector<double>{2}, std::vector<double>{1});      // on the threshold itself
  CHECK(rest.outcome.ok());
  CHECK_FALSE(rest.stable);
}

TEST_CASE("stiff networks and states of very different size") {
  const auto robertson = reactions({"A", "B", "C"}, {{"k1", 0.04}, {"k2", 3e7}, {"k3", 1e4}, {"back", 1e-3}},
                                   {{"A -> B", "k1*A"}, {"2 B -> B + C", "k2*B*B"}, {"B + C -> A + C", "k3*B*C"}, {"C -> A", "back*C"}});
  const std::vector<double> p{0.04, 3e7, 1e4, 1e-3};
  const SteadyState found = steady_state(*robertson, p, std::vector<double>{1, 0, 0});
  INFO(found.outcome.message);
  REQUIRE(found.outcome.ok());
  CHECK(found.totals[0].text == "A + B + C = 1");
  const double a = found.state[0], b = found.state[1], c = found.state[2];
  CHECK(a + b + c == Approx(1).epsilon(1e-14));
  CHECK(3e7 * b * b == Approx(1e-3 * c).epsilon(1e-12));
  CHECK(0.04 * a == Approx(3e7 * b * b + 1e4 * b * c).epsilon(1e-12));
  CHECK(found.stable);
  check_slopes(*robertson, p, {1, 0, 0}, 1e-5);
}

TEST_CASE("what has no steady state says so") {
  const auto brusselator = rules({{"a", 1}, {"b", 3}}, {{"x", "a + x^2*y - (b + 1)*x"}, {"y", "b*x - x^2*y"}});
  const SteadyState cycle = steady_state(*brusselator, std::vector<double>{1, 3}, std::vector<double>{1.2, 3});
  INFO(cycle.outcome.message);
  CHECK(cycle.outcome.status == Status::not_converged);
  CHECK_THAT(cycle.outcome.message, Contains("oscillates with a period of 7.1") && Contains("not stable"));
  const SteadyState damped = steady_state(*brusselator, std::vector<double>{1, 1.9}, std::vector<double>{2, 3});      // rings for long
  INFO(damped.outcome.message);
  REQUIRE(damped.outcome.ok());
  CHECK(damped.state[1] == Approx(1.9).epsilon(1e-13));
  CHECK(damped.eigenvalues[0].imag() > 0.9);

  const auto prey = rules({}, {{"x", "x - x*y"}, {"y", "x*y - y"}});      // closed orbits
  CHECK_THAT(steady_state(*prey, {}, std::vector<double>{2, 1}).outcome.message, Contains("oscillates"));
  const auto growth = rules({{"r", 0.05}}, {{"x", "r*x"}});
  const SteadyState none = steady_state(*growth, std::vector<double>{0.05}, std::vector<double>{100});
  CHECK_THAT(none.outcome.message, Contains("x grows without bound"));
  CHECK(steady_state(*growth, std::vector<double>{0.05}, std::vector<double>{0}).outcome.ok());      // nothing to grow
  CHECK(steady_state(*growth, std::vector<double>{-0.05}, std::vector<double>{100}).state[0] == Approx(0).margin(1e-10));
  const auto driven = rules({}, {{"x", "sin(t) - x"}});
  CHECK_THAT(steady_state(*driven, {}, std::vector<double>{1}).outcome.message, Contains("depend on time"));
  const auto flat = rules({{"k", 1}}, {{"x", "-k*x*y"}, {"y", "-k*y"}});      // every x with y = 0 is at rest
  const SteadyState rest = steady_state(*flat, std::vector<double>{1}, std::vector<double>{1, 1});
  CHECK(rest.outcome.status == Status::singular);
  CHECK(rest.state[0] == Approx(std::exp(-1)).epsilon(1e-5));
  CHECK_THROWS_AS(steady_state(*flat, std::vector<double>{1}, std::vector<double>{1}), InputError);
}

TEST_CASE("three moieties of a covalent cycle, and a total that counts twice") {
  const auto cycle = reactions({"W", "Wp", "K", "F", "WK", "WpF"}, {{"on", 1}, {"off", 1}, {"cat", 1}},
                               {{"W + K -> WK", "on*W*K"}, {"WK -> W + K", "off*WK"}, {"WK -> Wp + K", "cat*WK"},
                                {"Wp + F -> WpF", "on*Wp*F"}, {"WpF -> Wp + F", "off*WpF"}, {"WpF -> W + F", "2*cat*WpF"}});
  const std::vector<double> p{1, 1, 1}, start{10, 0, 1, 2, 0, 0};
  const SteadyState found = steady_state(*cycle, p, start);
  REQUIRE(found.outcome.ok());
  REQUIRE(found.totals.size() == 3);
  CHECK(found.totals[0].text == "K + WK = 1");
  CHECK(found.totals[1].text == "F + WpF = 2");
  CHECK(found.totals[2].text == "W + Wp + WK + WpF = 10");
  CHECK(found.state[4] == Approx(2 * found.state[5]).epsilon(1e-12));
  check_slopes(*cycle, p, start);
  const auto dimer = reactions({"M", "D"}, {{"k", 1}}, {{"2 M -> D", "k*M*M"}, {"D -> 2 M", "D"}});
  const SteadyState pair = steady_state(*dimer, std::vector<double>{1}, std::vector<double>{3, 0});
  REQUIRE(pair.outcome.ok());
  CHECK(pair.totals[0].text == "M + 2 D = 3");
  CHECK(pair.state[0] == Approx(1).epsilon(1e-12));      // M + 2 M^2 = 3
}
