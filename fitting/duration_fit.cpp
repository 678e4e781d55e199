// Fits durations from several starts and tells what is identified.
#include "fitting/duration_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/counted.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

std::string data_text(const DurationData& data) {
  double sum = 0;
  for (const Duration& d : data.durations) sum += d.lower_h + (d.censored() ? 0.37 : d.upper_h);
  return fmt::format("durations of {}, {} of them, sum {:.12g}", data.name, data.count(), sum);
}

LikelihoodResult best_of(const DurationLikelihood& function, const DurationFitOptions& options) {
  LikelihoodResult best;
  auto starts = function.starts();
  if (options.start.size() == function.parameter_count()) starts = {options.start.cwiseMax(function.space().lower()).cwiseMin(function.space().upper())};
  best.at.log_likelihood = -std::numeric_limits<double>::infinity();
  bool any = false;
  for (const auto& start : starts) {
    LikelihoodResult end = maximise(function, start, function.space().lower(), function.space().upper(), {}, {.iteration_limit = 400, .gain_tolerance = options.gain_tolerance});
    const bool better = !any || end.at.log_likelihood > best.at.log_likelihood + 1e-9 || (end.outcome.ok() && !best.outcome.ok() && end.at.log_likelihood > best.at.log_likelihood - 1e-6);
    if (better) best = std::move(end);
    any = true;
  }
  return best;
}

// Parameters at a bound are held: they have no variance, and the others are told as if they were known.
Identifiability free_identifiability(const Eigen::MatrixXd& information, const LikelihoodResult& best, const ParameterSpace& space) {
  Eigen::MatrixXd held = information;
  std::vector<int> at_bound = best.at_lower;
  at_bound.insert(at_bound.end(), best.at_upper.begin(), best.at_upper.end());
  for (const int i : at_bound) {
    const double width = space[i].upper - space[i].lower;
    held.row(i).setZero();
    held.col(i).setZero();
    held(i, i) = 1 / (width * width);
  }
  Identifiability out = identifiability_of(held, space);
  for (const int i : at_bound) {
    out.covariance.row(i).setZero();
    out.covariance.col(i).setZero();
  }
  return out;
}

std::string natural_name(const ParameterSpace& space, int i) {
  const std::string& link = space[i].name;
  return link.find(": ") == link.npos ? link.substr(link.find(' ') + 1) : link;
}

// Relatives are alike: thresholds grow with the variance.
void inflate(const DurationLikelihood& function, const DurationFit& fit, std::vector<LikelihoodQuantity>& quantities) {
  const Eigen::MatrixXd alike = function.family_covariance(fit.best.theta, fit.identifiability.covariance);
  if (alike.size() == 0) return;
  for (auto& quantity : quantities) {
    Eigen::VectorXd slope;
    quantity.value(fit.best.theta, slope);
    const double apart = slope.dot(fit.identifiability.covariance * slope);
    if (apart > 0) quantity.inflation = std::max(1.0, slope.dot(alike * slope) / apart);
  }
}

// How the never-progressing fraction stands: it is seen only as a level the survival stays on.
void say_cure(const DurationLikelihood& function, DurationFit& fit) {
  const auto& durations = function.data().durations;
  double last_exit = 0;
  int later = 0;
  for (const Duration& d : durations)
    if (!d.censored()) last_exit = std::max(last_exit, d.upper_h);
  for (const Duration& d : durations) later += d.censored() && d.lower_h > last_exit;
  if (later == 0) fit.words.push_back(fmt::format("never: no stay was watched longer than the longest that ended ({:.4g} h), so a fraction that never leaves cannot be told from slow ones", last_exit));
  for (const auto& interval : fit.intervals)
    if (interval.name == "never" && !interval.identified()) fit.words.push_back(fmt::format("never: {}; between {:.2g} and {:.2g}", interval.verdict, interval.lower, interval.upper));
}

