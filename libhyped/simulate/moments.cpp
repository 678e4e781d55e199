// Moment equations by the adaptive explicit method.
#include "libhyped/simulate/moments.hpp"

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/first_order.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

using Eigen::Index;
using Map = Eigen::Map<Eigen::MatrixXd>;
using ConstMap = Eigen::Map<const Eigen::MatrixXd>;

// y = [mean (S) | covariance (S x S) | transition since the last sample (S x S), if wanted].
struct MomentEquations {
  const Model& model;
  ActiveParameters& active;
  Index states;
  bool transition;
  Eigen::MatrixXd change;          // N [R x S]
  Eigen::VectorXd a;               // [R]
  Eigen::MatrixXd weighted;        // [R x S]
  Linearisation at{};
  WorkCounters work{};

  void operator()(double t, const double* y, double* dy) {
    ++work.rate_calls;
    const auto n = static_cast<std::size_t>(states);
    const std::span<const double> p = active.at(t);
    model.linearise(t, {y, n}, p, {dy, n}, at);
    model.propensities(t, {y, n}, p, {a.data(), static_cast<std::size_t>(a.size())});
    ConstMap v(y + states, states, states);
    Map dv(dy + states, states, states);
    weighted.noalias() = a.asDiagonal() * change;
    dv.noalias() = change.transpose() * weighted;
    dv.noalias() += at.state * v;
    dv.noalias() += v * at.state.transpose();
    if (transition) {
      const Index from = states * (1 + states);
      Map(dy + from, states, states).noalias() = at.state * ConstMap(y + from, states, states);
    }
  }
};

void apply(const BoundEvent& event, Index states, Eigen::VectorXd& y, bool transition) {
  Map v(y.data() + states, states, states);
  for (Index i = 0; i < states; ++i) {
    if (event.kind == BoundEvent::Kind::state && i != event.index) continue;
    const double factor = event.action == Action::set ? 0 : event.action == Action::scale ? event.amount : 1;
    const double mean = y[i];
    v.row(i) *= factor;
    v.col(i) *= factor;
    if (event.action == Action::scale && factor >= 0 && factor < 1) v(i, i) += factor * (1 - factor) * mean;
    y[i] = after_event(event, mean);
    if (transition) Map(y.data() + states * (1 + states), states, states).row(i) *= factor;
  }
}

}  // namespace

Moments simulate_moments(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                         const MomentOptions& options) {
  const Plan plan = plan_of(model, parameters, experiment);
  const Index states = model.state_count(), times = plan.sample_count, reactions = model.reaction_count();
  if (reactions == 0)
    throw InputError("moments", "model '" + std::string(model.name()) + "' is not a reaction network", "choose a model with stoichiometry");
  if (options.initial_covariance.size() > 0 &&
      (options.initial_covariance.rows() != states || options.initial_covariance.cols() != states))
    throw InputError("moments", "the initial covariance is not states x states");
  ActiveParameters active(parameters, plan.inputs);
  const bool transition = options.between_times;
  MomentEquations equations{model, active, states, transition, stoichiometry_matrix(model), Eigen::VectorXd(reactions),
                            Eigen::MatrixXd(reactions, states)};
  equations.at.state.setZero(states, states);
  equations.at.parameter.setZero(states, model.parameter_count());

  Eigen::VectorXd y = Eigen::VectorXd::Zero(states * (1 + states * (transition ? 2 : 1)));
  std::copy(experiment.initial.begin(), experiment.initial.end(), y.data());
  if (options.initial_covariance.size() > 0) Map(y.data() + states, states, states) = options.initial_covariance;
  const auto forget = [&] {
    if (transition) Map(y.data() + states * (1 + states), states, states).setIdentity();
  };
  forget();
  DormandPrince stepper(y.size(), {}, options.ode);

  Moments out;
  out.exact = first_order_structure(model, experiment.start_h, parameters).has_value();
  out.method = out.exact ? "moment equations (exact, first-order network)" : "linear-noise approximation";
  out.mean.resize(times, states);
  if (transition) out.between.setZero(times * states, times * states);
  const auto record = [&](double t) {
    const auto row = static_cast<Index>(out.times_h.size());
    out.times_h.push_back(t);
    out.mean.row(row) = y.head(states).transpose();
    out.covariance.emplace_back(Map(y.data() + states, states, states));
    if (!transition) return;
    const Eigen::MatrixXd step = Map(y.data() + states * (1 + states), states, states);
    out.between.block(row * states, row * states, states, states) = out.covariance.back();
    for (Index earlier = 0; earlier < row; ++earlier) {
      const Eigen::MatrixXd block = step * out.between.block((row - 1) * states, earlier * states, states, states);
      out.between.block(row * states, earlier * states, states, states) = block;
      out.between.block(earlier * states, row * states, states, states) = block.transpose();
    }
    forget();
    stepper.restart();
  };
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events)
      event.kind == BoundEvent::Kind::parameter ? active.apply(event) : apply(event, states, y, transition);
    active.begin(segment.until_h);
    stepper.restart();
    double t = segment.from_h;
    for (const double sample : segment.samples_h) {
      if (sample > t) out.outcome = stepper.advance(equations, t, sample, y);
      if (!out.outcome.ok()) break;
      record(sample);
    }
    if (out.outcome.ok() && segment.until_h > t) out.outcome = stepper.advance(equations, t, segment.until_h, y);
    if (!out.outcome.ok()) break;
  }
  const auto reached = static_cast<Index>(out.times_h.size());
  out.mean.conservativeResize(reached, states);
  if (transition) out.between.conservativeResize(reached * states, reached * states);
  out.work = equations.work;
  return out;
}

}  // namespace hyped
