// Eigenbases, divided differences, block exponentials.
#include "libhyped/tracks/panels/transition_table.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>
#include <utility>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// (exp(x t) - exp(y t)) / (x - y), exact to rounding also where x and y are close.
template <class T>
T difference(T x, T y, double t) {
  using std::abs, std::exp;
  const T half = 0.5 * (x - y) * t;
  if (abs(half) < 1e-2) {      // sinh(h)/h
    const T square = half * half;
    return t * exp(0.5 * (x + y) * t) * (1.0 + square / 6.0 * (1.0 + square / 20.0 * (1.0 + square / 42.0)));
  }
  return (exp(x * t) - exp(y * t)) / (x - y);
}

}  // namespace

template <class T>
bool TransitionTable::decompose(const Eigen::MatrixXd& generator, std::optional<Spectral<T>>& into) {
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(generator);
  if (solver.info() != Eigen::Success) return false;
  RowMajor<T> vectors;
  Eigen::Matrix<T, Eigen::Dynamic, 1> values;
  if constexpr (std::is_same_v<T, double>) {
    if (solver.eigenvalues().imag().cwiseAbs().maxCoeff() > 0) return false;
    vectors = solver.eigenvectors().real();
    values = solver.eigenvalues().real();
  } else {
    vectors = solver.eigenvectors();
    values = solver.eigenvalues();
  }
  const Eigen::PartialPivLU<RowMajor<T>> lu(vectors);
  const RowMajor<T> inverse = lu.inverse();
  if (!inverse.allFinite() || vectors.norm() * inverse.norm() > 1e4) return false;      // four digits lost of sixteen at most
  into.emplace();
  into->values.assign(values.data(), values.data() + values.size());
  into->vectors.assign(vectors.data(), vectors.data() + vectors.size());
  into->inverse.assign(inverse.data(), inverse.data() + inverse.size());
  return true;
}

template <class T>
void TransitionTable::fill(Spectral<T>& basis, const std::vector<Eigen::MatrixXd>& directions, const std::vector<double>& times, bool derivatives) {
  const int n = size_;
  std::vector<T> growth(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < times.size(); ++k) {
    for (int i = 0; i < n; ++i) growth[static_cast<std::size_t>(i)] = std::exp(basis.values[static_cast<std::size_t>(i)] * times[k]);
    double* p = probabilities_.data() + k * static_cast<std::size_t>(n * n);
    for (int i = 0; i < n; ++i)
      for (int m = 0; m < n; ++m) {
        const T scaled = basis.vectors[static_cast<std::size_t>(i * n + m)] * growth[static_cast<std::size_t>(m)];
        for (int j = 0; j < n; ++j) p[i * n + j] += std::real(scaled * basis.inverse[static_cast<std::size_t>(m * n + j)]);
      }
  }
  if (!derivatives) return;
  basis.differences.resize(times.size() * static_cast<std::size_t>(n * n));
  for (std::size_t k = 0; k < times.size(); ++k)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j) {
        const T value = difference(basis.values[static_cast<std::size_t>(i)], basis.values[static_cast<std::size_t>(j)], times[k]);
        basis.differences[(k * n + i) * n + j] = basis.differences[(k * n + j) * n + i] = value;
      }
  const Eigen::Map<const RowMajor<T>> vectors(basis.vectors.data(), n, n), inverse(basis.inverse.data(), n, n);
  for (const Eigen::MatrixXd& direction : directions) {
    const RowMajor<T> turned = inverse * direction.cast<T>() * vectors;
    basis.directions.insert(basis.directions.end(), turned.data(), turned.data() + turned.size());
  }
}

TransitionTable::TransitionTable(const Eigen::MatrixXd& generator, const std::vector<Eigen::MatrixXd>& directions, const std::vector<double>& times_h, bool derivatives)
    : size_(static_cast<int>(generator.rows())), rates_(static_cast<int>(directions.size())) {
  const int n = size_;
  probabilities_.assign(times_h.size() * static_cast<std::size_t>(n * n), 0.0);
  if (decompose<double>(generator, real_)) fill(*real_, directions, times_h, derivatives);
  else if (decompose<std::complex<double>>(generator, complex_)) fill(*complex_, directions, times_h, derivatives);
  if (spectral()) return;
  if (derivatives) derivatives_.resize(times_h.size() * static_cast<std::size_t>(rates_ * n * n));
  RowMajor<double> all(n, n);
  Eigen::MatrixXd block = Eigen::MatrixXd::Zero(2 * n, 2 * n);
  for (std::size_t k = 0; k < times_h.size(); ++k) {
    all = Eigen::MatrixXd(generator * times_h[k]).exp();
    std::copy(all.data(), all.data() + n * n, probabilities_.begin() + static_cast<std::ptrdiff_t>(k) * n * n);
    for (int r = 0; derivatives && r < rates_; ++r) {
      block.topLeftCorner(n, n) = block.bottomRightCorner(n, n) = generator * times_h[k];
      block.topRightCorner(n, n) = directions[static_cast<std::size_t>(r)] * times_h[k];
      all = Eigen::MatrixXd(block.exp()).topRightCorner(n, n);
      std::copy(all.data(), all.data() + n * n, derivatives_.begin() + (static_cast<std::ptrdiff_t>(k) * rates_ + r) * n * n);
    }
  }
}

