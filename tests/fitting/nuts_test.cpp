// The sampler on densities with known moments, on ones with known troubles, and its chains as values.
#include <catch2/catch.hpp>

#include <cmath>

#include "fitting/chain_diagnostics.hpp"
#include "fitting/mixing.hpp"
#include "fitting/nuts.hpp"
#include "libhyped/parallel.hpp"
#include "tests/fitting/known_densities.hpp"

using namespace hyped;
using namespace hyped::test;
using Catch::Matchers::Contains;

namespace {

// Within four Monte-Carlo errors: about 350 checks at fixed seeds, each fails by chance once in 16,000.
void check_mean(const Eigen::MatrixXd& values, double expected) {
  INFO("mean " << values.mean() << " +- " << mcse_mean(values) << " against " << expected);
  CHECK(std::abs(values.mean() - expected) < 4 * mcse_mean(values));
}

void check_gaussian(int size, MassMetric metric) {
  const KnownGaussian known(size, size > 1 ? 0.95 : 0);
  const FunctionDensity density = known.density();
  NutsOptions options;
  options.metric = metric;
  options.seed = 20 + static_cast<std::uint64_t>(size);
  // twenty times longer than wide: with a diagonal metric trajectories turn after a few widths and draws are worth a 25th
  if (metric == MassMetric::diagonal && size >= 5) options.draws = 5000;
  const Chains chains = sample(density, options);
  const ChainDiagnostics diagnostics = diagnose(chains);
  INFO("dimension " << size << ", " << (metric == MassMetric::dense ? "dense" : "diagonal") << ": " << diagnostics.verdict);
  CHECK(diagnostics.good);
  CHECK(diagnostics.divergences == 0);
  Eigen::MatrixXd before;
  for (int i = 0; i < size; ++i) {
    const Eigen::MatrixXd z = (chains.parameter(i).array() - known.mean[i]) / known.sd[i];
    check_mean(z, 0);
    check_mean(z.array().square(), 1);
    if (i > 0) check_mean(z.array() * before.array(), 0.95);
    before = z;
    CHECK(diagnostics.parameters[static_cast<std::size_t>(i)].mean_error.has_value());
  }
}

bool same_bytes(const Chains& a, const Chains& b) {
  bool same = a.chains.size() == b.chains.size();
  for (std::size_t c = 0; same && c < a.chains.size(); ++c)
    same = a.chains[c].u == b.chains[c].u && a.chains[c].draws == b.chains[c].draws && a.chains[c].end.gradient == b.chains[c].end.gradient;
  return same;
}

NutsOptions small(std::uint64_t seed) {
  NutsOptions options;
  options.seed = seed;
  options.warmup = options.draws = 300;
  return options;
}

}  // namespace

TEST_CASE("NUTS has the moments of correlated gaussians of dimension 1 to 20") {
  for (const int size : {1, 2, 5, 10, 20}) {
    check_gaussian(size, MassMetric::diagonal);
    check_gaussian(size, MassMetric::dense);
  }
}

TEST_CASE("NUTS says where it cannot go") {
  NutsOptions options;
  options.seed = 3;
  const ChainDiagnostics narrow = diagnose(sample(funnel(10), options));
  INFO(narrow.verdict);
  CHECK(narrow.divergences > 0);
  CHECK_FALSE(narrow.good);
  CHECK_THAT(narrow.verdict, Contains("diverged"));

  options.max_depth = 2;
  const ChainDiagnostics cut = diagnose(sample(KnownGaussian(10, 0.95).density(), options));
  CHECK(cut.saturated > cut.draws / 2);
  CHECK_THAT(cut.verdict, Contains("cut at depth 2"));
}

TEST_CASE("a Cauchy's tail index is said, and its mean has no error") {
  NutsOptions options;
  options.seed = 5;
  options.draws = 2500;
  const ChainDiagnostics diagnostics = diagnose(sample(cauchy(), options));
  const ParameterDiagnostics& x = diagnostics.parameters.at(0);
  INFO(x.verdict);
  CHECK(x.variance == VarianceExists::no);
  CHECK_FALSE(x.mean_error.has_value());
  CHECK_THAT(x.verdict, Contains("variance does not exist: tail index") && Contains("below 2") && Contains("mean not reported with an error"));
  // quantiles of a Cauchy are known: -6.3138, 0, 6.3138; four Monte-Carlo errors
  CHECK(std::abs(x.quantiles[1]) < 4 * x.quantile_errors[1]);
  CHECK(std::abs(x.quantiles[2] - 6.3137515) < 4 * x.quantile_errors[2]);
}

