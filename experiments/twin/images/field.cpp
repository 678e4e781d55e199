// Movement, shape and light of cells.
#include "experiments/twin/images/field.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "experiments/twin/film.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr double margin_px = 40;             // the field goes on behind the picture's edge
constexpr double s_phase_h = 8, mitosis_h = 0.7, metaphase_h = 0.35, remains_h = 2;

struct Mover {
  int id = 0, mother = -1;                   // mother: index; -1: founder
  bool labelled = false;
  std::vector<std::pair<int, double>> phases;      // index and start
  double from_h = 0, until_h = 0;
  std::string end;
  std::vector<int> daughters;
  std::vector<std::array<double, 2>> light;        // of its frames, from first_frame on
  std::vector<int> light_frames;
  double row = 0, column = 0, row_step = 0, column_step = 0;
  double size = 1, stain = 1, angle = 0, spin = 0, shape = 1.2;
  bool placed = false;
};

std::vector<Mover> movers_of(const std::vector<TwinPhase>& phases, std::vector<std::string>& names) {
  std::vector<Mover> movers;
  std::map<int, int> index;
  for (const TwinPhase& p : phases) {
    auto found = index.find(p.cell);
    if (found == index.end()) {
      found = index.emplace(p.cell, static_cast<int>(movers.size())).first;
      Mover m;
      m.id = p.cell;
      m.labelled = p.labelled;
      m.from_h = p.from_h;
      if (const auto mother = index.find(p.parent); p.parent >= 0 && mother != index.end()) {
        m.mother = mother->second;
        movers[static_cast<std::size_t>(m.mother)].daughters.push_back(found->second);
      }
      movers.push_back(std::move(m));
    }
    Mover& m = movers[static_cast<std::size_t>(found->second)];
    auto name = std::find(names.begin(), names.end(), p.phase);
    if (name == names.end()) name = names.insert(names.end(), p.phase);
    m.phases.emplace_back(static_cast<int>(name - names.begin()), p.from_h);
    m.until_h = p.until_h;
    m.end = p.end;
  }
  return movers;
}

// Noiseless light of the labelled cells, as film_cells numbers them: by first appearance.
void add_light(std::vector<Mover>& movers, const std::vector<TwinPhase>& phases, const std::vector<double>& times_h, const ImageTwinSettings& settings, std::uint64_t seed) {
  std::vector<int> lit;
  for (std::size_t m = 0; m < movers.size(); ++m)
    if (movers[m].labelled) lit.push_back(static_cast<int>(m));
  if (lit.empty()) return;
  FilmSettings film;
  film.reporter = settings.reporter;
  film.times_h = times_h;
  film.gain = settings.gain;
  film.background = {0, 0};
  film.cell_sd = settings.brightness_sd;
  film.light_sd = film.misread = film.dropped = film.missed_division = film.swapped = film.lost = 0;
  film.founders = static_cast<int>(lit.size());
  const FilmedCells filmed = film_cells(phases, film, seed);
  for (const FollowedCell& cell : filmed.tracks.cells)
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const auto r = static_cast<std::size_t>(row);
      Mover& m = movers[static_cast<std::size_t>(lit[static_cast<std::size_t>(filmed.true_cell[r])])];
      m.light_frames.push_back(filmed.tracks.frames.frame[r]);
      m.light.push_back({filmed.tracks.frames.intensity(row, 0), filmed.tracks.frames.intensity(row, 1)});
    }
}

bool is_s(const std::string& phase) { return phase == "S" || phase == "S/G2/M"; }
bool is_after_s(const std::string& phase) { return phase == "G2/M" || phase == "G2" || phase == "M"; }

// DNA content, 1 to 2.
double content(const Mover& m, double time_h, const std::vector<std::string>& names) {
  double out = 1;
  for (const auto& [phase, from] : m.phases) {
    if (from > time_h) break;
    const std::string& name = names[static_cast<std::size_t>(phase)];
    if (is_s(name)) out = 1 + std::min(1.0, (time_h - from) / s_phase_h);
    else if (is_after_s(name)) out = 2;
  }
  return out;
}

