// Both tails of the gamma distribution on the log scale, written for numbers that carry derivatives.
#pragma once
#include <limits>

#include "libhyped/tracks/durations/taylor.hpp"

namespace hyped {

template <class T>
struct LogTails {
  T survival, cdf;      // log P(T > t), log P(T <= t)
};

// log Q(shape, x) and log P(shape, x), x > 0. The power series below shape + 1, the continued fraction (modified Lentz) above; both
// run in T, so every derivative by shape is the derivative of a convergent series. Sources: Abramowitz & Stegun 6.5.29 and 6.5.31;
// Press et al. 2007, ch. 6.2.
template <class T>
LogTails<T> log_gamma_tails(const T& shape, const T& x) {
  constexpr double last = 1e-16, last_derivative = 1e-14;
  const T prefix = shape * log_of(x) - x - log_gamma_of(shape);
  LogTails<T> out;
  if (value_of(x) < value_of(shape) + 1) {
    T term = T(1.0) / shape, sum = term;
    for (double n = 1; n < 1e6; ++n) {
      term = term * x / (shape + n);
      sum += term;
      if (value_of(term) < last * value_of(sum) && largest_derivative(term) <= last_derivative * largest_derivative(sum)) break;
    }
    out.cdf = prefix + log_of(sum);
    out.survival = log1m_exp(out.cdf);
  } else {
    T b = x + 1.0 - shape, c = 1e300, d = T(1.0) / b, h = d;
    for (double n = 1; n < 1e6; ++n) {
      const T a = (shape - n) * n;
      b += 2.0;
      d = T(1.0) / (a * d + b);
      c = b + a / c;
      const T change = c * d;
      h = h * change;
      if (std::abs(value_of(change) - 1) < 4 * last && largest_derivative(change) <= last_derivative * (1 + largest_derivative(h) / value_of(h))) break;
    }
    out.survival = prefix + log_of(h);
    out.cdf = log1m_exp(out.survival);
  }
  return out;
}

// The same for numbers with many derivatives, of which the series needs only the two by shape and x.
template <int N>
LogTails<Taylor<N>> composed_gamma_tails(const Taylor<N>& shape, const Taylor<N>& x) {
  const LogTails<Taylor<2>> own = log_gamma_tails(Taylor<2>::variable(shape.value, 0), Taylor<2>::variable(x.value, 1));
  return {compose(own.survival, shape, x), compose(own.cdf, shape, x)};
}
inline LogTails<double> composed_gamma_tails(double shape, double x) { return log_gamma_tails(shape, x); }

}  // namespace hyped
