// Prediction intervals: exact where the model is linear, 95 % covered where it is not, open where the data do not end them.
#include "fitting/prediction_profile.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numeric>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/written_residuals.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

// A prediction from its value and gradient as one function.
NamedPrediction prediction(std::string name, std::function<double(const Eigen::VectorXd&, Eigen::VectorXd&)> body) {
  return {std::move(name), "1", [body](const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) {
            Eigen::VectorXd slope = Eigen::VectorXd::Zero(theta.size());
            value = body(theta, slope);
            if (gradient != nullptr) *gradient = slope;
            return Outcome{};
          }};
}

// y = a (1 - exp(-b t)) at eight times up to t = 3 with spread 0.08, and what it will be at 10.
const std::vector<double> times{0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3};
constexpr double spread = 0.08;
Written saturation(const Eigen::VectorXd& y) {
  return Written(8, 2, [y](const auto& theta, auto& r, auto& j) {
    for (int i = 0; i < 8; ++i) {
      const double e = std::exp(-theta[1] * times[i]);
      r[i] = (theta[0] * (1 - e) - y[i]) / spread;
      j.row(i) << (1 - e) / spread, theta[0] * times[i] * e / spread;
    }
  });
}
double later(const Eigen::VectorXd& theta, Eigen::VectorXd& slope) {
  const double e = std::exp(-10 * theta[1]);
  slope << 1 - e, theta[0] * 10 * e;
  return theta[0] * (1 - e);
}
Eigen::VectorXd drawn_data(const Eigen::Vector2d& truth, std::uint32_t job) {
  RandomStream random(31, job, 0);
  Eigen::VectorXd y(8);
  for (int i = 0; i < 8; ++i) y[i] = truth[0] * (1 - std::exp(-truth[1] * times[i])) + spread * random.normal();
  return y;
}

}  // namespace

TEST_CASE("a linear model's prediction interval is Wald's") {
  Eigen::MatrixXd x(6, 3);
  x << 1, 0.2, 3, 0.5, 1, -1, 2, 0.1, 0.4, 1, 1, 1, -1, 2, 0.3, 0.2, 0.9, 2;
  const Eigen::VectorXd y = (Eigen::VectorXd(6) << 1, 2, -1, 0.3, 2.5, 1).finished();
  const Written linear(6, 3, [&](const auto& theta, auto& r, auto& j) {
    r = x * theta - y;
    j = x;
  });
  const ParameterSpace space = space_of({"a", "b", "c"}, -50, 50, 0);
  const Eigen::VectorXd optimum = (x.transpose() * x).ldlt().solve(x.transpose() * y), u = Eigen::Vector3d(2, -1, 0.5);
  const double sd = std::sqrt(u.dot((x.transpose() * x).inverse() * u)), reach = std::sqrt(3.841458820694124) * sd;
  std::vector<NamedPrediction> asked{prediction("sum", [&](const auto& theta, auto& slope) {
    slope = u;
    return u.dot(theta);
  })};
  asked.push_back(prediction("a", [](const auto& theta, auto& slope) {
    slope[0] = 1;
    return theta[0];
  }));
  const auto found = prediction_profiles(linear, space, optimum, asked);
  const PredictionProfile& p = found[0];
  INFO(p.verdict);
  CHECK(p.lower == Approx(u.dot(optimum) - reach).epsilon(1e-6));
  CHECK(p.upper == Approx(u.dot(optimum) + reach).epsilon(1e-6));
  CHECK(p.linear_sd == Approx(sd).epsilon(1e-3));
  CHECK(p.verdict == "identified");
  CHECK(p.points.size() >= 9);
  CHECK(p.points.size() <= 30);
  for (const auto& point : p.points) CHECK(point.rise == Approx(std::pow((point.value - p.estimate) / sd, 2)).epsilon(1e-6).margin(1e-9));
  // of a parameter it is the parameter's profile
  const Profile own = profile_likelihood(linear, space, optimum, {0})[0];
  CHECK(found[1].lower == Approx(own.lower).epsilon(1e-6));
  CHECK(found[1].upper == Approx(own.upper).epsilon(1e-6));
  const int before = threads();
  set_threads(1);
  CHECK(prediction_profiles(linear, space, optimum, asked)[1].lower == found[1].lower);
  set_threads(before);
  ProfileOptions own_thresholds;
  own_thresholds.thresholds = {9.0, 3.841458820694124};
  const auto wider = prediction_profiles(linear, space, optimum, asked, own_thresholds);
  CHECK(wider[0].upper == Approx(u.dot(optimum) + 3 * sd).epsilon(1e-6));
  CHECK(wider[1].upper == Approx(own.upper).epsilon(1e-6));
  const auto off = prediction_profiles(linear, space, Eigen::VectorXd(optimum.array() + 0.5), asked);
  CHECK(off[0].better > 0);
  CHECK_FALSE(off[0].outcome.ok());
}

