// Profiles: Wald where the model is linear, open where nothing bounds a parameter, limited where another one's bound does.
#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "fitting/independent_fit.hpp"
#include "fitting/profile.hpp"
#include "libhyped/parallel.hpp"
#include "tests/fitting/small_problem.hpp"
#include "tests/fitting/written_residuals.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

}  // namespace

TEST_CASE("a linear Gaussian model's profile is Wald's interval") {
  Eigen::MatrixXd x(6, 3);
  x << 1, 0.2, 3, 0.5, 1, -1, 2, 0.1, 0.4, 1, 1, 1, -1, 2, 0.3, 0.2, 0.9, 2;
  const Eigen::VectorXd y = (Eigen::VectorXd(6) << 1, 2, -1, 0.3, 2.5, 1).finished();
  const Written linear(6, 3, [&](const auto& theta, auto& r, auto& j) {
    r = x * theta - y;
    j = x;
  });
  const ParameterSpace space = space_of({"a", "b", "c"}, -50, 50, 0);
  const Eigen::VectorXd optimum = (x.transpose() * x).ldlt().solve(x.transpose() * y);
  const Eigen::MatrixXd covariance = (x.transpose() * x).inverse();
  ProfileOptions options;
  options.thresholds = {3.841458820694124, 9.0, 3.841458820694124};
  const auto profiles = profile_likelihood(linear, space, optimum, {}, options);
  for (int i = 0; i < 3; ++i) {
    const Profile& p = profiles[i];
    const double reach = std::sqrt(options.thresholds[i] * covariance(i, i));
    CHECK(p.lower == Approx(optimum[i] - reach).epsilon(1e-7));
    CHECK(p.upper == Approx(optimum[i] + reach).epsilon(1e-7));
    CHECK(p.verdict == "identified");
    CHECK(p.outcome.ok());
    CHECK(p.points.size() >= 9);
    CHECK(p.points.size() <= 30);
    for (const auto& point : p.points) CHECK(point.rise == Approx(std::pow(point.value - optimum[i], 2) / covariance(i, i)).epsilon(1e-6).margin(1e-9));
  }
  const int before = threads();
  set_threads(1);
  const auto serial = profile_likelihood(linear, space, optimum, {}, options);
  set_threads(before);
  for (int i = 0; i < 3; ++i) CHECK(serial[i].lower == profiles[i].lower);
  // away from the optimum the profile says so
  const auto off = profile_likelihood(linear, space, Eigen::VectorXd(optimum.array() + 0.5), {0});
  CHECK(off[0].better > 0);
  CHECK_FALSE(off[0].outcome.ok());
}

TEST_CASE("only the product of two parameters is seen: both are flat, and no interval is claimed") {
  const Written product(2, 2, [](const auto& theta, auto& r, auto& j) {
    const double value = theta[0] + theta[1];      // log10 of the product
    r << (value - 0.01) / 0.01, (value + 0.01) / 0.01;
    j.setConstant(100);
  });
  const ParameterSpace space = space_of({"a", "b"}, 1e-3, 1e3, 1);
  for (const auto& p : profile_likelihood(product, space, Eigen::VectorXd::Zero(2))) {
    CHECK(p.below.end == ProfileEnd::open);
    CHECK(p.above.end == ProfileEnd::open);
    CHECK(p.flat);
    CHECK_FALSE(p.identified);
    CHECK_THAT(p.verdict, Catch::Contains("structurally flat"));
    CHECK(p.lower == Approx(1e-3));
    CHECK(p.upper == Approx(1e3));
    CHECK(p.points.front().value == Approx(-3));
    CHECK(p.points.back().value == Approx(3));
  }
  // off the centre the partner meets its bound first: closed on paper only, and said to be
  const Written higher(1, 2, [](const auto& theta, auto& r, auto& j) {
    r[0] = (theta[0] + theta[1] - 1) / 0.01;
    j.setConstant(100);
  });
  const Eigen::VectorXd moved = (Eigen::VectorXd(2) << 2, -1).finished();
  const auto p = profile_likelihood(higher, space, moved, {0})[0];
  CHECK(p.above.end == ProfileEnd::open);
  CHECK(p.below.end == ProfileEnd::limited);
  CHECK(p.below.limited_by == "b");
  CHECK(p.lower == Approx(std::pow(10, -2.0 - 0.01 * std::sqrt(3.841458820694124))).epsilon(1e-3));
  CHECK_THAT(p.verdict, Catch::Contains("only by the bounds of b"));
}

TEST_CASE("a rate that can be arbitrarily fast is open above") {
  // exp(-k) is seen as 0.02 +- 0.05: a slow rate is excluded, a fast one never
  const Written decay(1, 1, [](const auto& theta, auto& r, auto& j) {
    const double k = std::pow(10.0, theta[0]);
    r[0] = (std::exp(-k) - 0.02) / 0.05;
    j(0, 0) = -std::exp(-k) / 0.05 * k * std::log(10.0);
  });
  const ParameterSpace space = space_of({"k"}, 1e-2, 1e4, 1);
  const Eigen::VectorXd optimum = Eigen::VectorXd::Constant(1, std::log10(-std::log(0.02)));
  const Profile p = profile_likelihood(decay, space, optimum)[0];
  CHECK(p.below.end == ProfileEnd::crossed);
  CHECK(p.lower == Approx(-std::log(0.02 + 0.05 * std::sqrt(3.841458820694124))).epsilon(1e-3));
  CHECK(p.above.end == ProfileEnd::open);
  CHECK(p.above.rise == Approx(0.16).epsilon(1e-6));
  CHECK(p.upper == Approx(1e4));
  CHECK(p.verdict == "practically open above");
}

TEST_CASE("a fit that cannot be evaluated beyond a wall is not called open") {
  const Written walled(1, 1, [](const auto& theta, auto& r, auto& j) {
    r[0] = theta[0] > 1 ? std::nan("") : 0.1 * theta[0];
    j(0, 0) = 0.1;
  });
  const Profile p = profile_likelihood(walled, space_of({"a"}, -100, 100, 0), Eigen::VectorXd::Zero(1))[0];
  CHECK(p.above.end == ProfileEnd::failed);
  CHECK(p.upper <= 1);
  CHECK(p.below.end == ProfileEnd::crossed);
  CHECK_THAT(p.verdict, Catch::Contains("not decided"));
}

TEST_CASE("profiles of a cycle problem lie near Wald's intervals where data are plenty") {
  const CycleSetup setup = test::small_setup();
  const CycleProblem problem(setup, test::poisson_data(setup, 2, 10000, 11));
  const IndependentFit fit = fit_independent(problem, {.starts = 1});
  REQUIRE(fit.outcome.ok());
  const auto profiles = profile_likelihood(DevianceResiduals(problem, IndependentNoise::multinomial), problem.space(), fit.theta);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    INFO(profiles[i].name);
    CHECK(profiles[i].identified);
    const double sd = fit.parameters[i].sd, reach = 0.1 * sd;
    const int k = static_cast<int>(i);
    CHECK(problem.space().search(k, profiles[i].lower) == Approx(fit.theta[k] - 1.96 * sd).margin(2 * reach));
    CHECK(problem.space().search(k, profiles[i].upper) == Approx(fit.theta[k] + 1.96 * sd).margin(2 * reach));
  }
}
