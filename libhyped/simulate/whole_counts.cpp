// Fractions by chance, thinning by the binomial distribution.
#include "libhyped/simulate/whole_counts.hpp"

#include <algorithm>
#include <cmath>

namespace hyped {

double whole_count(double value, double u) {
  const double floor = std::floor(std::max(value, 0.0));
  return floor + (value > floor && u < value - floor ? 1 : 0);
}

double thinned_count(double count, double factor, RandomStream& random) {
  const double whole = std::floor(std::max(factor, 0.0)), share = std::max(factor, 0.0) - whole;
  return count * whole + static_cast<double>(random.binomial(static_cast<std::int64_t>(count), share));
}

Outcome change_counts(const Model& model, const BoundEvent& event, double time_h, std::span<double> counts, RandomStream& random) {
  Outcome outcome;
  if (event.kind == BoundEvent::Kind::parameter) return outcome;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (event.kind == BoundEvent::Kind::state && static_cast<int>(i) != event.index) continue;
    if (outcome.ok()) outcome = event_outcome(model, event, static_cast<int>(i), counts[i], after_event(event, counts[i]), time_h);
    counts[i] = event.action == Action::scale ? thinned_count(counts[i], event.amount, random)
                                              : whole_count(after_event(event, counts[i]), random.uniform());
  }
  return outcome;
}

Outcome change_counts_together(const Model& model, const BoundEvent& event, double time_h, std::span<double> one, std::span<double> other, RandomStream& random) {
  Outcome outcome;
  if (event.kind == BoundEvent::Kind::parameter) return outcome;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (event.kind == BoundEvent::Kind::state && static_cast<int>(i) != event.index) continue;
    if (event.action == Action::scale) {
      const double shared = std::min(one[i], other[i]), kept = thinned_count(shared, event.amount, random);
      one[i] = kept + thinned_count(one[i] - shared, event.amount, random);
      other[i] = kept + thinned_count(other[i] - shared, event.amount, random);
    } else {
      const double u = random.uniform();
      const double least = std::min(one[i], other[i]);
      if (outcome.ok()) outcome = event_outcome(model, event, static_cast<int>(i), least, after_event(event, least), time_h);
      one[i] = whole_count(after_event(event, one[i]), u);
      other[i] = whole_count(after_event(event, other[i]), u);
    }
  }
  return outcome;
}

}  // namespace hyped
