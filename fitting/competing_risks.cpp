// The joint likelihood of causes.
#include "fitting/competing_risks.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using Number = Taylor<4>;

}  // namespace

CompetingLikelihood::CompetingLikelihood(const DurationData& data, const std::vector<DurationModel>& models, const std::vector<CovariateTerms>& terms) : data_(data), alike_(alike_durations(data)) {
  check_durations(data);
  if (models.size() > 30 || models.size() != data.causes.size() || (!terms.empty() && terms.size() != models.size()))
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
  plan();
}

int CompetingLikelihood::moment_at(int row, double t, int ending) {
  const auto at = moment_of_.emplace(std::pair(row, std::llround(t * 1e9)), static_cast<int>(moments_.size()));
  if (at.second) moments_.push_back({row, t});
  Moment& moment = moments_[static_cast<std::size_t>(at.first->second)];
  const unsigned own = ending >= 0 ? 1U << ending : 0U;
  moment.densities |= own;
  moment.survivals |= ((1U << likelihoods_.size()) - 1) & ~own;
  return at.first->second;
}

void CompetingLikelihood::plan() {
  using Rule = boost::math::quadrature::gauss<double, 10>;
  std::map<std::vector<double>, int> rows;
  std::map<std::array<long long, 3>, int> windows;
  const auto nano = [](double t) { return std::llround(t * 1e9); };
  FamilyKind finest = FamilyKind::gamma;
  for (const auto& own : likelihoods_)
    if (own->model().family.kind == FamilyKind::exgaussian) finest = FamilyKind::exgaussian;
  for (const auto& group : alike_.groups) {
    const Duration& d = data_.durations[static_cast<std::size_t>(group.first)];
    const Eigen::VectorXd covariates = data_.design.cols() > 0 ? Eigen::VectorXd(data_.design.row(group.first).transpose()) : Eigen::VectorXd();
    const auto found = rows.emplace(std::vector<double>(covariates.begin(), covariates.end()), static_cast<int>(rows_.size()));
    if (found.second) rows_.push_back(covariates);
    const int row = found.first->second;
    std::vector<Node> seen;
    // f of the ending times the others' survival over [from, to], weighted by `weight` of the place in it, 0..1
    const auto over = [&](double from, double to, const auto& weight) {
      const double half = 0.5 * (to - from);
      for (std::size_t n = 0; n < Rule::abscissa().size(); ++n)
        for (const double sign : {-1.0, 1.0}) {
          const double place = 0.5 * (1 + sign * Rule::abscissa()[n]);
          seen.push_back({moment_at(row, from + (to - from) * place, d.cause), d.cause, std::log(half * Rule::weights()[n] * weight(place))});
        }
    };
    const double length = d.upper_h - d.lower_h;
    const auto nodes = entry_nodes(d.entry_spread_h, finest);
    if (!d.censored() && !d.exact() && d.entry_spread_h > 0 && std::abs(d.entry_spread_h - length) < 1e-9) {
      over(d.lower_h, d.upper_h, [](double place) { return place; });
      over(d.upper_h, d.upper_h + length, [](double place) { return 1 - place; });
    } else
      for (const auto& [shift, weight] : nodes) {
        const double lower = d.lower_h + shift;
        if (d.censored() || d.exact()) seen.push_back({moment_at(row, lower, d.censored() ? -1 : d.cause), d.censored() ? -1 : d.cause, std::log(weight)});
        else over(lower, lower + length, [w = weight](double) { return w; });
      }
    seen_.push_back(std::move(seen));
    window_of_.push_back(-1);
    if (!(d.entry_spread_h > 0 || d.seen_if_above_h > 0)) continue;
    const auto window = windows.emplace(std::array<long long, 3>{row, nano(d.entry_spread_h), nano(d.seen_if_above_h)}, static_cast<int>(windows_.size()));
    window_of_.back() = window.first->second;
    if (!window.second) continue;
    windows_.emplace_back();
    for (const auto& [shift, weight] : nodes) windows_.back().push_back({moment_at(row, d.seen_if_above_h + shift, -1), -1, std::log(weight)});
  }
}

