// The single-cell chain behind a first-order network: master equation and sampled paths.
#include "libhyped/simulate/ctmc.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/first_order.hpp"
#include "libhyped/simulate/propensity_bound.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {
namespace {

using Eigen::Index;

// Reactions of one cell: from a stage to a stage, to division or to death.
struct CellChain {
  static constexpr int divided = -1, died = -2, stays = -3;
  std::vector<int> source, target;      // [R]

  CellChain(const Model& model, std::span<const double> parameters, const Experiment& experiment) {
    const auto refuse = [&](const std::string& why) {
      throw InputError("single cell", "model '" + std::string(model.name()) + "' " + why, "choose a first-order network of cells");
    };
    if (model.clock_use().value_or(ClockUse::none) != ClockUse::none) refuse("has rates that read time, which its structure at the start does not show");
    const auto network = first_order_structure(model, experiment.start_h, parameters);
    if (!network) refuse("is not a first-order network");
    const Eigen::MatrixXd change = stoichiometry_matrix(model);
    for (Index r = 0; r < change.rows(); ++r) {
      if (network->constant[r] != 0) refuse("has an inflow, which belongs to no cell");
      int from = -1, to = stays;
      for (Index s = 0; s < change.cols(); ++s)
        if (network->coefficient(r, s) != 0) {
          if (from >= 0) refuse("has a reaction with two sources");
          from = static_cast<int>(s);
        }
      for (Index s = 0; s < change.cols(); ++s)
        if (change(r, s) < (s == from ? -1 : 0)) refuse("has a reaction that takes a second cell");
      const double products = change.row(r).sum() + 1;
      if (products == 0) to = died;
      if (products >= 2) to = divided;
      if (products == 1)
        for (Index s = 0; s < change.cols(); ++s)
          if (change(r, s) > 0) to = static_cast<int>(s);
      source.push_back(from);
      target.push_back(to);
    }
  }
};

// Probability that the cell is kept by a scale event; refuses events that have no meaning for one cell.
double kept(const BoundEvent& event) {
  if (event.action != Action::scale || !(event.amount >= 0 && event.amount <= 1))
    throw InputError("single cell, event " + std::to_string(event.number), "on cells only 'scale' between 0 and 1 has a meaning",
                     "put the cell where it starts by the initial state");
  return event.amount;
}

void refuse_events(const Plan& plan) {
  for (const Segment& segment : plan.segments)
    for (const BoundEvent& event : segment.events)
      if (event.kind != BoundEvent::Kind::parameter) kept(event);
}

std::vector<double> distribution(const Experiment& experiment) {
  std::vector<double> p = experiment.initial;
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  if (!(total > 0) || std::ranges::any_of(p, [](double value) { return value < 0; }))
    throw InputError("single cell", "the initial state is not a distribution over stages");
  for (double& value : p) value /= total;
  return p;
}

// dP/dt of [stages | divided | died].
struct MasterEquation {
  const Model& model;
  const CellChain& chain;
  ActiveParameters& active;
  Index states;
  std::vector<double> ones, rate;
  WorkCounters work{};

  void operator()(double t, const double* p, double* dp) {
    ++work.rate_calls;
    model.propensities(t, ones, active.at(t), rate);
    std::fill(dp, dp + states + 2, 0.0);
    for (std::size_t r = 0; r < rate.size(); ++r) {
      if (chain.target[r] == CellChain::stays || chain.source[r] < 0) continue;
      const double flow = rate[r] * p[chain.source[r]];
      dp[chain.source[r]] -= flow;
      dp[chain.target[r] >= 0 ? chain.target[r] : states - 1 - chain.target[r]] += flow;
    }
  }
};

}  // namespace

