// The log-likelihood of a set of durations as a function of theta.
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "fitting/duration_fit.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr int chunk = 64;      // groups of like durations summed together by one thread: the order of the sums does not depend on threads

// Middle of an interval, start of what is cut off.
double crude(const Duration& d) { return std::max(1e-6, d.censored() ? d.lower_h + 0.5 * d.entry_spread_h : 0.5 * (d.lower_h + d.upper_h + d.entry_spread_h)); }

struct Range {
  double lowest = 1e300, highest = 0, edge = 1e300, spread = 0;      // edge: no delay can be longer than the shortest duration can have been
};

Range range_of(const DurationData& data) {
  Range out;
  for (const Duration& d : data.durations) {
    out.lowest = std::min(out.lowest, crude(d));
    out.highest = std::max(out.highest, crude(d));
    if (!d.censored()) out.edge = std::min(out.edge, d.upper_h + d.entry_spread_h);
    if (d.entry_spread_h > 0) out.spread = out.spread > 0 ? std::min(out.spread, d.entry_spread_h) : d.entry_spread_h;      // one frame
  }
  return out;
}

std::pair<double, double> bounds_of(const FamilyParameter& parameter, const Range& range, bool one_rate) {
  const double low = std::log(range.lowest), high = std::log(range.highest);
  if (parameter.name == "shape") return {-3, 11};
  if (parameter.name == "sigma" && parameter.unit == "1") return {-7, 2.5};
  // a rise within a seventh of a frame cannot be told from a step
  if (parameter.name == "sigma" && range.spread > 0) return {std::max(high - 9, std::log(0.15 * range.spread)), high + 5};
  if (parameter.name == "sigma" || parameter.name == "tau") return {high - 9, high + 5};
  if (parameter.name == "delay") return {std::log(range.edge) - 9, std::log(range.edge)};
  return {low - 5, high + (one_rate ? 16 : 7)};      // one end in many stays has a rate, and a lower limit to it
}

}  // namespace

struct DurationLikelihood::Sums {
  double value = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
  Eigen::MatrixXd* scores = nullptr;      // of one duration of each group [P x groups]
  int impossible = -1;
};

DurationLikelihood::DurationLikelihood(const DurationData& data, const DurationModel& model, const CovariateTerms& terms) : data_(data), alike_(alike_durations(data)), times_(duration_times(data, alike_, model.family.kind)), model_(model) {
  check_durations(data);
  const bool residual = std::any_of(data.durations.begin(), data.durations.end(), [](const Duration& d) { return d.residual; });
  const bool selected = std::any_of(data.durations.begin(), data.durations.end(), [](const Duration& d) { return std::isfinite(d.seen_if_below_h); });
  const std::string where = "durations of " + data.name;
  if (model.cure && residual) throw InputError(where, "stays met half way and cells that never leave do not go together: there is no steady state", "leave unseen entries out");
  if (model.cure && selected) throw InputError(where, "only stays that ended are kept, which say nothing about cells that never leave", "fit without a never-progressing fraction");
  if (data.causes.size() > 1 && std::any_of(data.durations.begin(), data.durations.end(), [](const Duration& d) { return d.cause > 0; }))
    throw InputError(where, "stays ended in several ways", "fit one cause at a time (for_cause), or all together (fit_competing)");
  std::vector<FamilyParameter> parameters = model.family.parameters();
  if (model.cure) parameters.push_back({"never", "1", "logit"});
  std::vector<std::string> names;
  for (const auto& parameter : parameters) names.push_back(parameter.name);
  names.push_back("location");
  const std::size_t location = model.family.kind == FamilyKind::delayed_exponential ? 1 : 0;
  for (const auto& [name, covariates] : terms)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw InputError("covariates of " + name, "the " + model.family.name() + " has no such parameter", did_you_mean(name, names));
  const Range range = range_of(data);
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    const bool cure = parameters[j].link == "logit";
    const auto [low, high] = cure ? std::pair(-12.0, 12.0) : bounds_of(parameters[j], range, model.family.kind == FamilyKind::erlang && model.family.stages == 1);
    space_.add({fmt::format("{} {}", parameters[j].link, parameters[j].name), cure ? "1" : parameters[j].unit, "", low, high, 0.5 * (low + high), SearchScale::linear, {}});
    owner_.emplace_back(static_cast<int>(j), -1);
    const auto named = terms.find(parameters[j].name), found = named != terms.end() || j != location ? named : terms.find("location");
    if (found == terms.end()) continue;
    if (parameters[j].name == "delay") throw InputError("covariates of delay", "the likelihood ends at an edge that would move with every cell", "let them act on mean_excess, or use the exgaussian");
    for (const auto& name : found->second) {
      const auto column = std::find(data.covariates.begin(), data.covariates.end(), name);
      if (column == data.covariates.end()) throw InputError("covariates of " + parameters[j].name, "there is no covariate '" + name + "'", did_you_mean(name, data.covariates));
      const auto c = column - data.covariates.begin();
      const double reach = (cure ? 12 : 7) / std::max(1e-300, data.design.col(c).cwiseAbs().maxCoeff());
      space_.add({fmt::format("{} {}: {}", parameters[j].link, parameters[j].name, name), "1", "", -reach, reach, 0, SearchScale::linear, {}});
      owner_.emplace_back(static_cast<int>(j), static_cast<int>(c));
    }
  }
}