TEST_CASE("what only a product determines is predicted, its factors are not") {
  const Written product(2, 2, [](const auto& theta, auto& r, auto& j) {
    const double value = theta[0] + theta[1];
    r << (value - 0.01) / 0.01, (value + 0.01) / 0.01;
    j.setConstant(100);
  });
  const ParameterSpace space = space_of({"a", "b"}, 1e-3, 1e3, 1);
  const auto found = prediction_profiles(product, space, Eigen::VectorXd::Zero(2), {prediction("a b", [](const auto& theta, auto& slope) {
    const double value = std::pow(10, theta[0] + theta[1]);
    slope.setConstant(value * std::log(10.0));
    return value;
  }), prediction("a", [](const auto& theta, auto& slope) {
    const double value = std::pow(10, theta[0]);
    slope[0] = value * std::log(10.0);
    return value;
  })});
  const double reach = 0.01 * std::sqrt(3.841458820694124 / 2);
  INFO(found[0].verdict << " / " << found[1].verdict << " " << found[1].lower << " " << found[1].upper);
  CHECK(found[0].lower == Approx(std::pow(10, -reach)).epsilon(1e-4));
  CHECK(found[0].upper == Approx(std::pow(10, reach)).epsilon(1e-4));
  CHECK(found[1].below.end == ProfileEnd::open);
  CHECK(found[1].above.end == ProfileEnd::open);
  CHECK_THAT(found[1].verdict, Contains("open below and above"));
  CHECK(found[1].lower == Approx(1e-3).epsilon(0.1));
  CHECK(found[1].upper == Approx(1e3).epsilon(0.02));
}

TEST_CASE("a rate that can be arbitrarily fast: the interval is open there, in whatever way it is predicted") {
  const Written decay(1, 1, [](const auto& theta, auto& r, auto& j) {
    const double k = std::pow(10.0, theta[0]);
    r[0] = (std::exp(-k) - 0.02) / 0.05;
    j(0, 0) = -std::exp(-k) / 0.05 * k * std::log(10.0);
  });
  const ParameterSpace space = space_of({"k"}, 1e-2, 1e4, 1);
  const Eigen::VectorXd optimum = Eigen::VectorXd::Constant(1, std::log10(-std::log(0.02)));
  const auto found = prediction_profiles(decay, space, optimum, {prediction("k", [](const auto& theta, auto& slope) {
    slope[0] = std::log(10.0) * std::pow(10.0, theta[0]);
    return std::pow(10.0, theta[0]);
  }), prediction("time", [](const auto& theta, auto& slope) {
    slope[0] = -std::log(10.0) * std::pow(10.0, -theta[0]);
    return std::pow(10.0, -theta[0]);
  })});
  const double slowest = -std::log(0.02 + 0.05 * std::sqrt(3.841458820694124));
  INFO(found[0].verdict << " / " << found[1].verdict << " " << found[1].lower);
  CHECK(found[0].lower == Approx(slowest).epsilon(1e-3));
  CHECK(found[0].above.end == ProfileEnd::open);
  CHECK(found[0].upper == Approx(1e4).epsilon(0.05));
  CHECK(found[0].verdict == "open above; above it ends with k at a bound");
  CHECK(found[1].upper == Approx(1 / slowest).epsilon(1e-3));
  CHECK(found[1].below.end == ProfileEnd::open);
  CHECK(found[1].lower == Approx(1e-4).margin(2e-3));
  // a prediction that nothing changes, and one that cannot be evaluated
  const auto wrong = prediction_profiles(decay, space, optimum, {prediction("constant", [](const auto&, auto&) { return 3.0; }),
    {"broken", "1", [](const Eigen::VectorXd&, double&, Eigen::VectorXd*) { return Outcome{Status::singular, "no such state"}; }}});
  CHECK_THAT(wrong[0].verdict, Contains("does not change"));
  CHECK_THAT(wrong[1].verdict, Contains("no such state"));
}

