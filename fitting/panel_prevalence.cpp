// Observed against expected shares of phases, with the covariance of their difference.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <map>

#include "fitting/panel_fit.hpp"

namespace hyped {
namespace {

constexpr int most_moments = 4, fewest = 20;

// Probability of each state at `to` from each at `from` [n x n].
Eigen::MatrixXd transition(const PanelModel& model, const Eigen::VectorXd& natural, int row, double from, double to) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Identity(model.state_count(), model.state_count());
  const auto& cuts = model.boundaries();
  for (double at = from; at < to - 1e-12;) {
    const int piece = model.piece_at(at);
    const double end = piece < static_cast<int>(cuts.size()) ? std::min(to, cuts[static_cast<std::size_t>(piece)]) : to;
    Eigen::VectorXd rates;
    Eigen::MatrixXd unused;
    model.rates(natural, row, piece, rates, unused);
    const TransitionTable table(model.generator(rates), {}, {end - at}, false);
    out = (out * Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(table.matrix(0), out.rows(), out.cols())).eval();
    at = end;
  }
  return out;
}

// The share still watched over time, from cells lost before the last look of all.
class Watched {
 public:
  Watched(const std::vector<const PanelSubject*>& cells, const std::vector<char>& absorbing, double last) {
    std::map<double, std::pair<double, double>> at;      // lost, gone
    for (const PanelSubject* s : cells) {
      const PanelLook& end = s->looks.back();
      const bool ended = end.seen >= 0 && absorbing[static_cast<std::size_t>(end.seen)];
      auto& here = at[end.time_h];
      here.first += !ended && end.time_h < last - 1e-9 ? 1 : 0;
      here.second += 1;
    }
    double risk = static_cast<double>(cells.size()), share = 1;
    for (const auto& [time, counts] : at) {
      share *= 1 - counts.first / risk;
      risk -= counts.second;
      share_[time] = share;
    }
  }
  double before(double t) const {      // of being watched at t: not lost earlier
    const auto next = share_.lower_bound(t - 1e-9);
    return next == share_.begin() ? 1 : std::prev(next)->second;
  }

 private:
  std::map<double, double> share_;
};

}  // namespace