void judge_mean(const DurationData& data, const ParameterSpace& space, DurationFit& fit) {
  fit.finished = static_cast<int>(std::count_if(data.durations.begin(), data.durations.end(), [](const Duration& d) { return !d.censored(); }));
  fit.cut_off = data.count() - fit.finished;
  fit.not_estimable.clear();
  const auto add = [&](const std::string& why) { fit.not_estimable += (fit.not_estimable.empty() ? "" : "; ") + why; };
  if (fit.finished <= fit.evidence.parameters) add(fmt::format("{} finished for {} parameters", counted(fit.finished, "stay"), fit.evidence.parameters));
  for (const auto* at : {&fit.best.at_lower, &fit.best.at_upper})
    for (const int i : *at) {
      const std::string name = natural_name(space, i);
      if ((at == &fit.best.at_lower && name == "sigma" && fit.model.family.kind == FamilyKind::lognormal) || (at == &fit.best.at_upper && name == "shape")) add("the fitted spread is 0: it has collapsed onto the stays that finished");
    }
  for (const auto& interval : fit.intervals)
    if (interval.name == "mean" && !interval.identified()) add((interval.below == ProfileEnd::failed || interval.above == ProfileEnd::failed ? "the search for its interval " : "its interval is ") + interval.verdict);
}

DurationFit fit_one(const DurationData& data, const DurationModel& model, const CovariateTerms& terms, const DurationFitOptions& options) {
  const DurationLikelihood function(data, model, terms);
  DurationFit fit;
  fit.model = model;
  fit.terms = terms;
  fit.best = best_of(function, options);
  fit.outcome = fit.best.outcome;
  const int parameters = function.parameter_count() + (model.family.kind == FamilyKind::erlang ? 1 : 0);
  fit.evidence = {model.family.name() + (model.cure ? " + never" : ""), fit.best.at.log_likelihood, parameters, data.count(), data_text(data)};
  if (!fit.outcome.ok()) return fit;
  fit.information = function.observed_information(fit.best.theta);
  fit.identifiability = free_identifiability(fit.information, fit.best, function.space());
  for (const auto& null : fit.identifiability.null) fit.words.push_back("not identified: " + null.text);
  for (const int i : fit.best.at_lower) fit.words.push_back(natural_name(function.space(), i) + " stands at its lower bound");
  for (const int i : fit.best.at_upper) fit.words.push_back(natural_name(function.space(), i) + (natural_name(function.space(), i) == "delay" ? " stands at the shortest duration seen" : " stands at its upper bound"));
  if (options.intervals) {
    auto quantities = quantities_of(function, fit.best, options.told_at);
    inflate(function, fit, quantities);
    fit.intervals.resize(quantities.size());
    parallel_for(static_cast<int>(quantities.size()), [&](int q) { fit.intervals[q] = likelihood_interval(function, function.space(), fit.best, fit.identifiability.covariance, quantities[q]); });
    for (const auto& interval : fit.intervals)
      if (interval.better > 1e-4) fit.outcome = {Status::not_converged, fmt::format("the profile of {} found a better fit, by {:.3g} in log-likelihood", interval.name, interval.better)};
  }
  judge_mean(data, function.space(), fit);
  if (model.cure) say_cure(function, fit);
  return fit;
}

constexpr int most_stages = 1000;      // a coefficient of variation of 3 %

// Stages by climbing from the gamma's shape: the profile over a whole number has one top.
DurationFit fit_erlang(const DurationData& data, DurationModel model, const CovariateTerms& terms, const DurationFitOptions& options) {
  DurationFitOptions plain = options;
  plain.intervals = false;
  const auto at = [&](int stages) {
    DurationModel one = model;
    one.family = {FamilyKind::erlang, stages};
    return fit_one(data, one, terms, plain);
  };
  int stages = model.family.stages;
  if (options.start.size() == 0) {
    stages = 1;
    DurationModel gamma = model;
    gamma.family = {FamilyKind::gamma, 1};
    const DurationFit guide = fit_one(data, gamma, terms, plain);
    const DurationLikelihood guided(data, gamma, terms);
    for (int i = 0; guide.outcome.ok() && i < guided.parameter_count(); ++i)
      if (guided.link_of(i) == 1 && guided.is_intercept(i)) stages = std::clamp(static_cast<int>(std::lround(std::exp(guide.best.theta[i]))), 1, 20000);
  }
  DurationFit best = at(std::min(stages, most_stages));
  if (stages >= most_stages) {
    best.outcome = {Status::not_identifiable, fmt::format("the stays hardly vary: {} stages or more describe them, and no number of them best", most_stages)};
    return best;
  }
  for (const int step : {1, -1})
    for (int next = stages + step; next >= 1 && next <= most_stages; next += step) {
      DurationFit other = at(next);
      if (!(other.log_likelihood() > best.log_likelihood())) break;
      best = std::move(other);
    }
  if (!best.outcome.ok() || !options.intervals) return best;
  const double top = best.log_likelihood();
  DurationFit out = fit_one(data, best.model, terms, options);
  // every number of stages within the threshold widens the intervals; their likelihoods are told against the best of all
  LikelihoodInterval count{"stages", "1", static_cast<double>(out.model.family.stages), static_cast<double>(out.model.family.stages), static_cast<double>(out.model.family.stages), std::nan(""), std::nan(""), std::nan(""), ProfileEnd::crossed, ProfileEnd::crossed, "identified", 0};
  for (const int step : {1, -1})
    for (int next = out.model.family.stages + step; next >= 1; next += step) {
      const DurationFit other = at(next);
      const double left = 3.841458820694124 - 2 * (top - other.log_likelihood());
      if (!other.outcome.ok() || left <= 0) break;
      (step > 0 ? count.upper : count.lower) = next;
      const DurationLikelihood function(data, other.model, terms);
      auto quantities = quantities_of(function, other.best, options.told_at);
      inflate(function, other, quantities);
      for (std::size_t q = 0; q < quantities.size(); ++q) {
        quantities[q].threshold = left;
        const LikelihoodInterval one = likelihood_interval(function, function.space(), other.best, other.identifiability.covariance, quantities[q]);
        if (one.below == ProfileEnd::crossed) out.intervals[q].lower = std::min(out.intervals[q].lower, one.lower);
        if (one.above == ProfileEnd::crossed) out.intervals[q].upper = std::max(out.intervals[q].upper, one.upper);
      }
    }
  out.intervals.push_back(count);
  return out;
}

}  // namespace

