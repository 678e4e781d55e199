// Direct multiple shooting: every interval integrated with error control, its derivatives beside it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "experiments/control/courses/control_mesh.hpp"
#include "experiments/control/courses/interval_flow.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

class Shooting {
 public:
  Shooting(const OptimalControlProblem& problem, const ControlMesh& mesh, double tolerance)
      : problem_(problem), mesh_(mesh), end_(problem_, mesh_), flow_(problem_, mesh_.basis, tolerance), s_(mesh.states), u_(mesh.controls) {
    paths_ = problem_.path ? static_cast<int>(problem_.path_lower.size()) : 0;
    path_row_ = mesh_.intervals() * s_;
    end_row_ = path_row_ + mesh_.intervals() * 2 * paths_;
    answers_.resize(static_cast<std::size_t>(mesh_.intervals()));
  }

  NonlinearProgram declare(const std::shared_ptr<Shooting>& self) {
    NonlinearProgram p;
    declare_variables(problem_, mesh_, p);
    const int rows = end_row_ + end_.rows();
    p.constraint_lower.setZero(rows);
    p.constraint_upper.setZero(rows);
    p.constraint_names.assign(static_cast<std::size_t>(rows), "");
    for (int k = 0; k < mesh_.intervals(); ++k) {
      const auto variables = variables_of(k);
      for (int d = 0; d < s_; ++d) {
        p.constraint_names[static_cast<std::size_t>(k * s_ + d)] = fmt::format("dynamics of {} in interval {}", problem_.states[static_cast<std::size_t>(d)], k);
        p.pattern.push_back({k * s_ + d, mesh_.state(k + 1) + d});
        for (const int v : variables) p.pattern.push_back({k * s_ + d, v});
      }
      for (std::size_t r = 0; r < variables.size(); ++r)
        for (std::size_t c = 0; c <= r; ++c) p.hessian_pattern.push_back({std::max(variables[r], variables[c]), std::min(variables[r], variables[c])});
    }
    for (int k = 0; k < mesh_.intervals(); ++k)
      for (int side = 0; side < 2; ++side) declare_path(p, k, side);
    end_.declare(p, end_row_);
    end_.declare_hessian(p);
    p.objective = [self](const Vector& z, double& value, Vector* gradient) { return self->objective(z, value, gradient); };
    p.constraints = [self](const Vector& z, Vector& values, Vector* derivatives) { return self->constraints(z, values, derivatives); };
    p.hessian = [self](const Vector& z, double weight, const Vector& multipliers, Vector& values) { return self->hessian(z, weight, multipliers, values); };
    return p;
  }

  Matrix adjoints(const ProgramSolution& solution) const {
    Matrix lambda(mesh_.intervals() + 1, s_);
    lambda.row(0) = (solution.lower_multipliers - solution.upper_multipliers).segment(mesh_.state(0), s_);
    for (int k = 1; k < mesh_.intervals(); ++k) lambda.row(k) = -solution.multipliers.segment((k - 1) * s_, s_);
    lambda.row(mesh_.intervals()) = end_.end_adjoint(solution.x, solution.multipliers, end_row_) +
                                    (solution.upper_multipliers - solution.lower_multipliers).segment(mesh_.last_state(), s_);
    return lambda;
  }

 private:
  // The variables behind a flow's inputs, in their order: start, control coefficients, duration of the arc.
  std::vector<int> variables_of(int k) const {
    std::vector<int> v;
    for (int d = 0; d < s_; ++d) v.push_back(mesh_.state(k) + d);
    for (int b = 0; b < static_cast<int>(mesh_.basis.size()); ++b)
      for (int d = 0; d < u_; ++d) v.push_back(mesh_.control(k, b) + d);
    v.push_back(mesh_.arc_of[static_cast<std::size_t>(k)]);
    return v;
  }
  Vector inputs_of(const Vector& z, int k) const {
    const auto variables = variables_of(k);
    Vector in(static_cast<Eigen::Index>(variables.size()));
    for (std::size_t i = 0; i < variables.size(); ++i) in[static_cast<Eigen::Index>(i)] = z[variables[i]];
    in[in.size() - 1] *= mesh_.share(k);
    return in;
  }

  // All intervals at z; kept for the calls that follow at the same point.
  bool carry(const Vector& z, bool derivatives) {
    if (at_.size() && at_ == z && (with_derivatives_ || !derivatives)) return known_;
    at_ = z;
    with_derivatives_ = derivatives;
    std::vector<char> fine(answers_.size(), 0);
    parallel_for(mesh_.intervals(), [&](int k) {
      std::vector<IntervalAnswer> one;
      fine[static_cast<std::size_t>(k)] = flow_.carry(inputs_of(z, k), {1.0}, derivatives, one).ok();
      answers_[static_cast<std::size_t>(k)] = std::move(one[0]);
    });
    known_ = std::all_of(fine.begin(), fine.end(), [](char one) { return one != 0; });
    return known_;
  }

