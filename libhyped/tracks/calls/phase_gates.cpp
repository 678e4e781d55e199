// Min-max normalisation and gates.
#include "libhyped/tracks/calls/phase_gates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hyped {

GateCalls call_by_gates(const CellTracks& tracks, const ReporterMap& map, const GateSettings& settings) {
  const auto [g1, cycling] = channels_of(tracks, map);
  const auto lights = lights_of(map.reporter);
  const std::array<int, 2> columns{g1, cycling};
  std::array<double, 2> low, high;
  for (int c = 0; c < 2; ++c) {
    low[c] = std::numeric_limits<double>::infinity(), high[c] = -low[c];
    for (const double value : tracks.frames.intensity.col(columns[c]))
      if (std::isfinite(value)) low[c] = std::min(low[c], value), high[c] = std::max(high[c], value);
  }
  GateCalls out;
  out.phase.assign(static_cast<std::size_t>(tracks.frames.rows()), -1);
  for (int row = 0; row < tracks.frames.rows(); ++row) {
    std::array<int, 2> state;      // 1 on, 0 off, -1 between or missing
    for (int c = 0; c < 2; ++c) {
      const double scaled = (tracks.frames.intensity(row, columns[c]) - low[c]) / (high[c] - low[c]);
      state[c] = scaled > settings.on ? 1 : scaled < settings.off ? 0 : -1;
    }
    for (const Light& light : lights)
      if ((light.g1_on || light.cycling_on) && state[0] == light.g1_on && state[1] == light.cycling_on) out.phase[static_cast<std::size_t>(row)] = light.phase;
  }
  out.unlabelled = static_cast<int>(std::count(out.phase.begin(), out.phase.end(), -1));
  out.words = fmt::format("gates: '{}' from {:.6g} to {:.6g} and '{}' from {:.6g} to {:.6g} scaled to 0..1 over the whole table; on above {}, off below {}", map.g1_channel, low[0], high[0],
                          map.cycling_channel, low[1], high[1], settings.on, settings.off);
  return out;
}

}  // namespace hyped
