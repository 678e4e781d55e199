// The regression of one gene against closed forms, and the pieces of the shrinkage against theirs.
#include "libhyped/expression/replicates/negative_binomial.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "libhyped/expression/replicates/pseudobulk.hpp"
#include "libhyped/expression/replicates/quasi_likelihood.hpp"
#include "libhyped/expression/replicates/replicate_test.hpp"
#include "libhyped/observe/noise.hpp"
#include "libhyped/parallel.hpp"
#include "tests/expression/simulated_counts.hpp"

using namespace hyped;
using hyped::testing::BulkDesign;
using hyped::testing::simulated_bulk;

TEST_CASE("negative binomial probabilities add up to one and meet the Poisson") {
  for (const double dispersion : {0.0, 1e-9, 0.3, 5.0}) {
    double sum = 0, mean = 0;
    for (int y = 0; y < 4000; ++y) {
      const double p = std::exp(log_negative_binomial(y, 7, dispersion));
      sum += p, mean += y * p;
    }
    CHECK(sum == Approx(1).epsilon(1e-10));
    CHECK(mean == Approx(7).epsilon(1e-9));
  }
  // 1e-10 moves the log-probability by y^2 / 2 of it at most: no digits are lost to cancellation
  CHECK(log_negative_binomial(50, 40, 1e-10) == Approx(log_negative_binomial(50, 40, 0)).margin(2e-7));
  const double observed[1] = {31}, expected[1] = {22};
  CHECK(log_negative_binomial(31, 22, 0.2) == Approx(log_density(NegativeBinomial{0.2}, observed, expected).value).epsilon(1e-12));
  CHECK(negative_binomial_deviance(31, 22, 0.2) == Approx(2 * (log_negative_binomial(31, 31, 0.2) - log_negative_binomial(31, 22, 0.2))).epsilon(1e-10));
}

TEST_CASE("two groups of equal exposure are fitted by their means, exposures scale") {
  Eigen::MatrixXd design(6, 2);
  design << 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1;
  Eigen::VectorXd counts(6), exposure = Eigen::VectorXd::Zero(6);
  counts << 10, 0, 35, 8, 90, 61;
  const NegativeBinomialGlm glm(design);
  NegativeBinomialFit fit;
  glm.fit(counts, exposure, 0.4, fit, false);
  REQUIRE(fit.outcome.ok());
  CHECK(fit.beta[0] == Approx(std::log(15.0)).epsilon(1e-9));
  CHECK(fit.beta[1] == Approx(std::log(53.0 / 15)).epsilon(1e-9));
  // information of a group: sum of mean / (1 + dispersion mean)
  CHECK(fit.se(1) == Approx(std::sqrt((1 / 15.0 + 0.4 + 1 / 53.0 + 0.4) / 3)).epsilon(1e-9));
  CHECK(fit.log_determinant == Approx(std::log(3 * 15 / 7.0) + std::log(3 * 53 / (1 + 0.4 * 53))).epsilon(1e-9));
  exposure.setConstant(std::log(2.0));
  glm.fit(counts, exposure, 0.4, fit, true);
  CHECK(fit.beta[0] == Approx(std::log(7.5)).epsilon(1e-9));
  // from anywhere to the same place, and no neighbour is better
  RandomStream random(1, 0, 0);
  for (int s = 0; s < 6; ++s) exposure[s] = 0.5 * random.normal();
  glm.fit(counts, exposure, 0.4, fit, false);
  const Eigen::VectorXd beta = fit.beta;
  fit.beta << 9, -12;
  glm.fit(counts, exposure, 0.4, fit, true);
  CHECK((fit.beta - beta).norm() < 1e-5);
  for (int j = 0; j < 2; ++j)
    for (const double step : {-1e-3, 1e-3}) {
      Eigen::VectorXd near = beta;
      near[j] += step;
      double there = 0;
      for (int s = 0; s < 6; ++s) there += log_negative_binomial(counts[s], std::exp(design.row(s).dot(near) + exposure[s]), 0.4);
      CHECK(there < fit.log_likelihood);
    }
}

