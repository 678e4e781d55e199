// Walks the segments of an experiment with the exponential of the stencil.
#include "libhyped/simulate/staged_linear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unsupported/Eigen/MatrixFunctions>

#include "libhyped/simulate/dop853.hpp"
#include "libhyped/simulate/segments.hpp"
#include "libhyped/simulate/staged_slope.hpp"

namespace hyped {
namespace {

using Block = Uniformisation::Block;

class LinearRun {
 public:
  LinearRun(const StagedModel& model, std::span<const double> parameters, const Experiment& experiment,
            const LinearOptions& options, bool derivatives)
      : model_(model), options_(options), plan_(plan_of(model, parameters, experiment)), active_(parameters, plan_.inputs),
        flow_(model), values_only_(model), staged_(model), rate_(model.group_count()) {
    if (derivatives) {
      columns_ = options.columns;
      if (columns_.empty()) {
        columns_.resize(static_cast<std::size_t>(model.parameter_count()));
        std::iota(columns_.begin(), columns_.end(), 0);
      }
      wanted_ = columns_;
      std::erase_if(columns_, [&](int c) { return inert(c, parameters, experiment); });
      if (columns_.size() > 39) throw InputError("simulate", "more than 39 derivative directions at once", "name fewer columns");
    }
    width_ = Uniformisation::padded_width(1 + static_cast<int>(columns_.size()));
    block_.setZero(model.stage_count(), width_);
    if (options.varying == Varying::explicit_steps) explicit_ = Dop853(model.stage_count(), width_), by_direction_.setZero(model.group_count(), width_);
    for (int i = 0; i < model.stage_count(); ++i) block_(i, 0) = experiment.initial[static_cast<std::size_t>(i)];
    bind_directions(experiment);
    if (experiment.initial_by_parameter.size() > 0)
      for (std::size_t c = 0; c < columns_.size(); ++c)
        if (columns_[c] < experiment.initial_by_parameter.cols()) block_.col(1 + static_cast<int>(c)) = experiment.initial_by_parameter.col(columns_[c]);
  }

  Trajectory run() {
    Trajectory out;
    const int stages = model_.stage_count();
    out.states.resize(plan_.sample_count, stages);
    for (const int c : wanted_)
      out.sensitivity_columns.push_back(c < model_.parameter_count() ? std::string(model_.parameters()[c].name)
                                                                     : fmt::format("initial direction {}", c - model_.parameter_count()));
    bool stepped = false, dense = false;
    for (std::size_t s = 0; s < plan_.segments.size(); ++s) {
      const Segment& segment = plan_.segments[s];
      for (const BoundEvent& event : segment.events) apply(event, segment.from_h);
      active_.begin(segment.until_h);
      checked_span_ = 0;
      explicit_.begin(options_.magnus_step_h);
      double now = segment.from_h;
      const bool varies = varying(segment);
      // exp(A h) is reused while the grid is even
      double dense_span = -1;
      Eigen::MatrixXd transition;
      if (!varies) set_constant_rates(segment.from_h);
      auto move_to = [&](double t) {
        if (t <= now) return;
        const double span = t - now;
        if (varies) {
          stepped = true;
          if (options_.varying == Varying::magnus) advance_varying(now, t);
          else advance_explicit(now, t);
        } else if (columns_.empty() && stages <= dense_stage_limit && segment.samples_h.size() > 3) {
          if (std::abs(span - dense_span) > 1e-12 * span) {
            transition = (flow_.generator() * span).exp();
            dense_span = span;
          }
          block_ = transition * block_;
          dense = true;
        } else {
          out.error_bound += flow_.advance(span, block_, options_.tolerance);
        }
        now = t;
        ++out.work.steps;
      };
      for (const double t : segment.samples_h) {
        move_to(t);
        const auto row = static_cast<Eigen::Index>(out.times_h.size());
        out.times_h.push_back(t);
        out.states.row(row) = block_.col(0).transpose();
        if (!wanted_.empty()) out.sensitivities.push_back(derivatives());
        if (!out.states.row(row).allFinite()) {
          out.outcome = {Status::not_finite, "the state is no longer finite", t};
          if (row > 0) {
            const Eigen::VectorXd last = out.states.row(row - 1).transpose();
            out.outcome.state.assign(last.begin(), last.end());
          }
          out.times_h.pop_back();
          out.states.conservativeResize(row, stages);
          if (!wanted_.empty()) out.sensitivities.pop_back();
          return out;
        }
      }
      move_to(segment.until_h);
    }
    out.error_bound += estimate_;
    out.work.products = flow_.products() + values_only_.products() + staged_.products();
    out.method = stepped ? fmt::format("linear, varying rates: {}, {} stages", options_.varying == Varying::magnus ? "commutator-free Magnus, order 4" : "Dormand-Prince, order 8", stages)
                 : dense ? fmt::format("linear, constant rates: dense matrix exponential, {} stages", stages)
                         : fmt::format("linear, constant rates: uniformisation over the stencil, {} stages", stages);
    return out;
  }

