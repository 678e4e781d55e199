// Adjoints by the transposed flow, switching functions, the Hamiltonian and its minimum over the controls.
#include <cmath>

#include <Eigen/LU>

#include "experiments/control/courses/first_order_conditions.hpp"
#include "experiments/control/courses/interval_flow.hpp"

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;

// L and f at one point, and H with the size of its terms.
struct Here {
  PointValue rates, cost;
  bool at(const OptimalControlProblem& p, const Vector& x, const Vector& u) {
    if (!p.dynamics(0, x, u, rates)) return false;
    if (p.running_cost) return p.running_cost(0, x, u, cost);
    cost.values.setZero(1);
    cost.by_control.setZero(1, u.size());
    return true;
  }
  double hamiltonian(const Vector& lambda) const { return cost.values[0] + lambda.dot(rates.values); }
  double size(const Vector& lambda) const { return std::abs(cost.values[0]) + lambda.cwiseAbs().dot(rates.values.cwiseAbs()); }
  Vector switching(const Vector& lambda) const { return cost.by_control.row(0).transpose() + rates.by_control.transpose() * lambda; }
  Vector switching_size(const Vector& lambda) const { return cost.by_control.row(0).transpose().cwiseAbs() + rates.by_control.cwiseAbs().transpose() * lambda.cwiseAbs(); }
};

// The least H over nine levels of each control alone and all corners (up to five controls), less H(u); 0 if none is lower.
double lower_elsewhere(const OptimalControlProblem& p, const Vector& x, const Vector& lambda, const Vector& u, double h, Here& here) {
  double least = h;
  const auto look = [&](const Vector& v) {
    if (here.at(p, x, v)) least = std::min(least, here.hamiltonian(lambda));
  };
  const Eigen::Index n = u.size();
  if (!p.control_lower.allFinite() || !p.control_upper.allFinite()) return 0;
  for (Eigen::Index i = 0; i < n; ++i)
    for (int level = 0; level < 9; ++level) {
      Vector v = u;
      v[i] = p.control_lower[i] + level / 8.0 * (p.control_upper[i] - p.control_lower[i]);
      look(v);
    }
  if (n > 1 && n <= 5)
    for (int corner = 0; corner < (1 << n); ++corner) {
      Vector v(n);
      for (Eigen::Index i = 0; i < n; ++i) v[i] = corner >> i & 1 ? p.control_upper[i] : p.control_lower[i];
      look(v);
    }
  return h - least;
}

bool may_jump(const OptimalControlProblem& p) {
  const auto bounded = [](const Vector& v) { return v.size() > 0 && v.array().isFinite().any(); };
  return p.path || bounded(p.state_lower) || bounded(p.state_upper);
}

}  // namespace