struct CompetingLikelihood::Tails {      // where asked for
  std::vector<Number> survival, density;      // [moments x causes]
};

CompetingLikelihood::Tails CompetingLikelihood::tabulate(const Eigen::VectorXd& theta) const {
  const int causes = static_cast<int>(likelihoods_.size()), moments = static_cast<int>(moments_.size());
  std::vector<DurationEta> etas;      // [rows x causes]
  for (const Eigen::VectorXd& covariates : rows_)
    for (int c = 0; c < causes; ++c) etas.push_back(cause(c).eta_at(theta.segment(first_parameter(c), cause(c).parameter_count()), covariates));
  Tails out;
  out.survival.resize(static_cast<std::size_t>(moments * causes));
  out.density = out.survival;
  constexpr int chunk = 32;
  parallel_for((moments + chunk - 1) / chunk, [&](int k) {
    for (int m = k * chunk; m < std::min(moments, (k + 1) * chunk); ++m)
      for (int c = 0; c < causes; ++c) {
        const Moment& moment = moments_[static_cast<std::size_t>(m)];
        const DurationEta& eta = etas[static_cast<std::size_t>(moment.row * causes + c)];
        const auto at = static_cast<std::size_t>(m * causes + c);
        if (moment.survivals >> c & 1) out.survival[at] = log_mixture_survival(cause(c).model(), eta, moment.t);
        if (moment.densities >> c & 1) out.density[at] = log_mixture_density(cause(c).model(), eta, moment.t);
      }
  });
  return out;
}

// Sums over a batch of groups, and room for one group's by link-scale parameters of all causes [4 x causes].
struct CompetingLikelihood::Part {
  double value = 0;
  Eigen::VectorXd gradient, slope, one;
  Eigen::MatrixXd hessian, curve;
};

// Adds weight x log of the sum of the nodes' exponentials, with derivatives by theta.
void CompetingLikelihood::add_log_sum(const Eigen::VectorXd& theta, const Tails& at, const std::vector<Node>& nodes, double weight, Part& part) const {
  const int causes = static_cast<int>(likelihoods_.size()), wide = 4 * causes;
  const auto number = [&](const Node& node, int c) -> const Number& {
    const auto i = static_cast<std::size_t>(node.moment * causes + c);
    return c == node.ending ? at.density[i] : at.survival[i];
  };
  const auto log_of_node = [&](const Node& node) {
    double value = node.log_weight;
    for (int c = 0; c < causes; ++c) value += number(node, c).value;
    return value;
  };
  double top = -std::numeric_limits<double>::infinity(), total = 0;
  for (const Node& node : nodes) top = std::max(top, log_of_node(node));
  if (!std::isfinite(top)) {
    part.value += weight * top;
    return;
  }
  for (const Node& node : nodes) total += std::exp(log_of_node(node) - top);
  const double value = top + std::log(total);
  part.slope.setZero(wide);
  part.curve.setZero(wide, wide);
  for (const Node& node : nodes) {
    const double share = std::exp(log_of_node(node) - value);
    if (!(share > 0)) continue;
    for (int c = 0; c < causes; ++c)
      for (int a = 0; a < 4; ++a) part.one[4 * c + a] = number(node, c).slope[static_cast<std::size_t>(a)];
    part.slope += share * part.one;
    part.curve += (share * part.one) * part.one.transpose();
    for (int c = 0; c < causes; ++c)
      for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) part.curve(4 * c + a, 4 * c + b) += share * number(node, c).hessian(a, b);
  }
  part.curve -= part.slope * part.slope.transpose();
  part.value += weight * value;
  const Eigen::VectorXd& covariates = rows_[static_cast<std::size_t>(moments_[static_cast<std::size_t>(nodes.front().moment)].row)];
  for (int i = 0; i < theta.size(); ++i) {
    const auto [link, column] = place(i, covariates);
    part.gradient[i] += weight * part.slope[link] * column;
    for (int j = 0; j < theta.size(); ++j) {
      const auto [other, second] = place(j, covariates);
      part.hessian(i, j) += weight * part.curve(link, other) * column * second;
    }
  }
}