double DurationLikelihood::column(int theta_index, const Eigen::VectorXd& covariates) const {
  const int c = owner_[static_cast<std::size_t>(theta_index)].second;
  return c < 0 ? 1 : covariates[c];
}

DurationEta DurationLikelihood::eta_at(const Eigen::VectorXd& theta, const Eigen::VectorXd& covariates) const {
  DurationEta eta{};
  for (int a = 0; a < theta.size(); ++a) eta[static_cast<std::size_t>(link_of(a))].value += theta[a] * column(a, covariates);
  for (int j = 0; j < model_.count(); ++j) eta[static_cast<std::size_t>(j)].slope[static_cast<std::size_t>(j)] = 1;
  return eta;
}

Eigen::VectorXd DurationLikelihood::by_theta(const Taylor<4>& value, const Eigen::VectorXd& covariates) const {
  Eigen::VectorXd out(parameter_count());
  for (int a = 0; a < out.size(); ++a) out[a] = value.slope[static_cast<std::size_t>(link_of(a))] * column(a, covariates);
  return out;
}

template <class T>
struct DurationLikelihood::Tabulated {
  std::vector<std::array<T, 4>> etas;           // by row of covariates
  std::vector<LogTails<T>> tails;               // by moment
  std::vector<T> density;                       // of the mixture, by moment, where wanted
  std::vector<T> windows;                       // log P(would have been seen)
};

namespace {

std::array<double, 4> eta_as(const DurationEta& eta, double) { return {eta[0].value, eta[1].value, eta[2].value, eta[3].value}; }
DurationEta eta_as(const DurationEta& eta, const Taylor<4>&) { return eta; }

}  // namespace

template <class T>
DurationLikelihood::Tabulated<T> DurationLikelihood::tabulate(const Eigen::VectorXd& theta) const {
  Tabulated<T> out;
  for (const Eigen::VectorXd& covariates : times_.rows) out.etas.push_back(eta_as(eta_at(theta, covariates), T(0.0)));
  const int moments = static_cast<int>(times_.moments.size());
  out.tails.resize(static_cast<std::size_t>(moments));
  out.density.resize(static_cast<std::size_t>(moments));
  parallel_for((moments + chunk - 1) / chunk, [&](int c) {
    for (int m = c * chunk; m < std::min(moments, (c + 1) * chunk); ++m) {
      const DurationTimes::Moment& moment = times_.moments[static_cast<std::size_t>(m)];
      const std::array<T, 4>& eta = out.etas[static_cast<std::size_t>(moment.row)];
      out.tails[static_cast<std::size_t>(m)] = log_tails(model_.family, Eta<T>{eta[0], eta[1], eta[2]}, moment.t);
      if (moment.density) out.density[static_cast<std::size_t>(m)] = log_mixture_density(model_, eta, moment.t);
    }
  });
  std::vector<T> logs;
  for (const DurationTimes::Window& window : times_.windows) {
    logs.clear();
    for (const DurationTimes::Node& node : window.nodes)
      logs.push_back(node.log_weight + log_mixture_between(model_, out.etas[static_cast<std::size_t>(window.row)], out.tails[static_cast<std::size_t>(node.lower)], out.tails[static_cast<std::size_t>(node.upper)],
                                                           std::isinf(times_.moments[static_cast<std::size_t>(node.upper)].t)));
    out.windows.push_back(log_sum_of(logs));
  }
  return out;
}