PrevalenceTest test_prevalence(const PanelData& data, const PanelFit& fit, const PanelSpec& spec, int covariate_row) {
  PrevalenceTest out;
  const auto none = [&](const std::string& why) {
    out.outcome = {Status::not_identifiable, why};
    return out;
  };
  const PanelModel model(spec, data);
  if (!spec.misread.empty()) return none("shares are tested where looks tell the phase: no misread phases");
  if (!fit.identifiability.all() || !std::isfinite(fit.log_likelihood)) return none("the parameters have no covariance");
  const int n = model.phase_count(), states = model.state_count();
  std::vector<char> absorbing(static_cast<std::size_t>(n), 0);
  for (int k = 0; k < n; ++k) absorbing[static_cast<std::size_t>(k)] = model.absorbing(k) ? 1 : 0;
  double first = 1e300, last = -1e300;
  for (const PanelSubject& s : data.subjects)
    if (s.covariate_row == covariate_row) first = std::min(first, s.looks.front().time_h);
  std::vector<const PanelSubject*> cells;
  for (const PanelSubject& s : data.subjects)
    if (s.covariate_row == covariate_row && s.looks.front().time_h <= first + 1e-9 && s.looks.front().seen >= 0) cells.push_back(&s), last = std::max(last, s.looks.back().time_h);
  out.cells = static_cast<int>(cells.size());
  if (out.cells < fewest) return none("fewer than 20 cells at the first look");
  const Watched watched(cells, absorbing, last);
  std::vector<double> looks;      // where cells are seen is known at looks: the times are some of them
  for (const PanelSubject* s : cells)
    for (const PanelLook& look : s->looks)
      if (!look.exact) looks.push_back(look.time_h);
  std::sort(looks.begin(), looks.end());
  for (int k = 1; k <= most_moments; ++k) {
    const double wanted = first + (last - first) * k / most_moments;
    const auto after = std::lower_bound(looks.begin(), looks.end(), wanted - 1e-9);
    const double at = after == looks.end() ? looks.back() : *after;
    if (at > (out.times_h.empty() ? first : out.times_h.back()) + 1e-9) out.times_h.push_back(at);
  }
  const int moments = static_cast<int>(out.times_h.size());
  if (moments == 0) return none("there is one look only");
  const int size = moments * n;
  // Cells that start alike: in one phase, seen to enter it (first stage) or met in it (any stage).
  const int kinds = 2 * n;
  const auto kind_of = [](const PanelSubject& s) { return 2 * s.looks.front().seen + (s.entered ? 1 : 0); };
  Eigen::MatrixXd start = Eigen::MatrixXd::Zero(kinds, states), shown = Eigen::MatrixXd::Zero(states, n);      // shown: which phase a state is seen as
  for (int phase = 0; phase < n; ++phase) {
    const int stages = model.spec().stages[static_cast<std::size_t>(phase)], at = model.first_state(phase);
    start(2 * phase + 1, at) = 1;
    for (int k = 0; k < stages; ++k) start(2 * phase, at + k) = 1.0 / stages, shown(at + k, phase) = 1;
  }
  // Weight of a cell at each time, and where it was seen.
  Eigen::MatrixXd weight = Eigen::MatrixXd::Zero(out.cells, moments);
  Eigen::VectorXd gap = Eigen::VectorXd::Zero(size);
  Eigen::MatrixXd from = Eigen::MatrixXd::Zero(moments, kinds), square = Eigen::MatrixXd::Zero(size, size);      // from: weights by the kind of start
  const auto probabilities = [&](const Eigen::VectorXd& natural) {
    std::vector<Eigen::MatrixXd> p;      // of each state at each time [kinds x states]
    for (const double t : out.times_h) p.push_back(start * transition(model, natural, covariate_row, first, t));
    return p;
  };
  const Eigen::VectorXd natural = fit.natural();
  const auto p = probabilities(natural);
  std::vector<Eigen::MatrixXd> seen_as;      // each phase [kinds x n]
  for (const auto& one : p) seen_as.push_back(one * shown);
  std::vector<double> total(static_cast<std::size_t>(moments), 0);
  for (int i = 0; i < out.cells; ++i) {
    const PanelSubject& s = *cells[static_cast<std::size_t>(i)];
    const PanelLook& end = s.looks.back();
    const bool ended = end.seen >= 0 && absorbing[static_cast<std::size_t>(end.seen)];
    const int kind = kind_of(s);
    for (int k = 0; k < moments; ++k) {
      const double t = out.times_h[static_cast<std::size_t>(k)];
      int seen = -1;
      if (end.time_h < t - 1e-9) {
        if (!ended) continue;      // lost
        seen = end.seen;
        weight(i, k) = watched.before(t) / std::max(1e-12, watched.before(end.time_h));
      } else {
        for (const PanelLook& look : s.looks)
          if (look.time_h <= t + 1e-9) seen = look.seen;
        if (seen < 0) continue;
        weight(i, k) = 1;
      }
      total[static_cast<std::size_t>(k)] += weight(i, k);
      from(k, kind) += weight(i, k);
      gap[k * n + seen] += weight(i, k);
      for (int j = 0; j < n; ++j) gap[k * n + j] -= weight(i, k) * seen_as[static_cast<std::size_t>(k)](kind, j);
    }
  }
  for (int k = 0; k < moments; ++k)
    for (int l = k; l < moments; ++l) {
      const Eigen::MatrixXd later = transition(model, natural, covariate_row, out.times_h[static_cast<std::size_t>(k)], out.times_h[static_cast<std::size_t>(l)]) * shown;      // [states x n]
      Eigen::VectorXd both = Eigen::VectorXd::Zero(kinds);
      for (int i = 0; i < out.cells; ++i) both[kind_of(*cells[static_cast<std::size_t>(i)])] += weight(i, k) * weight(i, l);
      for (int kind = 0; kind < kinds; ++kind) {
        if (both[kind] == 0) continue;
        const Eigen::MatrixXd joint = shown.transpose() * p[static_cast<std::size_t>(k)].row(kind).asDiagonal() * later;      // seen in a, then in b [n x n]
        square.block(k * n, l * n, n, n) += both[kind] * (joint - seen_as[static_cast<std::size_t>(k)].row(kind).transpose() * seen_as[static_cast<std::size_t>(l)].row(kind));
      }
    }
  for (int a = 0; a < size; ++a)
    for (int b = 0; b < a; ++b) square(a, b) = square(b, a);
  Eigen::MatrixXd slope(size, fit.theta.size());
  for (Eigen::Index i = 0; i < fit.theta.size(); ++i) {
    Eigen::VectorXd above = fit.theta, below = fit.theta;
    above[i] += 1e-4, below[i] -= 1e-4;
    const auto up = probabilities(fit.space.natural(above)), down = probabilities(fit.space.natural(below));
    for (int k = 0; k < moments; ++k)
      slope.col(i).segment(k * n, n) = (from.row(k) * (up[static_cast<std::size_t>(k)] - down[static_cast<std::size_t>(k)]) * shown).transpose() / 2e-4;
  }
  const Eigen::MatrixXd covariance = square - slope * fit.identifiability.covariance * slope.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(0.5 * (covariance + covariance.transpose()));
  // Directions with hardly any variance are sums that are fixed, or phases nobody can be in: a hundredth of a cell's is the least counted.
  const double least = std::max(1e-6 * eigen.eigenvalues().maxCoeff(), 1.0);
  const Eigen::VectorXd turned = eigen.eigenvectors().transpose() * gap;
  for (int i = 0; i < size; ++i)
    if (eigen.eigenvalues()[i] > least) out.statistic += turned[i] * turned[i] / eigen.eigenvalues()[i], ++out.degrees;
  if (out.degrees == 0) return none("nothing varies");
  out.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared_distribution<double>(out.degrees), out.statistic));
  for (int k = 0; k < moments; ++k)
    for (int j = 0; j < n; ++j)
      if (const double share = gap[k * n + j] / std::max(1.0, total[static_cast<std::size_t>(k)]); std::abs(share) > std::abs(out.largest_gap))
        out.largest_gap = share, out.gap_at_h = out.times_h[static_cast<std::size_t>(k)], out.gap_phase = spec.phases[static_cast<std::size_t>(j)];
  return out;
}

}  // namespace hyped
