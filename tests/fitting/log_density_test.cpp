// Bounded parameters on the whole line: gradients, Jacobians and priors.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "fitting/chain_diagnostics.hpp"
#include "fitting/log_density.hpp"
#include "fitting/mixing.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Nothing final : LogLikelihood {      // no data: the prior alone
  int count = 1;
  explicit Nothing(int parameters) : count(parameters) {}
  int parameter_count() const override { return count; }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool) const override {
    out.log_likelihood = 0;
    out.gradient = Eigen::VectorXd::Zero(theta.size());
    return {};
  }
};

struct Curve final : ResidualFunction {
  int residual_count() const override { return 3; }
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& p, Eigen::VectorXd& r, Eigen::MatrixXd* jacobian) const override {
    r.resize(3);
    r << p[0] - 1, p[0] * p[1], std::sin(p[1]);
    if (jacobian != nullptr) {
      jacobian->resize(3, 2);
      *jacobian << 1, 0, p[1], p[0], 0, std::cos(p[1]);
    }
    return {};
  }
};

ParameterSpace five() {
  ParameterSpace space;
  space.add({"rate", "1/h", "", 1e-3, 1, 0.1, SearchScale::log10, {}});
  space.add({"effect", "", "", -2, 2, 0, SearchScale::linear, NormalPrior{0.5, 0.3}});
  space.add({"positive", "", "", 0, infinity, 1, SearchScale::linear, {}});
  space.add({"negative", "", "", -infinity, 0, -1, SearchScale::linear, NormalPrior{-1, 0.5}});
  space.add({"free", "", "", -infinity, infinity, 3, SearchScale::linear, NormalPrior{3, 2}});
  return space;
}

}  // namespace

TEST_CASE("gradients of densities over bounded parameters are exact") {
  const Nothing nothing(5);
  const SpaceDensity density(five(), nothing, Priors::add);
  // central differences with a step of 1e-5 leave 1e-9
  Eigen::VectorXd u(5);
  u << 0.3, -1.2, 0.7, 0.2, -0.4;
  CHECK(gradient_error(density, u) < 1e-8);
  u << 6, -7, -5, 4, 20;
  CHECK(gradient_error(density, u) < 1e-8);
  for (int i = 0; i < 5; ++i) CHECK(density.from_search(i, density.search(i, 0.37)) == Approx(0.37));
  CHECK(density.natural(0, density.start()[0]) == Approx(0.1));
  CHECK(density.natural(0, 50) <= 1);
  CHECK(density.natural(4, 2.5) == 2.5);

  ParameterSpace space;
  space.add({"a", "", "", -3, 3, 0, SearchScale::linear, NormalPrior{0, 1}});
  space.add({"b", "", "", 0.1, 10, 1, SearchScale::log10, {}});
  const Curve curve;
  CHECK(gradient_error(SpaceDensity(space, curve, Priors::add), Eigen::Vector2d(0.4, -0.3)) < 1e-8);
  double with = 0, without = 0;
  Eigen::VectorXd gradient(2);
  SpaceDensity(space, curve, Priors::add).evaluate(Eigen::Vector2d(0.4, -0.3), with, gradient);
  SpaceDensity(space, curve, Priors::in_function).evaluate(Eigen::Vector2d(0.4, -0.3), without, gradient);
  const double a = SpaceDensity(space, curve, Priors::add).search(0, 0.4);
  CHECK(without - with == Approx(0.5 * a * a));
  CHECK_THROWS_WITH(SpaceDensity(five(), curve, Priors::add), Contains("2 parameters and the space 5"));
}

TEST_CASE("without data the draws are those of the prior") {
  ParameterSpace space;
  space.add({"rate", "1/h", "", 1e-3, 1, 0.1, SearchScale::log10, {}});
  space.add({"effect", "", "", -20, 20, 0, SearchScale::linear, NormalPrior{0.5, 0.3}});
  const Nothing nothing(2);
  NutsOptions options;
  options.seed = 8;
  options.draws = 2000;
  const Chains chains = sample(SpaceDensity(space, nothing, Priors::add), options);
  const Eigen::MatrixXd rate = chains.parameter(0).array().log10(), effect = chains.parameter(1);
  // uniform on [-3, 0] in log10; normal; four Monte-Carlo errors
  CHECK(std::abs(rate.mean() + 1.5) < 4 * mcse_mean(rate));
  CHECK(std::abs(draw_quantile(rate, 0.05) + 2.85) < 4 * mcse_quantile(rate, 0.05));
  CHECK(std::abs(draw_quantile(rate, 0.95) + 0.15) < 4 * mcse_quantile(rate, 0.95));
  CHECK(std::abs(effect.mean() - 0.5) < 4 * mcse_mean(effect));
  CHECK(std::abs(draw_quantile(effect, 0.95) - (0.5 + 0.3 * 1.644854)) < 4 * mcse_quantile(effect, 0.95));
}
