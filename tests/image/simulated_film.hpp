// Known tracks made into frames of measured nuclei: some missed, some false, with the light a cell of that age and fate would show.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "libhyped/image/nucleus.hpp"
#include "libhyped/image/quality/tracking_scores.hpp"
#include "libhyped/random.hpp"

namespace hyped::tests {

struct FilmNoise {
  double missed = 0, false_share = 0;      // of the nuclei of the reference
  bool light = false;                      // channels "dna" and "geminin" and areas; else places alone
  double light_cv = 0.15;                  // of every measurement
  double cycle_frames = 40, cycle_sd = 6;  // of cells whose birth or division the film does not show: 20 h at 30 min
};

struct SimulatedFilm {
  std::vector<FrameNuclei> frames;
  std::vector<std::vector<int>> source;    // by frame and nucleus: the reference detection, -1: false
};

// Light of a cell by its phase of the cycle in [0, 1): DNA doubles between .4 and .8; geminin rises from .4 on and is gone within two frames after division; a
// nucleus condenses in its last two frames and is small in its first. Cells differ in brightness (log sd .4 and .1).
inline SimulatedFilm simulate_film(const TrackGraph& truth, const FilmNoise& noise, std::uint64_t seed, double interval_h = 0.5) {
  const auto size = static_cast<std::size_t>(truth.size());
  std::vector<std::vector<int>> after(size);
  std::vector<int> before(size, -1);
  for (const auto& link : truth.links) {
    after[static_cast<std::size_t>(link.from)].push_back(link.to);
    before[static_cast<std::size_t>(link.to)] = link.from;
  }
  RandomStream cells(seed, 1, 0), measured(seed, 2, 0), errors(seed, 3, 0);
  std::vector<double> dna(size, 0), geminin(size, 0), area(size, 0);
  std::vector<double> brightness(size, 0);
  for (std::size_t i = 0; i < size; ++i) {
    const int mother = before[i];
    const bool born = mother >= 0 && after[static_cast<std::size_t>(mother)].size() > 1;
    if (mother >= 0 && !born) continue;
    std::vector<std::size_t> life{i};
    while (after[life.back()].size() == 1) life.push_back(static_cast<std::size_t>(after[life.back()][0]));
    const bool divides = after[life.back()].size() > 1;
    const double frames = truth.frame[life.back()] - truth.frame[i] + 1.0;
    const double drawn = std::max(frames, noise.cycle_frames + noise.cycle_sd * cells.normal());
    const double cycle = born && divides ? frames : drawn;
    const double first_age = born ? 0 : divides ? cycle - frames : cells.uniform() * std::max(1.0, cycle - frames);
    const double own = born ? brightness[static_cast<std::size_t>(mother)] * std::exp(0.1 * cells.normal()) : std::exp(0.4 * cells.normal());
    const double own_dna = std::exp(0.1 * cells.normal());
    for (std::size_t k = 0; k < life.size(); ++k) {
      const double age = first_age + truth.frame[life[k]] - truth.frame[i], phase = std::min(age / cycle, 0.999), to_end = frames - 1 - (truth.frame[life[k]] - truth.frame[i]);
      const double replicated = std::clamp((phase - 0.4) / 0.4, 0.0, 1.0), since = truth.frame[life[k]] - truth.frame[i];
      brightness[life[k]] = own;
      dna[life[k]] = own_dna * (1 + replicated);
      geminin[life[k]] = own * std::clamp((phase - 0.4) / 0.5, 0.0, 1.0) + (born && since < 1 ? 0.25 * own : 0.0);
      const double condensed = (divides && to_end < 2) || (born && since < 1) ? 0.6 : 1;
      area[life[k]] = 300 * std::pow(1 + replicated, 2.0 / 3) * condensed;
    }
  }
  std::map<int, std::vector<std::size_t>> by_frame;
  double most_x = 0, most_y = 0;
  for (std::size_t i = 0; i < size; ++i) {
    by_frame[truth.frame[i]].push_back(i);
    most_x = std::max(most_x, truth.place(static_cast<Eigen::Index>(i), 0));
    most_y = std::max(most_y, truth.place(static_cast<Eigen::Index>(i), 1));
  }
  SimulatedFilm out;
  const auto nucleus_at = [&](FrameNuclei& frame, double x, double y, double dna_light, double geminin_light, double pixels) {
    Nucleus nucleus;
    nucleus.label = static_cast<int>(frame.nuclei.size()) + 1;
    nucleus.column = x, nucleus.row = y;
    if (noise.light) {
      nucleus.area = std::max(20.0, pixels * (1 + 0.08 * measured.normal()));
      const double total = 60000 * dna_light * std::exp(noise.light_cv * measured.normal()), lit = 400 * geminin_light * std::exp(noise.light_cv * measured.normal()) + 15 * measured.normal();
      nucleus.light.resize(2);
      NucleusLight &d = nucleus.light[0], &g = nucleus.light[1];
      d.ring = 200, d.mean = d.median = 200 + total / nucleus.area, d.sum = total + 200 * nucleus.area;
      g.ring = 150, g.mean = g.median = 150 + lit, g.sum = (150 + lit) * nucleus.area;
    }
    frame.nuclei.push_back(nucleus);
  };
  for (const auto& [number, members] : by_frame) {
    FrameNuclei frame;
    frame.frame = number;
    frame.time_h = interval_h * number;
    if (noise.light) frame.channels = {"dna", "geminin"};
    std::vector<int> source;
    for (const std::size_t i : members) {
      if (errors.uniform() >= noise.missed) {
        nucleus_at(frame, truth.place(static_cast<Eigen::Index>(i), 0), truth.place(static_cast<Eigen::Index>(i), 1), dna[i], geminin[i], area[i]);
        source.push_back(static_cast<int>(i));
      }
      if (errors.uniform() < noise.false_share) {
        nucleus_at(frame, most_x * errors.uniform(), most_y * errors.uniform(), std::exp(0.5 * errors.normal()), errors.uniform(), 150 + 300 * errors.uniform());
        source.push_back(-1);
      }
    }
    out.frames.push_back(std::move(frame));
    out.source.push_back(std::move(source));
  }
  return out;
}

// By reference detection the row of the tracks that stands for it, -1: missed.
inline std::vector<int> rows_of_truth(const SimulatedFilm& film, const std::vector<std::pair<int, int>>& nucleus_of_row, int truth_size) {
  std::vector<int> out(static_cast<std::size_t>(truth_size), -1);
  for (std::size_t r = 0; r < nucleus_of_row.size(); ++r) {
    const int i = film.source[static_cast<std::size_t>(nucleus_of_row[r].first)][static_cast<std::size_t>(nucleus_of_row[r].second)];
    if (i >= 0) out[static_cast<std::size_t>(i)] = static_cast<int>(r);
  }
  return out;
}

}  // namespace hyped::tests
