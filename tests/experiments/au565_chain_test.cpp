// The published 28-stage chain of AU565 cells gives the published numbers by every simulator.
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "libhyped/model/staged.hpp"
#include "libhyped/simulate/balanced_growth.hpp"
#include "libhyped/simulate/ode.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/simulate/staged_linear.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

// Rates of one drug and dose. The table gives stage rates; an exit rate is 1 / mean of its part, the stage rate over the stages.
std::vector<double> published(const StagedModel& model, const DelimitedTable& table, const std::string& drug, double dose) {
  std::vector<double> p;
  for (const auto& spec : model.parameters()) p.push_back(spec.value);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, table.column("drug")) != drug || table.number(row, table.column("dose_nM")) != dose) continue;
    for (const auto& phase : model.graph().phases) {
      const std::string part = phase.exit_rate.substr(5);      // exit_g1_1 -> g1_1
      p[static_cast<std::size_t>(model.parameter_index(phase.exit_rate))] = table.number(row, table.column("prog_" + part)) / phase.stages;
      p[static_cast<std::size_t>(model.parameter_index(phase.death_rate))] = table.number(row, table.column("death_" + part));
    }
    return p;
  }
  FAIL("no row for " << drug << " " << dose);
  return p;
}

// All printed digits: half a unit of the last one.
void same_digits(double value, double printed, int digits) { CHECK(std::abs(value - printed) <= 0.5 * std::pow(10, -digits)); }

struct Printed {
  const char* drug;
  double dose, g1, sg2;
};
constexpr std::array<Printed, 3> at_95_h{{{"untreated", 0, 1.656, 1.749}, {"lapatinib", 50, 1.249, 0.690}, {"gemcitabine", 10, 0.566, 1.010}}};

}  // namespace

TEST_CASE("must/foundation/1") {
  const auto file = real_data("data/fucci/au565_population/published_model_parameters.csv");
  if (file.empty()) return;
  const DelimitedTable table = DelimitedTable::read(file);
  const auto model = make_staged("cell_cycle/substaged", {});
  REQUIRE(model->stage_count() == 28);
  int g1_stages = 0;
  for (const auto& phase : model->graph().phases) g1_stages += phase.name.starts_with("G1") ? phase.stages : 0;
  const BalancedGrowth growth = balanced_growth(*model, published(*model, table, "untreated", 0));
  REQUIRE(growth.outcome.ok());
  same_digits(growth.growth_rate, 0.012897, 6);
  same_digits(std::log(2) / growth.growth_rate, 53.75, 2);
  same_digits(growth.stages.head(g1_stages).sum(), 0.4863, 4);

  Experiment experiment;
  experiment.initial.assign(growth.stages.data(), growth.stages.data() + growth.stages.size());
  for (int i = 1; i <= 5; ++i) experiment.sample_times_h.push_back(19.0 * i);
  for (const Printed& printed : at_95_h) {
    INFO(printed.drug);
    const std::vector<double> p = published(*model, table, printed.drug, printed.dose);
    const Trajectory ode = simulate_ode(*model, p, experiment), exact = simulate_linear(*model, p, experiment);
    CHECK_THAT(exact.method, Catch::Matchers::Contains("matrix exponential"));
    for (const Trajectory* run : {&ode, &exact}) {
      REQUIRE(run->outcome.ok());
      const Eigen::RowVectorXd last = run->states.row(4);
      same_digits(last.head(g1_stages).sum(), printed.g1, 3);
      same_digits(last.tail(28 - g1_stages).sum(), printed.sg2, 3);
    }

    const double cells = 500;
    const int runs = 200;
    Experiment dish = experiment;
    dish.sample_times_h = {95};
    for (double& x : dish.initial) x *= cells;
    const SsaEnsemble ensemble = simulate_ssa_ensemble(*model, p, dish, runs);
    REQUIRE(ensemble.outcome.ok());
    const Eigen::RowVectorXd mean = ensemble.mean.row(0) / cells;
    const Eigen::MatrixXd& spread = ensemble.covariance[0];
    const double g1_error = std::sqrt(spread.topLeftCorner(g1_stages, g1_stages).sum() / runs) / cells;
    const double sg2_error = std::sqrt(spread.bottomRightCorner(28 - g1_stages, 28 - g1_stages).sum() / runs) / cells;
    CHECK(g1_error < 0.01);
    CHECK(sg2_error < 0.01);
    CHECK(std::abs(mean.head(g1_stages).sum() - printed.g1) <= 3 * g1_error);
    CHECK(std::abs(mean.tail(28 - g1_stages).sum() - printed.sg2) <= 3 * sg2_error);
  }
}
