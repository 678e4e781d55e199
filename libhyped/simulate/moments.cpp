// Moment equations by the adaptive explicit method.
#include "libhyped/simulate/moments.hpp"

#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/first_order.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

using Eigen::Index;
using Map = Eigen::Map<Eigen::MatrixXd>;
using ConstMap = Eigen::Map<const Eigen::MatrixXd>;

// y = [mean (S) | covariance (S x S) | transition since the last sample (S x S), if wanted]. Chains are sparse: products with A
// and N go over their entries.
struct MomentEquations {
  const Model& model;
  ActiveParameters& active;
  Index states;
  bool transition;
  Eigen::VectorXd a;                                     // [R]
  struct Change {
    int reaction, state_i, state_j;
    double product;                                      // N_ri N_rj
  };
  std::vector<Change> changes{};
  struct Entry {
    int row, column;
    double value;
  };
  std::vector<Entry> entries{};                          // of A
  Linearisation at{};
  WorkCounters work{};
  const Segment* segment = nullptr;

  void prepare() {
    at.state.setZero(states, states);
    at.parameter.setZero(states, model.parameter_count());
    entries.reserve(static_cast<std::size_t>(states * states));
    const Eigen::MatrixXd table = stoichiometry_matrix(model);
    for (Index r = 0; r < table.rows(); ++r)
      for (Index i = 0; i < states; ++i)
        for (Index j = 0; j < states; ++j)
          if (const double product = table(r, i) * table(r, j); product != 0)
            changes.push_back({static_cast<int>(r), static_cast<int>(i), static_cast<int>(j), product});
  }

  // out = A m
  void multiply(const double* m, double* out) const {
    Map result(out, states, states);
    if (static_cast<Index>(entries.size()) * 3 > states * states) {
      result.noalias() = at.state * ConstMap(m, states, states);
      return;
    }
    result.setZero();
    for (Index k = 0; k < states; ++k) {
      const double* column = m + k * states;
      double* target = out + k * states;
      for (const Entry& entry : entries) target[entry.row] += entry.value * column[entry.column];
    }
  }

  void operator()(double t, const double* y, double* dy) {
    ++work.rate_calls;
    const auto n = static_cast<std::size_t>(states);
    const std::span<const double> p = active.at(t);
    const double clock = segment == nullptr ? t : segment->inside(t);
    model.linearise(clock, {y, n}, p, {dy, n}, at);
    model.propensities(clock, {y, n}, p, {a.data(), static_cast<std::size_t>(a.size())});
    entries.clear();
    for (int j = 0; j < states; ++j)
      for (int i = 0; i < states; ++i)
        if (at.state(i, j) != 0) entries.push_back({i, j, at.state(i, j)});
    multiply(y + states, dy + states);
    Map dv(dy + states, states, states);
    for (Index j = 0; j < states; ++j)      // V is symmetric: V A' = (A V)'
      for (Index i = 0; i <= j; ++i) dv(i, j) = dv(j, i) = dv(i, j) + dv(j, i);
    for (const Change& change : changes) dv(change.state_i, change.state_j) += change.product * a[change.reaction];
    const Index from = states * (1 + states);
    if (transition) multiply(y + from, dy + from);
  }
};

