// Upper bounds of propensities over a window of time in which inputs vary, for exact thinning.
#pragma once
#include <span>
#include <vector>

#include "libhyped/simulate/segments.hpp"

namespace hyped {

// From the model where it gives bounds (interpreted models: interval arithmetic, valid always). Of others, per reaction the greatest
// value at the corners of the box of the inputs' exact ranges in the window: a bound when a propensity is monotone in each input;
// those that read the clock themselves are also probed at five times, with a margin of one half. Callers must check every value
// against the bound and report a breach.
class PropensityBound {
 public:
  PropensityBound(const Model& model, std::span<const BoundInput> inputs);
  void begin(const Segment& segment, ActiveParameters& active);      // after the segment's events
  bool varying() const { return varying_; }
  // Sum over reactions of the bounds at state x over [from, until], within the segment.
  double operator()(double from, double until, std::span<const double> x, std::span<const double> parameters);

 private:
  bool bounded(double from, double until, std::span<const double> x);
  const Model& model_;
  std::vector<BoundInput> inputs_;
  std::vector<double> corner_, high_, most_, probe_;
  const Segment* segment_ = nullptr;
  bool clocked_ = false, varying_ = false;
};

}  // namespace hyped
