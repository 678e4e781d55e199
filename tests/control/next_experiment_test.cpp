// Known optimal designs, the equivalence theorem, and exact designs against all there are.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "experiments/control/next_experiment/continuous_design.hpp"
#include "experiments/control/next_experiment/exact_design.hpp"

using namespace hyped;
using namespace hyped::control;

namespace {

// One candidate for each x, its information f f'.
DesignProblem regression(const std::vector<double>& xs, const std::function<Eigen::VectorXd(double)>& f, const Eigen::MatrixXd& contrast, CriterionKind kind) {
  DesignProblem out;
  const Eigen::Index size = f(xs.front()).size();
  out.known = {Eigen::MatrixXd::Zero(size, size)};
  out.contrasts = {contrast};
  out.kind = kind;
  for (const double x : xs) {
    const Eigen::VectorXd row = f(x);
    out.candidates.push_back({std::to_string(x), 1, {row * row.transpose()}});
  }
  return out;
}

std::vector<double> grid(double from, double to, int count) {
  std::vector<double> out;
  for (int i = 0; i <= count; ++i) out.push_back(from + (to - from) * i / count);
  return out;
}

Eigen::VectorXd polynomial(double x, int degree) {
  Eigen::VectorXd out(degree + 1);
  for (int k = 0; k <= degree; ++k) out[k] = std::pow(x, k);
  return out;
}

double share_near(const DesignProblem& problem, const ContinuousDesign& design, const std::vector<double>& xs, double x, double within) {
  double sum = 0;
  for (std::size_t i = 0; i < problem.candidates.size(); ++i)
    if (std::abs(xs[i] - x) <= within) sum += design.share[static_cast<Eigen::Index>(i)];
  return sum;
}

}  // namespace

TEST_CASE("D-optimal polynomial regression from -1 to 1: equal shares at the roots of (1 - x^2) P'") {
  // Guest 1958; degree 2: -1, 0, 1; degree 3: +-1, +-1 / sqrt 5 (a point of the grid, nearly)
  const auto xs = grid(-1, 1, 200);
  const auto quadratic = regression(xs, [](double x) { return polynomial(x, 2); }, Eigen::MatrixXd::Identity(3, 3), CriterionKind::d_optimal);
  const ContinuousDesign two = continuous_design(quadratic);
  REQUIRE(two.outcome.ok());
  for (const double x : {-1.0, 0.0, 1.0}) CHECK(share_near(quadratic, two, xs, x, 1e-9) == Approx(1 / 3.0).margin(1e-4));
  // equivalence theorem: the standardised variance is at most the number of parameters, here in units of criterion per share
  CHECK(two.sensitivity.maxCoeff() == Approx(1).epsilon(1e-6));
  const auto cubic = regression(xs, [](double x) { return polynomial(x, 3); }, Eigen::MatrixXd::Identity(4, 4), CriterionKind::d_optimal);
  const ContinuousDesign three = continuous_design(cubic);
  REQUIRE(three.outcome.ok());
  for (const double x : {-1.0, -1 / std::sqrt(5.0), 1 / std::sqrt(5.0), 1.0}) CHECK(share_near(cubic, three, xs, x, 0.011) == Approx(0.25).margin(2e-3));
}

TEST_CASE("D-optimal sampling of an exponential decay: at 0 and at 1 / k") {
  // amplitude and rate, Box & Lucas 1959
  const double k = 0.5;
  const auto times = grid(0, 8, 160);
  const auto problem = regression(times, [&](double t) { return Eigen::Vector2d(std::exp(-k * t), -3 * t * std::exp(-k * t)); }, Eigen::MatrixXd::Identity(2, 2), CriterionKind::d_optimal);
  const ContinuousDesign design = continuous_design(problem);
  REQUIRE(design.outcome.ok());
  CHECK(share_near(problem, design, times, 0, 1e-9) == Approx(0.5).margin(1e-4));
  CHECK(share_near(problem, design, times, 1 / k, 1e-9) == Approx(0.5).margin(1e-4));
}

TEST_CASE("c-optimal extrapolation has Elfving's shares") {
  // value of a parabola at x = 2 from [-1, 1]: support -1, 0, 1, shares as |Lagrange's weights| 1, 3, 3; variance (1 + 3 + 3)^2
  const auto xs = grid(-1, 1, 40);
  const Eigen::VectorXd at = polynomial(2, 2);
  const auto problem = regression(xs, [](double x) { return polynomial(x, 2); }, at, CriterionKind::a_optimal);
  const ContinuousDesign design = continuous_design(problem);
  REQUIRE(design.outcome.ok());
  CHECK(design.value == Approx(49).epsilon(1e-5));
  CHECK(design.bound <= 49 * (1 + 1e-12));
  CHECK(share_near(problem, design, xs, -1, 1e-9) == Approx(1 / 7.0).margin(1e-3));
  CHECK(share_near(problem, design, xs, 0, 1e-9) == Approx(3 / 7.0).margin(1e-3));
  CHECK(share_near(problem, design, xs, 1, 1e-9) == Approx(3 / 7.0).margin(1e-3));
}

