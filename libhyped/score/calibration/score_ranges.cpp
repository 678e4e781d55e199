// Intervals of mean scores over cells, over perturbations and over both.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <numeric>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t perturbation_stream = 0x30000000u;
constexpr std::size_t fewest_for_percentiles = 10;

double two_sided_quantile(double level, double freedom) { return freedom > 0 ? student_quantile(0.5 + 0.5 * level, freedom) : -normal_quantile_of(0.5 - 0.5 * level); }

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// Linear interpolation between order statistics; `sorted` ascends.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  if (low + 1 >= sorted.size()) return sorted.back();
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[low + 1] - sorted[low]);
}

}  // namespace

std::optional<ScoreRange> range_over_perturbations(const std::vector<double>& given, double shared_variance, const RangeOptions& options, double freedom) {
  std::vector<double> values;
  for (const double v : given)
    if (!std::isnan(v)) values.push_back(v);
  const std::size_t n = values.size();
  if (n < 2) return std::nullopt;
  const double size = static_cast<double>(n), mean = std::accumulate(values.begin(), values.end(), 0.0) / size;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double se = std::sqrt(squares / (size - 1) / size), t = student_quantile(0.5 + 0.5 * options.level, size - 1);
  double below = t * se, above = t * se;
  if (n >= fewest_for_percentiles && se > 0) {
    std::vector<double> means(static_cast<std::size_t>(options.draws));
    for (std::size_t d = 0; d < means.size(); ++d) {
      RandomStream random(options.seed, perturbation_stream, static_cast<std::uint32_t>(d));
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += values[std::min(n - 1, static_cast<std::size_t>(random.uniform() * size))];
      means[d] = sum / size;
    }
    std::sort(means.begin(), means.end());
    const double tail = normal_cdf(-std::sqrt(size / (size - 1)) * t);
    below = mean - quantile(means, tail), above = quantile(means, 1 - tail) - mean;
  }
  const double shared = two_sided_quantile(options.level, freedom) * std::sqrt(std::max(0.0, shared_variance));
  return ScoreRange{mean, std::sqrt(se * se + std::max(0.0, shared_variance)), mean - std::hypot(below, shared), mean + std::hypot(above, shared)};
}

bool ends_at_perfect(const std::string& metric) {
  static const std::set<std::string> open{"edist", "edistance", "de_nsig_real", "de_nsig_pred"};      // U-statistics may be negative; numbers of genes have no best
  return metric.find("debiased") == metric.npos && metric.find("unbiased") == metric.npos && !open.contains(metric);
}

ScoreRange within_bounds(ScoreRange range, const std::string& metric, Better better, double perfect, const std::optional<double>& worst) {
  const bool unbounded = !ends_at_perfect(metric);
  double low = -std::numeric_limits<double>::infinity(), high = -low;
  if (!unbounded) (better == Better::higher ? high : low) = perfect;
  if (worst && !unbounded) (better == Better::higher ? low : high) = *worst;
  // a value that is there is possible, whatever is said of the metric
  range.lower = std::max(range.lower, std::min(low, range.estimate)), range.upper = std::min(range.upper, std::max(high, range.estimate));
  return range;
}

ScoreRanges ranges_of(const JointScores& scores, const std::vector<double>& weights, const RangeOptions& options) {
  HYPED_REQUIRE(weights.size() == scores.models.size());
  ScoreRanges out;
  Eigen::VectorXd w(static_cast<Eigen::Index>(weights.size()));
  std::vector<double> combined;
  double all = 0;      // of a metric over all conditions: the value itself, not the mean of pseudo-values
  for (std::size_t m = 0; m < weights.size(); ++m) {
    w[static_cast<Eigen::Index>(m)] = weights[m];
    if (weights[m] == 0) continue;
    if (!scores.mean[m]) return out;
    all += weights[m] * *scores.mean[m];
    const auto units = scores.units(m);
    if (combined.empty()) combined.assign(units.size(), 0.0);
    for (std::size_t i = 0; i < units.size(); ++i) combined[i] += weights[m] * units[i];
  }
  const auto centred = [&](ScoreRange r) {
    const double shift = all - r.estimate;
    return scores.global() ? ScoreRange{all, r.se, r.lower + shift, r.upper + shift} : r;
  };
  double cells = 0, shared = 0;
  if (scores.cell_covariance.size() > 0) {
    cells = std::max(0.0, w.dot(scores.cell_covariance * w));
    shared = std::max(0.0, w.dot(scores.shared_covariance * w));
  }
  if (auto over = range_over_perturbations(combined, 0, options)) {
    out.perturbations = centred(*over);
    if (scores.global()) shared = std::max(0.0, cells - over->se * over->se);
    if (auto both = range_over_perturbations(combined, shared, options, scores.freedom)) out.both = centred(*both);
  }
  if (scores.cell_covariance.size() > 0) {
    double mean = 0, n = 0;
    for (const double v : combined)
      if (!std::isnan(v)) mean += v, n += 1;
    if (n > 0) {
      const double estimate = scores.global() ? all : mean / n, half = two_sided_quantile(options.level, scores.freedom) * std::sqrt(cells);
      out.cells = ScoreRange{estimate, std::sqrt(cells), estimate - half, estimate + half};
      if (!out.both) out.both = out.cells;      // one condition: there is nothing to say about others
    }
  }
  return out;
}

}  // namespace hyped
