// Inside the stochastic simulators: exact sample paths of one experiment, one after the other, without allocating.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "libhyped/random.hpp"
#include "libhyped/simulate/event_draws.hpp"
#include "libhyped/simulate/jump_network.hpp"
#include "libhyped/simulate/propensity_bound.hpp"
#include "libhyped/simulate/propensity_choice.hpp"
#include "libhyped/simulate/ssa.hpp"

namespace hyped {

// One object per thread. Everything it refers to must outlive it.
class ExactPath {
 public:
  ExactPath(const JumpNetwork& network, const Plan& plan, std::span<const double> parameters, const Experiment& experiment,
            const SsaOptions& options);

  // Counts [S] at every sample time in order. Throws InputError for a propensity negative at the start.
  Outcome run(std::uint32_t trajectory, const std::function<void(std::span<const double>)>& record);
  long reactions() const { return reactions_; }

 private:
  Outcome advance(double until);
  template <class Choice>
  Outcome advance_by_order(Choice& choice, double until);
  template <int order, class Choice>
  Outcome advance_exact(Choice& choice, double until);
  Outcome advance_thinning(double until);
  Outcome rates_now();
  template <class Choice>
  Outcome renew(Choice& choice);
  template <class Choice>
  Outcome check(Choice& choice);
  Outcome negative(int reaction, double rate) const;

  const JumpNetwork& network_;
  const Plan& plan_;
  const Experiment& experiment_;
  const SsaOptions& options_;
  const bool tree_search_;
  ActiveParameters start_, active_;
  PropensityBound bound_;
  LinearChoice linear_;
  TreeChoice<8> tree_;
  EventDraws draws_{0, 0, 0};
  const JumpNetwork::SegmentRates* rates_ = nullptr;
  std::vector<double> x_, probe_;      // counts [S] and a 1; propensities [R]
  double t_ = 0;
  std::int64_t reactions_ = 0, candidates_ = 0;
};

}  // namespace hyped
