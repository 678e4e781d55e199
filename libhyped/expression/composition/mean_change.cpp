// The symmetric two-part decomposition.
#include "libhyped/expression/composition/mean_change.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hyped {
namespace {

// Variance of sum of share * values when the shares are those of `cells` multinomial draws.
double share_variance(const Eigen::VectorXd& share, const Eigen::RowVectorXd& values, double cells) {
  if (!std::isfinite(cells)) return 0;
  const double mean = values.dot(share);
  return std::max(0.0, (values.array().square() * share.transpose().array()).sum() - mean * mean) / cells;
}

}  // namespace

PhaseMeans phase_means(const GroupMoments& moments, int first, int phases) {
  PhaseMeans out;
  out.mean = moments.mean.middleCols(first, phases);
  out.variance = moments.variance.middleCols(first, phases);
  out.cells.resize(phases);
  for (int k = 0; k < phases; ++k) out.cells[k] = static_cast<double>(moments.cells[static_cast<std::size_t>(first + k)]);
  out.share_cells = out.cells.sum();
  out.share = out.cells / std::max(1.0, out.share_cells);
  return out;
}

MeanChange mean_change(const PhaseMeans& arm, const PhaseMeans& reference) {
  const Eigen::Index genes = arm.mean.rows(), phases = arm.mean.cols();
  HYPED_REQUIRE(reference.mean.rows() == genes && reference.mean.cols() == phases && arm.share.size() == phases && reference.share.size() == phases);
  MeanChange out;
  for (Eigen::Index k = 0; k < phases; ++k)
    if ((arm.share[k] > 0 || reference.share[k] > 0) && (arm.cells[k] < 2 || reference.cells[k] < 2)) {
      out.outcome = {Status::not_identifiable, fmt::format("phase {} has {} and {} cells in the two arms: its mean is unknown; merge it with another", k + 1, arm.cells[k], reference.cells[k])};
      return out;
    }
  for (ChangePart* part : {&out.total, &out.composition, &out.within}) part->estimate = part->se = Eigen::VectorXd::Zero(genes);
  const Eigen::RowVectorXd shift = (arm.share - reference.share).transpose(), level = 0.5 * (arm.share + reference.share).transpose();
  const auto inverse = [&](const Eigen::VectorXd& cells) { return Eigen::RowVectorXd(cells.array().max(1.0).inverse().matrix().transpose()); };
  const Eigen::RowVectorXd per_arm = inverse(arm.cells), per_reference = inverse(reference.cells);
  for (Eigen::Index g = 0; g < genes; ++g) {
    const Eigen::RowVectorXd m = arm.mean.row(g), r = reference.mean.row(g), middle = 0.5 * (m + r), gap = m - r;
    const Eigen::RowVectorXd vm = arm.variance.row(g).cwiseProduct(per_arm), vr = reference.variance.row(g).cwiseProduct(per_reference);
    out.composition.estimate[g] = shift.dot(middle);
    out.within.estimate[g] = level.dot(gap);
    out.total.estimate[g] = m.dot(arm.share) - r.dot(reference.share);
    const auto weighted = [](const Eigen::RowVectorXd& w, const Eigen::RowVectorXd& v) { return (w.array().square() * v.array()).sum(); };
    const auto shares = [&](const Eigen::RowVectorXd& values) { return share_variance(arm.share, values, arm.share_cells) + share_variance(reference.share, values, reference.share_cells); };
    out.composition.se[g] = std::sqrt(0.25 * weighted(shift, vm + vr) + shares(middle));
    out.within.se[g] = std::sqrt(weighted(level, vm + vr) + 0.25 * shares(gap));
    out.total.se[g] = std::sqrt(weighted(arm.share.transpose(), vm) + weighted(reference.share.transpose(), vr) + share_variance(arm.share, m, arm.share_cells) + share_variance(reference.share, r, reference.share_cells));
  }
  return out;
}

}  // namespace hyped
