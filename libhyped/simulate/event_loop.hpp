// Inside the ODE simulators: the loop over segments and samples that every stepper shares.
#pragma once
#include <utility>

#include "libhyped/simulate/variational.hpp"

namespace hyped {

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
  for (const Segment& segment : system.plan().segments) {
    double t = segment.from_h;
    system.begin(segment);
    stepper.restart();
    for (const double sample : segment.samples_h) {
      if (sample > t) out.outcome = stepper.advance(system, t, sample, y);
      if (out.outcome.ok() && !y.allFinite()) out.outcome = {Status::not_finite, "an event made the state infinite", t};
      if (!out.outcome.ok()) break;
      record(sample);
    }
    if (out.outcome.ok() && segment.until_h > t) out.outcome = stepper.advance(system, t, segment.until_h, y);
    if (!out.outcome.ok()) break;
  }
  if (!out.outcome.ok()) out.outcome.state.assign(y.data(), y.data() + states);
  out.states.conservativeResize(static_cast<Eigen::Index>(out.times_h.size()), states);
  out.work = system.work;
  return out;
}

}  // namespace hyped
