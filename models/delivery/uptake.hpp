// Unequal uptake: cells of one dish receive different doses, as a few weighted strata.
#pragma once
#include <vector>

namespace hyped::models {

struct Stratum {
  double weight;            // share of the cells; all weights sum to 1
  double relative_dose;     // of the mean dose of transfected cells; 0 in untransfected ones
};

// The untransfected cells (if any) first, then `dose_points` Gauss-Hermite nodes of a log-normal dose with mean 1 and standard
// deviation log_sd of its logarithm. The mean dose over transfected strata is 1. Throws InputError for a fraction outside
// [0, 1], a negative log_sd or less than one point. Nodes: Golub & Welsch 1969, Math Comp 23:221.
std::vector<Stratum> uptake_strata(double transfected_fraction, double log_sd, int dose_points);

}  // namespace hyped::models