template <class T>
void DurationLikelihood::add(const Eigen::VectorXd& theta, const Tabulated<T>& at, int from, int to, Sums& out) const {
  const int count = parameter_count();
  out.gradient = Eigen::VectorXd::Zero(count);
  out.hessian = Eigen::MatrixXd::Zero(count, count);
  std::optional<RemainingTime<Taylor<4>>> left;      // serves neighbours with equal covariates
  int left_row = -1;
  std::vector<T> logs;
  for (int g = from; g < to; ++g) {
    const auto group = static_cast<std::size_t>(g);
    const int i = alike_.groups[group].first, row = times_.row_of[group];
    const double times = alike_.groups[group].count;
    const Duration& duration = data_.durations[static_cast<std::size_t>(i)];
    const Eigen::VectorXd& covariates = times_.rows[static_cast<std::size_t>(row)];
    Taylor<4> one;
    if (duration.residual) {
      const DurationEta eta = eta_at(theta, covariates);
      if (!left || left_row != row) left.emplace(model_.family, Eta<Taylor<4>>{eta[0], eta[1], eta[2]}, data_.growth_rate_per_h), left_row = row;
      one = log_contribution(model_, duration, eta, &*left);
    } else if (averaged_in_closed_form(model_, duration)) {
      const T whole = log_contribution(model_, duration, at.etas[static_cast<std::size_t>(row)]);
      if constexpr (std::is_same_v<T, double>) one.value = whole;
      else one = whole;
    } else {
      logs.clear();
      for (const DurationTimes::Node& node : times_.seen[group])
        logs.push_back(node.log_weight + (duration.exact() ? at.density[static_cast<std::size_t>(node.lower)]
                                                           : log_mixture_between(model_, at.etas[static_cast<std::size_t>(row)], at.tails[static_cast<std::size_t>(node.lower)], at.tails[static_cast<std::size_t>(node.upper)], duration.censored())));
      T whole = log_sum_of(logs);
      if (times_.window_of[group] >= 0) whole += -at.windows[static_cast<std::size_t>(times_.window_of[group])];
      if constexpr (std::is_same_v<T, double>) one.value = whole;
      else one = whole;
    }
    out.value += times * one.value;
    if (!std::isfinite(out.value) && out.impossible < 0) out.impossible = i;
    if constexpr (std::is_same_v<T, double>) continue;
    const Eigen::VectorXd gradient = by_theta(one, covariates);
    out.gradient += times * gradient;
    if (out.scores != nullptr) out.scores->col(g) = gradient;
    for (int a = 0; a < count; ++a)
      for (int b = 0; b <= a; ++b) out.hessian(a, b) += times * one.hessian(link_of(a), link_of(b)) * column(a, covariates) * column(b, covariates);
  }
}

template <class T>
void DurationLikelihood::sum_all(const Eigen::VectorXd& theta, std::vector<Sums>& sums) const {
  const Tabulated<T> at = tabulate<T>(theta);
  const int groups = static_cast<int>(alike_.groups.size());
  parallel_for(static_cast<int>(sums.size()), [&](int c) { add(theta, at, c * chunk, std::min(groups, (c + 1) * chunk), sums[static_cast<std::size_t>(c)]); });
}

