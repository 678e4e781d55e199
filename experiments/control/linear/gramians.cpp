// Recursions, Van Loan's block exponential with doubling, and the differential Lyapunov equation.
#include "experiments/control/linear/gramians.hpp"

#include <fmt/format.h>

#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

#include "libhyped/simulate/dormand_prince.hpp"
#include "libhyped/simulate/trajectory.hpp"

namespace hyped::control {
namespace {

Eigen::MatrixXd symmetric(const Eigen::MatrixXd& m) { return 0.5 * (m + m.transpose()); }

void require_square(const Eigen::MatrixXd& a, Eigen::Index states, std::size_t k) {
  if (a.rows() != states || a.cols() != states) throw InputError(fmt::format("step {}", k), fmt::format("has a matrix of {} x {}, not {} x {}", a.rows(), a.cols(), states, states), "");
}

// y = [vec Gramian, vec transition].
struct LyapunovRates {
  const LinearCourse& course;
  Eigen::Index n;
  bool observed;
  double end;
  Eigen::MatrixXd a, b;
  WorkCounters work;
  void operator()(double t, const double* y, double* dy) {
    course(t, a, b);
    const Eigen::Map<const Eigen::MatrixXd> w(y, n, n), phi(y + n * n, n, n);
    Eigen::Map<Eigen::MatrixXd> dw(dy, n, n), dphi(dy + n * n, n, n);
    dphi.noalias() = a * phi;
    if (observed) {
      const Eigen::MatrixXd seen = b.transpose() * phi;
      dw.noalias() = seen.transpose() * seen;
    } else {
      dw.noalias() = a * w + w * a.transpose() + b * b.transpose();
    }
  }
};

GramianCourse integrate(const LinearCourse& course, int states, double from, double until, double tolerance, bool observed) {
  if (!(until > from)) throw InputError("horizon", fmt::format("ends at {:g} h and starts at {:g} h", until, from), "");
  const Eigen::Index n = states;
  LyapunovRates rates{course, n, observed, until, {}, {}, {}};
  course(from, rates.a, rates.b);
  require_square(rates.a, n, 0);
  Eigen::VectorXd y = Eigen::VectorXd::Zero(2 * n * n);
  Eigen::Map<Eigen::MatrixXd>(y.data() + n * n, n, n).setIdentity();
  OdeOptions options;
  options.relative_tolerance = tolerance, options.absolute_tolerance = 1e-3 * tolerance;
  DormandPrince method(2 * n * n, {}, options);      // no derivative columns
  double t = from;
  GramianCourse out;
  out.outcome = method.advance(rates, t, until, y);
  out.result = {Eigen::Map<Eigen::MatrixXd>(y.data() + n * n, n, n), symmetric(Eigen::Map<Eigen::MatrixXd>(y.data(), n, n))};
  return out;
}

}  // namespace

HorizonGramian controllability_gramian(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& b) {
  if (a.empty() || a.size() != b.size()) throw InputError("horizon", fmt::format("has {} steps and {} input matrices", a.size(), b.size()), "give one of each a step");
  const Eigen::Index n = a[0].rows();
  HorizonGramian out{Eigen::MatrixXd::Identity(n, n), Eigen::MatrixXd::Zero(n, n)};
  for (std::size_t k = 0; k < a.size(); ++k) {
    require_square(a[k], n, k);
    out.gramian = symmetric(a[k] * out.gramian * a[k].transpose() + b[k] * b[k].transpose());
    out.transition = (a[k] * out.transition).eval();
  }
  return out;
}

HorizonGramian observability_gramian(const std::vector<Eigen::MatrixXd>& a, const std::vector<Eigen::MatrixXd>& c) {
  if (c.size() != a.size() + 1) throw InputError("horizon", fmt::format("has {} steps and {} output matrices", a.size(), c.size()), "give one output matrix a time, one more than steps");
  const Eigen::Index n = c[0].cols();
  HorizonGramian out{Eigen::MatrixXd::Identity(n, n), c[0].transpose() * c[0]};
  for (std::size_t k = 0; k < a.size(); ++k) {
    require_square(a[k], n, k);
    out.transition = (a[k] * out.transition).eval();
    const Eigen::MatrixXd seen = c[k + 1] * out.transition;
    out.gramian += seen.transpose() * seen;
  }
  return out;
}

HorizonGramian held_gramian(const Eigen::MatrixXd& a, const Eigen::MatrixXd& intensity, double duration) {
  const Eigen::Index n = a.rows();
  if (!(duration > 0) || !std::isfinite(duration)) throw InputError("piece", fmt::format("lasts {:g} h", duration), "a duration is positive");
  const double size = a.cwiseAbs().rowwise().sum().maxCoeff() * duration;
  const int doublings = size > 0.5 ? static_cast<int>(std::ceil(std::log2(size / 0.5))) : 0;
  const double h = std::ldexp(duration, -doublings);
  Eigen::MatrixXd block = Eigen::MatrixXd::Zero(2 * n, 2 * n);
  block.topLeftCorner(n, n) = -a * h;
  block.topRightCorner(n, n) = intensity * h;
  block.bottomRightCorner(n, n) = a.transpose() * h;
  const Eigen::MatrixXd exponential = block.exp();
  HorizonGramian out;
  out.transition = exponential.bottomRightCorner(n, n).transpose();
  out.gramian = symmetric(out.transition * exponential.topRightCorner(n, n));
  for (int d = 0; d < doublings; ++d) {
    out.gramian = symmetric(out.gramian + out.transition * out.gramian * out.transition.transpose());
    out.transition = (out.transition * out.transition).eval();
  }
  return out;
}

HorizonGramian controllability_gramian(const std::vector<HeldPiece>& pieces) {
  if (pieces.empty()) throw InputError("horizon", "has no piece", "");
  const Eigen::Index n = pieces[0].a.rows();
  HorizonGramian out{Eigen::MatrixXd::Identity(n, n), Eigen::MatrixXd::Zero(n, n)};
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    require_square(pieces[k].a, n, k);
    const HorizonGramian one = held_gramian(pieces[k].a, pieces[k].b * pieces[k].b.transpose(), pieces[k].duration_h);
    out.gramian = symmetric(one.transition * out.gramian * one.transition.transpose() + one.gramian);
    out.transition = (one.transition * out.transition).eval();
  }
  return out;
}

HorizonGramian observability_gramian(const std::vector<HeldPiece>& pieces) {
  if (pieces.empty()) throw InputError("horizon", "has no piece", "");
  const Eigen::Index n = pieces[0].a.rows();
  HorizonGramian out{Eigen::MatrixXd::Identity(n, n), Eigen::MatrixXd::Zero(n, n)};
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    require_square(pieces[k].a, n, k);
    const HorizonGramian one = held_gramian(pieces[k].a.transpose(), pieces[k].b * pieces[k].b.transpose(), pieces[k].duration_h);
    out.gramian = symmetric(out.gramian + out.transition.transpose() * one.gramian * out.transition);
    out.transition = (one.transition.transpose() * out.transition).eval();
  }
  return out;
}

GramianCourse controllability_gramian(const LinearCourse& course, int states, double from, double until, double tolerance) { return integrate(course, states, from, until, tolerance, false); }
GramianCourse observability_gramian(const LinearCourse& course, int states, double from, double until, double tolerance) { return integrate(course, states, from, until, tolerance, true); }

}  // namespace hyped::control
