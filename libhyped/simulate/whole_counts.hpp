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

// One event on the counts of a path [S]; events on parameters are ignored. Not ok where it takes a count below zero.
Outcome change_counts(const Model& model, const BoundEvent& event, double time_h, std::span<double> counts, RandomStream& random);

// The same on two paths that belong together: each alone follows the same law, and they move together as far as that allows.
Outcome change_counts_together(const Model& model, const BoundEvent& event, double time_h, std::span<double> one, std::span<double> other, RandomStream& random);

}  // namespace hyped
