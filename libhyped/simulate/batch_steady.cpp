// Columns in small groups: where each start leads, whether there is a root, and what it is like.
#include "libhyped/simulate/batch_steady.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/batch/leading_eigenvalue.hpp"
#include "libhyped/simulate/batch/root_finder.hpp"
#include "libhyped/simulate/batch_ode.hpp"

namespace hyped {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr int group = 16;                // columns that are integrated together
constexpr double near = 0.01;            // of each entry of the root: closer counts as there, if coming closer
constexpr double loose = 1e-6;           // of the largest entry: as far as the integration of the others can push a small one
constexpr double absolute_tolerance = 1e-9;
constexpr double rest = 1e3 * absolute_tolerance;      // closer than this the errors of the integration wander
constexpr double least_rcond = 1e-15;    // of a Jacobian that can be inverted
constexpr long most_steps = 40000;       // of the integration of a group

std::span<const double> view(const Eigen::VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

void check(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& states, const Eigen::MatrixXd& inputs, const char* what) {
  const auto fail = [&](const std::string& why) { throw InputError(fmt::format("{} of '{}'", what, model.name()), why); };
  if (states.rows() != model.state_count()) fail(fmt::format("{} states are given, the model has {}", states.rows(), model.state_count()));
  if (static_cast<int>(parameters.size()) != model.parameter_count()) fail(fmt::format("{} parameters are given, the model has {}", parameters.size(), model.parameter_count()));
  if (inputs.rows() != model.input_count() || (model.input_count() > 0 && inputs.cols() != states.cols())) fail("inputs are not one row per input and one column per start");
}

// Leading eigenvalue and what follows from it.
void judge(const BatchModel& model, std::span<const double> parameters, const Eigen::VectorXd& inputs, SteadyColumn& column) {
  Eigen::MatrixXd jacobian;
  model.jacobian(view(column.state), view(inputs), parameters, jacobian);
  const auto leading = leading_eigenvalue(jacobian);
  column.stable = leading && leading->real() < -1e-12 * jacobian.cwiseAbs().maxCoeff();
  column.leading = leading.value_or(std::complex<double>(std::numeric_limits<double>::quiet_NaN(), 0));
  column.period_h = leading && !column.stable && leading->imag() > 0 ? 2 * std::numbers::pi / leading->imag() : 0;
}

std::string in_words(const SteadyColumn& column) {
  std::string out = fmt::format("leading eigenvalue {:.3g}", column.leading.real());
  if (column.leading.imag() != 0) out += fmt::format(" +- {:.3g}i", column.leading.imag());
  out += " /h";
  if (column.period_h > 0) out += fmt::format(", period about {:.3g} h", column.period_h);
  return out;
}

// A root near a good guess: no integration.
void solve_near(const BatchModel& model, std::span<const double> parameters, const Eigen::VectorXd& start, const Eigen::VectorXd& inputs, const BatchSteadyOptions& options, RootFinder& finder, SteadyColumn& column) {
  column.state = start;
  auto found = finder.find(column.state, inputs, options.tolerance, options.newton_limit, infinite);
  column.newton_steps = found.steps;
  if (!found.converged || found.surely_unstable) {      // along the trajectory instead
    Eigen::VectorXd along = start;
    const auto other = finder.find(along, inputs, options.tolerance, 4 * options.newton_limit, finder.shortest_time_h(start, inputs));
    column.newton_steps += other.steps;
    if (other.converged && (!found.converged || !other.surely_unstable)) {
      found = other;
      column.state = along;
    }
  }
  finder.size(column.state, inputs);
  column.largest_rate = finder.rates().cwiseAbs().maxCoeff();
  column.exists = found.converged;
  if (!column.exists) {
    column.outcome = {Status::not_converged, fmt::format("no steady state was found in {} steps of Newton's method", column.newton_steps), std::numeric_limits<double>::quiet_NaN(), {}};
    return;
  }
  column.stable = !found.surely_unstable;
  if (options.eigenvalues) judge(model, parameters, inputs, column);
  if (options.eigenvalues && !column.stable) column.outcome = {Status::not_converged, "a steady state exists but is unstable: " + in_words(column), std::numeric_limits<double>::quiet_NaN(), {}};
  else if (found.surely_unstable) column.outcome = {Status::not_converged, "a steady state exists but is unstable: the determinant of its Jacobian has the wrong sign", std::numeric_limits<double>::quiet_NaN(), {}};
}

// One group of columns, integrated until each is where it stays, or seen not to stay anywhere.
class Group {
 public:
  Group(const BatchModel& model, std::span<const double> parameters, const BatchSteadyOptions& options) : model_(model), p_(parameters), options_(options), finder_(model, parameters) {}

  void solve(const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, std::span<SteadyColumn> out) {
    std::vector<Eigen::Index> pending;
    for (Eigen::Index b = 0; b < initial.cols(); ++b) pending.push_back(b);
    Eigen::MatrixXd x = initial;
    double shortest = infinite;
    for (Eigen::Index b = 0; b < x.cols(); ++b) {
      const Eigen::VectorXd start = x.col(b), given = inputs.col(b);
      shortest = std::min(shortest, finder_.shortest_time_h(start, given));
      Eigen::VectorXd along = start;      // a first candidate, of which an unstable one sets how long to wait
      const auto found = finder_.find(along, given, options_.tolerance, options_.newton_limit, finder_.shortest_time_h(start, given));
      note(out[static_cast<std::size_t>(b)], found, along, given);
    }
    double elapsed = 0, length = 10 * shortest;
    long steps = 0;
    Outcome trouble;
    while (!pending.empty() && elapsed < options_.longest_h && steps < most_steps && trouble.ok()) {
      double horizon = 0;      // where the last of those whose root is unstable can be judged
      for (const Eigen::Index b : pending) horizon = std::max(horizon, wait_of(out[static_cast<std::size_t>(b)]));
      length = std::min(length, options_.longest_h - elapsed);
      if (horizon > elapsed) length = std::min(length, 1.001 * (horizon - elapsed));
      BatchExperiment dish;
      dish.initial.resize(x.rows(), static_cast<Eigen::Index>(pending.size()));
      dish.constant_inputs.resize(inputs.rows(), static_cast<Eigen::Index>(pending.size()));
      for (std::size_t i = 0; i < pending.size(); ++i) {
        dish.initial.col(static_cast<Eigen::Index>(i)) = x.col(pending[i]);
        dish.constant_inputs.col(static_cast<Eigen::Index>(i)) = inputs.col(pending[i]);
      }
      dish.sample_times_h = {0.9 * length, length};
      const BatchTrajectory run = simulate_batch(model_, dish, p_, {.relative_tolerance = 1e-6, .absolute_tolerance = absolute_tolerance, .step_limit = most_steps});
      steps += run.steps;
      trouble = run.outcome;
      if (!trouble.ok()) break;
      elapsed += length;
      length *= 3;
      std::vector<Eigen::Index> left;
      for (std::size_t i = 0; i < pending.size(); ++i) {
        const auto b = static_cast<Eigen::Index>(i);
        const Eigen::VectorXd before = run.states[0].col(b), now = run.states[1].col(b), given = inputs.col(pending[i]);
        x.col(pending[i]) = now;
        if (!settled(out[static_cast<std::size_t>(pending[i])], before, now, given, elapsed)) left.push_back(pending[i]);
      }
      pending = left;
    }
    for (const Eigen::Index b : pending) give_up(out[static_cast<std::size_t>(b)], x.col(b), inputs.col(b), elapsed, trouble);
  }

 private:
  // Keeps a root: a stable one in place of an unstable one, a later one in place of an earlier one.
  void note(SteadyColumn& column, const RootFinder::Found& found, const Eigen::VectorXd& root, const Eigen::VectorXd& given) {
    column.newton_steps += found.steps;
    if (!found.converged) return;
    if (column.exists && (root - column.state).cwiseAbs().maxCoeff() <= 1e-7 * std::max(1.0, root.cwiseAbs().maxCoeff())) return;
    SteadyColumn other = column;
    other.state = root;
    other.exists = true;
    other.stable = !found.surely_unstable;
    if (options_.eigenvalues) judge(model_, p_, given, other);
    if (!column.exists || other.stable || !column.stable) column = std::move(other);
  }

  // An unstable root is left for good within some e-foldings; the trajectory is then elsewhere, and Newton's method would have found a root there.
  double wait_of(const SteadyColumn& column) const {
    if (!column.exists || column.stable || !options_.eigenvalues || !(column.leading.real() > 0)) return infinite;
    return 40 / column.leading.real() + 20 * column.period_h;
  }

  bool settled(SteadyColumn& column, const Eigen::VectorXd& before, const Eigen::VectorXd& now, const Eigen::VectorXd& given, double elapsed) {
    Eigen::VectorXd root = now;
    note(column, finder_.find(root, given, options_.tolerance, std::min(options_.newton_limit, 20), infinite), root, given);
    if (!column.exists) return false;
    // Each entry against its own size: a gene at 1000 must not hide a switch near 1.
    const Eigen::ArrayXd size = column.state.array().abs().max(std::max(rest, loose * column.state.cwiseAbs().maxCoeff()) / near);
    const double distance = ((now - column.state).array().abs() / size).maxCoeff(), earlier = ((before - column.state).array().abs() / size).maxCoeff();
    const bool at_rest = ((now - column.state).array().abs() <= column.state.array().abs() * 1e-5 + std::max(rest, loose * column.state.cwiseAbs().maxCoeff())).all();
    if (column.stable && (at_rest || (distance <= near && distance <= earlier))) {
      column.reached = true;
      finder_.size(column.state, given);
      column.largest_rate = finder_.rates().cwiseAbs().maxCoeff();
      return true;
    }
    if (elapsed < wait_of(column)) return false;
    give_up(column, now, given, elapsed, {});
    return true;
  }

  void give_up(SteadyColumn& column, const Eigen::VectorXd& end, const Eigen::VectorXd& given, double elapsed, const Outcome& trouble) {
    finder_.size(end, given);
    const double still = finder_.rates().cwiseAbs().maxCoeff();
    std::string words;
    if (!column.exists) {
      column.state = end;
      words = fmt::format("no steady state was found and none is reached: after {:.3g} h the largest rate is {:.3g} /h", elapsed, still);
    } else {
      words = column.stable ? fmt::format("a stable steady state exists but the start does not lead there within {:.3g} h (largest rate then {:.3g} /h): ", elapsed, still)
                            : fmt::format("a steady state exists but is unstable and not reached (after {:.3g} h the largest rate is {:.3g} /h): ", elapsed, still);
      words += in_words(column);
    }
    if (!trouble.ok()) words += "; the integration stopped: " + trouble.message;
    finder_.size(column.state, given);
    column.largest_rate = finder_.rates().cwiseAbs().maxCoeff();
    column.outcome = {Status::not_converged, words, elapsed, {}};
  }

  const BatchModel& model_;
  std::span<const double> p_;
  const BatchSteadyOptions& options_;
  RootFinder finder_;
};

}  // namespace

std::vector<SteadyColumn> steady_batch(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& initial, const Eigen::MatrixXd& inputs, const BatchSteadyOptions& options) {
  check(model, parameters, initial, inputs, "steady_batch");
  const auto columns = static_cast<int>(initial.cols());
  std::vector<SteadyColumn> out(static_cast<std::size_t>(columns));
  const Eigen::MatrixXd given = model.input_count() > 0 ? inputs : Eigen::MatrixXd(0, columns);
  parallel_for((columns + group - 1) / group, [&](int g) {
    const int first = g * group, count = std::min(group, columns - first);
    if (options.must_be_reached) {
      Group(model, parameters, options).solve(initial.middleCols(first, count), given.middleCols(first, count), {out.data() + first, static_cast<std::size_t>(count)});
      return;
    }
    RootFinder finder(model, parameters);
    for (int b = first; b < first + count; ++b) solve_near(model, parameters, initial.col(b), given.col(b), options, finder, out[static_cast<std::size_t>(b)]);
  });
  return out;
}

SteadyGradient steady_gradient(const BatchModel& model, std::span<const double> parameters, const Eigen::MatrixXd& states, const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& state_bar) {
  check(model, parameters, states, inputs, "steady_gradient");
  if (state_bar.rows() != states.rows() || state_bar.cols() != states.cols()) throw InputError("steady_gradient", "the derivative of the loss has not the size of the states");
  const auto columns = static_cast<int>(states.cols());
  const Eigen::MatrixXd given = model.input_count() > 0 ? inputs : Eigen::MatrixXd(0, columns);
  Eigen::MatrixXd w(states.rows(), states.cols());
  std::vector<char> singular(static_cast<std::size_t>(columns), 0);
  parallel_for((columns + group - 1) / group, [&](int g) {
    Eigen::MatrixXd jacobian;
    Eigen::PartialPivLU<Eigen::MatrixXd> lu(states.rows());
    for (int b = g * group; b < std::min(columns, (g + 1) * group); ++b) {
      const Eigen::VectorXd x = states.col(b), u = given.col(b);
      model.jacobian(view(x), view(u), parameters, jacobian);
      lu.compute(jacobian);
      const Eigen::VectorXd bar = -state_bar.col(b);
      w.col(b) = lu.transpose().solve(bar);
      singular[static_cast<std::size_t>(b)] = !w.col(b).allFinite() || !(lu.rcond() > least_rcond);
    }
  });
  SteadyGradient result{Eigen::VectorXd::Zero(model.parameter_count()), {}};
  if (const auto at = std::find(singular.begin(), singular.end(), 1); at != singular.end()) {
    result.outcome = {Status::singular, fmt::format("the Jacobian of column {} has no inverse: its steady state has no derivative by the parameters", at - singular.begin() + 1), std::numeric_limits<double>::quiet_NaN(), {}};
    return result;
  }
  Eigen::VectorXd& out = result.by_parameter;
  Eigen::MatrixXd x_bar = Eigen::MatrixXd::Zero(states.rows(), states.cols());
  const auto room = model.scratch(columns);
  model.pull_back(states, given, parameters, w, x_bar, {out.data(), static_cast<std::size_t>(out.size())}, *room);
  if (!out.allFinite()) {
    out.setZero();
    result.outcome = {Status::not_finite, "the gradient of the steady states is not finite", std::numeric_limits<double>::quiet_NaN(), {}};
  }
  return result;
}

}  // namespace hyped
