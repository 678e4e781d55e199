// Leaps with Poisson numbers of reactions; pairs by the split of each reaction into what both, one or the other do.
#include "libhyped/simulate/leap_path.hpp"

#include <cmath>

#include "libhyped/simulate/whole_counts.hpp"

namespace hyped {
namespace {

constexpr int single_reactions = 100;      // simulated singly where a leap does not pay

}  // namespace

LeapPath::LeapPath(const JumpNetwork& network, const Plan& plan, const Experiment& experiment, const TauLeapOptions& options)
    : network_(network), plan_(plan), experiment_(experiment), options_(options), selection_(network, options.epsilon),
      either_(static_cast<std::size_t>(network.reaction_count())), firings_(static_cast<std::size_t>(network.reaction_count())) {
  for (Side* side : {&leaping_, &exact_}) {
    side->x.resize(static_cast<std::size_t>(network.state_count()) + 1);
    side->a.resize(firings_.size());
  }
}

template <class Advance, class Sample>
Outcome LeapPath::along_plan(bool pair, Advance&& advance, Sample&& sample) {
  steps_ = 0;
  for (std::size_t i = 0; i + 1 < leaping_.x.size(); ++i) leaping_.x[i] = whole_count(experiment_.initial[i], random_.uniform());
  leaping_.x.back() = 1;
  exact_.x = leaping_.x;
  for (std::size_t k = 0; k < plan_.segments.size(); ++k) {
    const Segment& segment = plan_.segments[k];
    for (const BoundEvent& event : segment.events) {
      const Outcome outcome = pair ? change_counts_together(network_.model(), event, segment.from_h, counts(leaping_), counts(exact_), random_)
                                   : change_counts(network_.model(), event, segment.from_h, counts(leaping_), random_);
      if (!outcome.ok()) return outcome;
    }
    rates_ = &network_.rates(k);
    t_ = segment.from_h;
    singly_ = 0;
    leap_under_way_ = false;
    if (k == 0) network_.require_rates(t_, leaping_.x, *rates_);
    Outcome outcome;
    if (pair && !(outcome = refresh(exact_)).ok()) return outcome;
    for (const double time : segment.samples_h) {
      if (!(outcome = advance(time)).ok()) return outcome;
      sample();
    }
    if (!(outcome = advance(segment.until_h)).ok()) return outcome;
  }
  return {};
}

Outcome LeapPath::run(std::uint32_t trajectory, const std::function<void(std::span<const double>)>& record) {
  random_ = RandomStream(options_.seed, options_.job, trajectory);
  return along_plan(false, [&](double until) { return advance(until); }, [&] { record(counts(leaping_)); });
}

Outcome LeapPath::run_pair(std::uint32_t trajectory, const std::function<void(std::span<const double>, std::span<const double>)>& record) {
  random_ = RandomStream(options_.seed, options_.job, trajectory | 0x80000000u);
  return along_plan(true, [&](double until) { return advance_pair(until); }, [&] { record(counts(leaping_), counts(exact_)); });
}

Outcome LeapPath::refresh(Side& side) {
  network_.propensities(t_, side.x, *rates_, side.a);
  if (const int r = JumpNetwork::first_negative(side.a); r >= 0) return stopped(Status::not_converged, network_.negative_rate(r, side.a[static_cast<std::size_t>(r)]));
  for (const double a : side.a)
    if (!std::isfinite(a)) return stopped(Status::not_finite, network_.not_finite(side.a));
  return {};
}

// One reaction, with the propensities it changes.
Outcome LeapPath::fire(Side& side, std::size_t reaction) {
  for (const auto& [state, amount] : network_.changes(static_cast<int>(reaction)))
    if ((side.x[static_cast<std::size_t>(state)] += amount) < 0) return stopped(Status::not_converged, network_.below_zero(static_cast<int>(reaction), state));
  const auto dependents = network_.dependents(static_cast<int>(reaction));
  network_.update(t_, side.x, *rates_, dependents, side.a);
  for (const int r : dependents) {
    double& a = side.a[static_cast<std::size_t>(r)];
    if (!std::isfinite(a)) return stopped(Status::not_finite, network_.not_finite(side.a));
    if (a < -1e-9) return stopped(Status::not_converged, network_.negative_rate(r, a));
    a = std::max(a, 0.0);
  }
  return {};
}

// Propensities of the leaping path as they are now, and how it goes on: singly, or leaping to leap_end_.
Outcome LeapPath::begin_leap(double until) {
  if (const Outcome outcome = refresh(leaping_); !outcome.ok()) return outcome;
  const LeapChoice choice = selection_.choose(counts(leaping_), leaping_.a);
  if (choice.exact) {
    singly_ = single_reactions;
  } else {
    leap_end_ = std::min(until, t_ + choice.leap_h);
    leap_under_way_ = true;
    std::ranges::fill(firings_, 0.0);
  }
  return {};
}

Outcome LeapPath::advance(double until) {
  while (t_ < until) {
    if (singly_ == 0)
      if (const Outcome outcome = begin_leap(until); !outcome.ok()) return outcome;
    if (++steps_ > options_.step_limit) return stopped(Status::step_limit, "too many steps");
    double total = 0;      // of what is simulated singly
    for (std::size_t r = 0; r < firings_.size(); ++r)
      if (singly_ > 0 || selection_.critical()[r]) total += leaping_.a[r];
    const double end = singly_ > 0 ? until : leap_end_, next = total > 0 ? t_ + random_.exponential() / total : end;
    std::size_t single = firings_.size();
    if (next < end) {
      double target = random_.uniform() * total;
      for (std::size_t r = 0; r < firings_.size() && target >= 0; ++r) {
        if (!(leaping_.a[r] > 0) || (singly_ == 0 && !selection_.critical()[r])) continue;
        target -= leaping_.a[r];
        single = r;
      }
    }
    const double from = t_;
    t_ = std::min(next, end);
    if (singly_ > 0) {
      if (single == firings_.size()) continue;      // nothing before `until`
      --singly_;
      if (const Outcome outcome = fire(leaping_, single); !outcome.ok()) return outcome;
    } else {
      for (std::size_t r = 0; r < firings_.size(); ++r)
        firings_[r] = selection_.critical()[r] ? (r == single) : static_cast<double>(random_.poisson(leaping_.a[r] * (t_ - from)));
      selection_.apply(firings_, counts(leaping_));
    }
  }
  return {};
}

Outcome LeapPath::advance_pair(double until) {
  while (t_ < until) {
    if (singly_ == 0 && !leap_under_way_) {
      if (const Outcome outcome = begin_leap(until); !outcome.ok()) return outcome;
      for (std::size_t r = 0; r < firings_.size(); ++r) either_.values()[r] = std::max(leaping_.a[r], exact_.a[r]);
      either_.renew();
    }
    const double end = leap_under_way_ ? leap_end_ : until, total = either_.total();
    const double next = total > 0 ? t_ + random_.exponential() / total : end;
    bool leap_ends = next >= end && leap_under_way_;
    t_ = std::min(next, end);
    if (next < end) {
      if (++steps_ > options_.step_limit) return stopped(Status::step_limit, "too many steps");
      const std::size_t r = either_.choose(random_.uniform());
      const double share = random_.uniform() * either_.value(r);
      const bool leaping_fires = share < leaping_.a[r], exact_fires = share < exact_.a[r];
      if (exact_fires)
        if (const Outcome outcome = fire(exact_, r); !outcome.ok()) return outcome;
      if (leaping_fires && leap_under_way_) {
        ++firings_[r];
        leap_ends = selection_.critical()[r];
      } else if (leaping_fires) {
        --singly_;
        if (const Outcome outcome = fire(leaping_, r); !outcome.ok()) return outcome;
      }
      for (const int changed : network_.dependents(static_cast<int>(r))) join(static_cast<std::size_t>(changed));
      either_.settle();
    }
    if (leap_ends) {
      selection_.apply(firings_, counts(leaping_));
      leap_under_way_ = false;
    }
  }
  return {};
}

}  // namespace hyped
