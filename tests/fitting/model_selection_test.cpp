// Information criteria and likelihood-ratio tests against closed forms; likelihoods of different data refuse to compare.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/model_selection.hpp"
#include "tests/fitting/small_problem.hpp"

using namespace hyped;

TEST_CASE("AIC, AICc, BIC and weights") {
  const auto scores = score_models({{"a", -100, 3, 20, "d"}, {"b", -98, 5, 20, "d"}, {"c", -120, 1, 20, "d"}});
  CHECK(scores[0].aic == Approx(206));
  CHECK(scores[0].aicc == Approx(206 + 24.0 / 16));
  CHECK(scores[0].bic == Approx(200 + 3 * std::log(20.0)));
  CHECK(scores[1].aicc == Approx(206 + 60.0 / 14));
  CHECK(scores[0].aicc_difference == 0);
  CHECK(scores[0].weight + scores[1].weight + scores[2].weight == Approx(1));
  CHECK(scores[1].weight / scores[0].weight == Approx(std::exp(-0.5 * (60.0 / 14 - 1.5))));
  const auto small = score_models({{"a", -10, 3, 4, "d"}, {"b", -11, 1, 4, "d"}});      // n = k + 1: no correction for either
  CHECK_FALSE(small[1].corrected);
  CHECK(small[0].aicc == small[0].aic);
  CHECK_THROWS_WITH(score_models({{"a", -100, 3, 20, "d"}, {"b", -98, 5, 20, "e"}}), Catch::Contains("do not compare"));
  CHECK_THROWS_WITH(score_models({{"a", -100, 3, 20, "d"}, {"b", -98, 5, 21, "d"}}), Catch::Contains("do not compare"));
  CHECK_THROWS_WITH(score_models({{"a", -INFINITY, 3, 20, "d"}}), Catch::Contains("no finite likelihood"));
}

TEST_CASE("likelihood ratios, also on a boundary") {
  const ModelEvidence small{"small", -100, 3, 50, "d"}, large{"large", -100 + 3.841458820694124 / 2, 4, 50, "d"};
  CHECK(likelihood_ratio(small, large).p_value == Approx(0.05).epsilon(1e-9));
  const RatioTest boundary = likelihood_ratio(small, large, 1);
  CHECK(boundary.p_value == Approx(0.025).epsilon(1e-9));
  CHECK_THAT(boundary.text, Catch::Contains("boundary"));
  const ModelEvidence two{"two", -98, 5, 50, "d"};      // chi-square with two degrees of freedom: exp(-x/2)
  CHECK(likelihood_ratio(small, two).p_value == Approx(std::exp(-2.0)).epsilon(1e-9));
  CHECK(likelihood_ratio(small, two, 1).p_value == Approx(0.5 * std::exp(-2.0) + 0.5 * std::erfc(std::sqrt(2.0))).epsilon(1e-9));
  CHECK(likelihood_ratio(small, two, 2).p_value == Approx(0.25 * std::exp(-2.0) + 0.5 * std::erfc(std::sqrt(2.0))).epsilon(1e-9));
  const ModelEvidence missed{"missed", -103, 4, 50, "d"};
  CHECK(likelihood_ratio(small, missed, 1).p_value == 1);
  CHECK_THAT(likelihood_ratio(small, missed).text, Catch::Contains("missed by") || Catch::Contains("was missed"));
  CHECK_THROWS_WITH(likelihood_ratio(large, small), Catch::Contains("no special case"));
  CHECK_THROWS_WITH(likelihood_ratio(small, large, 2), Catch::Contains("2 variances"));
}

TEST_CASE("evidence of fits to one data set compares, of different noise classes only where the same values are modelled") {
  CycleSetup setup = test::small_setup();
  const PhaseCounts data = test::poisson_data(setup, 1, 300, 21);
  const CycleProblem with(setup, data);
  ParameterChoice none;
  none.name = "drug_on_g1_exit";
  none.fixed = 0.0;
  setup.parameters.push_back(none);
  const CycleProblem without(setup, data);
  const auto large = evidence_of("drug", fit_independent(with, {.starts = 1}));
  const auto small = evidence_of("no drug", fit_independent(without, {.starts = 1}));
  const RatioTest test = likelihood_ratio(small, large);
  CHECK(test.degrees == 1);
  CHECK(test.p_value < 1e-6);      // the truth has an effect of -0.8
  CHECK(score_models({small, large})[1].weight > 0.999);
  const auto poisson = evidence_of("totals", fit_independent(with, {.noise = IndependentNoise::multinomial_poisson, .starts = 1}));
  CHECK_THROWS_AS(score_models({large, poisson}), InputError);
  CHECK_NOTHROW(score_models({poisson, evidence_of("nb", fit_independent(with, {.noise = IndependentNoise::negative_binomial, .starts = 1}))}));
}
