// One model, six ways to follow it.
#include "experiments/network/network_course.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "libhyped/simulate/master_equation.hpp"
#include "libhyped/simulate/segments.hpp"
#include "libhyped/simulate/simulate.hpp"
#include "libhyped/simulate/ssa.hpp"
#include "libhyped/simulate/tau_leap.hpp"

namespace hyped {
namespace {

using Eigen::Index;

const std::vector<std::string> methods{"automatic", "explicit", "stiff", "ssa", "tau", "master"};
bool is_stochastic(const std::string& method) { return method == "ssa" || method == "tau" || method == "master"; }

// Parameters as events have left them at every sample.
std::vector<std::vector<double>> parameters_at_samples(const Model& model, const NetworkValues& values, const Experiment& experiment) {
  const Plan plan = plan_of(model, values.parameters, experiment);
  ActiveParameters active(values.parameters, plan.inputs);
  std::vector<std::vector<double>> out;
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events)
      if (event.kind == BoundEvent::Kind::parameter) active.apply(event);
    const auto now = active.after(segment.from_h);
    out.insert(out.end(), segment.samples_h.size(), {now.begin(), now.end()});
  }
  return out;
}

void check_settings(const NetworkSettings& s) {
  if (std::find(methods.begin(), methods.end(), s.method) == methods.end()) throw InputError("--method " + s.method, "there is no such method", did_you_mean(s.method, methods));
  if (s.tolerance > 0 && s.method == "ssa") throw InputError(fmt::format("--tolerance {:.6g}", s.tolerance), "exact sample paths have no tolerance", "leave it out, or give --runs");
  if (s.tolerance >= 1) throw InputError(fmt::format("--tolerance {:.6g}", s.tolerance), "is not below 1", "give 1e-8, for example");
  if (s.state_limit > 0 && s.method != "master") throw InputError(fmt::format("--max-states {}", s.state_limit), "only the master equation holds states", "leave it out, or give --method master");
  if (s.method == "tau" && s.runs < 2) throw InputError("--runs 1", "tau-leaping measures its bias over at least two paths", "give --runs 2 or more, or --method ssa");
}

// Means and standard deviations out of an ensemble or a distribution.
void take(const Eigen::MatrixXd& mean, const std::vector<Eigen::MatrixXd>& covariance, NetworkCourse& out) {
  out.value = mean;
  out.sd.resize(mean.rows(), mean.cols());
  for (std::size_t t = 0; t < covariance.size(); ++t) out.sd.row(static_cast<Index>(t)) = covariance[t].diagonal().transpose().unaryExpr([](double v) { return v < 0 ? 0 : std::sqrt(v); });
}

void follow_by_chance(const InterpretedModel& model, const NetworkValues& values, const Experiment& experiment, const NetworkSettings& settings,
                      const std::vector<std::vector<double>>& active, NetworkCourse& out) {
  const Observables assigned{static_cast<int>(model.assignment_names().size()), [&](int sample, std::span<const double> x, std::span<double> to) {
    const auto i = static_cast<std::size_t>(sample);
    model.assignments(experiment.sample_times_h[i], x, active[i], to);
  }};
  if (settings.method == "ssa") {
    const SsaEnsemble found = simulate_ssa_ensemble(model, values.parameters, experiment, settings.runs, {.seed = settings.seed}, assigned);
    out.times_h = found.times_h, out.outcome = found.outcome;
    if (found.runs > 1) take(found.mean, found.covariance, out), out.mean_error = out.sd / std::sqrt(found.runs);
    else out.value = found.mean;
    out.method = fmt::format("exact stochastic simulation, {} path{}, {} reactions", found.runs, found.runs == 1 ? "" : "s", found.reactions);
  } else if (settings.method == "tau") {
    TauLeapOptions options{.seed = settings.seed, .most_coupled_runs = std::max(2048, settings.runs)};
    if (settings.tolerance > 0) options.epsilon = settings.tolerance;
    const TauLeapEnsemble found = simulate_tau_leap_ensemble(model, values.parameters, experiment, settings.runs, options, assigned);
    out.times_h = found.times_h, out.outcome = found.outcome;
    take(found.mean, found.covariance, out);
    out.mean_error = found.mean_error;
    out.method = fmt::format("tau-leaping, {} paths, bias from {} coupled pairs taken off the mean", found.runs, found.coupled_runs);
  } else {
    MasterEquationOptions options{.snapshots = false};
    if (settings.tolerance > 0) options.tolerance = settings.tolerance;
    if (settings.state_limit > 0) options.state_limit = settings.state_limit;
    const Distribution found = simulate_master_equation(model, values.parameters, experiment, options, assigned);
    out.times_h = found.times_h, out.outcome = found.outcome;
    take(found.mean, found.covariance, out);
    out.method = fmt::format("{}; at most {:.2g} of the probability left out, {} states", found.method, found.truncated_mass, found.largest_set);
  }
}

