// The direct method: constant propensities between reactions, or thinning against a bound where inputs vary.
#include "libhyped/simulate/exact_path.hpp"

#include <cmath>

#include "libhyped/simulate/whole_counts.hpp"

namespace hyped {

ExactPath::ExactPath(const JumpNetwork& network, const Plan& plan, std::span<const double> parameters, const Experiment& experiment,
                     const SsaOptions& options)
    : network_(network), plan_(plan), experiment_(experiment), options_(options),
      tree_search_(options.search == ReactionSearch::tree ||
                   (options.search == ReactionSearch::by_size && network.reaction_count() >= tree_from_reactions)),
      start_(parameters, plan.inputs), active_(start_), bound_(network.model(), plan.inputs),
      linear_(static_cast<std::size_t>(network.reaction_count())), tree_(static_cast<std::size_t>(network.reaction_count())),
      x_(static_cast<std::size_t>(network.state_count()) + 1), probe_(static_cast<std::size_t>(network.reaction_count())) {}

Outcome ExactPath::run(std::uint32_t trajectory, const std::function<void(std::span<const double>)>& record) {
  RandomStream random(options_.seed, options_.job, trajectory);
  draws_ = EventDraws(options_.seed, options_.job, trajectory);
  active_ = start_;
  reactions_ = candidates_ = 0;
  const std::span<double> counts(x_.data(), x_.size() - 1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double value = experiment_.initial[i];
    counts[i] = value == std::floor(value) ? std::max(value, 0.0) : whole_count(value, random.uniform());
  }
  x_.back() = 1;
  for (std::size_t k = 0; k < plan_.segments.size(); ++k) {
    const Segment& segment = plan_.segments[k];
    for (const BoundEvent& event : segment.events) {
      if (const Outcome outcome = change_counts(network_.model(), event, segment.from_h, counts, random); !outcome.ok()) return outcome;
      if (event.kind == BoundEvent::Kind::parameter) active_.apply(event);
    }
    rates_ = &network_.rates(k);
    active_.begin(segment.until_h);
    t_ = segment.from_h;
    if (k == 0) network_.require_rates(t_, counts, *rates_);
    Outcome outcome;
    if (rates_->varying) bound_.begin(segment, active_);
    else if (!(outcome = tree_search_ ? renew(tree_) : renew(linear_)).ok()) return outcome;
    for (const double sample : segment.samples_h) {
      if (!(outcome = advance(sample)).ok()) return outcome;
      record(counts);
    }
    if (!(outcome = advance(segment.until_h)).ok()) return outcome;
    if (!rates_->varying && !(outcome = tree_search_ ? check(tree_) : check(linear_)).ok()) return outcome;
  }
  return {};
}

Outcome ExactPath::negative(int reaction, double rate) const { return {Status::not_converged, network_.negative_rate(reaction, rate), t_}; }

template <class Choice>
Outcome ExactPath::renew(Choice& choice) {
  network_.propensities(t_, x_, *rates_, choice.values());
  if (const int r = JumpNetwork::first_negative(choice.values()); r >= 0) return negative(r, choice.value(static_cast<std::size_t>(r)));
  choice.renew();
  return {};
}

// What was kept up to date event by event against the model itself.
template <class Choice>
Outcome ExactPath::check(Choice& choice) {
  network_.model().propensities(rates_->clock(t_), {x_.data(), x_.size() - 1}, rates_->parameters, probe_);
  for (std::size_t r = 0; r < probe_.size(); ++r) {
    if (std::abs(std::max(probe_[r], 0.0) - choice.value(r)) <= 1e-9 * std::abs(probe_[r]) || probe_[r] < 0) continue;
    if (!std::isfinite(probe_[r])) return {Status::not_finite, network_.not_finite(probe_), t_};
    return {Status::not_converged, "the rate of reaction '" + network_.model().reaction_name(static_cast<int>(r)) +
            "' depends on the state in a way that probing did not find: give the model's propensity_reads", t_};
  }
  return {};
}

Outcome ExactPath::advance(double until) {
  if (rates_->varying) return advance_thinning(until);
  return tree_search_ ? advance_by_order(tree_, until) : advance_by_order(linear_, until);
}

template <class Choice>
Outcome ExactPath::advance_by_order(Choice& choice, double until) {
  if (rates_->coefficient.empty()) return advance_exact<0>(choice, until);
  switch (network_.order()) {
    case 1: return advance_exact<1>(choice, until);
    case 2: return advance_exact<2>(choice, until);
    default: return advance_exact<3>(choice, until);
  }
}

template <int order, class Choice>
Outcome ExactPath::advance_exact(Choice& choice, double until) {
  double* const x = x_.data();
  const double* const coefficient = rates_->coefficient.data();
  const JumpNetwork::MassAction* const forms = network_.mass_action().data();
  double t = t_;
  const auto stop = [&](Status status, std::string message) {
    t_ = t;
    return Outcome{status, std::move(message), t};
  };
  while (true) {
    const double total = choice.total();
    if (!(total > 0)) {
      if (std::isnan(total)) return stop(Status::not_finite, network_.not_finite(choice.values()));
      break;
    }
    double wait, share;
    draws_.next(wait, share);
    const double next = t + wait / total;
    if (!(next < until)) break;      // memoryless: drawing anew at `until` is exact
    if (!std::isfinite(total)) return stop(Status::not_finite, network_.not_finite(choice.values()));
    if (reactions_ >= options_.reaction_limit) return stop(Status::step_limit, "too many reactions");
    t = next;
    const std::size_t fired = choice.choose(share);
    ++reactions_;
    for (const JumpNetwork::Change& change : network_.changes(static_cast<int>(fired))) {
      const double now = x[change.state] + change.amount;
      x[change.state] = now;
      if (now < 0) [[unlikely]] return stop(Status::not_converged, network_.below_zero(static_cast<int>(fired), change.state));
    }
    const std::span<const int> dependents = network_.dependents(static_cast<int>(fired));
    if constexpr (order == 0)
      network_.model().propensities_of(rates_->clock(t), {x, x_.size() - 1}, rates_->parameters, dependents, probe_);
    for (const int r : dependents) {
      const auto i = static_cast<std::size_t>(r);
      double rate;
      if constexpr (order == 0) {
        rate = probe_[i];
      } else {
        const auto& [state, shift, _] = forms[i];
        rate = coefficient[i] * x[state[0]];
        if constexpr (order > 1) rate *= x[state[1]] - shift[1];
        if constexpr (order > 2) rate *= x[state[2]] - shift[2];
      }
      if (rate < 0) [[unlikely]] {
        if (rate < -1e-12 * total) {
          t_ = t;
          return negative(r, rate);
        }
        rate = 0;
      }
      choice.set(i, rate);
    }
    choice.settle();
    if (reactions_ % 4096 == 0) {
      t_ = t;
      if (const Outcome outcome = check(choice); !outcome.ok()) return outcome;
    }
  }
  t_ = until;
  return {};
}

// Every propensity now; the first that is negative or not finite ends the path.
Outcome ExactPath::rates_now() {
  network_.model().propensities(rates_->clock(t_), {x_.data(), x_.size() - 1}, active_.at(t_), linear_.values());
  if (const int r = JumpNetwork::first_negative(linear_.values()); r >= 0) return negative(r, linear_.value(static_cast<std::size_t>(r)));
  linear_.renew();
  if (!std::isfinite(linear_.total())) return {Status::not_finite, network_.not_finite(linear_.values()), t_};
  return {};
}

Outcome ExactPath::advance_thinning(double until) {
  const std::span<const double> counts(x_.data(), x_.size() - 1);
  double window = options_.window_h;
  while (t_ < until) {
    if (const Outcome outcome = rates_now(); !outcome.ok()) return outcome;
    double end = std::min(until, t_ + window), top = bound_(t_, end, counts, active_.at(t_));
    // far above the rates a shorter window's bound is worth its cost
    while (!(top <= 4 * linear_.total() + 1 / window) && end - t_ > 1e-9 * options_.window_h) {
      end = t_ + (end - t_) / 2;
      top = bound_(t_, end, counts, active_.at(t_));
    }
    window = std::min(options_.window_h, 2 * (end - t_));
    while (true) {
      if (!std::isfinite(top)) return {Status::not_finite, "the rates have no bound", t_};
      double wait, share;
      draws_.next(wait, share);
      const double next = top > 0 ? t_ + wait / top : end;
      if (!(next < end)) break;
      if (++candidates_ > options_.reaction_limit) return {Status::step_limit, "too many reactions", t_};
      t_ = next;
      if (const Outcome outcome = rates_now(); !outcome.ok()) return outcome;
      const double total = linear_.total();
      if (!(total <= top)) return {Status::not_converged, "a propensity exceeded its bound in a window", t_};
      if (share * top >= total) continue;
      const std::size_t fired = linear_.choose(share * top / total);
      ++reactions_;
      for (const JumpNetwork::Change& change : network_.changes(static_cast<int>(fired)))
        if ((x_[static_cast<std::size_t>(change.state)] += change.amount) < 0)
          return {Status::not_converged, network_.below_zero(static_cast<int>(fired), change.state), t_};
      top = bound_(t_, end, counts, active_.at(t_));
    }
    t_ = end;
  }
  return {};
}

}  // namespace hyped