class Field {
 public:
  Field(std::vector<Mover>& movers, const FieldFilm& film, const ImageTwinSettings& settings, RandomStream random)
      : movers_(movers), film_(film), settings_(settings), random_(random) {}

  void run(std::vector<std::vector<DrawnNucleus>>& frames) {
    for (std::size_t f = 0; f < film_.times_h.size(); ++f) {
      const double time = film_.times_h[f];
      alive_.clear();
      for (std::size_t m = 0; m < movers_.size(); ++m) {
        Mover& one = movers_[m];
        const bool dead = one.end == "died" && one.until_h <= time && time < one.until_h + remains_h;
        if (one.from_h > time || (one.until_h <= time && !dead)) continue;
        if (!one.placed) place(one);
        alive_.push_back(static_cast<int>(m));
      }
      move();
      frames.emplace_back();
      for (const int m : alive_) frames.back().push_back(look(movers_[static_cast<std::size_t>(m)], static_cast<int>(f)));
    }
  }

 private:
  double radius(const Mover& m) const { return settings_.radius_px * m.size; }

  void place(Mover& m) {
    if (m.mother < 0) {
      m.row = -margin_px + random_.uniform() * (settings_.rows + 2 * margin_px);
      m.column = -margin_px + random_.uniform() * (settings_.columns + 2 * margin_px);
      m.size = std::exp(settings_.radius_sd * random_.normal());
      m.stain = std::exp(settings_.dna_sd * random_.normal());
      m.angle = random_.uniform() * 2 * std::numbers::pi;
    } else {
      Mover& mother = movers_[static_cast<std::size_t>(m.mother)];
      if (!mother.placed) place(mother);      // lived between two frames
      const bool second = mother.daughters.size() > 1 && &movers_[static_cast<std::size_t>(mother.daughters[1])] == &m;
      const double side = second ? -1 : 1, away = 0.75 * radius(mother) + 1.5 * random_.uniform();
      m.row = mother.row + side * away * std::cos(mother.angle);
      m.column = mother.column + side * away * std::sin(mother.angle);
      m.row_step = side * 2.5 * std::cos(mother.angle);
      m.column_step = side * 2.5 * std::sin(mother.angle);
      m.size = mother.size * std::exp(0.03 * random_.normal());
      m.stain = mother.stain;
      m.angle = mother.angle + std::numbers::pi / 2;
    }
    m.shape = 1.1 + 0.4 * random_.uniform();
    m.spin = 0.1 * random_.normal();
    m.placed = true;
  }

  void move() {
    const double keep = settings_.persistence, kick = settings_.step_px * std::sqrt(1 - keep * keep);
    for (const int a : alive_) {
      Mover& m = movers_[static_cast<std::size_t>(a)];
      m.row_step = keep * m.row_step + kick * random_.normal();
      m.column_step = keep * m.column_step + kick * random_.normal();
      m.row += m.row_step;
      m.column += m.column_step;
      m.angle += m.spin + 0.05 * random_.normal();
      reflect(m.row, m.row_step, settings_.rows);
      reflect(m.column, m.column_step, settings_.columns);
    }
    std::sort(alive_.begin(), alive_.end(), [&](int a, int b) { return std::pair(movers_[static_cast<std::size_t>(a)].row, a) < std::pair(movers_[static_cast<std::size_t>(b)].row, b); });
    for (int round = 0; round < 2; ++round)
      for (std::size_t i = 0; i < alive_.size(); ++i)
        for (std::size_t j = i + 1; j < alive_.size(); ++j) {
          Mover &a = movers_[static_cast<std::size_t>(alive_[i])], &b = movers_[static_cast<std::size_t>(alive_[j])];
          if (b.row - a.row > 4 * settings_.radius_px) break;
          const double wanted = 1.15 * (radius(a) + radius(b)), rows = b.row - a.row, columns = b.column - a.column, distance = std::hypot(rows, columns);
          if (distance >= wanted || distance < 1e-9) continue;
          const double push = 0.3 * (wanted - distance) / distance;
          a.row -= push * rows, a.column -= push * columns;
          b.row += push * rows, b.column += push * columns;
        }
  }

