// The fact that decides the default likelihood: the same cells counted in every frame, so that independent frames claim too much.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>

#include "experiments/twin/twin.hpp"
#include "fitting/independent_fit.hpp"
#include "libhyped/parallel.hpp"

using namespace hyped;

namespace {

// Estimates of one log duration over twins, and what the fits claimed.
struct Claims {
  std::vector<double> error, sd;      // estimate - truth; claimed standard error; natural logarithms
  int covered = 0, used = 0;
  void add(const FittedParameter& p, double truth) {
    ++used;
    error.push_back(std::log(truth / p.estimate));
    sd.push_back(p.sd * std::numbers::ln10);
    covered += p.lower <= truth && truth <= p.upper ? 1 : 0;
  }
  double scatter() const {
    double sum = 0;
    for (const double e : error) sum += e * e;
    return std::sqrt(sum / used);
  }
  double claimed() const {
    double sum = 0;
    for (const double s : sd) sum += s;
    return sum / used;
  }
  double coverage() const { return static_cast<double>(covered) / used; }
};

}  // namespace

TEST_CASE("a two-phase chain, 600 cells, 145 frames: independent frames cover a fraction, the branching process its 95 %", "[slow]") {
  CycleSetup setup;
  setup.model = "cell_cycle/two_phase";
  setup.map = {Reporter::cdt1_geminin, {{"G1", {"G1"}}, {"S/G2/M", {"S/G2/M"}}}, true};
  setup.arms = {{"control", {{1, {}}}, {}}};
  ParameterChoice death;
  death.name = "death";
  death.fixed = 0.0;
  setup.parameters = {death};
  TwinSettings settings;
  settings.wells = {{"control", 1}};
  for (int i = 0; i < 145; ++i) settings.times_h.push_back(i / 3.0);
  settings.cells_per_well = 600;
  settings.seeding_spread = settings.missed = 0;
  settings.truth = {{"g1_exit", 1 / 14.0}, {"division", 1 / 12.8}, {"death", 0}};
  ProcessOptions process;
  process.starts = 1;
  process.sister = process.detection = 0.0;

  const char* given = std::getenv("HYPED_TWINS");
  const int twins = given != nullptr ? std::atoi(given) : 200;
  const std::vector<std::pair<std::string, double>> rates{{"g1_exit", 1 / 14.0}, {"division", 1 / 12.8}};
  std::vector<ProcessFit> fits(static_cast<std::size_t>(twins));
  std::vector<IndependentFit> snapshots(static_cast<std::size_t>(twins));
  parallel_for(twins, [&](int k) {
    const CycleProblem problem(setup, simulate_twin(setup, settings, 4000 + static_cast<std::uint64_t>(k)).counts);
    fits[static_cast<std::size_t>(k)] = fit_process(problem, process);
    snapshots[static_cast<std::size_t>(k)] = fit_independent(problem, {.noise = IndependentNoise::multinomial, .starts = 1});
  });
  for (const auto& [rate, truth] : rates) {
    Claims branching, independent;
    for (int k = 0; k < twins; ++k) {
      for (const auto& p : fits[static_cast<std::size_t>(k)].parameters)
        if (p.name == rate && p.identified) branching.add(p, truth);
      for (const auto& p : snapshots[static_cast<std::size_t>(k)].parameters)
        if (p.name == rate && p.identified) independent.add(p, truth);
    }
    std::printf("%-9s independent frames: claimed %.4f, scatter %.4f, covered %.0f %%; branching process: claimed %.4f, scatter %.4f, covered %.0f %%\n", rate.c_str(), independent.claimed(),
                independent.scatter(), 100 * independent.coverage(), branching.claimed(), branching.scatter(), 100 * branching.coverage());
    REQUIRE(branching.used > 0.98 * twins);
    REQUIRE(independent.used > 0.98 * twins);
    CHECK(independent.scatter() > 3 * independent.claimed());
    CHECK(independent.coverage() < 0.6);
    CHECK(branching.coverage() >= 0.92);      // 200 twins: 1.5 % binomial noise about 95 %
    CHECK(branching.scatter() < 0.6 * independent.scatter());
    CHECK(branching.claimed() == Approx(branching.scatter()).epsilon(0.2));
  }
}
