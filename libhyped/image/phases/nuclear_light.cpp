// Three corrections, one after the other.
#include "libhyped/image/phases/nuclear_light.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "libhyped/image/phases/robust_line.hpp"

namespace hyped {
namespace {

int channel_index(const CellTracks& tracks, const std::string& name) {
  const auto& channels = tracks.frames.channels;
  const auto found = std::find(channels.begin(), channels.end(), name);
  if (found == channels.end()) throw InputError(tracks.source, "has no channel '" + name + "'", did_you_mean(name, channels));
  return static_cast<int>(found - channels.begin());
}

// x, y, x2, y2, xy of the place in its tile.
Eigen::RowVectorXd surface_terms(double x, double y, const LightOptions& options) {
  const double u = 2 * std::fmod(std::max(0.0, x), options.tile_columns) / options.tile_columns - 1, v = 2 * std::fmod(std::max(0.0, y), options.tile_rows) / options.tile_rows - 1;
  Eigen::RowVectorXd out(5);
  out << u, v, u * u, v * v, u * v;
  return out;
}

Eigen::VectorXd flat_surface(const CellTracks& tracks, int dna, const LightOptions& options) {
  const FrameTable& frames = tracks.frames;
  std::vector<int> rows;
  const int stride = std::max(1, frames.rows() / 40000);
  for (int r = 0; r < frames.rows(); r += stride)
    if (frames.intensity(r, dna) > 0 && std::isfinite(frames.position(r, 0))) rows.push_back(r);
  if (rows.size() < 500) return {};
  Eigen::MatrixXd design(static_cast<Eigen::Index>(rows.size()), 6);
  Eigen::VectorXd values(design.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    design(at, 0) = 1;
    design.row(at).tail(5) = surface_terms(frames.position(rows[i], 0), frames.position(rows[i], 1), options);
    values[at] = std::log(frames.intensity(rows[i], dna));
  }
  return biweight_fit(values, design).tail(5);
}

// The rows of every film and stage whose three channels were measured; others (totals, which nuclei at the border have not) may be missing.
std::vector<std::array<std::vector<int>, 2>> rows_by_film(const CellTracks& tracks, const std::vector<int>& stage, const Eigen::MatrixX3d& counts) {
  std::vector<std::array<std::vector<int>, 2>> out(tracks.films.size());
  for (const FollowedCell& cell : tracks.cells)
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r)
      if (counts.row(r).allFinite()) out[static_cast<std::size_t>(cell.film)][static_cast<std::size_t>(stage[static_cast<std::size_t>(r)])].push_back(r);
  return out;
}

// Light of the second acquisition over that of the first: the middle change of cells followed across the break, less what such
// cells change by in the same time within an hour on either side of it.
double step_of(const CellTracks& tracks, const Eigen::VectorXd& light, double noise, int& nuclei) {
  constexpr double bright = 15;      // sd of a dark nucleus
  std::vector<double> changes, gaps, drift;      // logarithms, h, logarithms per h
  for (const FollowedCell& cell : tracks.cells) {
    const Film& film = tracks.films[static_cast<std::size_t>(cell.film)];
    const auto mark = std::find_if(film.marks.begin(), film.marks.end(), [](const auto& m) { return m.first == break_mark; });
    if (mark == film.marks.end()) continue;
    int last = -1;
    for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) {
      if (!(light[r] > bright * noise)) {
        last = -1;
        continue;
      }
      const double time = tracks.frames.time_h[static_cast<std::size_t>(r)];
      if (last >= 0) {
        const double before = tracks.frames.time_h[static_cast<std::size_t>(last)], change = std::log(light[r] / light[last]);
        if (before < mark->second && time >= mark->second) changes.push_back(change), gaps.push_back(time - before);
        else if (time > mark->second - 1 - film.frame_interval_h && before < mark->second + 1 && time > before) drift.push_back(change / (time - before));
      }
      last = r;
    }
  }
  nuclei = static_cast<int>(changes.size());
  if (nuclei < 20 || drift.size() < 20) return 1;
  return std::exp(middle_value(changes) - middle_value(drift) * middle_value(gaps));
}

// Which nuclei shine in a reporter, bleed-through of the DNA stain allowed for. Columns: g1, cycling, DNA.
std::vector<char> lit_in(const Eigen::MatrixX3d& counts, int channel) {
  constexpr double bright = 15;      // sd of a dark nucleus
  std::vector<char> out(static_cast<std::size_t>(counts.rows()), 0);
  const DarkPlane plane = fit_dark_plane(counts.col(channel), counts.col(2));
  if (!plane.outcome.ok()) return out;
  for (Eigen::Index i = 0; i < counts.rows(); ++i) out[static_cast<std::size_t>(i)] = counts(i, channel) - plane.coefficients[0] - plane.coefficients[1] * counts(i, 2) > bright * plane.noise;
  return out;
}