TransitionTable::Collector TransitionTable::collector() const {
  Collector out;
  const auto cells = static_cast<std::size_t>(size_ * size_);
  if (real_) out.real.assign(cells, 0.0);
  else if (complex_) out.complex.assign(cells, 0.0);
  else out.plain.assign(static_cast<std::size_t>(rates_), 0.0);
  return out;
}

namespace {

// to_ij += weight (vectors^T a)_i (inverse b)_j differences_ij
template <class T>
void rank_one(int n, const T* vectors, const T* inverse, const T* differences, const double* a, const double* b, double weight, T* to) {
  std::array<T, 64> x, y;
  for (int i = 0; i < n; ++i) {
    x[static_cast<std::size_t>(i)] = y[static_cast<std::size_t>(i)] = T(0);
    for (int m = 0; m < n; ++m) {
      x[static_cast<std::size_t>(i)] += vectors[m * n + i] * a[m];
      y[static_cast<std::size_t>(i)] += inverse[i * n + m] * b[m];
    }
  }
  for (int i = 0; i < n; ++i) {
    const T scaled = weight * x[static_cast<std::size_t>(i)];
    for (int j = 0; j < n; ++j) to[i * n + j] += scaled * y[static_cast<std::size_t>(j)] * differences[i * n + j];
  }
}

template <class T>
void contract(int n, int rates, const std::vector<T>& directions, std::vector<T>& collected, double* by_rate) {
  const auto cells = static_cast<std::size_t>(n * n);
  for (int r = 0; r < rates; ++r) {
    T sum = 0;
    for (std::size_t c = 0; c < cells; ++c) sum += collected[c] * directions[static_cast<std::size_t>(r) * cells + c];
    by_rate[r] += std::real(sum);
  }
  std::fill(collected.begin(), collected.end(), T(0));
}

// out_rj = sum_ab vectors_{row a} differences_ab directions_r_ab inverse_bj
template <class T>
void row_of(int n, int rates, const T* vector, const T* inverse, const T* differences, const std::vector<T>& directions, double* out) {
  std::array<T, 64> w;
  for (int r = 0; r < rates; ++r) {
    const T* direction = directions.data() + static_cast<std::size_t>(r * n * n);
    std::fill(w.begin(), w.begin() + n, T(0));
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < n; ++b) w[static_cast<std::size_t>(b)] += vector[a] * differences[a * n + b] * direction[a * n + b];
    for (int j = 0; j < n; ++j) {
      T sum = 0;
      for (int b = 0; b < n; ++b) sum += w[static_cast<std::size_t>(b)] * inverse[b * n + j];
      out[r * n + j] = std::real(sum);
    }
  }
}

}  // namespace

void TransitionTable::row_slopes(int k, int row, double* out) const {
  const int n = size_;
  const auto cell = static_cast<std::size_t>(k) * n * n;
  if (real_) return row_of(n, rates_, real_->vectors.data() + row * n, real_->inverse.data(), real_->differences.data() + cell, real_->directions, out);
  if (complex_) return row_of(n, rates_, complex_->vectors.data() + row * n, complex_->inverse.data(), complex_->differences.data() + cell, complex_->directions, out);
  for (int r = 0; r < rates_; ++r) std::copy_n(derivatives_.data() + (static_cast<std::size_t>(k) * rates_ + r) * n * n + row * n, n, out + r * n);
}

void TransitionTable::collect(int k, const double* a, const double* b, double weight, Collector& to) const {
  to.used = true;
  const int n = size_;
  const auto cell = static_cast<std::size_t>(k) * n * n;
  if (real_) return rank_one(n, real_->vectors.data(), real_->inverse.data(), real_->differences.data() + cell, a, b, weight, to.real.data());
  if (complex_) return rank_one(n, complex_->vectors.data(), complex_->inverse.data(), complex_->differences.data() + cell, a, b, weight, to.complex.data());
  for (int r = 0; r < rates_; ++r) {
    const double* d = derivatives_.data() + (static_cast<std::size_t>(k) * rates_ + r) * n * n;
    double sum = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) sum += a[i] * d[i * n + j] * b[j];
    to.plain[static_cast<std::size_t>(r)] += weight * sum;
  }
}

void TransitionTable::finish(Collector& from, double* by_rate) const {
  if (!from.used) return;
  from.used = false;
  if (real_) return contract(size_, rates_, real_->directions, from.real, by_rate);
  if (complex_) return contract(size_, rates_, complex_->directions, from.complex, by_rate);
  for (int r = 0; r < rates_; ++r) by_rate[r] += std::exchange(from.plain[static_cast<std::size_t>(r)], 0.0);
}

}  // namespace hyped
