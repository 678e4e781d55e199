// Scoring, intervals, derived quantities.
#include "fitting/panel_fit.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <optional>

#include "libhyped/tracks/panels/panel_pairs.hpp"

namespace hyped {
namespace {

ParameterSpace space_of(const PanelModel& model) {
  ParameterSpace space;
  for (const PanelParameter& p : model.parameters()) {
    FreeParameter free;
    free.name = p.name;
    free.unit = p.unit;
    free.meaning = p.meaning;
    free.lower = p.lower;
    free.upper = p.upper;
    free.start = p.value;
    free.scale = p.positive ? SearchScale::log10 : SearchScale::linear;
    space.add(free);
  }
  return space;
}

// Transitions between known states are counted once each; everything else goes through the passes, cell by cell.
class OnSearchScale final : public LogLikelihood {
 public:
  OnSearchScale(const PanelData& data, const PanelModel& model, const ParameterSpace& space) : space_(space) {
    if (PanelPairs::applies(model)) pairs_.emplace(data, model);
    if (!pairs_ || !pairs_->rest().subjects.empty()) passes_.emplace(pairs_ ? pairs_->rest() : data, model);
  }
  int parameter_count() const override { return space_.count(); }
  long intervals() const { return (pairs_ ? pairs_->intervals() : 0) + (passes_ ? passes_->intervals() : 0); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override {
    const Eigen::VectorXd natural = space_.natural(theta);
    PairValue pairs;
    PanelValue passes;
    if (pairs_)
      if (const Outcome outcome = pairs_->evaluate(natural, pairs, derivatives); !outcome.ok()) return outcome;
    if (passes_)
      if (const Outcome outcome = passes_->evaluate(natural, passes, derivatives, derivatives); !outcome.ok()) return outcome;
    out.log_likelihood = pairs.log_likelihood + passes.log_likelihood;
    if (!derivatives) return {};
    Eigen::VectorXd slope(space_.count());
    for (int i = 0; i < space_.count(); ++i) slope[i] = space_.slope(i, theta[i]);
    out.gradient = Eigen::VectorXd::Zero(space_.count());
    out.information = Eigen::MatrixXd::Zero(space_.count(), space_.count());
    if (pairs_) out.gradient += pairs.gradient, out.information += pairs.information;
    if (passes_) out.gradient += passes.gradient, out.information += passes.scores.transpose() * passes.scores;
    out.gradient = out.gradient.cwiseProduct(slope).eval();
    out.information = (slope.asDiagonal() * out.information * slope.asDiagonal()).eval();
    return {};
  }

 private:
  const ParameterSpace& space_;
  std::optional<PanelPairs> pairs_;
  std::optional<PanelLikelihood> passes_;
};

// Observed information by differences of the exact score from the maximum, one each: off by the step times a third derivative, a relative 1e-4.
Outcome observed_information(const LogLikelihood& function, const ParameterSpace& space, const LikelihoodResult& best, Eigen::MatrixXd& information) {
  const auto count = best.theta.size();
  information.resize(count, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double step = best.theta[i] + 3e-5 > space.upper()[i] ? -3e-5 : 3e-5;
    Eigen::VectorXd beside = best.theta;
    beside[i] += step;
    LikelihoodValue there;
    if (const Outcome outcome = function.evaluate(beside, there, true); !outcome.ok()) return outcome;
    information.col(i) = (best.at.gradient - there.gradient) / step;
  }
  information = 0.5 * (information + information.transpose()).eval();
  return {};
}

// Newton's information in place of the summed outer products, which with few subjects is far from it: scoring then creeps.
class WithObserved final : public LogLikelihood {
 public:
  WithObserved(const LogLikelihood& function, const ParameterSpace& space) : function_(function), space_(space) {}
  int parameter_count() const override { return function_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override {
    if (const Outcome outcome = function_.evaluate(theta, out, derivatives); !outcome.ok() || !derivatives) return outcome;
    LikelihoodResult here;
    here.theta = theta;
    here.at = out;
    Eigen::MatrixXd information;
    if (!observed_information(function_, space_, here, information).ok() || !information.allFinite()) return {};      // the outer products stay
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(information);
    out.information = eigen.eigenvectors() * eigen.eigenvalues().cwiseAbs().asDiagonal() * eigen.eigenvectors().transpose();
    return {};
  }

 private:
  const LogLikelihood& function_;
  const ParameterSpace& space_;
};

// exp(log value +- 1.96 sd) of a positive function with the given slope of its logarithm.
PanelEstimate derived(std::string name, std::string unit, std::string meaning, double value, const Eigen::VectorXd& log_slope, const Identifiability& from) {
  PanelEstimate out{std::move(name), std::move(unit), std::move(meaning), value, value, value, true, "data"};
  for (Eigen::Index i = 0; i < log_slope.size(); ++i)
    if (log_slope[i] != 0 && !from.identified[static_cast<std::size_t>(i)]) out.identified = false, out.how = "not identifiable";
  if (!out.identified) return out;
  const double sd = std::sqrt(std::max(0.0, (log_slope.transpose() * from.covariance * log_slope).value()));
  out.lower = value * std::exp(-1.959963984540054 * sd);
  out.upper = value * std::exp(1.959963984540054 * sd);
  return out;
}

}  // namespace

PanelFit fit_panel(const PanelData& data, const PanelSpec& spec, const PanelFitOptions& options) {
  const PanelModel model(spec, data);
  PanelFit fit;
  fit.space = space_of(model);
  fit.parameter_count = model.parameter_count();
  const OnSearchScale function(data, model, fit.space);
  fit.intervals = function.intervals();
  LikelihoodResult best;
  for (int s = 0; s < std::max(1, options.starts); ++s) {
    Eigen::VectorXd start = fit.space.start();
    for (int i = 0; i < fit.space.count(); ++i)
      if (const auto given = options.first.find(fit.space[i].name); given != options.first.end())
        start[i] = std::clamp(fit.space[i].scale == SearchScale::log10 ? std::log10(std::max(given->second, 1e-300)) : given->second, fit.space.lower()[i], fit.space.upper()[i]);
    if (s > 0) {
      const Eigen::VectorXd point = halton_point(s, fit.space.count());
      for (int i = 0; i < fit.space.count(); ++i)
        if (fit.space[i].scale == SearchScale::log10) start[i] = std::clamp(start[i] + 2 * point[i] - 1, fit.space.lower()[i], fit.space.upper()[i]);
    }
    LikelihoodResult end = maximise(function, start, fit.space.lower(), fit.space.upper(), {}, options.scoring);
    if (end.outcome.status == Status::not_converged && options.scoring.iteration_limit > 0) {
      fit.iterations += end.iterations;
      end = maximise(WithObserved(function, fit.space), end.theta, fit.space.lower(), fit.space.upper(), {}, options.scoring);
    }
    fit.start_log_likelihoods.push_back(end.at.log_likelihood);
    fit.iterations += end.iterations;
    if (s == 0 || (std::isfinite(end.at.log_likelihood) && end.at.log_likelihood > best.at.log_likelihood)) best = end;
  }
  fit.theta = best.theta;
  fit.log_likelihood = best.at.log_likelihood;
  fit.outcome = best.outcome;
  if (!std::isfinite(fit.log_likelihood)) return fit;
  Eigen::MatrixXd information;
  if (const Outcome outcome = observed_information(function, fit.space, best, information); !outcome.ok()) {
    fit.outcome = outcome;
    return fit;
  }
  fit.identifiability = identifiability_of(information, fit.space);
  const Eigen::VectorXd natural = fit.natural();
  for (int i = 0; i < fit.space.count(); ++i) {
    const FreeParameter& p = fit.space[i];
    PanelEstimate e{p.name, p.unit, p.meaning, natural[i], p.lower, p.upper, static_cast<bool>(fit.identifiability.identified[static_cast<std::size_t>(i)]), "data"};
    if (!e.identified) e.how = "not identifiable";
    else {
      const double sd = std::sqrt(std::max(0.0, fit.identifiability.covariance(i, i)));
      e.lower = std::max(p.lower, fit.space.natural(i, fit.theta[i] - 1.959963984540054 * sd));
      e.upper = std::min(p.upper, fit.space.natural(i, fit.theta[i] + 1.959963984540054 * sd));
    }
    if (std::find(best.at_lower.begin(), best.at_lower.end(), i) != best.at_lower.end()) e.how = "at lower bound", e.lower = p.lower;
    if (std::find(best.at_upper.begin(), best.at_upper.end(), i) != best.at_upper.end()) e.how = "at upper bound", e.upper = p.upper;
    fit.estimates.push_back(e);
  }
  const auto& transitions = model.spec().transitions;
  for (int phase = 0; phase < model.phase_count(); ++phase) {
    if (model.absorbing(phase)) continue;
    const std::string& name = spec.phases[static_cast<std::size_t>(phase)];
    double all = 0;
    std::vector<int> out;
    bool hazard = false;
    for (int r = 0; r < static_cast<int>(transitions.size()); ++r)
      if (transitions[static_cast<std::size_t>(r)].from == phase) {
        hazard = hazard || transitions[static_cast<std::size_t>(r)].any_stage;
        if (!transitions[static_cast<std::size_t>(r)].any_stage) all += natural[r], out.push_back(r);
      }
    if (out.empty()) continue;
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(fit.space.count());
    for (const int r : out) slope[r] = -fit.space.slope(r, fit.theta[r]) / all;
    fit.sojourns.push_back(derived(name, "h", hazard ? "mean stay if the cell does not die" : "mean stay", 1 / all, slope, fit.identifiability));
    if (out.size() < 2) continue;
    for (const int r : out) {
      Eigen::VectorXd share = slope;
      share[r] += fit.space.slope(r, fit.theta[r]) / natural[r];
      fit.exits.push_back(derived(transitions[static_cast<std::size_t>(r)].name, "1", "probability of this way out", natural[r] / all, share, fit.identifiability));
    }
  }
  if (!fit.identifiability.all() && fit.outcome.ok()) fit.outcome = {Status::not_identifiable, "not identifiable: " + fit.identifiability.null.front().text};
  return fit;
}

}  // namespace hyped
