// Direct collocation at three Radau points an interval, with exact sparse Jacobians and Hessians by differences of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "experiments/control/courses/control_mesh.hpp"

namespace hyped::control {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

class Collocation {
 public:
  Collocation(const OptimalControlProblem& problem, const ControlMesh& mesh) : problem_(problem), mesh_(mesh), end_(problem_, mesh_), s_(mesh.states), u_(mesh.controls) {
    const auto points = control_basis(ControlShape::collocated);
    std::vector<double> nodes{0};
    nodes.insert(nodes.end(), points.begin(), points.end());
    slopes_.resize(3, 4);
    weights_.resize(3, static_cast<Eigen::Index>(mesh_.basis.size()));
    for (int i = 0; i < 3; ++i) {
      slopes_.row(i) = lagrange_slopes(nodes, points[static_cast<std::size_t>(i)]);
      weights_.row(i) = lagrange_weights(mesh_.basis, points[static_cast<std::size_t>(i)]);
    }
    quadrature_ = Eigen::Vector3d((16 - std::sqrt(6.0)) / 36, (16 + std::sqrt(6.0)) / 36, 1.0 / 9);
    paths_ = problem_.path ? static_cast<int>(problem_.path_lower.size()) : 0;
    end_row_ = mesh_.intervals() * 3 * (s_ + paths_);
  }

  NonlinearProgram declare(const std::shared_ptr<Collocation>& self) {
    NonlinearProgram p;
    declare_variables(problem_, mesh_, p);
    const int rows = end_row_ + end_.rows();
    p.constraint_lower.setZero(rows);
    p.constraint_upper.setZero(rows);
    p.constraint_names.assign(static_cast<std::size_t>(rows), "");
    for (int k = 0; k < mesh_.intervals(); ++k)
      for (int i = 0; i < 3; ++i) declare_point(p, k, i);
    end_.declare(p, end_row_);
    end_.declare_hessian(p);
    p.objective = [self](const Vector& z, double& value, Vector* gradient) { return self->objective(z, value, gradient); };
    p.constraints = [self](const Vector& z, Vector& values, Vector* derivatives) { return self->constraints(z, values, derivatives); };
    p.hessian = [self](const Vector& z, double weight, const Vector& multipliers, Vector& values) { return self->hessian(z, weight, multipliers, values); };
    return p;
  }

  Matrix adjoints(const ProgramSolution& solution) const {
    Matrix lambda(mesh_.intervals() + 1, s_);
    for (int k = 0; k < mesh_.intervals(); ++k) {
      Vector at = Vector::Zero(s_);
      for (int i = 0; i < 3; ++i) at += slopes_(i, 0) * solution.multipliers.segment(row_of(k, i), s_);
      lambda.row(k) = at;
    }
    lambda.row(mesh_.intervals()) = end_.end_adjoint(solution.x, solution.multipliers, end_row_) +
                                    (solution.upper_multipliers - solution.lower_multipliers).segment(mesh_.last_state(), s_);
    return lambda;
  }

 private:
  int row_of(int k, int i) const { return (k * 3 + i) * (s_ + paths_); }
  int point_of(int k, int i) const { return k * 3 + i + 1; }

  // Variables that the functions of point (k, i) read beside its state: those controls that have a part in it.
  std::vector<int> control_parts(int i) const {
    std::vector<int> parts;
    for (int b = 0; b < weights_.cols(); ++b)
      if (std::abs(weights_(i, b)) > 1e-12) parts.push_back(b);
    return parts;
  }

