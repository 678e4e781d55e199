// Figures of durations: survival curves with stepped bands and fitted models, fitted densities.
#pragma once
#include "libhyped/store/run_directory.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

// curve: arm, phase, time_h, value, lower, upper, every arm's and phase's rows together and in the order of time; model and density: arm, phase,
// time_h, value; histogram: arm, phase, from_h, to_h, value. Adds the figures survival and duration_densities, each if it has rows; of more than
// four conditions each has panels of its own.
void add_duration_figures(RunDirectory& run, const Table& curve, const Table& model, const Table& density, const Table& histogram);

}  // namespace hyped
