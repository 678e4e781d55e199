// One walk along the line over both distribution functions.
#include "libhyped/distance/line_distance.hpp"

#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {

double LineDistance::unbiased_energy(std::int64_t x, std::int64_t y) const {
  HYPED_REQUIRE(x > 1 && y > 1);
  return energy - within_x / static_cast<double>(x - 1) - within_y / static_cast<double>(y - 1);      // n / (n - 1) = 1 + 1 / (n - 1)
}

LineDistance line_distance(const LineSample& x, const LineSample& y, LineInfluence* influence) {
  constexpr double none = std::numeric_limits<double>::infinity();
  HYPED_REQUIRE(x.count > 0 && y.count > 0 && x.count >= static_cast<std::int64_t>(x.stored.size()) && y.count >= static_cast<std::int64_t>(y.stored.size()));
  const double n = static_cast<double>(x.count), m = static_cast<double>(y.count);
  std::int64_t zeros_x = x.count - static_cast<std::int64_t>(x.stored.size()), zeros_y = y.count - static_cast<std::int64_t>(y.stored.size());
  if (influence) {
    influence->energy_x.resize(x.stored.size()), influence->w1_x.resize(x.stored.size());
    influence->energy_y.resize(y.stored.size()), influence->w1_y.resize(y.stored.size());
    influence->energy_zero = influence->w1_zero = 0;
  }
  LineDistance out;
  std::int64_t below_x = 0, below_y = 0;      // at or below the place
  double place = 0, slope_energy = 0, slope_w1 = 0;
  bool zero_left = zeros_x + zeros_y > 0, started = false;
  for (std::size_t i = 0, j = 0; i < x.stored.size() || j < y.stored.size() || zero_left;) {
    const double next_x = i < x.stored.size() ? static_cast<double>(x.stored[i]) : none, next_y = j < y.stored.size() ? static_cast<double>(y.stored[j]) : none;
    double next = std::min(next_x, next_y);
    if (zero_left) next = std::min(next, 0.0);
    if (started) {
      const double width = next - place, f = static_cast<double>(below_x) / n, g = static_cast<double>(below_y) / m;
      // equal shares are equal, whatever the division says
      const __int128 sign = static_cast<__int128>(below_x) * y.count - static_cast<__int128>(below_y) * x.count;
      const double gap = sign == 0 ? 0.0 : f - g;
      out.energy += 2 * gap * gap * width;
      out.w1 += std::abs(gap) * width;
      out.within_x += 2 * f * (1 - f) * width;
      out.within_y += 2 * g * (1 - g) * width;
      slope_energy -= 4 * gap * width;
      slope_w1 -= (sign > 0 ? 1.0 : sign < 0 ? -1.0 : 0.0) * width;
    }
    place = next, started = true;
    for (; i < x.stored.size() && static_cast<double>(x.stored[i]) == next; ++i, ++below_x)
      if (influence) influence->energy_x[i] = slope_energy, influence->w1_x[i] = slope_w1;
    for (; j < y.stored.size() && static_cast<double>(y.stored[j]) == next; ++j, ++below_y)
      if (influence) influence->energy_y[j] = -slope_energy, influence->w1_y[j] = -slope_w1;
    if (next == 0 && zero_left) {
      below_x += zeros_x, below_y += zeros_y;
      zero_left = false;
      if (influence) influence->energy_zero = slope_energy, influence->w1_zero = slope_w1;
    }
  }
  return out;
}

}  // namespace hyped