  bool objective(const Vector& z, double& value, Vector* gradient) {
    if (!carry(z, gradient != nullptr)) return false;
    value = 0;
    if (gradient) gradient->setZero(z.size());
    for (int k = 0; k < mesh_.intervals(); ++k) {
      const IntervalAnswer& one = answers_[static_cast<std::size_t>(k)];
      value += one.end[s_];
      if (!gradient) continue;
      const auto variables = variables_of(k);
      for (std::size_t i = 0; i < variables.size(); ++i)
        (*gradient)[variables[i]] += one.by_input(s_, static_cast<Eigen::Index>(i)) * (i + 1 == variables.size() ? mesh_.share(k) : 1.0);
    }
    return end_.cost(z, value, gradient) && std::isfinite(value);
  }

  bool constraints(const Vector& z, Vector& values, Vector* derivatives) {
    if (!carry(z, derivatives != nullptr)) return false;
    Vector unused;
    Entries out(derivatives ? *derivatives : unused);
    for (int k = 0; k < mesh_.intervals(); ++k) {
      const IntervalAnswer& one = answers_[static_cast<std::size_t>(k)];
      values.segment(k * s_, s_) = z.segment(mesh_.state(k + 1), s_) - one.end.head(s_);
      if (!derivatives) continue;
      for (int d = 0; d < s_; ++d) {
        out.add(1);
        for (Eigen::Index i = 0; i < one.by_input.cols(); ++i) out.add(-one.by_input(d, i) * (i + 1 == one.by_input.cols() ? mesh_.share(k) : 1.0));
      }
    }
    if (paths_ > 0)
      for (int k = 0; k < mesh_.intervals(); ++k)
        for (int side = 0; side < 2; ++side)
          if (!path_rows(z, k, side, values, derivatives ? &out : nullptr)) return false;
    return end_.constraints(z, values, end_row_, derivatives ? &out : nullptr);
  }

  // Path constraints hold at both ends of every interval, with the interval's own controls.
  void declare_path(NonlinearProgram& p, int k, int side) const {
    const Vector weights = lagrange_weights(mesh_.basis, side);
    for (int c = 0; c < paths_; ++c) {
      const int row = path_row_ + (2 * k + side) * paths_ + c;
      p.constraint_lower[row] = problem_.path_lower[c];
      p.constraint_upper[row] = problem_.path_upper[c];
      p.constraint_names[static_cast<std::size_t>(row)] = fmt::format("{} in interval {}", static_cast<std::size_t>(c) < problem_.path_names.size() ? problem_.path_names[static_cast<std::size_t>(c)] : "path constraint", k);
      for (int d = 0; d < s_; ++d) p.pattern.push_back({row, mesh_.state(k + side) + d});
      for (int b = 0; b < weights.size(); ++b)
        for (int d = 0; d < u_ && weights[b] != 0; ++d) p.pattern.push_back({row, mesh_.control(k, b) + d});
    }
    if (paths_ == 0) return;
    const auto variables = path_variables(k, side);
    for (std::size_t r = 0; r < variables.size(); ++r)
      for (std::size_t c = 0; c <= r; ++c) p.hessian_pattern.push_back({std::max(variables[r], variables[c]), std::min(variables[r], variables[c])});
  }
  // State and the controls of the basis place at that side (bases of up to two places have one there).
  std::vector<int> path_variables(int k, int side) const {
    std::vector<int> v;
    for (int d = 0; d < s_; ++d) v.push_back(mesh_.state(k + side) + d);
    const int b = std::min(side, static_cast<int>(mesh_.basis.size()) - 1);
    for (int d = 0; d < u_; ++d) v.push_back(mesh_.control(k, b) + d);
    return v;
  }
  bool path_rows(const Vector& z, int k, int side, Vector& values, Entries* out) {
    const Vector weights = lagrange_weights(mesh_.basis, side), u = mesh_.coefficients(z, k).transpose() * weights;
    if (!problem_.path(0, z.segment(mesh_.state(k + side), s_), u, path_)) return false;
    const int row = path_row_ + (2 * k + side) * paths_;
    values.segment(row, paths_) = path_.values;
    for (int c = 0; c < paths_ && out; ++c) {
      for (int d = 0; d < s_; ++d) out->add(path_.by_state(c, d));
      for (int b = 0; b < weights.size(); ++b)
        for (int d = 0; d < u_ && weights[b] != 0; ++d) out->add(weights[b] * path_.by_control(c, d));
    }
    return true;
  }

