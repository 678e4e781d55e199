// Gramians, inputs of least energy and sensors against closed forms, quadrature and every choice tried.
#include <catch2/catch.hpp>
#include <unsupported/Eigen/MatrixFunctions>

#include "experiments/control/linear/minimum_energy.hpp"
#include "experiments/control/linear/sensors.hpp"
#include "libhyped/errors.hpp"
#include "tests/control/made_factors.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

namespace {

// Integral of e^{As} Q e^{A's} by Simpson's rule on n (even) pieces.
Eigen::MatrixXd by_quadrature(const Eigen::MatrixXd& a, const Eigen::MatrixXd& q, double t, int n) {
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(a.rows(), a.cols());
  for (int k = 0; k <= n; ++k) {
    const Eigen::MatrixXd e = (a * (t * k / n)).exp();
    sum += (k == 0 || k == n ? 1 : k % 2 == 1 ? 4 : 2) * e * q * e.transpose();
  }
  return sum * t / n / 3;
}

const Eigen::MatrixXd double_a = (Eigen::MatrixXd(2, 2) << 0, 1, 0, 0).finished(), double_b = (Eigen::MatrixXd(2, 1) << 0, 1).finished();
Eigen::Matrix2d double_gramian(double t) { return (Eigen::Matrix2d() << t * t * t / 3, t * t / 2, t * t / 2, t).finished(); }

}  // namespace

TEST_CASE("the double integrator has the Gramian and the energy of the textbook") {
  const double t = 3;
  const HorizonGramian found = controllability_gramian({{t, double_a, double_b}});
  CHECK((found.gramian - double_gramian(t)).norm() < 1e-13 * 10);
  // from rest at 0 to rest at 1: energy 12 / T^3, u(t) = 6/T^2 - 12 t/T^3
  const std::vector<HeldPiece> pieces{{1, double_a, double_b}, {t - 1, double_a, double_b}};
  const auto way = steer(pieces, Eigen::Vector2d(0, 0), Eigen::Vector2d(1, 0));
  REQUIRE(way.outcome.ok());
  CHECK(way.energy == Approx(12 / (t * t * t)).epsilon(1e-12));
  for (const double s : {0.0, 0.4, 1.0, 1.7, 3.0}) CHECK(input_at(pieces, way.costate, s)[0] == Approx(6 / (t * t) - 12 * s / (t * t * t)).margin(1e-12));
  CHECK_THROWS_AS(input_at(pieces, way.costate, 3.5), InputError);
  // the same as a course that is integrated
  const auto course = controllability_gramian([](double, Eigen::MatrixXd& a, Eigen::MatrixXd& b) { a = double_a, b = double_b; }, 2, 0, t);
  REQUIRE(course.outcome.ok());
  CHECK((course.result.gramian - double_gramian(t)).norm() < 1e-8);
  // observability of position alone: integral of [1 s]'[1 s]
  const auto seen = observability_gramian({{t, double_a, (Eigen::MatrixXd(2, 1) << 1, 0).finished()}});
  CHECK((seen.gramian - (Eigen::Matrix2d() << t, t * t / 2, t * t / 2, t * t * t / 3).finished()).norm() < 1e-12);
}

TEST_CASE("held Gramians are Van Loan's, also where one exponential would lose all digits") {
  for (std::uint32_t job = 0; job < 8; ++job) {
    const Eigen::MatrixXd a = normal_matrix(4, 4, 600 + job), b = normal_matrix(4, 2, 650 + job);
    const auto found = held_gramian(a, b * b.transpose(), 1.3);
    const Eigen::MatrixXd expected = by_quadrature(a, b * b.transpose(), 1.3, 4000);
    CHECK((found.gramian - expected).norm() < 1e-10 * expected.norm());
    CHECK((found.transition - Eigen::MatrixXd(a * 1.3).exp()).norm() < 1e-11 * found.transition.norm());
  }
  // dx = -k x + u: W = (1 - e^{-2kT}) / 2k; rates 0.1 and 1e4 over 100 h
  Eigen::MatrixXd stiff = Eigen::Vector2d(-0.1, -1e4).asDiagonal();
  const auto found = held_gramian(stiff, Eigen::Matrix2d::Identity(), 100);
  CHECK(found.gramian(0, 0) == Approx((1 - std::exp(-20.0)) / 0.2).epsilon(1e-10));
  CHECK(found.gramian(1, 1) == Approx(1 / 2e4).epsilon(1e-8));
  CHECK_THROWS_AS(held_gramian(stiff, Eigen::Matrix2d::Identity(), 0), InputError);
}

