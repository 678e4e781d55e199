// Binomial intervals, order statistics, isotonic shares.
#include "experiments/control/transitions/efficiency.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped::control {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

// Weighted pool-adjacent-violators, never falling.
std::vector<double> never_falling(std::span<const double> value, std::span<const double> weight) {
  struct Pool {
    double sum, weight;
    int members;
  };
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < value.size(); ++i) {
    pools.push_back({value[i] * weight[i], weight[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].sum * pools.back().weight > pools.back().sum * pools[pools.size() - 2].weight) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back() = {pools.back().sum + last.sum, pools.back().weight + last.weight, pools.back().members + last.members};
    }
  }
  std::vector<double> out;
  for (const Pool& pool : pools) out.insert(out.end(), static_cast<std::size_t>(pool.members), pool.sum / pool.weight);
  return out;
}

double crossing(std::span<const double> durations, const std::vector<double>& share, double level) {
  if (share.front() >= level) return durations.front();
  for (std::size_t i = 1; i < share.size(); ++i)
    if (share[i] >= level) return durations[i - 1] + (durations[i] - durations[i - 1]) * (level - share[i - 1]) / (share[i] - share[i - 1]);
  return infinity;
}

double percentile(const std::vector<double>& sorted, double probability) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(probability * static_cast<double>(sorted.size())))];
}

}  // namespace

Share share_of(int count, int runs) {
  if (runs < 1 || count < 0 || count > runs) throw InputError("share", "a count is not between 0 and the number of runs");
  Share out{count, runs, static_cast<double>(count) / runs, 0, 1};
  if (count > 0) out.lower = boost::math::quantile(boost::math::beta_distribution<double>(count, runs - count + 1), 0.025);
  if (count < runs) out.upper = boost::math::quantile(boost::math::beta_distribution<double>(count + 1, runs - count), 0.975);
  return out;
}

LatencyQuantile latency_quantile(const Passages& passages, double probability) {
  std::vector<double> sorted = passages.latency_h;
  if (sorted.empty()) throw InputError("latency", "there are no runs");
  std::sort(sorted.begin(), sorted.end());
  const int n = static_cast<int>(sorted.size());
  const auto at = [&](int rank) { return rank < 0 ? 0.0 : rank >= n ? infinity : sorted[static_cast<std::size_t>(rank)]; };
  const boost::math::binomial_distribution<double> below(n, probability);
  const int low = static_cast<int>(std::floor(boost::math::quantile(below, 0.025))) - 1, high = static_cast<int>(std::ceil(boost::math::quantile(below, 0.975)));
  return {probability, at(std::max(0, static_cast<int>(std::ceil(probability * n)) - 1)), at(low), at(high)};
}

LatencyVariability latency_variability(const Passages& passages, std::uint64_t seed) {
  std::vector<double> times;
  for (const double t : passages.latency_h)
    if (std::isfinite(t)) times.push_back(t);
  LatencyVariability out{nan, nan, nan, static_cast<int>(times.size())};
  if (times.size() < 10) return out;
  const auto cv = [](double sum, double squares, double n) { return std::sqrt(std::max(0.0, squares / n - sum * sum / (n * n)) * n / (n - 1)) / (sum / n); };
  const auto of = [&](auto&& pick) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
      const double t = times[pick(i)];
      sum += t;
      squares += t * t;
    }
    return sum > 0 ? cv(sum, squares, static_cast<double>(times.size())) : 0;
  };
  out.value = of([](std::size_t i) { return i; });
  std::vector<double> draws;
  for (std::uint32_t b = 0; b < 1000; ++b) {
    RandomStream random(seed, 0x1a7e, b);
    draws.push_back(of([&](std::size_t) { return std::min(times.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(times.size()))); }));
  }
  std::sort(draws.begin(), draws.end());
  out.lower = percentile(draws, 0.025);
  out.upper = percentile(draws, 0.975);
  return out;
}

