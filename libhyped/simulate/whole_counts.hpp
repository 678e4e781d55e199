// Inside the stochastic simulators: how counts stay whole at the start and at events.
#pragma once
#include <span>

#include "libhyped/random.hpp"
#include "libhyped/simulate/segments.hpp"

namespace hyped {

// A value as a count: negative ones are 0, a fraction becomes one with that probability, decided by u in (0, 1).
double whole_count(double value, double u);

// A scale event on one count: the whole part of the factor is kept of everyone, the rest binomially.
double thinned_count(double count, double factor, RandomStream& random);

// One event on the counts of a path [S]; events on parameters are ignored.
void change_counts(const BoundEvent& event, std::span<double> counts, RandomStream& random);

// The same on two paths that belong together: each alone follows the same law, and they move together as far as that allows.
void change_counts_together(const BoundEvent& event, std::span<double> one, std::span<double> other, RandomStream& random);

}  // namespace hyped
