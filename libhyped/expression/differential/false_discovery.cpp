// Benjamini-Hochberg adjustment.
#include "libhyped/expression/differential/false_discovery.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hyped {

std::vector<TailProbability> benjamini_hochberg(std::span<const TailProbability> tests) {
  std::vector<std::size_t> order(tests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tests[a].p != tests[b].p ? tests[a].p < tests[b].p : tests[a].log_p < tests[b].log_p;
  });
  std::vector<TailProbability> q(tests.size());
  const auto m = static_cast<double>(tests.size());
  double least = 1, least_log = 0;
  for (std::size_t k = tests.size(); k-- > 0;) {
    const TailProbability& test = tests[order[k]];
    const double factor = m / static_cast<double>(k + 1);
    least = std::min(least, test.p * m / static_cast<double>(k + 1));
    least_log = std::min(least_log, test.log_p + std::log(factor));
    q[order[k]] = {least, least_log};
  }
  return q;
}

}  // namespace hyped
