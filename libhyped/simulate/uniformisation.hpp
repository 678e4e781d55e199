// Action of the exponential of a staged chain's generator, and of its derivatives, over the bidiagonal stencil: no matrix is built.
#pragma once
#include <Eigen/Core>
#include <span>

#include "libhyped/model/staged.hpp"

namespace hyped {

// The stencil with its rates at one instant. Row-major blocks [stages x width]: column 0 is the state, the others are its
// derivatives. Method: uniformisation (Jensen 1953); the sum stops when the remainder's bound
//   Pois(K+1; L t) |P^(K+1) x|_1 / (1 - (1 + g) L t / (K + 2)) <= tolerance |x|_1
// holds, L the uniform rate and g the growth of |.|_1 per step by division. All terms are non-negative.
class Uniformisation {
 public:
  using Block = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  explicit Uniformisation(const StagedModel& model);

  // Rates per group [G]; derivative per group and direction [G x D] or empty.
  void set_rates(std::span<const double> group_rates);
  void set_rates(std::span<const double> group_rates, const Eigen::MatrixXd& derivative);

  // block [S x (1 + D)]: state and derivatives, advanced by `duration_h` in place. Width is padded by the caller to
  // padded_width(1 + D). Returns the bound on the l1 error of the state.
  double advance(double duration_h, Block& block, double tolerance) const;
  // Every column is a state of its own [S x W], W a padded width; no derivatives.
  double advance_states(double duration_h, Block& block, double tolerance) const;
  // exp(A t) as a dense matrix [S x S].
  Eigen::MatrixXd transition(double duration_h, double tolerance) const;
  // Generator A as a dense matrix [S x S].
  Eigen::MatrixXd generator() const;

  static int padded_width(int columns) { return columns == 1 ? 1 : columns <= 16 ? (columns + 3) / 4 * 4 : (columns + 7) / 8 * 8; }
  long products() const { return products_; }

 private:
  template <int Width, bool Derivatives>
  void product(const double* current, double* next, double* sum, double weight) const;
  template <int Width, bool Derivatives>
  double run(double duration_h, Block& block, double tolerance) const;
  template <bool Derivatives>
  double dispatch(double duration_h, Block& block, double tolerance) const;

  const StagedModel& model_;
  std::vector<double> exit_, death_;                 // per stage [1/h]
  std::vector<double> stay_, move_;                  // entries of P: 1 - (a + d)/L and offspring a/L
  std::vector<int> jumps_;                           // stages whose target is not the next one
  Block group_slope_, stay_slope_, move_slope_;                    // derivatives of those by direction [S x width], column 0 zero
  bool has_slopes_ = false;
  double uniform_rate_ = 0, growth_ = 0;
  mutable Block current_, next_;                     // workspace; one object per thread
  mutable long products_ = 0;
};

}  // namespace hyped
