// Quantiles of cells, gene by gene.
#include "libhyped/score/bulk/cell_ranges.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/score/bulk/vectors.hpp"

namespace hyped {
namespace {

double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

CellRangeScores cell_range_scores(std::span<const std::vector<double>> cells, std::span<const double> predicted) {
  HYPED_REQUIRE(cells.size() == predicted.size());
  static constexpr double range[4][2] = {{0, 1}, {0.25, 0.75}, {0.4, 0.6}, {0.45, 0.55}};
  double inside[4] = {}, genes = 0, varying = 0, sigma = 0, below[2] = {};
  for (std::size_t k = 0; k < cells.size(); ++k) {
    if (cells[k].empty()) continue;
    std::vector<double> sorted(cells[k]);
    std::sort(sorted.begin(), sorted.end());
    if (sorted.front() != 0 || sorted.back() != 0) {
      ++genes;
      for (int r = 0; r < 4; ++r) inside[r] += predicted[k] >= quantile(sorted, range[r][0]) && predicted[k] <= quantile(sorted, range[r][1]) ? 1 : 0;
    }
    double mean = 0, squares = 0;
    for (const double x : sorted) mean += x / static_cast<double>(sorted.size());
    for (const double x : sorted) squares += (x - mean) * (x - mean) / static_cast<double>(sorted.size());
    if (!(sorted.back() > sorted.front())) continue;
    ++varying;
    const double off = std::abs(predicted[k] - mean) / std::sqrt(squares);
    sigma += off, below[0] += off <= 1 ? 1 : 0, below[1] += off <= 2 ? 1 : 0;
  }
  const auto share = [](double hits, double of, const char* why) { return of > 0 ? defined(hits / of) : undefined(why); };
  const char* no_gene = "no true cell expresses one of these genes";
  const char* no_spread = "none of these genes varies between true cells";
  return {share(inside[0], genes, no_gene), share(inside[1], genes, no_gene), share(inside[2], genes, no_gene), share(inside[3], genes, no_gene),
          share(sigma, varying, no_spread), share(below[0], varying, no_spread), share(below[1], varying, no_spread)};
}

}  // namespace hyped