FirstOrderReport check_first_order(const OptimalControlProblem& given, const ControlSolution& solution, double tolerance) {
  const OptimalControlProblem problem = with_clock(given);
  FirstOrderReport report;
  if (may_jump(given)) {
    report.outcome = {Status::not_converged, "path constraints or bounds of states can make the adjoints jump: the first-order conditions were not checked"};
    return report;
  }
  const ControlCourse& course = solution.course;
  const auto s = static_cast<Eigen::Index>(problem.states.size()), u = static_cast<Eigen::Index>(problem.controls.size()), b = static_cast<Eigen::Index>(course.basis.size());
  const std::size_t intervals = course.values.size();
  const bool collocated = b == 3;
  const std::vector<double> places = collocated ? course.basis : std::vector<double>{0.25, 0.5, 0.75, 1};
  const IntervalFlow flow(problem, course.basis, tolerance);

  std::vector<std::vector<IntervalAnswer>> answers(intervals);
  std::vector<Vector> starts(intervals);
  Vector z(flow.inputs());
  z.head(solution.states.cols()) = solution.states.row(0);
  if (s > solution.states.cols()) z[s - 1] = course.breaks.front();
  for (std::size_t k = 0; k < intervals; ++k) {
    for (Eigen::Index j = 0; j < b; ++j) z.segment(s + j * u, u) = course.values[k].row(j);
    z[s + b * u] = course.breaks[k + 1] - course.breaks[k];
    report.outcome = flow.carry(z, places, true, answers[k]);
    if (!report.outcome.ok()) return report;
    starts[k] = z.head(s);
    z.head(s) = answers[k].back().end.head(s);
  }

  const auto points = static_cast<Eigen::Index>(intervals * places.size());
  report.adjoints.resize(points, s);
  report.controls.resize(points, u);
  report.switching.resize(points, u);
  report.hamiltonian.resize(points);
  report.end_adjoint = solution.adjoints.row(solution.adjoints.rows() - 1);
  Eigen::MatrixXd node(static_cast<Eigen::Index>(intervals) + 1, s);
  node.row(static_cast<Eigen::Index>(intervals)) = report.end_adjoint;
  Vector lambda = report.end_adjoint;
  for (std::size_t k = intervals; k-- > 0;) {
    const Eigen::MatrixXd& whole = answers[k].back().by_input;
    lambda = whole.topLeftCorner(s, s).transpose() * lambda + whole.row(s).head(s).transpose();
    node.row(static_cast<Eigen::Index>(k)) = lambda;
  }
  report.adjoint_gap = (node - solution.adjoints).cwiseAbs().maxCoeff() / std::max(1e-300, node.cwiseAbs().maxCoeff());

  double size = 0, least = std::numeric_limits<double>::infinity(), most = -least, gap = 0;
  Vector sizes = Vector::Zero(u), violation = Vector::Zero(u);
  Here here;
  for (std::size_t k = 0; k < intervals; ++k)
    for (std::size_t j = 0; j < places.size(); ++j) {
      const auto row = static_cast<Eigen::Index>(k * places.size() + j);
      const IntervalAnswer& answer = answers[k][j];
      const Vector at = answer.by_input.topLeftCorner(s, s).transpose().partialPivLu().solve(
          Vector(node.row(static_cast<Eigen::Index>(k)).transpose() - answer.by_input.row(s).head(s).transpose()));
      const Vector x = answer.end.head(s), v = course.values[k].transpose() * lagrange_weights(course.basis, places[j]);
      if (!here.at(problem, x, v)) {
        report.outcome = {Status::not_finite, "the equations cannot be evaluated along the plan"};
        return report;
      }
      const double h = here.hamiltonian(at);
      report.times.push_back(course.breaks[k] + places[j] * (course.breaks[k + 1] - course.breaks[k]));
      report.adjoints.row(row) = at;
      report.controls.row(row) = v;
      report.switching.row(row) = here.switching(at);
      report.hamiltonian[row] = h;
      sizes = sizes.cwiseMax(here.switching_size(at));
      size = std::max(size, here.size(at));
      least = std::min(least, h);
      most = std::max(most, h);
      for (Eigen::Index i = 0; i < u; ++i) {
        const double low = problem.control_lower[i], high = problem.control_upper[i], edge = std::isfinite(high - low) ? 1e-6 * (high - low) : 1e-9, slope = report.switching(row, i);
        if (low == high) continue;
        violation[i] = std::max(violation[i], v[i] - low <= edge ? -slope : high - v[i] <= edge ? slope : std::abs(slope));
      }
      gap = std::max(gap, lower_elsewhere(problem, x, at, v, h, here));
    }
  size = std::max(size, 1e-300);
  report.hamiltonian_spread = (most - least) / size;
  report.minimum_gap = gap / size;
  for (Eigen::Index i = 0; i < u; ++i) report.sign_violation = std::max(report.sign_violation, violation[i] / std::max(sizes[i], 1e-300));
  const double end = solution.times.back(), slack = 1e-9 * (given.end_upper - given.start_time);
  if (end > given.end_lower + slack && end < given.end_upper - slack) report.end_hamiltonian = std::abs(report.hamiltonian[points - 1]) / size;
  return report;
}

}  // namespace hyped::control
