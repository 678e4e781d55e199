// Segments of the truncated chain, events as maps between distributions, and the moments of what is kept.
#include "libhyped/simulate/master_equation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/simulate/truncated_chain.hpp"

namespace hyped {
namespace {

using Eigen::Index;

// States with their probabilities, put together one by one.
struct Masses {
  CountTable table;
  std::vector<double> probability;
  double lost = 0, below = 0;      // below: of an event that took counts below zero
  explicit Masses(int width) : table(width) {}
  void add(std::span<const std::int32_t> counts, double mass) {
    const int i = table.insert(counts);
    if (i == static_cast<int>(probability.size())) probability.push_back(0);
    probability[static_cast<std::size_t>(i)] += mass;
  }
};

// A value as a count: the two next to it with their probabilities, as whole_count() draws them.
template <class Use>
void for_whole(double value, Use&& use) {
  const double floor = std::floor(std::max(value, 0.0)), share = std::max(value, 0.0) - floor;
  use(static_cast<std::int32_t>(floor), 1 - share);
  if (share > 0) use(static_cast<std::int32_t>(floor) + 1, share);
}

// Counts that stay after a scale event, as thinned_count() draws them; probabilities below `least` are left out.
template <class Use>
void for_thinned(std::int32_t count, double factor, double least, Use&& use) {
  const double whole = std::floor(std::max(factor, 0.0)), share = std::max(factor, 0.0) - whole;
  const auto base = static_cast<std::int32_t>(count * whole);
  if (share == 0 || count == 0) return use(base, 1.0);
  const auto mode = static_cast<std::int32_t>(std::min<double>(count, std::floor((count + 1.0) * share)));
  const double odds = share / (1 - share);
  const double top = std::exp(std::lgamma(count + 1.0) - std::lgamma(mode + 1.0) - std::lgamma(count - mode + 1.0) + mode * std::log(share) +
                              (count - mode) * std::log1p(-share));
  double weight = top;
  for (std::int32_t k = mode; k <= count && weight >= least; weight *= odds * (count - k) / (k + 1.0), ++k) use(base + k, weight);
  weight = top * mode / ((count - mode + 1.0) * odds);
  for (std::int32_t k = mode - 1; k >= 0 && weight >= least; weight *= k / ((count - k + 1.0) * odds), --k) use(base + k, weight);
}

// One event on one species of every state; `least` is the probability below which outcomes of a state are left out.
Masses changed(const Masses& from, int species, const BoundEvent& event, int width, double least) {
  Masses to(width);
  to.lost = from.lost;
  std::vector<std::int32_t> counts(static_cast<std::size_t>(width));
  for (int i = 0; i < from.table.size(); ++i) {
    const double mass = from.probability[static_cast<std::size_t>(i)];
    const auto old = from.table[i];
    std::copy(old.begin(), old.end(), counts.begin());
    double used = 0;
    const auto put = [&](std::int32_t count, double share) {
      counts[static_cast<std::size_t>(species)] = count;
      to.add(counts, mass * share);
      used += share;
    };
    const std::int32_t count = old[static_cast<std::size_t>(species)];
    if (event.action == Action::add && count + event.amount < 0) {      // tallied as lost: where that is more than rounding the event is refused
      to.lost += mass;
      to.below += mass;
      continue;
    }
    if (event.action == Action::scale) for_thinned(count, event.amount, least / std::max(mass, least), put);
    else for_whole(after_event(event, count), put);
    to.lost += mass * std::max(0.0, 1 - used);
  }
  return to;
}

Masses initial_masses(const Experiment& experiment) {
  const int width = static_cast<int>(experiment.initial.size());
  Masses masses(width);
  masses.add(std::vector<std::int32_t>(static_cast<std::size_t>(width), 0), 1);
  for (int s = 0; s < width; ++s) {
    BoundEvent set;
    set.amount = experiment.initial[static_cast<std::size_t>(s)];
    masses = changed(masses, s, set, width, 0);
  }
  return masses;
}

void add_sample(const TruncatedChain& chain, double lost, bool snapshot, Index row, const Observables& observables, Distribution& out) {
  const Index all = out.mean.cols(), states = all - observables.count;
  const auto& p = chain.probability();
  double mass = 0;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(all), seen(all), off(all);
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(all, all);
  const auto values = [&](int i) -> const Eigen::VectorXd& {
    seen.head(states) = Eigen::Map<const Eigen::Matrix<std::int32_t, Eigen::Dynamic, 1>>(chain.table()[i].data(), states).cast<double>();
    if (observables.count > 0)
      observables.value(static_cast<int>(row), {seen.data(), static_cast<std::size_t>(states)}, {seen.data() + states, static_cast<std::size_t>(observables.count)});
    return seen;
  };
  for (int i = 0; i < chain.table().size(); ++i) {
    if (!(p[static_cast<std::size_t>(i)] > 0)) continue;
    sum += p[static_cast<std::size_t>(i)] * values(i);
    mass += p[static_cast<std::size_t>(i)];
  }
  const Eigen::VectorXd mean = sum / mass;
  Index kept = 0;
  for (int i = 0; i < chain.table().size(); ++i) {
    if (!(p[static_cast<std::size_t>(i)] > 0)) continue;
    off = values(i) - mean;
    products.noalias() += p[static_cast<std::size_t>(i)] * off * off.transpose();
    ++kept;
  }
  out.mean.row(row) = mean.transpose();
  out.covariance.push_back(products / mass);
  out.truncated_mass = lost;
  if (!snapshot) return;
  auto& one = out.snapshots.emplace_back();
  one.truncated_mass = lost;
  one.states.resize(kept, states);
  one.probability.resize(kept);
  Index at = 0;
  for (int i = 0; i < chain.table().size(); ++i) {
    if (!(p[static_cast<std::size_t>(i)] > 0)) continue;
    one.states.row(at) = Eigen::Map<const Eigen::Matrix<std::int32_t, 1, Eigen::Dynamic>>(chain.table()[i].data(), states);
    one.probability[at++] = p[static_cast<std::size_t>(i)];
  }
}

void check_entry(const Model& model, const JumpNetwork& network, const MasterEquationOptions& options) {
  const std::string where = "master equation of '" + std::string(model.name()) + "'";
  if (!(options.tolerance > 0 && options.tolerance < 1)) throw InputError(where, "the tolerance must lie between 0 and 1");
  if (options.state_limit < 1 || options.state_limit > 1'000'000'000) throw InputError(where, "the limit of states must lie between 1 and 1e9");
  network.require_constant_rates(where);
}

}  // namespace

Distribution simulate_master_equation(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                                      const MasterEquationOptions& options, const Observables& observables) {
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  check_entry(model, network, options);
  const int width = model.state_count();
  Distribution out;
  out.method = "master equation (finite state projection, uniformisation)";
  out.mean.resize(plan.sample_count, width + observables.count);
  TruncatedChain chain(network, options.state_limit);
  Masses masses = initial_masses(experiment);
  double lost = 0;
  const double duration = plan.segments.empty() ? 0 : plan.segments.back().until_h - plan.segments.front().from_h;
  for (std::size_t k = 0; k < plan.segments.size() && out.outcome.ok(); ++k) {
    const Segment& segment = plan.segments[k];
    for (const BoundEvent& event : segment.events) {
      if (event.kind == BoundEvent::Kind::parameter) continue;
      for (int s = 0; s < width; ++s)
        if (out.outcome.ok() && (event.kind == BoundEvent::Kind::all_states || s == event.index)) {
          masses = changed(masses, s, event, width, 1e-7 * options.tolerance);
          if (masses.below > 0.1 * options.tolerance)
            out.outcome = {Status::not_converged, fmt::format("the event at {:.6g} h takes '{}' below zero with probability {:.2g}: amounts are not negative", segment.from_h, model.states()[static_cast<std::size_t>(s)].name, masses.below), segment.from_h};
        }
    }
    if (!out.outcome.ok()) break;
    if (k == 0)
      for (int i = 0; i < masses.table.size(); ++i) {
        const std::vector<double> x(masses.table[i].begin(), masses.table[i].end());
        network.require_rates(segment.from_h, x, network.rates(k));
      }
    lost += masses.lost;
    chain.begin(std::move(masses.table), std::move(masses.probability), network.rates(k), segment.from_h);
    if (!chain.outcome().ok()) {
      out.outcome = chain.outcome();
      break;
    }
    double t = segment.from_h;
    const auto advance = [&](double until) {
      if (until > t && !chain.advance(until - t, 0.9 * options.tolerance * (until - t) / duration)) out.outcome = chain.outcome();
      t = until;
      return out.outcome.ok();
    };
    for (const double sample : segment.samples_h) {
      if (!advance(sample)) break;
      add_sample(chain, lost + chain.lost(), options.snapshots, static_cast<Index>(out.times_h.size()), observables, out);
      out.times_h.push_back(sample);
    }
    if (out.outcome.ok()) advance(segment.until_h);
    lost += chain.lost();
    masses = Masses(width);
    masses.table = chain.table();
    masses.probability = chain.probability();
  }
  out.mean.conservativeResize(static_cast<Index>(out.times_h.size()), Eigen::NoChange);
  out.largest_set = chain.largest();
  out.work.steps = chain.steps();
  out.work.rejected = chain.repeated();
  out.work.rate_calls = chain.rate_calls();
  out.work.products = chain.products();
  if (out.outcome.ok() && lost > options.tolerance)
    out.outcome = {Status::not_converged, "events left out more probability than the tolerance allows", experiment.sample_times_h.back()};
  return out;
}

}  // namespace hyped
