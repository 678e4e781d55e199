// One step of Dormand and Prince's method of order 8 with its estimates of order 5 and 3, over a block whose first column is a state.
#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>

namespace hyped {

// Source: Hairer, Norsett & Wanner, Solving ODEs I, II.5 (DOP853: tableau and error estimate). For smooth right-hand sides that are not stiff.
// Row-major blocks [S x W]: column 0 the state, the others its derivatives. Errors in the l1 norm: |e5|^2 / sqrt(|e5|^2 + |e3|^2 / 100) of every
// column. No allocation after construction.
class Dop853 {
 public:
  using Block = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr int stages = 12;

  Dop853(Eigen::Index rows, Eigen::Index columns) {
    for (Block& slope : slopes_) slope.resize(rows, columns);
    for (Block* work : {&middle_, &next_, &fifth_, &third_}) work->resize(rows, columns);
    errors_.resize(columns);
  }
  // The slope at the step's begin stays valid when a step is repeated shorter.
  void restart() { begun_ = false; }

  // rates(t, const Block& x, Block& dx). `next` must not be `x`. Errors of next's columns.
  template <class Rates>
  const Eigen::RowVectorXd& step(const Rates& rates, double t, double h, const Block& x, Block& next) {
    if (!begun_) rates(t, x, slopes_[0]);
    begun_ = true;
    for (int s = 1; s < stages; ++s) {
      combine(s, h, x, middle_);
      rates(t + node(s) * h, middle_, slopes_[static_cast<std::size_t>(s)]);
    }
    combine(stages, h, x, next);
    estimate(h);
    return errors_;
  }

  // A new stretch on which rates are smooth, with the step to try first.
  void begin(double span_h) { span_h_ = span_h, restart(); }
  // Steps to `until`. In each of them the error of the state stays below tolerance |x|_1, and that of every derivative below `looser` times as
  // much, relative to the larger of its own norm and the state's (steps below 1e-6 h are taken as they are). Returns the sum of the state's errors.
  static constexpr double looser = 100;
  template <class Rates>
  double advance(const Rates& rates, double now, double until, Block& x, double tolerance) {
    double sum = 0;
    restart();
    while (now < until) {
      const bool last = now + span_h_ * 1.0001 >= until;
      const double span = last ? until - now : span_h_;
      const Eigen::RowVectorXd& off = step(rates, now, span, x, next_);
      const double size = next_.col(0).cwiseAbs().sum();
      double share = size > 0 ? off[0] / (tolerance * size) : off[0] > 0 ? 2.0 : 0.0;      // of what is allowed
      for (Eigen::Index c = 1; c < off.size(); ++c)
        if (off[c] > 0) share = std::max(share, off[c] / (looser * tolerance * std::max(size, next_.col(c).cwiseAbs().sum())));
      if (!(share <= 1) && span > 1e-6) {
        span_h_ = span * (std::isfinite(share) ? std::max(0.2, 0.9 * std::pow(share, -1.0 / 8)) : 0.2);
        continue;
      }
      const double grown = span * std::min(4.0, share > 0 ? 0.9 * std::pow(share, -1.0 / 8) : 4.0);
      span_h_ = last ? std::max(span_h_, grown) : grown;      // a step cut short at a sample says little about the next
      x.swap(next_);
      restart();
      sum += off[0];
      now = last ? until : now + span;
    }
    return sum;
  }

  static double node(int stage);      // in [0, 1]

 private:
  void combine(int row, double h, const Block& x, Block& out) const;      // x + h times the row's sum of slopes
  void estimate(double h);
  std::array<Block, stages> slopes_;
  Block middle_, next_, fifth_, third_;
  Eigen::RowVectorXd errors_;
  double span_h_ = 0.5;
  bool begun_ = false;
};

}  // namespace hyped