TEST_CASE("an extrapolation's interval covers at its level, and agrees with the bootstrap where Wald's does not") {
  const Eigen::Vector2d truth(2, 0.3);
  const Eigen::VectorXd lower = Eigen::Vector2d(0.01, 0.01), upper = Eigen::Vector2d(100, 100);
  ParameterSpace linear;
  for (const char* name : {"a", "b"}) linear.add({name, "1", "", 0.01, 100, 1, SearchScale::linear, std::nullopt});
  Eigen::VectorXd none(2);
  const double actual = later(truth, none);
  constexpr int runs = 1000;
  std::vector<int> covered(runs), wald(runs), closed(runs);
  std::vector<double> estimates(runs);
  parallel_for(runs, [&](int n) {
    const Written data = saturation(drawn_data(truth, static_cast<std::uint32_t>(n)));
    const LeastSquaresResult fit = least_squares(data, truth, lower, upper);
    const PredictionProfile p = prediction_profiles(data, linear, fit.theta, {prediction("later", later)})[0];
    closed[n] = p.identified && p.outcome.ok();
    covered[n] = p.lower <= actual && actual <= p.upper;
    wald[n] = std::abs(p.estimate - actual) <= 1.959963985 * p.linear_sd;
  });
  const auto share = [&](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0.0) / runs; };
  INFO("coverage " << share(covered) << ", Wald " << share(wald) << ", closed " << share(closed));
  CHECK(share(closed) > 0.99);
  CHECK(std::abs(share(covered) - 0.95) < 0.021);      // three standard errors of 1,000 runs
  CHECK(share(wald) < 0.93);

  // One data set: quantiles of parametric bootstrap fits about its own fit; the profile's ends within a tenth of its width.
  const Written data = saturation(drawn_data(truth, 4711));
  const LeastSquaresResult fit = least_squares(data, truth, lower, upper);
  const PredictionProfile p = prediction_profiles(data, linear, fit.theta, {prediction("later", later)})[0];
  parallel_for(runs, [&](int n) {
    const Written again = saturation(drawn_data(fit.theta, static_cast<std::uint32_t>(100000 + n)));
    Eigen::VectorXd slope(2);
    estimates[n] = later(least_squares(again, fit.theta, lower, upper).theta, slope);
  });
  std::sort(estimates.begin(), estimates.end());
  const double low = estimates[25], high = estimates[975];
  INFO("profile " << p.lower << " " << p.upper << ", bootstrap " << low << " " << high << ", estimate " << p.estimate << " sd " << p.linear_sd);
  CHECK(p.upper - p.estimate > p.estimate - p.lower);      // skewed, as the bootstrap is
  CHECK(high - p.estimate > p.estimate - low);
  CHECK(std::abs(p.lower - low) < 0.1 * (p.upper - p.lower));
  CHECK(std::abs(p.upper - high) < 0.1 * (p.upper - p.lower));
}
