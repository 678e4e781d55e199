// Scores of edge rankings against counted curves, and the posterior of edges from interventions on networks with known truth.
#include "libhyped/score/edge_ranking.hpp"

#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>

#include "fitting/interventions/intervention_network.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

TEST_CASE("areas of a ranking agree with hand-counted ones and with orders of ties drawn at random") {
  // ranks: 1 0 1 1 0 -> precision at hits 1, 2/3, 3/4
  const RankedEdges plain = score_edges(std::vector<double>{5, 4, 3, 2, 1}, {true, false, true, true, false});
  CHECK(plain.average_precision == Approx((1 + 2.0 / 3 + 0.75) / 3).epsilon(1e-14));
  CHECK(plain.auroc == Approx(4.0 / 6).epsilon(1e-14));
  // the challenges' formula: a hit after k ranks of which FP were wrong adds (1 - FP ln((k + 1) / k)) / P
  CHECK(plain.dream_aupr == Approx((1 + (1 - std::log(3.0 / 2)) + (1 - std::log(4.0 / 3))) / 3).epsilon(1e-14));
  // ties: against the mean over random orders
  const std::vector<double> tied{3, 3, 3, 2, 2, 1, 1, 1, 1};
  const std::vector<bool> truth{true, false, true, false, true, true, false, false, false};
  const RankedEdges exact = score_edges(tied, truth);
  RandomStream random(1, 1, 1);
  double sum = 0, auroc = 0, square = 0;
  const int orders = 20000;
  for (int n = 0; n < orders; ++n) {
    std::vector<double> broken = tied;
    for (double& value : broken) value += 0.5 * random.uniform();
    const RankedEdges one = score_edges(broken, truth);
    sum += one.average_precision, square += one.average_precision * one.average_precision, auroc += one.auroc;
  }
  const double error = std::sqrt((square / orders - std::pow(sum / orders, 2)) / orders);
  CHECK(exact.average_precision == Approx(sum / orders).margin(4 * error));
  CHECK(exact.auroc == Approx(auroc / orders).margin(0.01));
  CHECK(score_edges(std::vector<double>(6, 1.0), {true, false, false, true, false, false}).dream_aupr == Approx(1.0 / 3).epsilon(1e-14));
  CHECK_THROWS_AS(score_edges(std::vector<double>{1, 2}, {true, true}), InputError);
  CHECK_THROWS_AS(score_edges(std::vector<double>{1, std::nan("")}, {true, false}), InputError);
}

TEST_CASE("the posterior of edges finds a linear network and does not call its indirect effects edges", "[standard]") {
  // A -> B -> C -> D, A -| E; all knock-outs, noise of 1 %.
  const int genes = 5;
  Eigen::MatrixXd effect = Eigen::MatrixXd::Zero(genes, genes);      // row: target
  effect(1, 0) = 0.8, effect(2, 1) = -0.7, effect(3, 2) = 0.9, effect(4, 0) = -0.5;
  const Eigen::MatrixXd inverse = (Eigen::MatrixXd::Identity(genes, genes) - effect).inverse();
  InterventionData data;
  data.genes = {"A", "B", "C", "D", "E"};
  data.wild_type = Eigen::VectorXd::Constant(genes, 0.5);
  data.levels.resize(2 * genes, genes);
  RandomStream random(9, 1, 1);
  for (int r = 0; r < 2 * genes; ++r) {
    const int target = r % genes;
    data.target.push_back(target), data.remaining.push_back(r < genes ? 0.0 : 0.5);
    const double held = r < genes ? -1.0 : -0.5;
    for (int g = 0; g < genes; ++g) data.levels(r, g) = std::max(0.0, 0.5 * (1 + held * inverse(g, target) / inverse(target, target)) + 0.005 * random.normal());
    if (r < genes) data.levels(r, target) = 0;
  }
  InterventionOptions options;
  options.noise_absolute = 0.005, options.noise_relative = 0, options.nonlinear = 0.02;
  set_threads(1);
  const EdgePosterior posterior = intervention_network(data, options);
  set_threads(2);
  CHECK(posterior.probability == intervention_network(data, options).probability);
  set_threads(0);
  for (int from = 0; from < genes; ++from)
    for (int to = 0; to < genes; ++to) {
      if (from == to) continue;
      INFO(from << " -> " << to);
      if (effect(to, from) != 0) {
        CHECK(posterior.probability(from, to) > 0.95);
        CHECK(posterior.effect(from, to) == Approx(effect(to, from)).margin(4 * posterior.effect_sd(from, to)));
      } else CHECK(posterior.probability(from, to) < 0.3);
    }
  CHECK(posterior.disagreement < 0.1);
  data.levels(0, 0) = -1;
  CHECK_THROWS_AS(intervention_network(data, options), InputError);
}

TEST_CASE("noise of replicates is recovered") {
  RandomStream random(2, 1, 1);
  Eigen::MatrixXd replicates(2000, 20);
  for (int g = 0; g < 20; ++g)
    for (int n = 0; n < 2000; ++n) {
      const double level = 0.05 * (g + 1);
      replicates(n, g) = level + std::hypot(0.03, 0.08 * level) * random.normal();
    }
  const LevelNoise noise = noise_of_replicates(replicates);
  CHECK(noise.absolute == Approx(0.03).epsilon(0.05));
  CHECK(noise.relative == Approx(0.08).epsilon(0.05));
}
