// Reliability of probabilities: bins by hand, exact p-values, yields with ties.
#include "libhyped/score/reliability.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/random.hpp"

using namespace hyped;

TEST_CASE("an exact interval of a share is Clopper and Pearson's") {
  // published: 81 of 263, 25.27 % to 36.76 % (Newcombe 1998, Stat Med 17:857)
  const ShareInterval a = share_interval(81, 263);
  CHECK(a.lower == Approx(0.2527).margin(5e-5));
  CHECK(a.upper == Approx(0.3676).margin(5e-5));
  CHECK(share_interval(0, 20).lower == 0);
  CHECK(share_interval(0, 20).upper == Approx(1 - std::pow(0.025, 1.0 / 20)));
  CHECK(share_interval(20, 20).upper == 1);
}

TEST_CASE("the p-value of a number of hits is the binomial's where all chances are one, and flat where predictions are right") {
  const std::vector<double> half(10, 0.5);
  // P(X < 2) + P(X = 2) / 2 = (1 + 10 + 45 / 2) / 1024
  CHECK(poisson_binomial_p(half, 2) == Approx(2 * (1 + 10 + 22.5) / 1024));
  CHECK(poisson_binomial_p(half, 8) == Approx(2 * (1 + 10 + 22.5) / 1024));
  CHECK(poisson_binomial_p(std::vector<double>{1, 1, 0}, 2) == 1);
  CHECK(poisson_binomial_p(std::vector<double>{1, 1, 0}, 1) == 0);
  int small = 0;
  for (std::uint32_t n = 0; n < 2000; ++n) {
    RandomStream random(1, 2, n);
    std::vector<double> p;
    long hits = 0;
    for (int i = 0; i < 200; ++i) {
      p.push_back(0.9 + 0.1 * random.uniform());
      hits += random.uniform() < p.back() ? 1 : 0;
    }
    small += poisson_binomial_p(p, hits) < 0.1 ? 1 : 0;
  }
  CHECK(small == Approx(200).margin(55));      // mid p-values: four standard errors
}

TEST_CASE("reliability bins and calibration, by hand") {
  const std::vector<double> predicted{0.2, 0.3, 0.8, 0.9, 1.0}, edges{0, 0.5, 1};
  const std::vector<char> hit{0, 1, 1, 1, 1};
  const auto bins = reliability(predicted, hit, edges);
  REQUIRE(bins.size() == 2);
  CHECK(bins[0].count == 2);
  CHECK(bins[0].observed == 0.5);
  CHECK(bins[0].predicted == Approx(0.25));
  CHECK(bins[1].hits == 3);
  const CalibrationSummary all = calibration(predicted, hit, edges);
  CHECK(all.brier == Approx((0.04 + 0.49 + 0.04 + 0.01) / 5));
  CHECK(all.log_loss == Approx(-(std::log(0.8) + std::log(0.3) + std::log(0.8) + std::log(0.9)) / 5));
  CHECK(all.excess == Approx(4 - 3.2));
  CHECK(all.expected_error == Approx(0.4 * 0.25 + 0.6 * 0.1));
}

TEST_CASE("errors at a yield count the expected ones among equally certain calls") {
  const std::vector<double> certainty{0.9, 0.9, 0.9, 0.99, 0.5}, yields{0.2, 0.4, 1};
  const std::vector<char> correct{1, 0, 0, 1, 0};
  const auto at = errors_at_yield(certainty, correct, yields);
  CHECK(at[0].wrong == 0);
  CHECK(at[1].wrong == Approx(2.0 / 3));
  CHECK(at[2].wrong == 3);
  CHECK(at[2].calls == 5);
}
