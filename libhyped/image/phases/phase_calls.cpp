// From light to phases.
#include "libhyped/image/phases/phase_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hyped {
namespace {

constexpr double most_of_a_row = 3, own_evidence = 6, least_evidence = 2;      // nats
constexpr double floor_noise = 0.12;           // of the logarithm of a dark nucleus' light after the floor

// Nats by which each cell's rows speak for a reporter in it.
std::vector<double> evidence_of_cells(const CellTracks& tracks, const NuclearLight& light, const std::vector<int>& stage, const std::vector<ReporterMixture>& mixtures) {
  // shares of the four looks among all rows, by expectation-maximisation
  std::array<double, 4> share{0.4, 0.2, 0.2, 0.2};
  Eigen::MatrixX4d density(light.light.rows(), 4);
  for (Eigen::Index r = 0; r < density.rows(); ++r) {
    const auto s = static_cast<std::size_t>(2 * stage[static_cast<std::size_t>(r)]);
    const double x = light.light(r, 0), y = light.light(r, 1);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      density.row(r).setConstant(1);
      continue;
    }
    const ReporterMixture &a = mixtures[s], &b = mixtures[s + 1];
    const double a0 = a.dark_density(x) + 1e-30, a1 = a.bright_density(x) + 1e-30, b0 = b.dark_density(y) + 1e-30, b1 = b.bright_density(y) + 1e-30;
    density.row(r) << a0 * b0, a1 * b0, a0 * b1, a1 * b1;
  }
  for (int round = 0; round < 30; ++round) {
    std::array<double, 4> sum{};
    for (Eigen::Index r = 0; r < density.rows(); ++r) {
      double all = 0;
      for (int k = 0; k < 4; ++k) all += share[static_cast<std::size_t>(k)] * density(r, k);
      for (int k = 0; k < 4; ++k) sum[static_cast<std::size_t>(k)] += share[static_cast<std::size_t>(k)] * density(r, k) / all;
    }
    for (std::size_t k = 0; k < 4; ++k) share[k] = std::clamp(sum[k] / static_cast<double>(std::max<Eigen::Index>(1, density.rows())), 1e-3, 1.0);
  }
  const double lit = share[1] + share[2] + share[3];
  constexpr double dark_in_lit = 0.05;      // of a carrier's frames
  std::vector<double> out(tracks.cells.size(), 0);
  for (std::size_t c = 0; c < out.size(); ++c)
    for (int r = tracks.cells[c].first_row; r < tracks.cells[c].first_row + tracks.cells[c].row_count; ++r) {
      double shining = 0;
      for (int k = 1; k < 4; ++k) shining += share[static_cast<std::size_t>(k)] / lit * density(r, k);
      const double ratio = std::log((dark_in_lit * density(r, 0) + (1 - dark_in_lit) * shining) / density(r, 0));
      out[c] += std::clamp(ratio, -most_of_a_row, most_of_a_row);
    }
  return out;
}

struct LightFit {
  SmootherFit fit;
  SmoothedPhases smoothed;
  double bic = std::numeric_limits<double>::infinity();
};

LightFit fitted(LightModel model, const PhaseSmoother& data, const CellTracks& tracks, const PhaseCallOptions& options) {
  SmootherFitOptions mine = options.smoother;
  mine.light = model;
  if (model == LightModel::kinetics) mine.stages = std::max(6, mine.stages);
  LightFit out{fit_smoother(data, tracks, options.map, mine), {}};
  if (!std::isfinite(out.fit.log_likelihood)) return out;
  out.smoothed = data.smooth(out.fit.model);
  if (out.smoothed.outcome.ok()) out.bic = -2 * out.fit.log_likelihood + out.fit.parameter_count * std::log(static_cast<double>(std::max(1L, out.fit.frames)));
  return out;
}

}  // namespace

