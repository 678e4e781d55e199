// Pairs by tiles, permutation tests, distances on a line and Sinkhorn: brute force, closed forms, SciPy, coverage, threads.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/distance/line_distance.hpp"
#include "libhyped/distance/sinkhorn.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/distance/two_samples.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

Eigen::MatrixXd cloud_at(int cells, int dimensions, double shift, double sd, std::uint32_t job, std::uint32_t trajectory = 0) {
  RandomStream random(7, job, trajectory);
  Eigen::MatrixXd out(cells, dimensions);
  for (Eigen::Index k = 0; k < out.size(); ++k) out.data()[k] = shift + sd * random.normal();
  return out;
}

double brute(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, const PairMeasure& measure, bool unbiased) {
  const auto value = [&](const auto& a, const auto& b) {
    const double squared = (a - b).squaredNorm();
    if (measure.kind == PairMeasure::Kind::euclidean) return std::sqrt(squared);
    if (measure.kind == PairMeasure::Kind::squared_euclidean) return squared;
    double sum = 0;
    for (const double g : measure.gamma) sum -= std::exp(-g * squared);
    return sum / static_cast<double>(measure.gamma.size());
  };
  const auto mean = [&](const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, bool own) {
    long double sum = 0;
    for (Eigen::Index i = 0; i < a.rows(); ++i)
      for (Eigen::Index j = 0; j < b.rows(); ++j)
        if (!own || !unbiased || i != j) sum += value(a.row(i), b.row(j));
    const double n = static_cast<double>(a.rows()), m = static_cast<double>(b.rows());
    return static_cast<double>(sum) / (own && unbiased ? n * (n - 1) : n * m);
  };
  return 2 * mean(x, y, false) - mean(x, x, true) - mean(y, y, true);
}

const PairMeasure gaussian{PairMeasure::Kind::gaussian, {0.02, 0.3}};
const std::vector<PairMeasure> measures = {{}, {PairMeasure::Kind::squared_euclidean, {}}, gaussian};

}  // namespace

TEST_CASE("sums over tiles are sums over pairs, whatever the sizes, far from the origin and with cells that coincide") {
  for (const auto& [n, m, d] : {std::tuple{2, 3, 1}, {97, 95, 5}, {200, 193, 50}, {101, 40, 300}}) {
    Eigen::MatrixXd x = cloud_at(n, d, 1000, 1, 1), y = cloud_at(m, d, 1000.2, 1.3, 2);
    y.row(1) = x.row(0);
    if (n > 3) x.row(3) = x.row(2);
    for (const PairMeasure& measure : measures)
      for (const bool unbiased : {false, true}) {
        const EnergyPairs pairs = unbiased ? EnergyPairs::unbiased : EnergyPairs::with_self;
        const TwoSamples found = two_samples(x, y, measure, pairs);
        const double truth = brute(x, y, measure, unbiased);
        INFO(n << " x " << m << " x " << d << " " << measure.words() << " " << unbiased);
        // differences of means: rounding is that of the means, 1e-12 of them (coordinates of 1000 carry 1e-13 each)
        CHECK(std::abs(found.statistic - truth) < 1e-11 * (1 + std::abs(found.between)));
        CHECK(pair_means(x, y, measure, pairs).distance() == Approx(found.statistic).margin(1e-13 * (1 + std::abs(found.between))));
      }
  }
}

TEST_CASE("replicated cells are at distance zero to the last digit that matters") {
  Eigen::MatrixXd x = cloud_at(150, 20, 5, 1, 3), y = Eigen::MatrixXd::Zero(120, 20);
  y.rowwise() += x.colwise().mean();
  const TwoSamples found = two_samples(x, y, {});
  CHECK(found.within_y == 0);
}

TEST_CASE("no result depends on the number of threads") {
  const Eigen::MatrixXd x = cloud_at(310, 7, 0, 1, 4), y = cloud_at(250, 7, 0.2, 1, 5);
  set_threads(1);
  const TwoSamples one = two_samples(x, y, gaussian);
  const PermutationTest p_one = permutation_test(x, y, {}, {.permutations = 300});
  const SinkhornDivergence s_one = sinkhorn_divergence(x, y);
  set_threads(3);
  const TwoSamples three = two_samples(x, y, gaussian);
  const PermutationTest p_three = permutation_test(x, y, {}, {.permutations = 300});
  const SinkhornDivergence s_three = sinkhorn_divergence(x, y);
  set_threads(0);
  CHECK(one.statistic == three.statistic);
  CHECK(one.influence_x == three.influence_x);
  CHECK(p_one.null_mean == p_three.null_mean);
  CHECK(p_one.p == p_three.p);
  CHECK(s_one.divergence == s_three.divergence);
}

