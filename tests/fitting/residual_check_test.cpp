// Residual checks: white residuals pass at the stated level, each planted fault is named, wrong stage numbers are found in twins.
#include <Eigen/QR>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <map>

#include "experiments/twin/twin.hpp"
#include "fitting/residual_check.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/small_problem.hpp"

using namespace hyped;

namespace {

// Two arms of three wells, 2 classes, 48 blocks; slow shared columns and a constant one per well, fitted away.
WhitenedResiduals white(std::uint32_t job, const std::function<double(int well, int t, int k, double noise)>& fault) {
  WhitenedResiduals in;
  in.classes = {"G1", "S/G2/M"};
  in.shared = 3;
  const int samples = 48;
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(6 * samples * 2, 9);
  Eigen::VectorXd noise(design.rows());
  for (int w = 0; w < 6; ++w) {
    RandomStream random(77, job, static_cast<std::uint32_t>(w));
    WhitenedWell well{w < 3 ? "control" : "drug", "w" + std::to_string(w), {}, {}, {}};
    for (int t = 0; t < samples; ++t) {
      well.times_h.push_back(t + 0.5);
      for (int k = 0; k < 2; ++k) {
        const int row = (w * samples + t) * 2 + k;
        noise[row] = fault(w, t, k, random.normal());
        design(row, 0) = 1 + k;
        design(row, 1) = std::exp(-t / 20.0);
        design(row, 2) = w < 3 ? 0 : t;
        design(row, 3 + w) = 1;
      }
    }
    in.wells.push_back(well);
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(design);
  const Eigen::MatrixXd basis = qr.householderQ() * Eigen::MatrixXd::Identity(design.rows(), design.cols());
  noise -= basis * (basis.transpose() * noise);
  for (int w = 0; w < 6; ++w) {
    in.wells[w].residuals = noise.segment(w * samples * 2, samples * 2);
    in.wells[w].design.resize(samples * 2, 4);
    in.wells[w].design << design.block(w * samples * 2, 0, samples * 2, 3), design.block(w * samples * 2, 3 + w, samples * 2, 1);
  }
  return in;
}

bool flagged(const ResidualCheck& check, const std::string& name) {
  for (const auto& test : check.tests)
    if (test.name == name) return test.flagged;
  FAIL("no test " + name);
  return false;
}

struct Rates {
  int passed = 0, fitted = 0;
};

// Twins of 8 + 16 stages, fitted with other numbers.
Rates twin_rates(int twins, std::map<std::string, int> stages) {
  CycleSetup truth = test::small_setup();
  truth.stages.stages = {{"G1", 8}, {"S/G2/M", 16}};
  CycleSetup fitted = truth;
  fitted.stages.stages = std::move(stages);
  TwinSettings settings;
  settings.wells = {{"control", 3}, {"drug", 3}};
  settings.times_h = test::frames(36, 1);
  settings.cells_per_well = 600;
  settings.rate_spread = 0.03;
  settings.missed = 0.02;
  settings.truth = {{"g1_exit", 0.09}, {"division", 0.07}, {"drug_on_g1_exit", -0.8}, {"start_S/G2/M", 0.6}, {"death", 0.0}};
  std::vector<int> verdict(static_cast<std::size_t>(twins), -1);
  parallel_for(twins, [&](int i) {
    const CycleProblem problem(fitted, simulate_twin(truth, settings, 300 + static_cast<std::uint64_t>(i)).counts);
    ProcessOptions options;
    options.starts = 1;
    const ProcessFit fit = fit_process(problem, options);
    if (fit.whitened.empty()) return;
    const ResidualCheck check = check_residuals(problem, fit);
    if (check.outcome.ok()) verdict[i] = check.passed ? 1 : 0;
  });
  Rates rates;
  for (const int v : verdict) {
    rates.fitted += v >= 0 ? 1 : 0;
    rates.passed += v == 1 ? 1 : 0;
  }
  return rates;
}

}  // namespace

TEST_CASE("white residuals pass in about 95 of 100, and each test keeps its level") {
  const int draws = 400;
  int passed = 0, inside = 0, seen = 0;
  std::vector<int> below(5, 0);
  for (int i = 0; i < draws; ++i) {
    const ResidualCheck check = check_residuals(white(static_cast<std::uint32_t>(i), [](int, int, int, double z) { return z; }));
    passed += check.passed ? 1 : 0;
    for (std::size_t t = 0; t < check.tests.size(); ++t) below[t] += check.tests[t].p_value < 0.05 ? 1 : 0;
    for (const double r : check.autocorrelation.reshaped()) {
      inside += std::abs(r) < check.band ? 1 : 0;
      ++seen;
    }
  }
  CHECK(passed >= 0.93 * draws);      // Holm: at least 95 % minus chance (sd 1.1 %)
  CHECK(passed < draws);
  for (std::size_t t = 0; t < below.size(); ++t) {
    INFO("test " << t);
    CHECK(below[t] >= 0.02 * draws);
    CHECK(below[t] <= 0.09 * draws);
  }
  CHECK(static_cast<double>(inside) / seen == Approx(0.95).margin(0.02));
}

TEST_CASE("each fault is named") {
  const auto mean = check_residuals(white(1, [](int w, int t, int k, double z) { return z + (w >= 3 && k == 0 && t >= 12 && t < 18 ? 1.5 : 0.0); }));
  CHECK(flagged(mean, "slow part shared by an arm's wells"));
  CHECK_FALSE(flagged(mean, "slow differences between wells"));
  CHECK(mean.places[0].condition == "drug");
  CHECK(mean.places[0].class_name == "G1");
  CHECK(mean.places[0].from_h == 12);
  CHECK(mean.places[0].z > 4);
  CHECK_THAT(mean.words[0], Catch::Contains("'drug', class G1, 12 to 18 h") && Catch::Contains("above the model"));
  const auto wells = check_residuals(white(2, [](int w, int t, int, double z) { return z + 0.6 * ((w % 3) - 1) * std::cos(t * 3.14159 / 48); }));
  CHECK(flagged(wells, "slow differences between wells"));
  CHECK_FALSE(flagged(wells, "slow part shared by an arm's wells"));
  CHECK_THAT(wells.words[0], Catch::Contains("random effect of the well"));
  double last[2] = {0, 0};
  const auto memory = check_residuals(white(3, [&](int, int t, int k, double z) { return last[k] = t > 0 ? 0.5 * last[k] + std::sqrt(0.75) * z : z; }));
  CHECK(flagged(memory, "lag 1"));
  CHECK(flagged(memory, "Ljung-Box"));
  const auto large = check_residuals(white(4, [](int, int, int, double z) { return 1.3 * z; }));
  CHECK(flagged(large, "total"));
  CHECK_FALSE(flagged(large, "lag 1"));
  const auto small = check_residuals(white(5, [](int, int, int, double z) { return 0.7 * z; }));
  CHECK_THAT(small.words.back(), Catch::Contains("smaller than the model's covariance"));
  const auto good = check_residuals(white(6, [](int, int, int, double z) { return z; }));
  CHECK(good.passed);
  CHECK(good.words.size() == 1);
}

TEST_CASE("twins: the right stages pass, too few are found out", "[standard]") {
  const Rates right = twin_rates(30, {{"G1", 8}, {"S/G2/M", 16}});
  CHECK(right.fitted == 30);
  CHECK(right.passed >= 26);
  const Rates wrong = twin_rates(10, {{"G1", 1}, {"S/G2/M", 1}});
  CHECK(wrong.fitted >= 8);
  const Rates few = twin_rates(10, {{"G1", 2}, {"S/G2/M", 4}});      // measured: 56 of 60 found; 4 + 8 stages: 12 of 60
  CHECK(few.fitted == 10);
  CHECK(few.passed <= 3);
  CHECK(wrong.passed <= 1);
}
