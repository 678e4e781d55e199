// One sort, one pass over blocks of equal values: counts of every group before and in each block give all rank sums exactly.
#include "libhyped/distance/rank_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

__int128 tie_term(__int128 t) { return t * t * t - t; }

// Floats in their order as unsigned integers.
std::uint32_t ordered(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// By the upper 32 bits, in three passes of eleven; digits that all keys share are passed over.
void sort_keys(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& swap) {
  if (keys.size() < 400) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  constexpr int digits = 3, width = 11;
  std::array<std::array<std::uint32_t, 1u << width>, digits> count{};
  const auto digit = [](std::uint64_t key, int d) { return static_cast<std::uint32_t>(key >> (32 + d * width)) & ((1u << width) - 1); };
  for (const auto key : keys)
    for (int d = 0; d < digits; ++d) ++count[static_cast<std::size_t>(d)][digit(key, d)];
  swap.resize(keys.size());
  for (int d = 0; d < digits; ++d) {
    auto& here = count[static_cast<std::size_t>(d)];
    if (here[digit(keys[0], d)] == keys.size()) continue;
    std::uint32_t at = 0;
    for (auto& c : here) at += std::exchange(c, at);
    for (const auto key : keys) swap[here[digit(key, d)]++] = key;
    keys.swap(swap);
  }
}

// The test from exact sums: ties = sum of t^3 - t over blocks of equal values.
void test_of(RankSum& r, __int128 ties) {
  const __int128 n = r.group + r.other;
  if (r.group == 0 || r.other == 0) return;
  const double pairs = static_cast<double>(r.group) * static_cast<double>(r.other);
  r.area = r.u() / pairs;
  const __int128 left = tie_term(n) - ties;      // 0 if all are equal
  if (left <= 0) return;
  r.variance = pairs / 12 * (static_cast<double>(left) / (static_cast<double>(n) * static_cast<double>(n - 1)));
  const std::int64_t twice_off = r.twice_u - r.group * r.other;
  const double off = 0.5 * static_cast<double>(std::abs(twice_off)) - 0.5, z = off / std::sqrt(r.variance);
  r.test = z > 0 ? two_sided_normal(z) : TailProbability{};
  r.z = std::copysign(std::max(z, 0.0), static_cast<double>(twice_off));
}

// Variance of a mean of n placements from their sum and sum of squares, all doubled; scale turns one into a share.
double mean_variance(__int128 squares, std::int64_t sum, std::int64_t n, double scale) {
  if (n < 2) return 0;
  const double spread = static_cast<double>(squares * n - static_cast<__int128>(sum) * sum) / (static_cast<double>(n) * static_cast<double>(n - 1));
  return spread * scale * scale / static_cast<double>(n);
}

}  // namespace

GroupedRanks::GroupedRanks(std::vector<std::int32_t> label_of, int labels, int reference)
    : label_of_(std::move(label_of)), size_(static_cast<std::size_t>(labels), 0), labels_(labels), reference_(reference) {
  HYPED_REQUIRE(reference < labels && label_of_.size() <= 2000000);
  for (const auto label : label_of_) {
    HYPED_REQUIRE(label < labels);
    if (label < 0) continue;
    ++size_[static_cast<std::size_t>(label)];
    ++total_;
  }
}

// One block of equal values: in_block of the touched groups, `base` of the reference (or of all groups, if compared with the rest).
void GroupedRanks::block(std::int64_t base, Scratch& s, __int128& base_ties, std::int64_t& base_seen) const {
  const bool rest = reference_ < 0;
  const __int128 own_ties = tie_term(base);
  base_ties += own_ties;
  for (const auto label : s.touched) {
    const auto k = static_cast<std::size_t>(label);
    const std::int64_t in = s.in_block[k], before = s.seen[k];
    const std::int64_t other_before = base_seen - (rest ? before : 0), other_in = base - (rest ? in : 0);
    const std::int64_t placement = 2 * other_before + other_in, seen_by_earlier = 2 * before, seen_by_block = 2 * before + in;
    s.twice_u[k] += in * placement;
    s.group_squares[k] += static_cast<__int128>(placement) * placement * in;
    s.other_squares[k] += static_cast<__int128>(seen_by_earlier) * seen_by_earlier * (other_before - s.last_other[k]) + static_cast<__int128>(seen_by_block) * seen_by_block * other_in;
    s.last_other[k] = other_before + other_in;
    if (!rest) s.ties[k] += tie_term(in + base) - own_ties;
    s.seen[k] = before + in;
    s.in_block[k] = 0;
  }
  s.touched.clear();
  base_seen += base;
}

