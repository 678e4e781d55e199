// Distances between clouds: closed forms, SciPy on the same numbers, gradients against differences, threads.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "libhyped/distance/energy.hpp"
#include "libhyped/distance/sliced_wasserstein.hpp"
#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

Eigen::MatrixXd cloud(int cells, int genes, double shift, double sd, std::uint32_t job) {
  RandomStream random(5, job, 0);
  Eigen::MatrixXd out(cells, genes);
  for (Eigen::Index k = 0; k < out.size(); ++k) out.data()[k] = shift + sd * random.normal();
  return out;
}

std::vector<double> quantiles(int count, double mean, double sd) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) out.push_back(mean + sd * normal_quantile_of((i + 0.5) / count));
  return out;
}

template <class Function>
double largest_gradient_error(const Function& function, Eigen::MatrixXd x, const Eigen::MatrixXd& gradient) {
  double worst = 0;
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    const double at = x.data()[k], step = 1e-6;
    x.data()[k] = at + step;
    const double above = function(x);
    x.data()[k] = at - step;
    const double below = function(x);
    x.data()[k] = at;
    worst = std::max(worst, std::abs((above - below) / (2 * step) - gradient.data()[k]));
  }
  return worst / gradient.cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("W2 between normals is the difference of means and deviations") {
  // quantiles at mid-probabilities: the tails beyond 1/40000 are missing, 2e-4 of the variance
  const auto x = quantiles(20000, 1.0, 2.0), y = quantiles(20000, -0.5, 0.7);
  CHECK(wasserstein2_squared(x, y) == Approx(1.5 * 1.5 + 1.3 * 1.3).epsilon(3e-4));
  CHECK(wasserstein2_squared(x, x) == 0);
  // unequal sizes: each point of one stands against its share of the other
  const std::vector<double> two{0, 3}, three{0, 3, 3};
  CHECK(wasserstein2_squared(two, three) == Approx(9.0 / 6).epsilon(1e-14));
}

TEST_CASE("sliced W2 between isotropic normals does not depend on the direction") {
  // a shift d in one of D genes: mean over the sphere of (d theta_1)^2 is d^2 / D
  Eigen::MatrixXd x = cloud(4000, 5, 0, 1, 1), y = x;
  y.col(2).array() += 1.5;
  const Eigen::MatrixXd directions = slicing_directions(5, 4000, 3);
  CHECK(directions.colwise().norm().minCoeff() == Approx(1).epsilon(1e-12));
  CHECK(sliced_wasserstein2_squared(x, y, directions) == Approx(1.5 * 1.5 / 5).epsilon(0.05));      // 4000 directions: 2 % and the sample's own correlation
}

TEST_CASE("energy distance in one dimension is twice the integral of the squared difference of distributions") {
  const Eigen::MatrixXd x = cloud(60, 1, 0, 1, 2), y = cloud(45, 1, 0.4, 1.3, 3);
  std::vector<double> all;
  for (Eigen::Index i = 0; i < x.rows(); ++i) all.push_back(x(i, 0));
  for (Eigen::Index i = 0; i < y.rows(); ++i) all.push_back(y(i, 0));
  std::sort(all.begin(), all.end());
  double integral = 0;
  for (std::size_t k = 0; k + 1 < all.size(); ++k) {
    const double f = static_cast<double>((x.array() <= all[k]).count()) / 60, g = static_cast<double>((y.array() <= all[k]).count()) / 45;
    integral += (f - g) * (f - g) * (all[k + 1] - all[k]);
  }
  CHECK(energy_distance(x, y) == Approx(2 * integral).epsilon(1e-12));
  CHECK(energy_distance(x, x) == Approx(0).margin(1e-14));
}

TEST_CASE("energy distance between normals as in closed form") {
  // E|X - Y| of N(m, s^2) is s sqrt(2/pi) exp(-m^2/2s^2) + m erf(m / (s sqrt 2)); 4000 + 4000 cells, unbiased: standard error about 0.01
  const double m = 1, s = std::sqrt(1 + 0.25), pi = std::acos(-1.0);
  const auto mean_absolute = [&](double mean, double sd) { return sd * std::sqrt(2 / pi) * std::exp(-mean * mean / (2 * sd * sd)) + mean * std::erf(mean / (sd * std::sqrt(2.0))); };
  const double truth = 2 * mean_absolute(m, s) - mean_absolute(0, std::sqrt(2.0)) - mean_absolute(0, std::sqrt(0.5));
  CHECK(energy_distance(cloud(4000, 1, 1, 1, 4), cloud(4000, 1, 0, 0.5, 5), nullptr, EnergyPairs::unbiased) == Approx(truth).margin(0.04));
}

TEST_CASE("gradients of both distances are those of differences, and the same for any number of threads") {
  const Eigen::MatrixXd x = cloud(17, 3, 0, 1, 6), y = cloud(23, 3, 0.3, 1.2, 7), directions = slicing_directions(3, 20, 1);
  for (const EnergyPairs pairs : {EnergyPairs::with_self, EnergyPairs::unbiased}) {
    Eigen::MatrixXd by;
    energy_distance(x, y, &by, pairs);
    CHECK(largest_gradient_error([&](const Eigen::MatrixXd& at) { return energy_distance(at, y, nullptr, pairs); }, x, by) < 1e-6);
  }
  Eigen::MatrixXd by, again;
  set_threads(1);
  const double one = sliced_wasserstein2_squared(x, y, directions, &by), energy_one = energy_distance(x, y, &again);
  CHECK(largest_gradient_error([&](const Eigen::MatrixXd& at) { return sliced_wasserstein2_squared(at, y, directions); }, x, by) < 1e-6);
  set_threads(3);
  Eigen::MatrixXd three_by, three_again;
  CHECK(sliced_wasserstein2_squared(x, y, directions, &three_by) == one);
  CHECK(energy_distance(x, y, &three_again) == energy_one);
  CHECK(three_by == by);
  CHECK(three_again == again);
  set_threads(0);
  CHECK_THROWS_AS(energy_distance(x, cloud(5, 2, 0, 1, 8)), InputError);
  CHECK_THROWS_AS(energy_distance(x, cloud(1, 3, 0, 1, 8), nullptr, EnergyPairs::unbiased), InputError);
}

TEST_CASE("energy and W2 are SciPy's on the same numbers", "[peers]") {
  const Eigen::MatrixXd x = cloud(40, 1, 0, 1, 9), y = cloud(40, 1, 0.7, 2, 10);
  std::string code = "import numpy as np, scipy.stats as s, scipy.optimize as o\nx=np.array([";
  for (Eigen::Index i = 0; i < 40; ++i) code += std::to_string(x(i, 0)) + ",";
  code += "]);y=np.array([";
  for (Eigen::Index i = 0; i < 40; ++i) code += std::to_string(y(i, 0)) + ",";
  code += "])\nc=(x[:,None]-y[None,:])**2\nr,k=o.linear_sum_assignment(c)\nprint(s.energy_distance(x,y)**2,c[r,k].mean())\n";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("python3 -c \"" + code + "\" 2>/dev/null").c_str(), "r"), pclose);
  double energy = 0, transport = 0;
  if (!pipe || std::fscanf(pipe.get(), "%lf %lf", &energy, &transport) != 2) {
    WARN("skipped: no SciPy (Debian python3-scipy)");
    return;
  }
  // the numbers were passed with six decimals
  CHECK(energy_distance(x, y) == Approx(energy).epsilon(1e-4));
  CHECK(wasserstein2_squared({x.data(), 40}, {y.data(), 40}) == Approx(transport).epsilon(1e-4));
}
