// The right-hand side of a network for many trajectories at once: one column each, so that an evaluation is a few matrix products.
#pragma once
#include <Eigen/Core>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/model/quantity.hpp"

namespace hyped {

using BatchMatrix = Eigen::Ref<Eigen::MatrixXd, 0, Eigen::OuterStride<>>;
using ConstBatchMatrix = Eigen::Ref<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;

// dX/dt = f(X, U, p): autonomous but for its inputs U. All columns share the parameters p; inputs (doses, phases of the cycle, what an
// arm received) differ by column. S states, K inputs, P parameters, B columns.
class BatchModel {
 public:
  // Room for intermediate results of one thread; reused between calls, so that nothing is allocated in a solver's loop.
  struct Scratch {
    virtual ~Scratch() = default;
  };
  virtual ~BatchModel() = default;
  virtual std::string_view name() const = 0;
  virtual std::span<const StateSpec> states() const = 0;             // [S]
  virtual std::span<const std::string> inputs() const = 0;           // [K]
  virtual std::span<const ParameterSpec> parameters() const = 0;     // [P] natural units
  virtual std::unique_ptr<Scratch> scratch(int columns) const = 0;
  // A promise that all calls with `scratch` from now on have these values of p: what depends on them alone is computed once.
  virtual void hold_parameters(std::span<const double>, Scratch&) const {}

  // dx [S x B] from x [S x B], u [K x B], p [P]; every entry is written.
  virtual void rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, BatchMatrix dx, Scratch& scratch) const = 0;
  // Adds (df/dx)^T w to x_bar [S x B] and the sum over columns of (df/dp)^T w to p_bar [P], for w [S x B]. p_bar may be empty: not wanted.
  virtual void pull_back(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar,
                         std::span<double> p_bar, Scratch& scratch) const = 0;
  // The same where the last call with `scratch` was rates() at the same x, u and p: a model may use what that left there.
  virtual void pull_back_after_rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double> p, const ConstBatchMatrix& w, BatchMatrix x_bar,
                                     std::span<double> p_bar, Scratch& scratch) const {
    pull_back(x, u, p, w, x_bar, p_bar, scratch);
  }
  // df/dx [S x S] of one column: x [S], u [K].
  virtual void jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const = 0;
  // df/dp [S x P] of one column, dense; for small networks (Fisher information, forward sensitivities). Written in full.
  virtual void parameter_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const = 0;
  // df/du [S x K] of one column; by central differences (to about 1e-9 of the rates) unless the model knows it.
  virtual void input_jacobian(std::span<const double> x, std::span<const double> u, std::span<const double> p, Eigen::MatrixXd& out) const;

  // What sequencing counts: states and what inputs bring along (a delivered transcript is counted with the endogenous one).
  // Measured quantities M; by default the states themselves.
  virtual std::span<const StateSpec> measured_specs() const { return states(); }                                         // [M]
  virtual void measured(const ConstBatchMatrix& x, const ConstBatchMatrix&, std::span<const double>, BatchMatrix out) const { out = x; }      // [M x B]
  // Adds to x_bar [S x B] and p_bar [P] (may be empty) what w [M x B] on the measured quantities means.
  virtual void pull_back_measured(const ConstBatchMatrix&, const ConstBatchMatrix&, std::span<const double>, const ConstBatchMatrix& w, BatchMatrix x_bar,
                                  std::span<double>) const {
    x_bar += w;
  }

  virtual std::vector<double> default_parameters() const;      // [P]
  std::vector<double> default_state() const;                   // [S]
  int state_count() const { return static_cast<int>(states().size()); }
  int input_count() const { return static_cast<int>(inputs().size()); }
  virtual int parameter_count() const { return static_cast<int>(parameters().size()); }      // overridden where naming 25 million edges takes longer than using them
};

}  // namespace hyped
