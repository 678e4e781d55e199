// Roots of the rates of one column: Newton's method with old factorisations while they serve, through pseudo-transients where it fails.
#pragma once
#include <Eigen/Core>
#include <Eigen/LU>
#include <memory>
#include <span>

#include "libhyped/model/batch_model.hpp"

namespace hyped {

class RootFinder {
 public:
  RootFinder(const BatchModel& model, std::span<const double> parameters);
  struct Found {
    bool converged = false;
    bool surely_unstable = false;      // the determinant says that an odd number of eigenvalues is positive
    int steps = 0;                     // linear solves
    double size = 0;                   // max |dx/dt| over max(1, |x|)
  };
  // From x [S], which becomes the root. first_delta_h: the length of the first pseudo-transient step; infinite: Newton at once.
  // Source: Kelley & Keyes 1998, SIAM J Numer Anal 35:508 (switched evolution relaxation).
  Found find(Eigen::VectorXd& x, const Eigen::VectorXd& inputs, double tolerance, int limit, double first_delta_h);
  // max |dx/dt| over max(1, |x|); rates() has the rates.
  double size(const Eigen::VectorXd& x, const Eigen::VectorXd& inputs);
  const Eigen::VectorXd& rates() const { return f_; }
  double shortest_time_h(const Eigen::VectorXd& x, const Eigen::VectorXd& inputs);      // 1 / largest diagonal entry of the Jacobian

 private:
  std::span<const double> view(const Eigen::VectorXd& v) const { return {v.data(), static_cast<std::size_t>(v.size())}; }
  const BatchModel& model_;
  std::span<const double> p_;
  std::unique_ptr<BatchModel::Scratch> scratch_;
  bool surely_unstable() const;      // by lu_
  Eigen::MatrixXd jacobian_;                      // [S x S]
  Eigen::PartialPivLU<Eigen::MatrixXd> lu_;
  Eigen::VectorXd f_, step_, trial_, kept_;       // [S]
};

}  // namespace hyped