  void declare_point(NonlinearProgram& p, int k, int i) const {
    const int row = row_of(k, i), arc = mesh_.arc_of[static_cast<std::size_t>(k)], x = mesh_.state(point_of(k, i));
    const auto parts = control_parts(i);
    for (int d = 0; d < s_; ++d) {
      p.constraint_names[static_cast<std::size_t>(row + d)] = fmt::format("dynamics of {} in interval {}", problem_.states[static_cast<std::size_t>(d)], k);
      for (int j = 0; j < 4; ++j) p.pattern.push_back({row + d, mesh_.state(k * 3 + j) + d});
    }
    for (int d = 0; d < s_ + paths_; ++d) {
      if (d >= s_) {
        p.constraint_lower[row + d] = problem_.path_lower[d - s_];
        p.constraint_upper[row + d] = problem_.path_upper[d - s_];
        p.constraint_names[static_cast<std::size_t>(row + d)] = fmt::format("{} in interval {}", static_cast<std::size_t>(d - s_) < problem_.path_names.size() ? problem_.path_names[static_cast<std::size_t>(d - s_)] : "path constraint", k);
      }
      for (int v = 0; v < s_; ++v) p.pattern.push_back({row + d, x + v});
      for (const int b : parts)
        for (int v = 0; v < u_; ++v) p.pattern.push_back({row + d, mesh_.control(k, b) + v});
      if (d < s_) p.pattern.push_back({row + d, arc});
    }
    const auto variables = hessian_variables(k, i);
    for (std::size_t r = 0; r < variables.size(); ++r)
      for (std::size_t c = 0; c <= r; ++c) p.hessian_pattern.push_back({std::max(variables[r], variables[c]), std::min(variables[r], variables[c])});
  }

  // State, parts of the controls, duration: the order of a point's block of the Hessian.
  std::vector<int> hessian_variables(int k, int i) const {
    std::vector<int> v;
    for (int d = 0; d < s_; ++d) v.push_back(mesh_.state(point_of(k, i)) + d);
    for (const int b : control_parts(i))
      for (int d = 0; d < u_; ++d) v.push_back(mesh_.control(k, b) + d);
    v.push_back(mesh_.arc_of[static_cast<std::size_t>(k)]);
    return v;
  }

  void place(const Vector& z, int k, int i) {
    x_ = z.segment(mesh_.state(point_of(k, i)), s_);
    u_here_.setZero(u_);
    for (int b = 0; b < weights_.cols(); ++b) u_here_ += weights_(i, b) * z.segment(mesh_.control(k, b), u_);
  }

  bool objective(const Vector& z, double& value, Vector* gradient) {
    value = 0;
    if (gradient) gradient->setZero(z.size());
    if (problem_.running_cost)
      for (int k = 0; k < mesh_.intervals(); ++k)
        for (int i = 0; i < 3; ++i) {
          place(z, k, i);
          if (!problem_.running_cost(0, x_, u_here_, f_)) return false;
          const double h = mesh_.length(z, k) * quadrature_[i];
          value += h * f_.values[0];
          if (!gradient) continue;
          gradient->segment(mesh_.state(point_of(k, i)), s_) += h * f_.by_state.row(0).transpose();
          for (int b = 0; b < weights_.cols(); ++b) gradient->segment(mesh_.control(k, b), u_) += h * weights_(i, b) * f_.by_control.row(0).transpose();
          (*gradient)[mesh_.arc_of[static_cast<std::size_t>(k)]] += mesh_.share(k) * quadrature_[i] * f_.values[0];
        }
    return end_.cost(z, value, gradient) && std::isfinite(value);
  }

  bool constraints(const Vector& z, Vector& values, Vector* derivatives) {
    Vector unused;
    Entries out(derivatives ? *derivatives : unused);
    for (int k = 0; k < mesh_.intervals(); ++k) {
      const double h = mesh_.length(z, k);
      for (int i = 0; i < 3; ++i) {
        place(z, k, i);
        const int row = row_of(k, i);
        if (!problem_.dynamics(0, x_, u_here_, f_)) return false;
        values.segment(row, s_) = -h * f_.values;
        for (int j = 0; j < 4; ++j) values.segment(row, s_) += slopes_(i, j) * z.segment(mesh_.state(k * 3 + j), s_);
        if (paths_ > 0) {
          if (!problem_.path(0, x_, u_here_, path_)) return false;
          values.segment(row + s_, paths_) = path_.values;
        }
        if (!derivatives) continue;
        for (int d = 0; d < s_; ++d)
          for (int j = 0; j < 4; ++j) out.add(slopes_(i, j));
        const auto parts = control_parts(i);
        for (int d = 0; d < s_ + paths_; ++d) {
          const bool rate = d < s_;
          const PointValue& from = rate ? f_ : path_;
          const int r = rate ? d : d - s_;
          const double factor = rate ? -h : 1.0;
          for (int v = 0; v < s_; ++v) out.add(factor * from.by_state(r, v));
          for (const int b : parts)
            for (int v = 0; v < u_; ++v) out.add(factor * weights_(i, b) * from.by_control(r, v));
          if (rate) out.add(-mesh_.share(k) * f_.values[d]);
        }
      }
    }
    return end_.constraints(z, values, end_row_, derivatives ? &out : nullptr);
  }