  static void reflect(double& place, double& step, int size) {
    if (place < -margin_px) place = -2 * margin_px - place, step = std::abs(step);
    if (place > size + margin_px) place = 2 * (size + margin_px) - place, step = -std::abs(step);
  }

  DrawnNucleus look(const Mover& m, int frame) const {
    const double time = film_.times_h[static_cast<std::size_t>(frame)];
    DrawnNucleus out;
    out.cell = m.id;
    out.labelled = m.labelled;
    for (const auto& [phase, from] : m.phases)
      if (from <= time) out.phase = phase;
    out.row = m.row;
    out.column = m.column;
    out.angle = m.angle;
    const double bleached = std::pow(1 - settings_.bleaching, frame), uptake = 1 + settings_.dye_uptake * (1 - std::exp(-time / settings_.uptake_h));
    const double dna = content(m, time, film_.phases);
    double area = 0.75 + 0.35 * (dna - 1) + 0.25 * std::min(1.0, (time - m.from_h) / 4), longer = m.shape;
    if (m.mother < 0) area = 1 + 0.35 * (dna - 1);
    if (m.end == "divided" && m.until_h - time < mitosis_h) area *= 0.6, longer = m.until_h - time < metaphase_h ? 1.9 : 1.05;
    const double radius = settings_.radius_px * m.size * std::sqrt(area);
    out.major = radius * std::sqrt(longer);
    out.minor = radius / std::sqrt(longer);
    out.dna = settings_.dna_counts * m.stain * dna / area * uptake * bleached;
    for (std::size_t i = 0; i < m.light_frames.size(); ++i)
      if (m.light_frames[i] == frame) out.light = {m.light[i][0] * bleached, m.light[i][1] * bleached};
    if (m.until_h <= time) {      // dead: small, bright, dark in the reporters
      const double gone = (time - m.until_h) / remains_h;
      out.cell = -1 - m.id;
      out.major = out.minor = 0.45 * settings_.radius_px * (1 - 0.5 * gone);
      out.dna = 3 * settings_.dna_counts * (1 - gone);
      out.light = {0, 0};
    }
    return out;
  }

  std::vector<Mover>& movers_;
  const FieldFilm& film_;
  const ImageTwinSettings& settings_;
  RandomStream random_;
  std::vector<int> alive_;
};

}  // namespace

FieldFilm film_field(const std::vector<TwinPhase>& given, const std::vector<double>& times_h, const ImageTwinSettings& settings, std::uint64_t seed, std::uint32_t number) {
  HYPED_REQUIRE(!given.empty());
  std::vector<TwinPhase> phases = given;
  for (TwinPhase& phase : phases)
    if (phase.end == "filmed to the end") phase.until_h += 1;      // they are there in the last frame too
  FieldFilm out;
  out.condition = phases.front().condition;
  out.well = phases.front().well;
  out.times_h = times_h;
  out.number = number;
  if (settings.frames > 0 && settings.frames < static_cast<int>(times_h.size())) out.times_h.resize(static_cast<std::size_t>(settings.frames));
  out.break_frame = std::max(0, settings.break_frame);
  if (settings.break_frame < 0)
    for (std::size_t f = 1; f + 1 < out.times_h.size(); ++f)
      if (out.times_h[f] - out.times_h[f - 1] > 1.5 * (out.times_h[f + 1] - out.times_h[f])) out.break_frame = static_cast<int>(f);
  std::vector<Mover> movers = movers_of(phases, out.phases);
  add_light(movers, phases, out.times_h, settings, seed ^ (std::uint64_t{number} << 40));
  Field(movers, out, settings, RandomStream(seed, 0x6d6f7665, number)).run(out.frames);
  return out;
}

}  // namespace hyped
