// Both packaged solvers on problems with known solutions: Hock & Schittkowski 1981, Lecture Notes in Economics 187.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/control/optimal/nonlinear_program.hpp"
#include "experiments/control/optimal/sign_constrained_squares.hpp"
#include "libhyped/random.hpp"

using namespace hyped;
using namespace hyped::control;

namespace {

using Vector = Eigen::VectorXd;
constexpr double infinity = std::numeric_limits<double>::infinity();

Vector vector(std::initializer_list<double> values) { return Eigen::Map<const Vector>(values.begin(), static_cast<Eigen::Index>(values.size())); }

void dense_pattern(NonlinearProgram& p) {
  for (int c = 0; c < p.constraint_lower.size(); ++c)
    for (int v = 0; v < p.lower.size(); ++v) p.pattern.push_back({c, v});
}

NonlinearProgram hs71(bool with_hessian) {
  NonlinearProgram p{.lower = Vector::Constant(4, 1), .upper = Vector::Constant(4, 5), .constraint_lower = vector({25, 40}), .constraint_upper = vector({infinity, 40})};
  p.objective = [](const Vector& x, double& value, Vector* g) {
    value = x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2];
    if (g) *g = vector({x[3] * (2 * x[0] + x[1] + x[2]), x[0] * x[3], x[0] * x[3] + 1, x[0] * (x[0] + x[1] + x[2])});
    return true;
  };
  p.constraints = [](const Vector& x, Vector& values, Vector* d) {
    values = vector({x.prod(), x.squaredNorm()});
    if (d) *d = vector({x[1] * x[2] * x[3], x[0] * x[2] * x[3], x[0] * x[1] * x[3], x[0] * x[1] * x[2], 2 * x[0], 2 * x[1], 2 * x[2], 2 * x[3]});
    return true;
  };
  dense_pattern(p);
  if (!with_hessian) return p;
  p.hessian = [](const Vector& x, double w, const Vector& m, Vector& h) {
    h = vector({w * 2 * x[3] + 2 * m[1], w * x[3] + m[0] * x[2] * x[3], 2 * m[1], w * x[3] + m[0] * x[1] * x[3], m[0] * x[0] * x[3], 2 * m[1],
                w * (2 * x[0] + x[1] + x[2]) + m[0] * x[1] * x[2], w * x[0] + m[0] * x[0] * x[2], w * x[0] + m[0] * x[0] * x[1], 2 * m[1]});
    return true;
  };
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c <= r; ++c) p.hessian_pattern.push_back({r, c});
  return p;
}

NonlinearProgram hs76() {
  NonlinearProgram p{.lower = Vector::Zero(4), .upper = Vector::Constant(4, infinity), .constraint_lower = vector({-infinity, -infinity, 1.5}), .constraint_upper = vector({5, 4, infinity})};
  p.objective = [](const Vector& x, double& value, Vector* g) {
    value = x[0] * x[0] + 0.5 * x[1] * x[1] + x[2] * x[2] + 0.5 * x[3] * x[3] - x[0] * x[2] + x[2] * x[3] - x[0] - 3 * x[1] + x[2] - x[3];
    if (g) *g = vector({2 * x[0] - x[2] - 1, x[1] - 3, 2 * x[2] - x[0] + x[3] + 1, x[3] + x[2] - 1});
    return true;
  };
  p.constraints = [](const Vector& x, Vector& values, Vector* d) {
    values = vector({x[0] + 2 * x[1] + x[2] + x[3], 3 * x[0] + x[1] + 2 * x[2] - x[3], x[1] + 4 * x[2]});
    if (d) *d = vector({1, 2, 1, 1, 3, 1, 2, -1, 0, 1, 4, 0});
    return true;
  };
  dense_pattern(p);
  return p;
}

NonlinearProgram hs15() {
  NonlinearProgram p{.lower = Vector::Constant(2, -infinity), .upper = vector({0.5, infinity}), .constraint_lower = vector({1, 0}), .constraint_upper = Vector::Constant(2, infinity)};
  p.objective = [](const Vector& x, double& value, Vector* g) {
    const double valley = x[1] - x[0] * x[0];
    value = 100 * valley * valley + (1 - x[0]) * (1 - x[0]);
    if (g) *g = vector({-400 * x[0] * valley - 2 * (1 - x[0]), 200 * valley});
    return true;
  };
  p.constraints = [](const Vector& x, Vector& values, Vector* d) {
    values = vector({x[0] * x[1], x[0] + x[1] * x[1]});
    if (d) *d = vector({x[1], x[0], 1, 2 * x[1]});
    return true;
  };
  dense_pattern(p);
  return p;
}

// A disc and a half plane that do not meet, and a constraint that any point near them meets.
NonlinearProgram apart() {
  NonlinearProgram p{.lower = Vector::Constant(2, -10), .upper = Vector::Constant(2, 10), .constraint_lower = vector({-infinity, 3, -5}), .constraint_upper = vector({1, infinity, 5})};
  p.objective = [](const Vector& x, double& value, Vector* g) {
    value = (x[0] - 4) * (x[0] - 4);
    if (g) *g = vector({2 * (x[0] - 4), 0});
    return true;
  };
  p.constraints = [](const Vector& x, Vector& values, Vector* d) {
    values = vector({x.squaredNorm(), x.sum(), x[0] - x[1]});
    if (d) *d = vector({2 * x[0], 2 * x[1], 1, 1, 1, -1});
    return true;
  };
  dense_pattern(p);
  p.constraint_names = {"total dose", "effect", "balance"};
  return p;
}

