// Intervals of score and place from three replicates hold what they say: coverage on series with known profiles.
#include <catch2/catch.hpp>

#include "experiments/control/factors/factor_uncertainty.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "tests/control/made_factors.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

namespace {

// The same profiles with noise of its own on every sample: of each gene, and of one direction that a whole dish shares.
GuidedData with_noise(const GuidedData& truth, const Eigen::VectorXd& shared, double batch, int replicates, std::uint32_t job) {
  GuidedData out = truth;
  std::uint32_t sample = 0;
  for (auto* group : {&out.path, &out.target})
    for (auto& state : *group) {
      Eigen::MatrixXd noisy = state.replicate(1, replicates);
      for (int r = 0; r < replicates; ++r) noisy.col(r) += 0.35 * normal_matrix(state.rows(), 1, job + 2 * sample) + batch * normal_matrix(1, 1, job + 2 * sample + 1)(0, 0) * shared, ++sample;
      state = noisy;
    }
  return out;
}

}  // namespace

// 95 % nominal. 150 series of 25 factors; factors of a series share its noise, so that the series count: a coverage of .95 would scatter by .018
// if there were nothing but them. The limits leave room for three of these below, and for the caution of few degrees of freedom above.
TEST_CASE("intervals of scores and places hold the truth as often as they say", "[standard]") {
  for (const int times : {1, 4})
    for (const double batch : {0.0, 0.25}) {
      const int genes = 250, factors = 25, series = 150;
      const auto inputs = made_inputs(genes, factors, 14, 30);
      const auto nuisance = no_projection(genes);
      const auto gram = input_gram(inputs, nuisance);
      GuidedData truth = made_data(genes, times, 1, 31);
      for (int m = 0; m < 6; ++m) truth.target[0] += (0.2 + 0.1 * m) * Eigen::VectorXd(Eigen::MatrixXd(inputs.effect).col(m));      // six that matter
      truth.target.push_back(truth.target[0] + 0.3 * normal_matrix(genes, 1, 33));
      const EffectModel exact(gram, guided_problem(truth, nuisance));
      const auto true_scores = score_factors(exact);
      const auto true_places = places_of(true_scores);
      const Eigen::VectorXd shared = normal_matrix(genes, 1, 32);
      int scores = 0, places = 0, all = 0, wide = 0;
      for (int n = 0; n < series; ++n) {
        const GuidedData seen = with_noise(truth, shared, batch, 3, 40000u + 100u * static_cast<std::uint32_t>(n));
        const EffectModel model(gram, guided_problem(seen, nuisance));
        const auto singles = score_factors(model);
        const auto found = replicate_intervals(seen, nuisance, gram, singles, {}, {100, 0.95, static_cast<std::uint64_t>(n)});
        for (int m = 0; m < factors; ++m) {
          const auto at = static_cast<std::size_t>(m);
          scores += found.factors[at].lower <= true_scores[at].score && true_scores[at].score <= found.factors[at].upper ? 1 : 0;
          places += found.places[at].lower <= true_places[at] && true_places[at] <= found.places[at].upper ? 1 : 0;
          wide += found.places[at].upper - found.places[at].lower > factors - 2 ? 1 : 0;
          ++all;
        }
      }
      const double of_scores = static_cast<double>(scores) / all, of_places = static_cast<double>(places) / all;
      WARN("times " << times << ", batch " << batch << ": coverage of scores " << of_scores << ", of places " << of_places << ", places that say nothing " << static_cast<double>(wide) / all);
      CHECK(of_scores > 0.90);
      CHECK(of_places > 0.90);
      CHECK(wide < 0.5 * all);      // and they say something
    }
}

