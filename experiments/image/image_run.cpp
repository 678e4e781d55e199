// The run of a folder, and what it says at its end.
#include "experiments/image/image_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/image/overlays.hpp"
#include "libhyped/store/sha256.hpp"
#include "libhyped/store/table.hpp"
#include "libhyped/store/write_tracks.hpp"

namespace hyped {
namespace fs = std::filesystem;

std::string folder_identity(const HypedWells& wells, const fs::path& folder) {
  std::string text;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied))
    if (entry.is_regular_file() && entry.path().filename().string().starts_with("t_")) text += fmt::format("{}:{}:{}\n", entry.path().string(), entry.file_size(), entry.last_write_time().time_since_epoch().count());
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  std::sort(lines.begin(), lines.end());      // folders are listed in no order
  text.clear();
  for (const std::string& line : lines) text += line + "\n";
  for (const WellFrames& well : wells.wells) text += well.name() + "\n";
  return sha256(text);
}

namespace {

std::map<std::string, std::string> identity_of(const HypedWells& wells, const fs::path& folder, const ImageRunSettings& s) {
  const SegmentOptions& g = s.segment;
  const FrameReading& r = s.reading.frame;
  return {{"data", folder_identity(wells, folder)},
          {"channels", s.phases.calls.map.g1_channel + ", " + s.phases.calls.map.cycling_channel + ", " + s.phases.light.dna_channel},
          {"segmentation", fmt::format("{}", fmt::join(std::array{g.radius, g.mask_smoothing, g.flood_smoothing, g.noise_cut, g.otsu_share, g.near_reach, g.contrast, g.light_dynamics, g.level_share, g.haze_level, g.least_area, g.sliver_area, g.least_light, g.shape_weight, g.shape_dynamics, g.rule.least_score, g.debris_area, g.white_level}, " "))},
          {"labels", s.labels.empty() ? "" : std::filesystem::absolute(s.labels).string()},
          {"reading", fmt::format("dataset '{}', axes '{}', transposed {}, channels '{}', bit depth {}, 8 bit {}", r.dataset, r.axes, r.transposed, fmt::join(r.channels, ", "), r.bit_depth, r.allow_8bit)},
          {"clock", s.reading.clock.words()},
          {"version of hyped", HYPED_VERSION}};
}

void add_bad(RunDirectory& run, std::vector<BadFrame> bad, long frames, bool some_used) {
  if (bad.empty()) return;
  std::stable_sort(bad.begin(), bad.end(), [](const BadFrame& a, const BadFrame& b) { return std::pair(a.well, a.number) < std::pair(b.well, b.number); });
  Table table({{"well", "", ""}, {"frame", "", "number in the file's name"}, {"problem", "", ""}});
  for (const BadFrame& one : bad) {
    table.add_row({one.well, one.number, one.problem});
    fmt::print("{}", to_terminal_paragraph("bad frame ", fmt::format("{} t_{}: {}", one.well, one.number, one.problem)));
  }
  run.add_table("bad_frames", table, "Frames that could not be used: gaps in their films.");
  run.set_outcome({Status::not_finite, !some_used && static_cast<long>(bad.size()) >= frames ? fmt::format("none of {} frames could be used (table bad_frames)", frames) : fmt::format("{} of {} frames could not be used (table bad_frames); the others were", bad.size(), frames)});
}

}  // namespace

void run_images(RunDirectory& run, const fs::path& folder, const ImageRunSettings& given, const std::function<std::unique_ptr<FrameShelf>(const std::map<std::string, std::string>&)>& open_shelf) {
  ImageRunSettings settings = given;
  const ReporterMap& map = settings.phases.calls.map;
  run.set_title("Phases from the frames in " + folder.filename().string(), "Which share of the cells is in which phase of the cycle, well by well and frame by frame?");
  const HypedWells wells = hyped_wells(folder, settings.reading, {map.g1_channel, map.cycling_channel, settings.phases.light.dna_channel});
  run.add_setting("folder", folder.string());
  run.add_setting("clock", settings.reading.clock.words());
  fmt::print("{}{}", to_terminal_paragraph("map       ", words_of(map)), to_terminal_paragraph("clock     ", settings.reading.clock.words()));
  for (const std::string& note : wells.notes) run.add_note(note);
  for (const std::string& doubt : wells.doubts) run.add_warning(doubt);
  std::vector<BadFrame> bad = wells.bad;
  if (wells.wells.empty()) {
    add_bad(run, bad, static_cast<long>(bad.size()), false);
    return;
  }
  const WellFrames& first = wells.wells.front();
  if (settings.phases.light.tile_rows == 0) {
    const TileSize tile = tile_size(first.rows, first.columns);
    settings.phases.light.tile_rows = tile.rows, settings.phases.light.tile_columns = tile.columns;
  }
  for (const WellFrames& well : wells.wells) {      // one look at a picture of each well: does it lie on its side?
    for (const FrameStamp& stamp : well.frames) try {
        if (const std::string doubt = axis_doubt(well.picture(stamp, settings.phases.light.dna_channel), well.name()); !doubt.empty()) run.add_warning(doubt);
        break;
      } catch (const InputError&) {
        continue;
      }
  }
  const auto shelf = open_shelf(identity_of(wells, folder, settings));
  MeasuredWells measured = measure_wells(wells.wells, settings, shelf.get());
  measured.tracks.source = folder.string();
  measured.tracks.time_axis = settings.reading.clock.words();
  bad.insert(bad.end(), measured.bad.begin(), measured.bad.end());
  for (const std::string& note : measured.notes) run.add_note(note);
  for (const std::string& doubt : measured.doubts) run.add_warning(doubt);
  run.add_setting("nuclei", settings.labels.empty() ? "found in the DNA stain" : "by the label pictures in " + settings.labels.string());
  run.add_setting("nucleus_radius_px", fmt::format("{:.3g}{}", measured.radius, settings.segment.radius > 0 ? ", as given" : ", measured once for all frames"));
  run.add_result("frames", static_cast<double>(measured.frames), "all wells");
  run.add_result("nuclei", static_cast<double>(measured.nuclei), "nuclei and frames");
  run.add_result("divisions", static_cast<double>(measured.divisions), "accepted by their evidence");
  run.add_answer(fmt::format("{} nuclei in {} frames of {} wells ({:.1f} % debris, left out); {} tracks, {} divisions; {:.2f} % of the nuclei have more than a tenth of their pixels at the white level in a reporter.", measured.nuclei, measured.frames, wells.wells.size(),
                             100.0 * static_cast<double>(measured.debris) / static_cast<double>(std::max(1L, measured.nuclei)), measured.tracks.cells.size(), measured.divisions, 100 * measured.saturated));
  if (measured.saturated > 0.01) run.add_warning(fmt::format("{:.1f} % of the nuclei are saturated in a reporter: their light is a lower bound.", 100 * measured.saturated));
  if (measured.tracks.cells.empty()) {
    run.set_outcome({Status::not_identifiable, "no well could be followed"});
    add_bad(run, bad, measured.frames, false);
    return;
  }
  const ImagePhases phases = image_phases(measured.tracks, settings.phases);
  report_phases(run, measured.tracks, phases, settings.phases);
  write_tracks(phases.calls.phases.empty() ? measured.tracks : with_phases(measured.tracks, phases.calls), run.path_for("data/tracks"));
  if (settings.overlays > 0) add_overlays(run, wells.wells, measured, phases, settings);
  add_bad(run, bad, measured.frames, true);
  if (shelf) shelf->finish();
}

}  // namespace hyped
