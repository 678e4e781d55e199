// Numbers that carry their exact first and second derivatives by N variables: what likelihoods of durations are written in.
#pragma once
#include <array>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>

namespace hyped {

// value + slope . d + d' curve d / 2; the curve is the lower triangle of the Hessian, row by row.
template <int N>
struct Taylor {
  static constexpr int variables = N, pairs = N * (N + 1) / 2;
  double value = 0;
  std::array<double, N> slope{};
  std::array<double, pairs> curve{};

  Taylor() = default;
  Taylor(double v) : value(v) {}      // a constant, as in "2 * x"
  static Taylor variable(double v, int index) {
    Taylor x(v);
    x.slope[static_cast<std::size_t>(index)] = 1;
    return x;
  }
  static constexpr std::size_t pair(int row, int column) {      // row >= column
    return static_cast<std::size_t>(row * (row + 1) / 2 + column);
  }
  double hessian(int i, int j) const { return curve[i < j ? pair(j, i) : pair(i, j)]; }

  Taylor& operator+=(const Taylor& b) {
    value += b.value;
    for (int i = 0; i < N; ++i) slope[i] += b.slope[i];
    for (int i = 0; i < pairs; ++i) curve[i] += b.curve[i];
    return *this;
  }
  Taylor& operator*=(double b) {
    value *= b;
    for (double& s : slope) s *= b;
    for (double& c : curve) c *= b;
    return *this;
  }
  friend Taylor operator+(Taylor a, const Taylor& b) { return a += b; }
  friend Taylor operator-(Taylor a) { return a *= -1; }
  Taylor& operator-=(const Taylor& b) {
    value -= b.value;
    for (int i = 0; i < N; ++i) slope[i] -= b.slope[i];
    for (int i = 0; i < pairs; ++i) curve[i] -= b.curve[i];
    return *this;
  }
  friend Taylor operator-(Taylor a, const Taylor& b) { return a -= b; }
  friend Taylor operator*(const Taylor& a, const Taylor& b) {
    Taylor out(a.value * b.value);
    for (int i = 0, p = 0; i < N; ++i) {
      out.slope[i] = a.slope[i] * b.value + b.slope[i] * a.value;
      for (int j = 0; j <= i; ++j, ++p) out.curve[p] = a.curve[p] * b.value + b.curve[p] * a.value + a.slope[i] * b.slope[j] + a.slope[j] * b.slope[i];
    }
    return out;
  }
  friend Taylor operator*(Taylor a, double b) { return a *= b; }
  friend Taylor operator*(double a, Taylor b) { return b *= a; }
  friend Taylor operator/(const Taylor& a, const Taylor& b) {
    const double r = 1 / b.value;
    return a * chain(b, r, -r * r, 2 * r * r * r);
  }
  friend Taylor operator/(Taylor a, double b) { return a *= 1 / b; }

  // f(x) from f, f' and f'' at x.
  friend Taylor chain(const Taylor& x, double f, double first, double second) {
    Taylor out(f);
    for (int i = 0, p = 0; i < N; ++i) {
      out.slope[i] = first * x.slope[i];
      for (int j = 0; j <= i; ++j, ++p) out.curve[p] = first * x.curve[p] + second * x.slope[i] * x.slope[j];
    }
    return out;
  }
};

inline double chain(double, double f, double, double) { return f; }

// f(a, b) from its expansion in two variables of its own: series need not carry all N.
inline double compose(const Taylor<2>& f, double, double) { return f.value; }
template <int N>
Taylor<N> compose(const Taylor<2>& f, const Taylor<N>& a, const Taylor<N>& b) {
  Taylor<N> out(f.value);
  for (int i = 0, p = 0; i < N; ++i) {
    out.slope[i] = f.slope[0] * a.slope[i] + f.slope[1] * b.slope[i];
    for (int j = 0; j <= i; ++j, ++p)
      out.curve[p] = f.slope[0] * a.curve[p] + f.slope[1] * b.curve[p] + f.curve[0] * a.slope[i] * a.slope[j] +
                     f.curve[1] * (a.slope[i] * b.slope[j] + a.slope[j] * b.slope[i]) + f.curve[2] * b.slope[i] * b.slope[j];
  }
  return out;
}

inline double value_of(double x) { return x; }
template <int N>
double value_of(const Taylor<N>& x) { return x.value; }
// The largest derivative: series that are differentiated stop when it is small too.
inline double largest_derivative(double) { return 0; }
template <int N>
double largest_derivative(const Taylor<N>& x) {
  double most = 0;
  for (const double s : x.slope) most = std::max(most, std::abs(s));
  for (const double c : x.curve) most = std::max(most, std::abs(c));
  return most;
}

// Named apart from the library's own, so that a double never meets an implicit conversion.
template <class T>
T exp_of(const T& x) {
  const double e = std::exp(value_of(x));
  return chain(x, e, e, e);
}
template <class T>
T log_of(const T& x) {
  const double r = 1 / value_of(x);
  return chain(x, std::log(value_of(x)), r, -r * r);
}
template <class T>
T sqrt_of(const T& x) {
  const double s = std::sqrt(value_of(x));
  return chain(x, s, 0.5 / s, -0.25 / (s * value_of(x)));
}
template <class T>
T tanh_of(const T& x) {
  const double t = std::tanh(value_of(x)), first = 1 - t * t;
  return chain(x, t, first, -2 * t * first);
}
template <class T>
T log_gamma_of(const T& x) {
  using Double = boost::math::policies::policy<boost::math::policies::promote_double<false>>;      // long double costs ten times as much
  const double v = value_of(x);
  if constexpr (std::is_same_v<T, double>) return boost::math::lgamma(v, Double());
  else return chain(x, boost::math::lgamma(v, Double()), boost::math::digamma(v, Double()), boost::math::trigamma(v, Double()));
}
// log(1 - exp(x)), x < 0, without cancellation. Source: Maechler 2012, Rmpfr vignette "log1mexp".
template <class T>
T log1m_exp(const T& x) {
  const double v = value_of(x), e = std::exp(v), rest = -std::expm1(v);
  return chain(x, v > -0.6931471805599453 ? std::log(rest) : std::log1p(-e), -e / rest, -e / (rest * rest));
}
// log(1 + exp(x))
template <class T>
T softplus(const T& x) {
  const double v = value_of(x), s = 1 / (1 + std::exp(-v));
  return chain(x, v > 0 ? v + std::log1p(std::exp(-v)) : std::log1p(std::exp(v)), s, s * (1 - s));
}
// w + exp(-w) - 1, w >= 0: what a ramp has left of itself when it decays as it grows.
template <class T>
T ramp_of(const T& w) {
  const double v = value_of(w), loss = -std::expm1(-v);
  return chain(w, v < 1e-3 ? v * v * (0.5 - v * (1.0 / 6 - v * (1.0 / 24 - v / 120))) : v - loss, loss, 1 - loss);
}
// log(exp(a) + exp(b))
template <class T>
T log_sum(const T& a, const T& b) { return value_of(a) > value_of(b) ? a + softplus(T(b - a)) : b + softplus(T(a - b)); }

}  // namespace hyped
