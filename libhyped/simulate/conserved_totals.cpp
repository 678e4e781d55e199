// Null space, echelon form, extreme rays.
#include "libhyped/simulate/conserved_totals.hpp"

#include <fmt/format.h>

#include <Eigen/LU>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

// Directions the state can move in [S x directions]: conserved weights are orthogonal to all of them.
Eigen::MatrixXd directions(const Model& model, std::span<const double> parameters, std::span<const double> state) {
  const int states = model.state_count();
  if (const auto net = model.stoichiometry(); !net.empty()) {
    Eigen::MatrixXd out(states, model.reaction_count());
    for (int r = 0; r < model.reaction_count(); ++r)
      for (int s = 0; s < states; ++s) out(s, r) = net[static_cast<std::size_t>(r * states + s)];
    return out;
  }
  constexpr int points = 4;
  Eigen::MatrixXd out(states, points * (states + 1));
  double largest = 1e-300;
  for (const double x : state) largest = std::max(largest, std::abs(x));
  if (largest == 1e-300) largest = 1;
  std::vector<double> x(state.begin(), state.end()), dx(x.size());
  Linearisation at;
  for (int k = 0; k < points; ++k) {
    RandomStream random(7, static_cast<std::uint32_t>(k), 0);
    for (std::size_t s = 0; s < x.size(); ++s) x[s] = (state[s] == 0 ? largest : std::abs(state[s])) * std::exp(2 * random.uniform() - 1);
    at.state.resize(states, states);
    at.parameter.resize(states, model.parameter_count());
    model.linearise(0, x, parameters, dx, at);
    out.middleCols(k * (states + 1), states) = at.state;
    for (int s = 0; s < states; ++s) out(s, k * (states + 1) + states) = dx[static_cast<std::size_t>(s)];
  }
  if (!out.allFinite()) return Eigen::MatrixXd::Identity(states, states);      // nothing is known to be conserved
  for (Eigen::Index c = 0; c < out.cols(); ++c)
    if (const double length = out.col(c).norm(); length > 0) out.col(c) /= length;
  return out;
}

// Smallest entry 1, whole numbers where they are that within rounding, first entry positive.
Eigen::VectorXd tidied(Eigen::VectorXd w) {
  const double largest = w.cwiseAbs().maxCoeff();
  double smallest = largest;
  for (const double v : w)
    if (std::abs(v) > 1e-9 * largest) smallest = std::min(smallest, std::abs(v));
  double sign = 0;
  for (double& v : w) {
    v = std::abs(v) > 1e-9 * largest ? v / smallest : 0.0;
    if (std::abs(v - std::round(v)) < 1e-7) v = std::round(v);
    if (sign == 0) sign = (v > 0) - (v < 0);
  }
  return sign < 0 ? Eigen::VectorXd(-w) : w;
}

// Reduced row echelon form [k x S].
Eigen::MatrixXd echelon(Eigen::MatrixXd w) {
  std::vector<bool> used(static_cast<std::size_t>(w.cols()), false);
  for (Eigen::Index k = 0; k < w.rows(); ++k) {
    Eigen::Index pivot = -1;
    for (Eigen::Index s = 0; s < w.cols(); ++s)
      if (!used[static_cast<std::size_t>(s)] && (pivot < 0 || std::abs(w(k, s)) > std::abs(w(k, pivot)) * (1 + 1e-6))) pivot = s;
    used[static_cast<std::size_t>(pivot)] = true;
    w.row(k) /= w(k, pivot);
    for (Eigen::Index other = 0; other < w.rows(); ++other)
      if (other != k) w.row(other) -= w(other, pivot) * w.row(k);
  }
  return w;
}

