// Scores of cells, counts and compositions: the golden file, closed forms, propriety, coverage.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "libhyped/distance/line_distance.hpp"
#include "libhyped/distance/mmd.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/replicates/negative_binomial.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/cells/cell_scores.hpp"
#include "libhyped/score/composition.hpp"
#include "libhyped/score/counts/count_scores.hpp"
#include "tests/benchmark/golden_norman.hpp"
#include "tests/places.hpp"

using namespace hyped;

namespace {

std::filesystem::path shared_data() {
  const char* asked = std::getenv("HYPED_SHARED");
  return (asked ? std::filesystem::path(asked) : std::filesystem::path(tests::source_folder()) / "../shared") / "data/scrna";
}

Eigen::MatrixXd drawn(int cells, int dimensions, double shift, std::uint32_t job, std::uint32_t round = 0) {
  RandomStream random(19, job, round);
  Eigen::MatrixXd out(cells, dimensions);
  for (Eigen::Index k = 0; k < out.size(); ++k) out.data()[k] = shift + random.normal();
  return out;
}

}  // namespace

TEST_CASE("distances of the golden file, norman triplets: relative 1e-9") {
  const auto golden = shared_data() / "golden/golden_norman.json", cells = shared_data() / "norman2019_mcfaline2023_perturbench_devel/norman_triplets.h5ad";
  if (!std::filesystem::exists(golden) || !std::filesystem::exists(cells)) {
    WARN("skipped: no shared data");
    return;
  }
  const auto truth = testing::golden_norman()["distances"];
  AnnotatedData data = read_anndata(cells).data;
  const Labels labels = labels_of(*data.obs.find("condition"));
  // the golden values were computed from doubles; the product computes on floats: those 6e-8 of a value are what is left
  const auto* matrix = data.X.as<CompressedMatrix>();
  REQUIRE(matrix);
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(matrix->rows, matrix->columns);
  for (std::int64_t r = 0; r < matrix->rows; ++r)
    for (auto i = matrix->start[static_cast<std::size_t>(r)]; i < matrix->start[static_cast<std::size_t>(r) + 1]; ++i) all(r, matrix->index[static_cast<std::size_t>(i)]) = number_at(matrix->values, static_cast<std::size_t>(i));
  const auto of = [&](const std::string& name) {
    std::vector<Eigen::Index> rows;
    for (std::size_t c = 0; c < labels.codes.size(); ++c)
      if (labels.codes[c] >= 0 && labels.levels[static_cast<std::size_t>(labels.codes[c])] == name) rows.push_back(static_cast<Eigen::Index>(c));
    return Eigen::MatrixXd(all(rows, Eigen::all));
  };
  const Eigen::MatrixXd control = of("control");
  REQUIRE(control.rows() == 100);
  int checked = 0;
  for (const auto& [name, want] : truth.items()) {
    const Eigen::MatrixXd x = of(name);
    INFO(name);
    const PairMeasure squared{PairMeasure::Kind::squared_euclidean, {}}, kernel{PairMeasure::Kind::gaussian, {1.0 / 500}};
    CHECK(two_samples(x, control, {}, EnergyPairs::unbiased).statistic == Approx(want["E_euclid_U"].get<double>()).epsilon(1e-9));
    CHECK(two_samples(x, control, {}, EnergyPairs::with_self).statistic == Approx(want["E_euclid_V"].get<double>()).epsilon(1e-9));
    CHECK(two_samples(x, control, squared, EnergyPairs::unbiased).statistic == Approx(want["E_sqeuclid_U"].get<double>()).epsilon(1e-9));
    CHECK(two_samples(x, control, squared, EnergyPairs::with_self).statistic == Approx(want["E_sqeuclid_V"].get<double>()).epsilon(1e-9));
    CHECK(two_samples(x, control, kernel, EnergyPairs::with_self).statistic == Approx(want["MMD2_rbf_g1over500_V"].get<double>()).epsilon(1e-9));
    CHECK(two_samples(x, control, kernel, EnergyPairs::unbiased).statistic == Approx(want["MMD2_rbf_g1over500_U"].get<double>()).epsilon(1e-9));
    // genes on a line hold floats: relative 1e-6
    double w1 = 0;
    for (Eigen::Index g = 0; g < all.cols(); ++g) {
      const auto sorted = [&](const Eigen::MatrixXd& m) {
        std::vector<float> v;
        for (Eigen::Index i = 0; i < m.rows(); ++i) v.push_back(static_cast<float>(m(i, g)));
        std::sort(v.begin(), v.end());
        return v;
      };
      const auto a = sorted(x), b = sorted(control);
      w1 += line_distance({a, 100}, {b, 100}).w1 / static_cast<double>(all.cols());
    }
    CHECK(w1 == Approx(want["W1_gene_mean"].get<double>()).epsilon(1e-6));
    ++checked;
  }
  CHECK(checked == 11);
}

