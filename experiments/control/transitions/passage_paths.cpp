// The direct method with a look at the target after every reaction.
#include "experiments/control/transitions/passage_paths.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/event_draws.hpp"
#include "libhyped/simulate/jump_network.hpp"
#include "libhyped/simulate/propensity_choice.hpp"
#include "libhyped/simulate/whole_counts.hpp"

namespace hyped::control {
namespace {

struct OnePath {
  double latency = std::numeric_limits<double>::infinity();
  bool held = false;
  long reactions = 0;
  Outcome outcome;
};

OnePath follow(const JumpNetwork& network, const Plan& plan, const Experiment& experiment, const CountSet& target, const PassageOptions& options, int run) {
  OnePath out;
  RandomStream random(options.seed, options.job, static_cast<std::uint32_t>(run));
  EventDraws draws(options.seed, options.job, static_cast<std::uint32_t>(run));
  std::vector<double> x(experiment.initial.size() + 1, 1.0);
  const std::span<double> counts(x.data(), x.size() - 1);
  const std::span<const double> seen(counts);
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const double value = experiment.initial[s];
    counts[s] = value == std::floor(value) ? std::max(value, 0.0) : whole_count(value, random.uniform());
  }
  LinearChoice choice(static_cast<std::size_t>(network.reaction_count()));
  double t = experiment.start_h;
  const auto note = [&] {
    if (!std::isfinite(out.latency) && target.holds(seen)) out.latency = t - experiment.start_h;
    return options.stop_inside && std::isfinite(out.latency);
  };
  const auto fail = [&](Status status, std::string message) { out.outcome = {status, std::move(message), t}; };
  for (std::size_t k = 0; k < plan.segments.size(); ++k) {
    const Segment& segment = plan.segments[k];
    for (const BoundEvent& event : segment.events)
      if (out.outcome = change_counts(network.model(), event, segment.from_h, counts, random); !out.outcome.ok()) return out;
    t = segment.from_h;
    if (note()) break;
    const JumpNetwork::SegmentRates& rates = network.rates(k);
    network.propensities(t, x, rates, choice.values());
    if (const int r = JumpNetwork::first_negative(choice.values()); r >= 0) {
      fail(Status::not_converged, network.negative_rate(r, choice.value(static_cast<std::size_t>(r))));
      return out;
    }
    choice.renew();
    std::vector<double> fresh(static_cast<std::size_t>(network.reaction_count()));
    for (bool stopped = false; !stopped;) {
      const double total = choice.total();
      if (!std::isfinite(total)) {
        fail(Status::not_finite, network.not_finite(choice.values()));
        return out;
      }
      if (!(total > 0)) break;
      double wait, share;
      draws.next(wait, share);
      if (!(t + wait / total < segment.until_h)) break;      // memoryless: drawing anew at the end of the segment is exact
      t += wait / total;
      if (++out.reactions > options.reaction_limit) {
        fail(Status::step_limit, "too many reactions");
        return out;
      }
      const auto fired = static_cast<int>(choice.choose(share));
      for (const JumpNetwork::Change& change : network.changes(fired))
        if ((x[static_cast<std::size_t>(change.state)] += change.amount) < 0) {
          fail(Status::not_converged, network.below_zero(fired, change.state));
          return out;
        }
      const auto dependents = network.dependents(fired);
      network.update(t, x, rates, dependents, fresh);
      for (const int r : dependents) {
        const double rate = fresh[static_cast<std::size_t>(r)];
        if (rate < -1e-12 * total) {
          fail(Status::not_converged, network.negative_rate(r, rate));
          return out;
        }
        choice.set(static_cast<std::size_t>(r), std::max(0.0, rate));
      }
      choice.settle();
      stopped = note();
    }
    if (options.stop_inside && std::isfinite(out.latency)) break;
    t = segment.until_h;
  }
  out.held = options.stop_inside ? std::isfinite(out.latency) : target.holds(seen);
  return out;
}

}  // namespace

int Passages::reached() const {
  return static_cast<int>(std::count_if(latency_h.begin(), latency_h.end(), [](double t) { return std::isfinite(t); }));
}
int Passages::held_count() const { return static_cast<int>(std::count(held.begin(), held.end(), 1)); }

Passages sample_passages(const Model& model, std::span<const double> parameters, const Experiment& experiment, const CountSet& target, const PassageOptions& options) {
  if (options.runs < 1) throw InputError("first passage", "at least one run is needed");
  if (experiment.sample_times_h.empty()) throw InputError("first passage", "the experiment has no end", "give one sample time");
  if (target.lower.size() != static_cast<std::size_t>(model.state_count())) throw InputError("first passage", "the target is not of the model's size");
  const Plan plan = plan_of(model, parameters, experiment);
  const JumpNetwork network(model, parameters, plan);
  network.require_constant_rates("first passage of '" + std::string(model.name()) + "'");
  std::vector<OnePath> paths(static_cast<std::size_t>(options.runs));
  parallel_for((options.runs + 15) / 16, [&](int batch) {
    for (int k = 16 * batch; k < std::min(options.runs, 16 * (batch + 1)); ++k) paths[static_cast<std::size_t>(k)] = follow(network, plan, experiment, target, options, k);
  });
  Passages out;
  out.horizon_h = experiment.sample_times_h.back() - experiment.start_h;
  for (const OnePath& path : paths) {
    if (out.outcome.ok() && !path.outcome.ok()) out.outcome = path.outcome;
    out.latency_h.push_back(path.latency);
    out.held.push_back(path.held ? 1 : 0);
    out.reactions += path.reactions;
  }
  return out;
}

}  // namespace hyped::control
