// Bounds on relative changes of propensities.
#include "libhyped/simulate/leap_selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hyped {

LeapSelection::LeapSelection(const JumpNetwork& network, double epsilon)
    : network_(network), epsilon_(epsilon), roles_(static_cast<std::size_t>(network.state_count())),
      critical_(static_cast<std::size_t>(network.reaction_count())), drift_(roles_.size()), spread_(roles_.size()) {
  for (int r = 0; r < network.reaction_count(); ++r)
    for (const int s : network.reads(r)) {
      Role& role = roles_[static_cast<std::size_t>(s)];
      Role here{3, 1};      // not of mass action: taken as steep as order three
      if (network.order() > 0) {
        const auto& form = network.mass_action()[static_cast<std::size_t>(r)];
        here = {form.order, static_cast<int>(std::count(form.state.begin(), form.state.begin() + form.order, s))};
      }
      if (here.order > role.order || (here.order == role.order && here.own > role.own)) role = here;
    }
}

// epsilon x / g, at least one.
double LeapSelection::largest_change(std::size_t state, double x) const {
  const auto [order, own] = roles_[state];
  double g = order;
  if (own == 2 && x > 1) g = (order == 2 ? 1 : 1.5) * (2 + 1 / (x - 1));
  if (own == 3 && x > 2) g = 3 + 1 / (x - 1) + 2 / (x - 2);
  return std::max(epsilon_ * x / g, 1.0);
}

LeapChoice LeapSelection::choose(std::span<const double> x, std::span<const double> propensities) {
  std::ranges::fill(drift_, 0.0);
  std::ranges::fill(spread_, 0.0);
  double total = 0;
  for (std::size_t r = 0; r < propensities.size(); ++r) {
    critical_[r] = 0;
    const double a = propensities[r];
    if (!(a > 0)) continue;
    total += a;
    for (const auto& [state, amount] : network_.changes(static_cast<int>(r)))
      if (amount < 0 && x[static_cast<std::size_t>(state)] < -10.0 * amount) critical_[r] = 1;
    if (critical_[r]) continue;
    for (const auto& [state, amount] : network_.changes(static_cast<int>(r))) {
      drift_[static_cast<std::size_t>(state)] += amount * a;
      spread_[static_cast<std::size_t>(state)] += amount * amount * a;
    }
  }
  double leap = std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < roles_.size(); ++s) {
    if (roles_[s].order == 0 || spread_[s] == 0) continue;
    const double change = largest_change(s, x[s]);
    leap = std::min({leap, change / std::abs(drift_[s]), change * change / spread_[s]});
  }
  return {leap * total < 10, leap};
}

void LeapSelection::apply(std::span<const double> firings, std::span<double> x) const {
  for (std::size_t r = 0; r < firings.size(); ++r) {
    double times = firings[r];
    if (times == 0) continue;
    const auto changes = network_.changes(static_cast<int>(r));
    for (const auto& [state, amount] : changes)
      if (amount < 0) times = std::min(times, std::floor(x[static_cast<std::size_t>(state)] / -amount));
    for (const auto& [state, amount] : changes) x[static_cast<std::size_t>(state)] += amount * times;
  }
}

}  // namespace hyped
