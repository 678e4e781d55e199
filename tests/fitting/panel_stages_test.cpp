// Stages put to the test phase by phase: found where they are, named, and not found where there are none.
#include <catch2/catch.hpp>

#include <cmath>

#include "libhyped/parallel.hpp"
#include "tests/fitting/panel_paths.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

// Cells born into G1 (as many stages as asked for), then S, then divided; followed from birth, looked at every half hour for 60 h.
PanelData born_cells(int g1_stages, int s_stages, int cells, std::uint64_t seed, bool one_clock) {
  PanelData data;
  data.source = "simulated";
  data.phases = {"G1", "S", "divided"};
  data.covariates.resize(1, 0);
  for (int c = 0; c < cells; ++c) {
    RandomStream random(seed, 11, static_cast<std::uint32_t>(c));
    const double leaves = random.gamma(g1_stages) * 8 / g1_stages, divides = leaves + random.gamma(s_stages) * 10.0 / s_stages;
    PanelSubject subject{std::to_string(c), {}, 0, true};
    const double birth = one_clock ? 0 : 0.5 * static_cast<int>(40 * random.uniform());
    for (int look = 0; look <= 120; ++look) {
      const double age = 0.5 * look;
      subject.looks.push_back({birth + age, age < leaves ? 0 : age < divides ? 1 : 2});
      if (age >= divides) break;
    }
    data.subjects.push_back(subject);
  }
  return data;
}

PanelSpec g1_s(std::vector<int> stages = {1, 1, 1}) {
  PanelSpec spec;
  spec.phases = {"G1", "S", "divided"};
  spec.stages = std::move(stages);
  spec.transitions = {{0, 1}, {1, 2}};
  return spec;
}

const PanelTest& of_phase(const std::vector<PanelTest>& tests, const std::string& phase) {
  for (const PanelTest& test : tests)
    if (test.phase == phase) return test;
  FAIL("no test of " << phase);
  return tests.front();
}

}  // namespace

TEST_CASE("stages in one phase alone are found, with the phase and the gain", "[standard]") {
  // 40 cells: four stages in every phase are hardly better or worse, four in S alone are.
  const PanelData data = born_cells(1, 6, 60, 3, false);
  const PanelSpec spec = g1_s();
  const PanelFit fit = fit_panel(data, spec);
  const auto tests = test_panel(data, fit, spec);
  const PanelTest &s = of_phase(tests, "S"), &g1 = of_phase(tests, "G1");
  INFO(s.verdict << "; " << g1.verdict);
  CHECK(s.stages >= 3);
  CHECK(s.gain_aic > 10);
  CHECK(s.p < 0.05);
  CHECK_THAT(s.verdict, Contains("rejected: ") && Contains("of AIC") && Contains("alternatives"));
  CHECK_THAT(s.assumption, Contains("'S'") && Contains("memoryless"));
  CHECK_FALSE(g1.verdict.starts_with("rejected"));
}

TEST_CASE("with stages given, another number of them is still asked for", "[standard]") {
  const PanelData data = born_cells(1, 6, 200, 4, false);
  const PanelSpec few = g1_s({1, 2, 1}), right = g1_s({1, 6, 1}), wrong = g1_s({4, 6, 1});
  const auto tests = test_panel(data, fit_panel(data, few), few);
  CHECK(of_phase(tests, "S").verdict.starts_with("rejected"));
  CHECK(of_phase(tests, "S").stages > 2);
  CHECK_THAT(of_phase(tests, "S").assumption, Contains("have 2 stages"));
  for (const PanelTest& test : test_stages(data, fit_panel(data, right), right)) {
    INFO(test.assumption << ": " << test.verdict);
    CHECK_FALSE(test.verdict.starts_with("rejected"));
  }
  const auto fewer = test_stages(data, fit_panel(data, wrong), wrong);      // downwards too
  CHECK(of_phase(fewer, "G1").verdict.starts_with("rejected"));
  CHECK(of_phase(fewer, "G1").stages == 1);
}

TEST_CASE("memoryless stays are seldom rejected by the tests of stages", "[standard]") {
  constexpr int films = 200;
  std::vector<int> rejected(films, 0);
  parallel_for(films, [&](int f) {
    const PanelData data = born_cells(1, 1, 30, 100 + static_cast<std::uint64_t>(f), false);
    const PanelSpec spec = g1_s();
    for (const PanelTest& test : test_stages(data, fit_panel(data, spec), spec)) rejected[static_cast<std::size_t>(f)] |= test.verdict.starts_with("rejected") ? 1 : 0;
  });
  int all = 0;
  for (const int one : rejected) all += one;
  WARN(all << " of " << films << " rejected");
  CHECK(all <= 10);      // the bound keeps 5 % for all numbers together
}

TEST_CASE("the test of shares keeps its level with stages, and finds too few of them", "[standard]") {
  constexpr int films = 200;
  PanelTruth truth;
  truth.stages = 3;
  std::vector<double> p(films, -1);
  parallel_for(films, [&](int f) {
    const PanelData data = simulated_panel(truth, 150, 7000 + static_cast<std::uint64_t>(f));
    PanelSpec spec = cycle_with_death(data, false);
    spec.stages = {3, 3, 3, 1};
    const PrevalenceTest test = test_prevalence(data, fit_panel(data, spec), spec, 0);
    if (test.outcome.ok()) p[static_cast<std::size_t>(f)] = test.p;
  });
  int tested = 0, rejected = 0;
  for (const double one : p) tested += one >= 0, rejected += one >= 0 && one < 0.05;
  WARN(rejected << " of " << tested << " rejected at 5 %");
  CHECK(tested >= 195);
  CHECK(rejected >= 1);      // 10 expected, within three binomial standard errors
  CHECK(rejected <= 20);
  const PanelData staged = born_cells(8, 8, 400, 5, true);      // all in G1 at 0: shares tell the stages
  const PanelSpec two = g1_s({2, 2, 1}), eight = g1_s({8, 8, 1});
  const PrevalenceTest wrong = test_prevalence(staged, fit_panel(staged, two), two, 0), right = test_prevalence(staged, fit_panel(staged, eight), eight, 0);
  REQUIRE(wrong.outcome.ok());
  REQUIRE(right.outcome.ok());
  CHECK(wrong.p < 0.01);
  CHECK(right.p > 0.001);
}

TEST_CASE("where time is age, rates that change with time are not asked for") {
  const PanelSpec spec = g1_s();
  for (const bool one_clock : {true, false}) {
    const PanelData data = born_cells(1, 1, 40, 6, one_clock);
    CHECK(time_is_age(data) == one_clock);
    for (const PanelTest& test : test_panel(data, fit_panel(data, spec), spec))
      if (test.assumption == "rates do not change with time") {
        INFO(test.verdict);
        CHECK(test.verdict.starts_with("not applicable") == one_clock);
        CHECK(std::isfinite(test.p) == !one_clock);
      }
  }
}