std::vector<LikelihoodQuantity> quantities_of(const DurationLikelihood& function, const LikelihoodResult& best, const std::vector<ReferenceCell>& given) {
  std::vector<ReferenceCell> cells = given;
  if (cells.empty()) cells.push_back({"", Eigen::VectorXd::Zero(function.data().design.cols())});
  std::vector<LikelihoodQuantity> out;
  const ParameterSpace& space = function.space();
  for (int i = 0; i < space.count(); ++i) {
    const bool never = function.link_of(i) == function.model().family.count();
    std::function<double(double)> natural = [](double g) { return g; };
    if (function.is_intercept(i)) natural = never ? logistic : +[](double g) { return std::exp(g); };
    out.push_back(parameter_quantity(space, i, natural_name(space, i), natural));
    const bool edge = natural_name(space, i) == "delay" && std::count(best.at_upper.begin(), best.at_upper.end(), i);
    if (edge) out.back().threshold = 5.991464547107979;      // chi-square, two degrees: exact for an exponential's edge (Lawless 2003, ch. 4)
  }
  const std::string first = out[0].name;
  for (const auto& cell : cells)
    for (const bool sd : {false, true}) {
      if (!sd && cell.name.empty() && first == "mean") continue;      // it is a parameter
      out.push_back({(sd ? "sd" : "mean") + (cell.name.empty() ? "" : ": " + cell.name), "h", [&function, covariates = cell.covariates, sd](const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) {
                       const DurationEta eta = function.eta_at(theta, covariates);
                       const Eta<Taylor<4>> own{eta[0], eta[1], eta[2]};
                       const Taylor<4> g = log_of(sd ? sd_of(function.model().family, own) : mean_of(function.model().family, own));
                       gradient = function.by_theta(g, covariates);
                       return g.value;
                     }, [](double g) { return std::exp(g); }});
    }
  return out;
}

const LikelihoodInterval& DurationFit::interval(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& one : intervals) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  throw InputError("interval of " + name, "there is none", did_you_mean(name, names));
}

DurationFit fit_durations(const DurationData& data, const DurationModel& model, const CovariateTerms& terms, const DurationFitOptions& options) {
  return model.family.kind == FamilyKind::erlang ? fit_erlang(data, model, terms, options) : fit_one(data, model, terms, options);
}

FamilyComparison compare_families(const DurationData& data, const std::vector<FamilyKind>& families, bool cure, const CovariateTerms& terms, const DurationFitOptions& options) {
  FamilyComparison out;
  std::vector<ModelEvidence> evidence;
  for (const FamilyKind kind : families) {
    out.fits.push_back(fit_durations(data, {{kind, 1}, cure}, terms, options));
    if (out.fits.back().outcome.ok()) evidence.push_back(out.fits.back().evidence);
  }
  if (!evidence.empty()) out.scores = score_models(evidence);
  return out;
}

}  // namespace hyped
