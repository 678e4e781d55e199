// Which states are linear, and one matrix product a node.
#include "models/delivery/linear_doses.hpp"

#include <algorithm>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

namespace hyped::models {

std::optional<LinearDoses> LinearDoses::of(const Model& model, std::span<const double> parameters, int active, std::span<const double> spans_h) {
  const int count = model.state_count();
  const auto size = static_cast<std::size_t>(count);
  std::vector<double> still(size, 0.0), dx(size);
  Linearisation at_rest, elsewhere;
  for (Linearisation* at : {&at_rest, &elsewhere}) at->state.setZero(count, count), at->parameter.setZero(count, model.parameter_count());
  std::vector<double> moved(size);
  for (int i = 0; i < count; ++i) moved[static_cast<std::size_t>(i)] = 0.7 + 0.31 * i;
  model.linearise(0, moved, parameters, dx, elsewhere);
  model.linearise(0, still, parameters, dx, at_rest);      // dx is that of the last
  std::vector<int> reach{active};
  for (std::size_t k = 0; k < reach.size(); ++k)
    for (int j = 0; j < count; ++j)
      if ((at_rest.state(reach[k], j) != 0 || elsewhere.state(reach[k], j) != 0) && std::find(reach.begin(), reach.end(), j) == reach.end()) reach.push_back(j);
  std::sort(reach.begin(), reach.end());
  for (const int i : reach)
    if (dx[static_cast<std::size_t>(i)] != 0 || !(at_rest.state.row(i) - elsewhere.state.row(i)).isZero(1e-14 * (1 + at_rest.state.row(i).cwiseAbs().maxCoeff()))) return std::nullopt;
  if (reach.front() != 0 || active == 0) return std::nullopt;
  LinearDoses out;
  out.a_ = at_rest.state(reach, reach);
  out.active_ = static_cast<int>(std::find(reach.begin(), reach.end(), active) - reach.begin());
  for (const double span : spans_h) out.kept_.emplace_back(span, Eigen::MatrixXd((out.a_ * span).exp()));
  return out;
}

ActiveCourse LinearDoses::follow(std::span<const MediumEvent> events, std::span<const double> times_h, int pulses, bool derivatives) const {
  const auto columns = static_cast<Eigen::Index>(1 + (derivatives ? static_cast<std::size_t>(pulses) + events.size() : 0)), times = static_cast<Eigen::Index>(times_h.size());
  ActiveCourse out{Eigen::MatrixXd(times, columns), Eigen::MatrixXd(times, columns)};
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(a_.rows(), columns), next = x;      // the state, then its derivatives
  Eigen::VectorXd jump;
  std::size_t done = 0;
  const auto happen = [&](std::size_t e) {
    const MediumEvent& event = events[e];
    if (derivatives) {
      jump.noalias() = a_ * x.col(0);
      if (event.wash) jump[0] = 0;
    }
    if (event.wash) x.row(0).setZero();
    else x(0, 0) += event.amount;
    if (!derivatives) return;
    if (!event.wash) x(0, 1 + event.pulse) += 1;
    jump.noalias() -= a_ * x.col(0);
    x.col(1 + pulses + static_cast<Eigen::Index>(e)) += jump;      // a later event leaves the old rates for longer
  };
  double now = times_h.empty() ? 0 : times_h.front();
  const auto advance = [&](double until) {
    const double span = until - now;
    if (!(span > 0)) return;
    const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& kept) { return std::abs(span - kept.first) < 1e-12; });
    if (known != kept_.end()) next.noalias() = known->second * x;
    else next.noalias() = Eigen::MatrixXd((a_ * span).exp()) * x;
    x.swap(next);
    now = until;
  };
  for (Eigen::Index t = 0; t < times; ++t) {
    const double time = times_h[static_cast<std::size_t>(t)];
    for (; done < events.size() && events[done].time_h <= time; ++done) {
      advance(events[done].time_h);
      happen(done);
    }
    advance(time);
    out.values.row(t) = x.row(active_);
    out.slopes.row(t).noalias() = a_.row(active_) * x;
  }
  return out;
}

}  // namespace hyped::models
