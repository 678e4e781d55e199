// The steady state that a start leads to: on its conserved totals, non-negative, with stability and exact derivatives.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <span>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/simulate/conserved_totals.hpp"

namespace hyped {

struct SteadyStateOptions {
  double relative_tolerance = 1e-6;      // of the integration that leads there; the state itself is Newton's, to rounding
  long step_limit = 200000;              // of the integration, in all
  double longest_h = 1e12;
  double near = 0.01;                    // largest distance of the trajectory from the root, relative to each state's largest value
};

struct SteadyState {
  Eigen::VectorXd state;                              // [S] natural units; where the integration stopped if there is none
  std::vector<ConservedTotal> totals;                 // of the start [k]
  std::vector<std::complex<double>> eigenvalues;      // [S - k] of the Jacobian along what can move [1/h], by falling real part
  bool stable = false;                                // all real parts clearly negative
  Eigen::MatrixXd by_parameter;                       // d state / d parameter at constant totals [S x P]
  Eigen::MatrixXd by_total;                           // d state / d total [S x k]
  double largest_rate = 0;                            // max |dx/dt| over the states' largest values [1/h]
  double integrated_h = 0;                            // time to where Newton took over
  int newton_steps = 0;
  Outcome outcome;                                    // not_converged: none is reached (oscillates, grows, rates depend on time);
                                                      // singular: reached, but not isolated, and without derivatives
};

// Integrates from `initial` [S] over growing times and tries Newton's method from every end; a root counts when it is stable,
// non-negative and what the trajectory comes closer to. Autonomous models only. Throws InputError for wrong sizes.
// Sources: Kelley & Keyes 1998, SIAM J Numer Anal 35:508 (transients before Newton); Fiedler et al. 2016, BMC Syst Biol 10:80
// (derivatives by the implicit function theorem).
SteadyState steady_state(const Model& model, std::span<const double> parameters, std::span<const double> initial, const SteadyStateOptions& options = {});

// Where starts a little beside `initial` lead: each state moved by up to a millionth of itself (what is 0 and made: of the largest), by
// shares that no symmetry of the model has, one way and the other. Empty when both lead to where `found` is (within a hundredth);
// else the two ends: the start lies on the border between basins, or rests where it cannot stay, and rounding decides.
std::vector<SteadyState> ends_beside(const Model& model, std::span<const double> parameters, std::span<const double> initial, const SteadyState& found,
                                     const SteadyStateOptions& options = {});

}  // namespace hyped