// Where a parameter acts: its link-scale parameter among those of all causes, and what it is multiplied with.
std::pair<int, double> CompetingLikelihood::place(int parameter, const Eigen::VectorXd& covariates) const {
  int c = static_cast<int>(first_.size()) - 1;
  while (first_[static_cast<std::size_t>(c)] > parameter) --c;
  const int own = parameter - first_[static_cast<std::size_t>(c)];
  return {4 * c + cause(c).link_of(own), cause(c).column(own, covariates)};
}

Outcome CompetingLikelihood::sum(const Eigen::VectorXd& theta, LikelihoodValue& out) const {
  constexpr int chunk = 32;
  const int groups = static_cast<int>(alike_.groups.size()), chunks = (groups + chunk - 1) / chunk, count = parameter_count();
  const auto empty = [&] { return Part{0, Eigen::VectorXd::Zero(count), {}, Eigen::VectorXd::Zero(4 * static_cast<Eigen::Index>(likelihoods_.size())), Eigen::MatrixXd::Zero(count, count), {}}; };
  const Tails at = tabulate(theta);
  std::vector<double> shown(windows_.size(), 0);      // stays that each window let through
  for (int g = 0; g < groups; ++g)
    if (const int w = window_of_[static_cast<std::size_t>(g)]; w >= 0) shown[static_cast<std::size_t>(w)] += alike_.groups[static_cast<std::size_t>(g)].count;
  std::vector<Part> parts;
  for (int c = 0; c <= chunks; ++c) parts.push_back(empty());
  parallel_for(chunks + 1, [&](int c) {
    Part& part = parts[static_cast<std::size_t>(c)];
    for (int g = c * chunk; c < chunks && g < std::min(groups, (c + 1) * chunk); ++g) add_log_sum(theta, at, seen_[static_cast<std::size_t>(g)], alike_.groups[static_cast<std::size_t>(g)].count, part);
    for (std::size_t w = 0; c == chunks && w < windows_.size(); ++w) add_log_sum(theta, at, windows_[w], -shown[w], part);
  });
  out.log_likelihood = 0;
  out.gradient = Eigen::VectorXd::Zero(count);
  out.information = Eigen::MatrixXd::Zero(count, count);
  for (const Part& part : parts) {
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
    if (models[c].family.kind == FamilyKind::erlang) {      // as many stages as given
      const DurationLikelihood& own = function.cause(static_cast<int>(c));
      out.causes.emplace_back();
      out.causes.back().model = models[c];
      out.causes.back().best = maximise(own, own.starts().front(), own.space().lower(), own.space().upper());
      out.causes.back().outcome = out.causes.back().best.outcome;
    } else
      out.causes.push_back(fit_durations(for_cause(data, static_cast<int>(c)), models[c], terms.empty() ? CovariateTerms{} : terms[c], {.intervals = false}));
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
    auto quantities = quantities_of(function.cause(static_cast<int>(c)), fit.best, {});
    fit.intervals.resize(quantities.size());
    parallel_for(static_cast<int>(quantities.size()), [&](int q) {
      LikelihoodQuantity& quantity = quantities[static_cast<std::size_t>(q)];
      const auto own = quantity.value;
      quantity.value = [own, first, size](const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
        Eigen::VectorXd part;
        const double value = own(theta.segment(first, size), part);
        gradient = Eigen::VectorXd::Zero(theta.size());
        gradient.segment(first, size) = part;
        return value;
      };
      fit.intervals[static_cast<std::size_t>(q)] = likelihood_interval(function, function.space(), out.best, known.covariance, quantity);
    });
    for (const auto& null : known.null)
      if (null.direction.segment(first, size).cwiseAbs().maxCoeff() > 0.05) fit.words.push_back("not identified: " + null.text);
  }
  return out;
}

}  // namespace hyped
