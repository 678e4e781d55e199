// Leaping paths as trajectories and ensembles; the verdict on their bias.
#include "libhyped/simulate/tau_leap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/leap_path.hpp"
#include "libhyped/simulate/path_moments.hpp"

namespace hyped {
namespace {

using Eigen::Index;

void check_entry(const Model& model, const JumpNetwork& network, const TauLeapOptions& options) {
  const std::string where = "tau-leaping of '" + std::string(model.name()) + "'";
  if (!(options.epsilon > 0 && options.epsilon < 1)) throw InputError(where, "epsilon must lie between 0 and 1");
  if (!(options.mean_tolerance > 0 && options.variance_tolerance > 0)) throw InputError(where, "tolerances must be positive");
  if (options.first_coupled_runs < 2 || options.most_coupled_runs < options.first_coupled_runs)
    throw InputError(where, "at least two coupled runs are needed, and as many at most as at first");
  network.require_constant_rates(where);
}

// Counts and observables of the pairs at every sample: [pairs x T*(S + Q)] each, row by row.
struct Pairs {
  Eigen::MatrixXd leaping, exact;
  Outcome outcome;
  long steps = 0;
};

void add_pairs(int until, const std::function<std::unique_ptr<LeapPath>()>& make, const Observables& observables, Pairs& pairs) {
  const int from = static_cast<int>(pairs.leaping.rows()), per_job = 16, jobs = (until - from + per_job - 1) / per_job;
  pairs.leaping.conservativeResize(until, Eigen::NoChange);
  pairs.exact.conservativeResize(until, Eigen::NoChange);
  std::vector<Outcome> outcomes(static_cast<std::size_t>(jobs));
  std::vector<long> steps(outcomes.size(), 0);
  parallel_for(jobs, [&](int job) {
    const auto path = make();
    Outcome& outcome = outcomes[static_cast<std::size_t>(job)];
    for (int k = from + job * per_job; k < std::min(until, from + (job + 1) * per_job) && outcome.ok(); ++k) {
      const auto row_of = [k](Eigen::MatrixXd& to) {
        return [k, &to, at = Index{0}](std::span<const double> x) mutable {
          for (const double value : x) to(k, at++) = value;
        };
      };
      const SampleSink leaping = row_of(pairs.leaping), exact = row_of(pairs.exact);
      const SampleSink see_leaping = observed(observables, leaping), see_exact = observed(observables, exact);
      outcome = path->run_pair(static_cast<std::uint32_t>(k), [&](std::span<const double> one, std::span<const double> other) {
        see_leaping(one);
        see_exact(other);
      });
      steps[static_cast<std::size_t>(job)] += path->steps();
    }
  });
  for (std::size_t job = 0; job < outcomes.size(); ++job) {
    if (pairs.outcome.ok()) pairs.outcome = outcomes[job];
    pairs.steps += steps[job];
  }
}

// Mean and standard error of the mean of a sample.
std::pair<double, double> mean_of(const Eigen::VectorXd& sample) {
  const double n = static_cast<double>(sample.size()), mean = sample.mean();
  return {mean, std::sqrt((sample.array() - mean).square().sum() / (n - 1) / n)};
}

void set_biases(const Pairs& pairs, TauLeapEnsemble& out) {
  const Index states = out.leap_mean.cols();
  const double n = static_cast<double>(pairs.leaping.rows());
  for (auto* matrix : {&out.mean_bias, &out.mean_bias_error, &out.variance_bias, &out.variance_bias_error}) matrix->resize(out.leap_mean.rows(), states);
  for (Index t = 0; t < out.leap_mean.rows(); ++t)
    for (Index s = 0; s < states; ++s) {
      const auto leaping = pairs.leaping.col(t * states + s).array(), exact = pairs.exact.col(t * states + s).array();
      std::tie(out.mean_bias(t, s), out.mean_bias_error(t, s)) = mean_of(leaping - exact);
      const auto [difference, error] = mean_of((leaping - leaping.mean()).square() - (exact - exact.mean()).square());
      out.variance_bias(t, s) = difference * n / (n - 1);
      out.variance_bias_error(t, s) = error;
    }
}

// Whether biases keep their tolerances: surely, surely not (then `worst` says which), or not known yet.
enum class Verdict { kept, broken, open };
Verdict verdict(const Model& model, const TauLeapOptions& options, const TauLeapEnsemble& out, std::string& worst, double& time_h) {
  Verdict all = Verdict::kept;
  double furthest = 0;
  for (Index t = 0; t < out.leap_mean.rows(); ++t)
    for (Index s = 0; s < model.state_count(); ++s)
      for (const bool variance : {false, true}) {
        const double size = variance ? out.covariance[static_cast<std::size_t>(t)](s, s) : std::abs(out.leap_mean(t, s));
        const double allowed = (variance ? options.variance_tolerance : options.mean_tolerance) * std::max(1.0, size);
        const double bias = variance ? out.variance_bias(t, s) : out.mean_bias(t, s);
        const double error = variance ? out.variance_bias_error(t, s) : out.mean_bias_error(t, s);
        if (std::abs(bias) + 3 * error <= allowed) continue;
        const bool sure = std::abs(bias) - 3 * error > allowed;
        if (sure) all = Verdict::broken;
        else if (all == Verdict::kept) all = Verdict::open;
        if ((std::abs(bias) + 3 * error) / allowed <= furthest) continue;
        furthest = (std::abs(bias) + 3 * error) / allowed;
        time_h = out.times_h[static_cast<std::size_t>(t)];
        worst = fmt::format("leaping changes the {} of '{}' at {:.4g} h by {:.3g} (standard error {:.2g}), {} {:.3g}", variance ? "variance" : "mean",
                            model.states()[static_cast<std::size_t>(s)].name, time_h, bias, error, sure ? "more than the allowed" : "perhaps more than the allowed", allowed);
      }
  return all;
}

}  // namespace

Trajectory simulate_tau_leap(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                             const TauLeapOptions& options, std::uint32_t trajectory) {
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  check_entry(model, network, options);
  LeapPath path(network, plan, experiment, options);
  return path_trajectory(experiment.sample_times_h, model.state_count(), "tau-leaping (approximate)", [&](const SampleSink& sink) -> PathEnd {
    const Outcome outcome = path.run(trajectory, sink);
    return {outcome, path.steps()};
  });
}

TauLeapEnsemble simulate_tau_leap_ensemble(const Model& model, std::span<const double> parameters, const Experiment& experiment, int runs,
                                           const TauLeapOptions& options, const Observables& observables) {
  if (runs < 2) throw InputError("tau-leaping", "at least two runs are needed");
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  check_entry(model, network, options);
  const int states = model.state_count() + observables.count;
  PathMoments moments = path_moments(runs, plan.sample_count, states, [&]() -> PathSimulator {
    const auto path = std::make_shared<LeapPath>(network, plan, experiment, options);      // std::function copies
    return [path, &observables](int k, const SampleSink& record) -> PathEnd {
      Outcome outcome = path->run(static_cast<std::uint32_t>(k), observed(observables, record));
      return {std::move(outcome), path->steps()};
    };
  });
  TauLeapEnsemble out;
  out.runs = runs;
  out.steps = moments.reactions;
  out.outcome = moments.outcome;
  if (!out.outcome.ok()) return out;
  out.times_h = experiment.sample_times_h;
  out.leap_mean = out.mean = moments.mean;
  out.covariance = std::move(moments.covariance);

  Pairs pairs;
  pairs.leaping.resize(0, plan.sample_count * states);
  pairs.exact.resize(0, plan.sample_count * states);
  std::string worst;
  double time_h = 0;
  Verdict found = Verdict::open;
  for (int count = options.first_coupled_runs; found == Verdict::open; count = std::min(2 * count, options.most_coupled_runs)) {
    add_pairs(count, [&] { return std::make_unique<LeapPath>(network, plan, experiment, options); }, observables, pairs);
    out.coupled_runs = count;
    out.coupled_steps = pairs.steps;
    if (!(out.outcome = pairs.outcome).ok()) {
      out.times_h.clear();
      return out;
    }
    set_biases(pairs, out);
    found = verdict(model, options, out, worst, time_h);
    if (count == options.most_coupled_runs) break;
  }
  out.mean = out.leap_mean - out.mean_bias;
  out.mean_error.resize(out.mean.rows(), out.mean.cols());
  for (Index t = 0; t < out.mean.rows(); ++t)
    for (Index s = 0; s < states; ++s)
      out.mean_error(t, s) = std::hypot(std::sqrt(out.covariance[static_cast<std::size_t>(t)](s, s) / runs), out.mean_bias_error(t, s));
  if (found == Verdict::broken) out.outcome = {Status::not_converged, worst + ": take a smaller tolerance (epsilon) or SSA", time_h};
  if (found == Verdict::open) out.outcome = {Status::not_converged, worst + ": take more runs, a smaller tolerance (epsilon) or SSA", time_h};
  return out;
}

}  // namespace hyped
