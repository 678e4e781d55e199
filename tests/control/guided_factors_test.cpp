// Data-guided control on small problems where everything can be written out: steps, effects of inputs, sets, the null.
#include <catch2/catch.hpp>

#include "experiments/control/factors/factor_uncertainty.hpp"
#include "experiments/control/factors/nonnegative_least_squares.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "tests/control/made_factors.hpp"

using namespace hyped;
using namespace hyped::control;
using namespace hyped::testing;

TEST_CASE("a step takes its states to the next ones") {
  const auto data = made_data(50, 4, 3, 1);
  const auto mean = guided_transitions(data.path), each = guided_transitions(data.path, ReplicateRule::each), code = guided_transitions(data.path, ReplicateRule::laboratory);
  for (std::size_t k = 0; k < 3; ++k) {
    const Eigen::VectorXd x = data.path[k].rowwise().mean(), next = data.path[k + 1].rowwise().mean();
    CHECK((mean[k].apply(x) - next).norm() < 1e-14 * next.norm());
    CHECK((each[k].apply(data.path[k]) - data.path[k + 1]).norm() < 1e-11 * data.path[k + 1].norm());
    // the code's own denominator: R copies of one state go 1/R of the way
    const auto copies = guided_transitions({x.replicate(1, 3), next.replicate(1, 3)}, ReplicateRule::laboratory);
    CHECK((copies[0].apply(x) - (x + (next - x) / 3)).norm() < 1e-13 * next.norm());
    CHECK((code[k].apply(x) - next).norm() > 1e-3 * (next - x).norm());
  }
  CHECK_THROWS_AS(guided_transitions({Eigen::MatrixXd::Zero(4, 1), Eigen::MatrixXd::Ones(4, 1)}), InputError);
  CHECK_THROWS_AS(guided_transitions({Eigen::MatrixXd::Ones(4, 2), Eigen::MatrixXd::Ones(4, 1)}, ReplicateRule::each), InputError);
}

// The pseudoinverse of 12,777 genes by 3 replicates was once made from an identity of 12,777 x 12,777: gigabytes and seconds a step.
TEST_CASE("steps through every replicate are cheap at the size of a transcriptome, also where a replicate is drawn twice") {
  const auto data = made_data(12000, 3, 3, 8);
  const auto each = guided_transitions(data.path, ReplicateRule::each);
  CHECK((each[1].apply(data.path[1]) - data.path[2]).norm() < 1e-9 * data.path[2].norm());
  auto twice = made_data(40, 2, 2, 9).path;
  for (auto& state : twice) state.col(1) = state.col(0);
  const auto step = guided_transitions(twice, ReplicateRule::each);
  CHECK((step[0].apply(twice[0]) - twice[1]).norm() < 1e-10 * twice[1].norm());
}

TEST_CASE("effects of inputs in inner products are those of matrices written out") {
  const auto inputs = made_inputs(60, 8, 9, 2);
  for (const int times : {1, 2, 5})
    for (const ReplicateRule rule : {ReplicateRule::mean, ReplicateRule::each, ReplicateRule::laboratory})
      for (const bool project : {false, true}) {
        auto data = made_data(60, times, 3, 7);
        data.rule = rule;
        NuisanceProjection nuisance = no_projection(60);
        if (project) {
          nuisance.kept.head(5).setZero();
          Eigen::MatrixXd directions = normal_matrix(60, 2, 70);
          directions.topRows(5).setZero();
          nuisance.directions = directions.householderQr().householderQ() * Eigen::MatrixXd::Identity(60, 2);
        }
        const auto dense = dense_problem(data, inputs, nuisance);
        const auto gram = input_gram(inputs, nuisance);
        const auto problem = guided_problem(data, nuisance);
        const EffectModel model(gram, problem);
        REQUIRE(model.starts() == std::max(1, times - 1));
        CHECK((problem.difference - dense.difference).norm() < 1e-10 * dense.difference.norm());
        CHECK(model.distance() == Approx(dense.difference.norm()).epsilon(1e-10));
        for (int start = 1; start <= model.starts(); ++start) {
          const Eigen::MatrixXd& c = dense.effects[static_cast<std::size_t>(start - 1)];
          const Eigen::MatrixXd g = c.transpose() * c;
          CHECK((model.gram(start) - g).norm() < 1e-10 * g.norm());
          CHECK((model.squares(start) - g.diagonal()).norm() < 1e-10 * g.norm());
          CHECK((model.gram(start, {5, 1, 7}) - g({5, 1, 7}, {5, 1, 7})).norm() < 1e-10 * g.norm());
          CHECK((model.match(start) - c.transpose() * dense.difference).norm() < 1e-9 * c.norm() * dense.difference.norm());
          const Eigen::MatrixXd x = nuisance.apply(normal_matrix(60, 2, 71));
          CHECK((model.project(start, x) - c.transpose() * x).norm() < 1e-10 * c.norm() * x.norm());
        }
      }
}

