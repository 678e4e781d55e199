// Starts, optimum and table of a fit with independent frames.
#include "fitting/independent_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

void check_data(const CycleProblem& problem, const IndependentOptions& options) {
  const std::string& where = problem.setup().where;
  if (options.noise == IndependentNoise::gaussian) return;
  if (options.saturation) throw InputError(where, "saturation belongs to gaussian noise, not to " + std::string(to_string(options.noise)), "set noise = \"gaussian\"");
  if (problem.quantity() != Quantity::count)
    throw InputError(where, fmt::format("{} noise needs counts; the data are {}", to_string(options.noise), problem.quantity() == Quantity::fraction ? "fractions" : "relative amounts"), "set noise = \"gaussian\"");
  if (!problem.setup().map.partition && options.noise != IndependentNoise::multinomial_poisson)
    throw InputError(where, fmt::format("{} noise needs classes that share out the cells; these overlap", to_string(options.noise)), "use the process likelihood or noise = \"gaussian\"");
  if (problem.class_count() < 2 && options.noise != IndependentNoise::multinomial_poisson)
    throw InputError(where, fmt::format("{} noise looks at proportions, and there is one class", to_string(options.noise)), "set noise = \"multinomial_poisson\" to fit totals");
  for (const Well& well : problem.wells())
    for (const double value : well.values)
      if (value < 0 || value != std::floor(value))
        throw InputError(where, fmt::format("well '{}' of '{}' holds {}, which is no count", well.name, well.condition, value), "give whole numbers, or set noise = \"gaussian\"");
}

FreeParameter dispersion_parameter(const CycleProblem& problem, IndependentNoise noise) {
  if (noise == IndependentNoise::gaussian) {
    double square = 0, count = 0;
    for (const Well& well : problem.wells()) square += well.values.squaredNorm(), count += static_cast<double>(well.values.size());
    const double size = std::sqrt(square / count);
    return {"sd", problem.quantity() == Quantity::count ? "cells" : "1", "standard deviation of a value", 1e-9 * size, 10 * size, 0.1 * size, SearchScale::log10, std::nullopt};
  }
  return {"dispersion", "1", noise == IndependentNoise::negative_binomial ? "extra variance of totals over mean squared" : "1 / concentration of the proportions of a frame",
          1e-8, 10, 1e-3, SearchScale::log10, std::nullopt};
}

// -log L plus the priors' half squares is what is minimised; scoring sees the priors as further information.
class WithPriors final : public LogLikelihood {
 public:
  WithPriors(const IndependentLikelihood& data, const ParameterSpace& space) : data_(data), space_(space) {}
  int parameter_count() const override { return data_.parameter_count(); }
  Outcome evaluate(const Eigen::VectorXd& theta, LikelihoodValue& out, bool derivatives) const override {
    const Outcome outcome = data_.evaluate(theta, out, derivatives);
    if (!outcome.ok()) return outcome;
    for (int i = 0; i < space_.count(); ++i)
      if (const auto& prior = space_[i].prior) {
        const PriorRow row = prior->row(theta[i]);
        out.log_likelihood -= 0.5 * row.value * row.value;
        if (!derivatives) continue;
        out.gradient[i] -= row.value * row.slope;
        out.information(i, i) += row.slope * row.slope;
      }
    return outcome;
  }

 private:
  const IndependentLikelihood& data_;
  const ParameterSpace& space_;
};

IndependentNoise first_noise(IndependentNoise noise) {
  if (noise == IndependentNoise::dirichlet_multinomial) return IndependentNoise::multinomial;
  if (noise == IndependentNoise::negative_binomial) return IndependentNoise::multinomial_poisson;
  return noise;
}

// Bounds reached, in the order of parameters: -1 lower, 1 upper.
std::vector<int> reached(const std::vector<int>& low, const std::vector<int>& high, int count) {
  std::vector<int> out(static_cast<std::size_t>(count), 0);
  for (const int i : low) out[i] = -1;
  for (const int i : high) out[i] = 1;
  return out;
}

}  // namespace

