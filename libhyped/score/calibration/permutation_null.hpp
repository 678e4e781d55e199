// What a metric gives if predictions say nothing about which condition they are for: exact over all relabellings where they are few.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

struct PermutationOptions {
  std::uint64_t seed = 1;
  // Conditions of one stratum alone change places (phase or batch, where predictions are allowed to know it); empty: the context of each condition.
  std::vector<int> strata;                 // [N]
  double most_exact = 50000;               // relabellings up to which all are evaluated (8! = 40,320)
  int draws = 9999;                        // beyond
};
struct PermutationNull {
  std::optional<double> observed;          // mean over conditions
  std::string undefined_because;
  double p = 1;                            // one-sided: share of relabellings at least as good, the observed one among them
  double smallest_p = 1;                   // that this many conditions can reach at all
  double relabellings = 1;                 // in all
  std::size_t evaluated = 1;
  bool exact = true;                       // else drawn, p = (1 + #) / (1 + draws) (Phipson & Smyth 2010)
  std::string caution;                     // why p may be too small: conditions of one stratum with controls of their own
  double chance = 0, chance_lower = 0, chance_upper = 0;      // mean and 95 % of the null
};
// A condition gets the predicted change of another one of its stratum, added to its own control. Conditions of one stratum have to share their control: its
// noise is in the predicted and in the true change of a condition alike, and would tell it from conditions with another control. Values are compared with a tolerance of 1e-12 of their size.
PermutationNull permutation_null(const Metric& metric, const EffectComparison& pair, const PermutationOptions& options);

}  // namespace hyped