TEST_CASE("an arm without counts has an infinite estimate and one finite end, from the likelihood") {
  auto simulated = simulated_bulk({.genes = 200, .replicates = 4});
  for (int s = 0; s < 8; ++s) simulated.bulk.counts(s, 7) = s < 4 ? 12 + s : 0;
  for (int s = 0; s < 8; ++s) simulated.bulk.counts(s, 8) = s < 4 ? 0 : 12 + s;
  const PseudobulkDesign design = pseudobulk_design(simulated.bulk, 0);
  for (const auto kind : {ReplicateTestKind::quasi_likelihood, ReplicateTestKind::wald, ReplicateTestKind::likelihood_ratio}) {
    const ReplicateTest found = replicate_test(simulated.bulk, design, {.kind = kind});
    const ReplicateEffect &gone = found.effects[7 * 2 + 1], &come = found.effects[8 * 2 + 1];
    CHECK(gone.log2 == -std::numeric_limits<double>::infinity());
    CHECK(std::isnan(gone.lower));
    CHECK(gone.upper < -1);
    CHECK(gone.test.p < 1e-3);
    CHECK(come.log2 == std::numeric_limits<double>::infinity());
    CHECK(come.lower > 1);
    CHECK(std::isnan(come.upper));
    // at its end the deviance has risen by the quantile
    const double dispersion = kind == ReplicateTestKind::quasi_likelihood ? found.dispersions.trend[7] : found.dispersions.shrunken[7];
    const double quasi = found.quasi_dispersion[7], quantile = student_quantile(0.975, gone.df);
    const Eigen::VectorXd exposure = found.size_factors.array().log();
    NegativeBinomialFit full, fixed;
    NegativeBinomialGlm(design.design).fit(simulated.bulk.counts.col(7), exposure, dispersion, full, false);
    NegativeBinomialGlm(design.design.leftCols(1)).fit(simulated.bulk.counts.col(7), exposure + gone.upper * std::log(2.0) * design.design.col(1), dispersion, fixed, false);
    CHECK(fixed.deviance - full.deviance == Approx(quantile * quantile * quasi).epsilon(1e-6));
  }
}

TEST_CASE("size factors: known scales are found, and a sample's composition does not move the median of ratios") {
  Eigen::MatrixXd counts(3, 5);
  counts << 10, 20, 30, 40, 0, 20, 40, 60, 80, 0, 5, 10, 15, 4000, 7;
  const Eigen::VectorXd f = size_factors(counts, SizeFactors::median_of_ratios);
  CHECK(f[1] / f[0] == Approx(2));
  CHECK(f[2] / f[0] == Approx(0.5));
  CHECK(f.array().log().sum() == Approx(0).margin(1e-12));
  const Eigen::VectorXd l = size_factors(counts, SizeFactors::library);
  CHECK(l[2] / l[0] == Approx(4037.0 / 100));
  counts.col(0)[0] = 0, counts(1, 1) = 0, counts(2, 2) = 0, counts(0, 3) = 0;
  CHECK_THROWS_AS(size_factors(counts, SizeFactors::median_of_ratios), InputError);
}

TEST_CASE("designs: shared replicates are blocks, others are not, and what cannot be told apart is refused") {
  PseudobulkCounts bulk;
  bulk.arms = {"stim", "ctrl"};
  bulk.replicates = {"d1", "d2"};
  bulk.samples = {{0, 0, 50}, {0, 1, 50}, {1, 0, 50}, {1, 1, 50}};
  bulk.counts = Eigen::MatrixXd::Ones(4, 3);
  const PseudobulkDesign paired = pseudobulk_design(bulk, 1);
  CHECK(paired.paired);
  CHECK(paired.residual_df == 1);
  CHECK(paired.of_arm == std::vector<int>{1, -1});
  bulk.replicates = {"a", "b", "c", "d"};
  bulk.samples = {{0, 0, 50}, {0, 1, 50}, {1, 2, 50}, {1, 3, 50}};
  const PseudobulkDesign nested = pseudobulk_design(bulk, 1);
  CHECK_FALSE(nested.paired);
  CHECK(nested.residual_df == 2);
  bulk.samples = {{0, 0, 50}, {1, 2, 50}};
  CHECK_THROWS_AS(pseudobulk_design(bulk, 1), InputError);      // one culture per arm
  bulk.arms = {"x", "y", "z"};
  bulk.samples = {{0, 0, 9}, {0, 1, 9}, {1, 0, 9}, {1, 1, 9}, {2, 2, 9}, {2, 3, 9}};
  CHECK_THROWS_AS(pseudobulk_design(bulk, 0), InputError);      // z shares no replicate with x, but others do
}