TEST_CASE("intervals are the same for any number of threads, and need replicates") {
  const auto inputs = made_inputs(60, 8, 9, 2);
  const auto nuisance = no_projection(60);
  const auto gram = input_gram(inputs, nuisance);
  const auto data = made_data(60, 3, 3, 5);
  const EffectModel model(gram, guided_problem(data, nuisance));
  const auto singles = score_factors(model);
  const std::vector<FactorSet> sets{evaluate_set(model, {0, 1}, 1)};
  set_threads(1);
  const auto one = replicate_intervals(data, nuisance, gram, singles, sets, {50, 0.95, 1});
  set_threads(3);
  const auto three = replicate_intervals(data, nuisance, gram, singles, sets, {50, 0.95, 1});
  set_threads(0);
  for (std::size_t m = 0; m < 8; ++m) {
    CHECK(one.factors[m].lower == three.factors[m].lower);
    CHECK(one.places[m].upper == three.places[m].upper);
    CHECK(one.factors[m].gain_lower < singles[m].gain);
    CHECK(one.factors[m].degrees >= 1);
    CHECK(one.factors[m].degrees <= 4 + 1e-9);      // two times of three replicates
  }
  CHECK(one.sets[0].upper >= one.sets[0].lower);
  const auto bare = made_data(60, 3, 1, 5);
  CHECK_THROWS_AS(replicate_intervals(bare, nuisance, gram, singles, sets), InputError);
}

// A target that is the start plus a change moves with the start: with A = I nothing is left to scatter; along a path the end's noise and the start's do.
TEST_CASE("targets that follow the start take its draws along") {
  GuidedData data;
  data.path = {(Eigen::MatrixXd(1, 3) << 1, 2, 6).finished()};
  data.target = {(Eigen::MatrixXd(1, 1) << 23).finished()};
  data.target_follows_start = true;
  FactorInputs inputs;
  inputs.names = {"A"};
  inputs.effect.resize(1, 1);
  inputs.effect.insert(0, 0) = 1;
  const auto nuisance = no_projection(1);
  const auto gram = input_gram(inputs, nuisance);
  CHECK_FALSE(replicates_matter(data));
  CHECK_THROWS_AS(replicate_intervals(data, nuisance, gram, score_factors(EffectModel(gram, guided_problem(data, nuisance))), {}, {100, 0.95, 1}), InputError);
  data.path.push_back((Eigen::MatrixXd(1, 3) << 5, 5, 5).finished());
  CHECK(replicates_matter(data));
  const auto found = replicate_intervals(data, nuisance, gram, score_factors(EffectModel(gram, guided_problem(data, nuisance))), {}, {20000, 0.95, 1});
  CHECK(found.factors[0].gain_upper - found.factors[0].gain_lower == Approx(2 * 4.3026527 * std::sqrt(7.0 / 3)).epsilon(0.02));      // s^2 = 7 of the start
  CHECK(found.factors[0].degrees == Approx(2));
}

// Where noise alone makes d0 as large as it is, mu has no interval; it was once said to be 0 to 0.
TEST_CASE("a distance that is all noise gives places and no intervals of scores") {
  GuidedData data;
  data.path = {normal_matrix(300, 3, 90)};
  data.target = {data.path[0].rowwise().mean() + 0.01 * normal_matrix(300, 1, 91)};
  const auto inputs = made_inputs(300, 6, 9, 2);
  const auto nuisance = no_projection(300);
  const auto gram = input_gram(inputs, nuisance);
  const auto found = replicate_intervals(data, nuisance, gram, score_factors(EffectModel(gram, guided_problem(data, nuisance))), {}, {100, 0.95, 1});
  CHECK_FALSE(found.scored);
  CHECK(std::isnan(found.factors[0].upper));
  CHECK(found.places[0].upper >= found.places[0].lower);
}

// Drawing one column fewer than there are gives a variance of the mean without bias: of 3 values, s^2 / 3.
TEST_CASE("redrawn means scatter as much as means do") {
  GuidedData data;
  data.path = {(Eigen::MatrixXd(2, 3) << 1, 2, 6, 5, 5, 5).finished()};
  data.target = {(Eigen::MatrixXd(2, 1) << 20, 5).finished()};
  FactorInputs inputs;
  inputs.names = {"A"};
  inputs.effect.resize(2, 1);
  inputs.effect.insert(0, 0) = 1;
  const auto nuisance = no_projection(2);
  const auto gram = input_gram(inputs, nuisance);
  const EffectModel model(gram, guided_problem(data, nuisance));
  const auto found = replicate_intervals(data, nuisance, gram, score_factors(model), {}, {20000, 0.95, 1});
  const double error = std::sqrt(7.0 / 3);      // s^2 = 7
  CHECK(found.factors[0].degrees == Approx(2));
  CHECK(found.factors[0].gain_upper - found.factors[0].gain_lower == Approx(2 * 4.3026527 * error).epsilon(0.02));
}