 private:
  // Is the derivative by column c zero throughout? So are those by the coefficients of effects whose inputs this culture lacks.
  bool inert(int c, std::span<const double> parameters, const Experiment& experiment) const {
    if (c < experiment.initial_by_parameter.cols() && !experiment.initial_by_parameter.col(c).isZero(0)) return false;
    if (c >= model_.parameter_count()) {
      const auto k = static_cast<std::size_t>(c - model_.parameter_count());
      return (k >= experiment.input_directions.size() || experiment.input_directions[k].empty()) && (k >= experiment.event_directions.size() || experiment.event_directions[k].empty());
    }
    const std::string_view name = model_.parameters()[static_cast<std::size_t>(c)].name;
    const auto by_event = [&](const Perturbation& e) { return e.amount_parameter == name; };
    if (std::any_of(experiment.schedule.begin(), experiment.schedule.end(), by_event)) return false;
    const auto present = [&](int input) {
      const auto& spec = model_.parameters()[static_cast<std::size_t>(input)];
      const auto changes = [&](const Perturbation& e) { return e.target == spec.name; };
      return parameters[static_cast<std::size_t>(input)] != 0 || experiment.inputs.contains(std::string(spec.name)) ||
             std::any_of(experiment.schedule.begin(), experiment.schedule.end(), changes);
    };
    return !model_.moves_rates(c, present);
  }
  // Inputs whose courses the directions past P move.
  void bind_directions(const Experiment& experiment) {
    directions_.resize(columns_.size()), moved_events_.resize(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const int k = columns_[c] - model_.parameter_count();
      if (k >= 0 && k < static_cast<int>(experiment.event_directions.size())) moved_events_[c] = experiment.event_directions[static_cast<std::size_t>(k)];
      if (k < 0 || k >= static_cast<int>(experiment.input_directions.size())) continue;
      for (const auto& [name, course] : experiment.input_directions[static_cast<std::size_t>(k)]) {
        const int parameter = model_.parameter_index(name);
        if (parameter < 0 || !experiment.inputs.contains(name)) throw InputError("input directions", "'" + name + "' is no input of this experiment");
        directions_[c].push_back({parameter, &course});
      }
    }
  }
  // [S x wanted columns]
  Eigen::MatrixXd derivatives() const {
    Eigen::MatrixXd out(model_.stage_count(), static_cast<Eigen::Index>(wanted_.size()));
    std::size_t kept = 0;
    for (std::size_t c = 0; c < wanted_.size(); ++c)
      if (kept < columns_.size() && columns_[kept] == wanted_[c]) out.col(static_cast<Eigen::Index>(c)) = block_.col(1 + static_cast<Eigen::Index>(kept++));
      else out.col(static_cast<Eigen::Index>(c)).setZero();
    return out;
  }

  bool varying(const Segment& segment) const {
    for (const BoundInput& input : plan_.inputs)
      for (int k = 0; k <= 4; ++k) {
        const double t = segment.from_h + (segment.until_h - segment.from_h) * (0.02 + 0.24 * k);
        if (std::abs(input.course->slope(t)) > 0) return true;
      }
    for (const auto& moved : directions_)
      for (const BoundInput& input : moved)
        for (int k = 0; k <= 4; ++k) {
          const double t = segment.from_h + (segment.until_h - segment.from_h) * (0.02 + 0.24 * k);
          if (std::abs(input.course->slope(t)) > 0) return true;
        }
    return false;
  }

