// Transient first, Newton on the reduced system second.
#include "libhyped/simulate/steady_state.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <optional>

#include "libhyped/simulate/simulate.hpp"

namespace hyped {
namespace {

constexpr int samples = 256;      // of each stretch of integration
constexpr double explosion = 1e15;

std::span<const double> view(const Eigen::VectorXd& x) { return {x.data(), static_cast<std::size_t>(x.size())}; }

// dx/dt = 0 and the totals as a square system: [B' f; W x - total], B an orthonormal basis of what conserves the totals.
class Reduced {
 public:
  Reduced(const Model& model, std::span<const double> parameters, const std::vector<ConservedTotal>& totals)
      : model_(model), parameters_(parameters), states_(model.state_count()), fixed_(static_cast<int>(totals.size())), weights_(fixed_, states_), total_(fixed_) {
    for (int k = 0; k < fixed_; ++k) {
      weights_.row(k) = totals[static_cast<std::size_t>(k)].weights.transpose();
      total_[k] = totals[static_cast<std::size_t>(k)].total;
    }
    const Eigen::MatrixXd whole = fixed_ == 0 ? Eigen::MatrixXd::Identity(states_, states_)
                                              : Eigen::MatrixXd(Eigen::HouseholderQR<Eigen::MatrixXd>(weights_.transpose()).householderQ() * Eigen::MatrixXd::Identity(states_, states_));
    along_ = whole.rightCols(states_ - fixed_);
    at_.state.resize(states_, states_);
    at_.parameter.resize(states_, model.parameter_count());
  }

  void linearise(const Eigen::VectorXd& x) {
    rates_.resize(states_);
    model_.linearise(0, view(x), parameters_, {rates_.data(), static_cast<std::size_t>(states_)}, at_);
    value_.resize(states_);
    value_ << along_.transpose() * rates_, weights_ * x - total_;
    jacobian_.resize(states_, states_);
    jacobian_ << along_.transpose() * at_.state, weights_;
  }
  // Solves with rows and columns made comparable; nothing where the system is singular.
  std::optional<Eigen::MatrixXd> solve(const Eigen::MatrixXd& right, const Eigen::VectorXd& scale) const {
    Eigen::MatrixXd scaled = jacobian_ * scale.asDiagonal();
    const Eigen::VectorXd rows = scaled.rowwise().lpNorm<Eigen::Infinity>();
    if (!scaled.allFinite() || !(rows.minCoeff() > 0)) return std::nullopt;
    scaled = rows.cwiseInverse().asDiagonal() * scaled;
    const Eigen::PartialPivLU<Eigen::MatrixXd> lu(scaled);
    if (!(lu.rcond() > 1e-14)) return std::nullopt;
    return Eigen::MatrixXd(scale.asDiagonal() * lu.solve(rows.cwiseInverse().asDiagonal() * right));
  }

  // Damped Newton from `x`; true when steps fell to rounding. Entries below zero by no more than rounding are set to it.
  bool newton(Eigen::VectorXd& x, const Eigen::VectorXd& scale, int& steps) {
    double last = std::numeric_limits<double>::infinity();
    linearise(x);
    for (int i = 0; i < 50; ++i) {
      const auto step = solve(value_, scale);
      if (!step) return false;
      const double length = step->cwiseQuotient(scale).cwiseAbs().maxCoeff();
      if (!std::isfinite(length)) return false;
      ++steps;
      if (length < 1e-14 || (length < 1e-9 && length > 0.5 * last)) break;
      const Eigen::VectorXd before = x;
      double share = std::min(1.0, 1.0 / length);      // never further than the scale of a state at once
      bool shorter = false;
      for (int halved = 0; halved < 12 && !shorter; ++halved, share /= 2) {
        x = before - share * *step;
        linearise(x);
        const auto next = value_.allFinite() ? solve(value_, scale) : std::nullopt;      // natural monotonicity test (Deuflhard 2004)
        shorter = next && next->cwiseQuotient(scale).cwiseAbs().maxCoeff() <= (1 - share / 4) * length;
        shorter = shorter || length < 1e-9;
      }
      if (!shorter) return false;
      last = length;
      if (i == 49) return false;
    }
    for (int s = 0; s < states_; ++s) {
      if (x[s] < -1e-9 * scale[s]) return false;
      x[s] = std::max(0.0, x[s]);
    }
    linearise(x);
    return true;
  }

