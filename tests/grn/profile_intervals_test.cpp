// Profile intervals of many parameters at once: against direct minimisation, parts against joint walks, coverage where linear intervals fail.
#include "fitting/networks/evidence/profile_intervals.hpp"

#include <Eigen/Cholesky>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/networks/evidence/edge_identifiability.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// r = (a - 1) / 0.2, (a b - 2) / 0.1, prior of b.
class Product final : public ResidualFunction {
 public:
  int residual_count() const override { return 3; }
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& t, Eigen::VectorXd& r, Eigen::MatrixXd* j) const override {
    r.resize(3);
    r << (t[0] - 1) / 0.2, (t[0] * t[1] - 2) / 0.1, (t[1] - 2) / 3;
    if (j) {
      j->setZero(3, 2);
      *j << 5, 0, 10 * t[1], 10 * t[0], 0, 1.0 / 3;
    }
    return {};
  }
};

double logistic(double z) { return 1 / (1 + std::exp(-z)); }

// Genes that answer to one regulator of level s in four samples of doses u: level exp(a) logistic(o + w s u) / logistic(o), in errors of 5 % of the level
// at rest. Parameters: s, then a, o, w of each gene; priors of all. Near saturation o and w are known in part only.
class Followers final : public ResidualFunction {
 public:
  Followers(int genes, double shared_sd) : genes_(genes), prior_sd(1 + 3 * genes), prior_mean(1 + 3 * genes), data(Eigen::VectorXd::Zero(4 * genes)) {
    prior_sd[0] = shared_sd, prior_mean[0] = 1;
    for (int g = 0; g < genes; ++g) prior_sd.segment(1 + 3 * g, 3) = Eigen::Vector3d(1, 0.7, 2), prior_mean.segment(1 + 3 * g, 3) = Eigen::Vector3d(0, -1.2, 2);
  }
  int residual_count() const override { return static_cast<int>(data.size() + prior_sd.size()); }
  int parameter_count() const override { return static_cast<int>(prior_sd.size()); }
  Outcome evaluate(const Eigen::VectorXd& t, Eigen::VectorXd& r, Eigen::MatrixXd* j) const override {
    r.resize(residual_count());
    if (j) j->setZero(residual_count(), parameter_count());
    for (int g = 0; g < genes_; ++g)
      for (int k = 0; k < 4; ++k) {
        const int row = 4 * g + k, a = 1 + 3 * g;
        const double u = doses[static_cast<std::size_t>(k)], rest = logistic(t[a + 1]), z = t[a + 1] + t[a + 2] * t[0] * u, f = logistic(z), level = std::exp(t[a]) * f / rest, slope = level * (1 - f) / error;
        r[row] = (level - data[row]) / error;
        if (!j) continue;
        (*j)(row, 0) = slope * t[a + 2] * u, (*j)(row, a) = level / error;
        (*j)(row, a + 1) = slope - level * (1 - rest) / error, (*j)(row, a + 2) = slope * t[0] * u;
      }
    for (int p = 0; p < parameter_count(); ++p) {
      r[data.size() + p] = (t[p] - prior_mean[p]) / prior_sd[p];
      if (j) (*j)(data.size() + p, p) = 1 / prior_sd[p];
    }
    return {};
  }
  void make_data(const Eigen::VectorXd& truth) {
    Eigen::VectorXd r;
    data.setZero();
    evaluate(truth, r, nullptr);
    data = error * r.head(data.size());
  }
  ResidualParts parts(bool one_by_one) const {
    ResidualParts out{std::vector<int>(static_cast<std::size_t>(residual_count()), -1), std::vector<int>(static_cast<std::size_t>(parameter_count()), -1)};
    if (one_by_one)
      for (int g = 0; g < genes_; ++g) {
        for (int k = 0; k < 4; ++k) out.of_residual[static_cast<std::size_t>(4 * g + k)] = g;
        for (int k = 0; k < 3; ++k) out.of_parameter[static_cast<std::size_t>(1 + 3 * g + k)] = g;
      }
    return out;
  }
  Eigen::VectorXd bounds(double value) const { return Eigen::VectorXd::Constant(parameter_count(), value); }

