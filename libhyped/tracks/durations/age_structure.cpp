// Renewal equations on a grid.
#include "libhyped/tracks/durations/age_structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>

namespace hyped {
namespace {

// Cells that never leave, and where all others have (but for 1e-10).
struct Extent {
  double never = 0, reach = 1;
};
Extent extent_of(const PhaseLaw& law) {
  constexpr double forever = 20000;
  Extent out;
  out.never = law.survival(forever) > 1e-6 ? law.survival(forever) : 0;
  while (out.reach < forever && law.survival(out.reach) - out.never > 1e-10) out.reach *= 1.3;
  return out;
}

// Integral of exp(-r t) (S(t) - never) over t > 0 by Simpson's rule on a grid of the law's own size.
double discounted(const PhaseLaw& law, double r, const Extent& extent) {
  constexpr int panels = 4000;
  const double h = extent.reach / panels;
  double sum = 0;
  for (int i = 0; i <= panels; ++i) sum += (i == 0 || i == panels ? 1 : i % 2 == 1 ? 4 : 2) * std::exp(-r * i * h) * (law.survival(i * h) - extent.never);
  return sum * h / 3;
}

}  // namespace

double mean_of(const PhaseLaw& law) {
  const Extent extent = extent_of(law);
  return extent.never > 0 ? std::numeric_limits<double>::infinity() : discounted(law, 0, extent);
}

BalancedAges balanced_ages(const std::vector<PhaseLaw>& cycle) {
  HYPED_REQUIRE(!cycle.empty());
  std::vector<Extent> extent;
  double shortest = 1e300;
  for (const PhaseLaw& law : cycle) {
    extent.push_back(extent_of(law));
    shortest = std::min(shortest, discounted(law, 0, extent.back()));
  }
  const auto balance = [&](double r) {
    double log_product = std::log(2.0);
    for (std::size_t k = 0; k < cycle.size(); ++k) log_product += std::log(std::max(1e-300, 1 - extent[k].never - r * discounted(cycle[k], r, extent[k])));
    return log_product;
  };
  BalancedAges out;
  out.shares = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(cycle.size()));
  double low = 1e-9, high = 0.01;
  if (!(balance(low) > 0)) {
    out.outcome = {Status::not_converged, "too many cells never leave a phase: the population does not grow"};
    return out;
  }
  while (balance(high) > 0 && high < 50 / shortest) high *= 1.5;
  std::uintmax_t iterations = 200;
  const auto bracket = boost::math::tools::toms748_solve(balance, low, high, boost::math::tools::eps_tolerance<double>(45), iterations);
  const double r = out.growth_rate_per_h = 0.5 * (bracket.first + bracket.second);
  double entering = 1;
  for (std::size_t k = 0; k < cycle.size(); ++k) {
    const double stay = discounted(cycle[k], r, extent[k]) + extent[k].never / r;
    out.shares[static_cast<Eigen::Index>(k)] = entering * stay;
    entering *= 1 - r * stay;
  }
  out.shares /= out.shares.sum();
  return out;
}

