// Inside tau-leaping: leaping paths alone, and pairs of a leaping and an exact path driven by the same reactions.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "libhyped/random.hpp"
#include "libhyped/simulate/jump_network.hpp"
#include "libhyped/simulate/leap_selection.hpp"
#include "libhyped/simulate/propensity_choice.hpp"
#include "libhyped/simulate/tau_leap.hpp"

namespace hyped {

// One object per thread; everything it refers to must outlive it. The leaping path has the same law alone and in a pair.
class LeapPath {
 public:
  LeapPath(const JumpNetwork& network, const Plan& plan, const Experiment& experiment, const TauLeapOptions& options);

  // Counts [S] of the leaping path at every sample time.
  Outcome run(std::uint32_t trajectory, const std::function<void(std::span<const double>)>& record);
  // The same of the leaping and of the exact path.
  Outcome run_pair(std::uint32_t trajectory, const std::function<void(std::span<const double>, std::span<const double>)>& record);
  long steps() const { return steps_; }

 private:
  // Counts [S] with a 1 behind them, and propensities [R].
  struct Side {
    std::vector<double> x, a;
  };
  template <class Advance, class Sample>
  Outcome along_plan(bool pair, Advance&& advance, Sample&& sample);
  Outcome advance(double until);
  Outcome advance_pair(double until);
  Outcome begin_leap(double until);
  Outcome fire(Side& side, std::size_t reaction);
  Outcome refresh(Side& side);
  Outcome stopped(Status status, std::string message) const { return {status, std::move(message), t_}; }
  std::span<double> counts(Side& side) const { return {side.x.data(), side.x.size() - 1}; }
  void join(std::size_t reaction) { either_.set(reaction, std::max(leaping_.a[reaction], exact_.a[reaction])); }

  const JumpNetwork& network_;
  const Plan& plan_;
  const Experiment& experiment_;
  const TauLeapOptions& options_;
  LeapSelection selection_;
  RandomStream random_{0, 0, 0};
  const JumpNetwork::SegmentRates* rates_ = nullptr;
  Side leaping_, exact_;
  LinearChoice either_;               // in a pair: the greater of the two rates
  std::vector<double> firings_;       // [R] of the leap under way
  double t_ = 0, leap_end_ = 0;
  int singly_ = 0;                    // reactions still to be simulated singly
  bool leap_under_way_ = false;
  std::int64_t steps_ = 0;
};

}  // namespace hyped
