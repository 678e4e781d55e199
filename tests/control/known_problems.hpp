// Optimal control problems whose answers are known, or known to be bang-bang.
#pragma once
#include <cmath>

#include "experiments/control/courses/optimal_control_problem.hpp"

namespace hyped::tests {

using control::OptimalControlProblem;
using control::point_function;

inline Eigen::VectorXd vector(std::initializer_list<double> values) { return Eigen::Map<const Eigen::VectorXd>(values.begin(), static_cast<Eigen::Index>(values.size())); }

// A problem of two states and one input; the rest is set by each.
template <class Dynamics>
OptimalControlProblem two_states(Dynamics dynamics, Eigen::VectorXd start, double lowest, double highest, double end_lower, double end_upper) {
  OptimalControlProblem p;
  p.states = {"x1", "x2"};
  p.controls = {"u"};
  p.dynamics = point_function<2, 1, 2>(dynamics);
  p.initial_lower = p.initial_upper = start;
  p.control_lower = vector({lowest});
  p.control_upper = vector({highest});
  p.end_lower = end_lower;
  p.end_upper = end_upper;
  return p;
}
inline auto double_integrator() {
  return [](auto, const auto* x, const auto* u, auto* f) { f[0] = x[1], f[1] = u[0]; };
}
inline auto oscillator() {
  return [](auto, const auto* x, const auto* u, auto* f) { f[0] = x[1], f[1] = -x[0] + u[0]; };
}

inline OptimalControlProblem to_rest_in_least_time(OptimalControlProblem p) {
  p.running_cost = point_function<2, 1, 1>([](auto, const auto* x, const auto*, auto* l) { l[0] = 0.0 * x[0] + 1.0; });
  p.final_lower = p.final_upper = vector({0, 0});
  return p;
}
inline OptimalControlProblem with_least_energy(OptimalControlProblem p, Eigen::VectorXd target) {
  p.running_cost = point_function<2, 1, 1>([](auto, const auto*, const auto* u, auto* l) { l[0] = 0.5 * u[0] * u[0]; });
  p.final_lower = p.final_upper = target;
  return p;
}

// Stabilise a Van der Pol oscillator within 10 units of time (the standing example of optimal control packages).
inline OptimalControlProblem van_der_pol(double highest) {
  auto p = two_states([](auto, const auto* x, const auto* u, auto* f) { f[0] = (1.0 - x[1] * x[1]) * x[0] - x[1] + u[0], f[1] = x[0]; }, vector({0, 1}), -1, highest, 10, 10);
  p.running_cost = point_function<2, 1, 1>([](auto, const auto* x, const auto* u, auto* l) { l[0] = x[0] * x[0] + x[1] * x[1] + u[0] * u[0]; });
  return p;
}

// A -> B -> C in a batch, the temperature [K] chosen so that most B is there after an hour: Ray 1981, Advanced Process Control;
// published yields, on coarser grids than the layer at the start asks for, are 0.6100 to 0.6108 (Dadebo & McAuley 1995, Comput Chem Eng
// 19:513: 0.610775).
inline OptimalControlProblem batch_reactor() {
  auto p = two_states(
      [](auto, const auto* x, const auto* u, auto* f) {
        using std::exp;
        const auto first = 4000.0 * exp(-2500.0 / u[0]) * x[0] * x[0], second = 6.2e5 * exp(-5000.0 / u[0]) * x[1];
        f[0] = -first, f[1] = first - second;
      },
      vector({1, 0}), 298, 398, 1, 1);
  p.terminal_cost = point_function<2, 1, 1>([](auto, const auto* x, const auto*, auto* c) { c[0] = -x[1]; });
  return p;
}

// Cell-cycle specific chemotherapy in compartments G1/S and G2/M: a killing agent acts at division, what it costs healthy cells is its
// integral. Model A of Swierniak, Ledzewicz & Schaettler 2003, Int J Appl Math Comput Sci 13:357. Rates 1/day as in their examples'
// order of size; nothing below is compared with a number of theirs.
struct Chemotherapy {
  double a1 = 0.197, a2 = 0.356, highest = 0.95, days = 7, weight = 3;
  Eigen::VectorXd start = vector({0.7, 0.3});
};
inline OptimalControlProblem chemotherapy(const Chemotherapy& c) {
  auto p = two_states(
      [c](auto, const auto* x, const auto* u, auto* f) { f[0] = -c.a1 * x[0] + 2.0 * (1.0 - u[0]) * c.a2 * x[1], f[1] = c.a1 * x[0] - c.a2 * x[1]; }, c.start, 0, c.highest, c.days, c.days);
  p.states = {"G1/S", "G2/M"};
  p.controls = {"killing"};
  p.running_cost = point_function<2, 1, 1>([](auto, const auto*, const auto* u, auto* l) { l[0] = u[0]; });
  p.terminal_cost = point_function<2, 1, 1>([c](auto, const auto* x, const auto*, auto* l) { l[0] = c.weight * (x[0] + x[1]); });
  return p;
}

// Model B of the same paper: G1, S, G2/M, with a blocking agent that holds cells in S beside the killing one.
inline OptimalControlProblem blocked_chemotherapy(double days, double weight) {
  OptimalControlProblem p;
  p.states = {"G1", "S", "G2/M"};
  p.controls = {"killing", "blocking"};
  p.dynamics = point_function<3, 2, 3>([](auto, const auto* x, const auto* u, auto* f) {
    constexpr double a1 = 0.197, a2 = 0.395, a3 = 0.107;
    f[0] = -a1 * x[0] + 2.0 * (1.0 - u[0]) * a3 * x[2];
    f[1] = a1 * x[0] - (1.0 - u[1]) * a2 * x[1];
    f[2] = (1.0 - u[1]) * a2 * x[1] - a3 * x[2];
  });
  p.running_cost = point_function<3, 2, 1>([](auto, const auto*, const auto* u, auto* l) { l[0] = u[0] + 0.01 * u[1]; });
  p.terminal_cost = point_function<3, 2, 1>([weight](auto, const auto* x, const auto*, auto* l) { l[0] = weight * (x[0] + x[1] + x[2]); });
  p.initial_lower = p.initial_upper = vector({0.3, 0.15, 0.55});
  p.control_lower = vector({0, 0});
  p.control_upper = vector({0.95, 0.3});
  p.end_lower = p.end_upper = days;
  return p;
}

}  // namespace hyped::tests