TEST_CASE("the standard error of an energy distance covers the truth") {
  // normals in one dimension: closed form. 300 data sets; 95 % intervals, so 285 +- 2 x 3.8
  const double pi = std::acos(-1.0);
  const auto mean_absolute = [&](double mean, double sd) { return sd * std::sqrt(2 / pi) * std::exp(-mean * mean / (2 * sd * sd)) + mean * std::erf(mean / (sd * std::sqrt(2.0))); };
  const double truth = 2 * mean_absolute(0.8, std::sqrt(2.0)) - 2 * mean_absolute(0, std::sqrt(2.0));
  int inside = 0;
  double bias = 0;
  for (std::uint32_t k = 0; k < 300; ++k) {
    const TwoSamples found = two_samples(cloud_at(80, 1, 0.8, 1, 10, k), cloud_at(120, 1, 0, 1, 11, k), {});
    inside += std::abs(found.statistic - truth) < 1.96 * found.se;
    bias += (found.statistic - truth) / 300;
  }
  CHECK(inside >= 273);
  CHECK(inside <= 297);
  CHECK(std::abs(bias) < 0.03);      // mean of 300 with sd about 0.13: standard error 0.0075
}

TEST_CASE("permutation p-values are uniform where there is no difference, small where there is one") {
  // 400 data sets, 19 permutations: p is a multiple of 1/20, each with probability 1/20
  std::vector<int> count(21, 0);
  for (std::uint32_t k = 0; k < 400; ++k) ++count[static_cast<std::size_t>(std::lround(20 * permutation_test(cloud_at(12, 2, 0, 1, 20, k), cloud_at(9, 2, 0, 1, 21, k), {}, {.permutations = 19, .comparison = k}).p))];
  double chi = 0;
  for (int b = 1; b <= 20; ++b) chi += std::pow(count[static_cast<std::size_t>(b)] - 20.0, 2) / 20;
  CHECK(count[0] == 0);
  CHECK(chi_squared_tail(chi, 19).p > 1e-3);
  const PermutationTest clear = permutation_test(cloud_at(60, 3, 1, 1, 22), cloud_at(50, 3, 0, 1, 23), {}, {.permutations = 199});
  CHECK(clear.p == Approx(1.0 / 200));
  CHECK(clear.p_error == Approx(std::sqrt(clear.p * (1 - clear.p) / 200)));
}

TEST_CASE("the observed statistic of a permutation test is the two-sample statistic, and permutations are what they say") {
  const Eigen::MatrixXd x = cloud_at(101, 4, 0.1, 1, 24), y = cloud_at(96, 4, 0, 1, 25);
  for (const PairMeasure& measure : measures)
    for (const EnergyPairs pairs : {EnergyPairs::with_self, EnergyPairs::unbiased}) {
      const PermutationTest test = permutation_test(x, y, measure, {.permutations = 400, .pairs = pairs});
      CHECK(test.observed == Approx(two_samples(x, y, measure, pairs).statistic).margin(1e-11));
      // unbiased: 0 on average over labels given the cells, exactly
      if (pairs == EnergyPairs::unbiased) CHECK(std::abs(test.null_mean) < 5 * test.null_sd / 20);
    }
  // all values equal: every labelling ties with the observed one
  CHECK(permutation_test(Eigen::MatrixXd::Ones(5, 2), Eigen::MatrixXd::Ones(6, 2), {}, {.permutations = 99}).p == 1);
}

