// Corner maxima over the inputs' ranges.
#include "libhyped/simulate/propensity_bound.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "libhyped/simulate/first_order.hpp"

namespace hyped {

PropensityBound::PropensityBound(const Model& model, std::span<const BoundInput> inputs)
    : model_(model), inputs_(inputs.begin(), inputs.end()), corner_(static_cast<std::size_t>(model.parameter_count())),
      most_(static_cast<std::size_t>(model.reaction_count())), probe_(most_.size()) {}

void PropensityBound::begin(const Segment& segment, ActiveParameters& active) {
  segment_ = &segment;
  const auto use = model_.clock_use();
  clocked_ = segment.until_h > segment.from_h &&
             (use ? *use == ClockUse::smooth || *use == ClockUse::unresolved : depends_on_time(model_, active.after(segment.from_h), segment.from_h, segment.until_h));
  varying_ = clocked_ || !inputs_.empty();
}

bool PropensityBound::bounded(double from, double until, std::span<const double> x) {
  high_ = corner_;
  for (const BoundInput& input : inputs_)
    std::tie(corner_[static_cast<std::size_t>(input.parameter)], high_[static_cast<std::size_t>(input.parameter)]) = input.course->range(from, std::nextafter(until, from));
  return model_.propensity_bounds(segment_->inside(from), segment_->inside(until), x, corner_, high_, most_);
}

double PropensityBound::operator()(double from, double until, std::span<const double> x, std::span<const double> parameters) {
  std::ranges::copy(parameters, corner_.begin());
  std::ranges::fill(most_, 0.0);
  if (bounded(from, until, x)) {
    double total = 0;
    for (const double a : most_) total += std::max(0.0, a);
    return total * (1 + 1e-9);
  }
  for (std::size_t mask = 0; mask < (std::size_t{1} << inputs_.size()); ++mask) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto [low, high] = inputs_[i].course->range(from, std::nextafter(until, from));
      corner_[static_cast<std::size_t>(inputs_[i].parameter)] = mask >> i & 1 ? high : low;
    }
    for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      model_.propensities(from + share * (until - from), x, corner_, probe_);
      for (std::size_t r = 0; r < most_.size(); ++r) most_[r] = std::max(most_[r], probe_[r]);
      if (!clocked_) break;
    }
  }
  double total = 0;
  for (const double a : most_) total += a;
  return total * (clocked_ ? 1.5 : 1 + 1e-9);
}

}  // namespace hyped