  // d group rate / d caller's parameter, columns picked.
  Eigen::MatrixXd picked(const Eigen::MatrixXd& slope, double t) const {
    Eigen::MatrixXd out(slope.rows(), static_cast<Eigen::Index>(columns_.size()));
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      auto column = out.col(static_cast<Eigen::Index>(c));
      if (columns_[c] >= slope.cols()) column.setZero();
      else if (active_.plain()) column = slope.col(columns_[c]);
      else column.noalias() = slope * active_.by_parameter().col(columns_[c]);
      for (const BoundInput& input : directions_[c]) column += slope.col(input.parameter) * (*input.course)(t);
    }
    return out;
  }

  void set_constant_rates(double t) {
    if (columns_.empty()) {
      model_.group_rates(active_.after(t), rate_);
      flow_.set_rates(rate_);
    } else {
      Eigen::MatrixXd slope;
      model_.group_rates(active_.after(t), rate_, slope);
      flow_.set_rates(rate_, picked(slope, t));
    }
  }

  struct Node {
    std::vector<double> rate;
    Eigen::MatrixXd slope;      // [G x D]
  };
  Node node(double t) {
    Node out{std::vector<double>(model_.group_count()), {}};
    if (columns_.empty()) {
      model_.group_rates(active_.at(t), out.rate);
    } else {
      Eigen::MatrixXd slope;
      model_.group_rates(active_.at(t), out.rate, slope);
      out.slope = picked(slope, t);
    }
    return out;
  }

  // One CF4 step: exp(h(b A1 + a A2)) exp(h(a A1 + b A2)), A at the Gauss nodes, a = 1/4 + sqrt(3)/6, b = 1/4 - sqrt(3)/6.
  void step(double from, double span, Uniformisation& flow, Block& block, bool derivatives) {
    static const double root = std::sqrt(3.0) / 6, a = 0.25 + root, b = 0.25 - root;
    const Node one = node(from + span * (0.5 - root)), two = node(from + span * (0.5 + root));
    for (const bool first : {true, false}) {
      const double w1 = first ? a : b, w2 = first ? b : a;
      for (int g = 0; g < model_.group_count(); ++g) rate_[g] = 2 * (w1 * one.rate[g] + w2 * two.rate[g]);
      if (derivatives) flow.set_rates(rate_, 2 * (w1 * one.slope + w2 * two.slope));
      else flow.set_rates(rate_);
      flow.advance(span / 2, block, options_.tolerance);
    }
  }

  void advance_varying(double from, double until) {
    double now = from;
    double span = std::min(until - from, options_.magnus_step_h);
    while (now < until) {
      span = std::min(span, until - now);
      if (until - now - span < 1e-9 * (until - from)) span = until - now;
      Block whole = block_;
      step(now, span, flow_, whole, !columns_.empty());
      const double size = whole.col(0).cwiseAbs().sum();
      double error = checked_error_ * size;
      // Inputs are smooth inside a segment: steps as long as one whose error was far below the tolerance share its estimate.
      const bool shared = span <= 1.001 * checked_span_ && checked_error_ < options_.magnus_tolerance / 8 && unchecked_ < 3;
      if (!shared) {
        Block halves = block_.leftCols(1);      // the states alone in two halves
        step(now, span / 2, values_only_, halves, false);
        step(now + span / 2, span / 2, values_only_, halves, false);
        error = (halves.col(0) - whole.col(0)).cwiseAbs().sum() * 16 / 15;
        if (error > options_.magnus_tolerance * size && span > 1e-6) {
          span /= 2;
          continue;
        }
        checked_span_ = span;
        checked_error_ = size > 0 ? error / size : 0.0;
      }
      unchecked_ = shared ? unchecked_ + 1 : 0;
      block_ = whole;
      estimate_ += error;
      now = span == until - now ? until : now + span;
    }
  }

