// Laplace's method: exact for a gaussian, seen to fail where the posterior is none.
#include <catch2/catch.hpp>

#include <cmath>

#include "fitting/laplace.hpp"
#include "fitting/mixing.hpp"
#include "libhyped/parallel.hpp"
#include "tests/fitting/known_densities.hpp"

using namespace hyped;
using namespace hyped::test;
using Catch::Matchers::Contains;

TEST_CASE("Laplace is exact for a correlated gaussian") {
  for (const int size : {1, 3, 20}) {
    const KnownGaussian known(size, size > 1 ? 0.95 : 0);
    const FunctionDensity density = known.density();
    Laplace found = laplace(density);
    INFO("dimension " << size << ": " << found.verdict);
    REQUIRE(found.outcome.ok());
    CHECK(found.good);
    CHECK(found.khat < 0.2);
    // the gradient is linear: central differences are exact to rounding, about 1e-16 / 1e-3 over 1 - rho
    for (int i = 0; i < size; ++i) {
      CHECK(std::abs(found.mode[i] - known.mean[i]) < 1e-5 * known.sd[i]);
      CHECK(std::sqrt(found.covariance(i, i)) == Approx(known.sd[i]).epsilon(1e-6));
      CHECK(found.parameters[static_cast<std::size_t>(i)].upper == Approx(known.mean[i] + 1.959964 * known.sd[i]).epsilon(1e-5));
      if (i > 0) CHECK(found.covariance(i, i - 1) == Approx(0.95 * known.sd[i] * known.sd[i - 1]).epsilon(1e-6));
    }
    NutsOptions options;
    options.seed = 4;
    compare(found, diagnose(sample(density, options)));
    CHECK(found.good);
    CHECK(found.parameters[0].verdict == "agrees with the chains");
  }
}

TEST_CASE("Laplace's draws are those of its gaussian, for any number of threads") {
  const KnownGaussian known(3, 0.95);
  const FunctionDensity density = known.density();
  const Laplace found = laplace(density);
  const int before = thread_setting();
  set_threads(1);
  const Eigen::MatrixXd one = laplace_draws(density, found, 4000, 9);
  const Laplace again = laplace(density);
  set_threads(2);
  CHECK(laplace_draws(density, found, 4000, 9) == one);
  CHECK(again.khat == found.khat);
  set_threads(before);
  // independent draws: four standard errors
  for (int i = 0; i < 3; ++i) CHECK(std::abs(one.col(i).mean() - known.mean[i]) < 4 * known.sd[i] / std::sqrt(4000.0));
}

TEST_CASE("Laplace is flagged for a funnel, a banana and a flat density") {
  for (const bool bent : {false, true}) {
    const FunctionDensity density = bent ? banana() : funnel(3);
    Laplace found = laplace(density);
    INFO(found.verdict);
    CHECK_FALSE(found.good);
    if (found.outcome.ok()) CHECK(found.khat > 0.7);
    if (found.outcome.ok()) CHECK_THAT(found.verdict, Contains("wrong"));
    if (!bent) continue;
    NutsOptions options;
    options.seed = 6;
    options.target_accept = 0.95;
    compare(found, diagnose(sample(density, options)));
    CHECK_THAT(found.verdict, Contains("disagree with the chains': y"));
    CHECK(found.parameters[1].disagrees);
    CHECK_FALSE(found.parameters[0].disagrees);
  }
  const FunctionDensity flat({"x", "y"}, [](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
    value = -0.5 * u[0] * u[0];
    gradient << -u[0], 0;
    return Outcome{};
  }, Eigen::Vector2d(1, 1));
  const Laplace none = laplace(flat);
  CHECK_FALSE(none.good);
  CHECK(none.parameters.empty());
  CHECK_THAT(none.verdict, Contains("no approximation: the log density is flat"));
}