Occupancy simulate_occupancy(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                             const OdeOptions& options) {
  const Plan plan = plan_of(model, parameters, experiment);
  refuse_events(plan);
  const CellChain chain(model, parameters, experiment);
  const Index states = model.state_count();
  ActiveParameters active(parameters, plan.inputs);
  MasterEquation equation{model, chain, active, states, std::vector<double>(static_cast<std::size_t>(states), 1),
                          std::vector<double>(chain.source.size())};
  DormandPrince stepper(states + 2, {}, options);
  Eigen::VectorXd p = Eigen::VectorXd::Zero(states + 2);
  std::ranges::copy(distribution(experiment), p.data());

  Occupancy out;
  const Index times = plan.sample_count;
  out.stage.resize(times, states);
  for (Eigen::VectorXd* v : {&out.divided, &out.died, &out.lost}) v->setZero(times);
  double lost = 0;
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events) {
      if (event.kind == BoundEvent::Kind::parameter) {
        active.apply(event);
        continue;
      }
      for (Index s = 0; s < states; ++s) {
        if (event.kind == BoundEvent::Kind::state && s != event.index) continue;
        lost += p[s] * (1 - kept(event));
        p[s] *= kept(event);
      }
    }
    active.begin(segment.until_h);
    stepper.restart();
    double t = segment.from_h;
    for (const double sample : segment.samples_h) {
      if (sample > t) out.outcome = stepper.advance(equation, t, sample, p);
      if (!out.outcome.ok()) break;
      const auto row = static_cast<Index>(out.times_h.size());
      out.stage.row(row) = p.head(states).transpose();
      out.divided[row] = p[states];
      out.died[row] = p[states + 1];
      out.lost[row] = lost;
      out.times_h.push_back(sample);
    }
    if (out.outcome.ok() && segment.until_h > t) out.outcome = stepper.advance(equation, t, segment.until_h, p);
    if (!out.outcome.ok()) break;
  }
  const auto reached = static_cast<Index>(out.times_h.size());
  out.stage.conservativeResize(reached, states);
  for (Eigen::VectorXd* v : {&out.divided, &out.died, &out.lost}) v->conservativeResize(reached);
  out.work = equation.work;
  return out;
}

CellPath sample_cell(const Model& model, std::span<const double> parameters, const Experiment& experiment, RandomStream& random) {
  constexpr double window_h = 1;
  const Plan plan = plan_of(model, parameters, experiment);
  refuse_events(plan);
  const CellChain chain(model, parameters, experiment);
  ActiveParameters active(parameters, plan.inputs);
  PropensityBound bound(model, plan.inputs);
  std::vector<double> x(static_cast<std::size_t>(model.state_count()), 0), rate(chain.source.size());

  CellPath path;
  const std::vector<double> start = distribution(experiment);
  double target = random.uniform();
  int stage = 0;
  for (int s = 0; s < static_cast<int>(start.size()); ++s)
    if (start[static_cast<std::size_t>(s)] > 0) {
      stage = s;
      if ((target -= start[static_cast<std::size_t>(s)]) < 0) break;
    }
  x[static_cast<std::size_t>(stage)] = 1;
  path.entry_h.push_back(experiment.start_h);
  path.stage.push_back(stage);
  const auto finish = [&](double t, CellPath::End end) {
    path.end_h = t;
    path.end = end;
    return path;
  };
  double t = experiment.start_h;
  for (const Segment& segment : plan.segments) {
    for (const BoundEvent& event : segment.events) {
      if (event.kind == BoundEvent::Kind::parameter)
        active.apply(event);
      else if ((event.kind == BoundEvent::Kind::all_states || event.index == stage) && random.uniform() >= kept(event))
        return finish(segment.from_h, CellPath::End::lost);
    }
    active.begin(segment.until_h);
    bound.begin(segment, active);
    t = segment.from_h;
    while (t < segment.until_h) {
      const double end = bound.varying() ? std::min(segment.until_h, t + window_h) : segment.until_h;
      const double top = bound(t, end, x, active.at(t));
      if (!std::isfinite(top)) {
        path.outcome = {Status::not_finite, "a rate is not finite", t};
        return finish(t, CellPath::End::censored);
      }
      const double next = top > 0 ? t + random.exponential() / top : end;
      if (!(next < end)) {
        t = end;
        continue;
      }
      t = next;
      model.propensities(t, x, active.at(t), rate);
      double choice = random.uniform() * top;
      if (std::accumulate(rate.begin(), rate.end(), 0.0) > top) {
        path.outcome = {Status::not_converged, "a rate exceeded its bound in a window", t};
        return finish(t, CellPath::End::censored);
      }
      for (std::size_t r = 0; r < rate.size(); ++r) {
        if ((choice -= rate[r]) >= 0) continue;
        const int to = chain.target[r];
        if (to == CellChain::divided) return finish(t, CellPath::End::divided);
        if (to == CellChain::died) return finish(t, CellPath::End::died);
        if (to == CellChain::stays) break;
        x[static_cast<std::size_t>(stage)] = 0;
        stage = to;
        x[static_cast<std::size_t>(stage)] = 1;
        path.entry_h.push_back(t);
        path.stage.push_back(stage);
        break;
      }
    }
  }
  return finish(t, CellPath::End::censored);
}

}  // namespace hyped