  // Explicit steps; the state's error is held below the tolerance in every step.
  void advance_explicit(double from, double until) {
    const auto rates = [&](double t, const Block& x, Block& dx) {
      if (columns_.empty()) {
        model_.group_rates(active_.at(t), rate_);
      } else {
        model_.group_rates(active_.at(t), rate_, slope_);
        by_direction_.middleCols(1, static_cast<Eigen::Index>(columns_.size())) = picked(slope_, t);
      }
      staged_(rate_, by_direction_, x, dx);
    };
    estimate_ += explicit_.advance(rates, from, until, block_, options_.magnus_tolerance);
  }

  // Columns of the time of an event jump by J f(before) - f(after), J the event's factor on the state.
  void apply(const BoundEvent& event, double t) {
    const auto moves = [&](std::size_t c) { return std::find(moved_events_[c].begin(), moved_events_[c].end(), event.number) != moved_events_[c].end(); };
    bool moved = false;
    for (std::size_t c = 0; c < columns_.size(); ++c) moved = moved || moves(c);
    if (!moved) return change(event);
    const auto rates_now = [&] {
      const Eigen::VectorXd x = block_.col(0);
      Eigen::VectorXd dx(x.size());
      model_.rates(t, {x.data(), static_cast<std::size_t>(x.size())}, active_.after(t), {dx.data(), static_cast<std::size_t>(dx.size())});
      return dx;
    };
    Eigen::VectorXd jump = rates_now();
    for (Eigen::Index i = 0; i < jump.size(); ++i)
      if (event.kind == BoundEvent::Kind::all_states || (event.kind == BoundEvent::Kind::state && i == event.index)) jump[i] *= event.action == Action::set ? 0 : event.action == Action::scale ? event.amount : 1;
    change(event);
    jump -= rates_now();
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (moves(c)) block_.col(1 + static_cast<Eigen::Index>(c)) += jump;
  }

  void change(const BoundEvent& event) {
    if (event.kind == BoundEvent::Kind::parameter) {
      active_.apply(event);
      return;
    }
    int amount_column = -1;
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (columns_[c] == event.amount_parameter) amount_column = 1 + static_cast<int>(c);
    const int from = event.kind == BoundEvent::Kind::all_states ? 0 : event.index;
    const int until = event.kind == BoundEvent::Kind::all_states ? model_.stage_count() : event.index + 1;
    for (int i = from; i < until; ++i) {
      const double before = block_(i, 0);
      if (event.action == Action::scale) block_.row(i) *= event.amount;
      if (event.action == Action::set) block_.row(i).setZero();
      block_(i, 0) = after_event(event, before);
      if (amount_column > 0) block_(i, amount_column) += event.action == Action::scale ? before : 1.0;
    }
  }

  const StagedModel& model_;
  const LinearOptions& options_;
  Plan plan_;
  ActiveParameters active_;
  Uniformisation flow_, values_only_;
  StagedSlope staged_;
  std::vector<double> rate_;
  std::vector<int> wanted_, columns_;      // asked for; carried, without those that stay zero
  std::vector<std::vector<BoundInput>> directions_;      // of each column carried
  std::vector<std::vector<int>> moved_events_;           // likewise
  int width_ = 1;
  Block block_, by_direction_;
  Eigen::MatrixXd slope_;      // [G x P], workspace
  Dop853 explicit_{0, 0};
  double estimate_ = 0;
  double checked_span_ = 0, checked_error_ = 0;      // of the last step whose error was estimated, relative
  int unchecked_ = 0;
};

}  // namespace

Trajectory simulate_linear(const StagedModel& model, std::span<const double> parameters, const Experiment& experiment,
                           const LinearOptions& options, Sensitivities sensitivities) {
  if (model.structure() != Structure::linear)
    throw InputError("simulate", std::string(model.name()) + " depends on density and is not linear", "use the ODE method");
  return LinearRun(model, parameters, experiment, options, sensitivities != Sensitivities::none).run();
}

}  // namespace hyped