CellTracks some_cells(const CellTracks& tracks, const std::vector<char>& keep, std::vector<int>& row_of) {
  CellTracks out;
  out.source = tracks.source, out.format = tracks.format, out.time_axis = tracks.time_axis, out.films = tracks.films;
  out.frames.channels = tracks.frames.channels;
  std::vector<int> index(tracks.cells.size(), -1);
  row_of.clear();
  for (std::size_t c = 0; c < tracks.cells.size(); ++c) {
    if (!keep[c]) continue;
    index[c] = static_cast<int>(out.cells.size());
    FollowedCell cell = tracks.cells[c];
    cell.daughters.clear();
    cell.first_row = static_cast<int>(row_of.size());
    for (int r = 0; r < cell.row_count; ++r) row_of.push_back(tracks.cells[c].first_row + r);
    out.cells.push_back(std::move(cell));
  }
  for (FollowedCell& cell : out.cells) {
    if (cell.mother >= 0) cell.mother = index[static_cast<std::size_t>(cell.mother)];
    if (cell.mother < 0 && cell.start == CellStart::division) cell.start = CellStart::appeared;
  }
  for (std::size_t c = 0; c < out.cells.size(); ++c)
    if (out.cells[c].mother >= 0) out.cells[static_cast<std::size_t>(out.cells[c].mother)].daughters.push_back(static_cast<int>(c));
  const auto rows = static_cast<Eigen::Index>(row_of.size());
  out.frames.position.resize(rows, 2);
  out.frames.intensity.resize(rows, tracks.frames.intensity.cols());
  for (std::size_t i = 0; i < row_of.size(); ++i) {
    const auto from = static_cast<std::size_t>(row_of[i]);
    out.frames.frame.push_back(tracks.frames.frame[from]);
    out.frames.time_h.push_back(tracks.frames.time_h[from]);
    out.frames.filled.push_back(tracks.frames.filled.empty() ? 0 : tracks.frames.filled[from]);
    out.frames.source_line.push_back(0);
    out.frames.position.row(static_cast<Eigen::Index>(i)) = tracks.frames.position.row(row_of[i]);
    out.frames.intensity.row(static_cast<Eigen::Index>(i)) = tracks.frames.intensity.row(row_of[i]);
  }
  return out;
}