void follow_by_ode(const InterpretedModel& model, const NetworkValues& values, const Experiment& experiment, const NetworkSettings& settings,
                   const std::vector<std::vector<double>>& active, NetworkCourse& out) {
  Method method = SwitchingOptions{};
  if (settings.method == "explicit") method = OdeOptions{};
  if (settings.method == "stiff") method = StiffOptions{};
  if (settings.tolerance > 0)
    std::visit([&](auto& options) {
      if constexpr (requires { options.relative_tolerance; }) options.relative_tolerance = settings.tolerance, options.absolute_tolerance = 0.01 * settings.tolerance;
    }, method);
  out.deterministic = simulate(model, values.parameters, experiment, method, Sensitivities::parameters);
  out.times_h = out.deterministic.times_h, out.outcome = out.deterministic.outcome, out.method = out.deterministic.method;
  const Index states = model.state_count(), assigned = static_cast<Index>(out.names.size()) - states;
  out.value.resize(static_cast<Index>(out.times_h.size()), states + assigned);
  std::vector<double> extra(static_cast<std::size_t>(assigned));
  for (std::size_t t = 0; t < out.times_h.size(); ++t) {
    const Eigen::VectorXd now = out.deterministic.states.row(static_cast<Index>(t)).transpose();
    model.assignments(out.times_h[t], {now.data(), static_cast<std::size_t>(states)}, active[t], extra);
    out.value.row(static_cast<Index>(t)) << now.transpose(), Eigen::Map<const Eigen::RowVectorXd>(extra.data(), assigned);
  }
  if (!out.deterministic.one_sided.empty())
    out.notes.push_back(fmt::format("Sensitivities to {} are left out: a condition on time that it moves switches together with another or with an event.", fmt::join(out.deterministic.one_sided, ", ")));
}

}  // namespace

NetworkCourse follow_network(const NetworkFile& network, const NetworkValues& values, const Experiment& experiment, const NetworkSettings& settings) {
  check_settings(settings);
  const InterpretedModel& model = *network.model;
  NetworkCourse out;
  for (const auto& spec : model.states()) out.names.emplace_back(spec.name), out.units.emplace_back(spec.unit);
  for (const auto& rule : model.table().assignments) {
    const auto species = std::find_if(model.table().species.begin(), model.table().species.end(), [&](const auto& s) { return s.name == rule.name; });
    out.names.push_back(rule.name);
    out.units.push_back(species == model.table().species.end() ? rule.unit : species->unit);
  }
  out.stochastic = is_stochastic(settings.method);
  for (const auto& event : experiment.schedule)
    if (event.time_h > experiment.sample_times_h.back()) out.notes.push_back(fmt::format("The event on {} at {:.6g} h comes after the end and is not reached.", event.target, event.time_h));
  for (std::size_t s = 0; out.stochastic && s < experiment.initial.size(); ++s)
    if (const double start = experiment.initial[s]; start != std::floor(start))
      out.notes.push_back(fmt::format("{} starts at {:.6g}, which is no whole number: every culture starts with {:.6g} or {:.6g}, by chance, so that the mean is right.", out.names[s], start, std::floor(start), std::ceil(start)));
  const auto active = parameters_at_samples(model, values, experiment);
  if (out.stochastic) follow_by_chance(model, values, experiment, settings, active, out);
  else follow_by_ode(model, values, experiment, settings, active, out);
  for (Index i = model.state_count(); i < out.value.cols(); ++i)
    if (!out.value.col(i).allFinite()) out.notes.push_back(fmt::format("{} is not a finite number everywhere; it is left out where it is not.", out.names[static_cast<std::size_t>(i)]));
  return out;
}

}  // namespace hyped