TEST_CASE("Gramians of a rate that changes in time are those of its integral") {
  // dx = -cos(t) x + u: W(T) = integral exp(-2 (sin T - sin s)) ds; observability: integral exp(-2 sin t) dt
  const LinearCourse course = [](double t, Eigen::MatrixXd& a, Eigen::MatrixXd& b) { a = Eigen::MatrixXd::Constant(1, 1, -std::cos(t)), b = Eigen::MatrixXd::Ones(1, 1); };
  double control = 0, seen = 0;
  const double end = 5;
  const int n = 20000;
  for (int k = 0; k <= n; ++k) {
    const double s = end * k / n, weight = (k == 0 || k == n ? 1 : k % 2 == 1 ? 4 : 2) * end / n / 3;
    control += weight * std::exp(-2 * (std::sin(end) - std::sin(s)));
    seen += weight * std::exp(-2 * std::sin(s));
  }
  const auto c = controllability_gramian(course, 1, 0, end), o = observability_gramian(course, 1, 0, end);
  REQUIRE(c.outcome.ok());
  CHECK(c.result.gramian(0, 0) == Approx(control).epsilon(1e-8));
  CHECK(o.result.gramian(0, 0) == Approx(seen).epsilon(1e-8));
  CHECK(c.result.transition(0, 0) == Approx(std::exp(-std::sin(end))).epsilon(1e-8));
  CHECK_THROWS_AS(controllability_gramian(course, 1, 2, 2), InputError);
}

TEST_CASE("discrete Gramians, inputs and outputs are those of the block matrix") {
  std::vector<Eigen::MatrixXd> a, b, c;
  for (std::uint32_t k = 0; k < 5; ++k) a.push_back(normal_matrix(4, 4, 700 + k)), b.push_back(normal_matrix(4, 2, 720 + k)), c.push_back(normal_matrix(2, 4, 740 + k));
  c.push_back(normal_matrix(2, 4, 745));
  // all inputs -> end, written out
  Eigen::MatrixXd block(4, 10), outputs(12, 4), product = Eigen::MatrixXd::Identity(4, 4);
  for (int k = 4; k >= 0; --k) block.middleCols(2 * k, 2) = product * b[static_cast<std::size_t>(k)], product = product * a[static_cast<std::size_t>(k)];
  Eigen::MatrixXd forward = Eigen::MatrixXd::Identity(4, 4);
  for (int k = 0; k <= 5; ++k) {
    outputs.middleRows(2 * k, 2) = c[static_cast<std::size_t>(k)] * forward;
    if (k < 5) forward = a[static_cast<std::size_t>(k)] * forward;
  }
  const auto horizon = controllability_gramian(a, b);
  CHECK((horizon.gramian - block * block.transpose()).norm() < 1e-12 * block.squaredNorm());
  CHECK((horizon.transition - product).norm() < 1e-12 * product.norm());
  CHECK((observability_gramian(a, c).gramian - outputs.transpose() * outputs).norm() < 1e-12 * outputs.squaredNorm());
  const Eigen::VectorXd start = normal_matrix(4, 1, 760), target = normal_matrix(4, 1, 761);
  const auto way = steer(a, b, start, target);
  REQUIRE(way.outcome.ok());
  const Eigen::VectorXd least = block.completeOrthogonalDecomposition().solve(target - product * start);
  CHECK(way.energy == Approx(least.squaredNorm()).epsilon(1e-8));
  Eigen::VectorXd x = start;
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK((way.inputs[k] - least.segment(2 * static_cast<Eigen::Index>(k), 2)).norm() < 1e-7 * least.norm());
    x = a[k] * x + b[k] * way.inputs[k];
  }
  CHECK((x - target).norm() < 1e-8 * x.norm());
  // two outputs alone cost less
  SteeringOptions some;
  some.outputs = normal_matrix(2, 4, 762);
  const auto part = steer(a, b, start, some.outputs * target, some);
  REQUIRE(part.outcome.ok());
  const Eigen::VectorXd cheaper = (some.outputs * block).completeOrthogonalDecomposition().solve(some.outputs * (target - product * start));
  CHECK(part.energy == Approx(cheaper.squaredNorm()).epsilon(1e-8));
  CHECK(part.energy < way.energy);
  CHECK(part.rank == 2);
  CHECK_THROWS_AS(steer(a, b, start, Eigen::VectorXd::Zero(3)), InputError);
}

TEST_CASE("a target out of reach is said, with the nearest point") {
  const Eigen::MatrixXd a = Eigen::Vector3d(0.9, 0.8, 0.7).asDiagonal();
  Eigen::MatrixXd b = Eigen::MatrixXd::Zero(3, 1);
  b(0, 0) = 1, b(1, 0) = 1;      // the third state is never moved
  const auto way = steer(std::vector<Eigen::MatrixXd>(4, a), std::vector<Eigen::MatrixXd>(4, b), Eigen::Vector3d::Zero(), Eigen::Vector3d(1, 2, 3));
  CHECK(way.outcome.status == Status::singular);
  CHECK_THAT(way.outcome.message, Catch::Matchers::Contains("out of reach"));
  CHECK(way.rank == 2);
  CHECK((way.reached - Eigen::Vector3d(1, 2, 0)).norm() < 1e-7);
  CHECK(way.missed == Approx(3).epsilon(1e-8));
}