NucleusCalls call_nuclei(const CellTracks& tracks, const NuclearLight& light, const PhaseCallOptions& options) {
  const auto [g1, cycling] = channels_of(tracks, options.map);
  const std::vector<int> stage = stage_of_rows(tracks);
  const std::array<std::string, 2> names{options.map.g1_channel, options.map.cycling_channel};
  NucleusCalls out;
  for (int s = 0; s < 2; ++s)
    for (int c = 0; c < 2; ++c) {
      std::vector<double> here;
      for (Eigen::Index r = 0; r < light.light.rows(); ++r)
        if (stage[static_cast<std::size_t>(r)] == s) here.push_back(light.light(r, c));
      out.mixtures.push_back(fit_reporter_mixture(here, light.noise[c]));
      if (!here.empty() && !out.mixtures.back().outcome.ok()) out.notes.push_back(fmt::format("'{}' in acquisition {}: {}.", names[static_cast<std::size_t>(c)], s + 1, out.mixtures.back().outcome.message));
      else if (!here.empty() && out.mixtures.back().separation < 5) out.notes.push_back(fmt::format("'{}' in acquisition {}: bright nuclei are only {:.1f} sd above dark ones.", names[static_cast<std::size_t>(c)], s + 1, out.mixtures.back().separation));
    }
  const auto rows = static_cast<std::size_t>(tracks.frames.rows());
  out.on.resize(static_cast<Eigen::Index>(rows), 2);
  for (std::size_t r = 0; r < rows; ++r)
    for (int c = 0; c < 2; ++c) {
      const double value = light.light(static_cast<Eigen::Index>(r), c);
      out.on(static_cast<Eigen::Index>(r), c) = std::isfinite(value) ? static_cast<float>(out.mixtures[static_cast<std::size_t>(2 * stage[r] + c)].on(value)) : std::nanf("");
    }
  out.family = founders_of(tracks);
  const std::vector<double> own = evidence_of_cells(tracks, light, stage, out.mixtures);
  std::vector<double> together(own.size(), 0);
  for (std::size_t c = 0; c < own.size(); ++c) together[static_cast<std::size_t>(out.family[c])] += own[c];
  out.labelled.assign(own.size(), 0);
  for (std::size_t c = 0; c < own.size(); ++c) {
    const double all = together[static_cast<std::size_t>(out.family[c])], evidence = std::abs(own[c]) > own_evidence ? own[c] : all;
    out.labelled[c] = evidence > least_evidence ? 1 : 0;
    out.unsure_cells += std::abs(evidence) <= least_evidence ? 1 : 0;
    out.dark_clones += evidence < -least_evidence ? 1 : 0;
  }
  out.phases = options.map.reporter == Reporter::cdt1_geminin ? std::vector<std::string>{"G1", "S/G2/M"} : phases_of(options.map.reporter);
  out.phase.assign(rows, -1);
  out.certainty.assign(rows, 0);
  out.jumped.assign(rows, 0);
  std::vector<int> row_of;
  CellTracks lit = some_cells(tracks, out.labelled, row_of);
  if (lit.cells.size() < 5) {
    out.outcome = {Status::not_identifiable, fmt::format("only {} cells carry a reporter: no phases can be called", lit.cells.size())};
    return out;
  }
  for (std::size_t i = 0; i < row_of.size(); ++i)
    for (int c = 0; c < 2; ++c) {
      const double floor = light.noise[c] / floor_noise, value = light.light(row_of[i], c);
      lit.frames.intensity(static_cast<Eigen::Index>(i), c == 0 ? g1 : cycling) = std::isfinite(value) ? std::max(0.3 * floor, value + floor) : std::nan("");
    }
  const PhaseSmoother data(lit, options.map);
  LightFit kinetics, levels;
  if (options.light != LightChoice::levels) kinetics = fitted(LightModel::kinetics, data, lit, options);
  if (options.light != LightChoice::kinetics) levels = fitted(LightModel::levels, data, lit, options);
  const bool take_kinetics = options.light == LightChoice::kinetics || (options.light == LightChoice::automatic && kinetics.bic <= levels.bic);
  LightFit& used = take_kinetics ? kinetics : levels;
  out.bic = used.bic, out.other_bic = (take_kinetics ? levels : kinetics).bic;
  if (take_kinetics && options.map.reporter == Reporter::cdt1_geminin) {
    PhaseCallOptions by_geminin = options;
    by_geminin.smoother.least_g1_sd = 1;
    if (LightFit again = fitted(LightModel::kinetics, data, lit, by_geminin); std::isfinite(again.bic)) used = std::move(again);
  }
  out.light = take_kinetics ? LightModel::kinetics : LightModel::levels;
  out.fit = std::move(used.fit);
  out.outcome = !used.smoothed.outcome.ok() ? used.smoothed.outcome : !std::isfinite(out.fit.log_likelihood) ? out.fit.outcome : Outcome{};
  if (!std::isfinite(out.bic)) {
    if (out.outcome.ok()) out.outcome = {Status::not_finite, "the phase smoother explains no cell"};
    return out;
  }
  // of the smoother's phases to ours: both on is the beginning of S
  std::vector<int> ours;
  for (const std::string& name : out.fit.model.phases) {
    const auto found = std::find(out.phases.begin(), out.phases.end(), name == "G1/S" ? "S/G2/M" : name);
    HYPED_REQUIRE(found != out.phases.end());
    ours.push_back(static_cast<int>(found - out.phases.begin()));
  }
  std::vector<double> born(rows, std::nan(""));
  for (const FollowedCell& cell : lit.cells)
    for (int r = cell.first_row; cell.start == CellStart::division && r < cell.first_row + cell.row_count; ++r) born[static_cast<std::size_t>(row_of[static_cast<std::size_t>(r)])] = cell.start_h;
  for (std::size_t i = 0; i < row_of.size(); ++i) {
    const auto r = static_cast<std::size_t>(row_of[i]);
    out.jumped[r] = used.smoothed.jumped[i];
    if (used.smoothed.phase[i] < 0) continue;
    const bool dark = !(out.on(row_of[i], 0) >= 0.5F) && !(out.on(row_of[i], 1) >= 0.5F);
    if (dark) {
      const bool seen = !std::isnan(born[r]) && tracks.frames.time_h[r] - born[r] <= options.early_g1_h;
      ++(seen ? out.early_g1 : out.dark_unseen);
      if (!seen) continue;
    }
    out.phase[r] = ours[static_cast<std::size_t>(used.smoothed.phase[i])];
    out.certainty[r] = used.smoothed.certainty[i];
  }
  for (const std::string& note : out.fit.notes) out.notes.push_back(note);
  return out;
}

}  // namespace hyped
