// The joint likelihood of causes.
#include "fitting/competing_risks.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using Number = Taylor<4>;

// log of a sum of exponentials of terms that are sums over causes: each term has a gradient over all parameters and a Hessian.
struct Term {
  double value = 0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
};

Term log_sum_of(const std::vector<Term>& terms) {
  Term out{-std::numeric_limits<double>::infinity(), Eigen::VectorXd::Zero(terms[0].gradient.size()), Eigen::MatrixXd::Zero(terms[0].gradient.size(), terms[0].gradient.size())};
  double top = out.value, total = 0;
  for (const Term& term : terms) top = std::max(top, term.value);
  if (!std::isfinite(top)) return out;
  for (const Term& term : terms) total += std::exp(term.value - top);
  out.value = top + std::log(total);
  for (const Term& term : terms) {
    const double share = std::exp(term.value - out.value);
    if (!(share > 0)) continue;
    out.gradient += share * term.gradient;
    out.hessian += share * (term.hessian + term.gradient * term.gradient.transpose());
  }
  out.hessian -= out.gradient * out.gradient.transpose();
  return out;
}

}  // namespace

CompetingLikelihood::CompetingLikelihood(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms) : data_(data), alike_(alike_durations(data)) {
  check_durations(data);
  if (models.size() != data.causes.size() || (!terms.empty() && terms.size() != models.size()))
    throw InputError("competing ends of " + data.name, fmt::format("{} models for {} ways of ending", models.size(), data.causes.size()), "give one of each per way");
  for (const Duration& d : data.durations)
    if (d.residual || std::isfinite(d.seen_if_below_h)) throw InputError("competing ends of " + data.name, "stays met half way, or kept only because they ended, cannot be used", "leave them out");
  by_cause_.reserve(models.size());
  for (std::size_t c = 0; c < models.size(); ++c) {
    by_cause_.push_back(for_cause(data, static_cast<int>(c)));
    likelihoods_.push_back(std::make_unique<DurationLikelihood>(by_cause_.back(), models[c], terms.empty() ? CovariateTerms{} : terms[c]));
    first_.push_back(space_.count());
    for (int i = 0; i < likelihoods_.back()->space().count(); ++i) {
      FreeParameter parameter = likelihoods_.back()->space()[i];
      parameter.name = data.causes[c] + ", " + parameter.name;
      space_.add(parameter);
    }
  }
}

void CompetingLikelihood::add(const Eigen::VectorXd& theta, int stay, double& value, Eigen::VectorXd& gradient, Eigen::MatrixXd& hessian) const {
  const Duration& d = data_.durations[static_cast<std::size_t>(stay)];
  const Eigen::VectorXd covariates = data_.design.cols() > 0 ? Eigen::VectorXd(data_.design.row(stay).transpose()) : Eigen::VectorXd();
  const int count = parameter_count(), causes = static_cast<int>(likelihoods_.size());
  std::vector<DurationEta> etas;
  for (int c = 0; c < causes; ++c) etas.push_back(cause(c).eta_at(theta.segment(first_parameter(c), cause(c).parameter_count()), covariates));
  // log of the density of ending by `ending` at t (-1: of not having ended)
  const auto at = [&](double t, int ending, double log_weight) {
    Term out{log_weight, Eigen::VectorXd::Zero(count), Eigen::MatrixXd::Zero(count, count)};
    for (int c = 0; c < causes; ++c) {
      const DurationModel& model = cause(c).model();
      const DurationEta& eta = etas[static_cast<std::size_t>(c)];
      const Number one = c == ending ? log_mixture_density(model, eta, t) : log_mixture_survival(model, eta, t);
      const int first = first_parameter(c), size = cause(c).parameter_count();
      out.value += one.value;
      out.gradient.segment(first, size) = cause(c).by_theta(one, covariates);
      for (int a = 0; a < size; ++a)
        for (int b = 0; b < size; ++b) out.hessian(first + a, first + b) = one.hessian(cause(c).link_of(a), cause(c).link_of(b)) * cause(c).column(a, covariates) * cause(c).column(b, covariates);
    }
    return out;
  };
  std::vector<Term> seen, could_be_seen;
  using Rule = boost::math::quadrature::gauss<double, 10>;
  for (const auto& [shift, weight] : entry_nodes(d.entry_spread_h)) {
    const double lower = d.lower_h + shift, half = 0.5 * (d.upper_h - d.lower_h);
    if (d.censored()) seen.push_back(at(lower, -1, std::log(weight)));
    else if (d.exact()) seen.push_back(at(lower, d.cause, std::log(weight)));
    else
      for (std::size_t n = 0; n < Rule::abscissa().size(); ++n)
        for (const double sign : {-1.0, 1.0}) seen.push_back(at(lower + half * (1 + sign * Rule::abscissa()[n]), d.cause, std::log(weight * half * Rule::weights()[n])));
    if (d.entry_spread_h > 0 || d.seen_if_above_h > 0) could_be_seen.push_back(at(d.seen_if_above_h + shift, -1, std::log(weight)));
  }
  const Term top = log_sum_of(seen);
  value += top.value;
  gradient += top.gradient;
  hessian += top.hessian;
  if (could_be_seen.empty()) return;
  const Term bottom = log_sum_of(could_be_seen);
  value -= bottom.value;
  gradient -= bottom.gradient;
  hessian -= bottom.hessian;
}

