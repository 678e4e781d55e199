// Intervals of arms from wells: the quantile against quadrature, and coverage where wells differ little, as much as by chance, and far more.
#include <catch2/catch.hpp>

#include <Eigen/Cholesky>
#include <cmath>

#include "libhyped/image/phases/arm_shares.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

TEST_CASE("the reach of scattered wells is the quantile of its mixture") {
  CHECK(reach_of_scatter(0, 0) == Approx(1.959963984540054).epsilon(1e-12));
  // SciPy's adaptive quadrature over the ratio of standard deviations; ours has 400 points, which a heavy tail leaves a few thousandths short of
  const double known[][3] = {{6, 6, 2.3129312958752157}, {3, 6, 2.184054927261982}, {60, 6, 7.073750521222273}, {40, 40, 2.0612780393035446}, {200, 6, 12.889854126832175}, {1500, 6, 34.94592356641837}};
  for (const auto& [squares, degrees, reach] : known) CHECK(reach_of_scatter(squares, degrees) == Approx(reach).epsilon(0.003));
}

TEST_CASE("intervals of arms hold the truth whether wells differ or not", "[standard]") {
  const int times = 20, sets = 400;
  const double hours = 20, memory_h = 10;
  Eigen::MatrixXd correlation(times, times);
  for (int i = 0; i < times; ++i)
    for (int j = 0; j < times; ++j) correlation(i, j) = std::exp(-std::abs(i - j) * hours / (times - 1) / memory_h);
  const Eigen::MatrixXd root = Eigen::LLT<Eigen::MatrixXd>(correlation).matrixL();
  const std::vector<std::string> of_well{"control", "control", "control", "si", "si", "mm", "mm", "dual", "dual", "dual"};
  const double own_sd = 0.25;
  double narrow = 0;
  for (const double ratio : {0.0, 0.25, 1.0, 25.0}) {      // of the wells' variance to that of their lineages
    long held = 0, all = 0;
    double width = 0;
    for (int set = 0; set < sets; ++set) {
      RandomStream random(7, static_cast<std::uint32_t>(1000 * ratio), static_cast<std::uint32_t>(set));
      std::vector<WellLogits> wells;
      for (const auto& name : of_well) {
        Eigen::VectorXd noise(times);
        for (double& z : noise) z = random.normal();
        const double lasting = std::sqrt(ratio) * random.normal();
        const Eigen::VectorXd logit = own_sd * ((root * noise).array() + lasting);
        WellLogits well{name, {}, Eigen::MatrixXd(times, 2), Eigen::MatrixXd::Constant(times, 2, own_sd), {correlation, correlation}};
        for (int t = 0; t < times; ++t) well.times_h.push_back(t * hours / (times - 1));
        well.mean << logit, -logit;
        wells.push_back(std::move(well));
      }
      for (const ArmShares& arm : arm_shares(wells, 2)) {
        CHECK(arm.degrees == 6);
        for (Eigen::Index t = 0; t < arm.labelled.lower.rows(); ++t) {
          held += arm.labelled.lower(t, 0) <= 0.5 && 0.5 <= arm.labelled.upper(t, 0) ? 1 : 0;
          width += arm.labelled.upper(t, 0) - arm.labelled.lower(t, 0);
          ++all;
        }
      }
    }
    const double share = static_cast<double>(held) / static_cast<double>(all);
    INFO("ratio " << ratio << ": " << share << " of " << all << ", mean width " << width / static_cast<double>(all));
    // 1,600 dependent series: an error of about .007; the prior favours wells that hardly differ, so that great differences are covered a little less
    CHECK(share > 0.91);
    CHECK(share < 0.985);
    if (ratio == 0) narrow = width;
    if (ratio == 25) CHECK(width > 3 * narrow);
  }
}

TEST_CASE("an arm of one well has its lineages' interval, and times that a well lacks are left out") {
  const auto well = [](const std::string& name, std::vector<double> times, double logit) {
    const auto n = static_cast<Eigen::Index>(times.size());
    WellLogits out{name, std::move(times), Eigen::MatrixXd(n, 2), Eigen::MatrixXd::Constant(n, 2, 0.2), {Eigen::MatrixXd::Identity(n, n), Eigen::MatrixXd::Identity(n, n)}};
    out.mean.col(0).setConstant(logit), out.mean.col(1).setConstant(-logit);
    return out;
  };
  const auto single = arm_shares({well("control", {0, 1, 2}, 0.4)}, 2);
  REQUIRE(single.size() == 1);
  CHECK(single[0].degrees == 0);
  CHECK(single[0].labelled.upper(1, 0) == Approx(1 / (1 + std::exp(-0.4 - 1.959963984540054 * 0.2))).epsilon(1e-9));
  const auto two = arm_shares({well("control", {0, 1, 2}, 0.4), well("control", {0, 2}, 0.5), well("drug", {0, 1, 2}, 0)}, 2);
  REQUIRE(two.size() == 2);
  CHECK(two[0].times_h == std::vector<double>{0, 2});
  CHECK(two[1].times_h == std::vector<double>{0, 1, 2});
  CHECK(two[0].wells == 2);
  // one degree of freedom at every time that has both
  CHECK(two[0].degrees == 1);
  CHECK(two[1].labelled.upper(0, 0) - two[1].labelled.lower(0, 0) > 2 * 1.9599 * 0.2 * 0.24);
  CHECK(arm_shares({}, 2).empty());
}
