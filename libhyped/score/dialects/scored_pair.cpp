// Normalisation, means and tests that dialects share.
#include "libhyped/score/dialects/scored_pair.hpp"

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/rank_test.hpp"
#include "libhyped/expression/preparation/normalise.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/differential/de_table.hpp"

namespace hyped {
namespace {

ProfileMatrix rows_for(const std::vector<double>& values, std::size_t conditions, std::size_t genes) {
  ProfileMatrix out(static_cast<Eigen::Index>(conditions), static_cast<Eigen::Index>(genes));
  std::copy_n(values.begin(), conditions * genes, out.data());      // groups are the conditions, then the control
  return out;
}

}  // namespace

bool ScoredPair::predicted_has_control() const {
  if (predicted) return predicted->groups.sizes().back() > 0;
  return predicted_control.has_value();
}

SparseRows logs_of(const ScoredCells& cells, double target, bool rescale) {
  SparseRows out = cells.cells;
  if (cells.scale == CellScale::logs) {
    if (!rescale) return out;
    for (float& v : out.value) v = static_cast<float>(std::expm1(static_cast<double>(v)));
  }
  const Eigen::VectorXd totals = row_totals(out);
  log_normalise(out, totals, target > 0 ? target : median_total(totals));
  return out;
}

SparseRows scanpy_logs(const ScoredCells& cells, double target) {
  SparseRows out = cells.cells;
  if (cells.scale == CellScale::logs) return out;
  const Eigen::VectorXd totals = row_totals(out);
  const auto to = static_cast<float>(target > 0 ? target : median_total(totals));
  for (int c = 0; c < out.rows; ++c) {
    const float factor = static_cast<float>(totals[c]) / to;
    for (float& v : out.values_of(c)) v = static_cast<float>(std::log1p(static_cast<double>(v / factor)));
  }
  return out;
}

ProfileMatrix group_means(const SparseRows& logs, const CellGroups& groups, ProfileMatrix* squared_errors) {
  HYPED_REQUIRE(static_cast<int>(groups.of_cell.size()) == logs.rows);
  ProfileMatrix mean = ProfileMatrix::Zero(groups.count(), logs.columns), squares = mean, seen = mean;
  const auto sizes = groups.sizes();
  for (int c = 0; c < logs.rows; ++c) {
    const auto k = groups.of_cell[static_cast<std::size_t>(c)];
    if (k < 0) continue;
    for (std::size_t i = 0; i < logs.columns_of(c).size(); ++i) mean(k, logs.columns_of(c)[i]) += static_cast<double>(logs.values_of(c)[i]);
  }
  for (int k = 0; k < groups.count(); ++k)
    if (sizes[static_cast<std::size_t>(k)] > 0) mean.row(k) /= static_cast<double>(sizes[static_cast<std::size_t>(k)]);
  if (squared_errors == nullptr) return mean;
  for (int c = 0; c < logs.rows; ++c) {
    const auto k = groups.of_cell[static_cast<std::size_t>(c)];
    if (k < 0) continue;
    for (std::size_t i = 0; i < logs.columns_of(c).size(); ++i) {
      const auto g = logs.columns_of(c)[i];
      squares(k, g) += std::pow(static_cast<double>(logs.values_of(c)[i]) - mean(k, g), 2), seen(k, g) += 1;
    }
  }
  squared_errors->resize(groups.count(), logs.columns);
  for (int k = 0; k < groups.count(); ++k) {
    const auto n = static_cast<double>(sizes[static_cast<std::size_t>(k)]);
    for (Eigen::Index g = 0; g < mean.cols(); ++g) (*squared_errors)(k, g) = n > 1 ? (squares(k, g) + (n - seen(k, g)) * mean(k, g) * mean(k, g)) / (n - 1) / n : std::nan("");
  }
  return mean;
}

EffectComparison effect_comparison(const ScoredPair& pair, double target, bool with_tests) {
  EffectComparison out;
  out.genes = pair.genes;
  out.own_genes = pair.own_genes;
  out.perturbed_mean = pair.perturbed_mean;
  const auto n = static_cast<Eigen::Index>(pair.conditions.size());
  const SparseRows truth = logs_of(pair.truth, pair.predicted ? target : pair.means_target);
  ProfileMatrix errors;
  const ProfileMatrix means = group_means(truth, pair.truth.groups, &errors);
  out.truth = means.topRows(n), out.truth_error = errors.topRows(n);
  out.control = means.row(n).replicate(n, 1), out.control_error = errors.row(n).replicate(n, 1);
  out.predicted_control = out.control;
  const auto sizes = pair.truth.groups.sizes();
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) out.conditions.push_back({pair.conditions[i], {}, "", static_cast<std::size_t>(sizes[i])});
  if (pair.predicted) {
    const ProfileMatrix predicted = group_means(logs_of(*pair.predicted, target), pair.predicted->groups);
    out.predicted = predicted.topRows(n);
    if (pair.predicted_has_control()) out.predicted_control = predicted.row(n).replicate(n, 1);
  } else {
    out.predicted = pair.predicted_means;
    if (pair.predicted_control) out.predicted_control = pair.predicted_control->replicate(n, 1);
  }
  for (Eigen::Index i = 0; i < n; ++i)
    if (pair.missing[static_cast<std::size_t>(i)]) out.predicted.row(i) = out.control.row(i);
  if (with_tests) {
    out.de_score = rows_for(t_scores(truth, pair.truth.groups, pair.control_group(), {}, MeanTestKind::welch), pair.conditions.size(), pair.genes.size());
    if (n > 1) out.contrast_score = rows_for(t_scores(truth, pair.truth.groups, the_rest, {pair.control_group()}, MeanTestKind::overestimated_variance), pair.conditions.size(), pair.genes.size());
  }
  check_comparison(out, pair.where);
  return out;
}

}  // namespace hyped
