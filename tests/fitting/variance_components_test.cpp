// Restricted maximum likelihood and Satterthwaite's degrees of freedom against the balanced one-way analysis of variance.
#include <Eigen/LU>
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/variance_components.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

// Wells as blocks, n values each: mean + well effect + noise.
struct OneWay {
  std::vector<MixedBlock> blocks;
  double within = 0, between = 0;      // mean squares
  int wells, values;
};

OneWay one_way(int wells, int values, double well_sd, double noise_sd, std::uint64_t seed) {
  OneWay out{{}, 0, 0, wells, values};
  RandomStream random(seed, 0, 0);
  double grand = 0;
  std::vector<double> means;
  for (int w = 0; w < wells; ++w) {
    MixedBlock block;
    const double effect = well_sd * random.normal();
    block.residual.resize(values);
    for (int i = 0; i < values; ++i) block.residual[i] = 2 + effect + noise_sd * random.normal();
    block.design = Eigen::MatrixXd::Ones(values, 1);
    block.parts = {{Eigen::MatrixXd::Identity(values, values), {}}, {{}, Eigen::MatrixXd::Ones(values, 1)}};
    means.push_back(block.residual.mean());
    grand += means.back() / wells;
    out.within += (block.residual.array() - means.back()).square().sum() / (wells * (values - 1));
    out.blocks.push_back(block);
  }
  for (const double m : means) out.between += values * (m - grand) * (m - grand) / (wells - 1);
  return out;
}

MixedFit fit(const OneWay& data) { return fit_variance_components(data.blocks, {{"noise", 0.5}, {"wells", 0.1}}, 200); }

}  // namespace

TEST_CASE("REML of balanced wells equals the analysis of variance") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const OneWay data = one_way(7, 5, 0.8, 0.5, seed);
    const MixedFit mixed = fit(data);
    REQUIRE(mixed.outcome.ok());
    // scoring stops at a hundredth of a standard error
    CHECK(mixed.components[0].value == Approx(data.within).epsilon(0.01));
    CHECK(mixed.components[1].value == Approx((data.between - data.within) / 5).epsilon(0.02));
    // the mean's variance is MS_between / (wells values), its degrees of freedom wells - 1
    const Eigen::MatrixXd covariance = mixed.information.inverse();
    CHECK(covariance(0, 0) == Approx(data.between / 35).epsilon(0.02));
    CHECK(satterthwaite(mixed, covariance)[0] == Approx(6).epsilon(0.05));
  }
}

TEST_CASE("wells that scatter less than their noise: the component is 0 and the rest pooled") {
  OneWay data = one_way(6, 8, 0, 1, 9);
  for (auto& block : data.blocks) block.residual.array() -= block.residual.mean() - 2;      // no spread between wells at all
  const MixedFit mixed = fit(data);
  CHECK(mixed.components[1].value == 0);
  CHECK(mixed.components[0].value == Approx(data.within * 6 * 7 / 47).epsilon(0.01));
  CHECK(mixed.component_covariance.row(1).norm() == 0);
  CHECK(satterthwaite(mixed, mixed.information.inverse())[0] == Approx(47).epsilon(0.05));
}

TEST_CASE("a fixed component is not moved and costs no degrees of freedom") {
  const OneWay data = one_way(5, 4, 0.5, 0.5, 3);
  const MixedFit mixed = fit_variance_components(data.blocks, {{"noise", 0.25, false}, {"wells", 0.3, false}});
  CHECK(mixed.components[0].value == 0.25);
  CHECK(mixed.components[1].value == 0.3);
  CHECK(satterthwaite(mixed, mixed.information.inverse())[0] == 1e6);
  CHECK(mixed.information.inverse()(0, 0) == Approx((0.25 / 4 + 0.3) / 5));
}

TEST_CASE("a block's own nuisance takes its share of the information") {
  OneWay data = one_way(5, 4, 0, 0.5, 3);
  for (auto& block : data.blocks) {
    block.design = Eigen::VectorXd::LinSpaced(4, 0, 3);
    block.own = Eigen::VectorXd::Ones(4);
    block.parts.pop_back();
  }
  const MixedFit mixed = fit_variance_components(data.blocks, {{"noise", 0.25, false}});
  CHECK(mixed.information(0, 0) == Approx(5 * 5.0 / 0.25));      // centred sum of squares of 0..3 is 5
}

TEST_CASE("a covariance that is not positive definite is an outcome") {
  OneWay data = one_way(3, 4, 0, 0.5, 3);
  for (auto& block : data.blocks) block.parts[0].dense(0, 0) = -5;
  CHECK(fit(data).outcome.status == Status::singular);
  Eigen::MatrixXd lower;
  CHECK(block_factor(data.blocks[0], {{"noise", 0.5}, {"wells", 0.1}}, lower).status == Status::singular);
}
