// Meters from the Gram matrix of changes.
#include "libhyped/score/bulk/collapse_meters.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

using Rows = std::vector<std::vector<Eigen::Index>>;      // conditions by context

// Less the mean of the context.
ProfileMatrix centred(ProfileMatrix m, const Rows& contexts) {
  for (const auto& rows : contexts) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(m.cols());
    for (const auto i : rows) mean += m.row(i) / static_cast<double>(rows.size());
    for (const auto i : rows) m.row(i) -= mean;
  }
  return m;
}

MetricValue systematic_variation(const ProfileMatrix& change_of, const Rows& contexts) {
  double sum = 0;
  int count = 0;
  for (const auto& rows : contexts) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(change_of.cols());
    for (const auto i : rows) mean += change_of.row(i) / static_cast<double>(rows.size());
    for (const auto i : rows)
      if (mean.norm() > 0 && change_of.row(i).norm() > 0) sum += change_of.row(i).dot(mean) / (change_of.row(i).norm() * mean.norm()), ++count;
  }
  return count > 0 ? defined(sum / count) : undefined("nothing changes");
}

// The same spread is told from none by rounding: 1e-12 of the profiles' norm.
MetricValue effective_rank(const ProfileMatrix& around_mean, double norm) {
  const Eigen::MatrixXd gram = around_mean * around_mean.transpose();
  if (gram.trace() <= 1e-24 * norm * norm) return undefined("all profiles are the same");
  return defined(gram.trace() * gram.trace() / gram.squaredNorm());
}

struct Neighbours {
  MetricValue nearest, duplicates;
};
Neighbours neighbours(const ProfileMatrix& profiles, const Rows& contexts) {
  std::vector<double> nearest, all;
  double equal = 0, of = 0;
  for (const auto& rows : contexts) {
    if (rows.size() < 2) continue;
    for (const auto i : rows) {
      double least = INFINITY;
      for (const auto j : rows) {
        if (i == j) continue;
        const double d = (profiles.row(i) - profiles.row(j)).norm();
        least = std::min(least, d);
        if (i < j) all.push_back(d);
      }
      nearest.push_back(least), of += 1, equal += least <= 1e-12 * profiles.row(i).norm() ? 1 : 0;
    }
  }
  if (of == 0) return {undefined("one condition alone"), undefined("one condition alone")};
  const auto median = [](std::vector<double>& v) {
    std::sort(v.begin(), v.end());
    return v.size() % 2 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
  };
  const double middle = median(all);
  return {middle > 0 ? defined(median(nearest) / middle) : undefined("all profiles are the same"), defined(equal / of)};
}

MetricValue systematic_share(const ProfileMatrix& change_of, const ProfileMatrix& truth_change, const Rows& contexts) {
  double on_axis = 0, all = 0;
  for (const auto& rows : contexts) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(change_of.cols());
    for (const auto i : rows) mean += truth_change.row(i);
    if (!(mean.norm() > 0)) continue;
    mean.normalize();
    for (const auto i : rows) on_axis += std::pow(change_of.row(i).dot(mean), 2), all += change_of.row(i).squaredNorm();
  }
  return all > 0 ? defined(on_axis / all) : undefined("nothing changes");
}

}  // namespace

std::vector<CollapseMeter> collapse_meters(const EffectComparison& pair) {
  std::map<std::string, std::vector<Eigen::Index>> by_context;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) by_context[pair.conditions[i].context].push_back(static_cast<Eigen::Index>(i));
  Rows contexts;
  for (const auto& [context, rows] : by_context) contexts.push_back(rows);
  const ProfileMatrix truth = changes(pair.truth, pair.control), predicted = changes(pair.predicted, pair.control);
  const ProfileMatrix truth_centred = centred(pair.truth, contexts), predicted_centred = centred(pair.predicted, contexts);
  const double freedom = static_cast<double>(pair.conditions.size()) - static_cast<double>(contexts.size());
  const auto variance = [&](const ProfileMatrix& m) { return freedom > 0 ? defined(m.squaredNorm() / freedom) : undefined("one condition alone"); };
  const Neighbours of_truth = neighbours(pair.truth, contexts), of_predicted = neighbours(pair.predicted, contexts);
  return {
      {"systematic_variation", "mean cosine of changes from control with their mean (Systema)", systematic_variation(truth, contexts), systematic_variation(predicted, contexts)},
      {"systematic_share", "share of squared change on the axis of the truth's mean change", systematic_share(truth, truth, contexts), systematic_share(predicted, truth, contexts)},
      {"variance", "between conditions, summed over genes", variance(truth_centred), variance(predicted_centred)},
      {"effective_rank", "participation ratio of the profiles around their mean", effective_rank(truth_centred, pair.truth.norm()), effective_rank(predicted_centred, pair.predicted.norm())},
      {"nearest_neighbour", "median distance to the nearest other profile / median distance", of_truth.nearest, of_predicted.nearest},
      {"duplicates", "share of conditions with an equal profile among the others", of_truth.duplicates, of_predicted.duplicates},
  };
}

}  // namespace hyped
