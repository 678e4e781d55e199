// Residuals, projection, distance and its gradient.
#include "experiments/control/schedules/plan_target.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

namespace hyped::control {

constexpr double rounding = 1e-7;      // of the root at zero

std::string_view to_string(PlanDistance distance) { return distance == PlanDistance::root_mean_square ? "root mean square" : "mean square"; }

PlanTarget::PlanTarget(std::vector<TargetTerm> terms, PlanDistance distance, Eigen::MatrixXd nuisance) : terms_(std::move(terms)), distance_(distance) {
  if (terms_.empty()) throw InputError("target", "has no term", "say what is to be reached");
  for (const TargetTerm& term : terms_) {
    if (!(term.scale > 0) || !(term.weight > 0)) throw InputError("target '" + term.name + "'", "scale and weight must be positive");
    if (!std::isfinite(term.value) || term.combination.empty()) throw InputError("target '" + term.name + "'", "has no finite value, or nothing that could take it");
  }
  if (nuisance.size() == 0) return;
  const auto n = static_cast<Eigen::Index>(terms_.size());
  HYPED_REQUIRE(nuisance.rows() == n);
  for (const TargetTerm& term : terms_)
    if (term.side != Side::equal) throw InputError("target '" + term.name + "'", "is one-sided, and nuisance programmes are projected out", "what is off on one side alone cannot be told apart from a programme: use equal");
  for (Eigen::Index t = 0; t < n; ++t) nuisance.row(t) *= std::sqrt(terms_[static_cast<std::size_t>(t)].weight);
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(nuisance);
  qr.setThreshold(1e-10);
  const Eigen::Index rank = qr.rank();
  if (rank >= n) throw InputError("target", "the nuisance programmes leave nothing of it", "name fewer programmes or more genes");
  const Eigen::MatrixXd basis = Eigen::MatrixXd(qr.householderQ() * Eigen::MatrixXd::Identity(n, rank));
  projector_ = Eigen::MatrixXd::Identity(n, n) - basis * basis.transpose();
}

Eigen::VectorXd PlanTarget::seen(const Eigen::VectorXd& quantities) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(terms_.size()));
  for (std::size_t t = 0; t < terms_.size(); ++t)
    for (const auto& [q, coefficient] : terms_[t].combination) out[static_cast<Eigen::Index>(t)] += coefficient * quantities[q];
  return out;
}

double PlanTarget::distance(const Eigen::VectorXd& quantities, Eigen::VectorXd* gradient) const {
  Eigen::VectorXd off = seen(quantities);
  double weights = 0;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const TargetTerm& term = terms_[t];
    double& r = off[static_cast<Eigen::Index>(t)];
    r = std::sqrt(term.weight) * (r - term.value) / term.scale;
    if ((term.side == Side::at_least && r > 0) || (term.side == Side::at_most && r < 0)) r = 0;
    weights += term.weight;
  }
  if (projector_.size() > 0) off = projector_ * off;
  const double square = off.squaredNorm() / weights;
  const double value = distance_ == PlanDistance::mean_square ? square : std::sqrt(square + rounding * rounding) - rounding;
  if (gradient) {
    gradient->setZero(quantities.size());
    const double outer = distance_ == PlanDistance::mean_square ? 2 / weights : 1 / (weights * (value + rounding));
    for (std::size_t t = 0; t < terms_.size(); ++t)      // the projector is symmetric and idempotent
      for (const auto& [q, coefficient] : terms_[t].combination) (*gradient)[q] += outer * off[static_cast<Eigen::Index>(t)] * std::sqrt(terms_[t].weight) / terms_[t].scale * coefficient;
  }
  return value;
}

std::string PlanTarget::words() const {
  std::string out = fmt::format("{} of", to_string(distance_));
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const TargetTerm& term = terms_[t];
    if (t == 8 && terms_.size() > 10) return out + fmt::format("; {} more", terms_.size() - t);
    out += fmt::format("{} {} {} {:.6g}", t ? ";" : "", term.name, term.side == Side::equal ? "from" : term.side == Side::at_least ? "below" : "above", term.value);
    if (term.scale != 1) out += fmt::format(" in units of {:.6g}", term.scale);
    if (term.weight != 1) out += fmt::format(", weight {:.6g}", term.weight);
  }
  return out + (projector_.size() > 0 ? "; nuisance programmes are projected out" : "");
}

}  // namespace hyped::control
