// Data of the smoother and its loops over cells.
#include "libhyped/tracks/calls/phase_smoother.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/parallel.hpp"
#include "libhyped/tracks/calls/smoother_pass.hpp"

namespace hyped {
namespace {

constexpr int batch = 64;      // cells that share a pass object; sums are added up batch by batch, in order

}  // namespace

void SmootherSums::clear(int stages, int states) {
  weight.setZero(stages, 2), light.setZero(stages, 2), light2.setZero(stages, 2);
  occupied.setZero(states), left.setZero(states), skipped_into.setZero(states), entered.setZero(states), started.setZero(states);
  brightness.setZero(), brightness2.setZero();
  cells = 0, log_likelihood = 0;
}
void SmootherSums::add(const SmootherSums& other) {
  weight += other.weight, light += other.light, light2 += other.light2;
  occupied += other.occupied, left += other.left, skipped_into += other.skipped_into, entered += other.entered, started += other.started;
  brightness += other.brightness, brightness2 += other.brightness2;
  cells += other.cells, log_likelihood += other.log_likelihood;
}

int SmootherModel::stage_count() const {
  int count = 0;
  for (const auto& state : states) count += state.stages;
  return count;
}
int SmootherModel::first_stage(int state) const {
  int first = 0;
  for (int s = 0; s < state; ++s) first += states[static_cast<std::size_t>(s)].stages;
  return first;
}
int SmootherModel::state_of_stage(int stage) const {
  int state = 0;
  while (stage >= states[static_cast<std::size_t>(state)].stages) stage -= states[static_cast<std::size_t>(state++)].stages;
  return state;
}

PhaseSmoother::PhaseSmoother(const CellTracks& tracks, const ReporterMap& map) {
  const auto [g1, cycling] = channels_of(tracks, map);
  const FrameTable& frames = tracks.frames;
  log_light_.resize(frames.rows(), 2);
  log_light_.col(0) = frames.intensity.col(g1).array().log();
  log_light_.col(1) = frames.intensity.col(cycling).array().log();
  for (int row = 0; row < frames.rows(); ++row)
    if (!frames.filled.empty() && frames.filled[static_cast<std::size_t>(row)]) log_light_.row(row).setConstant(std::nan(""));
  step_.assign(static_cast<std::size_t>(frames.rows()), 0);
  for (const FollowedCell& cell : tracks.cells) {
    const double interval = tracks.films[static_cast<std::size_t>(cell.film)].frame_interval_h;
    Cell one{cell.first_row, cell.row_count, 0, cell.start == CellStart::division, cell.start == CellStart::film_start, cell.end == CellEnd::division};
    for (int row = cell.first_row; row < cell.first_row + cell.row_count; ++row) {
      const double since = frames.time_h[static_cast<std::size_t>(row)] - frames.time_h[static_cast<std::size_t>(cell.first_row)];
      const int earliest = row == cell.first_row ? 0 : step_[static_cast<std::size_t>(row - 1)] + 1;
      step_[static_cast<std::size_t>(row)] = std::max(earliest, interval > 0 ? static_cast<int>(std::lround(since / interval)) : earliest);
    }
    if (one.rows > 0) one.steps = step_[static_cast<std::size_t>(one.first_row + one.rows - 1)] + 1;
    cells_.push_back(one);
  }
}

long PhaseSmoother::frame_steps() const {
  long steps = 0;
  for (const Cell& cell : cells_) steps += cell.steps;
  return steps;
}

SmoothedPhases PhaseSmoother::smooth(const SmootherModel& model) const {
  HYPED_REQUIRE(model.stage_count() < 120);
  SmoothedPhases out;
  const auto rows = static_cast<std::size_t>(log_light_.rows());
  out.state.assign(rows, -1);
  out.phase.assign(rows, -1);
  out.certainty.assign(rows, 0);
  out.jumped.assign(rows, 0);
  out.log_brightness.setZero(cell_count(), 2);
  struct Part {
    double log_likelihood = 0;
    long outliers = 0;
    int cells = 0, unexplained = -1;
  };
  std::vector<Part> parts(static_cast<std::size_t>((cell_count() + batch - 1) / batch));
  parallel_for(static_cast<int>(parts.size()), [&](int b) {
    SmootherPass pass(*this, model);
    Part& part = parts[static_cast<std::size_t>(b)];
    for (int c = b * batch; c < std::min(cell_count(), (b + 1) * batch); ++c) {
      const Cell& cell = cells_[static_cast<std::size_t>(c)];
      if (cell.rows == 0) continue;
      if (!pass.settle(c)) {
        if (part.unexplained < 0) part.unexplained = c;
        continue;
      }
      ++part.cells;
      part.log_likelihood += pass.log_likelihood();
      pass.backward(nullptr, true);
      out.log_brightness.row(c) = pass.log_brightness().cast<float>();
      part.outliers += pass.outliers();
      pass.decode(out.state.data() + cell.first_row, out.certainty.data() + cell.first_row, out.jumped.data() + cell.first_row);
      for (int row = cell.first_row; row < cell.first_row + cell.rows; ++row) out.phase[static_cast<std::size_t>(row)] = model.states[static_cast<std::size_t>(out.state[static_cast<std::size_t>(row)])].light.phase;
    }
  });
  for (const Part& part : parts) {
    out.log_likelihood += part.log_likelihood;
    out.outliers += part.outliers;
    out.cells += part.cells;
    if (part.unexplained >= 0 && out.outcome.ok()) out.outcome = {Status::not_finite, fmt::format("no path of phases explains cell number {}", part.unexplained)};
  }
  out.jumps = std::count(out.jumped.begin(), out.jumped.end(), 1);
  return out;
}

void apply_phases(CellTracks& tracks, const std::vector<std::string>& phases, const std::vector<int>& phase, const std::vector<char>& jumped) {
  tracks.phases = phases;
  tracks.frames.phase = phase;
  stays_from_frames(tracks);
  for (FollowedCell& cell : tracks.cells)
    for (int row = cell.first_row + 1; row < cell.first_row + cell.row_count; ++row) {
      if (!jumped[static_cast<std::size_t>(row)]) continue;
      const double before = tracks.frames.time_h[static_cast<std::size_t>(row - 1)], after = tracks.frames.time_h[static_cast<std::size_t>(row)];
      const auto changed = std::find_if(cell.stays.begin(), cell.stays.end(), [&](const PhaseStay& stay) { return stay.entered_by_h == after; });
      if (changed != cell.stays.end() && changed != cell.stays.begin()) {      // the phase changed with the cell
        changed->entry_seen = false;
        changed->entered_from_h = after;
        (changed - 1)->end = StayEnd::lost;
        (changed - 1)->left_from_h = (changed - 1)->left_by_h = before;
        continue;
      }
      const auto through = std::find_if(cell.stays.begin(), cell.stays.end(), [&](const PhaseStay& stay) { return stay.entered_by_h < after && stay.left_from_h >= after; });
      if (through == cell.stays.end()) continue;
      PhaseStay rest = *through;      // it did not: two parts of stays
      through->end = StayEnd::lost;
      through->left_from_h = through->left_by_h = before;
      rest.entry_seen = false;
      rest.entered_from_h = rest.entered_by_h = after;
      cell.stays.insert(through + 1, rest);
    }
}

SmootherSums PhaseSmoother::expectations(const SmootherModel& model, const std::vector<int>& which, Eigen::MatrixX2d& log_brightness) const {
  const int count = which.empty() ? cell_count() : static_cast<int>(which.size());
  if (log_brightness.rows() != cell_count()) log_brightness.setZero(cell_count(), 2);
  const int stages = model.stage_count(), states = static_cast<int>(model.states.size());
  std::vector<SmootherSums> parts(static_cast<std::size_t>((count + batch - 1) / batch));
  parallel_for(static_cast<int>(parts.size()), [&](int b) {
    SmootherPass pass(*this, model);
    SmootherSums& part = parts[static_cast<std::size_t>(b)];
    part.clear(stages, states);
    for (int i = b * batch; i < std::min(count, (b + 1) * batch); ++i) {
      const int c = which.empty() ? i : which[static_cast<std::size_t>(i)];
      if (cells_[static_cast<std::size_t>(c)].rows > 0 && pass.forward(c, log_brightness.row(c))) log_brightness.row(c) = pass.add_expectations(part);
    }
  });
  SmootherSums sums;
  sums.clear(stages, states);
  for (const SmootherSums& part : parts) sums.add(part);
  return sums;
}

}  // namespace hyped
