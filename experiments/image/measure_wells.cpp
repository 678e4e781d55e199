// Frames to nuclei, nuclei to tracks, tracks of all wells to one table.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/image/image_run.hpp"
#include "libhyped/hdf5/dataset.hpp"
#include "libhyped/image/phases/robust_line.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/progress.hpp"

namespace hyped {
namespace {

constexpr std::int64_t large_frame = 3'000'000;      // pixels; of these one at a time is in memory

std::vector<std::string> channels_of(const ImageRunSettings& settings) { return {settings.phases.calls.map.g1_channel, settings.phases.calls.map.cycling_channel, settings.phases.light.dna_channel}; }

// Rows of one well's film into the table of all.
class WellJoiner {
 public:
  WellJoiner(MeasuredWells& out, const WellFrames& well, const LinkedFilm& film, const std::vector<FrameNuclei>& frames) : out_(out), film_(film), frames_(frames) {
    CellTracks& all = out.tracks;
    Film one{well.well, well.condition, well.interval_h, well.frames.front().time_h, well.frames.back().time_h};
    const auto second = std::find_if(well.frames.begin(), well.frames.end(), [](const FrameStamp& s) { return s.stage == 1; });
    if (second != well.frames.end() && second != well.frames.begin()) one.marks.emplace_back(break_mark, second->time_h);
    all.films.push_back(one);
    const int index = static_cast<int>(all.films.size()) - 1, first = static_cast<int>(all.cells.size());
    rows_ = all.frames.rows();
    const auto total = static_cast<Eigen::Index>(film.tracks.frames.rows());
    all.frames.intensity.conservativeResize(rows_ + total, 4);
    all.frames.position.conservativeResize(rows_ + total, 2);
    int linked = 0;
    for (const FollowedCell& from : film.tracks.cells) {
      FollowedCell cell = from;
      cell.film = index;
      if (cell.mother >= 0) cell.mother += first;
      for (int& d : cell.daughters) d += first;
      cell.first_row = rows_;
      cell.stays.clear();
      for (int r = 0; r < from.row_count; ++r) append(from.first_row + r);
      linked = std::max(linked, from.first_row + from.row_count);
      all.cells.push_back(std::move(cell));
    }
    for (int r = linked; r < total; ++r) {      // linked to nothing: a cell of one frame
      FollowedCell cell;
      cell.id = fmt::format("single{}", r - linked + 1);
      cell.film = index;
      cell.start = CellStart::appeared;
      cell.end = CellEnd::lost;
      cell.first_row = rows_;
      cell.row_count = 1;
      append(r);
      cell.start_h = cell.end_h = all.frames.time_h.back();
      all.cells.push_back(std::move(cell));
    }
  }

 private:
  void append(int row) {
    FrameTable& to = out_.tracks.frames;
    const auto& [frame, nucleus] = film_.nucleus_of_row[static_cast<std::size_t>(row)];
    const bool there = nucleus >= 0;
    const FrameNuclei& at = frames_[static_cast<std::size_t>(frame)];
    to.frame.push_back(at.frame);
    to.time_h.push_back(at.time_h);
    to.filled.push_back(there ? 0 : 1);
    to.source_line.push_back(0);
    if (there) {
      const Nucleus& n = at.nuclei[static_cast<std::size_t>(nucleus)];
      const NucleusLight& dna = n.light[2];
      to.position.row(rows_) << n.column, n.row;
      to.intensity.row(rows_) << n.light[0].above_ring(), n.light[1].above_ring(), dna.above_ring(), n.at_border ? std::nan("") : dna.sum - n.area * dna.ring;
    } else {
      to.position.row(rows_).setConstant(std::nan(""));
      to.intensity.row(rows_).setConstant(std::nan(""));
    }
    ++rows_;
  }

