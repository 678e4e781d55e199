// The order of the steps.
#include "experiments/image/image_phases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/write_tracks.hpp"
#include "libhyped/tracks/calls/phase_smoother.hpp"

namespace hyped {

std::vector<ArmNuclei> nuclei_of_wells(const CellTracks& tracks) {
  std::vector<std::map<double, int>> frames(tracks.films.size());
  for (const FollowedCell& cell : tracks.cells)
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) ++frames[static_cast<std::size_t>(cell.film)][tracks.frames.time_h[static_cast<std::size_t>(r)]];
  std::vector<ArmNuclei> out;
  for (std::size_t f = 0; f < frames.size(); ++f) {      // the second half of the film, where the arms have had time to differ
    double sum = 0;
    int used = 0;
    const double middle = (tracks.films[f].first_h + tracks.films[f].last_h) / 2;
    for (const auto& [time, count] : frames[f])
      if (time >= middle) sum += count, ++used;
    out.push_back({tracks.films[f].condition, tracks.films[f].name, used > 0 ? sum / used : 0});
  }
  return out;
}

ImagePhases image_phases(const CellTracks& tracks, const ImagePhaseSettings& settings) {
  ImagePhases out;
  out.light = correct_light(tracks, settings.calls.map, settings.light);
  const auto& channels = tracks.frames.channels;
  const auto total = std::find(channels.begin(), channels.end(), settings.light.dna_channel + "_total");
  const Eigen::VectorXd dna = total == channels.end() ? Eigen::VectorXd() : Eigen::VectorXd(tracks.frames.intensity.col(total - channels.begin()));
  out.polarity = test_polarity(tracks, out.light.light, out.light.noise, dna, {settings.calls.map.g1_channel, settings.calls.map.cycling_channel}, settings.polarity);
  out.labels = check_labels(nuclei_of_wells(tracks));
  out.calls = call_nuclei(tracks, out.light, settings.calls);
  if (std::isfinite(out.calls.bic) && out.calls.outcome.ok()) out.shares = phase_shares(tracks, out.calls, settings.shares);
  return out;
}

CellTracks with_phases(const CellTracks& tracks, const NucleusCalls& calls) {
  CellTracks out = tracks;
  apply_phases(out, calls.phases, calls.phase, calls.jumped);
  return out;
}

void run_image_phases(RunDirectory& run, const std::filesystem::path& folder, const ImagePhaseSettings& settings) {
  run.set_title("Phases of " + folder.filename().string(), "Which share of the cells is in which phase, how sure is that, and do the data agree with the reporter given?");
  run.add_input(folder);
  TrackReading reading;
  reading.format = "tidy";
  const CellTracks tracks = read_tracks(folder, reading);
  if (settings.light.tile_rows == 0) run.add_warning("No tiles are given: no flat field is taken out. hyped image run finds the tiles in the pictures; to call its tracks again as it did, give the --tile-rows and --tile-columns of its summary.");
  if (std::none_of(tracks.films.begin(), tracks.films.end(), [](const Film& film) { return std::any_of(film.marks.begin(), film.marks.end(), [](const auto& m) { return m.first == break_mark; }); })) run.add_note("The tracks know of no break between acquisitions: all frames are taken as of one.");
  const ImagePhases phases = image_phases(tracks, settings);
  report_phases(run, tracks, phases, settings);
  if (!phases.calls.phase.empty()) write_tracks(with_phases(tracks, phases.calls), run.path_for("data/tracks"));
}

}  // namespace hyped
