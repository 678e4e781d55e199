// Drawing by nuclei, not by pixels: every nucleus touches its own box only.
#include "experiments/twin/images/render.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr int noise_size = 2048;

// A stream of its own for each purpose of a well.
RandomStream stream_of(std::uint64_t seed, std::uint32_t purpose, std::uint32_t well, std::uint32_t item) { return RandomStream(seed ^ (std::uint64_t{well} << 44), purpose, item); }

}  // namespace

struct FieldPictures::Optics {
  Plane noise;                               // variance 1, correlated [noise_size x noise_size]
  Plane illumination, tilt;                  // of the picture [H x W]
  std::vector<int> tile_of_row, tile_of_column;
};

FieldPictures::FieldPictures(const ImageTwinSettings& settings, std::uint64_t seed) : settings_(settings), seed_(seed), optics_(std::make_unique<Optics>()) {
  Optics& o = *optics_;
  RandomStream random(seed, 0x6e6f6973, 0);
  Plane white(noise_size, noise_size);
  for (Eigen::Index i = 0; i < white.size(); ++i) white.data()[i] = static_cast<float>(random.normal());
  // one kernel (k, 1, k) along both axes, cyclic
  const float k = static_cast<float>(settings.correlation), scale = 1.0F / (1 + 2 * k * k);
  Plane across(noise_size, noise_size);
  o.noise.resize(noise_size, noise_size);
  for (int r = 0; r < noise_size; ++r)
    for (int c = 0; c < noise_size; ++c) across(r, c) = white(r, c) + k * (white(r, (c + 1) % noise_size) + white(r, (c + noise_size - 1) % noise_size));
  for (int r = 0; r < noise_size; ++r) o.noise.row(r) = scale * (across.row(r) + k * (across.row((r + 1) % noise_size) + across.row((r + noise_size - 1) % noise_size)));
  o.illumination.resize(settings.rows, settings.columns);
  o.tilt.resize(settings.rows, settings.columns);
  for (int r = 0; r < settings.rows; ++r) o.tile_of_row.push_back(r / settings.tile_rows);
  for (int c = 0; c < settings.columns; ++c) o.tile_of_column.push_back(c / settings.tile_columns);
  for (int r = 0; r < settings.rows; ++r)
    for (int c = 0; c < settings.columns; ++c) {
      const double y = 2.0 * (r % settings.tile_rows) / settings.tile_rows - 1, x = 2.0 * (c % settings.tile_columns) / settings.tile_columns - 1;
      o.illumination(r, c) = static_cast<float>(1 - settings.vignette * (0.5 * (x - 0.15) * (x - 0.15) + 0.5 * y * y));
      o.tilt(r, c) = static_cast<float>(1 + settings.background_tilt * (static_cast<double>(r) / settings.rows + static_cast<double>(c) / settings.columns - 1));
    }
}

FieldPictures::~FieldPictures() = default;

std::pair<double, double> FieldPictures::seen_at(const FieldFilm& film, int frame, double row, double column) const {
  if (film.break_frame == 0 || frame < film.break_frame) return {row, column};
  RandomStream random = stream_of(seed_, 0x62726561, film.number, 0);
  const double angle = 2 * std::numbers::pi * random.uniform();
  return {row + settings_.break_shift_px * std::sin(angle), column + settings_.break_shift_px * std::cos(angle)};
}

namespace {

// How wrongly the tile under a pixel is placed.
class TileOffsets {
 public:
  TileOffsets(const ImageTwinSettings& settings, std::uint64_t seed, const FieldFilm& film, bool second) : across_((settings.columns + settings.tile_columns - 1) / settings.tile_columns) {
    const int down = (settings.rows + settings.tile_rows - 1) / settings.tile_rows;
    RandomStream random = stream_of(seed, 0x74696c65, film.number, second ? 1 : 0);
    for (int i = 0; i < 2 * down * across_; ++i) offset_.push_back(settings.tile_jitter_px * random.normal());
  }
  double row(int down, int across) const { return offset_[static_cast<std::size_t>(2 * (down * across_ + across))]; }
  double column(int down, int across) const { return offset_[static_cast<std::size_t>(2 * (down * across_ + across) + 1)]; }