// `transition`: since the last sample, or null.
void apply(const BoundEvent& event, Index states, Eigen::VectorXd& y, double* transition) {
  Map v(y.data() + states, states, states);
  for (Index i = 0; i < states; ++i) {
    if (event.kind == BoundEvent::Kind::state && i != event.index) continue;
    const double factor = event.action == Action::set ? 0 : event.action == Action::scale ? event.amount : 1;
    const double mean = y[i];
    v.row(i) *= factor;
    v.col(i) *= factor;
    if (event.action == Action::scale && factor >= 0 && factor < 1) v(i, i) += factor * (1 - factor) * mean;
    y[i] = after_event(event, mean);
    if (transition) Map(transition, states, states).row(i) *= factor;
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
  Moments out;
  // what rates are at the start says nothing of later ones that time switches
  out.exact = model.clock_use().value_or(ClockUse::none) == ClockUse::none && first_order_structure(model, experiment.start_h, parameters).has_value();
  out.method = out.exact ? "moment equations (exact, first-order network)" : "linear-noise approximation";

  // The transition between samples is a matrix exponential where A is constant, else it is integrated with the rest.
  ActiveParameters active(parameters, plan.inputs);
  const bool transition = options.between_times;
  const bool constant = out.exact && plan.inputs.empty() &&
                        (model.clock_use() || !depends_on_time(model, parameters, experiment.start_h, experiment.start_h + 24));
  const bool carried = transition && !constant;
  MomentEquations equations{model, active, states, carried, Eigen::VectorXd(reactions)};
  equations.prepare();
  Eigen::MatrixXd transition_matrix, step_matrix;
  if (transition && constant) transition_matrix.resize(states, states);

  Eigen::VectorXd y = Eigen::VectorXd::Zero(states * (1 + states * (carried ? 2 : 1)));
  std::copy(experiment.initial.begin(), experiment.initial.end(), y.data());
  if (options.initial_covariance.size() > 0) Map(y.data() + states, states, states) = options.initial_covariance;
  const auto since_sample = [&]() -> double* {
    return carried ? y.data() + states * (1 + states) : transition ? transition_matrix.data() : nullptr;
  };
  const auto forget = [&] {
    if (transition) Map(since_sample(), states, states).setIdentity();
  };
  forget();
  // Errors of covariances and transitions are relative to their column.
  DormandPrince stepper(states, std::vector<double>(static_cast<std::size_t>(y.size() / states - 1), 1.0), options.ode);

  out.mean.resize(times, states);
  if (transition) out.between.setZero(times * states, times * states);
  const auto record = [&](double t) {
    const auto row = static_cast<Index>(out.times_h.size());
    out.times_h.push_back(t);
    out.mean.row(row) = y.head(states).transpose();
    out.covariance.emplace_back(Map(y.data() + states, states, states));
    if (!transition) return;
    const Eigen::MatrixXd step = Map(since_sample(), states, states);
    out.between.block(row * states, row * states, states, states) = out.covariance.back();
    for (Index earlier = 0; earlier < row; ++earlier) {
      const Eigen::MatrixXd block = step * out.between.block((row - 1) * states, earlier * states, states, states);
      out.between.block(row * states, earlier * states, states, states) = block;
      out.between.block(earlier * states, row * states, states, states) = block.transpose();
    }
    forget();
    if (carried) stepper.restart();
  };
  // Moves everything on to `until`; a span seen before in the same segment reuses its exponential.
  double last_span = -1;
  const auto advance = [&](double& t, double until) {
    const double span = until - t;
    if (transition && constant) {
      if (std::abs(span - last_span) > 1e-12 * span) {
        const auto n = static_cast<std::size_t>(states);
        Eigen::VectorXd rates(states);
        model.linearise(equations.segment->inside(t), {y.data(), n}, active.at(t), {rates.data(), n}, equations.at);
        step_matrix = (equations.at.state * span).exp();
        last_span = span;
      }
      transition_matrix = step_matrix * transition_matrix;
    }
    out.outcome = stepper.advance(equations, t, until, y);
  };
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events)
      event.kind == BoundEvent::Kind::parameter ? active.apply(event) : apply(event, states, y, since_sample());
    active.begin(segment.until_h);
    equations.segment = &segment;
    stepper.restart();
    last_span = -1;
    double t = segment.from_h;
    for (const double sample : segment.samples_h) {
      if (sample > t) advance(t, sample);
      if (!out.outcome.ok()) break;
      record(sample);
    }
    if (out.outcome.ok() && segment.until_h > t) advance(t, segment.until_h);
    if (!out.outcome.ok()) break;
  }
  const auto reached = static_cast<Index>(out.times_h.size());
  out.mean.conservativeResize(reached, states);
  if (transition) out.between.conservativeResize(reached * states, reached * states);
  out.work = equations.work;
  return out;
}

}  // namespace hyped
