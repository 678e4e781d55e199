// Refits to residuals drawn anew: the posterior of a linear model, and intervals that cover where a model bends.
#include "fitting/networks/evidence/randomised_refits.hpp"

#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// Rows of data a theta - y with any covariance, and a prior of variance 1 on each parameter.
struct Linear : ResidualFunction {
  Eigen::MatrixXd a;
  Eigen::VectorXd y;
  int residual_count() const override { return static_cast<int>(a.rows() + a.cols()); }
  int parameter_count() const override { return static_cast<int>(a.cols()); }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    residuals.resize(residual_count());
    residuals << a * theta - y, theta;
    if (jacobian) {
      *jacobian = Eigen::MatrixXd::Zero(residual_count(), parameter_count());
      jacobian->topRows(a.rows()) = a;
      jacobian->bottomRows(a.cols()).setIdentity();
    }
    return {};
  }
};

// Saturation: e^p x / (1 + e^q x) at doses far from its top, errors 1, measured priors of sd 1.5 on p and q.
struct Saturating : ResidualFunction {
  std::vector<double> dose{0.1, 0.2, 0.4, 0.8};
  Eigen::VectorXd y = Eigen::VectorXd::Zero(4), prior = Eigen::VectorXd::Zero(2);
  double error = 0.08, width = 1.5;
  int residual_count() const override { return 6; }
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& t, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    residuals.resize(6);
    if (jacobian) *jacobian = Eigen::MatrixXd::Zero(6, 2);
    for (int i = 0; i < 4; ++i) {
      const double x = dose[static_cast<std::size_t>(i)], top = std::exp(t[0]) * x, low = 1 + std::exp(t[1]) * x;
      residuals[i] = (top / low - y[i]) / error;
      if (jacobian) (*jacobian)(i, 0) = top / low / error, (*jacobian)(i, 1) = -top / (low * low) * std::exp(t[1]) * x / error;
    }
    residuals.tail(2) = (t - prior) / width;
    if (jacobian) jacobian->bottomRows(2) = Eigen::MatrixXd::Identity(2, 2) / width;
    return {};
  }
};

}  // namespace

TEST_CASE("refits of a linear model are draws of its posterior, whatever the errors' covariance and the number of threads") {
  Linear model;
  model.a.resize(5, 3);
  model.a << 1, 0.5, 0, 2, -1, 0.3, 0, 1, 1, 0.4, 0.2, -1, 1, 1, 1;
  model.y = Eigen::VectorXd::LinSpaced(5, -1, 2);
  Eigen::MatrixXd errors = Eigen::MatrixXd::Constant(5, 5, 0.4);
  errors.diagonal().array() += 0.8;
  const Eigen::MatrixXd v = (model.a.transpose() * model.a + Eigen::MatrixXd::Identity(3, 3)).inverse();
  const Eigen::MatrixXd want = v * (model.a.transpose() * errors * model.a + Eigen::MatrixXd::Identity(3, 3)) * v;
  const Eigen::VectorXd optimum = v * model.a.transpose() * model.y, low = Eigen::VectorXd::Constant(3, -50), high = Eigen::VectorXd::Constant(3, 50);
  const int before = thread_setting();
  set_threads(1);
  const RandomisedRefits one = randomised_refits(model, optimum, low, high, errors, {.draws = 4000});
  set_threads(2);
  const RandomisedRefits two = randomised_refits(model, optimum, low, high, errors, {.draws = 4000});
  set_threads(before);
  REQUIRE(one.outcome.ok());
  CHECK(one.failed == 0);
  CHECK(one.theta == two.theta);
  for (int k = 0; k < 3; ++k) {
    const double sd = std::sqrt(want(k, k));
    CHECK(one.mean[k] == Approx(optimum[k]).margin(4 * sd / std::sqrt(4000.0)));
    CHECK(one.sd[k] == Approx(sd).epsilon(4 / std::sqrt(8000.0)));      // the sd of an sd is 1 / sqrt(2 n) of it
    CHECK(one.upper[k] - one.lower[k] == Approx(2 * 1.96 * sd).epsilon(0.06));
  }
  // another seed, other draws; bounds hold
  CHECK_FALSE(randomised_refits(model, optimum, low, high, errors, {.draws = 10, .seed = 2}).theta == one.theta.topRows(10));
  const RandomisedRefits held = randomised_refits(model, optimum, optimum, high, errors, {.draws = 50});
  CHECK((held.theta.rowwise() - optimum.transpose()).minCoeff() >= 0);
  CHECK(held.lower == optimum);
}

TEST_CASE("where a model bends, intervals of refits cover where linear ones do less", "[standard]") {
  const Eigen::Vector2d truth(std::log(1.0), std::log(3.0));
  Eigen::VectorXd low = Eigen::VectorXd::Constant(2, -9), high = Eigen::VectorXd::Constant(2, 9);
  int by_refits = 0, linear = 0, sets = 400, used = 0;
  for (int n = 0; n < sets; ++n) {
    Saturating model;
    RandomStream random(17, 0, static_cast<std::uint32_t>(n));
    Eigen::VectorXd at_truth;
    (void)model.evaluate(truth, at_truth, nullptr);
    for (int i = 0; i < 4; ++i) model.y[i] = at_truth[i] * model.error + model.error * random.normal();
    for (int k = 0; k < 2; ++k) model.prior[k] = truth[k] + model.width * random.normal();
    const LeastSquaresResult fit = least_squares(model, model.prior, low, high);
    if (!fit.outcome.ok()) continue;
    const RandomisedRefits refits = randomised_refits(model, fit.theta, low, high, Eigen::MatrixXd::Identity(4, 4), {.draws = 40, .descent = {}, .seed = static_cast<std::uint64_t>(n) + 1});
    REQUIRE(refits.outcome.ok());
    Eigen::VectorXd residuals;
    Eigen::MatrixXd jacobian;
    (void)model.evaluate(fit.theta, residuals, &jacobian);
    const Eigen::MatrixXd v = (jacobian.transpose() * jacobian).inverse();
    for (int k = 0; k < 2; ++k, ++used) {
      by_refits += refits.lower[k] <= truth[k] && truth[k] <= refits.upper[k];
      linear += std::abs(fit.theta[k] - truth[k]) <= 1.96 * std::sqrt(v(k, k));
    }
  }
  REQUIRE(used > 0.98 * 2 * sets);
  const double share = static_cast<double>(by_refits) / used, plain = static_cast<double>(linear) / used;
  WARN("refits cover " << share << ", linear intervals " << plain << " of " << used);
  const double chance = 2.5 * std::sqrt(0.95 * 0.05 / (0.5 * used));      // two parameters of one set go together
  CHECK(share > 0.95 - chance);
  CHECK(share > plain);
}
