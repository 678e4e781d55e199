// R-hat, effective draws, Monte-Carlo errors and tail shapes against an independent implementation.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fitting/mixing.hpp"
#include "fitting/pareto_tail.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/known_densities.hpp"

using namespace hyped;
using namespace hyped::test;

namespace {

// Rounding only: both sides are closed formulas over the same numbers.
void same(double ours, double reference) {
  INFO(ours << " against " << reference);
  CHECK(std::abs(ours - reference) < 1e-9 * std::abs(reference));
}

struct Reference {
  double bulk, folded, ess_bulk, ess_tail, ess_mean, ess_05, error_mean, error_05, error_50, error_95, bfmi, pareto_k, pareto_scale;
};

void check(const Eigen::MatrixXd& x, const Reference& r) {
  const Rhat rhat = rank_rhat(x);
  same(rhat.bulk, r.bulk);
  same(rhat.folded, r.folded);
  same(ess_bulk(x), r.ess_bulk);
  same(ess_tail(x), r.ess_tail);
  same(ess_mean(x), r.ess_mean);
  same(ess_quantile(x, 0.05), r.ess_05);
  same(mcse_mean(x), r.error_mean);
  same(mcse_quantile(x, 0.05), r.error_05);
  same(mcse_quantile(x, 0.5), r.error_50);
  same(mcse_quantile(x, 0.95), r.error_95);
  same(e_bfmi(x.col(0)), r.bfmi);
  Eigen::VectorXd sorted = x.reshaped();
  std::sort(sorted.begin(), sorted.end());
  const int count = pareto_tail_length(sorted.size());
  REQUIRE(count == 95);
  const Eigen::VectorXd tail = sorted.tail(count).array() - sorted[sorted.size() - count - 1];
  double scale = 0;
  same(pareto_shape(tail, &scale), r.pareto_k);
  same(scale, r.pareto_scale);
}

}  // namespace

// References: arviz 0.20.0 (numpy) on the same chains: rhat(method="z_scale" and "folded"), ess(method="bulk", "tail", "mean",
// "quantile" prob .05), mcse(method="mean", "quantile"), stats._gpdfit on the 95 largest, psislw; E-BFMI by its formula.
TEST_CASE("convergence diagnostics are those of arviz") {
  const Eigen::MatrixXd x = portable_chains();
  check(x, {1.041463173817481, 1.0018023646326377, 165.91095200233678, 408.42218420628916, 165.99794933056896, 433.1098978873885, 0.028749343660296276,
            0.02469225315410989, 0.02656988281911367, 0.033644120102585495, 0.887177183168591, -0.16886109729736248, 0.17858155730408773});
  check((3 * x).array().exp(), {1.041463173817481, 1.012619276232917, 165.91095200233678, 408.42218420628916, 180.0629661580312, 433.1098978873885,
                                0.26521799228912246, 0.018519803885675312, 0.12239420558640934, 0.9496316700101497, 0.7865953573560951,
                                0.17458994345073736, 3.935907578197589});
  // psislw normalises the ratios, which moves the last digits
  const Eigen::VectorXd ratios = (3 * x).reshaped();
  CHECK(importance_khat(ratios) == Approx(0.1745899434507373).epsilon(1e-9));
}

TEST_CASE("chains that stand still or apart are seen") {
  CHECK(rank_rhat(Eigen::MatrixXd::Constant(100, 4, 2.0)).worst() == 1);
  Eigen::MatrixXd apart = portable_chains();
  apart.col(3).array() += 5;
  CHECK(rank_rhat(apart).bulk > 1.2);
  Eigen::MatrixXd wider = portable_chains();
  wider.col(3) = (wider.col(3).array() - wider.col(3).mean()) * 5 + wider.col(2).mean();
  CHECK(rank_rhat(wider).folded > 1.1);
  Eigen::MatrixXd stuck(100, 2);
  stuck << Eigen::VectorXd::Constant(100, 1.0), Eigen::VectorXd::Constant(100, 2.0);
  CHECK(std::isinf(rank_rhat(stuck).bulk));
  CHECK(ess_bulk(stuck) < 10);
}

// k is within four standard errors (1 + k) / sqrt(M) of its value, plus the prior's pull of (1/2 - k) * 10 / M.
TEST_CASE("tail shapes of distributions with known ones") {
  RandomStream random(7, 0, 0);
  Eigen::VectorXd normal(20000), power(20000);
  for (auto& value : normal) value = random.normal();
  for (auto& value : power) value = std::pow(random.uniform(), -0.8);      // Pareto with k = 0.8
  const TailShape light = upper_tail(normal, 1), heavy = upper_tail(power, 1);
  CHECK(light.k < 0.1);
  CHECK(light.k > -0.3);
  CHECK(std::abs(heavy.k - 0.8) < 4 * heavy.error);
  CHECK(heavy.error < 0.1);
  CHECK_FALSE(upper_tail(Eigen::VectorXd::Constant(1000, 3.0), 1).known);
  CHECK(std::isinf(importance_khat(Eigen::VectorXd::Constant(1000, -std::numeric_limits<double>::infinity()))));
  CHECK(importance_khat(Eigen::VectorXd::Constant(1000, 3.0)) < 0);
}
