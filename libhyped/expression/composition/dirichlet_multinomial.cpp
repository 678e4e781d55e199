// Dirichlet-multinomial by nested maximisation.
#include "libhyped/expression/composition/dirichlet_multinomial.hpp"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>
#include <map>

namespace hyped {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

struct Rise {
  double value = 0, slope = 0, curve = 0;
};
// sum over units of lgamma(a + y) - lgamma(a), with two derivatives by a
class Rising {
 public:
  void add(double y, double times) {
    if (y > 0) counts_[y] += times, total_ += y * times;
  }
  double total() const { return total_; }
  Rise at(double a) const {
    Rise r;
    for (const auto& [y, times] : counts_) {
      if (y <= 12) {
        for (double i = 0; i < y; ++i) {
          const double u = 1 / (a + i);
          r.value += times * std::log(a + i), r.slope += times * u, r.curve -= times * u * u;
        }
      } else {
        r.value += times * (log_gamma(a + y) - log_gamma(a));
        r.slope += times * (boost::math::digamma(a + y) - boost::math::digamma(a));
        r.curve += times * (boost::math::trigamma(a + y) - boost::math::trigamma(a));
      }
    }
    return r;
  }

 private:
  std::map<double, double> counts_;      // y -> units
  double total_ = 0;
};

struct Group {
  std::vector<Rising> classes;      // [J]
  Rising totals;
};

// Highest likelihood of one group's shares at this precision; shares are the start and the result.
double best_shares(const Group& group, double precision, Eigen::VectorXd& share, bool& settled) {
  const auto classes = static_cast<Eigen::Index>(group.classes.size());
  Eigen::VectorXd slope = Eigen::VectorXd::Zero(classes), curve = slope, step = slope, trial = slope;
  const auto value_at = [&](const Eigen::VectorXd& p, bool derivatives) {
    double value = 0;
    for (Eigen::Index j = 0; j < classes; ++j) {
      if (group.classes[static_cast<std::size_t>(j)].total() == 0) continue;
      const Rise r = group.classes[static_cast<std::size_t>(j)].at(precision * p[j]);
      value += r.value;
      if (derivatives) slope[j] = precision * r.slope, curve[j] = precision * precision * r.curve;
    }
    return value;
  };
  settled = false;
  double value = 0;
  for (int iteration = 0; iteration < 100 && !settled; ++iteration) {
    value = value_at(share, true);
    double sum_ratio = 0, sum_inverse = 0;
    for (Eigen::Index j = 0; j < classes; ++j)
      if (group.classes[static_cast<std::size_t>(j)].total() > 0) sum_ratio += slope[j] / curve[j], sum_inverse += 1 / curve[j];
    const double multiplier = sum_ratio / sum_inverse;
    double rise = 0, room = 1;
    for (Eigen::Index j = 0; j < classes; ++j) {
      step[j] = group.classes[static_cast<std::size_t>(j)].total() > 0 ? (multiplier - slope[j]) / curve[j] : 0;
      rise += 0.5 * slope[j] * step[j];
      if (step[j] < 0) room = std::min(room, -0.95 * share[j] / step[j]);
    }
    settled = rise < 1e-10 * (1 + std::abs(value));
    for (int half = 0; half < 40; ++half, room *= 0.5) {
      trial = share + room * step;
      const double next = value_at(trial, false);
      if (next >= value - 1e-13 * std::abs(value)) {
        share = trial / trial.sum();
        value = next;
        break;
      }
    }
  }
  const Rise whole = group.totals.at(precision);
  return value - whole.value;
}

std::vector<Group> gather(const UnitCounts& units, int groups, bool by_group) {
  std::vector<Group> out(static_cast<std::size_t>(by_group ? groups : 1));
  for (auto& g : out) g.classes.resize(static_cast<std::size_t>(units.counts.cols()));
  for (Eigen::Index u = 0; u < units.counts.rows(); ++u) {
    Group& g = out[static_cast<std::size_t>(by_group ? units.group[static_cast<std::size_t>(u)] : 0)];
    for (Eigen::Index j = 0; j < units.counts.cols(); ++j) g.classes[static_cast<std::size_t>(j)].add(units.counts(u, j), units.times[u]);
    g.totals.add(units.counts.row(u).sum(), units.times[u]);
  }
  return out;
}

}  // namespace

