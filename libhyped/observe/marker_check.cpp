// Shares of markers above a limit.
#include "libhyped/observe/marker_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "libhyped/errors.hpp"

namespace hyped {

MarkerCheck check_markers(const std::vector<std::string>& genes, const Eigen::VectorXd& mean_cpm, const std::vector<MarkerSet>& sets, const std::string& label, double limit) {
  HYPED_REQUIRE(static_cast<Eigen::Index>(genes.size()) == mean_cpm.size());
  std::vector<std::string> names;
  for (const auto& set : sets) names.push_back(set.cell_type);
  if (std::find(names.begin(), names.end(), label) == names.end()) throw InputError("cell type '" + label + "'", "has no markers", "give " + nearest_names(label, names));
  std::unordered_map<std::string, double> level;
  for (std::size_t g = 0; g < genes.size(); ++g) level.emplace(genes[g], mean_cpm[static_cast<Eigen::Index>(g)]);
  MarkerCheck out;
  for (const auto& set : sets) {
    MarkerScore score{set.cell_type, 0, 0, 0, 0, {}};
    for (const auto& gene : set.genes) {
      const auto at = level.find(gene);
      if (at == level.end()) continue;
      ++score.found;
      score.mean_log2 += std::log2(at->second + 1);
      if (at->second > limit) ++score.expressed, score.seen.push_back(gene);
    }
    if (score.found > 0) score.share = static_cast<double>(score.expressed) / score.found, score.mean_log2 /= score.found;
    const bool there = score.found >= 3 && score.share >= 0.5;
    const std::string seen = fmt::format("{}", fmt::join(score.seen, ", "));
    if (set.cell_type == label && score.found == 0) out.warnings.push_back(fmt::format("None of the markers of '{}' is among the genes: the label cannot be checked.", label));
    else if (set.cell_type == label && !there) out.warnings.push_back(fmt::format("The data contradict the label '{}': {} of {} markers exceed {:g} CPM.", label, score.expressed, score.found, limit));
    else if (set.cell_type != label && there) out.warnings.push_back(fmt::format("The data look like '{}' too: {} of {} markers exceed {:g} CPM ({}). The label is '{}'.", set.cell_type, score.expressed, score.found, limit, seen, label));
    out.scores.push_back(std::move(score));
  }
  std::stable_sort(out.scores.begin(), out.scores.end(), [](const auto& a, const auto& b) { return a.share != b.share ? a.share > b.share : a.mean_log2 > b.mean_log2; });
  return out;
}

}  // namespace hyped
