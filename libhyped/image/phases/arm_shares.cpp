// The posterior of the ratio on a grid, its mixture's quantile, and the pooling over times.
#include "libhyped/image/phases/arm_shares.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <limits>
#include <map>

namespace hyped {
namespace {

constexpr double reach_h = 12;               // of the weights of neighbouring times

Eigen::RowVectorXd share(const Eigen::RowVectorXd& logit) { return (1 / (1 + (-logit.array()).exp())).matrix(); }

struct Arm {
  int wells = 0;                             // of the film
  int here = 0;                              // of them at this time
  Eigen::RowVectorXd mean, variance;         // of logits; of one well by its lineages
};

struct Moment {
  double time_h = 0, degrees = 0;
  std::map<std::string, Arm> arms;
  Eigen::RowVectorXd squares;                // of wells about their arm, in units of the lineages' variance
};

// Row of a time in a well, -1 where it has none or nothing labelled.
Eigen::Index row_at(const WellLogits& well, double time) {
  const auto at = std::find_if(well.times_h.begin(), well.times_h.end(), [&](double t) { return std::abs(t - time) < 1e-6; });
  if (at == well.times_h.end()) return -1;
  const Eigen::Index row = at - well.times_h.begin();
  return std::isnan(well.mean(row, 0)) ? -1 : row;
}

Moment moment_at(const std::vector<WellLogits>& wells, double time, int phases) {
  Moment out;
  out.time_h = time;
  for (const WellLogits& well : wells) {
    Arm& arm = out.arms[well.condition];
    if (arm.mean.size() == 0) arm.mean = arm.variance = Eigen::RowVectorXd::Zero(phases);
    ++arm.wells;
    if (const Eigen::Index row = row_at(well, time); row >= 0) ++arm.here, arm.mean += well.mean.row(row), arm.variance += well.sd.row(row).array().square().matrix();
  }
  for (auto& [condition, arm] : out.arms)
    if (arm.here > 0) arm.mean /= arm.here, arm.variance /= arm.here, out.degrees += arm.here - 1;
  out.squares = Eigen::RowVectorXd::Zero(phases);
  for (const WellLogits& well : wells)
    if (const Eigen::Index row = row_at(well, time); row >= 0) {
      const Arm& arm = out.arms.at(well.condition);
      out.squares += ((well.mean.row(row) - arm.mean).array().square() / arm.variance.array().max(1e-12)).matrix();
    }
  return out;
}

// Correlation of a phase's logits between times by lineages, mean over wells that have both.
Eigen::MatrixXd mean_correlation(const std::vector<WellLogits>& wells, const std::vector<Moment>& moments, int phase) {
  const auto n = static_cast<Eigen::Index>(moments.size());
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(n, n), count = sum;
  for (const WellLogits& well : wells) {
    std::vector<Eigen::Index> row;
    for (const Moment& moment : moments) row.push_back(row_at(well, moment.time_h));
    const Eigen::MatrixXd& own = well.correlation[static_cast<std::size_t>(phase)];
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < n; ++j)
        if (row[static_cast<std::size_t>(i)] >= 0 && row[static_cast<std::size_t>(j)] >= 0) sum(i, j) += own(row[static_cast<std::size_t>(i)], row[static_cast<std::size_t>(j)]), count(i, j) += 1;
  }
  return (sum.array() / count.array().max(1)).matrix();
}

// Half-widths at every time.
Eigen::VectorXd reaches(const std::vector<WellLogits>& wells, const std::vector<Moment>& moments, int phase) {
  const auto n = static_cast<Eigen::Index>(moments.size());
  Eigen::VectorXd squares(n), degrees(n);
  for (Eigen::Index t = 0; t < n; ++t) squares[t] = moments[static_cast<std::size_t>(t)].squares[phase], degrees[t] = moments[static_cast<std::size_t>(t)].degrees;
  const double ratio = std::max(0.0, squares.sum() / std::max(1.0, degrees.sum()) - 1);
  const Eigen::ArrayXXd together = ((mean_correlation(wells, moments, phase).array() + ratio) / (1 + ratio)).square();      // of squares
  Eigen::VectorXd out(n);
  for (Eigen::Index t = 0; t < n; ++t) {
    Eigen::VectorXd weight(n);
    for (Eigen::Index s = 0; s < n; ++s) weight[s] = degrees[s] > 0 ? std::exp(-0.5 * std::pow((moments[static_cast<std::size_t>(s)].time_h - moments[static_cast<std::size_t>(t)].time_h) / reach_h, 2)) : 0;
    const double sum = weight.sum();
    const double times = sum > 0 ? sum * sum / (weight.transpose() * together.matrix() * weight).value() : 0;      // that are independent
    out[t] = sum > 0 ? reach_of_scatter(times * weight.dot(squares) / sum, times * weight.dot(degrees) / sum) : reach_of_scatter(0, 0);
  }
  return out;
}

}  // namespace