Outcome DurationLikelihood::evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const {
  const int groups = static_cast<int>(alike_.groups.size()), chunks = (groups + chunk - 1) / chunk, count = parameter_count();
  std::vector<Sums> sums(static_cast<std::size_t>(chunks));
  if (derivatives) sum_all<Taylor<4>>(theta, sums);
  else sum_all<double>(theta, sums);
  out.log_likelihood = 0;
  out.gradient = Eigen::VectorXd::Zero(count);
  out.information = Eigen::MatrixXd::Zero(count, count);
  for (const Sums& one : sums) {
    out.log_likelihood += one.value;
    out.gradient += one.gradient;
    out.information -= one.hessian;
    if (one.impossible >= 0) return {Status::not_finite, fmt::format("duration number {} of {} has no likelihood under these parameters", one.impossible, data_.name)};
  }
  if (!derivatives) return {};
  out.information = Eigen::MatrixXd(out.information.selfadjointView<Eigen::Lower>());
  if (!out.information.allFinite()) return {Status::not_finite, "the information of the durations of " + data_.name + " is not finite"};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(out.information);
  if (eigen.eigenvalues().minCoeff() < 0) out.information = eigen.eigenvectors() * eigen.eigenvalues().cwiseAbs().asDiagonal() * eigen.eigenvectors().transpose();
  return {};
}

Eigen::MatrixXd DurationLikelihood::observed_information(const Eigen::VectorXd& theta) const {
  Sums all;
  add(theta, tabulate<Taylor<4>>(theta), 0, static_cast<int>(alike_.groups.size()), all);
  return -Eigen::MatrixXd(all.hessian.selfadjointView<Eigen::Lower>());
}

Eigen::MatrixXd DurationLikelihood::family_covariance(const Eigen::VectorXd& theta, const Eigen::MatrixXd& inverse_information) const {
  std::map<int, std::vector<int>> members;
  for (int i = 0; i < data_.count(); ++i)
    if (const int family = data_.durations[static_cast<std::size_t>(i)].family; family >= 0) members[family].push_back(i);
    else members[-2 - i].push_back(i);
  if (static_cast<int>(members.size()) == data_.count()) return {};
  Eigen::MatrixXd scores(parameter_count(), static_cast<Eigen::Index>(alike_.groups.size()));
  Sums all;
  all.scores = &scores;
  add(theta, tabulate<Taylor<4>>(theta), 0, static_cast<int>(alike_.groups.size()), all);
  Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(parameter_count(), parameter_count());
  for (const auto& [family, own] : members) {
    Eigen::VectorXd score = Eigen::VectorXd::Zero(parameter_count());
    for (const int i : own) score += scores.col(alike_.group_of[static_cast<std::size_t>(i)]);
    squares += score * score.transpose();
  }
  return inverse_information * squares * inverse_information;
}

std::vector<Eigen::VectorXd> DurationLikelihood::starts() const {
  double sum = 0, squares = 0, last_exit = 0;
  int ended = 0, late = 0;
  for (const Duration& d : data_.durations) {
    if (d.censored() && model_.cure) continue;
    const double t = crude(d);
    sum += t;
    squares += t * t;
    ++ended;
    if (!d.censored()) last_exit = std::max(last_exit, t);
  }
  for (const Duration& d : data_.durations) late += d.censored() && d.lower_h >= 0.9 * last_exit;
  const double mean = ended > 0 ? sum / ended : crude(data_.durations[0]), sd = ended > 1 ? std::sqrt(std::max(0.0, squares / ended - mean * mean)) : 0;
  const double share = std::clamp(late / static_cast<double>(data_.count()), 0.01, 0.9);
  std::vector<Eigen::VectorXd> out;
  const auto add_start = [&](const Eta<double>& eta, double never) {
    Eigen::VectorXd theta = Eigen::VectorXd::Zero(parameter_count());
    for (int a = 0; a < theta.size(); ++a)
      if (is_intercept(a)) theta[a] = link_of(a) < model_.family.count() ? eta[static_cast<std::size_t>(link_of(a))] : std::log(never / (1 - never));
    out.push_back(theta.cwiseMax(space_.lower()).cwiseMin(space_.upper()));
  };
  for (const double spread : {1.0, 0.6, 1.6}) {
    const Eta<double> eta = eta_from_moments(model_.family, mean, std::max(sd, 0.02 * mean) * spread);
    add_start(eta, share);
    if (model_.cure) add_start(eta, 1e-3);
    if (model_.family.kind == FamilyKind::exgaussian)
      for (const double tau : {0.2, 0.9}) add_start({std::log(std::max(0.05 * mean, mean - tau * sd)), std::log(sd * std::sqrt(1 - tau * tau) + 1e-3 * mean), std::log(tau * sd + 1e-3 * mean)}, share);
  }
  return out;
}

}  // namespace hyped
