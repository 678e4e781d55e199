// Balanced growth against the eigenvalues of the generator and against differences.
#include <Eigen/Eigenvalues>
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/simulate/balanced_growth.hpp"
#include "libhyped/simulate/uniformisation.hpp"

using namespace hyped;

namespace {

std::vector<double> defaults(const Model& model) {
  std::vector<double> p;
  for (const auto& spec : model.parameters()) p.push_back(spec.value);
  return p;
}

}  // namespace

TEST_CASE("growth and stable stages are the leading eigenpair of the generator") {
  for (const char* name : {"cell_cycle/two_phase", "cell_cycle/three_phase", "cell_cycle/four_phase", "cell_cycle/quiescence_release", "cell_cycle/growth"}) {
    const auto model = make_staged(name, {});
    auto p = defaults(*model);
    for (const double death : {0.0, 0.004, 0.09}) {      // growing and shrinking populations
      p[static_cast<std::size_t>(model->parameter_index("death"))] = death;
      const BalancedGrowth growth = balanced_growth(*model, p);
      REQUIRE(growth.outcome.ok());
      std::vector<double> rate(static_cast<std::size_t>(model->group_count()));
      model->group_rates(p, rate);
      Uniformisation flow(*model);
      flow.set_rates(rate);
      const Eigen::MatrixXd a = flow.generator();
      INFO(name << " death " << death);
      CHECK((a * growth.stages - growth.growth_rate * growth.stages).cwiseAbs().maxCoeff() < 1e-12);
      CHECK(growth.stages.sum() == Approx(1));
      CHECK(growth.stages.minCoeff() >= 0);
      if (model->stage_count() > 30) continue;      // eigenvalues of long chains are ill-conditioned
      CHECK(a.eigenvalues().real().maxCoeff() == Approx(growth.growth_rate).margin(1e-6));
    }
  }
}

TEST_CASE("one memoryless compartment grows at division - death") {
  const auto model = make_staged("cell_cycle/growth", {});
  const BalancedGrowth growth = balanced_growth(*model, std::vector<double>{0.03, 0.012});
  CHECK(growth.growth_rate == Approx(0.018));
  CHECK(growth.growth_slope[0] == Approx(1));
  CHECK(growth.growth_slope[1] == Approx(-1));
}

TEST_CASE("derivatives of growth and stages equal differences") {
  StageSettings settings;
  settings.stages = {{"G1", 5}, {"S/G2/M", 7}};
  settings.effects = {{"slowing", {"drug"}, {"g1_exit"}}};
  const auto model = make_staged("cell_cycle/two_phase", settings);
  auto p = defaults(*model);
  p[static_cast<std::size_t>(model->parameter_index("slowing"))] = -0.6;
  p[static_cast<std::size_t>(model->parameter_index("drug"))] = 0.8;
  const BalancedGrowth growth = balanced_growth(*model, p);
  for (std::size_t j = 0; j < p.size(); ++j) {
    auto up = p, down = p;
    const double step = 1e-5 * std::max(0.01, std::abs(p[j]));
    up[j] += step;
    down[j] -= step;
    const BalancedGrowth above = balanced_growth(*model, up), below = balanced_growth(*model, down);
    INFO(model->parameters()[j].name);
    CHECK(growth.growth_slope[static_cast<int>(j)] == Approx((above.growth_rate - below.growth_rate) / (2 * step)).margin(1e-7));
    CHECK((growth.stages_slope.col(static_cast<int>(j)) - (above.stages - below.stages) / (2 * step)).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("cells that never come back are outside balanced growth") {
  const auto model = make_staged("cell_cycle/quiescence_release", {});
  const BalancedGrowth growth = balanced_growth(*model, defaults(*model));
  CHECK(growth.stages.head(8).sum() == 0);      // G0 is left and not entered again
}