DirichletMultinomialFit fit_dirichlet_multinomial(const UnitCounts& units, int groups, bool by_group) {
  const std::vector<Group> data = gather(units, groups, by_group);
  DirichletMultinomialFit out;
  Eigen::MatrixXd raw = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(data.size()), units.counts.cols());
  double multinomial = 0;
  for (std::size_t g = 0; g < data.size(); ++g) {
    const double total = data[g].totals.total();
    if (!(total > 0)) {
      out.outcome = {Status::not_identifiable, "a group has no counts"};
      return out;
    }
    for (std::size_t j = 0; j < data[g].classes.size(); ++j) {
      const double n = data[g].classes[j].total(), p = n / total;
      raw(static_cast<Eigen::Index>(g), static_cast<Eigen::Index>(j)) = p;
      if (n > 0) multinomial += n * std::log(p);
    }
  }
  out.share = raw;
  out.precision = infinity;
  out.log_likelihood = multinomial;
  const bool pairs = (units.counts.rowwise().sum().array() >= 2).any();
  if (!pairs) return out;      // single counts say nothing of how units vary
  std::vector<Eigen::VectorXd> shares(data.size());
  const auto restart = [&] {
    for (std::size_t g = 0; g < data.size(); ++g) shares[g] = raw.row(static_cast<Eigen::Index>(g)).transpose();
  };
  bool all_settled = true;
  const auto profile = [&](double log_precision) {
    double sum = 0;
    all_settled = true;
    for (std::size_t g = 0; g < data.size(); ++g) {
      bool settled = false;
      sum += best_shares(data[g], std::exp(log_precision), shares[g], settled);
      all_settled = all_settled && settled;
    }
    return sum;
  };
  restart();
  constexpr int coarse = 9;
  const double low = std::log(0.02), high = std::log(1e6), stride = (high - low) / (coarse - 1);
  std::array<double, coarse> at;
  int top = coarse - 1;
  for (int k = coarse; k-- > 0;) {
    at[static_cast<std::size_t>(k)] = profile(low + k * stride);
    if (at[static_cast<std::size_t>(k)] > at[static_cast<std::size_t>(top)]) top = k;
  }
  restart();
  std::uintmax_t steps = 60;
  const auto found = boost::math::tools::brent_find_minima([&](double x) { return -profile(x); }, low + std::max(0, top - 1) * stride, low + std::min(coarse - 1, top + 1) * stride, 26, steps);
  const double best = profile(found.first);
  if (!(best > multinomial + 1e-9)) return out;
  out.precision = std::exp(found.first);
  out.log_likelihood = best;
  for (std::size_t g = 0; g < data.size(); ++g) out.share.row(static_cast<Eigen::Index>(g)) = shares[g].transpose();
  if (!all_settled) out.outcome = {Status::not_converged, "the shares did not settle"};
  return out;
}

double dirichlet_multinomial_log_likelihood(const UnitCounts& units, const Eigen::MatrixXd& share, double precision) {
  double sum = 0;
  for (Eigen::Index u = 0; u < units.counts.rows(); ++u) {
    const Eigen::Index g = share.rows() == 1 ? 0 : units.group[static_cast<std::size_t>(u)];
    double one = std::isfinite(precision) ? log_gamma(precision) - log_gamma(precision + units.counts.row(u).sum()) : 0;
    for (Eigen::Index j = 0; j < units.counts.cols(); ++j)
      if (const double y = units.counts(u, j); y > 0) one += std::isfinite(precision) ? log_gamma(precision * share(g, j) + y) - log_gamma(precision * share(g, j)) : y * std::log(share(g, j));
    sum += units.times[u] * one;
  }
  return sum;
}

}  // namespace hyped
