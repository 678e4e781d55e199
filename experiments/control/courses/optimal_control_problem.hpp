// A continuous-time optimal control problem: equations, costs and constraints with exact derivatives, and bounds.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "libhyped/model/compiled_model.hpp"

namespace hyped::control {

// F functions at one point (t, x, u); by_time is their derivative at fixed x and u.
struct PointValue {
  Eigen::VectorXd values;                       // [F]
  Eigen::MatrixXd by_state, by_control;         // [F x S], [F x U]
  Eigen::VectorXd by_time;                      // [F]
};
// Gives false where it cannot be evaluated. Called from several threads at once. Functions of the end have no controls (u is empty).
using PointFunction = std::function<bool(double t, const Eigen::VectorXd& x, const Eigen::VectorXd& u, PointValue& out)>;

// minimise terminal_cost(x(end)) + integral of running_cost(t, x, u) dt, dx/dt = dynamics(t, x, u),
// path_lower <= path(t, x, u) <= path_upper, terminal_lower <= terminal(x(end)) <= terminal_upper, bounds below.
// Time runs from start_time to an end between end_lower and end_upper (equal: fixed). Functions may read the clock only if
// reads_clock is set; transcriptions then carry it as one more state. An infinite bound is none; equal bounds fix.
struct OptimalControlProblem {
  std::vector<std::string> states, controls;                        // names [S], [U]
  PointFunction dynamics;                                           // [S]
  PointFunction running_cost = {}, terminal_cost = {};              // [1]; empty: none
  PointFunction path = {}, terminal = {};                           // [C], [E]; empty: none
  Eigen::VectorXd path_lower = {}, path_upper = {}, terminal_lower = {}, terminal_upper = {};
  std::vector<std::string> path_names = {}, terminal_names = {};
  Eigen::VectorXd initial_lower = {}, initial_upper = {};           // [S]
  Eigen::VectorXd final_lower = {}, final_upper = {};               // [S]; empty: free
  Eigen::VectorXd state_lower = {}, state_upper = {};               // [S]; empty: none
  Eigen::VectorXd control_lower = {}, control_upper = {};           // [U]
  double start_time = 0, end_lower = 1, end_upper = 1;
  bool reads_clock = false;
};

// InputError: sizes that do not fit, crossed bounds, an end before the start.
void check_problem(const OptimalControlProblem& problem);
// The same problem without a clock: time is the last state. The problem itself if it reads none.
OptimalControlProblem with_clock(const OptimalControlProblem& problem);
// One more state: the integral of `rate` from the start; its value at the end is held within the bounds (a total dose, for example).
OptimalControlProblem with_integral(const OptimalControlProblem& problem, const std::string& name, const PointFunction& rate, double lower, double upper);

// Any model whose inputs are parameters: those named are the controls, bounds as the model declares them; the others keep their values.
// The start is `initial`, or the model's; the model must outlive the problem. InputError: an unknown input (the nearest names are
// given), an input named twice, sizes, a model whose rates switch at known times (transcriptions would step over them).
OptimalControlProblem control_problem(const Model& model, std::vector<double> parameters, const std::vector<std::string>& inputs, double end_time,
                                      std::vector<double> initial = {});

// Equations written once for double and for automatic derivatives: equations(t, x, u, out) with pointers to S, U and F numbers.
template <int S, int U, int F, class Equations>
PointFunction point_function(Equations equations) {
  return [equations](double t, const Eigen::VectorXd& x, const Eigen::VectorXd& u, PointValue& out) {
    using Jet = ceres::Jet<double, S + U + 1>;
    std::array<Jet, S + U + 1> in;
    std::array<Jet, F> f;
    for (int i = 0; i < S; ++i) in[static_cast<std::size_t>(i)] = Jet(x[i], i);
    for (int i = 0; i < U && i < u.size(); ++i) in[static_cast<std::size_t>(S + i)] = Jet(u[i], S + i);
    equations(Jet(t, S + U), static_cast<const Jet*>(in.data()), static_cast<const Jet*>(in.data() + S), f.data());
    out.values.resize(F);
    out.by_state.resize(F, S);
    out.by_control.resize(F, U);
    out.by_time.resize(F);
    for (int k = 0; k < F; ++k) {
      const Jet& one = f[static_cast<std::size_t>(k)];
      out.values[k] = one.a;
      out.by_state.row(k) = one.v.template head<S>().transpose();
      out.by_control.row(k) = one.v.template segment<U>(S).transpose();
      out.by_time[k] = one.v[S + U];
    }
    return out.values.allFinite();
  };
}

}  // namespace hyped::control
