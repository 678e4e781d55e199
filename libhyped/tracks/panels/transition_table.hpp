// Transition probabilities of one small generator over a list of intervals, with exact derivatives by every rate.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <optional>
#include <vector>

namespace hyped {

// Where Q has a well-conditioned eigenbasis, probabilities and derivatives come from it; else (Erlang stages make Q defective) from Pade's
// exponential of Q and of [[Q, dQ/dr], [0, Q]]. Row a times P(t) times column b is differentiated without forming dP: in the eigenbasis the
// derivative by all rates together is one rank-one update (Kalbfleisch & Lawless 1985, JASA 80:863; Van Loan 1978, IEEE TAC 23:395).
class TransitionTable {
 public:
  // directions[r] = dQ/dr [n x n]; times [h]. Without derivatives collect() may not be called.
  TransitionTable(const Eigen::MatrixXd& generator, const std::vector<Eigen::MatrixXd>& directions, const std::vector<double>& times_h, bool derivatives);

  bool spectral() const { return real_.has_value() || complex_.has_value(); }
  // P of times_h[k], row-major [n x n].
  const double* matrix(int k) const { return probabilities_.data() + static_cast<std::size_t>(k) * size_ * size_; }

  // d P(t_k)_{row, j} / d rate r, to out [R x n] row-major.
  void row_slopes(int k, int row, double* out) const;

  struct Collector {                     // one per thread or subject
    std::vector<double> real, plain;
    std::vector<std::complex<double>> complex;
    bool used = false;
  };
  Collector collector() const;
  // Adds weight x a P(t_k) b; a, b [n].
  void collect(int k, const double* a, const double* b, double weight, Collector& to) const;
  // Adds the derivative of everything collected by each rate to by_rate [R], and clears.
  void finish(Collector& from, double* by_rate) const;

 private:
  template <class T>
  struct Spectral {
    std::vector<T> values, vectors, inverse;      // row-major
    std::vector<T> differences;                   // divided differences of exp per time [times x n x n]
    std::vector<T> directions;                    // inverse dQ/dr vectors, transposed for the contraction [R x n x n]
  };
  template <class T>
  bool decompose(const Eigen::MatrixXd& generator, std::optional<Spectral<T>>& into);
  template <class T>
  void fill(Spectral<T>& basis, const std::vector<Eigen::MatrixXd>& directions, const std::vector<double>& times, bool derivatives);
  int size_ = 0, rates_ = 0;
  std::vector<double> probabilities_, derivatives_;      // derivatives_: [times x R x n x n] where not spectral
  std::optional<Spectral<double>> real_;
  std::optional<Spectral<std::complex<double>>> complex_;
};

}  // namespace hyped
