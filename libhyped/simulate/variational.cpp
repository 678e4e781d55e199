// Sensitivities along a trajectory: variational equations between events, jumps at events.
#include "libhyped/simulate/variational.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hyped {

using Eigen::Index;

VariationalSystem::VariationalSystem(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                                     Sensitivities wanted)
    : model_(model),
      plan_(plan_of(model, parameters, experiment)),
      parameters_(parameters, plan_.inputs),
      states_(model.state_count()),
      before_(experiment.initial.size()),
      after_(experiment.initial.size()),
      caller_(parameters.begin(), parameters.end()) {
  if (!experiment.input_directions.empty() || !experiment.event_directions.empty()) throw InputError("input directions", "only the exact linear method follows them", "use it, or differentiate by parameters and event times");
  if (wanted != Sensitivities::none) columns_ = parameter_columns_ = model.parameter_count();
  if (wanted == Sensitivities::parameters_and_event_times) columns_ += plan_.event_count;
  y_.setZero(states_ * (1 + columns_));
  std::ranges::copy(experiment.initial, y_.data());
  if (columns_ > 0 && experiment.initial_by_parameter.size() > 0)
    Eigen::Map<Eigen::MatrixXd>(y_.data() + states_, states_, parameter_columns_) =
        experiment.initial_by_parameter.leftCols(parameter_columns_);
  for (Index c = 0; c < columns_; ++c) {
    const double size = c < parameter_columns_ ? std::abs(caller_[static_cast<std::size_t>(c)]) : 1;
    column_scale_.push_back(size > 0 ? 1 / size : 1);
  }
  if (columns_ == 0) return;      // sensitivity systems have thousands of states: their square is not touched
  linearisation_.state.setZero(states_, states_);
  linearisation_.parameter.setZero(states_, model.parameter_count());
}

std::vector<double> VariationalSystem::column_scales(Derivatives derivatives) const {
  return derivatives == Derivatives::controlled ? column_scale_ : std::vector<double>(column_scale_.size(), std::numeric_limits<double>::infinity());
}

std::vector<std::string> VariationalSystem::column_names() const {
  std::vector<std::string> names;
  if (parameter_columns_ > 0)
    for (const ParameterSpec& spec : model_.parameters()) names.emplace_back(spec.name);
  for (Index k = parameter_columns_; k < columns_; ++k) names.push_back("time of event " + std::to_string(k - parameter_columns_));
  return names;
}

std::vector<std::string> VariationalSystem::one_sided() const {
  std::vector<std::string> names;
  for (const int p : plan_.one_sided)
    if (std::find(names.begin(), names.end(), model_.parameters()[static_cast<std::size_t>(p)].name) == names.end()) names.emplace_back(model_.parameters()[static_cast<std::size_t>(p)].name);
  return names;
}

Outcome VariationalSystem::begin(const Segment& segment) {
  Outcome outcome;
  for (std::size_t k = 0; k < segment.events.size() && outcome.ok(); ++k) outcome = apply(segment.events[k], segment);
  const Segment* before = std::exchange(segment_, &segment);
  parameters_.begin(segment.until_h);
  if (outcome.ok() && parameter_columns_ > 0 && before != nullptr && segment.moved_by.size() > 0) move_switch(*before, segment);
  return outcome;
}

void VariationalSystem::move_switch(const Segment& before, const Segment& after) {
  const std::span<const double> x(y_.data(), static_cast<std::size_t>(states_)), p = parameters_.after(after.from_h);
  model_.rates(before.inside(after.from_h), x, p, before_);
  model_.rates(after.inside(after.from_h), x, p, after_);
  const Eigen::RowVectorXd moved = after.moved_by.transpose() * parameters_.by_parameter();
  Eigen::Map<Eigen::MatrixXd> columns(y_.data() + states_, states_, columns_);
  for (Index i = 0; i < states_; ++i) columns.row(i).head(parameter_columns_) += (before_[static_cast<std::size_t>(i)] - after_[static_cast<std::size_t>(i)]) * moved;
}

Outcome VariationalSystem::apply(const BoundEvent& event, const Segment& segment) {
  const double t = segment.from_h;
  Outcome outcome;
  const std::span<double> x(y_.data(), static_cast<std::size_t>(states_));
  const bool timed = columns_ > parameter_columns_;
  if (timed) model_.rates(segment_ == nullptr ? segment.inside(t) : clock(t), x, parameters_.after(t), before_);
  if (event.kind == BoundEvent::Kind::parameter) {
    parameters_.apply(event);
  } else {
    Eigen::Map<Eigen::MatrixXd> columns(y_.data() + states_, states_, columns_);
    for (Index i = 0; i < states_; ++i) {
      if (event.kind == BoundEvent::Kind::state && i != event.index) continue;
      double& value = x[static_cast<std::size_t>(i)];
      const double factor = event.action == Action::set ? 0 : event.action == Action::scale ? event.amount : 1;
      columns.row(i) *= factor;
      if (parameter_columns_ > 0 && event.amount_parameter >= 0)
        columns(i, event.amount_parameter) += event.action == Action::scale ? value : 1;
      const double old = std::exchange(value, after_event(event, value));
      if (outcome.ok()) outcome = event_outcome(model_, event, static_cast<int>(i), old, value, t);
      before_[static_cast<std::size_t>(i)] *= factor;
    }
  }
  if (!timed) return outcome;
  model_.rates(segment.inside(t), x, parameters_.after(t), after_);
  double* column = y_.data() + states_ * (1 + parameter_columns_ + event.number);
  for (Index i = 0; i < states_; ++i) column[i] += before_[static_cast<std::size_t>(i)] - after_[static_cast<std::size_t>(i)];
  return outcome;
}

void VariationalSystem::state_rates(double t, const double* x, double* dx) {
  const auto n = static_cast<std::size_t>(states_);
  ++work.rate_calls;
  model_.rates(clock(t), {x, n}, parameters_.at(t), {dx, n});
}

void VariationalSystem::linearise(double t, const double* x, double* dx, Linearisation& out) {
  const auto n = static_cast<std::size_t>(states_);
  ++work.jacobian_calls;
  model_.linearise(clock(t), {x, n}, parameters_.at(t), {dx, n}, out);
}

void VariationalSystem::column_rates(const Linearisation& at, const double* columns, double* out) const {
  Eigen::Map<const Eigen::MatrixXd> s(columns, states_, columns_);
  Eigen::Map<Eigen::MatrixXd> ds(out, states_, columns_);
  if (states_ < 16)
    ds = at.state.lazyProduct(s);
  else
    ds.noalias() = at.state * s;
  if (parameters_.plain())
    ds.leftCols(parameter_columns_) += at.parameter;
  else
    ds.leftCols(parameter_columns_).noalias() += at.parameter * parameters_.by_parameter();
}

void VariationalSystem::operator()(double t, const double* y, double* dy) {
  ++work.rate_calls;
  const auto n = static_cast<std::size_t>(states_);
  if (columns_ == 0) {
    model_.rates(clock(t), {y, n}, parameters_.at(t), {dy, n});
    return;
  }
  linearise(t, y, dy, linearisation_);
  column_rates(linearisation_, y + n, dy + n);
}

void VariationalSystem::time_derivative(double t, const double* x, const Linearisation& at, Eigen::VectorXd& out) {
  const auto n = static_cast<std::size_t>(states_);
  model_.time_derivative(clock(t), {x, n}, parameters_.at(t), {out.data(), n});
  for (const BoundInput& input : parameters_.inputs()) out += at.parameter.col(input.parameter) * input.course->slope(t);
}

}  // namespace hyped
