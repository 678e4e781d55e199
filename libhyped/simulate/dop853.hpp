// One step of Dormand and Prince's method of order 8 with its estimates of order 5 and 3, over a block whose first column is a state.
#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>

namespace hyped {

// Source: Hairer, Norsett & Wanner, Solving ODEs I, II.5 (DOP853: tableau and error estimate). For smooth right-hand sides that are not stiff.
// Row-major blocks [S x W]; the error is that of column 0, in the l1 norm: |e5|^2 / sqrt(|e5|^2 + |e3|^2 / 100). No allocation after construction.
class Dop853 {
 public:
  using Block = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr int stages = 12;

  Dop853(Eigen::Index rows, Eigen::Index columns) {
    for (Block& slope : slopes_) slope.resize(rows, columns);
    middle_.resize(rows, columns), next_.resize(rows, columns);
  }
  // The slope at the step's begin stays valid when a step is repeated shorter.
  void restart() { begun_ = false; }

  // rates(t, const Block& x, Block& dx). `next` must not be `x`. Returns the error of next's first column.
  template <class Rates>
  double step(const Rates& rates, double t, double h, const Block& x, Block& next) {
    if (!begun_) rates(t, x, slopes_[0]);
    begun_ = true;
    for (int s = 1; s < stages; ++s) {
      combine(s, h, x, middle_);
      rates(t + node(s) * h, middle_, slopes_[static_cast<std::size_t>(s)]);
    }
    combine(stages, h, x, next);
    return error(h);
  }

  // A new stretch on which rates are smooth, with the step to try first.
  void begin(double span_h) { span_h_ = span_h, restart(); }
  // Steps to `until`; in each of them the error of x's first column stays below tolerance |x|_1 (steps below 1e-6 h are taken as they are).
  // Returns the sum of the errors.
  template <class Rates>
  double advance(const Rates& rates, double now, double until, Block& x, double tolerance) {
    double sum = 0;
    restart();
    while (now < until) {
      const bool last = now + span_h_ * 1.0001 >= until;
      const double span = last ? until - now : span_h_;
      const double off = step(rates, now, span, x, next_), size = next_.col(0).cwiseAbs().sum();
      const double share = size > 0 ? off / (tolerance * size) : off > 0 ? 2.0 : 0.0;      // of what is allowed
      if (!(share <= 1) && span > 1e-6) {
        span_h_ = span * (std::isfinite(share) ? std::max(0.2, 0.9 * std::pow(share, -1.0 / 8)) : 0.2);
        continue;
      }
      const double grown = span * std::min(4.0, share > 0 ? 0.9 * std::pow(share, -1.0 / 8) : 4.0);
      span_h_ = last ? std::max(span_h_, grown) : grown;      // a step cut short at a sample says little about the next
      x.swap(next_);
      restart();
      sum += off;
      now = last ? until : now + span;
    }
    return sum;
  }

  static double node(int stage);      // in [0, 1]

 private:
  void combine(int row, double h, const Block& x, Block& out) const;      // x + h times the row's sum of slopes
  double error(double h) const;
  std::array<Block, stages> slopes_;
  Block middle_, next_;
  double span_h_ = 0.5;
  bool begun_ = false;
};

}  // namespace hyped
