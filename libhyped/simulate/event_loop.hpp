// Inside the ODE simulators: the loop over segments and samples that every stepper shares.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "libhyped/simulate/variational.hpp"

namespace hyped {

// Whose rate is not finite at the last good point; empty where all are.
inline std::string not_finite_rate(VariationalSystem& system, double t) {
  const Model& model = system.model();
  const std::span<const double> x(system.y().data(), static_cast<std::size_t>(system.state_count())), p = system.parameters().at(t);
  std::vector<double> rate(static_cast<std::size_t>(model.reaction_count()));
  model.propensities(system.clock(t), x, p, rate);
  for (std::size_t r = 0; r < rate.size(); ++r)
    if (!std::isfinite(rate[r])) return "the rate of reaction '" + model.reaction_name(static_cast<int>(r)) + "' is not finite";
  rate.resize(x.size());
  model.rates(system.clock(t), x, p, rate);
  for (std::size_t s = 0; s < rate.size(); ++s)
    if (!std::isfinite(rate[s])) return "the rate of '" + std::string(model.states()[s].name) + "' is not finite";
  return "";
}

// A stepper has restart() (the right-hand side changed) and advance(system, t, until, y) -> Outcome, which ends exactly at
// `until` or says why not; t and y are then the last good ones.
template <class Stepper>
Trajectory follow(VariationalSystem& system, Stepper& stepper, std::string method) {
  const Eigen::Index states = system.state_count(), columns = system.column_count();
  Trajectory out;
  out.method = std::move(method);
  out.sensitivity_columns = system.column_names();
  out.states.resize(system.plan().sample_count, states);
  Eigen::VectorXd& y = system.y();
  const auto record = [&](double t) {
    out.states.row(static_cast<Eigen::Index>(out.times_h.size())) = y.head(states).transpose();
    out.times_h.push_back(t);
    if (columns > 0) out.sensitivities.emplace_back(Eigen::Map<Eigen::MatrixXd>(y.data() + states, states, columns));
  };
  const double longest = system.plan().longest_step_h;
  if (std::isfinite(longest)) out.method += fmt::format(", steps of at most {:.3g} h: a condition on time has no times known beforehand", longest);
  out.one_sided = system.one_sided();
  const auto advance = [&](double& t, double until) {
    while (out.outcome.ok() && t < until) out.outcome = stepper.advance(system, t, until - t > longest ? t + longest : until, y);
    if (out.outcome.status != Status::not_finite) return;
    if (const std::string whose = not_finite_rate(system, t); !whose.empty()) out.outcome.message = whose;
  };
  for (const Segment& segment : system.plan().segments) {
    double t = segment.from_h;
    out.outcome = system.begin(segment);
    stepper.restart();
    for (const double sample : segment.samples_h) {
      advance(t, sample);
      if (!out.outcome.ok()) break;
      record(sample);
    }
    advance(t, segment.until_h);
    if (!out.outcome.ok()) break;
  }
  if (!out.outcome.ok()) out.outcome.state.assign(y.data(), y.data() + states);
  out.states.conservativeResize(static_cast<Eigen::Index>(out.times_h.size()), states);
  out.work = system.work;
  return out;
}

}  // namespace hyped
