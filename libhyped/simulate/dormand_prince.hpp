// Inside the ODE simulators: Dormand-Prince 5(4) with first-same-as-last and PI step control over any right-hand side.
#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "libhyped/simulate/simulate.hpp"

namespace hyped {

// Source: Dormand & Prince 1980, J Comput Appl Math 6:19 (coefficients); Hairer, Norsett & Wanner, Solving ODEs I, II.4
// (controller, first step). y is one block of states (error per component) followed by blocks of the same length whose
// relative error is per block (sensitivity columns); block b has the absolute tolerance of the state times block_scale[b].
// No allocation after construction.
class DormandPrince {
 public:
  DormandPrince(Eigen::Index states, std::vector<double> block_scale, const OdeOptions& options);
  void restart() { fresh_ = true; }
  // Ends `advance` early, with an ok outcome, when fifteen steps were limited by stability instead of accuracy.
  void leave_when_stiff(bool leave) { leave_when_stiff_ = leave, stiff_steps_ = calm_steps_ = 0; }
  bool found_stiff() const { return stiff_steps_ >= stiff_steps_to_leave; }
  double step() const { return step_; }

  // Rhs: void rhs(double t, const double* y, double* dy), with a member `work`.
  template <class Rhs>
  Outcome advance(Rhs& rhs, double& t, double until, Eigen::VectorXd& y) {
    if (fresh_) {
      rhs(t, y.data(), k_.col(0).data());
      if (!k_.col(0).allFinite()) return {Status::not_finite, "the rates are not finite", t};
      step_ = first_step(rhs, t, until, y);
      fresh_ = false;
    }
    while (t < until) {
      if (steps_++ >= options_.step_limit) return {Status::step_limit, "the explicit method needs too many steps", t};
      step_ = std::min(step_, options_.maximum_step_h);
      const bool last = t + step_ * 1.0001 >= until;
      const double h = last ? until - t : step_;
      stages(rhs, t, h, last ? until : t + h, y);
      const double error = error_norm(h, y);
      if (error <= 1) {
        ++rhs.work.steps;
        t = last ? until : t + h;
        y.swap(next_);
        k_.col(0).swap(k_.col(6));
        const double grown = h * factor(error);
        step_ = last ? std::max(step_, grown) : grown;      // a step cut short at a sample says little about the next
        if (just_rejected_) step_ = std::min(step_, h);
        just_rejected_ = false;
        previous_error_ = std::max(error, 1e-4);
        if (leave_when_stiff_) {
          note_stiffness(h, y);
          if (found_stiff() && t < until) return {};
        }
      } else {
        ++rhs.work.rejected;
        just_rejected_ = true;
        step_ = std::isfinite(error) ? h / std::min(5.0, std::pow(error, 0.17) / 0.9) : h * 0.1;
        if (step_ < options_.minimum_step_h || t + step_ == t)
          return std::isfinite(error) ? Outcome{Status::step_too_small, "the step fell below its minimum", t}
                                      : Outcome{Status::not_finite, "the rates are not finite", t};
      }
    }
    return {};
  }

 private:
  template <class Rhs>
  double first_step(Rhs& rhs, double t, double until, const Eigen::VectorXd& y) {
    if (options_.first_step_h > 0) return options_.first_step_h;
    const double size = scaled_norm(y, y), slope = scaled_norm(k_.col(0), y);
    double h = size < 1e-5 || slope < 1e-5 ? 1e-6 : 0.01 * size / slope;
    h = std::min(h, until - t);
    next_ = y + h * k_.col(0);
    rhs(t + h, next_.data(), k_.col(1).data());
    next_ = k_.col(1) - k_.col(0);
    const double curvature = scaled_norm(next_, y) / h, steepest = std::max(slope, curvature);
    const double better = steepest <= 1e-15 ? std::max(1e-6, h * 1e-3) : std::pow(0.01 / steepest, 0.2);
    return std::isfinite(curvature) ? std::min(100 * h, better) : h * 1e-3;
  }

  template <class Rhs>
  void stages(Rhs& rhs, double t, double h, double end, const Eigen::VectorXd& y) {
    const Eigen::Index n = y.size();
    const double *k1 = k_.col(0).data(), *k2 = k_.col(1).data(), *k3 = k_.col(2).data(), *k4 = k_.col(3).data(),
                 *k5 = k_.col(4).data(), *k6 = k_.col(5).data(), *x = y.data();
    double* z = next_.data();
    for (Eigen::Index i = 0; i < n; ++i) z[i] = x[i] + h * (1.0 / 5) * k1[i];
    rhs(t + h / 5, z, k_.col(1).data());
    for (Eigen::Index i = 0; i < n; ++i) z[i] = x[i] + h * (3.0 / 40 * k1[i] + 9.0 / 40 * k2[i]);
    rhs(t + h * 3 / 10, z, k_.col(2).data());
    for (Eigen::Index i = 0; i < n; ++i) z[i] = x[i] + h * (44.0 / 45 * k1[i] - 56.0 / 15 * k2[i] + 32.0 / 9 * k3[i]);
    rhs(t + h * 4 / 5, z, k_.col(3).data());
    for (Eigen::Index i = 0; i < n; ++i)
      z[i] = x[i] + h * (19372.0 / 6561 * k1[i] - 25360.0 / 2187 * k2[i] + 64448.0 / 6561 * k3[i] - 212.0 / 729 * k4[i]);
    rhs(t + h * 8 / 9, z, k_.col(4).data());
    for (Eigen::Index i = 0; i < n; ++i)
      z[i] = x[i] + h * (9017.0 / 3168 * k1[i] - 355.0 / 33 * k2[i] + 46732.0 / 5247 * k3[i] + 49.0 / 176 * k4[i] -
                         5103.0 / 18656 * k5[i]);
    if (leave_when_stiff_) std::copy_n(z, states_, sixth_.data());
    rhs(end, z, k_.col(5).data());
    for (Eigen::Index i = 0; i < n; ++i)
      z[i] = x[i] + h * (35.0 / 384 * k1[i] + 500.0 / 1113 * k3[i] + 125.0 / 192 * k4[i] - 2187.0 / 6784 * k5[i] + 11.0 / 84 * k6[i]);
    rhs(end, z, k_.col(6).data());
  }

  static constexpr int stiff_steps_to_leave = 15;
  void note_stiffness(double h, const Eigen::VectorXd& y);
  double factor(double error) const;
  double error_norm(double h, const Eigen::VectorXd& y);
  double scaled_norm(const Eigen::Ref<const Eigen::VectorXd>& v, const Eigen::VectorXd& y) const;
  OdeOptions options_;
  Eigen::Index states_;
  std::vector<double> block_scale_;
  Eigen::MatrixXd k_;            // [n x 7]
  Eigen::VectorXd next_, error_, sixth_;      // sixth_: argument of the sixth stage [S]
  double step_ = 0, previous_error_ = 1e-4;
  long steps_ = 0;
  int stiff_steps_ = 0, calm_steps_ = 0;
  bool fresh_ = true, just_rejected_ = false, leave_when_stiff_ = false;
};

// Max norm of v / (absolute + relative |y|), y the larger of two: per component in the first block, per block after it.
// NaN anywhere gives infinity.
double block_norm(const double* v, const double* y, const double* other, Eigen::Index states, const std::vector<double>& block_scale,
                  double absolute, double relative);

}  // namespace hyped