namespace {

// Cells [T x K] at multiples of the step, before death.
Eigen::MatrixXd on_grid(const std::vector<PhaseLaw>& cycle, const AgeStart& start, double growth, double step, int steps) {
  const auto phases = static_cast<Eigen::Index>(cycle.size());
  Eigen::MatrixXd cells(steps + 1, phases), entered = Eigen::MatrixXd::Zero(steps + 1, phases), middle(steps + 1, phases), first(steps + 1, phases);
  for (Eigen::Index k = 0; k < phases; ++k) {
    const PhaseLaw& law = cycle[static_cast<std::size_t>(k)];
    for (int n = 0; n <= steps; ++n) middle(n, k) = law.survival((n + 0.5) * step);      // of cells that entered in the middle of a step
    // What is left of the cells at the start: ages by exp(-growth a) S(a), or 0.
    const Extent extent = extent_of(law);
    const double reach = extent.never > 0 ? 25 / growth : extent.reach;      // those that never leave pile up as the population grows
    const int ages = start.just_entered ? 1 : static_cast<int>(std::ceil(reach / step)) + 1;
    double all = 0;
    Eigen::VectorXd left = Eigen::VectorXd::Zero(steps + 1);
    if (start.just_entered)
      for (int n = 0; n <= steps; ++n) left[n] = law.survival(n * step);
    else {
      std::vector<double> survival(static_cast<std::size_t>(ages + steps + 1));
      for (std::size_t i = 0; i < survival.size(); ++i) survival[i] = law.survival((static_cast<double>(i) + 0.5) * step);
      for (int a = 0; a < ages; ++a) {
        const double weight = std::exp(-growth * (a + 0.5) * step);
        all += weight * survival[static_cast<std::size_t>(a)];
        for (int n = 0; n <= steps; ++n) left[n] += weight * survival[static_cast<std::size_t>(a + n)];
      }
      left /= all;
    }
    first.col(k) = start.cells[k] * left;
  }
  cells.row(0) = first.row(0);
  for (int n = 1; n <= steps; ++n) {
    Eigen::RowVectorXd old = first.row(n);      // without those that enter in this step
    for (Eigen::Index k = 0; k < phases; ++k)
      for (int j = 1; j < n; ++j) old[k] += entered(j, k) * middle(n - j, k);
    // Those that leave a phase in this step enter the next; a cell that enters and leaves within one step needs the second sweep.
    Eigen::RowVectorXd now = old;
    for (int sweep = 0; sweep < 3; ++sweep)
      for (Eigen::Index k = 0; k < phases; ++k) {
        const Eigen::Index from = k == 0 ? phases - 1 : k - 1;
        const double left = cells(n - 1, from) + entered(n, from) - now[from];
        entered(n, k) = (k == 0 ? 2 : 1) * std::max(0.0, left);
        now[k] = old[k] + entered(n, k) * middle(0, k);
      }
    cells.row(n) = now;
  }
  return cells;
}

}  // namespace

AgeCourse age_course(const std::vector<PhaseLaw>& cycle, const AgeStart& start, const std::vector<double>& times_h, double death_per_h, double step_h) {
  HYPED_REQUIRE(start.cells.size() == static_cast<Eigen::Index>(cycle.size()) && !times_h.empty());
  const BalancedAges balanced = start.just_entered ? BalancedAges{} : balanced_ages(cycle);
  const double begin = times_h.front(), span = std::max(step_h, times_h.back() - begin);
  AgeCourse out;
  out.times_h = times_h;
  Eigen::MatrixXd coarse;
  for (const int refine : {1, 2}) {
    const int steps = refine * static_cast<int>(std::ceil(span / step_h));
    const double step = span / steps;
    const Eigen::MatrixXd grid = on_grid(cycle, start, balanced.growth_rate_per_h, step, steps);
    Eigen::MatrixXd cells(static_cast<Eigen::Index>(times_h.size()), grid.cols());
    for (std::size_t t = 0; t < times_h.size(); ++t) {
      const double at = std::clamp((times_h[t] - begin) / step, 0.0, static_cast<double>(steps));
      const int i = std::min(steps - 1, static_cast<int>(at));
      cells.row(static_cast<Eigen::Index>(t)) = (grid.row(i) + (at - i) * (grid.row(i + 1) - grid.row(i))) * std::exp(-death_per_h * (times_h[t] - begin));
    }
    if (refine == 1) coarse = cells;
    else {
      out.step_error = ((cells.rowwise().sum() - coarse.rowwise().sum()).array() / cells.rowwise().sum().array().max(1e-300)).abs().maxCoeff();
      out.cells = cells + (cells - coarse) / 3;      // Richardson: the rule is of second order
    }
  }
  return out;
}

ErlangStay nearest_erlang(const PhaseLaw& law, int most_stages) {
  ErlangStay best;
  best.mean_h = mean_of(law);
  best.distance = 2;
  if (!std::isfinite(best.mean_h)) return best;
  const double reach = std::min(extent_of(law).reach, 10 * best.mean_h);
  std::vector<double> survival;
  constexpr int points = 600;
  for (int i = 0; i <= points; ++i) survival.push_back(law.survival(reach * i / points));
  for (int stages = 1; stages <= most_stages; ++stages) {
    double distance = 0, at = 0;
    for (int i = 1; i <= points; ++i) {
      const double t = reach * i / points, difference = std::abs(boost::math::gamma_q(stages, stages * t / best.mean_h) - survival[static_cast<std::size_t>(i)]);
      if (difference > distance) distance = difference, at = t;
    }
    if (distance < best.distance) best = {stages, best.mean_h, distance, at};
  }
  return best;
}

}  // namespace hyped
