// The descents of networks against closed forms: lasso and group lasso, Rosenbrock, conditions at the end, failures on the way.
#include <Eigen/QR>
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/networks/smooth_function.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// 1/2 |A x - y|^2
struct Quadratic final : SmoothFunction {
  Eigen::MatrixXd a;
  Eigen::VectorXd y;
  int size() const override { return static_cast<int>(a.cols()); }
  Outcome evaluate(const Eigen::VectorXd& x, double& value, Eigen::VectorXd* gradient) const override {
    const Eigen::VectorXd r = a * x - y;
    value = 0.5 * r.squaredNorm();
    if (gradient != nullptr) *gradient = a.transpose() * r;
    return {};
  }
};

Quadratic random_quadratic(int rows, int columns, std::uint64_t seed) {
  RandomStream stream(seed, 0, 0);
  Quadratic out;
  out.a.resize(rows, columns);
  out.y.resize(rows);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) out.a(i, j) = stream.normal();
    out.y[i] = 3 * stream.normal();
  }
  return out;
}

// Rosenbrock in n dimensions; cannot be evaluated where x_0 > wall.
struct Rosenbrock final : SmoothFunction {
  int n = 2;
  double wall = 1e300;
  int size() const override { return n; }
  Outcome evaluate(const Eigen::VectorXd& x, double& value, Eigen::VectorXd* gradient) const override {
    if (x[0] > wall) return {Status::not_converged, "beyond the wall"};
    value = 0;
    if (gradient != nullptr) gradient->setZero(n);
    for (int i = 0; i + 1 < n; ++i) {
      const double u = x[i + 1] - x[i] * x[i], v = 1 - x[i];
      value += 100 * u * u + v * v;
      if (gradient == nullptr) continue;
      (*gradient)[i] += -400 * x[i] * u - 2 * v;
      (*gradient)[i + 1] += 200 * u;
    }
    return {};
  }
};

// Convex functions: at the minimum every entry of -gradient is the penalty's subgradient.
double violation(const SmoothFunction& f, const Penalty& penalty, const Eigen::VectorXd& x) {
  double value = 0, worst = 0;
  Eigen::VectorXd g(x.size());
  f.evaluate(x, value, &g);
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double w = penalty.lasso[i];
    worst = std::max(worst, x[i] != 0 ? std::abs(g[i] + std::copysign(w, x[i])) : std::max(0.0, std::abs(g[i]) - w));
  }
  return worst;
}

}  // namespace

TEST_CASE("a lasso with an orthogonal design is the soft threshold, with exact zeros, by every descent") {
  const Quadratic random = random_quadratic(12, 8, 3);
  const Eigen::MatrixXd q = Eigen::HouseholderQR<Eigen::MatrixXd>(random.a).householderQ() * Eigen::MatrixXd::Identity(12, 8);
  Quadratic f;
  f.a = q;
  f.y = random.y;
  Penalty penalty;
  penalty.lasso = Eigen::VectorXd::Constant(8, 1.5);
  penalty.lasso[2] = 0;
  const Eigen::VectorXd b = q.transpose() * f.y;
  Eigen::VectorXd expected(8);
  int zeros = 0;
  for (int i = 0; i < 8; ++i) {
    expected[i] = std::copysign(std::max(0.0, std::abs(b[i]) - penalty.lasso[i]), b[i]);
    zeros += expected[i] == 0 ? 1 : 0;
  }
  REQUIRE(zeros >= 1);
  REQUIRE(zeros <= 6);
  DescentOptions options;
  options.tolerance = 1e-10;
  const DescentResult owl = minimise_proximal(f, penalty, Eigen::VectorXd::Ones(8), options);
  REQUIRE(owl.outcome.ok());
  Penalty with_group = penalty;      // a group without weight: the accelerated descent
  with_group.groups.push_back({{0, 1}, 0});
  const DescentResult fast = minimise_proximal(f, with_group, Eigen::VectorXd::Ones(8), options);
  REQUIRE(fast.outcome.ok());
  DescentOptions slow = options;
  slow.iteration_limit = 20000;
  slow.tolerance = 1e-7;
  const DescentResult adam = minimise_adam(f, penalty, Eigen::VectorXd::Ones(8), slow);
  REQUIRE(adam.outcome.ok());
  for (const auto& [found, tolerance] : {std::pair{owl, 1e-9}, {fast, 1e-9}, {adam, 1e-6}})
    for (int i = 0; i < 8; ++i) {
      CHECK(found.theta[i] == Approx(expected[i]).margin(tolerance));
      if (expected[i] == 0) CHECK(found.theta[i] == 0);
    }
}

