// Exact paths: both searches follow the same law, single propensities equal the whole list, negative rates are named.
#include <catch2/catch.hpp>

#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/simulate/moments.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "tests/simulate/jump_models.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

const CompiledModel<SelfShut> self_shut;
const CompiledModel<Reversible> reversible;
const CompiledModel<Ring<100>> ring;

// X -> 0 at a rate that does not look at X.
struct Leak {
  static constexpr std::string_view name = "test/leak";
  static constexpr std::array states{StateSpec{"X", "1", 3}};
  static constexpr std::array parameters{ParameterSpec{"k", "1/h", 1, 0, 10}};
  static constexpr std::array<std::array<int, 1>, 1> stoichiometry{{{-1}}};
  template <class T>
  static std::array<T, 1> propensities(T, In<T, 1>, In<T, 1> p) {
    return {p[0]};
  }
};

ReactionTable self_shut_table() {
  ReactionTable table;
  table.name = "self_shut";
  table.where = "test";
  table.species = {{.name = "P", .initial = 5}, {.name = "D"}};
  table.parameters = {{.name = "make", .value = 20}, {.name = "half", .value = 8}, {.name = "pair", .value = 0.02}, {.name = "part", .value = 0.2}, {.name = "loss", .value = 0.3}};
  table.reactions = {{"making", {{"P", 1}}, "make/(1 + (D/half)^2)"}, {"pairing", {{"P", -2}, {"D", 1}}, "pair*P*(P-1)/2"},
                     {"parting", {{"P", 2}, {"D", -1}}, "part*D"}, {"loss", {{"P", -1}}, "loss*P"}};
  return table;
}

}  // namespace

TEST_CASE("the tree and the list follow the same law: mean and variance of a ring against exact moments and each other") {
  const auto p = ring.default_parameters();
  std::vector<double> start(100, 0.0);
  start[0] = 300;
  start[40] = 20;
  const auto experiment = culture(start, {1, 10}, {keep_fraction_of_cells(4, 0.6)});
  const Moments moments = simulate_moments(ring, p, experiment);
  REQUIRE(moments.exact);
  const int runs = 2000;
  for (const ReactionSearch search : {ReactionSearch::linear, ReactionSearch::tree}) {
    const SsaEnsemble found = simulate_ssa_ensemble(ring, p, experiment, runs, {.search = search});
    REQUIRE(found.outcome.ok());
    double squares = 0;
    for (int t = 0; t < 2; ++t)
      for (int s = 0; s < 100; ++s) {
        const double variance = moments.covariance[static_cast<std::size_t>(t)](s, s), error = std::sqrt(variance / runs) + 1e-3;
        CHECK(std::abs(found.mean(t, s) - moments.mean(t, s)) < 4.5 * error);
        CHECK(std::abs(found.covariance[static_cast<std::size_t>(t)](s, s) - variance) < 6 * std::sqrt((2 * variance * variance + variance) / runs) + 1e-2);
        squares += std::pow((found.mean(t, s) - moments.mean(t, s)) / error, 2);
      }
    CHECK(squares < 300);      // about 200 expected
  }
  const auto path = [&](ReactionSearch search) { return simulate_ssa(ring, p, experiment, {.search = search}).states; };
  CHECK(path(ReactionSearch::by_size) == path(ReactionSearch::tree));      // 100 reactions
}

TEST_CASE("a network that is not of mass action: tree, list, compiled and interpreted agree") {
  const InterpretedModel interpreted(self_shut_table());
  const auto p = self_shut.default_parameters();
  const auto experiment = culture({5, 0}, {2, 10});
  const int runs = 4000;
  const SsaEnsemble base = simulate_ssa_ensemble(self_shut, p, experiment, runs, {.search = ReactionSearch::linear});
  const SsaEnsemble tree = simulate_ssa_ensemble(self_shut, p, experiment, runs, {.seed = 2, .search = ReactionSearch::tree});
  const SsaEnsemble read = simulate_ssa_ensemble(interpreted, interpreted.default_parameters(), experiment, runs, {.search = ReactionSearch::linear});
  for (const SsaEnsemble* other : {&tree, &read}) {
    REQUIRE(other->outcome.ok());
    for (int t = 0; t < 2; ++t)
      for (int s = 0; s < 2; ++s)
        CHECK(std::abs(base.mean(t, s) - other->mean(t, s)) < 4 * std::sqrt(2 * base.covariance[static_cast<std::size_t>(t)](s, s) / runs));
  }
  CHECK((read.mean.array() == base.mean.array()).all());      // same draws, same rates to rounding
  std::vector<double> all(4), some(4, -1);
  const std::vector<double> x{9, 4};
  for (const Model* model : {static_cast<const Model*>(&self_shut), static_cast<const Model*>(&interpreted)}) {
    model->propensities(0, x, p, all);
    for (int r = 0; r < 4; ++r) model->propensities_of(0, x, p, {&r, 1}, some);
    for (std::size_t r = 0; r < 4; ++r) CHECK(some[r] == Approx(all[r]).epsilon(1e-14));
  }
}

TEST_CASE("negative rates and counts name the reaction: at the start an input error, later an outcome") {
  const auto p = reversible.default_parameters();
  CHECK_THROWS_WITH(simulate_ssa(reversible, p, culture({0, 3}, {1})), Catch::Matchers::Contains("reaction 'A -> B' has rate -3: split reversible reactions"));
  CHECK_THROWS_AS(simulate_ssa_ensemble(reversible, p, culture({0, 3}, {1}), 10), InputError);
  const Trajectory later = simulate_ssa(reversible, p, culture({10, 0}, {100}, {{50, "A", Action::set, 0}}));
  CHECK(later.outcome.status == Status::not_converged);
  CHECK_THAT(later.outcome.message, Catch::Matchers::Contains("reaction 'A -> B' has rate -"));
  const CompiledModel<Leak> leak;
  const Trajectory below = simulate_ssa(leak, std::vector<double>{1}, culture({3}, {100}));
  CHECK(below.outcome.status == Status::not_converged);
  CHECK_THAT(below.outcome.message, Catch::Matchers::Contains("takes 'X' below 0"));
}