PersistenceNeeded persistence_needed(std::span<const double> durations_h, std::span<const Share> shares, double level, std::uint64_t seed) {
  if (durations_h.empty() || durations_h.size() != shares.size() || !std::is_sorted(durations_h.begin(), durations_h.end())) throw InputError("persistence", "needs a share for each of increasing durations");
  std::vector<double> value, weight;
  for (const Share& share : shares) value.push_back(share.value), weight.push_back(share.runs);
  PersistenceNeeded out{level, crossing(durations_h, never_falling(value, weight), level), 0, infinity};
  std::vector<double> draws;
  for (std::uint32_t b = 0; b < 2000; ++b) {
    RandomStream random(seed, 0x9e51, b);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      // half a count more on each side: shares of 0 and 1 are not certain
      const double p = (shares[i].count + 0.5) / (shares[i].runs + 1.0);
      value[i] = static_cast<double>(random.binomial(shares[i].runs, p)) / shares[i].runs;
    }
    const std::vector<double> share = never_falling(value, weight);
    draws.push_back(share.front() >= level ? 0 : crossing(durations_h, share, level));      // at the shortest tried already: anything below
  }
  std::sort(draws.begin(), draws.end());
  out.lower_h = percentile(draws, 0.025);
  out.upper_h = percentile(draws, 0.975);
  if (!std::isfinite(out.value_h)) out.value_h = nan;
  return out;
}

RefinedPersistence refine_persistence(std::vector<double> durations_h, std::vector<Share> shares, double level, std::uint64_t seed, const std::function<std::optional<Share>(double)>& sample, int most) {
  RefinedPersistence out{persistence_needed(durations_h, shares, level, seed), std::move(durations_h), std::move(shares), 0, true};
  // the tried durations on both sides of t, as the place of the later one; 0: outside of those tried
  const auto after = [&](double t) -> std::size_t {
    if (!std::isfinite(t) || t <= out.durations_h.front() || t >= out.durations_h.back()) return 0;
    return static_cast<std::size_t>(std::lower_bound(out.durations_h.begin(), out.durations_h.end(), t) - out.durations_h.begin());
  };
  const auto width = [&](std::size_t k) { return k == 0 ? 0 : out.durations_h[k] - out.durations_h[k - 1]; };
  for (;;) {
    const PersistenceNeeded& now = out.needed;
    if (!std::isfinite(now.value_h) || now.value_h <= out.durations_h.front()) return out;
    const double lower = std::max(now.lower_h, out.durations_h.front()), upper = std::min(now.upper_h, out.durations_h.back());
    std::size_t widest = 0;
    for (const double t : {now.value_h, lower, upper})
      if (const std::size_t k = after(t); width(k) > width(widest)) widest = k;
    if (width(widest) <= 0.5 * (upper - lower)) return out;
    const auto share = out.added < most ? sample(0.5 * (out.durations_h[widest - 1] + out.durations_h[widest])) : std::nullopt;
    if (!share) break;
    out.durations_h.insert(out.durations_h.begin() + static_cast<std::ptrdiff_t>(widest), 0.5 * (out.durations_h[widest - 1] + out.durations_h[widest]));
    out.shares.insert(out.shares.begin() + static_cast<std::ptrdiff_t>(widest), *share);
    ++out.added;
    out.needed = persistence_needed(out.durations_h, out.shares, level, seed);
  }
  out.settled = false;
  if (const std::size_t k = after(out.needed.lower_h); k > 0) out.needed.lower_h = out.durations_h[k - 1];
  if (const std::size_t k = after(out.needed.upper_h); k > 0) out.needed.upper_h = out.durations_h[k];
  if (const std::size_t k = after(out.needed.value_h); k > 0) out.needed.lower_h = std::min(out.needed.lower_h, out.durations_h[k - 1]), out.needed.upper_h = std::max(out.needed.upper_h, out.durations_h[k]);
  return out;
}

}  // namespace hyped::control
