// The linear baseline against refits, the primal normal equations and coverage; intervals from left-out predictions by coverage.
#include <Eigen/Cholesky>
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/networks/input_ridge.hpp"
#include "fitting/networks/left_out_intervals.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

Eigen::MatrixXd normals(int rows, int columns, RandomStream& stream) {
  Eigen::MatrixXd out(rows, columns);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) out(i, j) = stream.normal();
  return out;
}

Eigen::MatrixXd primal(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, double penalty) {
  const Eigen::MatrixXd gram = x.transpose() * x + penalty * Eigen::MatrixXd::Identity(x.cols(), x.cols());
  return gram.llt().solve(x.transpose() * y);
}

Eigen::MatrixXd without_row(const Eigen::MatrixXd& m, Eigen::Index row) {
  Eigen::MatrixXd out(m.rows() - 1, m.cols());
  out.topRows(row) = m.topRows(row);
  out.bottomRows(m.rows() - 1 - row) = m.bottomRows(m.rows() - 1 - row);
  return out;
}

}  // namespace

TEST_CASE("ridge equals its normal equations, and leave-one-out equals refits, for few and many inputs") {
  RandomStream stream(1, 0, 0);
  for (const int inputs : {4, 30}) {
    const Eigen::MatrixXd x = normals(12, inputs, stream), y = x * normals(inputs, 3, stream) + 0.5 * normals(12, 3, stream);
    const InputRidge fit = fit_input_ridge(x, y);
    CHECK((fit.coefficients - primal(x, y, fit.penalty)).cwiseAbs().maxCoeff() < 1e-8);
    for (int i = 0; i < 12; ++i) {
      const Eigen::RowVectorXd refit = x.row(i) * primal(without_row(x, i), without_row(y, i), fit.penalty);
      CHECK((fit.left_out.row(i) - refit).cwiseAbs().maxCoeff() < 1e-8);
    }
    for (std::size_t p = 0; p < fit.tried.size(); p += 20) {      // the error that chose the penalty, from real refits
      double sum = 0;
      for (int i = 0; i < 12; ++i) sum += (y.row(i) - x.row(i) * primal(without_row(x, i), without_row(y, i), fit.tried[p])).squaredNorm();
      if (inputs < 12 || fit.tried[p] > 1e-6) CHECK(fit.left_out_error[p] == Approx(sum / 36).epsilon(1e-5));
    }
  }
}

TEST_CASE("an intercept is not penalised and leave-one-out knows it") {
  RandomStream stream(2, 0, 0);
  const Eigen::MatrixXd x = normals(15, 3, stream);
  Eigen::MatrixXd y = x * normals(3, 2, stream) + 0.3 * normals(15, 2, stream);
  y.array() += 7;
  InputRidgeOptions options;
  options.intercept = true;
  const InputRidge fit = fit_input_ridge(x, y, options);
  for (int i = 0; i < 15; ++i) {
    const Eigen::MatrixXd xi = without_row(x, i), yi = without_row(y, i);
    const Eigen::RowVectorXd mx = xi.colwise().mean(), my = yi.colwise().mean();
    const Eigen::RowVectorXd refit = my + (x.row(i) - mx) * primal(xi.rowwise() - mx, yi.rowwise() - my, fit.penalty);
    CHECK((fit.left_out.row(i) - refit).cwiseAbs().maxCoeff() < 1e-8);
  }
  CHECK((fit.predict(x) - y).cwiseAbs().maxCoeff() < 2);
}

TEST_CASE("intervals of ridge cover new measurements") {
  int inside = 0, all = 0;
  for (std::uint32_t trial = 0; trial < 200; ++trial) {
    RandomStream stream(3, trial, 0);
    const Eigen::MatrixXd truth = normals(8, 4, stream), x = normals(20, 8, stream), y = x * truth + normals(20, 4, stream);
    const Eigen::MatrixXd nx = normals(5, 8, stream), ny = nx * truth + normals(5, 4, stream);
    const InputRidge fit = fit_input_ridge(x, y);
    const Eigen::MatrixXd off = (fit.predict(nx) - ny).cwiseAbs(), half = fit.half_width(nx);
    inside += static_cast<int>((off.array() <= half.array()).count());
    all += 20;
  }
  const double share = static_cast<double>(inside) / all;      // 4,000 values in 200 fits; sd of the share about 0.5 %
  CHECK(share > 0.93);
  CHECK(share < 0.97);
}

TEST_CASE("ridge says what is wrong with its input") {
  CHECK_THROWS_AS(fit_input_ridge(Eigen::MatrixXd::Zero(5, 2), Eigen::MatrixXd::Ones(5, 1)), InputError);
  CHECK_THROWS_AS(fit_input_ridge(Eigen::MatrixXd::Ones(2, 2), Eigen::MatrixXd::Ones(2, 1)), InputError);
}

TEST_CASE("intervals from left-out predictions cover whatever the errors are") {
  int inside = 0, all = 0, unknown = 0;
  for (std::uint32_t trial = 0; trial < 150; ++trial) {
    RandomStream stream(4, trial, 0);
    const int n = 60, folds = 5;
    const Eigen::MatrixXd truth = normals(4, 1, stream), x = normals(n, 4, stream), nx = normals(20, 4, stream);
    const auto noise = [&] { return stream.exponential() - 1; };      // skewed
    Eigen::MatrixXd y = x * truth, ny = nx * truth;
    for (int i = 0; i < n; ++i) y(i, 0) += noise();
    for (int i = 0; i < 20; ++i) ny(i, 0) += noise();
    Eigen::MatrixXd residual(1, n);
    std::vector<int> member(n);
    std::vector<Eigen::MatrixXd> predictions;
    for (int f = 0; f < folds; ++f) {
      std::vector<int> kept;
      for (int i = 0; i < n; ++i)
        if (i % folds != f) kept.push_back(i);
      const Eigen::MatrixXd b = primal(x(kept, Eigen::all), y(kept, Eigen::all), 1e-3);
      predictions.push_back((nx * b).transpose());
      for (int i = f; i < n; i += folds) member[static_cast<std::size_t>(i)] = f, residual(0, i) = y(i, 0) - (x.row(i) * b)(0);
    }
    const PredictionRange range = left_out_intervals(residual, member, predictions);
    for (int i = 0; i < 20; ++i) {
      ++all;
      if (std::isnan(range.lower(0, i))) ++unknown;
      else inside += ny(i, 0) >= range.lower(0, i) && ny(i, 0) <= range.upper(0, i) ? 1 : 0;
    }
    const PredictionRange few = left_out_intervals(residual.leftCols(10), {member.begin(), member.begin() + 10}, predictions);
    CHECK(std::isnan(few.lower(0, 0)));      // 10 values say nothing of 95 %
  }
  CHECK(unknown == 0);
  const double share = static_cast<double>(inside) / all;
  CHECK(share > 0.93);
  CHECK(share < 0.985);
}
