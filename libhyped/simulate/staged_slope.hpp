// Time derivative of a staged chain and of its derivatives by any directions, straight from the rates of the groups.
#pragma once
#include <Eigen/Core>
#include <span>
#include <vector>

#include "libhyped/model/staged.hpp"

namespace hyped {

// Row-major blocks [S x W], W a Uniformisation::padded_width: column 0 is the state x, the others are its derivatives x_c. No matrix and no
// stencil is built: rates may change from call to call at no cost. One object per thread.
class StagedSlope {
 public:
  using Block = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  explicit StagedSlope(const StagedModel& model) : model_(model) {}
  // Rates per group [G]; by_direction [G x W], column 0 zero, read where x has more than one column. dx: A x, and A x_c + A_c x.
  void operator()(std::span<const double> rate, const Block& by_direction, const Block& x, Block& dx);
  long products() const { return products_; }

 private:
  template <int Width>
  void pass(const double* rate, const double* by_direction, const double* x, double* dx) const;
  const StagedModel& model_;
  long products_ = 0;
};

}  // namespace hyped
