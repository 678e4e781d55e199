// Ceilings: what a second measurement of the same cells' kind would predict. They see the truth and are never models.
#pragma once
#include <cstdint>

#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// Two disjoint halves of the cells of each held-out condition.
struct TruthHalves {
  std::vector<ResponseCondition> conditions;      // [N]
  ProfileMatrix first, second;                    // [N x G] second is what is predicted
};

// First half as the prediction of the second. Its squared error is 4 sigma^2/n per gene, n cells in all: four times that of the true mean
// against all cells. Source: benchmark notes 13; Shift Bioscience 2025.
ProfileMatrix technical_duplicate(const TruthHalves& halves);
// alpha_g first + (1 - alpha_g) mean, alpha = 1 - adjusted p of the first half's test; p that is NaN counts as 1. mean [1 x G] or [N x G],
// adjusted_p [N x G]. Source: Shift Bioscience 2025.
ProfileMatrix interpolated_duplicate(const TruthHalves& halves, const ProfileMatrix& mean, const ProfileMatrix& adjusted_p);
// The truth of another condition for each, drawn without fixed points (as far as there are two or more): a negative control.
ProfileMatrix shuffled_truth(const ProfileMatrix& truth, std::uint64_t seed);
// 2 control - truth: a negative control.
ProfileMatrix flipped_truth(const ProfileMatrix& truth, const ProfileMatrix& control);

}  // namespace hyped