// The DNA stain's part on nuclei that are dark in both reporters; the other reporter's among those that shine in it, with a level of their own: cells that carry the
// reporters have a little of each in every phase, which clones without them have not.
BleedThrough bleed_through(const Eigen::MatrixX3d& counts, int channel, const std::vector<char>& other_lit, bool wanted) {
  BleedThrough out;
  out.channel = channel;
  std::vector<int> dark, lit;
  for (Eigen::Index i = 0; i < counts.rows(); ++i) (other_lit[static_cast<std::size_t>(i)] != 0 ? lit : dark).push_back(static_cast<int>(i));
  const Eigen::VectorXd light = counts.col(channel);
  const DarkPlane plane = fit_dark_plane(light(dark), wanted ? Eigen::MatrixXd(counts(dark, 2)) : Eigen::MatrixXd(static_cast<Eigen::Index>(dark.size()), 0));
  out.nuclei = plane.nuclei, out.noise = plane.noise, out.found = plane.outcome.ok();
  if (!out.found) {
    out.offset = light.minCoeff();
    return out;
  }
  out.offset = plane.coefficients[0];
  if (!wanted) return out;
  out.by_dna = plane.coefficients[1];
  constexpr std::size_t least_lit = 50;
  if (lit.size() < least_lit) return out;
  const Eigen::VectorXd rest = light(lit) - Eigen::VectorXd::Constant(static_cast<Eigen::Index>(lit.size()), out.offset) - out.by_dna * counts(lit, 2);
  const DarkPlane other = fit_dark_plane(rest, counts(lit, 1 - channel));
  if (other.outcome.ok()) out.by_other = other.coefficients[1];
  return out;
}

}  // namespace

std::vector<int> stage_of_rows(const CellTracks& tracks) {
  std::vector<int> out(static_cast<std::size_t>(tracks.frames.rows()), 0);
  for (const FollowedCell& cell : tracks.cells)
    for (const auto& [name, time] : tracks.films[static_cast<std::size_t>(cell.film)].marks)
      if (name == break_mark)
        for (int r = cell.first_row; r < cell.first_row + cell.row_count; ++r) out[static_cast<std::size_t>(r)] = tracks.frames.time_h[static_cast<std::size_t>(r)] >= time ? 1 : 0;
  return out;
}

NuclearLight correct_light(const CellTracks& tracks, const ReporterMap& map, const LightOptions& options) {
  const auto [g1, cycling] = channels_of(tracks, map);
  const int dna = channel_index(tracks, options.dna_channel);
  const FrameTable& frames = tracks.frames;
  NuclearLight out;
  Eigen::MatrixX3d counts(frames.rows(), 3);
  counts << frames.intensity.col(g1), frames.intensity.col(cycling), frames.intensity.col(dna);
  if (options.tile_rows > 0 && options.tile_columns > 0) {
    out.flat = flat_surface(tracks, dna, options);
    if (out.flat.size() == 0) out.notes.push_back("Too few nuclei for a flat field: none was taken out.");
  }
  if (out.flat.size() > 0) {
    for (int r = 0; r < frames.rows(); ++r)
      if (std::isfinite(frames.position(r, 0))) counts.row(r) /= std::exp(surface_terms(frames.position(r, 0), frames.position(r, 1), options).dot(out.flat));
    for (const double x : {-1.0, 1.0})
      for (const double y : {-1.0, 1.0}) out.corner = std::min(out.corner, std::exp(out.flat[0] * x + out.flat[1] * y + out.flat[2] + out.flat[3] + out.flat[4] * x * y));
  }
  const std::vector<int> stage = stage_of_rows(tracks);
  out.light = Eigen::MatrixX2d::Constant(frames.rows(), 2, std::nan(""));      // what is not corrected is not light
  std::array<std::vector<double>, 2> noises;
  const auto rows = rows_by_film(tracks, stage, counts);
  for (std::size_t film = 0; film < rows.size(); ++film)
    for (int s = 0; s < 2; ++s) {
      const std::vector<int>& here = rows[film][static_cast<std::size_t>(s)];
      if (here.empty()) continue;
      Eigen::MatrixX3d some(static_cast<Eigen::Index>(here.size()), 3);
      for (std::size_t i = 0; i < here.size(); ++i) some.row(static_cast<Eigen::Index>(i)) = counts.row(here[i]);
      const std::array<std::vector<char>, 2> lit{lit_in(some, 0), lit_in(some, 1)};
      for (int c = 0; c < 2; ++c) {
        BleedThrough one = bleed_through(some, c, lit[static_cast<std::size_t>(1 - c)], options.bleed_through);
        one.film = static_cast<int>(film), one.stage = s;
        if (!one.found) out.notes.push_back(fmt::format("Well {} {}: too few nuclei are dark in '{}': the lowest light is taken for dark.", tracks.films[film].condition, tracks.films[film].name, c == 0 ? map.g1_channel : map.cycling_channel));
        else noises[static_cast<std::size_t>(c)].push_back(one.noise);
        for (std::size_t i = 0; i < here.size(); ++i) {
          const auto at = static_cast<Eigen::Index>(i);
          out.light(here[i], c) = some(at, c) - one.offset - one.by_dna * some(at, 2) - one.by_other * some(at, 1 - c);
        }
        out.bleed.push_back(one);
      }
    }
  for (int c = 0; c < 2; ++c) out.noise[c] = noises[static_cast<std::size_t>(c)].empty() ? 1.0 : middle_value(noises[static_cast<std::size_t>(c)]);
  for (int c = 0; c < 2; ++c) {
    int nuclei = 0;
    out.step[c] = step_of(tracks, out.light.col(c), out.noise[c], nuclei);
    if (nuclei < 20 && std::find(stage.begin(), stage.end(), 1) != stage.end()) out.notes.push_back(fmt::format("Only {} bright cells were followed over the break: '{}' of the second acquisition is not put to the first one's scale.", nuclei, c == 0 ? map.g1_channel : map.cycling_channel));
    if (out.step[c] != 1)
      for (int r = 0; r < frames.rows(); ++r)
        if (stage[static_cast<std::size_t>(r)] == 1) out.light(r, c) /= out.step[c];
  }
  return out;
}

}  // namespace hyped
