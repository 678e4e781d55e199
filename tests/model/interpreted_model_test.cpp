// Models as data: the same numbers as a compiled model, exact derivatives, and what is said of wrong tables.
#include "libhyped/model/interpreted_model.hpp"

#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/model/catalogue.hpp"
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/simulate/simulate.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// Enzyme kinetics, compiled and as a table.
struct Enzyme {
  static constexpr std::string_view name = "test/enzyme";
  static constexpr bool in_packs = true;
  static constexpr std::array states{StateSpec{"E", "1", 10}, StateSpec{"S", "1", 50}, StateSpec{"ES", "1", 0}, StateSpec{"P", "1", 0}};
  static constexpr std::array parameters{ParameterSpec{"bind", "1/h", 0.02}, ParameterSpec{"leave", "1/h", 0.1}, ParameterSpec{"turn", "1/h", 0.5}};
  static constexpr std::array<std::array<int, 4>, 3> stoichiometry{{{-1, -1, 1, 0}, {1, 1, -1, 0}, {1, 0, -1, 1}}};
  template <class T>
  static std::array<T, 3> propensities(T, In<T, 4> x, In<T, 3> p) {
    return {p[0] * x[0] * x[1], p[1] * x[2], p[2] * x[2]};
  }
};

ReactionTable enzyme() {
  ReactionTable t;
  t.name = "enzyme";
  t.where = "enzyme.toml";
  t.species = {{"E", "1", 10}, {"S", "1", 50}, {"ES", "1", 0}, {"P", "1", 0}};
  t.parameters = {{"bind", "1/h", "", 0.02}, {"leave", "1/h", "", 0.1}, {"turn", "1/h", "", 0.5}};
  t.reactions = {{"binding", net_of_equation("E + S -> ES", ""), "bind*E*S", "enzyme.toml:9"},
                 {"leaving", net_of_equation("ES -> E + S", ""), "leave*ES", "enzyme.toml:12"},
                 {"turnover", net_of_equation("ES -> E + P", ""), "turn*ES", "enzyme.toml:15"}};
  return t;
}

void refused(const ReactionTable& table, const std::string& place, const std::string& what) {
  try {
    const InterpretedModel model(table);
    FAIL("accepted: " << what);
  } catch (const InputError& error) {
    CHECK_THAT(error.what(), Contains(place) && Contains(what));
  }
}

}  // namespace

