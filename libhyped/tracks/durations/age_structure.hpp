// From how long phases last in single cells to how a population of them grows: age-structured, exact up to a stated step.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

// One phase of the cycle; the last one ends in a division. survival(t): probability to be still in it t hours after entering (1 at 0).
struct PhaseLaw {
  std::string phase;
  std::function<double(double)> survival;
};

// Balanced growth: growth rate r [1/h] solves 2 prod_k E[exp(-r T_k)] = 1 (Euler-Lotka), and the shares of the phases then.
struct BalancedAges {
  double growth_rate_per_h = 0;
  Eigen::VectorXd shares;                       // [K], sums to 1
  Outcome outcome;                              // not_converged: cells that never progress keep the population from growing
};
// Sources: Powell 1956, J Gen Microbiol 15:492; Webb 1985, Theory of Nonlinear Age-Dependent Population Dynamics.
BalancedAges balanced_ages(const std::vector<PhaseLaw>& cycle);

// Cells of each phase at the start, and their ages within it: as in balanced growth, or all just entered.
struct AgeStart {
  Eigen::VectorXd cells;                        // [K]
  bool just_entered = false;
};
struct AgeCourse {
  std::vector<double> times_h;
  Eigen::MatrixXd cells;                        // [T x K] expected
  double step_error = 0;                        // largest relative difference of totals to half the step
};
// Renewal equation by the midpoint rule, second order in `step_h`; death [1/h] acts on all alike.
AgeCourse age_course(const std::vector<PhaseLaw>& cycle, const AgeStart& start, const std::vector<double>& times_h, double death_per_h = 0, double step_h = 0.05);

// The Erlang stay nearest to a law: same mean, number of stages by least distance between the distribution functions (what staged models need).
struct ErlangStay {
  int stages = 1;
  double mean_h = 0, distance = 0, at_h = 0;    // distance: largest difference of the distribution functions, and where
};
ErlangStay nearest_erlang(const PhaseLaw& law, int most_stages = 60);
double mean_of(const PhaseLaw& law);            // [h]; infinity if some never leave

}  // namespace hyped