  MeasuredWells& out_;
  const LinkedFilm& film_;
  const std::vector<FrameNuclei>& frames_;
  int rows_ = 0;
};

}  // namespace

namespace {

// What a label file of the run's folder holds, checked against its picture.
Labels given_labels(const WellFrames& well, const FrameStamp& stamp, const std::filesystem::path& folder) {
  const std::filesystem::path beside = folder / well.sample / well.id / fmt::format("labels_{}", stamp.number);
  for (const char* kind : {".tif", ".tiff", ".png", ".npy"})
    if (const std::filesystem::path file = beside.string() + kind; std::filesystem::exists(file)) return read_labels(file, 0, well.rows, well.columns);
  const std::filesystem::path file = beside.string() + ".hdf5";
  if (!std::filesystem::exists(file)) throw InputError(file.string(), "is not there, nor as .tif, .tiff, .png or .npy", "give a label picture for every frame, or leave --labels out");
  const hdf5::Dataset data = hdf5::File::open(file).root().dataset("labels");
  if (data.shape() != std::vector<std::uint64_t>{static_cast<std::uint64_t>(well.rows), static_cast<std::uint64_t>(well.columns)})
    throw InputError(data.where(), fmt::format("is of shape {}; its picture is {} x {}", fmt::join(data.shape(), " x "), well.rows, well.columns), "give the labels of this picture, not turned and not scaled");
  const std::vector<std::int32_t> values = data.read<std::int32_t>();
  Labels out = Eigen::Map<const Labels>(values.data(), well.rows, well.columns);
  if ((out < 0).any()) throw InputError(data.where(), "holds negative values, which are no labels", "labels are whole numbers, 0 for the background");
  return out;
}

}  // namespace

Segmentation segment_frame(const WellFrames& well, const FrameStamp& stamp, const CameraPlane& dna, const ImageRunSettings& settings, double radius) {
  SegmentOptions segment = settings.segment;
  segment.radius = radius;
  segment.white_level = well.white_level;
  const LightOptions& light = settings.phases.light;
  for (int r = light.tile_rows; r > 0 && r < well.rows; r += light.tile_rows) segment.seam_rows.push_back(r);
  for (int c = light.tile_columns; c > 0 && c < well.columns; c += light.tile_columns) segment.seam_columns.push_back(c);
  if (settings.labels.empty()) return segment_nuclei(dna, segment);
  Segmentation out;
  out.labels = given_labels(well, stamp, settings.labels);
  out.radius = radius;
  out.flags = nucleus_flags(out.labels, radius, segment);
  if (out.flags.empty()) out.outcome = {Status::not_identifiable, "its label picture holds no nucleus"};
  return out;
}

FrameNuclei measure_frame(const WellFrames& well, const FrameStamp& stamp, const ImageRunSettings& settings, double radius) {
  const std::vector<std::string> names = channels_of(settings);
  const CameraPlane dna = well.picture(stamp, names[2]);
  const Segmentation found = segment_frame(well, stamp, dna, settings, radius);
  FrameNuclei out;
  if (found.outcome.ok()) {
    const CameraPlane g1 = well.picture(stamp, names[0]), cycling = well.picture(stamp, names[1]);
    MeasureOptions measure;
    measure.channels = names;
    measure.white_level = well.white_level;
    measure.flags = found.flags;
    out = measure_nuclei(found.labels, {&g1, &cycling, &dna}, measure);
  }
  out.frame = static_cast<int>(stamp.number);
  out.time_h = stamp.time_h;
  out.stage = stamp.stage;
  out.channels = names;
  out.notes.insert(out.notes.end(), found.notes.begin(), found.notes.end());
  if (!found.outcome.ok()) out.outcome = found.outcome;
  return out;
}

double radius_of_wells(const std::vector<WellFrames>& wells, const std::string& dna_channel, std::vector<std::string>& doubts) {
  std::vector<double> radii, found;
  std::vector<std::string> names;
  for (const WellFrames& well : wells)
    for (const FrameStamp& stamp : well.frames) {
      try {
        const CameraPlane picture = well.picture(stamp, dna_channel);
        const CameraPlane* one = &picture;
        if (const double radius = nucleus_radius(std::span<const CameraPlane* const>(&one, 1)); radius > 0) {
          radii.push_back(radius), found.push_back(radius), names.push_back(well.name());
          break;
        }
      } catch (const std::exception&) {
        continue;      // said when its turn comes
      }
    }
  if (radii.empty()) throw InputError("channel '" + dna_channel + "'", "shows no nuclei in any well", "check that it is the DNA stain, or give --radius");
  const double middle = middle_value(radii);
  for (std::size_t k = 0; k < found.size(); ++k)
    if (found[k] > 1.4 * middle || found[k] < middle / 1.4) doubts.push_back(fmt::format("{}: its nuclei have a radius of {:.1f} pixels, those of the middle well {:.1f}: are its pixels of another size? All wells are segmented with one radius; run wells of another magnification alone (--well).", names[k], found[k], middle));
  return middle;
}

MeasuredWells measure_wells(const std::vector<WellFrames>& wells, const ImageRunSettings& settings, FrameShelf* shelf) {
  MeasuredWells out;
  const std::vector<std::string> names = channels_of(settings);
  out.radius = settings.segment.radius > 0 ? settings.segment.radius : radius_of_wells(wells, names[2], out.doubts);
  out.tracks.frames.channels = {names[0], names[1], names[2], names[2] + "_total"};
  out.tracks.format = "hyped image";
  long total = 0, blinded = 0;
  for (const WellFrames& well : wells) total += static_cast<long>(well.frames.size());
  Progress progress("frames", total);
  for (const WellFrames& well : wells) {
    const int count = static_cast<int>(well.frames.size());
    std::vector<FrameNuclei> frames(well.frames.size());
    std::vector<std::string> problems(well.frames.size());
    const auto one = [&](int f) {
      const FrameStamp& stamp = well.frames[static_cast<std::size_t>(f)];
      FrameNuclei& at = frames[static_cast<std::size_t>(f)];
      if (auto kept = shelf == nullptr ? std::nullopt : shelf->find(well.name(), stamp.number)) {
        at = std::move(*kept);
      } else {
        try {
          at = measure_frame(well, stamp, settings, out.radius);
          if (!at.outcome.ok()) problems[static_cast<std::size_t>(f)] = at.outcome.message;
        } catch (const std::exception& error) {      // whatever is wrong with one frame, the others go on
          problems[static_cast<std::size_t>(f)] = error.what();
          at.outcome = {Status::not_finite, error.what()};
        }
        at.frame = static_cast<int>(stamp.number), at.time_h = stamp.time_h, at.stage = stamp.stage, at.channels = names;
        if (problems[static_cast<std::size_t>(f)].empty() && shelf != nullptr) shelf->keep(well.name(), stamp.number, at);      // a full disk is no bad frame
      }
      progress.advance();
    };
    if (std::int64_t{well.rows} * well.columns < large_frame) parallel_for(count, one);
    else
      for (int f = 0; f < count; ++f) one(f);
    for (int f = 0; f < count; ++f) {
      const auto at = static_cast<std::size_t>(f);
      if (!problems[at].empty()) out.bad.push_back({well.name(), well.frames[at].number, problems[at]});
      out.nuclei += static_cast<long>(frames[at].nuclei.size());
      for (const Nucleus& n : frames[at].nuclei) {
        out.debris += n.debris ? 1 : 0;
        blinded += n.light[0].saturated > 0.1 || n.light[1].saturated > 0.1 ? 1 : 0;
      }
    }
    out.frames += count;
    LinkOptions link = settings.link;
    link.dna_channel = names[2];
    link.cycling_channel = names[1];
    link.film = well.well;
    link.condition = well.condition;
    const LinkedFilm film = link_nuclei(frames, link);
    for (const std::string& note : film.notes) out.notes.push_back(well.name() + ": " + note);
    if (!film.outcome.ok()) {
      out.notes.push_back(well.name() + ": not followed: " + film.outcome.message);
      continue;
    }
    out.gaps += film.gaps;
    for (const FoundDivision& d : film.divisions) out.divisions += d.accepted ? 1 : 0;
    WellJoiner(out, well, film, frames);
  }
  out.saturated = out.nuclei > 0 ? static_cast<double>(blinded) / static_cast<double>(out.nuclei) : 0;
  return out;
}

}  // namespace hyped