void GroupedRanks::finish(Scratch& s, __int128 base_ties, std::span<RankSum> out) const {
  for (int label = 0; label < labels_; ++label) {
    const auto k = static_cast<std::size_t>(label);
    RankSum r;
    r.group = size_[k];
    if (label != reference_) r.other = reference_ < 0 ? total_ - size_[k] : size_[static_cast<std::size_t>(reference_)];
    if (r.group > 0 && r.other > 0) {
      r.twice_u = s.twice_u[k];
      test_of(r, base_ties + (reference_ < 0 ? 0 : s.ties[k]));
      if (r.group > 1 && r.other > 1) {
        const __int128 last = 2 * r.group;
        const __int128 other_squares = s.other_squares[k] + last * last * (r.other - s.last_other[k]);
        // the others' placements count group observations below: their sum is what U leaves of all pairs
        const std::int64_t other_sum = 2 * r.group * r.other - r.twice_u;
        r.area_se = std::sqrt(mean_variance(s.group_squares[k], r.twice_u, r.group, 0.5 / static_cast<double>(r.other)) +
                              mean_variance(other_squares, other_sum, r.other, 0.5 / static_cast<double>(r.group)));
      }
    }
    out[k] = r;
  }
}

void GroupedRanks::rank(std::span<const std::int32_t> where, std::span<const float> value, Scratch& s, std::span<RankSum> out) const {
  const auto count = static_cast<std::size_t>(labels_);
  HYPED_ASSERT(out.size() == count && where.size() == value.size());
  s.keys.clear();
  for (std::size_t i = 0; i < where.size(); ++i) {
    const std::int32_t label = label_of_[static_cast<std::size_t>(where[i])];
    HYPED_ASSERT(value[i] == value[i]);
    if (label >= 0 && value[i] != 0) s.keys.push_back(static_cast<std::uint64_t>(ordered(value[i])) << 32 | static_cast<std::uint32_t>(label));
  }
  s.seen.assign(count, 0), s.in_block.assign(count, 0), s.last_other.assign(count, 0), s.twice_u.assign(count, 0);
  s.ties.assign(count, 0), s.group_squares.assign(count, 0), s.other_squares.assign(count, 0);
  s.touched.clear();
  s.zeros.assign(size_.begin(), size_.end());
  for (const auto key : s.keys) --s.zeros[static_cast<std::uint32_t>(key)];
  const bool rest = reference_ < 0;
  std::int64_t zero_base = 0;
  for (std::size_t k = 0; k < count; ++k)
    if (rest || static_cast<int>(k) == reference_) zero_base += s.zeros[k];
  sort_keys(s.keys, s.swap);
  __int128 base_ties = 0;
  std::int64_t base_seen = 0;
  constexpr std::uint32_t zero_key = 0x80000000u;      // between negative and positive values
  const auto zero_block = [&] {
    for (std::size_t k = 0; k < count; ++k)
      if (s.zeros[k] > 0 && static_cast<int>(k) != reference_) s.in_block[k] = s.zeros[k], s.touched.push_back(static_cast<std::int32_t>(k));
    block(zero_base, s, base_ties, base_seen);
  };
  bool zeros_done = false;
  for (std::size_t from = 0; from < s.keys.size();) {
    const auto level = static_cast<std::uint32_t>(s.keys[from] >> 32);
    if (!zeros_done && level > zero_key) zero_block(), zeros_done = true;
    std::int64_t base = 0;
    std::size_t at = from;
    for (; at < s.keys.size() && static_cast<std::uint32_t>(s.keys[at] >> 32) == level; ++at) {
      const auto label = static_cast<std::int32_t>(static_cast<std::uint32_t>(s.keys[at]));
      if (label == reference_) {
        ++base;
        continue;
      }
      base += rest ? 1 : 0;
      if (s.in_block[static_cast<std::size_t>(label)]++ == 0) s.touched.push_back(label);
    }
    block(base, s, base_ties, base_seen);
    from = at;
  }
  if (!zeros_done) zero_block();
  finish(s, base_ties, out);
}

