// Fixed steps forwards and backwards.
#include "libhyped/simulate/batch_heun.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/simulate/batch/checkpoints.hpp"

namespace hyped {
namespace {

void check(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const HeunOptions& options) {
  const auto fail = [&](const std::string& what) { throw InputError(fmt::format("heun of '{}'", model.name()), what); };
  if (initial.rows() != model.state_count() || initial.cols() == 0 || !initial.allFinite()) fail(fmt::format("the start is {} x {} or not finite, the model has {} states", initial.rows(), initial.cols(), model.state_count()));
  if (static_cast<int>(parameters.size()) != model.parameter_count()) fail(fmt::format("{} parameters are given, the model has {}", parameters.size(), model.parameter_count()));
  if (inputs.rows() != model.input_count() || (model.input_count() > 0 && inputs.cols() != initial.cols())) fail("inputs are not one row per input and one column per start");
  if (!(options.step_h > 0) || options.sample_steps.empty() || options.sample_steps.front() < 0 || !std::is_sorted(options.sample_steps.begin(), options.sample_steps.end(), std::less_equal<>()) || options.checkpoints < 1)
    fail("the step or the number of checkpoints is not positive, or sample steps are missing or not increasing");
}

class Heun {
 public:
  Heun(const BatchModel& model, std::span<const double> p, const Eigen::MatrixXd& inputs, Eigen::Index columns, double h) : model_(model), p_(p), u_(inputs), h_(h), scratch_(model.scratch(static_cast<int>(columns))) {
    model.hold_parameters(p, *scratch_);
    for (auto* m : {&first_, &second_, &middle_}) m->resize(model.state_count(), columns);
  }
  void step(Eigen::MatrixXd& x) {
    model_.rates(x, u_, p_, first_, *scratch_);
    middle_ = x + h_ * first_;
    model_.rates(middle_, u_, p_, second_, *scratch_);
    x += 0.5 * h_ * (first_ + second_);
    evaluations_ += 2;
  }
  void reverse(const Eigen::MatrixXd& x, Eigen::MatrixXd& lambda, std::span<double> p_bar) {
    if (!start_scratch_) {
      start_scratch_ = model_.scratch(static_cast<int>(x.cols()));
      model_.hold_parameters(p_, *start_scratch_);
      middle_bar_.resize(x.rows(), x.cols());
      slope_bar_.resize(x.rows(), x.cols());
    }
    model_.rates(x, u_, p_, first_, *start_scratch_);
    middle_ = x + h_ * first_;
    model_.rates(middle_, u_, p_, second_, *scratch_);
    evaluations_ += 2;
    slope_bar_ = 0.5 * h_ * lambda;
    middle_bar_.setZero();
    model_.pull_back_after_rates(middle_, u_, p_, slope_bar_, middle_bar_, p_bar, *scratch_);
    slope_bar_ += h_ * middle_bar_;
    lambda += middle_bar_;
    model_.pull_back_after_rates(x, u_, p_, slope_bar_, lambda, p_bar, *start_scratch_);
  }
  long evaluations() const { return evaluations_; }

 private:
  const BatchModel& model_;
  std::span<const double> p_;
  const Eigen::MatrixXd& u_;
  double h_;
  std::unique_ptr<BatchModel::Scratch> scratch_, start_scratch_;
  Eigen::MatrixXd first_, second_, middle_, middle_bar_, slope_bar_;      // [S x B]
  long evaluations_ = 0;
};

template <class Before>
BatchTrajectory run(Heun& heun, Eigen::MatrixXd& x, const HeunOptions& options, Before&& before) {
  BatchTrajectory out;
  for (const int until : options.sample_steps) {
    for (; out.steps < until; ++out.steps) {
      before(out.steps, x);
      heun.step(x);
    }
    out.evaluations = heun.evaluations();
    const double time_h = options.step_h * static_cast<double>(until);
    if (!x.allFinite()) {
      out.outcome = {Status::not_finite, "the states are not finite: the fixed step is too long for these rates", time_h, {}};
      return out;
    }
    out.times_h.push_back(time_h);
    out.states.push_back(x);
  }
  return out;
}

}  // namespace

BatchTrajectory heun_batch(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const HeunOptions& options) {
  check(model, parameters, initial, inputs, options);
  Heun heun(model, parameters, inputs, initial.cols(), options.step_h);
  Eigen::MatrixXd x = initial;
  return run(heun, x, options, [](long, const Eigen::MatrixXd&) {});
}

BatchGradient heun_gradient(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const SampleLoss& loss, const HeunOptions& options) {
  check(model, parameters, initial, inputs, options);
  Heun heun(model, parameters, inputs, initial.cols(), options.step_h);
  Checkpoints checkpoints(options.checkpoints);
  Eigen::MatrixXd x = initial;
  BatchGradient out;
  out.trajectory = run(heun, x, options, [&](long step, const Eigen::MatrixXd& state) { checkpoints.offer(step, state); });
  out.outcome = out.trajectory.outcome;
  if (!out.outcome.ok()) return out;
  out.parameters.setZero(model.parameter_count());
  const std::span<double> p_bar(out.parameters.data(), static_cast<std::size_t>(out.parameters.size()));
  Eigen::MatrixXd lambda = Eigen::MatrixXd::Zero(x.rows(), x.cols()), state_bar(x.rows(), x.cols());
  auto sample = static_cast<int>(options.sample_steps.size()) - 1;
  const auto sampled_after = [&](long steps) {
    if (sample < 0 || options.sample_steps[static_cast<std::size_t>(sample)] != steps) return;
    state_bar.setZero();
    out.loss += loss(sample, out.trajectory.states[static_cast<std::size_t>(sample)], state_bar, p_bar);
    lambda += state_bar;
    --sample;
  };
  out.repeated_steps = checkpoints.go_back(
      out.trajectory.steps, [&](long, Eigen::MatrixXd& state) { heun.step(state); },
      [&](long n, Eigen::MatrixXd& state) {
        sampled_after(n + 1);
        heun.reverse(state, lambda, p_bar);
      });
  sampled_after(0);
  out.initial = std::move(lambda);
  if (!std::isfinite(out.loss) || !out.parameters.allFinite() || !out.initial.allFinite()) out.outcome = {Status::not_finite, "the loss or its gradient is not finite", out.trajectory.times_h.back(), {}};
  return out;
}

}  // namespace hyped