 private:
  int genes_;

 public:
  static constexpr double error = 0.05;
  std::array<double, 4> doses{0, 0.5, 1, 1.5};
  Eigen::VectorXd prior_sd, prior_mean, data;
};

}  // namespace

TEST_CASE("profile intervals follow curvature: ends and root against direct minimisation") {
  const Product function;
  const Eigen::VectorXd optimum = Eigen::Vector2d(1, 2), lower = Eigen::Vector2d(0.05, 0.01), upper = Eigen::Vector2d(5, 30);
  const auto rise = [&](double b) {
    double best = 1e300;
    for (double a = 0.05; a < 3; a += 1e-4) best = std::min(best, std::pow((a - 1) / 0.2, 2) + std::pow((a * b - 2) / 0.1, 2) + std::pow((b - 2) / 3, 2));
    return best;
  };
  const ResidualParts all_shared{{-1, -1, -1}, {-1, -1}};
  const ProfileIntervals made = profile_intervals(function, optimum, lower, upper, all_shared, {{1, 1.0, 8.0}, {1, 1.5}});
  REQUIRE(made.outcome.ok());
  CHECK(made.unsettled == 0);
  CHECK(made.improved < 1e-9);
  for (const auto& one : made.intervals) CHECK((one.closed_below && one.closed_above));
  CHECK(rise(made.intervals[0].lower) == Approx(3.84).margin(0.2));
  CHECK(rise(made.intervals[0].upper) == Approx(3.84).margin(0.2));
  CHECK(made.intervals[0].root == Approx(-std::sqrt(rise(8))).epsilon(0.02));
  CHECK(rise(made.intervals[1].lower) == Approx(1.5 * 3.84).margin(0.3));
  CHECK(rise(made.intervals[1].upper) == Approx(1.5 * 3.84).margin(0.3));
  // a bound before the end
  const ProfileIntervals cut = profile_intervals(function, optimum, lower, Eigen::Vector2d(5, 2.2), all_shared, {{1}});
  CHECK(cut.intervals[0].upper == Approx(2.2));
  CHECK_FALSE(cut.intervals[0].closed_above);
  CHECK(cut.intervals[0].settled);
  // the edge's evidence takes the interval and its width
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
  function.evaluate(optimum, residuals, &jacobian);
  const NetworkEvidence evidence(optimum, jacobian, 2, Eigen::Vector2d(std::numeric_limits<double>::infinity(), 3), {"a", "A -> B"});
  const EdgeEvidence edge = with_profile(evidence.edge(1, 8), made.intervals[0], 8);
  CHECK(edge.upper == made.intervals[0].upper);
  CHECK(edge.z == made.intervals[0].root);
  CHECK(edge.data_share == Approx(1 - std::pow((edge.upper - edge.lower) / 3.92 / 3, 2)).epsilon(1e-3));
}

