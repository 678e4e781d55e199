// Benjamini-Hochberg adjustment that keeps its digits where p underflows.
#pragma once
#include <span>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"

namespace hyped {

// q of every test: p_(k) m / k, least from the right, at most 1; log_p of a result is log q. All tests given count in m, those
// with p = 1 too. Source: Benjamini & Hochberg 1995, J R Stat Soc B 57:289.
std::vector<TailProbability> benjamini_hochberg(std::span<const TailProbability> tests);

}  // namespace hyped