TEST_CASE("parts of a difference are zero on average without one and see each their own") {
  DifferenceParts sum;
  for (std::uint32_t k = 0; k < 200; ++k) {
    const DifferenceParts d = difference_parts(drawn(30, 6, 0, 1, k), drawn(25, 6, 0, 2, k));
    sum.mean += d.mean / 200, sum.variance += d.variance / 200, sum.covariance += d.covariance / 200, sum.marginal_energy += d.marginal_energy / 200, sum.rank_energy += d.rank_energy / 200;
  }
  // standard deviations of one: 0.15, 0.9, 1.6, 0.1, 0.02; the mean of 200 is 14 times closer
  CHECK(std::abs(sum.mean) < 0.05);
  CHECK(std::abs(sum.variance) < 0.3);
  CHECK(std::abs(sum.covariance) < 0.5);
  CHECK(std::abs(sum.marginal_energy) < 0.03);
  CHECK(std::abs(sum.rank_energy) < 0.01);
  const Eigen::MatrixXd base = drawn(1500, 3, 0, 3);
  Eigen::MatrixXd moved = drawn(1500, 3, 0, 4), wide = moved, bound = moved;
  moved.col(0).array() += 0.7;
  wide.col(1) *= 2;                                                                 // variance 4: (4 - 1)^2
  bound.col(2) = 0.8 * bound.col(0) + 0.6 * bound.col(2);                           // covariance 0.8, twice 0.64
  const DifferenceParts a = difference_parts(moved, base), b = difference_parts(wide, base), c = difference_parts(bound, base);
  CHECK(a.mean == Approx(0.49).margin(0.12));
  CHECK(std::abs(a.variance) < 0.05);
  CHECK(b.variance == Approx(9).margin(1.5));
  CHECK(std::abs(b.mean) < 0.05);
  CHECK(c.covariance == Approx(1.28).margin(0.25));
  CHECK(std::abs(c.variance) < 0.1);
  CHECK(std::abs(c.marginal_energy) < 0.02);
  CHECK(c.rank_energy > 10 * std::abs(a.rank_energy));
  CHECK_THROWS_AS(difference_parts(base.topRows(3), base), InputError);
}