Outcome CompetingLikelihood::sum(const Eigen::VectorXd& theta, LikelihoodValue& out) const {
  constexpr int chunk = 32;
  const int groups = static_cast<int>(alike_.groups.size()), chunks = (groups + chunk - 1) / chunk, count = parameter_count();
  std::vector<Term> parts(static_cast<std::size_t>(chunks), Term{0, Eigen::VectorXd::Zero(count), Eigen::MatrixXd::Zero(count, count)});
  parallel_for(chunks, [&](int c) {
    Term& part = parts[static_cast<std::size_t>(c)];
    Term one = part;
    for (int g = c * chunk; g < std::min(groups, (c + 1) * chunk); ++g) {
      const auto& group = alike_.groups[static_cast<std::size_t>(g)];
      one.value = 0, one.gradient.setZero(), one.hessian.setZero();
      add(theta, group.first, one.value, one.gradient, one.hessian);
      part.value += group.count * one.value, part.gradient += group.count * one.gradient, part.hessian += group.count * one.hessian;
    }
  });
  out.log_likelihood = 0;
  out.gradient = Eigen::VectorXd::Zero(count);
  out.information = Eigen::MatrixXd::Zero(count, count);
  for (const Term& part : parts) {
    out.log_likelihood += part.value;
    out.gradient += part.gradient;
    out.information -= part.hessian;
  }
  if (!std::isfinite(out.log_likelihood) || !out.gradient.allFinite() || !out.information.allFinite()) return {Status::not_finite, "a stay of " + data_.name + " has no likelihood under these parameters"};
  return {};
}

Outcome CompetingLikelihood::evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool) const {
  const Outcome outcome = sum(theta, out);
  if (!outcome.ok()) return outcome;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(out.information);
  if (eigen.eigenvalues().minCoeff() < 0) out.information = eigen.eigenvectors() * eigen.eigenvalues().cwiseAbs().asDiagonal() * eigen.eigenvectors().transpose();
  return {};
}

Eigen::MatrixXd CompetingLikelihood::observed_information(const Eigen::VectorXd& theta) const {
  LikelihoodValue value;
  sum(theta, value);
  return value.information;
}

Eigen::MatrixXd CompetingLikelihood::incidence(const Eigen::VectorXd& theta, const Eigen::VectorXd& covariates, const std::vector<double>& times_h) const {
  const int causes = static_cast<int>(likelihoods_.size());
  std::vector<std::array<double, 4>> etas;
  for (int c = 0; c < causes; ++c) {
    const DurationEta eta = cause(c).eta_at(theta.segment(first_parameter(c), cause(c).parameter_count()), covariates);
    etas.push_back({eta[0].value, eta[1].value, eta[2].value, eta[3].value});
  }
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(times_h.size()), causes);
  for (int c = 0; c < causes; ++c) {
    const DurationModel& own = cause(c).model();
    const std::array<double, 4>& eta = etas[static_cast<std::size_t>(c)];
    double before = 0, sum = 0;
    for (std::size_t t = 0; t < times_h.size(); ++t) {
      for (const Panel& node : quadrature_over(own.family, {eta[0], eta[1], eta[2]}, before, times_h[t])) {
        double log_rate = log_mixture_density(own, eta, node.t);
        for (int other = 0; other < causes; ++other)
          if (other != c) log_rate += log_mixture_survival(cause(other).model(), etas[static_cast<std::size_t>(other)], node.t);
        sum += node.weight * std::exp(log_rate);
      }
      out(static_cast<Eigen::Index>(t), c) = sum;
      before = times_h[t];
    }
  }
  return out;
}

CompetingFit fit_competing(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms) {
  const CompetingLikelihood function(data, models, terms);
  CompetingFit out;
  Eigen::VectorXd start(function.parameter_count());
  for (std::size_t c = 0; c < models.size(); ++c) {
    const DurationData own = for_cause(data, static_cast<int>(c));
    out.causes.push_back(fit_durations(own, models[c], terms.empty() ? CovariateTerms{} : terms[c], {.intervals = false}));
    if (!out.causes.back().outcome.ok()) {
      out.outcome = out.causes.back().outcome;
      return out;
    }
    start.segment(function.first_parameter(static_cast<int>(c)), out.causes.back().best.theta.size()) = out.causes.back().best.theta;
  }
  out.best = maximise(function, start, function.space().lower(), function.space().upper(), {}, {.gain_tolerance = 1e-14});
  out.outcome = out.best.outcome;
  out.evidence = {"competing", out.best.at.log_likelihood, function.parameter_count(), data.count(), "ends of " + data.name};
  if (!out.outcome.ok()) return out;
  const Identifiability known = identifiability_of(function.observed_information(out.best.theta), function.space());
  for (std::size_t c = 0; c < models.size(); ++c) {
    DurationFit& fit = out.causes[c];
    const int first = function.first_parameter(static_cast<int>(c)), size = function.cause(static_cast<int>(c)).parameter_count();
    fit.best.theta = out.best.theta.segment(first, size);
    for (auto quantity : quantities_of(function.cause(static_cast<int>(c)), fit.best, {})) {
      const auto own = quantity.value;
      quantity.value = [own, first, size](const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
        Eigen::VectorXd part;
        const double value = own(theta.segment(first, size), part);
        gradient = Eigen::VectorXd::Zero(theta.size());
        gradient.segment(first, size) = part;
        return value;
      };
      fit.intervals.push_back(likelihood_interval(function, function.space(), out.best, known.covariance, quantity));
    }
    for (const auto& null : known.null)
      if (null.direction.segment(first, size).cwiseAbs().maxCoeff() > 0.05) fit.words.push_back("not identified: " + null.text);
  }
  return out;
}

}  // namespace hyped
