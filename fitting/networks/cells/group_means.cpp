// Simulated strata, weighted, against measured means.
#include "fitting/networks/cells/group_means.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "fitting/networks/cells/sensitivity_system.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/ode.hpp"

namespace hyped {
// One simulation of a stratum.
struct GroupMeans::Simulated {
  Eigen::VectorXd level;      // [measured states]
  Eigen::MatrixXd by;         // [measured states x columns of the system]
  Outcome outcome;
};

GroupMeans::Simulated GroupMeans::simulate(const GroupStratum& stratum, const NetworkPoint& point, bool derivatives) const {
  const bool few = stratum.few_move && options_.few_model != nullptr;
  const Model& model = few ? *options_.few_model : model_;
  const SensitivitySystem* system = derivatives ? (few ? few_system_ : system_).get() : nullptr;
  Experiment culture = stratum.culture;
  const Eigen::VectorXd start = point.start.head(model.state_count());
  culture.initial = system ? system->initial(start, few ? Eigen::SparseMatrix<double>() : point.start_by_measured) : std::vector<double>(start.begin(), start.end());
  const Trajectory made = simulate_ode(system ? static_cast<const Model&>(*system) : model, point.parameters, culture, options_.ode);
  Simulated out;
  out.outcome = made.outcome;
  if (!made.outcome.ok()) return out;
  const Eigen::RowVectorXd last = made.states.row(made.states.rows() - 1);
  out.level = last.head(states_).transpose();
  if (few && !system)      // what does not move keeps its start, as with derivatives
    for (int i = 0; i < states_; ++i)
      if (std::find(options_.few_states.begin(), options_.few_states.end(), i) == options_.few_states.end()) out.level[i] = start[i];
  if (system) out.by = system->sensitivities(last).topRows(states_);
  return out;
}

GroupMeans::GroupMeans(const Model& model, NetworkSearch search, std::vector<CellGroup> groups, GroupMeansOptions options, std::shared_ptr<const SensitivitySystem> system, std::shared_ptr<const SensitivitySystem> few_system)
    : model_(model), search_(std::move(search)), groups_(std::move(groups)), options_(options), system_(std::move(system)), few_system_(std::move(few_system)), states_(groups_.empty() ? model.state_count() : static_cast<int>(groups_.front().mean.size())) {
  if (states_ > model.state_count()) throw InputError(groups_.front().name, "has more means than the network has states", "");
  if (!system_) system_ = std::make_shared<SensitivitySystem>(model_, search_.model_parameters, states_);
  if (options_.few_model != nullptr && !few_system_) few_system_ = std::make_shared<SensitivitySystem>(*options_.few_model, search_.model_parameters, states_, options_.few_states);
  int libraries = 1;
  std::map<std::string, int> known;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    auto& row = culture_of_.emplace_back();
    for (std::size_t k = 0; k < groups_[g].strata.size(); ++k) {
      if (groups_[g].strata[k].few_move && (options_.few_model == nullptr || options_.few_states.empty())) throw InputError(groups_[g].name, "has strata in which few genes move, but it is not said which", "");
      const std::string& key = groups_[g].strata[k].key;
      const auto found = key.empty() ? known.end() : known.find(key);
      row.push_back(found != known.end() ? found->second : static_cast<int>(cultures_.size()));
      if (found != known.end()) continue;
      if (!key.empty()) known[key] = static_cast<int>(cultures_.size());
      cultures_.emplace_back(static_cast<int>(g), static_cast<int>(k));
    }
  }
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

namespace {

// From shares of strata to levels and derivatives by theta; each stratum's level [S] and sensitivities [S x columns].
void combine(const std::vector<double>& shares, const std::vector<std::pair<const Eigen::VectorXd*, const Eigen::MatrixXd*>>& made, const NetworkSearch& search, const NetworkPoint& point, int states, int parameters, Eigen::VectorXd& level, Eigen::MatrixXd* by) {
  level = Eigen::VectorXd::Zero(states);
  Eigen::MatrixXd raw;
  for (std::size_t k = 0; k < made.size(); ++k) {
    level += shares[k] * *made[k].first;
    if (!by) continue;
    if (k == 0) raw = shares[k] * *made[k].second;
    else raw += shares[k] * *made[k].second;
  }
  if (!by) return;
  const Eigen::Index wanted = static_cast<Eigen::Index>(search.model_parameters.size());
  Eigen::MatrixXd result = raw.rightCols(raw.cols() - wanted) * point.start_by;
  const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = point.parameters_by;
  for (Eigen::Index c = 0; c < wanted; ++c)
    for (Eigen::SparseMatrix<double, Eigen::RowMajor>::InnerIterator it(rows, search.model_parameters[static_cast<std::size_t>(c)]); it; ++it) result.col(it.col()) += raw.col(c) * it.value();
  by->setZero(states, parameters);
  by->leftCols(search.count()) = result;
}

std::vector<double> shares_of(const CellGroup& group) {
  std::vector<double> out;
  for (const auto& stratum : group.strata) out.push_back(stratum.share);
  return out;
}

}  // namespace

Outcome GroupMeans::predict(const CellGroup& group, const Eigen::VectorXd& theta, Eigen::VectorXd& level, Eigen::MatrixXd* by) const {
  const NetworkPoint point = search_.point(theta.head(search_.count()));
  std::vector<Simulated> made(group.strata.size());
  parallel_for(static_cast<int>(made.size()), [&](int k) { made[static_cast<std::size_t>(k)] = simulate(group.strata[static_cast<std::size_t>(k)], point, by != nullptr); });
  std::vector<std::pair<const Eigen::VectorXd*, const Eigen::MatrixXd*>> each;
  for (const auto& one : made) {
    if (!one.outcome.ok()) return one.outcome;
    each.emplace_back(&one.level, &one.by);
  }
  combine(shares_of(group), each, search_, point, states_, parameter_count(), level, by);
  return {};
}

Outcome GroupMeans::evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const {
  residuals.resize(residual_count());
  if (jacobian) jacobian->setZero(residual_count(), parameter_count());
  const NetworkPoint point = search_.point(theta.head(search_.count()));
  std::vector<Simulated> made(cultures_.size());
  parallel_for(static_cast<int>(made.size()), [&](int c) {
    const auto& [group, stratum] = cultures_[static_cast<std::size_t>(c)];
    made[static_cast<std::size_t>(c)] = simulate(groups_[static_cast<std::size_t>(group)].strata[static_cast<std::size_t>(stratum)], point, jacobian != nullptr);
  });
  for (const auto& one : made)
    if (!one.outcome.ok()) return one.outcome;
  int row = 0;
  Eigen::VectorXd level;
  Eigen::MatrixXd by;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const CellGroup& group = groups_[g];
    std::vector<std::pair<const Eigen::VectorXd*, const Eigen::MatrixXd*>> each;
    for (const int c : culture_of_[g]) each.emplace_back(&made[static_cast<std::size_t>(c)].level, &made[static_cast<std::size_t>(c)].by);
    combine(shares_of(group), each, search_, point, states_, parameter_count(), level, jacobian ? &by : nullptr);
    for (int i = 0; i < states_; ++i) {
      const double se = group.standard_error[i];
      if (!std::isfinite(se)) continue;
      const int factor = factor_index(group.library, i);
      const double scale = factor >= 0 ? std::exp(theta[factor]) : 1.0;
      residuals[row] = (scale * level[i] - group.mean[i]) / se;
      if (jacobian) {
        jacobian->row(row) = by.row(i) * (scale / se);
        if (factor >= 0) (*jacobian)(row, factor) = scale * level[i] / se;
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

Outcome GroupMeans::residual_covariance(const Eigen::VectorXd& theta, Eigen::MatrixXd& out) const {
  out = Eigen::MatrixXd::Identity(measured_, measured_);
  Eigen::MatrixXd shifts = Eigen::MatrixXd::Zero(measured_, static_cast<Eigen::Index>(options_.shared.size()));
  int row = 0;
  for (const CellGroup& group : groups_) {
    std::vector<int> used;
    for (int i = 0; i < states_; ++i)
      if (std::isfinite(group.standard_error[i])) used.push_back(i);
    if (group.correlation.size() > 0)
      for (std::size_t a = 0; a < used.size(); ++a)
        for (std::size_t b = 0; b < used.size(); ++b)
          if (a != b) out(row + static_cast<int>(a), row + static_cast<int>(b)) = group.correlation(used[a], used[b]);
    for (std::size_t s = 0; s < options_.shared.size(); ++s) {
      const auto found = options_.shared[s].by_stratum.find(group.name);
      if (found == options_.shared[s].by_stratum.end()) continue;
      CellGroup moved = group;
      moved.strata.clear();
      for (std::size_t k = 0; k < group.strata.size(); ++k)
        if (found->second[k] != 0) moved.strata.push_back(group.strata[k]), moved.strata.back().share = found->second[k];
      if (moved.strata.empty()) continue;
      Eigen::VectorXd level;
      if (const Outcome outcome = predict(moved, theta, level, nullptr); !outcome.ok()) return outcome;
      for (std::size_t a = 0; a < used.size(); ++a) {
        const int factor = factor_index(group.library, used[a]);
        shifts(row + static_cast<int>(a), static_cast<Eigen::Index>(s)) = options_.shared[s].sd * level[used[a]] * (factor >= 0 ? std::exp(theta[factor]) : 1.0) / group.standard_error[used[a]];
      }
    }
    row += static_cast<int>(used.size());
  }
  out += shifts * shifts.transpose();
  return {};
}

Outcome GroupMeans::expected_errors(const Eigen::VectorXd& theta, std::vector<CellGroup>& out) const {
  Eigen::VectorXd residuals;
  if (const Outcome outcome = evaluate(theta, residuals, nullptr); !outcome.ok()) return outcome;
  out = groups_;
  int row = 0;
  for (CellGroup& group : out)
    for (int i = 0; i < states_; ++i) {
      double& se = group.standard_error[i];
      if (!std::isfinite(se)) continue;
      const double level = group.mean[i] + se * residuals[row++];
      if (group.counting.size() == 0 || !(level > 0)) continue;
      const double counted = group.counting[i] * (group.mean[i] + group.background[i]), rest = std::max(0.0, se * se - counted);
      const double ratio = group.mean[i] > 0 ? std::min(4.0, level / group.mean[i]) : 1.0;
      se = std::sqrt(group.counting[i] * (level + group.background[i]) + rest * ratio * ratio);
    }
  return {};
}

std::vector<int> GroupMeans::genes_of_residuals() const {
  std::vector<int> out;
  for (const CellGroup& group : groups_)
    for (int i = 0; i < states_; ++i)
      if (std::isfinite(group.standard_error[i])) out.push_back(i);
  out.resize(static_cast<std::size_t>(residual_count()), -1);
  return out;
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