TEST_CASE("closer than control: a perfect prediction has a ratio of 0, no change one of 1, and an absent effect none") {
  const CellClouds perfect{drawn(200, 5, 0.6, 5), drawn(200, 5, 0.6, 6), drawn(200, 5, 0, 7), "five coordinates"};
  // Sinkhorn counts the noise of cells, c / cells with a c that grows as epsilon shrinks: smooth enough here
  const CellScores found = cell_scores(perfect, {.gamma = {}, .relative_epsilon = 0.5, .directions = 50});
  REQUIRE(found.scores.size() == 5);
  for (const CellScore& s : found.scores) {
    INFO(s.id << " " << s.estimator);
    REQUIRE(s.ratio.value);
    CHECK(std::abs(*s.ratio.value) < 0.35);
    CHECK(s.estimator.find("five coordinates") != std::string::npos);
  }
  const CellScores fewer = cell_scores(perfect, {.gamma = {}, .relative_epsilon = 0.5, .most_sinkhorn_cells = 60, .directions = 50});
  const double of_noise = fewer.scores[4].value / found.scores[4].value;      // 200 / 60 on average
  CHECK(of_noise > 2);
  CHECK(of_noise < 5);
  REQUIRE(found.words.size() == 2);
  CHECK(found.words.back().find("sampling") != std::string::npos);
  const CellScores idle = cell_scores({perfect.truth, drawn(200, 5, 0, 8), perfect.control, ""}, {.gamma = {}, .sinkhorn = false});
  REQUIRE(idle.scores[0].ratio_se);
  CHECK(std::abs(*idle.scores[0].ratio.value - 1) < 4 * *idle.scores[0].ratio_se);
  const CellScores none = cell_scores({drawn(50, 5, 0, 9), drawn(50, 5, 0, 10), drawn(50, 5, 0, 11), ""}, {.gamma = {}, .sinkhorn = false});
  CHECK_FALSE(none.scores[0].ratio.value);
}

TEST_CASE("gene distances are the mean over genes, with zeros, in any number of threads") {
  RandomStream random(3, 1, 1);
  SparseRows x, y;
  for (SparseRows* m : {&x, &y}) {
    m->rows = m == &x ? 20 : 31, m->columns = 40;
    for (int c = 0; c < m->rows; ++c) {
      for (int g = 0; g < 40; ++g)
        if (random.uniform() < 0.3) m->column.push_back(g), m->value.push_back(static_cast<float>(std::ceil(3 * random.uniform()) + (m == &x && g < 5)));
      m->start.push_back(static_cast<std::int64_t>(m->value.size()));
    }
  }
  const auto dense = [](const SparseRows& m, int g) {
    Eigen::MatrixXd out = Eigen::MatrixXd::Zero(m.rows, 1);
    for (int c = 0; c < m.rows; ++c)
      for (std::size_t i = 0; i < m.columns_of(c).size(); ++i)
        if (m.columns_of(c)[i] == g) out(c, 0) = static_cast<double>(m.values_of(c)[i]);
    return out;
  };
  set_threads(1);
  const GeneDistances found = gene_distances(x, y);
  set_threads(3);
  const GeneDistances again = gene_distances(x, y);
  set_threads(0);
  CHECK(found.mean_energy == again.mean_energy);
  CHECK(found.energy_x == again.energy_x);
  Eigen::VectorXd influence = Eigen::VectorXd::Zero(x.rows);
  for (int g = 0; g < 40; ++g) {
    const TwoSamples pairs = two_samples(dense(x, g), dense(y, g), {});
    CHECK(found.energy[g] == Approx(pairs.statistic).margin(1e-12));
    // the line's linear part takes means over all n cells of x, the pairs' over the other n - 1: 1 / (n - 1) of the inner part lies between, exactly
    const Eigen::VectorXd values = dense(x, g), inner = 2 * (values.replicate(1, x.rows) - values.transpose().replicate(x.rows, 1)).cwiseAbs().rowwise().mean();
    influence += (pairs.influence_x + (inner.array() - inner.mean()).matrix() / (x.rows - 1)) / 40;
  }
  CHECK((found.energy_x - influence).norm() < 1e-12 * influence.norm());
}