TEST_CASE("lasso and group lasso with any design end where their conditions hold") {
  const Quadratic f = random_quadratic(30, 40, 5);      // more unknowns than data
  Penalty penalty;
  penalty.lasso = Eigen::VectorXd::Constant(40, 12);
  DescentOptions options;
  options.tolerance = 1e-9;
  options.iteration_limit = 20000;
  const DescentResult owl = minimise_proximal(f, penalty, Eigen::VectorXd::Zero(40), options);
  REQUIRE(owl.outcome.ok());
  CHECK(violation(f, penalty, owl.theta) < 1e-8);
  const auto zeros = (owl.theta.array() == 0).count();
  CHECK(zeros > 10);
  CHECK(zeros < 40);
  CHECK(owl.course.back() <= owl.course.front());

  Penalty groups;
  for (int g = 0; g < 10; ++g) groups.groups.push_back({{4 * g, 4 * g + 1, 4 * g + 2, 4 * g + 3}, 20});
  const DescentResult found = minimise_proximal(f, groups, Eigen::VectorXd::Zero(40), options);
  REQUIRE(found.outcome.ok());
  double value = 0;
  Eigen::VectorXd gradient(40);
  f.evaluate(found.theta, value, &gradient);
  int empty = 0;
  for (int g = 0; g < 10; ++g) {
    const Eigen::VectorXd x = found.theta.segment(4 * g, 4), d = gradient.segment(4 * g, 4);
    if (x.isZero(0)) {
      ++empty;
      CHECK(d.norm() <= 20 + 1e-8);
    } else {
      CHECK((d + 20 * x / x.norm()).norm() < 1e-7);      // the condition of Yuan & Lin 2006
    }
  }
  CHECK(empty > 0);
  CHECK(empty < 10);
}

