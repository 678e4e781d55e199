// Pictures of the result.
#include "experiments/image/overlays.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "libhyped/store/images/write_png.hpp"

namespace hyped {
namespace {

constexpr int tail_frames = 12, sheet_side = 420;
constexpr Colour unlabelled{150, 150, 150};

std::string base64(const std::string& bytes) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : letters[three >> (18 - 6 * k) & 63U];
  }
  return out;
}

Colour colour_of(const NucleusCalls& calls, int row) { return calls.phase[static_cast<std::size_t>(row)] < 0 ? unlabelled : outline_colour(calls.phase[static_cast<std::size_t>(row)]); }

// The picture of one frame at a scale, with what was called in it.
ColourPicture drawn(const CameraPlane& dna, const Labels& labels, const CellTracks& tracks, const NucleusCalls& calls, int film, int frame, int most_side) {
  Stretch stretch;
  stretch.most_side = most_side;
  ColourPicture out = grey_picture(dna, stretch);
  const double scale = static_cast<double>(out.height) / static_cast<double>(dna.rows());
  std::vector<Colour> colours(static_cast<std::size_t>(labels.maxCoeff()) + 1, unlabelled);
  std::vector<TrackTail> tails;
  for (const FollowedCell& cell : tracks.cells) {
    if (cell.film != film) continue;
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
      if (tracks.frames.frame[static_cast<std::size_t>(r)] != frame || !std::isfinite(tracks.frames.position(r, 0))) continue;
      const auto row = static_cast<Eigen::Index>(std::lround(tracks.frames.position(r, 1))), column = static_cast<Eigen::Index>(std::lround(tracks.frames.position(r, 0)));
      if (row < 0 || column < 0 || row >= labels.rows() || column >= labels.cols()) continue;
      if (const int label = labels(row, column); label > 0) colours[static_cast<std::size_t>(label - 1)] = colour_of(calls, r);
      TrackTail tail{{}, colour_of(calls, r)};
      for (int p = std::max(cell.first_row, r - tail_frames); p <= r; ++p)
        if (std::isfinite(tracks.frames.position(p, 0))) tail.places.emplace_back(tracks.frames.position(p, 1), tracks.frames.position(p, 0));
      if (tail.places.size() > 1) tails.push_back(std::move(tail));
    }
  }
  draw_outlines(out, labels, colours);
  for (const TrackTail& tail : tails) draw_tail(out, tail, scale);
  return out;
}

}  // namespace

void add_overlays(RunDirectory& run, const std::vector<WellFrames>& wells, const MeasuredWells& measured, const ImagePhases& phases, const ImageRunSettings& settings) {
  if (phases.calls.phase.empty()) return;
  std::vector<ColourPicture> sheet;
  std::error_code ignored;
  std::filesystem::create_directories(run.path_for("overlays"), ignored);
  std::string names;
  for (const WellFrames& well : wells) {
    int film = -1;
    for (std::size_t f = 0; f < measured.tracks.films.size(); ++f)
      if (measured.tracks.films[f].condition == well.condition && measured.tracks.films[f].name == well.well) film = static_cast<int>(f);
    if (film < 0) continue;
    names += (names.empty() ? "" : ", ") + well.name();
    for (int k = 0; k < settings.overlays; ++k) {
      const std::size_t at = settings.overlays == 1 ? 0 : static_cast<std::size_t>(k) * (well.frames.size() - 1) / static_cast<std::size_t>(settings.overlays - 1);
      const FrameStamp& stamp = well.frames[at];
      try {
        const CameraPlane dna = well.picture(stamp, settings.phases.light.dna_channel);
        const Segmentation found = segment_frame(well, stamp, dna, settings, measured.radius);
        if (!found.outcome.ok()) continue;
        const int frame = static_cast<int>(stamp.number);
        write_png(run.path_for(fmt::format("overlays/{}_{}_t_{}.png", file_name_of(well.sample), file_name_of(well.id), stamp.number)), drawn(dna, found.labels, measured.tracks, phases.calls, film, frame, 0));
        sheet.push_back(drawn(dna, found.labels, measured.tracks, phases.calls, film, frame, sheet_side));
      } catch (const InputError&) {
        continue;      // it is among the bad frames
      }
    }
  }
  if (sheet.empty()) return;
  const ColourPicture all = contact_sheet(sheet, settings.overlays);
  const auto file = run.path_for("overlays/contact_sheet.png");
  write_png(file, all);
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  DrawnFigure figure;
  figure.name = "contact_sheet";
  figure.section = "answer";
  std::string key;
  for (std::size_t k = 0; k < phases.calls.phases.size(); ++k) {
    const Colour c = outline_colour(static_cast<int>(k));
    key += fmt::format("{} #{:02x}{:02x}{:02x}, ", phases.calls.phases[k], c.red, c.green, c.blue);
  }
  figure.caption = fmt::format("Wells from above: {}; their frames from the first to the last. DNA stain, outlines and tails in the colours of the phases ({}unlabelled grey). In full: overlays/.", names, key);
  figure.svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\"><image width=\"{0}\" height=\"{1}\" href=\"data:image/png;base64,{2}\"/></svg>\n", all.width, all.height, base64(bytes));
  run.add_figure(figure);
}

}  // namespace hyped