TEST_CASE("a table gives the rates, derivatives and jumps of the compiled model") {
  const CompiledModel<Enzyme> compiled;
  const InterpretedModel model(enzyme());
  const std::vector<double> x{7, 31, 3, 4}, p{0.03, 0.2, 0.4};
  std::vector<double> a(4), b(4);
  Linearisation one, two;
  compiled.linearise(0, x, p, a, one);
  model.linearise(0, x, p, b, two);
  for (int i = 0; i < 4; ++i) CHECK(a[static_cast<std::size_t>(i)] == Approx(b[static_cast<std::size_t>(i)]).epsilon(1e-14));
  CHECK((one.state - two.state).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((one.parameter - two.parameter).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(std::vector<int>(compiled.stoichiometry().begin(), compiled.stoichiometry().end()) == std::vector<int>(model.stoichiometry().begin(), model.stoichiometry().end()));
  CHECK(model.default_state() == compiled.default_state());
  CHECK(model.default_parameters() == compiled.default_parameters());
  for (const Model* m : {static_cast<const Model*>(&compiled), static_cast<const Model*>(&model)}) {
    std::vector<Pack> xs(4), ps(3), dx(4);
    for (int lane = 0; lane < pack_lanes; ++lane) {
      for (std::size_t i = 0; i < 4; ++i) xs[i].set(lane, x[i] + lane);
      for (std::size_t i = 0; i < 3; ++i) ps[i].set(lane, p[i]);
    }
    m->pack_rates(0.0, xs.data(), ps.data(), dx.data());
    std::vector<double> shifted(4), single(4);
    for (int lane = 0; lane < pack_lanes; ++lane) {
      for (std::size_t i = 0; i < 4; ++i) shifted[i] = x[i] + lane;
      m->rates(0, shifted, p, single);
      for (std::size_t i = 0; i < 4; ++i) CHECK(dx[i][lane] == Approx(single[i]).epsilon(1e-14));
    }
  }
}

TEST_CASE("assignments, initial assignments, rate rules, time and constant species") {
  ReactionTable t;
  t.name = "rules";
  t.where = "rules.toml";
  t.species = {{"A", "1", 1}, {"B", "1", 2}, {"held", "1", 4, true}, {"total", "1", 0}};
  t.parameters = {{"k", "1/h", "", 0.5}, {"ratio", "1", "", 3}};
  t.assignments = {{"total", "A + B + shift", "rules.toml:4"}, {"shift", "10*k", "rules.toml:5"}};      // any order
  t.initial_assignments = {{"B", "ratio*A", "rules.toml:6"}};
  t.rates = {{"A", "-k*A + sin(time)*held", "rules.toml:7"}};
  t.reactions = {{"r", {{"B", -0.5}, {"held", -1}}, "k*total", "rules.toml:8"}};
  const InterpretedModel model(t);
  REQUIRE(model.state_count() == 2);
  CHECK(model.default_state() == std::vector<double>{1, 3});
  CHECK(model.parameters().back().name == "held");
  CHECK(model.stoichiometry().empty());
  const std::vector<double> x{2, 6}, p{0.5, 3, 4};
  std::vector<double> dx(2), y(2), drift(2);
  model.rates(0.3, x, p, dx);
  CHECK(dx[0] == Approx(-1 + 4 * std::sin(0.3)).epsilon(1e-14));
  CHECK(dx[1] == Approx(-0.5 * 0.5 * (8 + 5)).epsilon(1e-14));
  model.time_derivative(0.3, x, p, drift);
  CHECK(drift[0] == Approx(4 * std::cos(0.3)).epsilon(1e-14));
  model.assignments(0, x, p, y);
  CHECK(y == std::vector<double>{13, 5});
  Eigen::MatrixXd by;
  CHECK(model.initial_state(std::vector<double>{0.5, 7, 4}, &by) == std::vector<double>{1, 7});
  CHECK(by(1, 1) == 1);
  CHECK(by.cwiseAbs().sum() == 1);
}

TEST_CASE("wrong tables are refused with their place") {
  const ReactionTable good = enzyme();
  ReactionTable t = good;
  t.reactions[0].rate = "bind*E*T";
  refused(t, "enzyme.toml:9, column 8", "unknown name 'T'");
  t = good;
  t.reactions[1].rate = "leave*(ES";
  refused(t, "enzyme.toml:12, column 10", "expected ')'");
  t = good;
  t.reactions[2].net["Q"] = 1;
  refused(t, "enzyme.toml:15", "unknown species 'Q'");
  t = good;
  t.assignments = {{"a", "b + 1", "f:1"}, {"b", "2*c", "f:2"}, {"c", "a", "f:3"}};
  refused(t, "f:", "circle: a needs b needs c needs a");
  t = good;
  t.parameters.push_back({"E", "1", "", 1, 0, 0, "enzyme.toml:5"});
  refused(t, "enzyme.toml:5", "'E' is there twice");
  t = good;
  t.assignments = {{"S", "3*E", "f:1"}};
  refused(t, "enzyme.toml:9", "changes 'S', which an assignment sets");
  t = good;
  t.rates = {{"bind", "1", "f:1"}};
  refused(t, "f:1", "no free species");
  t = good;
  t.initial_assignments = {{"E", "S", "f:1"}, {"S", "2*E", "f:2"}};
  refused(t, "f:", "circle");
}

TEST_CASE("equations") {
  CHECK(net_of_equation("A + 2 B -> 3*C + A", "f") == std::map<std::string, double>{{"B", -2}, {"C", 3}});
  CHECK(net_of_equation(" -> X", "f") == std::map<std::string, double>{{"X", 1}});
  CHECK(net_of_equation("X -> 0", "f") == std::map<std::string, double>{{"X", -1}});
  CHECK_THROWS_WITH(net_of_equation("A B -> C", "f:4"), Contains("f:4, column 3") && Contains("'B'"));
  CHECK_THROWS_WITH(net_of_equation("A => C", "f:4"), Contains("no '->'"));
}
