// Canonical units: hours are the only time unit inside, counts are cells, doses keep the unit of their protocol.
#pragma once
#include <numbers>

namespace hyped::units {

inline constexpr double minutes_per_hour = 60.0;
inline constexpr double seconds_per_hour = 3600.0;
// Rate constant [1/h] of a first-order process from its half-life [h], and back.
constexpr double rate_of_half_life(double half_life_h) { return std::numbers::ln2 / half_life_h; }
constexpr double half_life_of_rate(double rate_per_h) { return std::numbers::ln2 / rate_per_h; }

}  // namespace hyped::units