TEST_CASE("chains are the same bytes for any number of threads and whether or not they were stopped") {
  const FunctionDensity density = KnownGaussian(6, 0.95).density();
  for (const MassMetric metric : {MassMetric::diagonal, MassMetric::dense}) {
    NutsOptions options = small(11);
    options.metric = metric;
    const int before = thread_setting();
    set_threads(1);
    const Chains one = sample(density, options);
    set_threads(2);
    const Chains two = sample(density, options);
    set_threads(before);
    CHECK(same_bytes(one, two));
    CHECK(one.chains[0].u != one.chains[1].u);

    // stopped in the first phase, inside windows, at a window's end, at the end of the warm-up and after it
    for (const int stop : {1, 40, 74, 75, 98, 99, 100, 200, 249, 250, 299, 300, 450}) {
      NutsChain whole(density, options, 1);
      for (int k = 0; k < stop; ++k) whole.advance();
      const NutsState stored = whole.state();
      NutsChain continued(density, options, stored);
      while (continued.state().iteration < 600) continued.advance();
      INFO("stopped after " << stop);
      CHECK(continued.state().u == one.chains[1].end.u);
      CHECK(continued.state().step_size == one.chains[1].end.step_size);
      CHECK(continued.state().inverse_metric == one.chains[1].end.inverse_metric);
    }
  }
}

TEST_CASE("failed evaluations are a density of zero, chains without a start say so") {
  // half of the line fails: what is left is a half-normal, mean sqrt(2 / pi)
  const FunctionDensity half({"x"}, [](const Eigen::VectorXd& u, double& value, Eigen::VectorXd& gradient) {
    if (u[0] < 0) return Outcome{Status::step_limit, "not here"};
    value = -0.5 * u[0] * u[0];
    gradient[0] = -u[0];
    return Outcome{};
  });
  NutsOptions options;
  options.seed = 2;
  options.draws = 4000;
  const Chains chains = sample(half, options);
  CHECK(chains.pooled().minCoeff() >= 0);
  check_mean(chains.parameter(0), std::sqrt(2 / std::numbers::pi));

  const FunctionDensity nowhere({"x"}, [](const Eigen::VectorXd&, double&, Eigen::VectorXd&) { return Outcome{Status::step_limit, "never"}; });
  const Chains none = sample(nowhere, small(1));
  CHECK_FALSE(none.chains[0].outcome.ok());
  CHECK_THAT(none.chains[0].outcome.message, Contains("no start with a finite density") && Contains("never"));
  CHECK_THROWS_WITH(diagnose(none), Contains("never"));
  NutsOptions senseless;
  senseless.chains = 0;
  CHECK_THROWS_AS(sample(half, senseless), InputError);
}

TEST_CASE("bands of predictions are quantiles over draws") {
  Eigen::MatrixXd draws(1001, 1);
  for (int k = 0; k <= 1000; ++k) draws(k, 0) = k;
  PredictionOptions options;
  options.draws = 5000;
  const Prediction line = [](const Eigen::VectorXd& p, Eigen::VectorXd& out) {
    if (p[0] == 1000) return Outcome{Status::step_limit, "too far"};
    out.resize(2);
    out << p[0], -2 * p[0];
    return Outcome{};
  };
  const PredictionBands bands = prediction_bands(draws, line, options);
  CHECK(bands.draws == 1001);
  CHECK(bands.failed == 1);
  CHECK(bands.quantiles(0, 1) == Approx(499.5));
  CHECK(bands.quantiles(1, 0) == Approx(-2 * 0.975 * 999));
  CHECK_THROWS_WITH(prediction_bands(draws.bottomRows(1), line, options), Contains("too far"));
}