TEST_CASE("the mean's steps lead the free course to the end of the path exactly") {
  const auto data = made_data(80, 6, 2, 3);
  const auto problem = guided_problem(data, no_projection(80));
  const Eigen::VectorXd expected = data.target[0].rowwise().mean() - data.path.back().rowwise().mean();
  CHECK((problem.difference - expected).norm() < 1e-12 * data.path.back().norm());
}

TEST_CASE("sets found are those of trying every set on the matrices themselves") {
  const auto inputs = made_inputs(60, 9, 12, 4);
  const auto data = made_data(60, 4, 3, 8);
  const auto nuisance = no_projection(60);
  const auto dense = dense_problem(data, inputs, nuisance);
  const auto gram = input_gram(inputs, nuisance);
  const EffectModel model(gram, guided_problem(data, nuisance));
  const auto singles = score_factors(model);
  for (int m = 0; m < 9; ++m) {
    double best = 1e300;
    for (const auto& c : dense.effects) best = std::min(best, brute_distance(c.col(m), dense.difference));
    CHECK(singles[static_cast<std::size_t>(m)].score == Approx(dense.difference.norm() - best).margin(1e-10));
  }
  const auto found = search_sets(model, singles, {0, 1000});
  const auto check = [&](int size, const std::vector<FactorSet>& list) {
    std::vector<double> scores;      // of sets whose inputs are all positive at their best start
    double best = 0;
    for (int a = 0; a < 9; ++a)
      for (int b = a + 1; b < 9; ++b)
        for (int c = size == 3 ? b + 1 : 8; c < 9; ++c) {
          double top = 0;
          for (const auto& effects : dense.effects) {
            Eigen::MatrixXd part(60, size);
            part.col(0) = effects.col(a), part.col(1) = effects.col(b);
            if (size == 3) part.col(2) = effects.col(c);
            Eigen::VectorXd u;
            const double score = dense.difference.norm() - brute_distance(part, dense.difference, &u);
            best = std::max(best, score);
            if (u.minCoeff() > 0) top = std::max(top, score);
          }
          if (top > 0) scores.push_back(top);
        }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    REQUIRE(list.size() == scores.size());
    for (std::size_t k = 0; k < list.size(); ++k) CHECK(list[k].score == Approx(scores[k]).epsilon(1e-9).margin(1e-11));
    return best;
  };
  const double pair = check(2, found.pairs), triple = check(3, found.triples);
  CHECK(std::max({pair, found.triples.empty() ? 0 : found.triples[0].score}) == Approx(triple).epsilon(1e-9));
  CHECK(found.tried == 3 * (36 + 84));
  // a pool, and fewer threads, change nothing but what is left out
  set_threads(1);
  const auto one = search_sets(model, singles, {5, 10});
  set_threads(3);
  const auto three = search_sets(model, singles, {5, 10});
  set_threads(0);
  REQUIRE(one.triples.size() == three.triples.size());
  for (std::size_t k = 0; k < one.triples.size(); ++k) CHECK(one.triples[k].factors == three.triples[k].factors);
  for (std::size_t k = 0; k < one.pairs.size(); ++k) CHECK(one.pairs[k].score == found.pairs[k].score);
  CHECK(best_start_of(model, found.pairs[0].factors).score >= found.pairs[0].score - 1e-12);
}

TEST_CASE("scores keep their digits where little is gained") {
  CHECK(score_of(1e6, 1e-3) == Approx(5e-13).epsilon(1e-9));
  CHECK(score_of(5, 5) == Approx(5));
  CHECK(score_of(5, -1) == 0);
  CHECK(score_of(5, 3) == Approx(1));
}

TEST_CASE("factors of equal gain share the mean of their places") {
  std::vector<FactorScore> scores(4);
  scores[0].gain = 1, scores[1].gain = 2, scores[2].gain = 1, scores[3].gain = -1;
  CHECK(places_of(scores) == std::vector<double>{2.5, 1, 2.5, 4});
}

TEST_CASE("signed edges become inputs, the others are counted") {
  PriorEdges list;
  list.name = "made";
  list.edges = {{"A", "g0", 1, 1}, {"A", "g1", -1, 0.5}, {"A", "g9", 1, 1}, {"A", "A", 1, 1}, {"B", "g0", 0, 1}, {"B", "g1", 1, 1}, {"complex", "g0", 1, 1}, {"complex", "g2", 1, 1}};
  const std::vector<std::string> genes{"g0", "g1", "g2", "A"};
  const auto inputs = factor_inputs(list, genes, {2, false});
  CHECK(inputs.names == std::vector<std::string>{"A", "complex"});
  CHECK(Eigen::MatrixXd(inputs.effect).col(0) == Eigen::Vector4d(1, -1, 0, 1));
  CHECK(inputs.activated[0] == 2);
  CHECK(inputs.repressed[0] == 1);
  CHECK_THAT(inputs.notes[1], Catch::Matchers::Contains("1 edges"));
  CHECK(Eigen::MatrixXd(factor_inputs(list, genes, {2, true}).effect)(1, 0) == -0.5);
  CHECK_THROWS_AS(factor_inputs(list, genes, {5, false}), InputError);
}

