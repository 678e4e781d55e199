// Overlap counts of two label pictures and what follows from them.
#include "libhyped/image/quality/segmentation_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "libhyped/errors.hpp"

namespace hyped {

void SegmentationScore::add(const SegmentationScore& other) {
  reference += other.reference, found += other.found, matched += other.matched, merges += other.merges, splits += other.splits;
  matched_overlap += other.matched_overlap, seg += other.seg;
}

SegmentationScore segmentation_score(const Labels& reference, const Labels& found, double threshold) {
  if (reference.rows() != found.rows() || reference.cols() != found.cols())
    throw InputError("label pictures", fmt::format("are {} x {} and {} x {} pixels", reference.rows(), reference.cols(), found.rows(), found.cols()), "compare labels of one picture");
  if (!(threshold >= 0.5 && threshold < 1)) throw InputError("threshold", fmt::format("is {}", threshold), "give one from 0.5 to below 1");
  std::unordered_map<std::int32_t, long> reference_area, found_area;
  std::unordered_map<std::uint64_t, long> overlap;
  for (Eigen::Index i = 0; i < reference.size(); ++i) {
    const std::int32_t a = reference.data()[i], b = found.data()[i];
    if (a) ++reference_area[a];
    if (b) ++found_area[b];
    if (a && b) ++overlap[static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 | static_cast<std::uint32_t>(b)];
  }
  SegmentationScore score;
  score.threshold = threshold;
  score.reference = static_cast<long>(reference_area.size());
  score.found = static_cast<long>(found_area.size());
  std::unordered_map<std::int32_t, int> held, pieces;      // reference nuclei mostly in a found one; found nuclei mostly in a reference one
  std::vector<std::pair<std::uint64_t, long>> pairs(overlap.begin(), overlap.end());
  std::sort(pairs.begin(), pairs.end());      // sums in one order
  for (const auto& [key, both] : pairs) {
    const auto a = static_cast<std::int32_t>(key >> 32), b = static_cast<std::int32_t>(key & 0xffffffffu);
    const long area_a = reference_area[a], area_b = found_area[b];
    const double jaccard = double(both) / (area_a + area_b - both);
    if (jaccard > threshold) ++score.matched, score.matched_overlap += jaccard;
    if (2 * both > area_a) ++held[b], score.seg += jaccard;
    if (2 * both > area_b) ++pieces[a];
  }
  for (const auto& [label, count] : held) score.merges += count > 1;
  for (const auto& [label, count] : pieces) score.splits += count > 1;
  return score;
}

}  // namespace hyped