  // Second derivatives as central differences of the flow's first ones: they steer the search, they do not move the solution.
  bool hessian(const Vector& z, double weight, const Vector& multipliers, Vector& values) {
    const Eigen::Index n = flow_.inputs(), block = n * (n + 1) / 2;
    std::vector<char> fine(answers_.size(), 1);
    parallel_for(mesh_.intervals(), [&](int k) {
      Vector in = inputs_of(z, k), weights(s_ + 1), up, down;
      weights << -multipliers.segment(k * s_, s_), weight;
      Matrix second(n, n);
      std::vector<IntervalAnswer> one;
      const auto gradient = [&](Vector& g) {
        if (!flow_.carry(in, {1.0}, true, one).ok()) return false;
        g = one[0].by_input.transpose() * weights;
        return true;
      };
      for (Eigen::Index v = 0; v < n; ++v) {
        const double old = in[v], step = v + 1 == n ? 1e-4 * std::max(old, 1e-6) : 1e-4 * std::max(1.0, std::abs(old));
        in[v] = old + step;
        if (!gradient(up)) fine[static_cast<std::size_t>(k)] = 0;
        in[v] = old - step;
        if (!gradient(down)) fine[static_cast<std::size_t>(k)] = 0;
        in[v] = old;
        if (!fine[static_cast<std::size_t>(k)]) return;
        second.col(v) = (up - down) / (2 * step);
      }
      second.row(n - 1) *= mesh_.share(k);
      second.col(n - 1) *= mesh_.share(k);
      Eigen::Index at = k * block;
      for (Eigen::Index r = 0; r < n; ++r)
        for (Eigen::Index c = 0; c <= r; ++c) values[at++] = 0.5 * (second(r, c) + second(c, r));
    });
    if (!std::all_of(fine.begin(), fine.end(), [](char one) { return one != 0; })) return false;
    Vector rest(values.size() - mesh_.intervals() * block);
    Entries out(rest);
    if (paths_ > 0)
      for (int k = 0; k < mesh_.intervals(); ++k)
        for (int side = 0; side < 2; ++side)
          if (!path_hessian(z, k, side, multipliers, out)) return false;
    if (!end_.hessian(z, weight, multipliers, end_row_, out)) return false;
    values.tail(rest.size()) = rest;
    return true;
  }
  bool path_hessian(const Vector& z, int k, int side, const Vector& multipliers, Entries& out) {
    const auto variables = path_variables(k, side);
    const auto m = multipliers.segment(path_row_ + (2 * k + side) * paths_, paths_);
    Vector in(static_cast<Eigen::Index>(variables.size()));
    for (std::size_t i = 0; i < variables.size(); ++i) in[static_cast<Eigen::Index>(i)] = z[variables[i]];
    Matrix second(in.size(), in.size());
    for (Eigen::Index v = 0; v < in.size(); ++v) {
      const double old = in[v], step = 1e-5 * std::max(1.0, std::abs(old));
      for (const double sign : {1.0, -1.0}) {
        in[v] = old + sign * step;
        if (!problem_.path(0, in.head(s_), in.tail(u_), path_)) return false;
        Vector g(in.size());
        g << path_.by_state.transpose() * m, path_.by_control.transpose() * m;
        if (sign > 0) second.col(v) = g;
        else second.col(v) = (second.col(v) - g) / (2 * step);
      }
      in[v] = old;
    }
    for (Eigen::Index r = 0; r < in.size(); ++r)
      for (Eigen::Index c = 0; c <= r; ++c) out.add(0.5 * (second(r, c) + second(c, r)));
    return true;
  }

  const OptimalControlProblem problem_;
  const ControlMesh mesh_;
  EndConditions end_;
  IntervalFlow flow_;
  int s_, u_, paths_ = 0, path_row_ = 0, end_row_ = 0;
  Vector at_;
  bool with_derivatives_ = false, known_ = false;
  std::vector<IntervalAnswer> answers_;
  PointValue path_;
};

}  // namespace

Transcribed transcribe_by_shooting(const OptimalControlProblem& clockless, const ControlMesh& mesh, double tolerance) {
  const auto self = std::make_shared<Shooting>(clockless, mesh, tolerance);
  return {self->declare(self), [self](const ProgramSolution& solution) { return self->adjoints(solution); }};
}

}  // namespace hyped::control
