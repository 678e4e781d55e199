// Matrix exponentials of the Hamiltonian system, backward for the Riccati solution and forward for the state.
#include "experiments/control/optimal/linear_quadratic.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <fmt/format.h>

#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

namespace hyped::control {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
constexpr const char* where = "tracking problem";

void check(const TrackingProblem& p) {
  const Eigen::Index s = p.a.rows(), u = p.b.cols(), k = static_cast<Eigen::Index>(p.times.size());
  const bool fits = p.a.cols() == s && p.b.rows() == s && (p.drift.size() == 0 || p.drift.size() == s) && p.state_weight.rows() == s && p.state_weight.cols() == s &&
                    p.control_weight.rows() == u && p.control_weight.cols() == u && p.end_weight.rows() == s && p.end_weight.cols() == s && p.initial.size() == s &&
                    p.reference.rows() == k && p.reference.cols() == s && k >= 2;
  if (!fits) throw InputError(where, fmt::format("sizes do not fit {} states, {} inputs and {} times", s, u, k), "see the shapes in linear_quadratic.hpp");
  for (std::size_t i = 1; i < p.times.size(); ++i)
    if (!(p.times[i] > p.times[i - 1])) throw InputError(where, "times do not increase", "sort them");
  for (const Matrix* m : {&p.state_weight, &p.control_weight, &p.end_weight})
    if (!m->isApprox(m->transpose(), 1e-10) && m->norm() > 0) throw InputError(where, "a weight is not symmetric", "give symmetric weights");
  if (Eigen::LLT<Matrix>(p.control_weight).info() != Eigen::Success) throw InputError(where, "the weight of the controls is not positive definite", "give every control a cost");
}

}  // namespace

