// Two-pass sums in double.
#include "libhyped/score/bulk/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

double mean_of(Values v) { return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()); }
double norm_of(Values v) { return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0)); }

std::vector<double> centred(Values v) {
  const double mean = mean_of(v);
  std::vector<double> out(v.begin(), v.end());
  for (double& x : out) x -= mean;
  return out;
}

bool constant(Values v, Values around_mean) { return norm_of(around_mean) <= 1e-12 * norm_of(v); }

}  // namespace

double mean_squared_error(Values truth, Values predicted) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
  return sum / static_cast<double>(truth.size());
}

double mean_absolute_error(Values truth, Values predicted) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += std::abs(truth[i] - predicted[i]);
  return sum / static_cast<double>(truth.size());
}

double euclidean_distance(Values truth, Values predicted) { return std::sqrt(mean_squared_error(truth, predicted) * static_cast<double>(truth.size())); }

MetricValue pearson(Values truth, Values predicted) {
  HYPED_REQUIRE(truth.size() == predicted.size());
  if (truth.size() < 2) return undefined("fewer than two values");
  const auto a = centred(truth), b = centred(predicted);
  if (constant(truth, a)) return undefined("the truth is the same in all of them");
  if (constant(predicted, b)) return undefined("the prediction is the same in all of them");
  return defined(std::clamp(std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (norm_of(a) * norm_of(b)), -1.0, 1.0));
}

MetricValue spearman(Values truth, Values predicted) { return pearson(mid_ranks(truth), mid_ranks(predicted)); }

MetricValue cosine(Values truth, Values predicted) {
  HYPED_REQUIRE(truth.size() == predicted.size());
  const double a = norm_of(truth), b = norm_of(predicted);
  if (!(a > 0)) return undefined("the truth is zero");
  if (!(b > 0)) return undefined("the prediction is zero");
  return defined(std::clamp(std::inner_product(truth.begin(), truth.end(), predicted.begin(), 0.0) / (a * b), -1.0, 1.0));
}

MetricValue r_squared(Values truth, Values predicted) { return weighted_r_squared(truth, predicted, std::vector<double>(truth.size(), 1.0)); }

MetricValue weighted_squared_error(Values truth, Values predicted, Values weights) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += weights[i] * (truth[i] - predicted[i]) * (truth[i] - predicted[i]), total += weights[i];
  if (!(total > 0)) return undefined("all weights are zero");
  return defined(sum / total);
}

MetricValue weighted_r_squared(Values truth, Values predicted, Values weights) {
  HYPED_REQUIRE(truth.size() == predicted.size() && truth.size() == weights.size());
  if (truth.size() < 2) return undefined("fewer than two values");
  double total = 0, mean = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) total += weights[i], mean += weights[i] * truth[i];
  if (!(total > 0)) return undefined("all weights are zero");
  mean /= total;
  double left = 0, around = 0, raw = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    left += weights[i] * (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
    around += weights[i] * (truth[i] - mean) * (truth[i] - mean);
    raw += weights[i] * truth[i] * truth[i];
  }
  if (!(around > 1e-24 * raw)) return undefined("the truth is the same in all of them");
  return defined(1 - left / around);
}

std::vector<double> mid_ranks(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t from = 0; from < order.size();) {
    std::size_t until = from;
    while (until < order.size() && values[order[until]] == values[order[from]]) ++until;
    for (std::size_t i = from; i < until; ++i) ranks[order[i]] = 0.5 * static_cast<double>(from + until + 1);
    from = until;
  }
  return ranks;
}

std::vector<std::size_t> largest(Values scores, std::size_t k) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!std::isnan(scores[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return std::abs(scores[a]) > std::abs(scores[b]); });
  order.resize(std::min(order.size(), k));
  return order;
}

std::vector<double> picked(Values row, const std::vector<std::size_t>& at) {
  std::vector<double> out;
  for (const std::size_t g : at) out.push_back(row[g]);
  return out;
}

std::vector<double> change(Values profile, Values reference) {
  HYPED_REQUIRE(profile.size() == reference.size());
  std::vector<double> out(profile.begin(), profile.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= reference[i];
  if (norm_of(out) <= 1e-12 * (norm_of(profile) + norm_of(reference))) std::fill(out.begin(), out.end(), 0.0);
  return out;
}

ProfileMatrix changes(const ProfileMatrix& profiles, const ProfileMatrix& control) {
  ProfileMatrix out(profiles.rows(), profiles.cols());
  const auto genes = static_cast<std::size_t>(profiles.cols());
  for (Eigen::Index i = 0; i < profiles.rows(); ++i) {
    const auto d = change({profiles.row(i).data(), genes}, {control.row(i).data(), genes});
    out.row(i) = Eigen::Map<const Eigen::RowVectorXd>(d.data(), profiles.cols());
  }
  return out;
}

MetricMean mean_of_defined(const std::vector<MetricValue>& values) {
  MetricMean out;
  out.of = values.size();
  double sum = 0;
  for (const MetricValue& v : values)
    if (v.value) sum += *v.value, ++out.defined;
  out.mean = out.defined > 0 ? defined(sum / static_cast<double>(out.defined)) : undefined("undefined for every condition");
  return out;
}

}  // namespace hyped