TEST_CASE("costs and what is known enter: the bound holds for every other design, and exact designs are the best of all") {
  DesignProblem problem = regression(grid(-1, 1, 6), [](double x) { return polynomial(x, 2); }, polynomial(0.4, 2), CriterionKind::a_optimal);
  problem.known = {Eigen::Vector3d(0.4, 0.3, 0.2).asDiagonal(), Eigen::Vector3d(0.2, 0.5, 0.1).asDiagonal()};
  problem.contrasts.push_back(polynomial(-0.7, 2));
  for (std::size_t i = 0; i < problem.candidates.size(); ++i) {
    problem.candidates[i].information.push_back(1.5 * problem.candidates[i].information[0]);
    problem.candidates[i].cost = 1 + 0.5 * static_cast<double>(i % 3);
  }
  for (const CriterionKind kind : {CriterionKind::a_optimal, CriterionKind::d_optimal}) {
    problem.kind = kind;
    ContinuousOptions options;
    options.budget = 5;
    const ContinuousDesign continuous = continuous_design(problem, options);
    REQUIRE(continuous.outcome.ok());
    CHECK(continuous.gap >= 0);
    CHECK(continuous.share.sum() == Approx(1));
    // exhaustive: all counts within the budget
    double best = 1e300;
    std::vector<int> count(7, 0);
    const std::function<void(std::size_t, double)> walk = [&](std::size_t i, double left) {
      if (i == count.size()) {
        Eigen::VectorXd amount(7);
        for (int k = 0; k < 7; ++k) amount[k] = count[static_cast<std::size_t>(k)];
        best = std::min(best, criterion(problem, total_information(problem, amount)));
        return;
      }
      for (count[i] = 0; count[i] * problem.candidates[i].cost <= left + 1e-12; ++count[i]) walk(i + 1, left - count[i] * problem.candidates[i].cost);
      count[i] = 0;
    };
    walk(0, 5);
    ExactOptions whole;
    whole.budget = 5;
    const ExactDesign exact = exact_design(problem, whole);
    CHECK(exact.value == Approx(best).epsilon(1e-12));
    CHECK(exact.cost <= 5 * (1 + 1e-12));
    CHECK(continuous.bound <= best + 1e-12);
  }
}

TEST_CASE("sensitivities are the criterion's derivative") {
  DesignProblem problem = regression({-0.9, -0.2, 0.5, 1.0}, [](double x) { return polynomial(x, 2); }, Eigen::MatrixXd::Identity(3, 3).leftCols(2), CriterionKind::a_optimal);
  problem.known = {Eigen::Matrix3d::Identity()};
  for (const CriterionKind kind : {CriterionKind::a_optimal, CriterionKind::d_optimal}) {
    problem.kind = kind;
    const Eigen::Vector4d amount(1, 0.5, 2, 0.3);
    const Eigen::VectorXd slope = sensitivities(problem, total_information(problem, amount));
    for (int i = 0; i < 4; ++i) {
      Eigen::VectorXd more = amount, less = amount;
      more[i] += 1e-5;
      less[i] -= 1e-5;
      CHECK(-slope[i] == Approx((criterion(problem, total_information(problem, more)) - criterion(problem, total_information(problem, less))) / 2e-5).epsilon(1e-7));
    }
  }
}

TEST_CASE("what cannot be determined is said, not invented") {
  const auto xs = grid(-1, 1, 4);
  auto problem = regression(xs, [](double x) { return Eigen::Vector2d(x, 2 * x); }, Eigen::MatrixXd::Identity(2, 2), CriterionKind::d_optimal);
  CHECK(continuous_design(problem).outcome.status == Status::not_identifiable);
  CHECK(exact_design(problem, {.budget = 3}).outcome.status == Status::not_identifiable);
  // the combination that is seen can be
  problem.contrasts = {Eigen::Vector2d(1, 2)};
  problem.kind = CriterionKind::a_optimal;
  const ContinuousDesign seen = continuous_design(problem);
  CHECK(seen.outcome.ok());
  CHECK(seen.value == Approx(1).epsilon(1e-6));      // M = x^2 c c', so c' M^+ c = 1 / x^2, least at the ends
  problem.candidates[0].cost = 0;
  CHECK_THROWS_AS(exact_design(problem), InputError);
}
