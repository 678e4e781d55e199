// Controllability and observability Gramians over a finite horizon: steps, held pieces of continuous time, and any course in time.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped::control {

// Where the free motion leads and what inputs (outputs) of unit energy add: transition Phi(end, start), and
// controllability W = sum Phi(end, k+1) B_k B_k' Phi(end, k+1)', or its integral; observability M = sum Phi(k, start)' C_k' C_k Phi(k, start).
struct HorizonGramian {
  Eigen::MatrixXd transition, gramian;      // [S x S]
};

// x(k+1) = A_k x(k) + B_k u(k), k = 0 .. K-1: a [K] of [S x S], b [K] of [S x I].
HorizonGramian controllability_gramian(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& b);
// y(k) = C_k x(k), k = 0 .. K: c [K + 1] of [O x S].
HorizonGramian observability_gramian(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& c);

// dx/dt = A x + B u with A and B held for a while. Exact: Van Loan 1978, IEEE Trans Autom Control 23:395, on a short step, then
// doubled (W(2h) = W + Phi W Phi'), so that a stiff or long piece does not lose digits to exp(-A t).
struct HeldPiece {
  double duration_h = 0;
  Eigen::MatrixXd a, b;                     // [S x S], [S x I]
};
HorizonGramian held_gramian(const Eigen::MatrixXd& a, const Eigen::MatrixXd& intensity, double duration_h);      // integral of e^{As} Q e^{A's}
HorizonGramian controllability_gramian(const std::vector<HeldPiece>& pieces);
// y = C x, `b` of a piece being C' [S x O].
HorizonGramian observability_gramian(const std::vector<HeldPiece>& pieces);

// Any A(t), B(t), by an explicit method of error control (stiff systems: use held pieces).
struct GramianCourse {
  HorizonGramian result;
  Outcome outcome;
};
using LinearCourse = std::function<void(double t_h, Eigen::MatrixXd& a, Eigen::MatrixXd& b)>;
GramianCourse controllability_gramian(const LinearCourse& course, int states, double from_h, double until_h, double relative_tolerance = 1e-10);
// b of the course is C(t)' [S x O].
GramianCourse observability_gramian(const LinearCourse& course, int states, double from_h, double until_h, double relative_tolerance = 1e-10);

}  // namespace hyped::control
