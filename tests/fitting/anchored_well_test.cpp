// A well followed from an anchor: its cells there stay, whatever the parameters; derivatives are exact with density dependence and without.
#include "fitting/anchored_well.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/fitting/small_problem.hpp"

using namespace hyped;

TEST_CASE("log folds since the anchor have exact derivatives, and the anchor holds its cells") {
  for (const bool density : {false, true}) {
    CycleSetup setup = test::small_setup(2);
    if (density) {
      setup.stages.density_rates = {"division"};
      setup.stages.density_reference = 400;
    }
    setup.unseen_arms = {setup.arms[1]};
    setup.unseen_arms[0].condition = "unseen";
    const CycleProblem problem(setup, test::blank_data(1, test::frames(30, 0.5)));
    const AnchoredWell well(problem, problem.setup().unseen_arms[0], problem, 0, 9.9, 500);
    Eigen::VectorXd theta = test::small_truth(problem.space());
    if (const int i = problem.space().index("density_effect"); i >= 0) theta[i] = 0.4;
    const AnchoredCourse at = well.at(theta, true);
    INFO(at.outcome.message << " density " << density);
    REQUIRE(at.outcome.ok());
    REQUIRE(at.log_fold.size() == static_cast<int>(well.times_h().size()));
    CHECK(well.times_h().front() == Approx(10).margin(0.5));
    CHECK(at.log_fold[0] == 0);
    const auto first = at.blocks.size() / 2 - at.log_fold.size();
    if (density) CHECK(at.blocks.segment(2 * first, 2).sum() == Approx(500).epsilon(1e-7));
    for (int i = 0; i < theta.size(); ++i) {
      Eigen::VectorXd above = theta, below = theta;
      above[i] += 1e-4;
      below[i] -= 1e-4;
      const Eigen::VectorXd slope = (well.at(above, false).log_fold - well.at(below, false).log_fold) / 2e-4;
      INFO(problem.space()[i].name);
      CHECK((at.by_theta.col(i) - slope).cwiseAbs().maxCoeff() < 1e-4 * (1 + slope.cwiseAbs().maxCoeff()));
      if (problem.space()[i].name == "division") CHECK(slope.cwiseAbs().maxCoeff() > 0.1);
    }
    // the log of a rate of this well alone is its search scale times ln 10
    const int rate = problem.space().index("division");
    CHECK(at.by_random.col(1).isApprox(at.by_theta.col(rate) / std::log(10.0), 1e-9));
  }
}
