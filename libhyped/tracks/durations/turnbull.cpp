// The NPMLE of durations known to lie in intervals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/tracks/durations/survival_curves.hpp"

namespace hyped {
namespace {

// Where a duration lies: (from, to], or the point to if from == to.
struct Interval {
  double from, to;
};

// A point t is put just left of t: an end orders as (value, 0) for what opens after it, with points between.
struct Edge {
  double at;
  int kind;      // 0: a point opens; 1: closes (a point or (.., to]); 2: (from, ..] opens
  bool operator<(const Edge& b) const { return at != b.at ? at < b.at : kind < b.kind; }
};

// The innermost intervals: an opening directly followed by a closing.
std::vector<Interval> innermost(const std::vector<Interval>& data) {
  std::vector<Edge> edges;
  for (const Interval& one : data) {
    edges.push_back({one.from, one.from == one.to ? 0 : 2});
    edges.push_back({one.to, 1});
  }
  std::sort(edges.begin(), edges.end());
  std::vector<Interval> out;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i)
    if (edges[i].kind != 1 && edges[i + 1].kind == 1) out.push_back({edges[i].at, edges[i + 1].at});
  return out;
}

bool holds(const Interval& observed, const Interval& support) {
  if (observed.from == observed.to) return support.from == observed.from && support.to == observed.to;
  if (support.from == support.to) return support.from > observed.from && support.to <= observed.to;
  return support.from >= observed.from && support.to <= observed.to;
}

struct Npmle {
  std::vector<std::pair<int, int>> reach;      // by observation: first and one past the last interval it holds
  int size = 0;
  std::vector<double> count;                   // times each observation occurs (bootstrap)

  double log_likelihood(const Eigen::VectorXd& mass) const {
    double sum = 0;
    for (std::size_t i = 0; i < reach.size(); ++i)
      if (count[i] > 0) sum += count[i] * std::log(mass.segment(reach[i].first, reach[i].second - reach[i].first).sum());
    return sum;
  }
  // Derivative of the mean log-likelihood by every mass; 1 where mass is at the maximum.
  Eigen::VectorXd slope(const Eigen::VectorXd& mass) const {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(size);
    double total = 0;
    for (std::size_t i = 0; i < reach.size(); ++i) {
      if (!(count[i] > 0)) continue;
      const int from = reach[i].first, length = reach[i].second - from;
      out.segment(from, length).array() += count[i] / mass.segment(from, length).sum();
      total += count[i];
    }
    return out / total;
  }
};

struct Solved {
  Eigen::VectorXd mass;
  double gap = 0;
  bool converged = false;
};

Solved solve(const Npmle& problem, const TurnbullOptions& options) {
  Solved out;
  double total = 0;
  for (const double c : problem.count) total += c;
  Eigen::VectorXd mass = Eigen::VectorXd::Constant(problem.size, 1.0 / problem.size);
  const auto step = [&](const Eigen::VectorXd& from, Eigen::VectorXd& slope) {
    slope = problem.slope(from);
    return Eigen::VectorXd(from.cwiseProduct(slope));
  };
  Eigen::VectorXd slope, unused;
  for (int i = 0; i < options.iteration_limit; ++i) {
    const Eigen::VectorXd one = step(mass, slope);
    out.gap = total * (slope.maxCoeff() - 1);
    if (out.gap < options.gap) {
      out.converged = true;
      break;
    }
    const Eigen::VectorXd two = step(one, unused), first = one - mass, second = two - one - first;
    const double bend = second.norm();
    Eigen::VectorXd next = two;
    if (bend > 0) {
      const double length = std::max(1.0, first.norm() / bend);
      Eigen::VectorXd jump = mass + 2 * length * first + length * length * second;
      jump = jump.cwiseMax(1e-4 * two);      // masses stay positive
      jump /= jump.sum();
      if (problem.log_likelihood(jump) >= problem.log_likelihood(two)) next = jump;
    }
    mass = next;
  }
  out.mass = mass;
  return out;
}

}  // namespace