// The Lagrangian's gradient from the solution's own multipliers, anew.
double lagrangian(const NonlinearProgram& p, const ProgramSolution& s) {
  double value = 0;
  Vector g = Vector::Zero(s.x.size()), values = Vector::Zero(s.multipliers.size()), d = Vector::Zero(static_cast<Eigen::Index>(p.pattern.size()));
  p.objective(s.x, value, &g);
  p.constraints(s.x, values, &d);
  for (std::size_t k = 0; k < p.pattern.size(); ++k) g[p.pattern[k].second] += s.multipliers[p.pattern[k].first] * d[static_cast<Eigen::Index>(k)];
  return (g - s.lower_multipliers + s.upper_multipliers).lpNorm<Eigen::Infinity>();
}

}  // namespace

TEST_CASE("both solvers find the known solutions of Hock and Schittkowski") {
  const auto method = GENERATE(ProgramMethod::interior_point, ProgramMethod::sequential);
  const ProgramOptions options{.method = method};
  SECTION("71: product and sphere") {
    for (const bool with_hessian : {false, true}) {
      const auto program = hs71(with_hessian);
      const auto s = solve_program(program, vector({1, 5, 5, 1}), options);
      INFO(s.outcome.message);
      REQUIRE(s.outcome.ok());
      CHECK(s.value == Approx(17.0140172891520).epsilon(1e-9));
      CHECK(s.x[0] == Approx(1).margin(1e-7));
      CHECK((s.multipliers - vector({-0.5522936593964, 0.1614685664605})).norm() < 1e-6);
      CHECK(s.lower_multipliers[0] == Approx(1.0878712139).epsilon(1e-6));
      CHECK(s.infeasibility < 1e-8);
      CHECK(lagrangian(program, s) < 1e-6);
    }
  }
  SECTION("76: a convex quadratic") {
    const auto program = hs76();
    const auto s = solve_program(program, Vector::Constant(4, 0.5), options);
    INFO(s.outcome.message);
    REQUIRE(s.outcome.ok());
    CHECK(s.value == Approx(-103.0 / 22).epsilon(1e-9));
    CHECK((s.x - vector({3.0 / 11, 23.0 / 11, 0, 6.0 / 11})).norm() < 1e-6);
    CHECK((s.multipliers.array() * Eigen::Array3d(1, 1, -1)).minCoeff() >= -1e-9);
    CHECK(lagrangian(program, s) < 1e-7);
  }
  SECTION("15: a bound that cuts the valley") {
    const auto program = hs15();
    const auto s = solve_program(program, vector({-2, 1}), options);
    INFO(s.outcome.message);
    REQUIRE(s.outcome.ok());
    CHECK(s.value == Approx(306.5).epsilon(1e-8));
    CHECK((s.x - vector({0.5, 2})).norm() < 1e-6);
    CHECK(lagrangian(program, s) / s.upper_multipliers[0] < 1e-8);
  }
  SECTION("constraints that no point meets are named, and the nearest point is given") {
    const auto s = solve_program(apart(), vector({3, -1}), options);
    CHECK_FALSE(s.outcome.ok());
    REQUIRE(s.violated == std::vector<int>{1});      // least sum of shortages: on the disc, 3 - sqrt 2 from the half plane
    CHECK(s.infeasibility == Approx(3 - std::sqrt(2.0)).epsilon(1e-6));
    CHECK((s.x - Vector::Constant(2, std::sqrt(0.5))).norm() < 1e-3);
    CHECK_THAT(s.outcome.message, Catch::Matchers::Contains("effect") && !Catch::Matchers::Contains("balance"));
  }
}

TEST_CASE("a program's wrong bounds, wrong start and failing functions are said") {
  const auto method = GENERATE(ProgramMethod::interior_point, ProgramMethod::sequential);
  const ProgramOptions options{.method = method};
  auto crossed = hs15();
  crossed.lower[0] = 1;
  crossed.names = {"dose", "start"};
  CHECK_THROWS_WITH(solve_program(crossed, vector({0, 0}), options), Catch::Matchers::Contains("dose") && Catch::Matchers::Contains("crossed"));
  CHECK_THROWS_AS(solve_program(hs15(), vector({1}), options), InputError);
  auto throwing = hs15();
  throwing.objective = [](const Vector&, double&, Vector*) -> bool { throw InputError("model", "no such input"); };
  CHECK_THROWS_AS(solve_program(throwing, vector({0, 1}), options), InputError);
  auto unknown = hs15();
  unknown.objective = [](const Vector&, double&, Vector*) { return false; };
  CHECK_FALSE(solve_program(unknown, vector({0, 1}), options).outcome.ok());
  auto fixed = hs76();      // a variable that cannot move gets the multiplier that balances it
  fixed.lower[3] = fixed.upper[3] = 0.25;
  const auto s = solve_program(fixed, Vector::Constant(4, 0.5), options);
  REQUIRE(s.outcome.ok());
  CHECK(s.x[3] == 0.25);
  CHECK(lagrangian(fixed, s) < 1e-6);
}

TEST_CASE("least squares with signs meets its conditions on random problems") {
  RandomStream random(4, 0, 0);
  const auto draw = [&] { return 2 * random.uniform() - 1; };
  for (int round = 0; round < 50; ++round) {
    const Eigen::MatrixXd a = Eigen::MatrixXd::NullaryExpr(8, 6, draw);
    const Vector b = Vector::NullaryExpr(8, draw);
    std::vector<bool> free(6, false);
    free[static_cast<std::size_t>(round % 6)] = true;
    const Vector z = sign_constrained_squares(a, b, free), slope = a.transpose() * (b - a * z);
    for (int j = 0; j < 6; ++j) {
      if (free[static_cast<std::size_t>(j)] || z[j] > 0) CHECK(std::abs(slope[j]) < 1e-12);
      else CHECK((z[j] == 0 && slope[j] < 1e-12));
    }
  }
}
