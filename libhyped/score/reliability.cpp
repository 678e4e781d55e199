// Reliability, calibration and errors at a yield.
#include "libhyped/score/reliability.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <numeric>

#include "libhyped/errors.hpp"

namespace hyped {

ShareInterval share_interval(double hits, double count) {
  if (!(count > 0)) return {};
  ShareInterval out;
  if (hits > 0) out.lower = boost::math::ibeta_inv(hits, count - hits + 1, 0.025);
  if (hits < count) out.upper = boost::math::ibeta_inv(hits + 1, count - hits, 0.975);
  return out;
}

double poisson_binomial_p(std::span<const double> probability, long hits) {
  // sure trials add a constant; the rarer event is counted among the rest, as far as its number can reach
  std::vector<double> open;
  long sure = 0;
  double mean = 0, variance = 0;
  for (const double p : probability) {
    if (p * (1 - p) < 1e-14) {
      sure += p > 0.5 ? 1 : 0;
    } else {
      open.push_back(p);
      mean += p;
      variance += p * (1 - p);
    }
  }
  const double trials = static_cast<double>(open.size());
  long wanted = hits - sure;
  if (open.empty()) return wanted == 0 ? 1.0 : 0.0;
  if (wanted < 0 || wanted > static_cast<long>(open.size())) return 0;
  if (mean > 0.5 * trials) {
    for (double& p : open) p = 1 - p;
    mean = trials - mean;
    wanted = static_cast<long>(open.size()) - wanted;
  }
  const double most = std::min(trials, mean + 14 * std::sqrt(variance) + 60);
  if (static_cast<double>(wanted) > most) return 0;
  if (trials * most > 4e8) return std::erfc(std::abs(static_cast<double>(wanted) - mean) / std::sqrt(2 * variance));
  std::vector<double> pmf(static_cast<std::size_t>(most) + 1, 0);
  pmf[0] = 1;
  std::size_t reached = 0;
  for (const double p : open) {
    reached = std::min(reached + 1, pmf.size() - 1);
    for (std::size_t k = reached; k > 0; --k) pmf[k] = pmf[k] * (1 - p) + pmf[k - 1] * p;
    pmf[0] *= 1 - p;
  }
  double below = 0;
  for (long k = 0; k < wanted; ++k) below += pmf[static_cast<std::size_t>(k)];
  const double lower = below + 0.5 * pmf[static_cast<std::size_t>(wanted)];
  return std::min(1.0, 2 * std::max(0.0, std::min(lower, 1 - lower)));
}

std::vector<ReliabilityBin> reliability(std::span<const double> predicted, std::span<const char> hit, std::span<const double> edges) {
  HYPED_REQUIRE(predicted.size() == hit.size() && edges.size() > 1 && std::is_sorted(edges.begin(), edges.end()));
  std::vector<ReliabilityBin> bins;
  for (std::size_t b = 0; b + 1 < edges.size(); ++b) {
    ReliabilityBin bin{edges[b], edges[b + 1]};
    std::vector<double> inside;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      const bool last = b + 2 == edges.size() && predicted[i] == bin.until;
      if (!(predicted[i] >= bin.from && (predicted[i] < bin.until || last))) continue;
      inside.push_back(predicted[i]);
      bin.hits += hit[i] != 0 ? 1 : 0;
    }
    if (inside.empty()) continue;
    bin.count = static_cast<long>(inside.size());
    const double n = static_cast<double>(bin.count);
    bin.predicted = std::accumulate(inside.begin(), inside.end(), 0.0) / n;
    bin.observed = static_cast<double>(bin.hits) / n;
    const ShareInterval interval = share_interval(static_cast<double>(bin.hits), n);
    bin.lower = interval.lower, bin.upper = interval.upper;
    bin.p_value = poisson_binomial_p(inside, bin.hits);
    bins.push_back(bin);
  }
  return bins;
}

CalibrationSummary calibration(std::span<const double> predicted, std::span<const char> hit, std::span<const double> edges) {
  CalibrationSummary out;
  const double n = static_cast<double>(predicted.size());
  double variance = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double p = predicted[i], happened = hit[i] != 0 ? 1 : 0;
    out.brier += (happened - p) * (happened - p) / n;
    out.log_loss -= std::log(std::max(1e-300, hit[i] != 0 ? p : 1 - p)) / n;
    out.excess += happened - p;
    variance += p * (1 - p);
  }
  out.excess_error = std::sqrt(variance);
  for (const ReliabilityBin& bin : reliability(predicted, hit, edges)) out.expected_error += std::abs(bin.observed - bin.predicted) * static_cast<double>(bin.count) / n;
  return out;
}

std::vector<YieldError> errors_at_yield(std::span<const double> certainty, std::span<const char> correct, std::span<const double> yields) {
  HYPED_REQUIRE(certainty.size() == correct.size());
  std::vector<std::size_t> order(certainty.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return certainty[a] > certainty[b]; });
  std::vector<YieldError> out;
  for (const double yield : yields) {
    YieldError at{yield, std::lround(yield * static_cast<double>(order.size()))};
    long taken = 0;
    for (std::size_t from = 0; from < order.size() && taken < at.calls;) {
      std::size_t until = from;
      long wrong = 0;
      for (; until < order.size() && certainty[order[until]] == certainty[order[from]]; ++until) wrong += correct[order[until]] != 0 ? 0 : 1;
      const long tied = static_cast<long>(until - from), take = std::min(tied, at.calls - taken);
      at.wrong += static_cast<double>(wrong) * static_cast<double>(take) / static_cast<double>(tied);
      taken += take;
      from = until;
    }
    if (at.calls > 0) {
      at.share = at.wrong / static_cast<double>(at.calls);
      const ShareInterval interval = share_interval(at.wrong, static_cast<double>(at.calls));
      at.lower = interval.lower, at.upper = interval.upper;
    }
    out.push_back(at);
  }
  return out;
}

}  // namespace hyped