double reach_of_scatter(double squares, double degrees) {
  const boost::math::normal normal;
  const double alone = boost::math::quantile(normal, 0.975);
  if (!(degrees > 0)) return alone;
  constexpr int points = 400;
  std::vector<double> root(points), weight(points);      // root = sqrt(1 + ratio)
  double most = -std::numeric_limits<double>::infinity();
  for (int k = 0; k < points; ++k) {
    const double u = (k + 0.5) / points, spread = u / (1 - u);      // the prior's own quantiles: uniform in u
    root[static_cast<std::size_t>(k)] = std::sqrt(1 + spread * spread);
    const double variance = 1 + spread * spread;
    most = std::max(most, weight[static_cast<std::size_t>(k)] = -0.5 * degrees * std::log(variance) - 0.5 * squares / variance);
  }
  double sum = 0;
  for (double& w : weight) sum += w = std::exp(w - most);
  const auto short_of = [&](double reach) {
    double held = 0;
    for (int k = 0; k < points; ++k) held += weight[static_cast<std::size_t>(k)] * boost::math::cdf(normal, reach / root[static_cast<std::size_t>(k)]);
    return held / sum - 0.975;
  };
  double high = alone;
  while (short_of(high) < 0) high *= 2;
  std::uintmax_t steps = 100;
  const auto [below, above] = boost::math::tools::toms748_solve(short_of, 0.5 * alone, high, boost::math::tools::eps_tolerance<double>(40), steps);
  return 0.5 * (below + above);
}

std::vector<ArmShares> arm_shares(const std::vector<WellLogits>& wells, int phases) {
  std::map<double, int> times;
  for (const WellLogits& well : wells)
    for (const double t : well.times_h) ++times[std::round(t * 1e6) / 1e6];
  std::vector<Moment> moments;
  for (const auto& [time, unused] : times) moments.push_back(moment_at(wells, time, phases));
  Eigen::MatrixXd reach(static_cast<Eigen::Index>(moments.size()), phases);
  for (int k = 0; k < phases; ++k) reach.col(k) = reaches(wells, moments, k);
  std::vector<ArmShares> out;
  if (moments.empty()) return out;
  for (const auto& [condition, first] : moments.front().arms) {
    ArmShares arm{condition, {}, {}, first.wells, 0};
    std::vector<std::size_t> whole;      // times that all its wells have
    for (std::size_t t = 0; t < moments.size(); ++t)
      if (moments[t].arms.at(condition).here == first.wells) whole.push_back(t);
    for (auto* band : {&arm.labelled.estimate, &arm.labelled.lower, &arm.labelled.upper}) band->resize(static_cast<Eigen::Index>(whole.size()), phases);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const Moment& moment = moments[whole[n]];
      const Arm& at = moment.arms.at(condition);
      const auto row = static_cast<Eigen::Index>(n);
      const Eigen::RowVectorXd half = reach.row(static_cast<Eigen::Index>(whole[n])).cwiseProduct((at.variance / at.wells).cwiseSqrt());
      arm.times_h.push_back(moment.time_h);
      arm.degrees = moment.degrees;
      arm.labelled.estimate.row(row) = share(at.mean);
      arm.labelled.estimate.row(row) /= arm.labelled.estimate.row(row).sum();
      arm.labelled.lower.row(row) = share(at.mean - half);
      arm.labelled.upper.row(row) = share(at.mean + half);
    }
    out.push_back(std::move(arm));
  }
  return out;
}

}  // namespace hyped
