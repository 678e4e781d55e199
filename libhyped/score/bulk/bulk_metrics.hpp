// Every metric on mean profiles, by the name its field gives it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

// The perturbed gene itself moves by the tool, not by biology: left_out drops a condition's own genes from its errors and correlations.
// Discrimination follows its own rule, said in its formula, in both cases.
enum class OwnGenes { scored, left_out };

// Each is pure; a value that does not exist says why. Families: errors and correlations of absolute expression (mse, mae, rmse, l2, pearson, spearman, r2,
// cosine), of the change from control (..._delta), of the difference from the perturbed mean (..._perturbed_mean), of top genes (..._top20, ...), weighted
// (wmse, weighted_r2_delta), directions, debiased errors, discrimination (pds_..., nir, centroid_accuracy, rank_...), and, with the control that the
// prediction brought, cell-eval's ..._own_control.
std::vector<Metric> bulk_metrics(OwnGenes own = OwnGenes::scored);
// InputError naming the nearest ids.
Metric bulk_metric(std::string_view id, OwnGenes own = OwnGenes::scored);

// InputError unless shapes fit together, conditions and genes are named once each, own genes are inside, and every value is finite (names condition and gene).
void check_comparison(const EffectComparison& pair, const std::string& where);

}  // namespace hyped
