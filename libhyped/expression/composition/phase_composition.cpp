// Shares of phases and their contrasts.
#include "libhyped/expression/composition/phase_composition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/errors.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), z95 = 1.959963984540054;

struct Ends {
  double lower, upper;
};

Ends jeffreys(double k, double n) {
  const boost::math::beta_distribution<double> posterior(k + 0.5, n - k + 0.5);
  return {k == 0 ? 0.0 : boost::math::quantile(posterior, 0.025), k == n ? 1.0 : boost::math::quantile(posterior, 0.975)};
}

Ends goodman(double k, double n, std::size_t phases) {
  const double z = normal_quantile_of(1 - 0.05 / (2 * static_cast<double>(phases))), a = z * z;
  const double half = std::sqrt(a * (a + 4 * k * (n - k) / n));
  return {std::max(0.0, (a + 2 * k - half) / (2 * (n + a))), std::min(1.0, (a + 2 * k + half) / (2 * (n + a)))};
}

Ends wilson(double share, double n) {
  if (!std::isfinite(n)) return {share, share};
  const double a = z95 * z95, half = z95 * std::sqrt(share * (1 - share) / n + a / (4 * n * n));
  return {(share + a / (2 * n) - half) / (1 + a / n), (share + a / (2 * n) + half) / (1 + a / n)};
}

double term(double observed, double expected) { return observed > 0 ? 2 * observed * std::log(observed / expected) : 0; }

}  // namespace

std::vector<ArmComposition> phase_composition(const CellGroups& arms, const CellGroups& phases, std::span<const std::string> set_arms) {
  HYPED_REQUIRE(arms.of_cell.size() == phases.of_cell.size());
  std::vector<ArmComposition> out;
  for (const auto& name : arms.names) out.push_back({name, 0, false, std::vector<PhaseShare>(phases.names.size())});
  for (const auto& name : set_arms) out[static_cast<std::size_t>(arms.index_of(name, "arms whose phases were sorted"))].set_by_sorting = true;
  for (std::size_t c = 0; c < arms.of_cell.size(); ++c)
    if (arms.of_cell[c] >= 0 && phases.of_cell[c] >= 0) {
      ArmComposition& arm = out[static_cast<std::size_t>(arms.of_cell[c])];
      ++arm.cells;
      ++arm.phases[static_cast<std::size_t>(phases.of_cell[c])].cells;
    }
  for (ArmComposition& arm : out)
    for (PhaseShare& p : arm.phases) {
      const auto k = static_cast<double>(p.cells), n = static_cast<double>(arm.cells);
      p.share = n > 0 ? k / n : nan;
      p.lower = p.upper = p.joint_lower = p.joint_upper = nan;
      if (n == 0 || arm.set_by_sorting) continue;
      const Ends own = jeffreys(k, n), joint = goodman(k, n, arm.phases.size());
      p.lower = own.lower, p.upper = own.upper, p.joint_lower = joint.lower, p.joint_upper = joint.upper;
    }
  return out;
}

CompositionContrast composition_contrast(const ArmComposition& arm, const ArmComposition& reference, const std::optional<ReferenceComposition>& instead) {
  CompositionContrast out;
  const std::size_t phases = arm.phases.size();
  HYPED_REQUIRE(reference.phases.size() == phases);
  if (instead) {
    const double sum = std::accumulate(instead->share.begin(), instead->share.end(), 0.0);
    if (instead->share.size() != phases || std::abs(sum - 1) > 1e-6 || std::any_of(instead->share.begin(), instead->share.end(), [](double s) { return !(s >= 0); }) || !(instead->cells > 0))
      throw InputError(instead->source, fmt::format("{} shares that add up to {:.6g} do not describe {} phases", instead->share.size(), sum, phases), "give a share for every phase, adding up to 1, and how many cells they rest on");
  }
  if (arm.set_by_sorting) {
    out.words = fmt::format("the phase numbers of {} were set by sorting: it has no composition to compare", arm.arm);
    return out;
  }
  if (reference.set_by_sorting && !instead) {
    out.words = fmt::format("the phase numbers of {} were set by sorting and carry no composition: a contrast needs an imaging reference or weights", reference.arm);
    return out;
  }
  if (arm.cells == 0 || (!instead && reference.cells == 0)) {
    out.words = fmt::format("{} has no cells with a phase", arm.cells == 0 ? arm.arm : reference.arm);
    return out;
  }
  out.exists = true;
  out.words = instead ? fmt::format("{} against {}", arm.arm, instead->source) : fmt::format("{} against the cells of {}", arm.arm, reference.arm);
  const auto n = static_cast<double>(arm.cells), m = instead ? instead->cells : static_cast<double>(reference.cells);
  int seen = 0;
  for (std::size_t k = 0; k < phases; ++k) {
    const double p = arm.phases[k].share, q = instead ? instead->share[k] : reference.phases[k].share;
    const Ends a = wilson(p, n), b = wilson(q, m);
    out.difference.push_back(p - q);
    out.lower.push_back(p - q - std::hypot(p - a.lower, b.upper - q));
    out.upper.push_back(p - q + std::hypot(a.upper - p, q - b.lower));
    seen += p > 0 || q > 0 ? 1 : 0;
    const double common = std::isfinite(m) ? (n * p + m * q) / (n + m) : q;
    out.statistic += term(n * p, n * common) + (std::isfinite(m) ? term(m * q, m * common) : 0);
  }
  out.df = seen - 1;
  if (out.df > 0) out.test = chi_squared_tail(out.statistic, out.df);
  return out;
}

CellGroups cross(const CellGroups& arms, const CellGroups& phases) {
  HYPED_REQUIRE(arms.of_cell.size() == phases.of_cell.size());
  CellGroups out;
  for (const auto& arm : arms.names)
    for (const auto& phase : phases.names) out.names.push_back(arm + ", " + phase);
  for (std::size_t c = 0; c < arms.of_cell.size(); ++c) out.of_cell.push_back(arms.of_cell[c] < 0 || phases.of_cell[c] < 0 ? -1 : arms.of_cell[c] * phases.count() + phases.of_cell[c]);
  return out;
}

}  // namespace hyped
