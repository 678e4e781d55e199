// Frames one at a time: segmented or labels read, measured, drawn.
#include "experiments/image/segment_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "experiments/image/nuclei_table.hpp"
#include "libhyped/counted.hpp"
#include "libhyped/image/denoise/sliding_cosines.hpp"
#include "libhyped/image/measure/flat_field.hpp"
#include "libhyped/image/measure/measure_nuclei.hpp"
#include "libhyped/store/images/write_png.hpp"
#include "libhyped/store/images/write_tiff.hpp"

namespace hyped {
namespace {

// The first frames whose picture can be read, spread over the series.
std::vector<CameraPlane> samples_of(const PictureSeries& series, int channel, int most) {
  std::vector<CameraPlane> out;
  const int n = static_cast<int>(series.frames().size());
  for (int k = 0; k < std::min(n, most); ++k) try {
      out.push_back(series.plane(series.frames()[static_cast<std::size_t>(k) * n / std::min(n, most)], channel));
    } catch (const InputError&) {
    }      // said when its turn comes
  return out;
}

SegmentOptions prepared(RunDirectory& run, const PictureSeries& series, const NucleiSettings& settings) {
  SegmentOptions o = settings.segment;
  const std::vector<CameraPlane> samples = samples_of(series, series.dna(), 5);
  if (!(o.radius > 0) && settings.labels.empty()) {
    std::vector<const CameraPlane*> frames;
    for (const auto& sample : samples) frames.push_back(&sample);
    o.radius = nucleus_radius(frames);
    const std::string text = o.radius > 0 ? fmt::format("nuclei have a radius of {:.1f} pixels, measured on {} and kept for all", o.radius, counted(frames.size(), "frame")) : std::string("no nucleus was found to set the scale by");
    fmt::print("{}", to_terminal_paragraph("scale     ", text));
    run.add_note(text);
  }
  o.white_level = settings.pictures.white_level;
  if (!(o.white_level > 0) && !samples.empty()) {
    for (int c = 0; c < static_cast<int>(series.channels().size()); ++c)
      for (const auto& sample : c == series.dna() ? samples : samples_of(series, c, 5)) o.white_level = std::max(o.white_level, white_level_of(sample));
    run.add_note(fmt::format("the camera's white level is taken as {:.0f} in all channels, from the largest values in {}; --white-level gives it", o.white_level, counted(samples.size(), "frame")));
  }
  for (const auto& [name, size, tile] : {std::tuple{"rows", series.height(), settings.pictures.tile_rows}, {"columns", series.width(), settings.pictures.tile_columns}})
    if (tile > 0 && size % tile != 0) throw InputError(fmt::format("--tile-{} {}", name, tile), fmt::format("does not divide the picture's {} {}", size, name), "give the size of one stitched tile");
  const TileGrid grid{settings.pictures.tile_rows > 0 ? series.height() / settings.pictures.tile_rows : 1, settings.pictures.tile_columns > 0 ? series.width() / settings.pictures.tile_columns : 1};
  o.seam_rows = grid.seam_rows(series.height()), o.seam_columns = grid.seam_columns(series.width());
  run.add_setting("radius_px", fmt::format("{:.3f}", o.radius));
  return o;
}

struct Work {
  std::vector<FrameNuclei> frames;
  Table summary{{{"frame", "", ""}, {"where", "", ""}, {"nuclei", "1", "without debris"}, {"at_border", "1", ""}, {"at_seam", "1", ""}, {"debris", "1", ""}, {"noise", "counts", "sd of the smoothed picture"}, {"level", "counts", "nuclei start above it"}, {"outcome", "", ""}}};
};

// Labels that have pixels: pictures made elsewhere may leave numbers out.
std::int64_t present(const Labels& labels, std::int64_t greatest) {
  std::vector<char> seen(static_cast<std::size_t>(greatest) + 1, 0);
  for (Eigen::Index k = 0; k < labels.size(); ++k) seen[static_cast<std::size_t>(labels.data()[k])] = 1;
  return std::count(seen.begin() + 1, seen.end(), 1);
}

// A frame left open by a file that was left out: no nuclei, and its number is kept.
void add_gap(Work& work, TiffWriter& labels, const PictureSeries& series, int number, bool measures) {
  labels.add(Labels(Labels::Zero(series.height(), series.width())));
  work.summary.add_row({std::int64_t{number}, std::string("left out"), Cell{}, Cell{}, Cell{}, Cell{}, Cell{}, Cell{}, std::string("its file cannot be used: tables/left_out.tsv")});
  if (!measures) return;
  work.frames.emplace_back();
  work.frames.back().frame = number;
  work.frames.back().channels = series.channels();
}

// Values above the white level that was told from other frames: then it is none.
bool above(const std::vector<CameraPlane>& planes, double white_level) {
  return white_level > 0 && std::any_of(planes.begin(), planes.end(), [&](const CameraPlane& p) { return p.size() > 0 && p.maxCoeff() > white_level; });
}

Segmentation labels_of(const PictureSeries& series, const SeriesFrame& frame, const CameraPlane& dna, const SegmentOptions& o, const NucleiSettings& settings) {
  if (settings.labels.empty()) {
    if (!settings.denoise) return segment_nuclei(dna, o);
    const Denoised cleaned = denoise(dna.cast<float>(), {2, 2.8, o.white_level});
    Segmentation out = segment_nuclei(cleaned.picture, o);
    if (!cleaned.outcome.ok()) out.notes.push_back("not denoised: " + cleaned.outcome.message);
    return out;
  }
  Segmentation out;
  out.labels = read_labels(settings.labels, frame.number, series.height(), series.width());
  out.flags = nucleus_flags(out.labels, 0, o);
  if (out.flags.empty()) out.outcome = {Status::not_identifiable, "its label picture holds no nucleus"};
  return out;
}

void run_frames(RunDirectory& run, const NucleiSettings& settings, bool measures) {
  PictureSeries series(run, settings.pictures);
  const SegmentOptions o = prepared(run, series, settings);
  std::vector<FlatField> lamps(series.channels().size());
  MeasureOptions measure{series.channels(), settings.ring_from, settings.ring_to, o.white_level, {}, {}, settings.pedestal};
  if (measures && settings.flat_field) {
    const TileGrid grid{static_cast<int>(o.seam_rows.size()) + 1, static_cast<int>(o.seam_columns.size()) + 1};
    for (std::size_t c = 0; c < lamps.size(); ++c) {
      const std::vector<CameraPlane> samples = samples_of(series, static_cast<int>(c), 5);
      std::vector<const CameraPlane*> frames;
      for (const auto& sample : samples) frames.push_back(&sample);
      lamps[c] = flat_field(frames, grid, settings.pedestal);
      if (!lamps[c].outcome.ok()) run.add_warning(fmt::format("{}: no flat field: {}", series.channels()[c], lamps[c].outcome.message));
      else run.add_note(fmt::format("{}: the lamp differs by a factor of {:.3f} within a tile; it is divided out", series.channels()[c], lamps[c].unevenness));
      measure.flat_fields.push_back(lamps[c].outcome.ok() ? &lamps[c].gain : nullptr);
    }
  }
  std::filesystem::create_directories(run.path_for("data/labels.ome.tif").parent_path());
  std::filesystem::create_directories(run.path_for("overlays/x.png").parent_path());
  Work work;
  TiffWriter labels(run.path_for("data/labels.ome.tif"), series.height(), series.width(), series.slots(), 32, {1, {"labels"}, series.pixel_um()});
  const int every = std::max(1, series.slots() / std::max(1, settings.overlays));
  long total = 0;
  int next = 0;
  for (const SeriesFrame& frame : series.frames()) {
    for (; next < frame.number; ++next) add_gap(work, labels, series, next, measures);
    ++next;
    Segmentation found;
    FrameNuclei nuclei;
    nuclei.frame = frame.number;
    nuclei.channels = series.channels();
    try {
      std::vector<CameraPlane> planes;
      for (int c = 0; c < static_cast<int>(measures ? series.channels().size() : 1); ++c) planes.push_back(series.plane(frame, measures ? c : series.dna()));
      const CameraPlane& dna = planes[measures ? series.dna() : 0];
      SegmentOptions mine = o;
      if (!(settings.pictures.white_level > 0) && above(planes, o.white_level)) {
        mine.white_level = 0;
        run.add_warning(fmt::format("{}: brighter than the white level of {:.0f} that was told from other frames: nothing in it counts as saturated; give --white-level", frame.where, o.white_level));
      }
      measure.white_level = mine.white_level;
      found = labels_of(series, frame, dna, mine, settings);
      for (const auto& note : found.notes) run.add_warning(frame.where + ": " + note);
      if (!found.outcome.ok()) series.failures.push_back(frame.where + ": " + found.outcome.message);
      if (measures && found.outcome.ok()) {
        std::vector<const CameraPlane*> given;
        for (const auto& plane : planes) given.push_back(&plane);
        measure.flags = found.flags;
        nuclei = measure_nuclei(found.labels, given, measure);
        nuclei.frame = frame.number;
      }
      if (frame.number % every == 0 && frame.number / every < settings.overlays) {
        ColourPicture overlay = grey_picture(dna);
        std::vector<Colour> colours;
        for (const NucleusFlags& f : found.flags) colours.push_back(f.debris ? outline_colour(5) : f.at_border ? outline_colour(3) : outline_colour(1));
        draw_outlines(overlay, found.labels, colours);
        write_png(run.path_for(fmt::format("overlays/frame_{:04d}.png", frame.number)), overlay);
      }
    } catch (const std::exception& error) {      // whatever is wrong with one frame, the others go on
      if (series.frames().size() == 1) throw;
      series.failures.push_back(std::string(error.what()).find(frame.where) == std::string::npos ? frame.where + ": " + error.what() : error.what());
      found.outcome = {Status::not_finite, error.what()};
    }
    if (!found.labels.size()) found.labels = Labels::Zero(series.height(), series.width());
    labels.add(found.labels);
    std::int64_t border = 0, seam = 0, debris = 0;
    for (const NucleusFlags& f : found.flags) border += f.at_border, seam += f.at_seam, debris += f.debris;
    const std::int64_t nuclei_here = present(found.labels, found.count()) - debris;
    total += nuclei_here;
    work.summary.add_row({std::int64_t{frame.number}, frame.where, nuclei_here, border, seam, debris, cell_of(found.noise), cell_of(found.level), found.outcome.message});
    if (measures) work.frames.push_back(std::move(nuclei));
  }
  for (; next < series.slots(); ++next) add_gap(work, labels, series, next, measures);
  labels.finish();
  run.add_table("frames", work.summary, "Nuclei found in each frame.");
  fmt::print("{}", to_terminal(work.summary, "tables/frames.tsv"));
  if (measures) run.add_table("nuclei", nuclei_table(work.frames, series.pixel_um()), "Light and shape of each nucleus, on raw counts.");
  run.add_result("nuclei", static_cast<double>(total), "1");
  run.add_answer(fmt::format("{} in {}, {:.1f} a frame{}.", counted(total, "nucleus", "nuclei"), counted(series.frames().size(), "frame"), static_cast<double>(total) / static_cast<double>(series.frames().size()), settings.labels.empty() ? "" : ", by the label picture given"));
  run.add_note("overlays/ shows outlines: blue whole nuclei, yellow at the border, red debris; data/labels.ome.tif holds the labels");
  finish_series(run, series);
}

}  // namespace

void run_segment(RunDirectory& run, const NucleiSettings& settings) {
  run.set_title("Nuclei in " + settings.pictures.files[0], "Where are the nuclei, and can they be told apart?");
  run_frames(run, settings, false);
}

void run_measure(RunDirectory& run, const NucleiSettings& settings) {
  run.set_title("Light of nuclei in " + settings.pictures.files[0], "How much light has each nucleus in each channel, above what is around it?");
  run_frames(run, settings, true);
}

}  // namespace hyped