double TurnbullCurve::at(double t) const {
  double before = 1;
  for (std::size_t k = 0; k < mass.size(); ++k) {
    if (t <= from_h[k] && from_h[k] < to_h[k]) break;
    if (t < to_h[k]) return std::isinf(to_h[k]) ? before : before - mass[k] * (t - from_h[k]) / (to_h[k] - from_h[k]);
    before -= mass[k];
  }
  return before;
}

TurnbullCurve turnbull(const DurationData& data, const TurnbullOptions& options) {
  check_durations(data);
  // Equal to a nano-hour is equal: differences of frame times that say the same are one observation, met several times.
  const auto nano = [](double t) { return std::isfinite(t) ? std::round(t * 1e9) / 1e9 : t; };
  std::vector<Interval> observed;
  std::vector<double> times_met;
  std::vector<std::size_t> which;      // of each duration
  std::map<std::pair<double, double>, std::size_t> index;
  for (const Duration& d : data.durations) {
    if (d.residual || std::isfinite(d.seen_if_below_h) || d.seen_if_above_h > 0)
      throw InputError("Turnbull curve of " + data.name, "durations met half way or truncated are not intervals", "leave them out, or fit a family");
    const Interval one{nano(d.lower_h), nano(d.censored() ? d.upper_h : d.upper_h + d.entry_spread_h)};
    const auto at = index.emplace(std::pair(one.from, one.to), observed.size());
    if (at.second) observed.push_back(one), times_met.push_back(0);
    ++times_met[at.first->second];
    which.push_back(at.first->second);
  }
  const std::vector<Interval> support = innermost(observed);
  Npmle problem;
  problem.size = static_cast<int>(support.size());
  problem.count = times_met;
  for (const Interval& one : observed) {
    int from = 0;
    while (!holds(one, support[static_cast<std::size_t>(from)])) ++from;
    int to = from;
    while (to < problem.size && holds(one, support[static_cast<std::size_t>(to)])) ++to;
    problem.reach.emplace_back(from, to);
  }
  const Solved best = solve(problem, options);
  TurnbullCurve out;
  out.gap = best.gap;
  out.log_likelihood = problem.log_likelihood(best.mass);
  if (!best.converged) out.outcome = {Status::not_converged, fmt::format("the Turnbull estimate of {} is up to {:.2g} below its maximum after {} steps", data.name, best.gap, options.iteration_limit)};
  Eigen::MatrixXd draws(options.bootstrap, problem.size);
  parallel_for(options.bootstrap, [&](int b) {
    RandomStream random(options.seed, 41, static_cast<std::uint32_t>(b));
    Npmle again = problem;
    std::fill(again.count.begin(), again.count.end(), 0);
    for (std::size_t i = 0; i < which.size(); ++i) ++again.count[which[std::min(which.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(which.size())))]];
    TurnbullOptions coarse = options;
    coarse.gap = 1e-3;
    const Eigen::VectorXd mass = solve(again, coarse).mass;
    double left = 1;
    for (int k = 0; k < problem.size; ++k) draws(b, k) = left -= mass[k];
  });
  double left = 1;
  for (int k = 0; k < problem.size; ++k) {
    out.from_h.push_back(support[static_cast<std::size_t>(k)].from);
    out.to_h.push_back(support[static_cast<std::size_t>(k)].to);
    out.mass.push_back(best.mass[k]);
    out.survival.push_back(std::max(0.0, left -= best.mass[k]));
    std::vector<double> column(draws.col(k).begin(), draws.col(k).end());
    std::sort(column.begin(), column.end());
    const auto percentile = [&](double p) { return column.empty() ? std::nan("") : std::clamp(column[static_cast<std::size_t>(p * static_cast<double>(column.size() - 1) + 0.5)], 0.0, 1.0); };
    out.lower.push_back(percentile(0.025));
    out.upper.push_back(percentile(0.975));
  }
  return out;
}

}  // namespace hyped
