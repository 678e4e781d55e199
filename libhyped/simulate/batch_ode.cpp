// Drives the steps of a batch forwards, from stop to stop, and backwards.
#include "libhyped/simulate/batch_ode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/simulate/batch/checkpoints.hpp"
#include "libhyped/simulate/batch/stepper.hpp"

namespace hyped {
namespace {

void check(const BatchModel& model, const BatchExperiment& e, std::span<const double> parameters, const BatchOptions& options) {
  const auto fail = [&](const std::string& what) { throw InputError(fmt::format("simulate_batch of '{}'", model.name()), what); };
  if (e.initial.rows() != model.state_count() || e.initial.cols() == 0) fail(fmt::format("the start is {} x {}, the model has {} states", e.initial.rows(), e.initial.cols(), model.state_count()));
  if (!e.initial.allFinite()) fail("the start is not finite");
  if (static_cast<int>(parameters.size()) != model.parameter_count()) fail(fmt::format("{} parameters are given, the model has {}", parameters.size(), model.parameter_count()));
  if (!e.inputs && (e.constant_inputs.rows() != model.input_count() || (model.input_count() > 0 && e.constant_inputs.cols() != e.initial.cols())))
    fail(fmt::format("constant inputs are {} x {}, needed are {} inputs for {} columns", e.constant_inputs.rows(), e.constant_inputs.cols(), model.input_count(), e.initial.cols()));
  if (e.sample_times_h.empty() || e.sample_times_h.front() < e.start_h || !std::is_sorted(e.sample_times_h.begin(), e.sample_times_h.end(), std::less_equal<>()) || !std::isfinite(e.sample_times_h.back()))
    fail("sample times are missing, not increasing, not finite or before the start");
  for (const double b : e.breaks_h)
    if (!std::isfinite(b)) fail("a break is not finite");
  if (!(options.relative_tolerance > 0) || !(options.absolute_tolerance > 0)) fail("tolerances are not positive");
  if (options.checkpoints < 1) fail("at least one checkpoint is needed");
}

struct Stop {
  double time_h = 0;
  int sample = -1;
  bool is_break = false;
};

std::vector<Stop> stops_of(const BatchExperiment& e) {
  std::vector<Stop> out;
  for (std::size_t s = 0; s < e.sample_times_h.size(); ++s)
    if (e.sample_times_h[s] > e.start_h) out.push_back({e.sample_times_h[s], static_cast<int>(s), false});
  for (const double b : e.breaks_h)
    if (b > e.start_h && b < e.sample_times_h.back()) out.push_back({b, -1, true});
  std::stable_sort(out.begin(), out.end(), [](const Stop& a, const Stop& b) { return a.time_h < b.time_h; });
  std::vector<Stop> merged;
  for (const Stop& stop : out) {
    if (merged.empty() || merged.back().time_h != stop.time_h) merged.push_back(stop);
    else {
      merged.back().is_break |= stop.is_break;
      merged.back().sample = std::max(merged.back().sample, stop.sample);
    }
  }
  return merged;
}

// PI controller of Hairer, Norsett & Wanner I, II.4.
struct Controller {
  double previous_error = 1e-4;
  bool rejected = false;
  double grown(double h, double error) {
    const double shrink = std::pow(std::max(error, 1e-10), 0.17) / std::pow(previous_error, 0.04) / 0.9;
    double next = h / std::clamp(shrink, 0.1, 5.0);
    if (rejected) next = std::min(next, h);
    rejected = false;
    previous_error = std::max(error, 1e-4);
    return next;
  }
  double shrunk(double h, double error) {
    rejected = true;
    return std::isfinite(error) ? h / std::min(5.0, std::pow(error, 0.17) / 0.9) : 0.1 * h;
  }
};

// From start to the last sample. accepted(step, state before it) is called for every accepted step; x ends as the last state.
template <class Accepted>
BatchTrajectory run(BatchStepper& stepper, const BatchExperiment& e, const BatchOptions& options, Eigen::MatrixXd& x, Accepted&& accepted) {
  BatchTrajectory out;
  out.times_h.reserve(e.sample_times_h.size());
  out.states.reserve(e.sample_times_h.size());
  const auto failed = [&](Status status, const char* why, double time_h) {
    out.outcome = {status, why, time_h, {}};
    out.evaluations = stepper.evaluations();
    return out;
  };
  const auto sampled = [&](double time_h) {
    out.times_h.push_back(time_h);
    out.states.push_back(x);
  };
  if (e.sample_times_h.front() == e.start_h) sampled(e.start_h);
  double t = e.start_h, step = 0;
  bool fresh = true;
  Controller controller;
  for (const Stop& stop : stops_of(e)) {
    while (t < stop.time_h) {
      if (fresh && step == 0) {
        if (!stepper.begin(t, true, x)) return failed(Status::not_finite, "the rates are not finite", t);
        step = stepper.first_step(t, stop.time_h, x);
      } else if (fresh && !stepper.begin(t, true, x)) {
        return failed(Status::not_finite, "the rates are not finite", t);
      }
      for (bool done = false; !done;) {
        if (out.steps + out.rejected >= options.step_limit) return failed(Status::step_limit, "the explicit method needs too many steps", t);
        const double left = stop.time_h - t;
        const bool last = step * 1.0001 >= left;
        const double h = last ? left : step * 2 > left ? 0.5 * left : step;      // no sliver before a stop
        const BatchStep now{t, last ? stop.time_h : t + h, h, fresh, last ? stop.sample : -1};
        const double error = stepper.attempt(now, x);
        if (error <= 1) {
          accepted(now, x);
          stepper.accept(x);
          ++out.steps;
          const double grown = controller.grown(h, error);
          step = h < step ? std::max(step, grown) : grown;      // a step cut short says little about the next
          t = now.until_h;
          fresh = false;
          done = true;
        } else {
          ++out.rejected;
          step = controller.shrunk(h, error);
          if (!(t + step > t) || step < 1e-14 * std::max(1.0, std::abs(stop.time_h))) return failed(std::isfinite(error) ? Status::step_too_small : Status::not_finite, std::isfinite(error) ? "the step fell below rounding" : "the rates are not finite", t);
        }
      }
    }
    if (stop.sample >= 0) sampled(t);
    fresh = stop.is_break;
  }
  out.evaluations = stepper.evaluations();
  return out;
}

}  // namespace

BatchTrajectory simulate_batch(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const BatchOptions& options) {
  check(model, experiment, parameters, options);
  BatchStepper stepper(model, experiment, parameters, options);
  Eigen::MatrixXd x = experiment.initial;
  return run(stepper, experiment, options, x, [](const BatchStep&, const Eigen::MatrixXd&) {});
}

BatchGradient batch_gradient(const BatchModel& model, const BatchExperiment& experiment, std::span<const double> parameters, const SampleLoss& loss, const BatchOptions& options) {
  check(model, experiment, parameters, options);
  BatchStepper stepper(model, experiment, parameters, options);
  Checkpoints checkpoints(options.checkpoints);
  std::vector<BatchStep> steps;      // a few dozen bytes each, next to a state that is nothing
  Eigen::MatrixXd x = experiment.initial;
  BatchGradient out;
  out.trajectory = run(stepper, experiment, options, x, [&](const BatchStep& step, const Eigen::MatrixXd& before) {
    checkpoints.offer(static_cast<long>(steps.size()), before);
    steps.push_back(step);
  });
  out.outcome = out.trajectory.outcome;
  if (!out.outcome.ok()) return out;
  out.parameters.setZero(model.parameter_count());
  const std::span<double> p_bar(out.parameters.data(), static_cast<std::size_t>(out.parameters.size()));
  Eigen::MatrixXd lambda = Eigen::MatrixXd::Zero(x.rows(), x.cols()), state_bar(x.rows(), x.cols());
  const auto sampled = [&](int sample) {
    state_bar.setZero();
    out.loss += loss(sample, out.trajectory.states[static_cast<std::size_t>(sample)], state_bar, p_bar);
    lambda += state_bar;
  };
  long next = -1;      // the step whose first slope the stepper knows
  out.repeated_steps = checkpoints.go_back(
      static_cast<long>(steps.size()),
      [&](long n, Eigen::MatrixXd& state) {
        const BatchStep& step = steps[static_cast<std::size_t>(n)];
        stepper.repeat(step, state, n == next && !step.fresh);
        next = n + 1;
      },
      [&](long n, Eigen::MatrixXd& state) {
        const BatchStep& step = steps[static_cast<std::size_t>(n)];
        if (step.sample >= 0) sampled(step.sample);
        stepper.reverse(step, state, lambda, p_bar);
        next = -1;
      });
  if (experiment.sample_times_h.front() == experiment.start_h) sampled(0);
  out.initial = std::move(lambda);
  if (!std::isfinite(out.loss) || !out.parameters.allFinite() || !out.initial.allFinite()) out.outcome = {Status::not_finite, "the loss or its gradient is not finite", experiment.sample_times_h.back(), {}};
  return out;
}

}  // namespace hyped
