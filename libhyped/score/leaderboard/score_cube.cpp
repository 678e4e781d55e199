// Aggregation of metrics within units, methods and metrics left out.
#include "libhyped/score/leaderboard/score_cube.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double sign_of(const CubeMetric& m) { return m.better == Better::higher ? 1 : -1; }

// Ranks from 1 (best) of one row of oriented values; NaN stays.
Eigen::RowVectorXd ranks_of(const Eigen::RowVectorXd& row) {
  Eigen::RowVectorXd out = Eigen::RowVectorXd::Constant(row.size(), nan);
  for (Eigen::Index i = 0; i < row.size(); ++i) {
    if (std::isnan(row[i])) continue;
    double above = 0, equal = 0;
    for (Eigen::Index j = 0; j < row.size(); ++j) above += row[j] > row[i], equal += row[j] == row[i];
    out[i] = 1 + above + 0.5 * (equal - 1);
  }
  return out;
}

}  // namespace

std::string_view to_string(Aggregation rule) {
  switch (rule) {
    case Aggregation::mean: return "mean of metrics";
    case Aggregation::min_max: return "mean of min-max scaled metrics";
    case Aggregation::mean_rank: return "mean rank";
  }
  return "";
}

void check_cube(const ScoreCube& cube, const std::string& where) {
  if (cube.methods.size() < 2) throw InputError(where, fmt::format("holds {} method, a leaderboard needs two", cube.methods.size()));
  if (cube.units.empty()) throw InputError(where, "holds no perturbation");
  if (cube.metrics.empty()) throw InputError(where, "holds no metric");
  for (const auto& m : cube.metrics) {
    HYPED_REQUIRE(m.values.rows() == static_cast<Eigen::Index>(cube.units.size()) && m.values.cols() == static_cast<Eigen::Index>(cube.methods.size()));
    if (m.values.array().isInf().any()) throw InputError(where, "metric " + m.id + " has an infinite value", "repair the file where it is written");
    if (m.values.array().isNaN().all()) throw InputError(where, "metric " + m.id + " has no value at all", "leave it out");
  }
}

ProfileMatrix min_max_scaled(const CubeMetric& metric) {
  ProfileMatrix out = sign_of(metric) * metric.values;
  for (Eigen::Index u = 0; u < out.rows(); ++u) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (Eigen::Index m = 0; m < out.cols(); ++m)
      if (!std::isnan(out(u, m))) low = std::min(low, out(u, m)), high = std::max(high, out(u, m));
    for (Eigen::Index m = 0; m < out.cols(); ++m)
      if (!std::isnan(out(u, m))) out(u, m) = high > low ? (out(u, m) - low) / (high - low) : 0.5;
  }
  return out;
}

ProfileMatrix aggregated(const ScoreCube& cube, Aggregation rule) {
  const auto units = static_cast<Eigen::Index>(cube.units.size()), methods = static_cast<Eigen::Index>(cube.methods.size());
  ProfileMatrix sum = ProfileMatrix::Zero(units, methods), counted = sum;
  for (const auto& metric : cube.metrics) {
    ProfileMatrix values = rule == Aggregation::min_max ? min_max_scaled(metric) : ProfileMatrix(sign_of(metric) * metric.values);
    for (Eigen::Index u = 0; u < units; ++u) {
      if (rule == Aggregation::mean_rank) values.row(u) = -ranks_of(values.row(u));
      for (Eigen::Index m = 0; m < methods; ++m)
        if (!std::isnan(values(u, m))) sum(u, m) += values(u, m), counted(u, m) += 1;
    }
  }
  return (counted.array() > 0).select(sum.array() / counted.array(), nan).matrix();
}

std::vector<double> method_means(const ProfileMatrix& scores, std::size_t* used) {
  std::vector<double> out(static_cast<std::size_t>(scores.cols()), 0.0);
  double n = 0;
  for (Eigen::Index u = 0; u < scores.rows(); ++u) {
    if (scores.row(u).array().isNaN().any()) continue;
    n += 1;
    for (std::size_t m = 0; m < out.size(); ++m) out[m] += scores(u, static_cast<Eigen::Index>(m));
  }
  for (auto& x : out) x = n > 0 ? x / n : nan;
  if (used) *used = static_cast<std::size_t>(n);
  return out;
}

ScoreCube without_metric(const ScoreCube& cube, std::size_t metric) {
  ScoreCube out = cube;
  out.metrics.erase(out.metrics.begin() + static_cast<std::ptrdiff_t>(metric));
  return out;
}

ScoreCube without_method(const ScoreCube& cube, std::size_t method) {
  ScoreCube out = cube;
  out.methods.erase(out.methods.begin() + static_cast<std::ptrdiff_t>(method));
  const auto at = static_cast<Eigen::Index>(method);
  for (auto& metric : out.metrics) {
    ProfileMatrix rest(metric.values.rows(), metric.values.cols() - 1);
    rest.leftCols(at) = metric.values.leftCols(at), rest.rightCols(rest.cols() - at) = metric.values.rightCols(rest.cols() - at);
    metric.values = rest;
    if (metric.relative) {
      metric.values = min_max_scaled(metric);
      metric.better = Better::higher;
    }
  }
  return out;
}

ScoreCube grouped_units(const ScoreCube& cube, const std::vector<int>& group, const std::vector<std::string>& names) {
  HYPED_REQUIRE(group.size() == cube.units.size());
  ScoreCube out{cube.methods, names, {}};
  for (const auto& metric : cube.metrics) {
    ProfileMatrix sum = ProfileMatrix::Zero(static_cast<Eigen::Index>(names.size()), metric.values.cols()), counted = sum;
    for (std::size_t u = 0; u < group.size(); ++u)
      for (Eigen::Index m = 0; m < sum.cols(); ++m)
        if (const double v = metric.values(static_cast<Eigen::Index>(u), m); !std::isnan(v)) sum(group[u], m) += v, counted(group[u], m) += 1;
    out.metrics.push_back({metric.id, metric.better, metric.relative, (counted.array() > 0).select(sum.array() / counted.array(), nan).matrix()});
  }
  return out;
}

double kendall_tau(const std::vector<double>& a, const std::vector<double>& b) {
  HYPED_REQUIRE(a.size() == b.size());
  double concordant = 0, of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double x = a[i] > a[j] ? 1 : a[i] < a[j] ? -1 : 0, y = b[i] > b[j] ? 1 : b[i] < b[j] ? -1 : 0;
      concordant += x * y, of_a += x * x, of_b += y * y;
    }
  return of_a > 0 && of_b > 0 ? concordant / std::sqrt(of_a * of_b) : nan;
}

}  // namespace hyped