TrackingSolution track(const TrackingProblem& p) {
  check(p);
  const Eigen::Index s = p.a.rows(), last = static_cast<Eigen::Index>(p.times.size()) - 1;
  const Vector drift = p.drift.size() ? p.drift : Vector::Zero(s);
  const Matrix gain = p.control_weight.llt().solve(p.b.transpose());      // R^-1 B'
  // d/dt (x, lambda, integral of cost parts aside, r, r') : r = reference, linear in the step.
  Matrix system = Matrix::Zero(4 * s + 1, 4 * s + 1);
  system.block(0, 0, s, s) = p.a;
  system.block(0, s, s, s) = -p.b * gain;
  system.block(s, 0, s, s) = -p.state_weight;
  system.block(s, s, s, s) = -p.a.transpose();
  system.block(s, 2 * s, s, s) = p.state_weight;
  system.block(2 * s, 3 * s, s, s) = Matrix::Identity(s, s);
  system.block(0, 4 * s, s, 1) = drift;
  TrackingSolution out;
  out.riccati.resize(static_cast<std::size_t>(last) + 1);
  out.offsets.resize(last + 1, s);
  out.states.resize(last + 1, s);
  out.controls.resize(last + 1, p.b.cols());
  const auto known = [&](Eigen::Index k) {      // r, r', 1 in step k
    Vector v(2 * s + 1);
    const Vector slope = (p.reference.row(k + 1) - p.reference.row(k)) / (p.times[static_cast<std::size_t>(k) + 1] - p.times[static_cast<std::size_t>(k)]);
    v << p.reference.row(k).transpose(), slope, 1;
    return v;
  };
  std::vector<Matrix> carried(static_cast<std::size_t>(last));
  out.riccati.back() = p.end_weight;
  out.offsets.row(last) = -p.end_weight * p.reference.row(last).transpose();
  for (Eigen::Index k = last; k-- > 0;) {
    const auto i = static_cast<std::size_t>(k);
    carried[i] = (system * (p.times[i + 1] - p.times[i])).exp();
    const Matrix& e = carried[i];
    // lambda_end = P x_end + s_end with (x_end, lambda_end) = E (x, lambda) + known parts: solved for lambda.
    const Matrix& next = out.riccati[i + 1];
    const Vector parts = known(k), x_part = e.block(0, 2 * s, s, 2 * s + 1) * parts, l_part = e.block(s, 2 * s, s, 2 * s + 1) * parts;
    const Eigen::FullPivLU<Matrix> left(e.block(s, s, s, s) - next * e.block(0, s, s, s));
    if (!left.isInvertible()) {
      out.outcome = {Status::singular, "the Riccati step is singular: give a finer grid", p.times[i]};
      return out;
    }
    Matrix now = left.solve(next * e.block(0, 0, s, s) - e.block(s, 0, s, s));
    out.riccati[i] = 0.5 * (now + now.transpose());
    out.offsets.row(k) = left.solve(next * x_part + out.offsets.row(k + 1).transpose() - l_part);
  }
  Vector x = p.initial;
  // The cost's integrand is quadratic in (x, lambda, r, r', 1): its integral over a step by Van Loan's block exponential.
  Matrix weight = Matrix::Zero(4 * s + 1, 4 * s + 1);
  weight.block(0, 0, s, s) = p.state_weight;
  weight.block(0, 2 * s, s, s) = -p.state_weight;
  weight.block(2 * s, 0, s, s) = -p.state_weight;
  weight.block(2 * s, 2 * s, s, s) = p.state_weight;
  weight.block(s, s, s, s) = gain.transpose() * p.control_weight * gain;
  const Eigen::Index n = 4 * s + 1;
  for (Eigen::Index k = 0; k <= last; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const Vector lambda = out.riccati[i] * x + out.offsets.row(k).transpose();
    out.states.row(k) = x;
    out.controls.row(k) = -gain * lambda;
    if (k == last) break;
    Vector all(n);
    all << x, lambda, known(k);
    Matrix block = Matrix::Zero(2 * n, 2 * n);
    block.topLeftCorner(n, n) = -system.transpose();
    block.topRightCorner(n, n) = weight;
    block.bottomRightCorner(n, n) = system;
    const Matrix e = (block * (p.times[i + 1] - p.times[i])).exp();
    out.cost += 0.5 * all.dot(e.bottomRightCorner(n, n).transpose() * e.topRightCorner(n, n) * all);
    x = (carried[i] * all).head(s);
  }
  const Vector miss = x - p.reference.row(last).transpose();
  out.cost += 0.5 * miss.dot(p.end_weight * miss);
  return out;
}

Vector LeastEnergyTransfer::control(const Matrix& a, const Matrix& b, double time_left) const { return b.transpose() * ((a.transpose() * time_left).exp() * weights); }

LeastEnergyTransfer least_energy_transfer(const Matrix& a, const Matrix& b, const Vector& from, const Vector& to, double duration) {
  const Eigen::Index s = a.rows();
  if (a.cols() != s || b.rows() != s || from.size() != s || to.size() != s || !(duration > 0))
    throw InputError("transfer", fmt::format("sizes do not fit {} states, or the duration {:.6g} is not positive", s, duration), "give A [S x S], B [S x U], states [S] and a positive duration");
  Matrix block = Matrix::Zero(2 * s, 2 * s);
  block.topLeftCorner(s, s) = -a;
  block.topRightCorner(s, s) = b * b.transpose();
  block.bottomRightCorner(s, s) = a.transpose();
  const Matrix e = (block * duration).exp();
  const Matrix gramian = e.bottomRightCorner(s, s).transpose() * e.topRightCorner(s, s);      // W
  const Vector gap = to - e.bottomRightCorner(s, s).transpose() * from;
  LeastEnergyTransfer transfer;
  const Eigen::FullPivLU<Matrix> lu(0.5 * (gramian + gramian.transpose()));
  transfer.weights = lu.solve(gap);
  if ((gramian * transfer.weights - gap).norm() > 1e-8 * std::max(1e-300, gap.norm())) {
    transfer.outcome = {Status::singular, "these inputs cannot reach the target"};
    return transfer;
  }
  transfer.energy = 0.5 * gap.dot(transfer.weights);
  return transfer;
}

}  // namespace hyped::control