TEST_CASE("genes side by side have the profiles that they have one by one with all else refitted") {
  for (const double shared_sd : {0.02, 0.05}) {
    Followers followers(3, shared_sd);
    Eigen::VectorXd truth = followers.prior_mean;
    truth[3] = 1.5, truth[5] = -2, truth[6] = 4, truth[9] = -1.5;      // one far into saturation, one falls
    followers.make_data(truth);
    const Eigen::VectorXd lower = followers.bounds(-10), upper = followers.bounds(10);
    const LeastSquaresResult fit = least_squares(followers, truth, lower, upper);
    REQUIRE(fit.outcome.ok());
    std::vector<ProfileRequest> wanted;
    for (int p = 1; p < followers.parameter_count(); ++p) wanted.push_back({p, 1.0, p % 3 == 0 ? 0.0 : std::nan("")});
    const ProfileIntervals together = profile_intervals(followers, fit.theta, lower, upper, followers.parts(true), wanted), singly = profile_intervals(followers, fit.theta, lower, upper, followers.parts(false), wanted);
    CHECK(together.unsettled + singly.unsettled == 0);
    CHECK(together.evaluations < singly.evaluations);
    const double tolerance = 1.5 * shared_sd;      // of the width: the shared level follows linearly
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      const ProfileInterval &a = together.intervals[n], &b = singly.intervals[n];
      INFO(a.parameter << " at " << fit.theta[a.parameter] << ": " << a.lower << " to " << a.upper << ", " << b.lower << " to " << b.upper);
      CHECK(std::abs(a.lower - b.lower) < tolerance * (b.upper - b.lower));
      CHECK(std::abs(a.upper - b.upper) < tolerance * (b.upper - b.lower));
      if (std::isfinite(b.root)) CHECK(a.root == Approx(b.root).epsilon(2 * tolerance));
    }
  }
  // a parameter that is said to be a part's but moves another's residuals
  Followers followers(2, 0.1);
  ResidualParts wrong = followers.parts(true);
  wrong.of_parameter[0] = 0;
  CHECK_THROWS_AS(profile_intervals(followers, followers.prior_mean, followers.bounds(-10), followers.bounds(10), wrong, {{0}}), BugError);
}

TEST_CASE("profile intervals cover near saturation, where linear ones do not") {
  long counted = 0, profile = 0, linear = 0;
  const int sets = 200;
  for (int n = 0; n < sets; ++n) {
    Followers followers(2, 0.03);
    followers.doses = {0, 0, 1, 1};      // off and on only: whether a gene is near saturation is known in part
    RandomStream random(77, static_cast<std::uint32_t>(n), 0);
    Eigen::VectorXd truth = followers.prior_mean;
    truth[2] = -2, truth[3] = 3, truth[5] = -1.5, truth[6] = 4;
    for (int p = 0; p < truth.size(); ++p) followers.prior_mean[p] = truth[p] + followers.prior_sd[p] * random.normal();      // priors are measurements
    followers.make_data(truth);
    for (double& value : followers.data) value += Followers::error * random.normal();
    const Eigen::VectorXd lower = followers.bounds(-12), upper = followers.bounds(12);
    const LeastSquaresResult fit = least_squares(followers, truth, lower, upper);
    REQUIRE(fit.outcome.ok());
    Eigen::VectorXd residuals;
    Eigen::MatrixXd jacobian;
    followers.evaluate(fit.theta, residuals, &jacobian);
    const Eigen::MatrixXd covariance = (jacobian.transpose() * jacobian).ldlt().solve(Eigen::MatrixXd::Identity(truth.size(), truth.size()));
    std::vector<ProfileRequest> wanted;
    for (const int p : {2, 3, 5, 6}) wanted.push_back({p});
    const ProfileIntervals made = profile_intervals(followers, fit.theta, lower, upper, followers.parts(true), wanted);
    for (const ProfileInterval& one : made.intervals) {
      const int p = one.parameter;
      ++counted;
      profile += one.lower <= truth[p] && truth[p] <= one.upper;
      linear += std::abs(fit.theta[p] - truth[p]) <= 1.96 * std::sqrt(covariance(p, p));
    }
  }
  const double share = static_cast<double>(profile) / static_cast<double>(counted), as_linear = static_cast<double>(linear) / static_cast<double>(counted);
  WARN("profile " << share << ", linear " << as_linear << " of " << counted);
  // Monte-Carlo error of the share, the two numbers of a gene going together: .011. By direct minimisation (SciPy) .938 and .815 in 300 sets.
  CHECK(std::abs(share - 0.95) < 0.04);
  CHECK(as_linear < share - 0.05);
}