TEST_CASE("Adam with groups ends at the group lasso's minimum") {
  const Quadratic f = random_quadratic(30, 8, 11);
  Penalty groups;
  groups.groups.push_back({{0, 1, 2, 3}, 20});
  groups.groups.push_back({{4, 5, 6, 7}, 20});
  DescentOptions options;
  options.tolerance = 1e-9;
  options.iteration_limit = 20000;
  const DescentResult exact = minimise_proximal(f, groups, Eigen::VectorXd::Zero(8), options);
  REQUIRE(exact.outcome.ok());
  REQUIRE(exact.theta.norm() > 0.1);
  const DescentResult adam = minimise_adam(f, groups, Eigen::VectorXd::Ones(8), options);
  CHECK((adam.theta - exact.theta).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("a sparse group lasso with an identity design has the closed form of its proximal map") {
  Quadratic f;
  f.a = Eigen::MatrixXd::Identity(4, 4);
  f.y = Eigen::Vector4d(3, -0.4, 1.2, 0.1);
  Penalty penalty;
  penalty.lasso = Eigen::VectorXd::Constant(4, 0.5);
  penalty.groups.push_back({{0, 1}, 1.0});
  penalty.groups.push_back({{2, 3}, 1.0});
  DescentOptions options;
  options.tolerance = 1e-12;
  const DescentResult found = minimise_proximal(f, penalty, Eigen::VectorXd::Zero(4), options);
  CHECK(found.theta[0] == Approx(2.5 * (1 - 1 / 2.5)).epsilon(1e-10));      // soft threshold 2.5, 0; norm 2.5
  CHECK(found.theta[1] == 0);
  CHECK(found.theta[2] == 0);      // norm 0.7 < 1
  CHECK(found.theta[3] == 0);
}

TEST_CASE("signs and bounds hold exactly") {
  const Quadratic f = random_quadratic(20, 6, 9);
  Penalty penalty;
  penalty.lasso = Eigen::VectorXd::Constant(6, 0.3);
  penalty.lower = Eigen::VectorXd::Zero(6);
  penalty.upper = Eigen::VectorXd::Constant(6, 0.2);
  DescentOptions options;
  options.tolerance = 1e-10;
  const DescentResult found = minimise_proximal(f, penalty, Eigen::VectorXd::Constant(6, 0.1), options);
  REQUIRE(found.outcome.ok());
  CHECK(found.theta.minCoeff() >= 0);
  CHECK(found.theta.maxCoeff() <= 0.2);
  CHECK(found.optimality <= 1e-10);
  double value = 0;
  Eigen::VectorXd g(6);
  f.evaluate(found.theta, value, &g);
  for (int i = 0; i < 6; ++i) {
    if (found.theta[i] == 0) CHECK(g[i] + 0.3 >= -1e-9);
    else if (found.theta[i] == 0.2) CHECK(g[i] + 0.3 <= 1e-9);
    else CHECK(std::abs(g[i] + 0.3) < 1e-9);
  }
}

TEST_CASE("L-BFGS solves Rosenbrock in 2 and 50 dimensions to its minimum at one") {
  for (const int n : {2, 50}) {
    Rosenbrock f;
    f.n = n;
    Eigen::VectorXd start = Eigen::VectorXd::Constant(n, -1.2);
    for (int i = 1; i < n; i += 2) start[i] = 1;
    DescentOptions options;
    options.tolerance = 1e-9;
    options.iteration_limit = 2000;
    const DescentResult found = minimise_lbfgs(f, start, options);
    INFO(found.outcome.message);
    REQUIRE(found.outcome.ok());
    CHECK((found.theta - Eigen::VectorXd::Ones(n)).cwiseAbs().maxCoeff() < 1e-7);
    CHECK(found.evaluations < 12 * found.iterations);
  }
}

TEST_CASE("a region where the function cannot be evaluated is stepped back from") {
  Rosenbrock f;
  f.wall = 0.5;      // the minimum at 1 lies beyond it
  DescentOptions options;
  options.iteration_limit = 3000;
  Penalty none;
  none.lasso = Eigen::VectorXd::Zero(2);
  for (int kind = 0; kind < 3; ++kind) {
    const Eigen::Vector2d start(-1.2, 1);
    const DescentResult found = kind == 0 ? minimise_lbfgs(f, start, options) : kind == 1 ? minimise_proximal(f, none, start, options) : minimise_adam(f, none, start, options);
    CHECK(found.theta[0] <= 0.5);
    CHECK(found.failed_evaluations > 0);
    CHECK(found.value < 1.0);      // (1 - 0.5)^2 = 0.25 is the least on this side
    CHECK_FALSE(found.outcome.ok());
  }
  f.wall = -2;
  const DescentResult nowhere = minimise_proximal(f, none, Eigen::Vector2d(-1.2, 1));
  CHECK(nowhere.course.empty());
  CHECK(nowhere.outcome.message == "beyond the wall");
}

TEST_CASE("a descent can be stopped from outside and repeats to the byte") {
  const Quadratic f = random_quadratic(30, 20, 6);
  Penalty penalty;
  penalty.lasso = Eigen::VectorXd::Constant(20, 2);
  DescentOptions options;
  int calls = 0;
  options.stop = [&](int iteration, const Eigen::VectorXd&, double) { return ++calls, iteration == 3; };
  const DescentResult stopped = minimise_proximal(f, penalty, Eigen::VectorXd::Zero(20), options);
  CHECK(stopped.iterations == 3);
  CHECK(calls == 4);
  const DescentResult once = minimise_proximal(f, penalty, Eigen::VectorXd::Zero(20)), again = minimise_proximal(f, penalty, Eigen::VectorXd::Zero(20));
  CHECK(once.theta == again.theta);
  CHECK(once.evaluations == again.evaluations);
}
