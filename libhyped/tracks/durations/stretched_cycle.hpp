// Populations of cells with given cycle times: growth, ages, and what a BrdU pulse shows if S/G2/M or G2/M stretches with the cycle.
#pragma once
#include <Eigen/Core>
#include <span>

#include "libhyped/errors.hpp"
#include "libhyped/tracks/durations/duration_family.hpp"

namespace hyped {

// Steady exponential growth of cells that all divide, mother and daughters independent: g solves 2 E[exp(-g T)] = 1 and ages have
// density 2 g exp(-g a) S(a). Source: Powell 1956, J Gen Microbiol 15:492; Euler-Lotka.
struct SteadyGrowth {
  double rate_per_h = 0;
  Eigen::Vector3d slope = Eigen::Vector3d::Zero();      // by the family's link-scale parameters
  Outcome outcome;
};
SteadyGrowth steady_growth(const DurationFamily& family, const Eta<double>& eta);

// Percent of all cells that are BrdU-negative with G2/M DNA right after a pulse of p hours, if G2/M is the last k T of a cycle of length T: they
// were in G2/M when the pulse began and have not divided, so their age lies in ((1 - k) T + p, T):
//   100 * 2 E[exp(-g ((1 - k) T + p)) - exp(-g T); k T > p].
// Source: derived from the ages above; the model is that of Dowling et al. 2014, PNAS 111:6377.
struct PulseCourse {
  Eigen::VectorXd percent;               // [pulses]
  Eigen::MatrixXd slope;                 // [pulses x 4] by the family's link-scale parameters, then by k
  double growth_rate_per_h = 0;
  Outcome outcome;
};
PulseCourse brdu_negative_g2m(const DurationFamily& family, const Eta<double>& eta, double k, std::span<const double> pulses_h);

}  // namespace hyped