TEST_CASE("squeezed variances: inverse trigamma, chance alone, and known prior") {
  for (const double x : {0.01, 0.5, 3.0, 1e4}) CHECK(trigamma_inverse(trigamma_of(x)) == Approx(x).epsilon(1e-8));
  constexpr int genes = 20000;
  Eigen::VectorXd variance(genes), df = Eigen::VectorXd::Constant(genes, 4);
  for (int g = 0; g < genes; ++g) {
    RandomStream random(9, 0, static_cast<std::uint32_t>(g));
    const double own = 1.7 * 10 / (2 * random.gamma(5));      // scaled inverse chi-squared, 10 degrees of freedom
    variance[g] = own * 2 * random.gamma(2) / 4;
  }
  const SqueezedVariances found = squeeze_variances(variance, df);
  CHECK(found.prior_df == Approx(10).epsilon(0.1));
  CHECK(found.prior == Approx(1.7).epsilon(0.03));
  for (int g = 0; g < genes; ++g) {
    RandomStream random(9, 1, static_cast<std::uint32_t>(g));
    variance[g] = 0.8 * 2 * random.gamma(2) / 4;
  }
  const SqueezedVariances same = squeeze_variances(variance, df);
  CHECK((same.prior_df > 100));
  CHECK(same.posterior[0] == Approx(0.8).epsilon(0.05));
}

TEST_CASE("trend and width of dispersions are found again, and shrunken ones are nearer to the truth", "[standard]") {
  for (const bool paired : {false, true}) {
    const auto s = simulated_bulk({.genes = 3000, .replicates = 4, .paired = paired, .asymptote = 0.08, .extra = 3, .scatter = 0.6, .job = 5});
    const PseudobulkDesign design = pseudobulk_design(s.bulk, 0);
    const Eigen::VectorXd exposure = size_factors(s.bulk.counts, SizeFactors::median_of_ratios).array().log();
    const Dispersions found = estimate_dispersions(NegativeBinomialGlm(design.design), s.bulk.counts, exposure);
    REQUIRE(found.outcome.ok());
    CHECK(found.prior.sd == Approx(0.6).epsilon(0.15));
    // the mean of normalised counts is on another scale than the simulated mean by the depths alone (sd 0.3): a factor near 1
    CHECK(found.prior.trend.asymptote == Approx(0.08).epsilon(0.2));
    CHECK(found.prior.trend.extra == Approx(3).epsilon(0.35));
    double own = 0, shrunken = 0;
    for (int g = 0; g < 3000; ++g) {
      own += std::pow(std::log(std::max(found.own[g], 1e-4) / s.dispersion[g]), 2);
      shrunken += std::pow(std::log(found.shrunken[g] / s.dispersion[g]), 2);
    }
    CHECK(shrunken < 0.6 * own);
  }
}

TEST_CASE("tests between replicates are the same bytes for any number of threads") {
  const auto s = simulated_bulk({.genes = 300, .replicates = 3, .paired = true, .changed = 0.2});
  const PseudobulkDesign design = pseudobulk_design(s.bulk, 0);
  set_threads(1);
  const ReplicateTest one = replicate_test(s.bulk, design, {});
  set_threads(5);
  const ReplicateTest five = replicate_test(s.bulk, design, {});
  set_threads(0);
  CHECK(one.prior_df == five.prior_df);
  CHECK(one.dispersions.prior.sd == five.dispersions.prior.sd);
  const auto equal = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };      // genes that are not tested have none
  int tested = 0, same = 0;
  for (std::size_t i = 1; i < one.effects.size(); i += 2) {
    const ReplicateEffect &a = one.effects[i], &b = five.effects[i];
    tested += a.status == GeneStatus::tested ? 1 : 0;
    same += a.status == b.status && equal(a.log2, b.log2) && equal(a.lower, b.lower) && equal(a.upper, b.upper) && a.test.log_p == b.test.log_p ? 1 : 0;
  }
  CHECK(same == 300);
  CHECK(tested > 250);
}