TEST_CASE("CRPS of counts: the definition, the Poisson's closed form, and the closed form of Wei and Held through E|X - y|") {
  for (const double mean : {0.03, 0.7, 4.0, 60.0, 2500.0})
    for (const double dispersion : {0.0, 0.05, 0.6, 3.0})
      for (const double y : {0.0, 1.0, 5.0, 80.0}) {
        if (mean > 1000 && dispersion > 0.5) continue;      // the brute sums below get long
        // E|X - y| and E|X - X'| by plain sums in extended precision
        const int top = static_cast<int>(mean + 60 * std::sqrt(mean + dispersion * mean * mean) + 200 + 40 * dispersion * mean);
        long double away = 0, spread = 0, below = 0, sum = 0;
        for (int k = 0; k <= top; ++k) {
          const long double p = std::exp(static_cast<long double>(log_negative_binomial(k, mean, dispersion)));
          away += p * std::abs(static_cast<long double>(k) - static_cast<long double>(y));
          below += p;
          spread += 2 * below * (1 - below);
          sum += p;
        }
        INFO(mean << " " << dispersion << " " << y);
        REQUIRE(static_cast<double>(sum) == Approx(1).epsilon(1e-10));
        CHECK(negative_binomial_crps(y, mean, dispersion) == Approx(static_cast<double>(away - spread / 2)).epsilon(2e-9).margin(1e-12));
        if (dispersion == 0 && mean < 100) {
          double f = 0;
          for (int k = 0; k <= y; ++k) f += std::exp(log_negative_binomial(k, mean, 0));
          const double closed = (y - mean) * (2 * f - 1) + 2 * mean * std::exp(log_negative_binomial(y, mean, 0)) - mean * std::exp(-2 * mean) * (std::cyl_bessel_i(0.0, 2 * mean) + std::cyl_bessel_i(1.0, 2 * mean));
          CHECK(negative_binomial_crps(y, mean, 0) == Approx(closed).epsilon(1e-9).margin(1e-12));
        }
      }
}

TEST_CASE("both scores of counts are proper: no other distribution is expected to score better than the true one") {
  const double mean = 2.3, dispersion = 0.4;
  const auto expected = [&](double m, double d) {
    std::pair<double, double> out{0, 0};
    for (int k = 0; k < 400; ++k) {
      const double p = std::exp(log_negative_binomial(k, mean, dispersion));
      out.first -= p * log_negative_binomial(k, m, d), out.second += p * negative_binomial_crps(k, m, d);
    }
    return out;
  };
  const auto best = expected(mean, dispersion);
  for (const double m : {0.5, 0.9, 0.98, 1.02, 1.1, 2.0})
    for (const double d : {0.0, 0.5, 0.95, 1.0, 1.05, 3.0}) {
      if (m == 1.0 && d == 1.0) continue;
      const auto other = expected(mean * m, dispersion * d);
      CHECK(other.first > best.first);
      CHECK(other.second > best.second);
    }
}

TEST_CASE("scores of counts use each cell's exposure, and the true rates beat shifted ones on held-out cells") {
  RandomStream random(23, 0, 0);
  constexpr int cells = 300, genes = 30;
  SparseRows train, test;
  Eigen::VectorXd train_exposure(cells), test_exposure(cells);
  for (auto [rows, exposure] : {std::pair{&train, &train_exposure}, std::pair{&test, &test_exposure}}) {
    rows->rows = cells, rows->columns = genes;
    for (int c = 0; c < cells; ++c) {
      (*exposure)[c] = 500 + 3000 * random.uniform();
      for (int g = 0; g < genes; ++g) {
        const double mean = (*exposure)[c] * 0.0003 * (g + 1), y = static_cast<double>(random.poisson(mean * random.gamma(2.0) / 2));
        if (y > 0) rows->column.push_back(g), rows->value.push_back(static_cast<float>(y));
      }
      rows->start.push_back(static_cast<std::int64_t>(rows->value.size()));
    }
  }
  const CountDistribution fitted = count_distribution_of(train, train_exposure);
  // 300 cells: the rate is known to some 5 %, the dispersion (1/2) to some 20 %
  CHECK(fitted.rate[29] == Approx(0.009).epsilon(0.15));
  CHECK(fitted.dispersion[29] == Approx(0.5).epsilon(0.5));
  CountDistribution shifted = fitted, narrow = fitted;
  shifted.rate *= 1.5, narrow.dispersion *= 0.2;
  const CountScores own = count_scores(test, test_exposure, fitted), other = count_scores(test, test_exposure, shifted), tight = count_scores(test, test_exposure, narrow);
  for (const CountScores* worse : {&other, &tight}) {
    const ScoreDifference log = score_difference(own.cell_log_score, worse->cell_log_score), crps = score_difference(own.cell_crps, worse->cell_crps);
    CHECK(log.mean < -3 * log.se);
    CHECK(crps.mean < -2 * crps.se);
  }
  CHECK(own.log_score.mean() == Approx(*own.mean_log_score.value).epsilon(1e-12));
  set_threads(1);
  const CountScores one = count_scores(test, test_exposure, fitted);
  set_threads(3);
  const CountScores three = count_scores(test, test_exposure, fitted);
  set_threads(0);
  CHECK(one.cell_crps == three.cell_crps);
  CountDistribution impossible = fitted;
  impossible.rate[4] = 0;
  CHECK_FALSE(count_scores(test, test_exposure, impossible).mean_log_score.value);
  CHECK_THROWS_AS(count_scores(test, test_exposure.head(5), fitted), InputError);
}

