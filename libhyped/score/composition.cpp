// Shares around a circle.
#include "libhyped/score/composition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

double circular_wasserstein(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& arc) {
  HYPED_REQUIRE(a.size() == b.size() && a.size() == arc.size() && a.size() > 0);
  const Eigen::Index count = a.size();
  std::vector<double> flow(static_cast<std::size_t>(count));      // over the arc after phase k, up to a constant
  double sum = 0;
  for (Eigen::Index k = 0; k < count; ++k) flow[static_cast<std::size_t>(k)] = sum += a[k] - b[k];
  std::vector<std::size_t> order(flow.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return flow[i] < flow[j]; });
  double seen = 0, median = flow[order.back()];
  for (const std::size_t k : order)
    if ((seen += arc[static_cast<Eigen::Index>(k)]) >= 0.5 * arc.sum()) {
      median = flow[k];
      break;
    }
  double out = 0;
  for (std::size_t k = 0; k < flow.size(); ++k) out += std::abs(flow[k] - median) * arc[static_cast<Eigen::Index>(k)];
  return out / arc.sum();
}

CompositionScore composition_score(const Eigen::VectorXd& cells, const Eigen::VectorXd& predicted, const Eigen::VectorXd& asked_arc) {
  const Eigen::VectorXd arc = asked_arc.size() > 0 ? asked_arc : Eigen::VectorXd::Ones(cells.size());
  if (cells.size() == 0 || predicted.size() != cells.size() || arc.size() != cells.size()) throw InputError("composition", fmt::format("{} phases, {} predicted shares and {} arcs do not fit", cells.size(), predicted.size(), arc.size()), "");
  if (!(cells.array() >= 0).all() || !(cells.sum() > 0) || !cells.allFinite()) throw InputError("composition", "there are no cells, or a negative number of them", "");
  if (!(predicted.array() >= 0).all() || !(std::abs(predicted.sum() - 1) < 1e-6)) throw InputError("composition", fmt::format("predicted shares sum to {}", predicted.sum()), "give shares from 0 that sum to 1");
  if (!(arc.array() > 0).all() || !arc.allFinite()) throw InputError("composition", "an arc is not positive", "");
  CompositionScore out;
  const double n = cells.sum();
  double mean = 0, square = 0;
  for (Eigen::Index k = 0; k < cells.size(); ++k) {
    if (cells[k] == 0) continue;
    out.least_log_score -= cells[k] / n * std::log(cells[k] / n);
    if (predicted[k] == 0) {
      out.log_score.undefined_because = fmt::format("{} cells are in phase {}, whose predicted share is 0", cells[k], k + 1);
      continue;
    }
    const double score = -std::log(predicted[k]);
    mean += cells[k] / n * score, square += cells[k] / n * score * score;
  }
  if (out.log_score.undefined_because.empty()) {
    out.log_score.value = mean;
    out.log_score_se = std::sqrt(std::max(0.0, square - mean * mean) / n);
  }
  if (cells.size() > 1) out.circular = circular_wasserstein(cells / n, predicted / predicted.sum(), arc);
  return out;
}

PhaseSplit phase_split(const PhaseMeans& arm, const PhaseMeans& control) {
  HYPED_REQUIRE(arm.mean.rows() == control.mean.rows() && arm.mean.cols() == control.mean.cols());
  return {control.mean * (arm.share - control.share), (arm.mean - control.mean) * arm.share};
}

SplitError split_error(const PhaseSplit& truth, const PhaseSplit& predicted) {
  HYPED_REQUIRE(truth.within.size() == predicted.within.size() && truth.within.size() > 0);
  const double genes = static_cast<double>(truth.within.size());
  const Eigen::VectorXd c = predicted.composition - truth.composition, w = predicted.within - truth.within;
  SplitError out{0, c.squaredNorm() / genes, w.squaredNorm() / genes, 2 * c.dot(w) / genes};
  out.total = (c + w).squaredNorm() / genes;
  return out;
}

}  // namespace hyped
