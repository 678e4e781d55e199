// Losses against cells: exact slopes, moments of known clouds, a dispersion found again.
#include "fitting/networks/cells/cell_losses.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

Eigen::MatrixXd positive(int rows, int columns, std::uint32_t job) {
  RandomStream random(9, job, 0);
  Eigen::MatrixXd out(rows, columns);
  for (Eigen::Index k = 0; k < out.size(); ++k) out.data()[k] = 0.3 + random.gamma(3);
  return out;
}

// Two genes, three groups, counts drawn from the law itself.
CellCounts drawn(const Eigen::MatrixXd& level, int cells, const Eigen::Vector2d& dispersion) {
  RandomStream random(9, 77, 0);
  CellCounts out;
  out.counts.resize(2, cells);
  out.size.resize(cells);
  out.capture = Eigen::Vector2d(4, 0.7);
  out.dispersion = dispersion;
  for (int n = 0; n < cells; ++n) {
    out.column.push_back(n % 3);
    out.size[n] = std::exp(0.3 * random.normal());
    for (int g = 0; g < 2; ++g) {
      const double mean = out.capture[g] * out.size[n] * level(g, n % 3);
      out.counts(g, n) = static_cast<double>(random.poisson(mean * random.gamma(1 / dispersion[g]) * dispersion[g]));
    }
  }
  return out;
}

void check_slopes(const std::function<double(const Eigen::MatrixXd&, BatchMatrix)>& loss, Eigen::MatrixXd x, double tolerance) {
  Eigen::MatrixXd by = Eigen::MatrixXd::Zero(x.rows(), x.cols()), scratch = by;
  loss(x, by);
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    const double at = x.data()[k], step = 1e-6;
    x.data()[k] = at + step;
    const double above = loss(x, scratch);
    x.data()[k] = at - step;
    const double below = loss(x, scratch);
    x.data()[k] = at;
    CHECK((above - below) / (2 * step) == Approx(by.data()[k]).margin(tolerance * by.cwiseAbs().maxCoeff()));
  }
}

}  // namespace

TEST_CASE("negative binomial loss of counts: slopes by level and dispersion, and the dispersion is found") {
  const Eigen::MatrixXd level = positive(2, 3, 1);
  CellCounts cells = drawn(level, 6000, {0.25, 0.6});
  check_slopes([&](const Eigen::MatrixXd& at, BatchMatrix bar) { return negative_binomial_loss(cells, at, bar); }, 1.1 * level, 1e-6);
  Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(2, 3);
  Eigen::VectorXd by = Eigen::VectorXd::Zero(2);
  negative_binomial_loss(cells, level, bar, &by);
  for (int g = 0; g < 2; ++g) {
    CellCounts moved = cells;
    moved.dispersion[g] += 1e-6;
    const double above = negative_binomial_loss(moved, level, bar);
    moved.dispersion[g] -= 2e-6;
    CHECK((above - negative_binomial_loss(moved, level, bar)) / 2e-6 == Approx(by[g]).epsilon(1e-4).margin(1e-2));
  }
  // 6000 cells: standard error of the logarithm about 3 to 6 %
  const Eigen::VectorXd found = fitted_dispersion(cells, level);
  CHECK(found[0] == Approx(0.25).epsilon(0.12));
  CHECK(found[1] == Approx(0.6).epsilon(0.2));
  Eigen::MatrixXd gone = level;
  gone(0, 1) = 0;
  CHECK(std::isinf(negative_binomial_loss(cells, gone, bar)));
}

TEST_CASE("moment and cloud losses: slopes, and nothing to gain at the measured cells") {
  const Eigen::MatrixXd cells = positive(40, 3, 2), simulated = positive(3, 25, 3);
  const CellMoments moments = moments_of(cells);
  const auto moment = [&](const Eigen::MatrixXd& at, BatchMatrix bar) { return moment_loss(moments, at, bar); };
  check_slopes(moment, simulated, 1e-5);
  Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(3, 40);
  CHECK(moment(cells.transpose(), bar) == Approx(0).margin(1e-20));
  for (const CloudDistance distance : {CloudDistance::energy, CloudDistance::sliced_wasserstein}) {
    const CloudLoss loss(cells, {distance, 16, 4});
    check_slopes([&](const Eigen::MatrixXd& at, BatchMatrix b) { return loss(at, b); }, simulated, 1e-5);
    CHECK(loss(cells.transpose(), bar) == Approx(0).margin(1e-12));
  }
  Eigen::MatrixXd still = cells;
  still.col(1).setConstant(2);
  CHECK_THROWS_WITH(CloudLoss(still), Catch::Matchers::Contains("does not vary"));
}

TEST_CASE("standard errors of moments are those of repeated samples") {
  RandomStream random(9, 5, 0);
  const int repeats = 400, n = 200;
  Eigen::VectorXd seen(repeats), claimed(repeats);
  for (int r = 0; r < repeats; ++r) {
    Eigen::MatrixXd cells(n, 2);
    for (int i = 0; i < n; ++i) {
      const double a = random.normal();
      cells(i, 0) = a, cells(i, 1) = 0.6 * a + random.exponential();
    }
    const CellMoments m = moments_of(cells);
    seen[r] = m.covariance(1, 0), claimed[r] = m.covariance_se(1, 0);
  }
  const double sd = std::sqrt((seen.array() - seen.mean()).square().sum() / (repeats - 1));
  CHECK(claimed.mean() == Approx(sd).epsilon(0.12));      // 400 samples: 3.5 % on sd, and the fourth moment's own bias
}

TEST_CASE("moments of genes that do not vary, or between two values alone, are not used and are counted") {
  Eigen::MatrixXd cells = positive(40, 4, 12);
  cells.col(1).setConstant(0.1);
  for (int n = 0; n < 40; ++n) cells(n, 2) = n % 2;
  const CellMoments m = moments_of(cells);
  CHECK(std::isnan(m.mean_se[1]));
  CHECK(std::isnan(m.covariance_se(1, 1)));
  CHECK(std::isnan(m.covariance_se(3, 1)));
  CHECK(std::isnan(m.covariance_se(2, 2)));
  CHECK(m.covariance_se(3, 0) > 0);
  CHECK(m.words.starts_with("1 means and 5 covariances"));
  const Eigen::MatrixXd simulated = positive(4, 25, 13);
  Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(4, 25);
  CHECK(moment_loss(m, simulated, bar) < 1e6);
  CHECK(bar.row(1).isZero(0));
  CHECK(moments_of(positive(40, 3, 2)).words.empty());
}

TEST_CASE("a loss plugs in at its sample time and costs nothing elsewhere") {
  const Eigen::MatrixXd cells = positive(30, 2, 6), state = positive(2, 12, 7);
  const SampleLoss loss = cloud_at(1, cells, {CloudDistance::energy, 0, 1});
  Eigen::MatrixXd bar = Eigen::MatrixXd::Zero(2, 12);
  CHECK(loss(0, state, bar, {}) == 0);
  CHECK(bar.norm() == 0);
  CHECK(loss(1, state, bar, {}) > 0);
  CHECK(bar.norm() > 0);
}