std::string data_fingerprint(const CycleProblem& problem) {
  std::uint64_t hash = 0xcbf29ce484222325ull;      // FNV-1a
  auto mix = [&](std::uint64_t word) {
    for (int byte = 0; byte < 8; ++byte, word >>= 8) hash = (hash ^ (word & 0xff)) * 0x100000001b3ull;
  };
  auto text = [&](const std::string& name) {
    for (const char c : name) mix(static_cast<unsigned char>(c));
    mix(name.size());
  };
  for (const auto& seen : problem.setup().map.classes) text(seen.name);
  std::size_t values = 0;
  for (const Well& well : problem.wells()) {
    text(well.condition);
    text(well.name);
    for (const double t : problem.units()[well.unit].times_h) mix(std::bit_cast<std::uint64_t>(t));
    for (const double value : well.values) mix(std::bit_cast<std::uint64_t>(value));
    values += static_cast<std::size_t>(well.values.size());
  }
  return fmt::format("{} values of {} wells, {:016x}", values, problem.wells().size(), hash);
}

IndependentFit fit_independent(const CycleProblem& problem, const IndependentOptions& options) {
  check_data(problem, options);
  IndependentFit fit;
  const int own = problem.space().count();
  ParameterSpace space = problem.space();
  if (has_dispersion(options.noise)) space.add(dispersion_parameter(problem, options.noise));
  const Eigen::VectorXd lower = space.lower(), upper = space.upper();

  const DevianceResiduals residuals(problem, first_noise(options.noise));
  fit.starts.resize(static_cast<std::size_t>(std::max(1, options.starts)));
  const bool screened = options.starts > options.screened_above;
  const auto descend = [&](StartRecord& record, const Eigen::VectorXd& from, const LeastSquaresOptions& how) {
    const LeastSquaresResult end = least_squares(residuals, from, lower.head(own), upper.head(own), {}, how);
    record.solves.add(end);
    record = {record.start, end.theta, end.sum_of_squares, end.gradient_norm, record.iterations + end.iterations, record.solves, end.outcome};
  };
  LeastSquaresOptions first = options.least_squares;
  if (screened) first.function_tolerance = 5e-2, first.first_radius = 0.3, first.iteration_limit = std::min(20, first.iteration_limit);
  const double margin = screened ? 0.25 : 0.1;
  parallel_for(static_cast<int>(fit.starts.size()), [&](int s) {
    StartRecord& record = fit.starts[s];
    record.start = s == 0 ? problem.space().start() : problem.space().start(Eigen::VectorXd((margin + (1 - 2 * margin) * halton_point(s, own).array()).matrix()));
    descend(record, record.start, first);
  });
  if (screened) {
    std::vector<int> order(fit.starts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return fit.starts[a].sum_of_squares < fit.starts[b].sum_of_squares; });
    order.resize(std::max<std::size_t>(4, order.size() / 20));
    parallel_for(static_cast<int>(order.size()), [&](int k) {
      StartRecord& record = fit.starts[order[k]];
      if (std::isfinite(record.sum_of_squares)) descend(record, Eigen::VectorXd(record.end), options.least_squares);
    });
  }
  const auto best = std::min_element(fit.starts.begin(), fit.starts.end(), [](const auto& a, const auto& b) { return a.sum_of_squares < b.sum_of_squares; });
  fit.theta = best->end;
  fit.outcome = best->outcome;
  fit.data = data_fingerprint(problem) + (has_scale(options.noise, problem) || options.noise == IndependentNoise::gaussian ? ", all values" : ", classes given totals");
  if (options.noise == IndependentNoise::gaussian && options.saturation) fit.data += fmt::format(", censored at {}", *options.saturation);
  if (!std::isfinite(best->sum_of_squares)) return fit;
  fit.sum_of_squares = has_dispersion(options.noise) ? 0 : best->sum_of_squares;
  const std::string starts = screened ? fmt::format(", {} starts descended coarsely and the best twentieth finished", options.starts) : "";
  fit.method = fmt::format("{}, independent frames, least squares on deviance residuals{}", to_string(options.noise), starts);

  Eigen::VectorXd all(space.count());
  all.head(own) = fit.theta;
  std::vector<int> low, high;
  for (int i = 0; i < own; ++i) {
    const double span = upper[i] - lower[i];
    if (fit.theta[i] - lower[i] <= 1e-9 * span) low.push_back(i);
    if (upper[i] - fit.theta[i] <= 1e-9 * span) high.push_back(i);
  }
  int values = 0;
  for (const Well& well : problem.wells()) values += static_cast<int>(well.values.size());
  const IndependentLikelihood data(problem, options.noise, options.saturation);
  const bool scoring = options.noise != first_noise(options.noise) || options.saturation;
  if (options.noise == IndependentNoise::gaussian) all[own] = std::clamp(std::log10(std::sqrt(best->sum_of_squares / values)), lower[own], upper[own]);
  else if (has_dispersion(options.noise)) all[own] = space.start()[own];
  if (scoring) {
    const WithPriors target(data, problem.space());
    const LikelihoodResult end = maximise(target, all, lower, upper, {}, options.scoring);
    fit.outcome = end.outcome;
    if (!std::isfinite(end.at.log_likelihood)) return fit;
    all = end.theta;
    fit.theta = all.head(own);
    low = end.at_lower;
    high = end.at_upper;
    fit.method = fmt::format("{}, independent frames, damped Fisher scoring{}", options.saturation ? "gaussian censored at saturation" : to_string(options.noise), starts);
  }
  LikelihoodValue at;
  if (const Outcome outcome = data.evaluate(all, at, true); !outcome.ok()) {
    fit.outcome = outcome;
    return fit;
  }
  if (const Outcome outcome = data.scales(all, fit.scales); !outcome.ok()) {
    fit.outcome = outcome;
    return fit;
  }
  fit.log_likelihood = at.log_likelihood;
  const bool scaled = has_scale(options.noise, problem);
  fit.parameter_count = space.count() + (scaled ? static_cast<int>(problem.wells().size()) : 0);
  const bool given_totals = options.noise == IndependentNoise::multinomial || options.noise == IndependentNoise::dirichlet_multinomial;
  fit.data_count = given_totals ? values / problem.class_count() * (problem.class_count() - 1) : values;

  for (int i = 0; i < own; ++i)
    if (space[i].prior) at.information(i, i) += std::pow(space[i].prior->row(fit.theta[i]).slope, 2);
  std::vector<int> ends = reached(low, high, space.count());
  // A dispersion at its lower bound says there is none: a fact, not a failure, and nothing to invert.
  const bool none = space.count() > own && ends[own] < 0;
  if (space.count() > own) fit.dispersion = none && options.noise != IndependentNoise::gaussian ? 0.0 : space.natural(own, all[own]);
  const int shown = none ? own : space.count();
  fit.identifiability = identifiability_of(at.information.topLeftCorner(shown, shown), none ? problem.space() : space);
  const double degrees = options.noise == IndependentNoise::gaussian ? std::max(1.0, static_cast<double>(fit.data_count - fit.parameter_count + 1)) : 1e6;
  bool bound = false;
  for (int i = 0; i < space.count(); ++i) {
    FittedParameter p{space[i].name, space[i].unit, space[i].meaning, space.natural(i, all[i]), space[i].lower, space[i].upper, 0, degrees, 0, i < shown && fit.identifiability.identified[i], ""};
    if (i >= shown) {
      p.how = "at lower bound: none";
      fit.parameters.push_back(std::move(p));
      continue;
    }
    if (p.identified) {
      p.sd = std::sqrt(std::max(0.0, fit.identifiability.covariance(i, i)));
      // the likelihood's sd divides by n; intervals allow for the parameters that were estimated
      if (options.noise == IndependentNoise::gaussian && !options.saturation && i < own) p.sd *= std::sqrt(fit.data_count / degrees);
      p.independent_sd = p.sd;
      p.lower = std::max(space[i].lower, space.natural(i, all[i] - t_quantile_975(degrees) * p.sd));
      p.upper = std::min(space[i].upper, space.natural(i, all[i] + t_quantile_975(degrees) * p.sd));
    }
    p.how = !p.identified ? "not identifiable" : ends[i] < 0 ? "at lower bound" : ends[i] > 0 ? "at upper bound" : space[i].prior ? "data and prior" : "data";
    bound = bound || ends[i] != 0;
    fit.parameters.push_back(std::move(p));
  }
  if (!fit.identifiability.all()) fit.outcome = {Status::not_identifiable, "not identifiable: " + fit.identifiability.null.front().text};
  else if (bound && fit.outcome.ok()) fit.outcome = {Status::at_bound, "the optimum lies at a bound"};
  return fit;
}

}  // namespace hyped