TEST_CASE("programmes are taken out of genes and of what moves with them between replicates") {
  // x = 3 genes of a programme, 20 genes that follow it by known loadings, noise
  const int genes = 60, times = 12, repeats = 4;
  const Eigen::VectorXd loading = normal_matrix(genes, 1, 20);
  std::vector<Eigen::MatrixXd> replicates;
  for (int r = 0; r < repeats; ++r) {
    const Eigen::MatrixXd score = normal_matrix(1, times, 21 + static_cast<std::uint32_t>(r));
    Eigen::MatrixXd x = loading * score + 0.05 * normal_matrix(genes, times, 30 + static_cast<std::uint32_t>(r));
    x.topRows(6) = Eigen::MatrixXd::Ones(6, 1) * score + 0.05 * normal_matrix(6, times, 40 + static_cast<std::uint32_t>(r));
    replicates.push_back(x);
  }
  const auto out = remove_programmes(replicates, {{"made", {0, 1, 2, 3, 4, 5}}}, true);
  CHECK(out.kept.head(6).sum() == 0);
  CHECK(out.kept.sum() == genes - 6);
  REQUIRE(out.directions.cols() == 1);
  Eigen::VectorXd wanted = loading;
  wanted.head(6).setZero();
  CHECK(std::abs(out.directions.col(0).dot(wanted.normalized())) > 0.999);
  const Eigen::VectorXd left = out.apply(wanted);
  CHECK(left.norm() < 0.05 * wanted.norm());
  CHECK_THAT(out.notes[0], Catch::Matchers::Contains("reliability"));
  CHECK(remove_programmes(replicates, {{"made", {0, 1, 2}}}, false).directions.cols() == 0);
  CHECK_THROWS_AS(remove_programmes({replicates[0]}, {{"made", {0, 1, 2}}}, true), InputError);
}

TEST_CASE("p values of factors without a connection to the change are even", "[standard]") {
  const auto inputs = made_inputs(400, 60, 15, 5);
  const auto nuisance = no_projection(400);
  const auto gram = input_gram(inputs, nuisance);
  int low = 0, half = 0, all = 0;
  for (std::uint32_t job = 0; job < 40; ++job) {
    const auto data = made_data(400, 3, 2, 1000 * job + 17);
    const auto problem = guided_problem(data, nuisance);
    const EffectModel model(gram, problem);
    const auto singles = score_factors(model);
    const auto null = permutation_null(problem, nuisance, gram, data.path[0].rowwise().mean(), singles, {}, {199, 5, job});
    for (const double p : null.factors) low += p <= 0.1 ? 1 : 0, half += p <= 0.5 ? 1 : 0, ++all;
  }
  // 2400 p values, not independent within a data set: 40 of those. Standard error if they were: 0.006 and 0.010; three times it, and as much again.
  CHECK(static_cast<double>(low) / all == Approx(0.1).margin(0.035));
  CHECK(static_cast<double>(half) / all == Approx(0.5).margin(0.06));
}

TEST_CASE("a factor that made the change stands out of the null") {
  const auto inputs = made_inputs(500, 40, 12, 6);
  auto data = made_data(500, 1, 3, 9);
  data.target = {data.path[0] + 2 * Eigen::VectorXd(Eigen::MatrixXd(inputs.effect).col(7)).replicate(1, 3) + 0.2 * normal_matrix(500, 3, 72)};
  const auto nuisance = no_projection(500);
  const auto gram = input_gram(inputs, nuisance);
  const auto problem = guided_problem(data, nuisance);
  const EffectModel model(gram, problem);
  const auto singles = score_factors(model);
  CHECK(places_of(singles)[7] == 1);
  CHECK(singles[7].input == Approx(2).margin(0.3));
  const auto null = permutation_null(problem, nuisance, gram, data.path[0].rowwise().mean(), singles, {{{7, 8}, 1, best_start_of(model, {7, 8}).gain, 0, {}}}, {199, 4, 3});
  CHECK(null.factors[7] == Approx(1.0 / 200));
  CHECK(null.family[7] == Approx(1.0 / 200));
  CHECK(null.sets[0] == Approx(1.0 / 200));
}
