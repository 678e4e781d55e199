// One Experiment in, one Trajectory out: chooses the simulator from what the model declares, and names it in the result.
#pragma once
#include <limits>
#include <span>
#include <variant>
#include <vector>

#include "libhyped/model/model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped {

// Derivatives beside the states. controlled: their own error is held to the tolerances too. frozen: steps are chosen from the
// states alone, and the columns are the derivative of the discrete method with those steps (internal differentiation, Bock 1981):
// cheaper, and consistent with the computed states at any tolerance.
enum class Derivatives { controlled, frozen };
// Tolerances apply to the error estimate per step, max norm of err / (absolute + relative |x|).
struct OdeOptions {
  double relative_tolerance = 1e-8, absolute_tolerance = 1e-10;
  double first_step_h = 0;                 // 0: chosen
  double minimum_step_h = 1e-12;
  long step_limit = 200000;
  double maximum_step_h = std::numeric_limits<double>::infinity();
  Derivatives derivatives = Derivatives::controlled;
};
struct StiffOptions {
  double relative_tolerance = 1e-7, absolute_tolerance = 1e-9;
  double first_step_h = 0, minimum_step_h = 1e-14;
  long step_limit = 200000;
  double maximum_step_h = std::numeric_limits<double>::infinity();
  Derivatives derivatives = Derivatives::controlled;
};
// Starts explicit, goes to the stiff method when the step is limited by stability (Hairer & Wanner II, IV.2) and back when the
// Jacobian's norm allows it; one tolerance for both, states and derivatives carried over.
struct SwitchingOptions {
  double relative_tolerance = 1e-8, absolute_tolerance = 1e-10;
  long step_limit = 200000;                // of each method
  Derivatives derivatives = Derivatives::controlled;
};
// Where rates vary in time. Magnus steps keep every state at or above 0, as likelihoods of counts need; explicit steps (Dormand & Prince, order 8)
// need a fraction of the products, and a state that is nearly 0 may come out below it by the tolerance.
enum class Varying { magnus, explicit_steps };
struct LinearOptions {
  double tolerance = 1e-11;                // relative to the total, truncation of the exponential series
  double magnus_step_h = 0.5;              // longest step where rates vary in time; halved until the estimate is met
  double magnus_tolerance = 1e-8;          // relative to the total, of a step; of explicit ones too
  Varying varying = Varying::magnus;
  std::vector<int> columns;                // parameters to differentiate by, indices; empty: all
};
// Linear -> exact or Magnus (an ODE method when event times are to be differentiated); else ODE, switching between explicit and stiff.
struct Automatic {};
using Method = std::variant<Automatic, OdeOptions, StiffOptions, SwitchingOptions, LinearOptions>;

enum class Sensitivities { none, parameters, parameters_and_event_times };

// Throws InputError for a wrong experiment (unknown target, unsorted times, wrong sizes); numerical failure is in `outcome`.
Trajectory simulate(const Model& model, std::span<const double> parameters, const Experiment& experiment,
                    const Method& method = Automatic{}, Sensitivities sensitivities = Sensitivities::none);

}  // namespace hyped