  void finish(const Eigen::VectorXd& scale, SteadyState& out) const {
    out.largest_rate = rates_.cwiseQuotient(scale).cwiseAbs().maxCoeff();
    Eigen::MatrixXd right = Eigen::MatrixXd::Zero(states_, model_.parameter_count() + fixed_);
    right.topLeftCorner(states_ - fixed_, model_.parameter_count()) = -along_.transpose() * at_.parameter;
    right.bottomRightCorner(fixed_, fixed_).setIdentity();
    if (const auto slopes = solve(right, scale)) {
      out.by_parameter = slopes->leftCols(model_.parameter_count());
      out.by_total = slopes->rightCols(fixed_);
    } else {
      out.outcome = {Status::singular, "the steady state is not isolated: its Jacobian is singular"};
    }
    if (states_ == fixed_) {
      out.stable = true;
      return;
    }
    // similar to B' J B, but with states of comparable size
    const Eigen::EigenSolver<Eigen::MatrixXd> eigen(along_.transpose() * at_.state * along_, false);
    out.eigenvalues.assign(eigen.eigenvalues().begin(), eigen.eigenvalues().end());
    std::sort(out.eigenvalues.begin(), out.eigenvalues.end(), [](const auto& a, const auto& b) { return a.real() != b.real() ? a.real() > b.real() : a.imag() > b.imag(); });
    double largest = 0;
    for (const auto& value : out.eigenvalues) largest = std::max(largest, std::abs(value));
    out.stable = out.eigenvalues.front().real() < -1e-13 * largest;
  }

  double fastest() const { return at_.state.cwiseAbs().rowwise().sum().maxCoeff(); }
  const Eigen::VectorXd& rates() const { return rates_; }

