// Simulated strata, weighted, against measured means.
#include "fitting/networks/cells/group_means.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "fitting/networks/cells/sensitivity_system.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/ode.hpp"

namespace hyped {
namespace {

// One simulation of a stratum.
struct StratumState {
  Eigen::VectorXd level;      // [S]
  Eigen::MatrixXd by;         // [S x D]
  Outcome outcome;
};

StratumState simulate_stratum(const Model& model, const SensitivitySystem* system, const NetworkPoint& point, Experiment culture, const OdeOptions& options) {
  const int states = model.state_count();
  culture.initial = system ? system->initial(point.start) : std::vector<double>(point.start.begin(), point.start.end());
  const Model& used = system ? static_cast<const Model&>(*system) : model;
  const Trajectory made = simulate_ode(used, point.parameters, culture, options);
  StratumState out;
  out.outcome = made.outcome;
  if (!made.outcome.ok()) return out;
  const Eigen::RowVectorXd last = made.states.row(made.states.rows() - 1);
  out.level = last.head(states).transpose();
  if (!system) return out;
  out.by = system->sensitivities(last);
  return out;
}

}  // namespace

GroupMeans::GroupMeans(const Model& model, NetworkSearch search, std::vector<CellGroup> groups, GroupMeansOptions options, std::shared_ptr<const SensitivitySystem> system)
    : model_(model), search_(std::move(search)), groups_(std::move(groups)), options_(options), system_(std::move(system)), states_(model.state_count()) {
  if (!system_) system_ = std::make_shared<SensitivitySystem>(model_, search_.model_parameters, true);
  int libraries = 1;
  for (const CellGroup& group : groups_) {
    if (group.cells <= 0 || group.strata.empty()) throw InputError(group.name, "has no cells", "leave the group out");
    if (group.mean.size() != states_ || group.standard_error.size() != states_) throw InputError(group.name, "has not one mean and one standard error per gene of the network", "");
    double shares = 0;
    for (const auto& stratum : group.strata) {
      shares += stratum.share;
      if (stratum.culture.sample_times_h.size() != 1) throw InputError(group.name, "its strata are not sampled once", "");
    }
    if (std::abs(shares - 1) > 1e-9) throw InputError(group.name, fmt::format("the shares of its strata sum to {:g}", shares), "they must sum to one");
    for (Eigen::Index i = 0; i < states_; ++i)
      if (std::isfinite(group.standard_error[i])) {
        if (!(group.standard_error[i] > 0) || !std::isfinite(group.mean[i])) throw InputError(group.name, fmt::format("'{}' has no finite mean or a standard error of zero", model.states()[static_cast<std::size_t>(i)].name), "leave the gene out of this group");
        ++measured_;
      }
    libraries = std::max(libraries, group.library + 1);
  }
  factors_ = options_.library_sd > 0 ? (libraries - 1) * states_ : 0;
  for (int d = 0; d < search_.count(); ++d) priors_ += std::isfinite(search_.prior_sd[d]) ? 1 : 0;
  priors_ += factors_;
}

Outcome GroupMeans::predict(const CellGroup& group, const Eigen::VectorXd& theta, Eigen::VectorXd& level, Eigen::MatrixXd* by) const {
  const NetworkPoint point = search_.point(theta.head(search_.count()));
  const SensitivitySystem* system = by ? system_.get() : nullptr;
  level = Eigen::VectorXd::Zero(states_);
  if (by) by->setZero(states_, parameter_count());
  std::vector<StratumState> made(group.strata.size());
  parallel_for(static_cast<int>(made.size()), [&](int k) { made[static_cast<std::size_t>(k)] = simulate_stratum(model_, system, point, group.strata[static_cast<std::size_t>(k)].culture, options_.ode); });
  Eigen::MatrixXd raw;
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (!made[k].outcome.ok()) return made[k].outcome;
    level += group.strata[k].share * made[k].level;
    if (by) raw = k == 0 ? Eigen::MatrixXd(group.strata[k].share * made[k].by) : Eigen::MatrixXd(raw + group.strata[k].share * made[k].by);
  }
  if (by) {
    const Eigen::Index wanted = static_cast<Eigen::Index>(search_.model_parameters.size());
    Eigen::MatrixXd result = raw.rightCols(states_) * point.start_by;
    const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = point.parameters_by;
    for (Eigen::Index c = 0; c < wanted; ++c)
      for (Eigen::SparseMatrix<double, Eigen::RowMajor>::InnerIterator it(rows, search_.model_parameters[static_cast<std::size_t>(c)]); it; ++it) result.col(it.col()) += raw.col(c) * it.value();
    by->leftCols(search_.count()) = result;
  }
  return {};
}

Outcome GroupMeans::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  residuals.resize(residual_count());
  if (jacobian) jacobian->setZero(residual_count(), parameter_count());
  std::vector<Eigen::VectorXd> levels(groups_.size());
  std::vector<Eigen::MatrixXd> by(groups_.size());
  std::vector<Outcome> outcomes(groups_.size());
  parallel_for(static_cast<int>(groups_.size()), [&](int g) {
    const auto at = static_cast<std::size_t>(g);
    outcomes[at] = predict(groups_[at], theta, levels[at], jacobian ? &by[at] : nullptr);
  });
  int row = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (!outcomes[g].ok()) return outcomes[g];
    const CellGroup& group = groups_[g];
    for (int i = 0; i < states_; ++i) {
      const double se = group.standard_error[i];
      if (!std::isfinite(se)) continue;
      const int factor = factor_index(group.library, i);
      const double scale = factor >= 0 ? std::exp(theta[factor]) : 1.0;
      residuals[row] = (scale * levels[g][i] - group.mean[i]) / se;
      if (jacobian) {
        jacobian->row(row) = by[g].row(i) * (scale / se);
        if (factor >= 0) (*jacobian)(row, factor) = scale * levels[g][i] / se;
      }
      ++row;
    }
  }
  const Eigen::VectorXd sd = prior_sd();
  for (int d = 0; d < parameter_count(); ++d) {
    if (!std::isfinite(sd[d])) continue;
    residuals[row] = (theta[d] - (d < search_.count() ? search_.prior_mean[d] : 0.0)) / sd[d];
    if (jacobian) (*jacobian)(row, d) = 1 / sd[d];
    ++row;
  }
  if (!residuals.allFinite()) return {Status::not_finite, "the simulated means are not finite"};
  return {};
}

std::vector<std::string> GroupMeans::names() const {
  std::vector<std::string> out = search_.names;
  for (int f = 0; f < factors_; ++f) out.push_back(fmt::format("log factor of {} in library {}", model_.states()[static_cast<std::size_t>(f % states_)].name, f / states_ + 1));
  return out;
}

namespace {
Eigen::VectorXd extended(const Eigen::VectorXd& head, int more, double value) {
  Eigen::VectorXd out(head.size() + more);
  out << head, Eigen::VectorXd::Constant(more, value);
  return out;
}
}  // namespace

Eigen::VectorXd GroupMeans::start() const { return extended(search_.start, factors_, 0); }
Eigen::VectorXd GroupMeans::lower() const { return extended(search_.lower, factors_, -3); }
Eigen::VectorXd GroupMeans::upper() const { return extended(search_.upper, factors_, 3); }
Eigen::VectorXd GroupMeans::prior_sd() const { return extended(search_.prior_sd, factors_, options_.library_sd); }

}  // namespace hyped