 private:
  int across_;
  std::vector<double> offset_;
};

// Distance to the edge of an ellipse in pixels, negative inside; exact on its axes, near it elsewhere.
double edge_distance(double rows, double columns, const DrawnNucleus& n, double cosine, double sine) {
  const double along = rows * cosine + columns * sine, across = -rows * sine + columns * cosine;
  const double u = along / n.major, v = across / n.minor, reach = std::hypot(u, v);
  if (reach < 1e-9) return -n.minor;
  return (reach - 1) * reach / std::hypot(u / n.major, v / n.minor);
}

void add_blob(Plane& light, double row, double column, double amount, double width) {
  if (amount < 0.05) return;
  const int reach = static_cast<int>(3 * width), top = std::max(0, static_cast<int>(row) - reach), bottom = std::min(static_cast<int>(light.rows()) - 1, static_cast<int>(row) + reach);
  const int left = std::max(0, static_cast<int>(column) - reach), right = std::min(static_cast<int>(light.cols()) - 1, static_cast<int>(column) + reach);
  if (top > bottom || left > right) return;
  Eigen::ArrayXf across(right - left + 1);
  for (int c = left; c <= right; ++c) across[c - left] = static_cast<float>(std::exp(-0.5 * std::pow((c - column) / width, 2)));
  for (int r = top; r <= bottom; ++r) light.row(r).segment(left, right - left + 1) += static_cast<float>(amount * std::exp(-0.5 * std::pow((r - row) / width, 2))) * across.transpose();
}

}  // namespace

Plane FieldPictures::light_of(const FieldFilm& film, int frame, const std::string& channel) const {
  const ImageTwinSettings& s = settings_;
  const bool second = film.break_frame > 0 && frame >= film.break_frame;
  const double blur = s.psf_px * (second ? s.break_blur : 1), gain = second ? s.break_gain : 1;
  const bool g1 = channel == s.g1_channel, cycling = channel == s.cycling_channel, dna = channel == s.dna_channel;
  Plane light = Plane::Constant(s.rows, s.columns, static_cast<float>(s.background * gain * (dna ? 1.3 : 1))) * optics_->tilt;
  if (!g1 && !cycling && !dna) {      // transmitted light: a bright field with shallow cells
    light = Plane::Constant(s.rows, s.columns, 5200.0F);
    for (const DrawnNucleus& n : film.frames[static_cast<std::size_t>(frame)]) {
      const auto [row, column] = seen_at(film, frame, n.row, n.column);
      add_blob(light, row - 2, column - 2, 500, 1.2 * n.major);
      add_blob(light, row + 2, column + 2, 300, 0.8 * n.major);
    }
    return light;
  }
  const TileOffsets tiles(s, seed_, film, second);
  for (const DrawnNucleus& n : film.frames[static_cast<std::size_t>(frame)]) {
    double amount = dna ? n.dna : g1 ? n.light[0] + s.dna_bleed[0] * n.dna : n.light[1] + s.dna_bleed[1] * n.dna + s.reporter_bleed * n.light[0];
    amount *= gain;
    const auto [row, column] = seen_at(film, frame, n.row, n.column);
    if (cycling && n.cell >= 0) add_blob(light, row, column, s.cytoplasm * gain, s.cytoplasm_px);
    if (amount < 0.05) continue;
    // haze: as much light as the share says, spread out
    add_blob(light, row, column, s.haze * amount * n.major * n.minor / (2 * (s.haze_px * s.haze_px + 0.25 * n.major * n.minor)), std::sqrt(s.haze_px * s.haze_px + 0.25 * n.major * n.minor));
    const int reach = static_cast<int>(std::max(n.major, n.minor) + 3 * blur + 4);
    const double cosine = std::cos(n.angle), sine = std::sin(n.angle), sharp = (1 - s.haze) * amount;
    const double grain = 2.0 + (n.cell & 3), turn = 0.7 * (std::abs(n.cell) % 9);
    for (int r = std::max(0, static_cast<int>(row) - reach); r <= std::min(s.rows - 1, static_cast<int>(row) + reach); ++r)
      for (int c = std::max(0, static_cast<int>(column) - reach); c <= std::min(s.columns - 1, static_cast<int>(column) + reach); ++c) {
        const int down = optics_->tile_of_row[static_cast<std::size_t>(r)], across = optics_->tile_of_column[static_cast<std::size_t>(c)];
        const double rows = r - row + tiles.row(down, across), columns = c - column + tiles.column(down, across);
        const double distance = edge_distance(rows, columns, n, cosine, sine);
        if (distance > 3.5 * blur) continue;
        const double texture = dna ? 1 + 0.12 * std::sin(rows / grain + turn) * std::cos(columns / grain - turn) : 1;
        light(r, c) += static_cast<float>(sharp * texture * 0.5 * std::erfc(distance / (std::numbers::sqrt2 * blur)));
      }
  }
  RandomStream random = stream_of(seed_, 0x64656272, film.number, static_cast<std::uint32_t>(frame));
  const auto spots = random.poisson(s.debris * 1e-6 * s.rows * s.columns);
  for (std::int64_t i = 0; i < spots; ++i) {      // floats by: another place in every frame; one in five blinds the camera
    const double row = random.uniform() * s.rows, column = random.uniform() * s.columns, brightness = random.uniform() < 0.2 ? 4.0 * s.white_level : 2 * s.dna_counts * random.uniform();
    add_blob(light, row, column, brightness, 1.2 + 0.6 * random.uniform());
  }
  return light * optics_->illumination;
}