// Non-negative combinations of the rows with as many zeros as can be forced: rays of the cone, where there are few enough to try.
std::vector<Eigen::VectorXd> rays(const Eigen::MatrixXd& basis) {
  const int k = static_cast<int>(basis.rows()), states = static_cast<int>(basis.cols());
  std::vector<Eigen::VectorXd> found;
  std::vector<int> chosen(static_cast<std::size_t>(k - 1));
  for (int i = 0; i < k - 1; ++i) chosen[static_cast<std::size_t>(i)] = i;
  for (long tried = 0; tried < 50000 && k - 1 <= states; ++tried) {
    Eigen::MatrixXd zero(k - 1, k);
    for (int i = 0; i < k - 1; ++i) zero.row(i) = basis.col(chosen[static_cast<std::size_t>(i)]).transpose();
    const Eigen::MatrixXd kernel = k == 1 ? Eigen::MatrixXd::Ones(1, 1) : Eigen::MatrixXd(Eigen::FullPivLU<Eigen::MatrixXd>(zero).setThreshold(1e-10).kernel());
    if (kernel.cols() == 1) {
      const Eigen::VectorXd w = tidied(basis.transpose() * kernel.col(0));
      const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) { return (other - w).cwiseAbs().maxCoeff() < 1e-6; });
      if (w.minCoeff() >= 0 && w.maxCoeff() > 0 && !known) found.push_back(w);
    }
    int at = k - 2;
    while (at >= 0 && chosen[static_cast<std::size_t>(at)] == states - (k - 1) + at) --at;
    if (at < 0) break;
    ++chosen[static_cast<std::size_t>(at)];
    for (int i = at + 1; i < k - 1; ++i) chosen[static_cast<std::size_t>(i)] = chosen[static_cast<std::size_t>(i - 1)] + 1;
  }
  const auto place = [](const Eigen::VectorXd& w) {      // few states first, then in their order
    Eigen::Index first = 0;
    while (w[first] == 0) ++first;
    return std::pair((w.array() != 0).count(), first);
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return found;
}

std::string written(const Model& model, const ConservedTotal& total) {
  std::string text;
  for (int s = 0; s < model.state_count(); ++s) {
    const double w = total.weights[s];
    if (w == 0) continue;
    text += text.empty() ? (w < 0 ? "-" : "") : (w < 0 ? " - " : " + ");
    if (std::abs(w) != 1) text += fmt::format("{:.6g} ", std::abs(w));
    text += model.states()[static_cast<std::size_t>(s)].name;
  }
  return text + fmt::format(" = {:.6g}", total.total);
}

}  // namespace

std::vector<ConservedTotal> conserved_totals(const Model& model, std::span<const double> parameters, std::span<const double> state) {
  HYPED_REQUIRE(static_cast<int>(state.size()) == model.state_count() && static_cast<int>(parameters.size()) == model.parameter_count());
  const Eigen::MatrixXd moves = directions(model, parameters, state);
  const int states = model.state_count();
  Eigen::MatrixXd padded = Eigen::MatrixXd::Zero(states, std::max<Eigen::Index>(states, moves.cols()));
  padded.leftCols(moves.cols()) = moves;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(padded, Eigen::ComputeThinU);
  int rank = 0;
  while (rank < states && svd.singularValues()[rank] > 1e-10 * svd.singularValues()[0]) ++rank;
  std::vector<Eigen::VectorXd> candidates;
  if (rank < states) {
    const Eigen::MatrixXd basis = echelon(svd.matrixU().rightCols(states - rank).transpose());
    candidates = rays(basis);
    for (Eigen::Index k = 0; k < basis.rows(); ++k) candidates.push_back(tidied(basis.row(k).transpose()));
  }
  std::vector<ConservedTotal> out;
  Eigen::MatrixXd taken(states, 0);
  for (const auto& w : candidates) {
    if (static_cast<int>(out.size()) == states - rank) break;
    Eigen::MatrixXd more(states, taken.cols() + 1);
    more << taken, w.normalized();
    if (Eigen::FullPivLU<Eigen::MatrixXd>(more).setThreshold(1e-8).rank() < more.cols()) continue;
    taken = more;
    ConservedTotal total{w, w.dot(Eigen::Map<const Eigen::VectorXd>(state.data(), states)), ""};
    total.text = written(model, total);
    out.push_back(std::move(total));
  }
  return out;
}

}  // namespace hyped
