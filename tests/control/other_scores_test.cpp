// Scores beside data-guided control, on cases small enough to be added up by hand.
#include <catch2/catch.hpp>

#include "experiments/control/factors/other_scores/network_scores.hpp"
#include "experiments/control/factors/other_scores/superposition.hpp"
#include "libhyped/errors.hpp"
#include "tests/control/made_factors.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

TEST_CASE("network scores add what is within reach, by level and out-degree") {
  // A -> b, c; b -> d, e; c -> d; d -> f; g is out of A's reach
  PriorEdges list;
  list.edges = {{"A", "b", 1, 1}, {"A", "c", -1, 1}, {"b", "d", 1, 1}, {"b", "e", 1, 1}, {"c", "d", 1, 1}, {"d", "f", 1, 1}, {"B", "g", 1, 1}};
  const std::vector<std::string> genes{"b", "c", "d", "e", "f", "g", "B"};
  GeneChanges changes;
  changes.change.resize(7), changes.minus_log10_p.resize(7), changes.error = Eigen::VectorXd::Constant(7, 0.5);
  changes.change << 1, -2, 3, 4, 5, 6, 7;
  changes.minus_log10_p << 1, 1, 2, 1, 1, 1, 1;
  const auto scores = mogrify_like(list, {"A", "B"}, genes, changes, 3);
  // level 1: b 1/2, c 2/2; level 2: d by c (out-degree 1) 6/2, e by b 4/2/2; level 3: f by d 5/3
  CHECK(scores[0].network == Approx(0.5 + 1 + 3 + 1 + 5.0 / 3).epsilon(1e-12));
  CHECK(scores[0].gene == 0);      // A is not measured
  CHECK(scores[1].network == Approx(6));
  CHECK(scores[1].gene == Approx(7));
  CHECK(scores[0].combined == 2 + 1);      // places by own score and by network
  CHECK(scores[1].combined == 1 + 2);
  CHECK(scores[0].place == 1.5);
  CHECK(mogrify_like(list, {"A"}, genes, changes, 1)[0].network == Approx(1.5));
  const Eigen::VectorXd target = Eigen::VectorXd::Constant(7, 2);
  const auto influence = influence_like(list, {"A", "B"}, genes, changes, target);
  CHECK(influence[0].combined == Approx((1 - -2) / 0.5));
  CHECK(influence[1].combined == Approx((6 + 7) / 0.5));
  CHECK(influence[1].place == 1);
}

TEST_CASE("changes of genes are tested with moderated variance") {
  Eigen::MatrixXd start = normal_matrix(500, 3, 900), target = normal_matrix(500, 6, 901);
  target.row(3).array() += 12;
  const auto changes = gene_changes(start, target);
  CHECK(changes.change[3] == Approx(target.row(3).mean() - start.row(3).mean()));
  CHECK(changes.minus_log10_p[3] > 3);
  CHECK((changes.minus_log10_p.array() > 1.3).count() < 5);      // 499 nulls, adjusted
  CHECK(changes.prior_degrees > 20);                             // all genes scatter alike
  CHECK(changes.error.mean() == Approx(std::sqrt(1.0 / 3 + 1.0 / 6)).epsilon(0.1));
  CHECK_THROWS_AS(gene_changes(start.leftCols(1), target.leftCols(1)), InputError);
}

TEST_CASE("superposition is the best of every sum") {
  const Eigen::VectorXd start = normal_matrix(30, 1, 910);
  const Eigen::MatrixXd responses = normal_matrix(30, 8, 911);
  const Eigen::VectorXd target = start + responses.col(2) + responses.col(5) + 0.3 * normal_matrix(30, 1, 912);
  const Eigen::MatrixXd metric = state_metric(normal_matrix(30, 12, 913), 6);
  CHECK((metric.transpose() * metric - Eigen::MatrixXd::Identity(6, 6)).norm() < 1e-10);
  for (const bool reduced : {false, true}) {
    const Eigen::MatrixXd m = reduced ? metric : Eigen::MatrixXd(Eigen::MatrixXd::Identity(30, 30));
    for (const auto kind : {SuperpositionAmounts::on_off, SuperpositionAmounts::nonnegative}) {
      double best = 1e300;
      for (int a = 0; a < 8; ++a)
        for (int b = a; b < 8; ++b)
          for (int c = b; c < 8; ++c) {
            std::vector<int> set{a};
            if (b > a) set.push_back(b);
            if (c > b) set.push_back(c);
            Eigen::MatrixXd part(30, static_cast<Eigen::Index>(set.size()));
            for (std::size_t k = 0; k < set.size(); ++k) part.col(static_cast<Eigen::Index>(k)) = responses.col(set[k]);
            const Eigen::VectorXd way = m.transpose() * (target - start);
            best = std::min(best, kind == SuperpositionAmounts::on_off ? (way - m.transpose() * part.rowwise().sum()).norm() : brute_distance(m.transpose() * part, way));
          }
      const auto found = superpose(start, target, responses, reduced ? metric : Eigen::MatrixXd(), {kind, 3, 100, 5});
      CHECK(found.best[0].distance == Approx(best).epsilon(1e-9));
      CHECK(found.alone.size() == 8);
      const auto of_all = superpose(start, target, responses, reduced ? metric : Eigen::MatrixXd(), {kind, 3, 0, 5});      // pool 0: all
      CHECK(of_all.best[0].responses == found.best[0].responses);
      CHECK(of_all.best[0].distance == found.best[0].distance);
      if (kind == SuperpositionAmounts::nonnegative) {
        CHECK(found.all.distance <= found.best[0].distance + 1e-9);
        CHECK(found.all.distance == Approx(brute_distance(m.transpose() * responses, m.transpose() * (target - start))).margin(1e-7));
      } else if (!reduced) CHECK(found.best[0].responses == std::vector<int>{2, 5});
    }
  }
  CHECK_THROWS_AS(state_metric(Eigen::MatrixXd::Ones(5, 3), 2), InputError);
}

TEST_CASE("whitened directions count the same") {
  Eigen::MatrixXd states = normal_matrix(20, 200, 920);
  states.row(0) *= 30;
  const Eigen::MatrixXd metric = state_metric(states, 5, 1);
  const Eigen::MatrixXd centred = states.colwise() - states.rowwise().mean();
  const Eigen::MatrixXd scores = metric.transpose() * centred;
  CHECK((scores * scores.transpose() / 199 - Eigen::MatrixXd::Identity(5, 5)).norm() < 1e-9);
}