 private:
  const Model& model_;
  std::span<const double> parameters_;
  int states_, fixed_;
  Eigen::MatrixXd weights_, along_, jacobian_;
  Eigen::VectorXd total_, rates_, value_;
  Linearisation at_;
};

// Turns of the state that varies most over a stretch, and by how much it varies early and late.
struct Swing {
  int state = 0, turns = 0;
  double early = 0, late = 0, period_h = 0;      // peak to peak over the state's largest value
  bool sustained() const { return turns >= 8 && late > 1e-3 && late > 0.97 * early && late < 1.03 * early; }
};
Swing swing_of(const Trajectory& run, const Eigen::VectorXd& scale) {
  Swing out;
  const Eigen::Index half = run.states.rows() / 2;
  const auto spread = [&](int s, Eigen::Index from, Eigen::Index count) {
    const auto part = run.states.col(s).segment(from, count);
    return (part.maxCoeff() - part.minCoeff()) / scale[s];
  };
  for (int s = 0; s < run.states.cols(); ++s)
    if (const double late = spread(s, half, run.states.rows() - half); late > out.late) {
      out.late = late;
      out.state = s;
    }
  out.early = spread(out.state, 0, half);
  const auto x = run.states.col(out.state);
  double first = 0, last = 0;
  for (Eigen::Index i = 1; i + 1 < x.size(); ++i)
    if ((x[i] - x[i - 1]) * (x[i + 1] - x[i]) < 0) {
      last = run.times_h[static_cast<std::size_t>(i)];
      if (out.turns++ == 0) first = last;
    }
  if (out.turns > 1) out.period_h = 2 * (last - first) / (out.turns - 1);
  return out;
}

bool reads_time(const Model& model, std::span<const double> parameters, std::span<const double> x) {
  if (const auto known = model.clock_use()) return *known != ClockUse::none;
  std::vector<double> drift(x.size());
  for (const double t : {0.0, 0.37, 5.3, 71.0}) {
    model.time_derivative(t, x, parameters, drift);
    if (std::any_of(drift.begin(), drift.end(), [](double d) { return d != 0; })) return true;
  }
  return false;
}

}  // namespace

SteadyState steady_state(const Model& model, std::span<const double> parameters, std::span<const double> initial, const SteadyStateOptions& options) {
  const int states = model.state_count();
  if (static_cast<int>(initial.size()) != states || static_cast<int>(parameters.size()) != model.parameter_count())
    throw InputError("steady state", fmt::format("{} starting values and {} parameters for {} and {}", initial.size(), parameters.size(), states, model.parameter_count()),
                     "give one for each");
  SteadyState out;
  out.totals = conserved_totals(model, parameters, initial);
  out.state = Eigen::Map<const Eigen::VectorXd>(initial.data(), states);
  if (reads_time(model, parameters, initial)) {
    out.outcome = {Status::not_converged, "there is no steady state: the rates depend on time"};
    return out;
  }
  Reduced reduced(model, parameters, out.totals);
  // A state's scale is the largest value it had; one that stays at zero takes the smallest of the others.
  Eigen::VectorXd largest = out.state.cwiseAbs();
  const auto scale = [&] {
    const double floor = largest.maxCoeff() > 0 ? 1e-9 * largest.maxCoeff() : 1.0;
    return Eigen::VectorXd(largest.cwiseMax(floor));
  };
  const auto distance = [&](const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseQuotient(scale().cwiseMax(b.cwiseAbs())).cwiseAbs().maxCoeff(); };
  const auto take = [&](const Eigen::VectorXd& root) {
    out.state = root;
    reduced.linearise(root);
    reduced.finish(scale().cwiseMax(root), out);
  };
  reduced.linearise(out.state);
  if (reduced.rates().cwiseQuotient(scale()).cwiseAbs().maxCoeff() <= 1e-14 * reduced.fastest()) {      // at rest already, stable or not
    take(out.state);
    return out;
  }
  double stretch = reduced.fastest() > 0 && std::isfinite(reduced.fastest()) ? 1 / reduced.fastest() : 1.0;
  long steps = 0;
  double before = std::numeric_limits<double>::infinity();      // distance from the root at the end of the stretch before
  double left_before = before;
  int quiet = 0;
  Swing last;
  std::string unstable;
  while (out.integrated_h < options.longest_h) {
    Eigen::VectorXd root = out.state;
    if (reduced.newton(root, scale(), out.newton_steps)) {
      SteadyState found = out;
      reduced.finish(scale().cwiseMax(root), found);
      const double now = distance(out.state, root);
      if (!found.stable && found.outcome.ok()) unstable = "; the steady state near it is not stable";
      if (found.stable && now < options.near && now <= before) {
        take(root);
        return out;
      }
      before = now;
    } else {
      before = std::numeric_limits<double>::infinity();
      reduced.linearise(out.state);
      // at rest, yet no Newton: what the present rates would still do in all the time so far has fallen, stretch after stretch
      const double left = reduced.rates().cwiseQuotient(scale()).cwiseAbs().maxCoeff() * out.integrated_h;
      quiet = left < 1e-6 * options.near && left <= left_before ? quiet + 1 : 0;
      left_before = left;
      if (quiet > 4) {
        take(out.state);
        if (out.outcome.ok()) out.outcome = {Status::not_converged, "the trajectory rests, but Newton's method does not settle there"};
        return out;
      }
    }
    Experiment experiment;
    experiment.id = "steady state";
    experiment.initial.assign(out.state.begin(), out.state.end());
    for (int i = 0; i <= samples; ++i) experiment.sample_times_h.push_back(stretch * i / samples);
    const SwitchingOptions method{options.relative_tolerance, 1e-6 * options.relative_tolerance * std::max(1e-300, largest.maxCoeff()), std::max(1L, options.step_limit - steps)};
    const Trajectory run = simulate(model, parameters, experiment, method);
    steps += run.work.steps + run.work.rejected;
    if (run.states.rows() > 0) {
      out.state = run.states.bottomRows(1).transpose().cwiseMax(0.0);
      out.integrated_h += run.times_h.back();
    }
    const Eigen::VectorXd earlier = largest, peak = run.states.size() > 0 ? Eigen::VectorXd(run.states.cwiseAbs().colwise().maxCoeff()) : largest;
    const double start_size = std::max(1.0, Eigen::Map<const Eigen::VectorXd>(initial.data(), states).cwiseAbs().maxCoeff());
    largest = largest.cwiseMax(peak);
    int which = 0;
    const bool over = out.integrated_h >= options.longest_h && largest.maxCoeff() > 2 * earlier.maxCoeff();
    if (largest.maxCoeff(&which) > explosion * start_size || over || (!run.outcome.ok() && largest.maxCoeff() > 1e9 * start_size)) {
      out.outcome = {Status::not_converged, fmt::format("there is no steady state: {} grows without bound ({:.2g} at {:.4g} h)", model.states()[static_cast<std::size_t>(which)].name,
                                                        largest[which], out.integrated_h), out.integrated_h};
      return out;
    }
    if (!run.outcome.ok()) {
      out.outcome = run.outcome;
      out.outcome.message = fmt::format("no steady state was reached: {}{}", run.outcome.message, unstable);
      return out;
    }
    const Swing swing = swing_of(run, scale());
    if (swing.sustained() && last.sustained() && std::abs(swing.late / last.late - 1) < 0.1) {
      out.outcome = {Status::not_converged, fmt::format("no steady state is reached: {} oscillates with a period of {:.3g} h and a swing of {:.3g}{}",
                                                        model.states()[static_cast<std::size_t>(last.state)].name, last.period_h, last.late * scale()[last.state], unstable),
                     out.integrated_h};
      return out;
    }
    last = swing;
    stretch *= 3;
  }
  out.outcome = {Status::not_converged, fmt::format("no steady state was reached within {:.3g} h", out.integrated_h), out.integrated_h};
  return out;
}

}  // namespace hyped