RankSum mann_whitney(std::span<const double> group, std::span<const double> other) {
  std::vector<std::pair<double, int>> all;
  all.reserve(group.size() + other.size());
  for (const double v : group) all.emplace_back(v, 1);
  for (const double v : other) all.emplace_back(v, 0);
  std::sort(all.begin(), all.end());
  RankSum r;
  r.group = static_cast<std::int64_t>(group.size());
  r.other = static_cast<std::int64_t>(other.size());
  __int128 ties = 0, group_squares = 0, other_squares = 0;
  std::int64_t group_before = 0, other_before = 0;
  for (std::size_t from = 0, at = 0; from < all.size(); from = at) {
    std::int64_t in[2] = {0, 0};
    for (; at < all.size() && all[at].first == all[from].first; ++at) ++in[all[at].second];
    HYPED_ASSERT(at > from);
    const std::int64_t placement = 2 * other_before + in[0], earlier = 2 * group_before + in[1];
    r.twice_u += in[1] * placement;
    group_squares += static_cast<__int128>(placement) * placement * in[1];
    other_squares += static_cast<__int128>(earlier) * earlier * in[0];
    ties += tie_term(in[0] + in[1]);
    other_before += in[0], group_before += in[1];
  }
  test_of(r, ties);
  if (r.group > 1 && r.other > 1)
    r.area_se = std::sqrt(mean_variance(group_squares, r.twice_u, r.group, 0.5 / static_cast<double>(r.other)) +
                          mean_variance(other_squares, 2 * r.group * r.other - r.twice_u, r.other, 0.5 / static_cast<double>(r.group)));
  return r;
}

StratifiedRankSum van_elteren(std::span<const RankSum> strata) {
  StratifiedRankSum out;
  double off = 0, variance = 0, weights = 0, area = 0, area_variance = 0;
  for (const RankSum& r : strata) {
    if (r.group == 0 || r.other == 0) continue;
    ++out.strata;
    out.group += r.group;
    out.other += r.other;
    const double w = 1 / static_cast<double>(r.group + r.other + 1), pairs = w * static_cast<double>(r.group) * static_cast<double>(r.other);
    off += w * (r.u() - 0.5 * static_cast<double>(r.group) * static_cast<double>(r.other));
    variance += w * w * r.variance;
    weights += pairs;
    area += pairs * r.area;
    area_variance += pairs * pairs * r.area_se * r.area_se;
  }
  if (weights > 0) out.area = area / weights, out.area_se = std::sqrt(area_variance) / weights;
  if (variance > 0) {
    out.z = off / std::sqrt(variance);
    out.test = two_sided_normal(out.z);
  }
  return out;
}

AreaInterval area_interval(double area, double area_se, std::int64_t group, std::int64_t other) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), z = normal_quantile_of(0.975);
  if (group < 2 || other < 2) return {nan, nan};
  if (area_se > 0 && area > 0 && area < 1) {
    const double logit = std::log(area / (1 - area)), half = z * area_se / (area * (1 - area));
    return {1 / (1 + std::exp(half - logit)), 1 / (1 + std::exp(-half - logit))};
  }
  if (area > 0 && area < 1) return {nan, nan};      // all equal, or no spread: nothing to go by
  const auto m = static_cast<double>(group), n = static_cast<double>(other), mean = 0.5 * (m + n);
  const auto score = [&](double t) { return std::abs(area - t) - z * std::sqrt(t * (1 - t) * (1 + (mean - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)); };
  double inside = area, outside = 1 - area;      // the end away from the estimate
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (inside + outside);
    (score(middle) < 0 ? inside : outside) = middle;
  }
  return area == 1 ? AreaInterval{inside, 1.0} : AreaInterval{0.0, inside};
}

}  // namespace hyped