TEST_CASE("what one input reaches is least squares on its powers") {
  const Eigen::MatrixXd a = 0.5 * normal_matrix(5, 5, 800);
  const Eigen::VectorXd b = normal_matrix(5, 1, 801), change = normal_matrix(5, 1, 802);
  Eigen::MatrixXd powers(5, 3);
  powers << b, a * b, a * a * b;
  const Eigen::VectorXd u = powers.colPivHouseholderQr().solve(change);
  const auto reach = reach_of(a, b, change, 3);
  CHECK(reach.average == Approx(powers.squaredNorm()).epsilon(1e-12));
  CHECK(reach.share == Approx(1 - (change - powers * u).squaredNorm() / change.squaredNorm()).epsilon(1e-10));
  CHECK(reach.energy == Approx(u.squaredNorm()).epsilon(1e-8));
  CHECK(reach_of(a, Eigen::VectorXd::Zero(5), change, 3).share == 0);
}

TEST_CASE("sensors of a trajectory are the leading eigenvectors of its output energy") {
  const Eigen::MatrixXd a = 0.4 * normal_matrix(12, 12, 810);
  const Eigen::VectorXd start = normal_matrix(12, 1, 811);
  const Eigen::MatrixXd path = linear_trajectory(a, start, 6);
  Eigen::MatrixXd energy = Eigen::MatrixXd::Zero(12, 12), power = Eigen::MatrixXd::Identity(12, 12);
  for (int t = 0; t <= 6; ++t, power = a * power) energy += power * start * start.transpose() * power.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(energy);
  const auto found = trajectory_sensors(path, 3);
  for (int d = 0; d < 3; ++d) {
    CHECK(found.energy[d] == Approx(eigen.eigenvalues()[11 - d]).epsilon(1e-9));
    CHECK(std::abs(found.directions.col(d).dot(eigen.eigenvectors().col(11 - d))) == Approx(1).epsilon(1e-8));
  }
  CHECK(found.weight.sum() == Approx(1).epsilon(1e-12));
  CHECK_THROWS_AS(trajectory_sensors(Eigen::MatrixXd::Zero(3, 2)), InputError);
}

TEST_CASE("greedy sensors keep their guarantee, and their bound holds") {
  for (std::uint32_t job = 0; job < 12; ++job) {
    const Eigen::MatrixXd rows = normal_matrix(11, 4, 820 + job), a = 0.5 * normal_matrix(4, 4, 840 + job);
    const double ridge = job % 2 == 0 ? 0.1 : 3;
    const auto greedy = greedy_sensors(rows, a, 2, 3, ridge);
    double best = 0;
    for (int i = 0; i < 11; ++i)
      for (int j = i + 1; j < 11; ++j)
        for (int k = j + 1; k < 11; ++k) best = std::max(best, sensor_value(rows, a, 2, {i, j, k}, ridge));
    CHECK(greedy.value.back() == Approx(sensor_value(rows, a, 2, greedy.chosen, ridge)).epsilon(1e-10));
    CHECK(greedy.value.back() <= best * (1 + 1e-12));
    CHECK(greedy.value.back() >= (1 - std::exp(-1.0)) * best);
    CHECK(greedy.at_most >= best * (1 - 1e-12));
    // each one is the best next one
    std::vector<int> so_far;
    for (const int next : greedy.chosen) {
      double top = -1;
      int at = -1;
      for (int g = 0; g < 11; ++g) {
        if (std::find(so_far.begin(), so_far.end(), g) != so_far.end()) continue;
        auto with = so_far;
        with.push_back(g);
        if (const double value = sensor_value(rows, a, 2, with, ridge); value > top) top = value, at = g;
      }
      CHECK(at == next);
      so_far.push_back(next);
    }
  }
  // f itself against the determinant written out: static, one sensor
  Eigen::MatrixXd row(1, 2);
  row << 3, 4;
  CHECK(sensor_value(row, Eigen::Matrix2d::Identity(), 0, {0}, 2) == Approx(std::log(1 + 25.0 / 2)).epsilon(1e-12));
  CHECK_THROWS_AS(greedy_sensors(row, Eigen::Matrix2d::Identity(), 0, 2, 1), InputError);
  CHECK_THROWS_AS(greedy_sensors(row, Eigen::Matrix2d::Identity(), 0, 1, 0), InputError);
}