void FieldPictures::add_noise(const Plane& light, const FieldFilm& film, int frame, int channel, CameraPlane& out) const {
  const ImageTwinSettings& s = settings_;
  RandomStream random = stream_of(seed_, 0x63616d65, film.number, static_cast<std::uint32_t>(4 * frame + channel));
  const auto row0 = static_cast<int>(random() % noise_size), column0 = static_cast<int>(random() % noise_size);
  const float sign = (random() & 1U) != 0 ? 1.0F : -1.0F, a = static_cast<float>(s.counts_per_electron), b = static_cast<float>(s.read_noise * s.read_noise), pedestal = static_cast<float>(s.pedestal) + 0.5F, white = static_cast<float>(s.white_level);
  out.resize(s.rows, s.columns);
  for (int r = 0; r < s.rows; ++r) {
    const float* noise = &optics_->noise((row0 + r + 7 * (r / noise_size)) % noise_size, 0);
    const float* in = &light(r, 0);
    std::uint16_t* to = &out(r, 0);
    for (int c = 0; c < s.columns; ++c) {
      const float value = pedestal + in[c] + sign * std::sqrt(a * in[c] + b) * noise[(column0 + c) & (noise_size - 1)];
      to[c] = static_cast<std::uint16_t>(std::clamp(value, 0.0F, white));
    }
  }
}

CameraPlane FieldPictures::picture(const FieldFilm& film, int frame, const std::string& channel) const {
  const auto found = std::find(release_channels.begin(), release_channels.end(), channel);
  HYPED_REQUIRE(found != release_channels.end());
  CameraPlane out;
  add_noise(light_of(film, frame, channel), film, frame, static_cast<int>(found - release_channels.begin()), out);
  return out;
}

Labels FieldPictures::labels(const FieldFilm& film, int frame) const {
  const ImageTwinSettings& s = settings_;
  Labels out = Labels::Zero(s.rows, s.columns);
  const TileOffsets tiles(s, seed_, film, film.break_frame > 0 && frame >= film.break_frame);
  const auto& nuclei = film.frames[static_cast<std::size_t>(frame)];
  for (std::size_t i = 0; i < nuclei.size(); ++i) {
    const DrawnNucleus& n = nuclei[i];
    if (n.cell < 0) continue;
    const auto [row, column] = seen_at(film, frame, n.row, n.column);
    const int reach = static_cast<int>(std::max(n.major, n.minor) + 4);
    const double cosine = std::cos(n.angle), sine = std::sin(n.angle);
    for (int r = std::max(0, static_cast<int>(row) - reach); r <= std::min(s.rows - 1, static_cast<int>(row) + reach); ++r)
      for (int c = std::max(0, static_cast<int>(column) - reach); c <= std::min(s.columns - 1, static_cast<int>(column) + reach); ++c) {
        const int down = optics_->tile_of_row[static_cast<std::size_t>(r)], across = optics_->tile_of_column[static_cast<std::size_t>(c)];
        if (edge_distance(r - row + tiles.row(down, across), c - column + tiles.column(down, across), n, cosine, sine) <= 0) out(r, c) = static_cast<int>(i) + 1;
      }
  }
  return out;
}

}  // namespace hyped