  // Gradients by (x, u) at the current place: of weight L b - multipliers' f, and of multipliers' path.
  bool point_gradients(double weight, const Eigen::Ref<const Vector>& multipliers, Vector& rates, Vector& paths) {
    rates.setZero(s_ + u_);
    paths.setZero(s_ + u_);
    if (!problem_.dynamics(0, x_, u_here_, f_)) return false;
    rates.head(s_) = -f_.by_state.transpose() * multipliers.head(s_);
    rates.tail(u_) = -f_.by_control.transpose() * multipliers.head(s_);
    if (problem_.running_cost && weight != 0) {
      if (!problem_.running_cost(0, x_, u_here_, f_)) return false;
      rates.head(s_) += weight * f_.by_state.row(0).transpose();
      rates.tail(u_) += weight * f_.by_control.row(0).transpose();
    }
    if (paths_ == 0) return true;
    if (!problem_.path(0, x_, u_here_, path_)) return false;
    paths.head(s_) = path_.by_state.transpose() * multipliers.tail(paths_);
    paths.tail(u_) = path_.by_control.transpose() * multipliers.tail(paths_);
    return true;
  }

  bool hessian(const Vector& z, double weight, const Vector& multipliers, Vector& values) {
    Entries out(values);
    Matrix second(s_ + u_, s_ + u_);
    Vector here, unused, up, up_path, down, down_path;
    for (int k = 0; k < mesh_.intervals(); ++k) {
      const double h = mesh_.length(z, k);
      for (int i = 0; i < 3; ++i) {
        const auto m = multipliers.segment(row_of(k, i), s_ + paths_);
        place(z, k, i);
        if (!point_gradients(weight * quadrature_[i], m, here, unused)) return false;
        for (int v = 0; v < s_ + u_; ++v) {
          double& entry = v < s_ ? x_[v] : u_here_[v - s_];
          const double old = entry, step = 1e-5 * std::max(1.0, std::abs(old));
          entry = old + step;
          if (!point_gradients(weight * quadrature_[i], m, up, up_path)) return false;
          entry = old - step;
          if (!point_gradients(weight * quadrature_[i], m, down, down_path)) return false;
          entry = old;
          second.col(v) = (h * (up - down) + up_path - down_path) / (2 * step);
        }
        second = 0.5 * (second + second.transpose()).eval();
        add_block(k, i, second, here, out);
      }
    }
    return end_.hessian(z, weight, multipliers, end_row_, out);
  }

  void add_block(int k, int i, const Matrix& second, const Vector& gradient, Entries& out) const {
    struct Local {
      int index;      // in (x, u); -1: the duration
      double weight;
    };
    std::vector<Local> locals;
    for (int d = 0; d < s_; ++d) locals.push_back({d, 1});
    for (const int b : control_parts(i))
      for (int d = 0; d < u_; ++d) locals.push_back({s_ + d, weights_(i, b)});
    locals.push_back({-1, mesh_.share(k)});
    for (std::size_t r = 0; r < locals.size(); ++r)
      for (std::size_t c = 0; c <= r; ++c) {
        const Local &a = locals[r], &b = locals[c];
        if (a.index >= 0) out.add(a.weight * b.weight * second(a.index, b.index));
        else out.add(b.index < 0 ? 0 : a.weight * b.weight * gradient[b.index]);
      }
  }

  const OptimalControlProblem problem_;
  const ControlMesh mesh_;
  EndConditions end_;
  int s_, u_, paths_ = 0, end_row_ = 0;
  Matrix slopes_, weights_;      // [3 x 4] of the state polynomial at the points; [3 x B] of the controls
  Eigen::Vector3d quadrature_;
  Vector x_, u_here_;
  PointValue f_, path_;
};

}  // namespace

Transcribed transcribe_by_collocation(const OptimalControlProblem& clockless, const ControlMesh& mesh) {
  const auto self = std::make_shared<Collocation>(clockless, mesh);
  return {self->declare(self), [self](const ProgramSolution& solution) { return self->adjoints(solution); }};
}

}  // namespace hyped::control