TEST_CASE("scores of compositions: proper, exact on the circle, and the split adds up") {
  const Eigen::Vector3d cells(50, 30, 20), same(0.5, 0.3, 0.2), other(0.2, 0.3, 0.5);
  const CompositionScore best = composition_score(cells, same), worse = composition_score(cells, other);
  CHECK(*best.log_score.value == Approx(best.least_log_score).epsilon(1e-14));
  CHECK(*worse.log_score.value > best.least_log_score);
  CHECK(*best.circular == Approx(0).margin(1e-15));
  // 0.3 from phase 0 to phase 2, one arc backwards: a third of a turn
  CHECK(*worse.circular == Approx(0.1).epsilon(1e-12));
  CHECK(circular_wasserstein(Eigen::Vector4d(1, 0, 0, 0), Eigen::Vector4d(0, 0, 1, 0), Eigen::Vector4d::Ones()) == Approx(0.5));
  CHECK(circular_wasserstein(Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(0, 0, 1), Eigen::Vector3d(5, 4, 1)) == Approx(0.1));
  // brute force: the least over one constant flow
  const Eigen::Vector4d a(0.1, 0.4, 0.2, 0.3), b(0.3, 0.1, 0.5, 0.1), arc(1, 2, 0.5, 1.5);
  double least = 1e300;
  for (int i = -2000; i <= 2000; ++i) {
    double flow = 0, cost = 0;
    for (Eigen::Index k = 0; k < 4; ++k) flow += a[k] - b[k], cost += std::abs(flow - 0.001 * i) * arc[k] / arc.sum();
    least = std::min(least, cost);
  }
  CHECK(circular_wasserstein(a, b, arc) == Approx(least).margin(1e-3));
  CHECK_FALSE(composition_score(cells, Eigen::Vector3d(0.5, 0.5, 0)).log_score.value);
  CHECK_THROWS_AS(composition_score(cells, Eigen::Vector3d(0.5, 0.5, 0.5)), InputError);
  PhaseMeans arm, control;
  arm.mean = drawn(7, 3, 1, 30), control.mean = drawn(7, 3, 0, 31), arm.share = other, control.share = same;
  const PhaseSplit split = phase_split(arm, control);
  CHECK((split.composition + split.within - (arm.mean * arm.share - control.mean * control.share)).norm() < 1e-13);
  PhaseSplit guess = split;
  guess.within.array() += 0.5;
  const SplitError error = split_error(split, guess);
  CHECK(error.within == Approx(0.25));
  CHECK(error.composition == 0);
  CHECK(error.total == Approx(error.composition + error.within + error.product));
}
