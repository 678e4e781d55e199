// Rank sums of groups of observations, most of which are zero: exact U, tie-corrected tests, the area under the curve.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"

namespace hyped {

// One group against another set of observations. U counts pairs in which the group's observation is the larger, ties as halves.
struct RankSum {
  std::int64_t twice_u = 0;                 // exact
  std::int64_t group = 0, other = 0;        // observations
  double variance = 0;                      // of U if there is no difference, with ties; 0 if all values are equal
  double area = 0.5;                        // U / (group * other): P(group > other) + P(equal) / 2
  double area_se = 0;                       // also where groups differ (DeLong et al. 1988, Biometrics 44:837); 0 if one group has one observation
  double z = 0;                             // signed, after the continuity correction; 0 if all values are equal
  TailProbability test;                     // two-sided; p = 1 if all values are equal
  double u() const { return 0.5 * static_cast<double>(twice_u); }
};

// Mann-Whitney with mid-ranks, tie correction and continuity correction, normal approximation; equal to
// scipy.stats.mannwhitneyu(method="asymptotic") except that all values equal give p = 1.
// Observations in any order; none may be NaN (checked by HYPED_ASSERT).
RankSum mann_whitney(std::span<const double> group, std::span<const double> other);

// Rank sums of all groups of one variable from one sort of the values that are stored.
class GroupedRanks {
 public:
  // label_of [N]: group of each observation, -1 leaves it out. reference: the group all others are compared with, or -1: every
  // group with the rest of the labelled ones. At most 2,000,000 observations (BugError).
  GroupedRanks(std::vector<std::int32_t> label_of, int labels, int reference);

  struct Scratch {      // one per thread, reused
    std::vector<std::uint64_t> keys, swap;
    std::vector<std::int64_t> zeros, seen, in_block, last_other, twice_u;
    std::vector<__int128> ties, group_squares, other_squares;
    std::vector<std::int32_t> touched;
  };
  // where [stored], value [stored]: the observations that are not zero, all others are. out [labels]; the reference's own entry and
  // groups without observations keep group = 0 or other = 0 and p = 1. Same result for any order of the stored values.
  void rank(std::span<const std::int32_t> where, std::span<const float> value, Scratch& scratch, std::span<RankSum> out) const;

  int labels() const { return labels_; }
  int reference() const { return reference_; }
  std::int64_t size(int label) const { return size_[static_cast<std::size_t>(label)]; }

 private:
  void block(std::int64_t base, Scratch& s, __int128& base_ties, std::int64_t& base_seen) const;
  void finish(Scratch& s, __int128 base_ties, std::span<RankSum> out) const;
  std::vector<std::int32_t> label_of_;
  std::vector<std::int64_t> size_;      // [labels]
  int labels_, reference_;
  std::int64_t total_ = 0;              // labelled observations
};

// Rank sums within strata put together: sum of w (U - E U) with w = 1 / (n + 1), locally the best weights if the shift is the same in
// all strata. Strata that lack one of the two are left out. No continuity correction. Source: van Elteren 1960, Bull ISI 37:351.
struct StratifiedRankSum {
  int strata = 0;                           // that hold both
  std::int64_t group = 0, other = 0;        // observations in them
  double area = 0.5, area_se = 0;           // mean of the strata's areas, weights w n_group n_other
  double z = 0;
  TailProbability test;
};
StratifiedRankSum van_elteren(std::span<const RankSum> strata);

// 95 % interval for an area: logit scale from the standard error; where that is 0 but the values are not all equal (complete
// separation), Newcombe's score-type interval (2006, Stat Med 25:559, method 5). NaN if there is none.
struct AreaInterval {
  double lower, upper;
};
AreaInterval area_interval(double area, double area_se, std::int64_t group, std::int64_t other);

}  // namespace hyped