TEST_CASE("Holm-Sidak is as in statsmodels") {
  // statsmodels.stats.multitest.multipletests([.01, .04, .03, .005], method="holm-sidak"), by its formula
  const auto p = holm_sidak(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  CHECK(p[3] == Approx(1 - std::pow(0.995, 4)).epsilon(1e-13));
  CHECK(p[0] == Approx(1 - std::pow(0.99, 3)).epsilon(1e-13));
  CHECK(p[2] == Approx(1 - std::pow(0.97, 2)).epsilon(1e-13));
  CHECK(p[1] == Approx(1 - std::pow(0.97, 2)).epsilon(1e-13));      // not below the one before
}

TEST_CASE("distances on a line are those of all pairs, with zeros that are not stored") {
  RandomStream random(3, 0, 0);
  for (int round = 0; round < 40; ++round) {
    std::vector<float> x, y, all_x, all_y;
    const int n = 2 + static_cast<int>(random.uniform() * 40), m = 2 + static_cast<int>(random.uniform() * 40);
    for (int i = 0; i < n; ++i) all_x.push_back(random.uniform() < 0.5 ? 0.0f : static_cast<float>(std::floor(8 * random.normal())) / 4);
    for (int i = 0; i < m; ++i) all_y.push_back(random.uniform() < 0.3 ? 0.0f : static_cast<float>(std::floor(8 * random.normal()) + 1) / 4);
    for (const float v : all_x)
      if (v != 0) x.push_back(v);
    for (const float v : all_y)
      if (v != 0) y.push_back(v);
    std::sort(x.begin(), x.end()), std::sort(y.begin(), y.end());
    LineInfluence influence;
    const LineDistance found = line_distance({x, n}, {y, m}, &influence);
    const auto column = [](const std::vector<float>& v) { return Eigen::MatrixXd(Eigen::Map<const Eigen::VectorXf>(v.data(), static_cast<Eigen::Index>(v.size())).cast<double>()); };
    CHECK(found.energy == Approx(brute(column(all_x), column(all_y), {}, false)).margin(1e-12));
    CHECK(found.unbiased_energy(n, m) == Approx(brute(column(all_x), column(all_y), {}, true)).margin(1e-12));
    // W1 from quantiles: the mean over n m equal steps of probability
    std::sort(all_x.begin(), all_x.end()), std::sort(all_y.begin(), all_y.end());
    double w1 = 0;
    for (int k = 0; k < n * m; ++k) w1 += std::abs(static_cast<double>(all_x[static_cast<std::size_t>(k / m)]) - static_cast<double>(all_y[static_cast<std::size_t>(k / n)])) / (n * m);
    CHECK(found.w1 == Approx(w1).margin(1e-12));
    // the linear part: 2 (mean |v - y| - mean |v - x|) up to a constant, at every stored place and at zero
    const auto linear = [&](double v) { return 2 * ((column(all_y).array() - v).abs().mean() - (column(all_x).array() - v).abs().mean()); };
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(influence.energy_x[i] - influence.energy_x[0] == Approx(linear(static_cast<double>(x[i])) - linear(static_cast<double>(x[0]))).margin(1e-11));
    for (std::size_t i = 0; i < y.size() && !x.empty(); ++i) CHECK(-influence.energy_y[i] - influence.energy_x[0] == Approx(linear(static_cast<double>(y[i])) - linear(static_cast<double>(x[0]))).margin(1e-11));
    if (static_cast<int>(x.size()) < n && !x.empty()) CHECK(influence.energy_zero - influence.energy_x[0] == Approx(linear(0) - linear(static_cast<double>(x[0]))).margin(1e-11));
  }
}

TEST_CASE("Sinkhorn between normals is as in closed form, and zero between a cloud and itself") {
  // Janati et al. 2020, NeurIPS, theorem 1, one dimension, variances a, b, epsilon = 2 s^2: D = sqrt(4 a b + s^4),
  // OT = (mean)^2 + a + b - D + s^2 (1 - log(2 s^2)) + s^2 log(D + s^2)
  const auto quantiles = [](double mean, double sd) {
    Eigen::MatrixXd out(300, 1);
    for (int i = 0; i < 300; ++i) out(i, 0) = mean + sd * normal_quantile_of((i + 0.5) / 300);
    return out;
  };
  const auto variance = [](const Eigen::MatrixXd& x) { return (x.array() - x.mean()).square().mean(); };
  const Eigen::MatrixXd x = quantiles(0.5, 1), y = quantiles(0, 1.6);
  const double a = variance(x), b = variance(y), epsilon = 0.5, s2 = epsilon / 2;      // the grid's own variances: its tails are cut at 1/600
  const auto transport = [&](double shift, double u, double v) {
    const double d = std::sqrt(4 * u * v + s2 * s2);
    return shift * shift + u + v - d + s2 * (1 - std::log(2 * s2)) + s2 * std::log(d + s2);
  };
  const double truth = transport(0.5, a, b) - 0.5 * transport(0, a, a) - 0.5 * transport(0, b, b);
  const SinkhornDivergence found = sinkhorn_divergence(x, y, {.epsilon = epsilon});
  CHECK(found.outcome.ok());
  CHECK(found.residual < 1e-8);
  CHECK(found.divergence == Approx(truth).epsilon(2e-3));      // grids of 300 points are not normal in the tails
  CHECK(sinkhorn_divergence(x, x).divergence == Approx(0).margin(1e-8));
  // two points: the cost itself
  Eigen::MatrixXd one(1, 2), two(1, 2);
  one << 1, 2;
  two << 4, 6;
  CHECK(sinkhorn_divergence(one, two).divergence == Approx(25).epsilon(1e-12));
  // small epsilon: the exact transport of sorted samples
  const Eigen::MatrixXd u = cloud_at(12, 1, 0, 1, 30), v = cloud_at(12, 1, 1, 2, 31);
  std::vector<double> su(u.data(), u.data() + 12), sv(v.data(), v.data() + 12);
  std::sort(su.begin(), su.end()), std::sort(sv.begin(), sv.end());
  double exact = 0;
  for (std::size_t i = 0; i < 12; ++i) exact += (su[i] - sv[i]) * (su[i] - sv[i]) / 12;
  const SinkhornDivergence sharp = sinkhorn_divergence(u, v, {.relative_epsilon = 0.01, .tolerance = 1e-5, .most_iterations = 20000});
  CHECK(sharp.divergence == Approx(exact).epsilon(0.03));
  // what does not converge says so
  const SinkhornDivergence cut = sinkhorn_divergence(u, v, {.relative_epsilon = 0.002, .most_iterations = 5});
  CHECK(cut.outcome.status == Status::not_converged);
  CHECK(cut.residual > 1e-8);
}

TEST_CASE("bad clouds are refused") {
  const Eigen::MatrixXd x = cloud_at(5, 2, 0, 1, 40);
  Eigen::MatrixXd broken = x;
  broken(1, 1) = std::nan("");
  CHECK_THROWS_AS(two_samples(x, cloud_at(5, 3, 0, 1, 41), {}), InputError);
  CHECK_THROWS_AS(two_samples(x, broken, {}), InputError);
  CHECK_THROWS_AS(two_samples(x, x.topRows(1), {}), InputError);
  CHECK_THROWS_AS(two_samples(x, x, {PairMeasure::Kind::gaussian, {}}), InputError);
  CHECK_THROWS_AS(permutation_test(x, broken, {}), InputError);
  CHECK_THROWS_AS(permutation_test(x, x, {}, {.permutations = 0}), InputError);
  CHECK_THROWS_AS(sinkhorn_divergence(x, broken), InputError);
  CHECK_THROWS_AS(sinkhorn_divergence(Eigen::MatrixXd::Ones(4, 2), Eigen::MatrixXd::Ones(3, 2)), InputError);
}

TEST_CASE("line distances and pairs are SciPy's", "[peers]") {
  const Eigen::MatrixXd x = cloud_at(61, 3, 0, 1, 50), y = cloud_at(47, 3, 0.4, 1.5, 51);
  std::string code = "import numpy as np, scipy.stats as s\nfrom scipy.spatial.distance import cdist\n";
  const auto list = [&](const char* name, const Eigen::MatrixXd& m) {
    code += std::string(name) + "=np.array([";
    char number[40];
    for (Eigen::Index i = 0; i < m.rows(); ++i)
      for (Eigen::Index k = 0; k < 3; ++k) std::snprintf(number, sizeof number, "%.17g,", m(i, k)), code += number;
    code += "]).reshape(-1,3)\n";
  };
  list("x", x), list("y", y);
  code += "a=x[:,0].astype(np.float32);b=y[:,0].astype(np.float32)\nprint(s.energy_distance(a,b)**2,s.wasserstein_distance(a,b),2*cdist(x,y).mean()-cdist(x,x).mean()-cdist(y,y).mean())\n";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("python3 -c \"" + code + "\" 2>/dev/null").c_str(), "r"), pclose);
  double energy = 0, w1 = 0, pairs = 0;
  if (!pipe || std::fscanf(pipe.get(), "%lf %lf %lf", &energy, &w1, &pairs) != 3) {
    WARN("skipped: no SciPy (Debian python3-scipy)");
    return;
  }
  std::vector<float> a, b;
  for (Eigen::Index i = 0; i < x.rows(); ++i) a.push_back(static_cast<float>(x(i, 0)));
  for (Eigen::Index i = 0; i < y.rows(); ++i) b.push_back(static_cast<float>(y(i, 0)));
  std::sort(a.begin(), a.end()), std::sort(b.begin(), b.end());
  const LineDistance line = line_distance({a, 61}, {b, 47});
  CHECK(line.energy == Approx(energy).epsilon(1e-9));
  CHECK(line.w1 == Approx(w1).epsilon(1e-9));
  CHECK(two_samples(x, y, {}, EnergyPairs::with_self).statistic == Approx(pairs).epsilon(1e-9));
}
