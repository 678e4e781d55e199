// Steady cycles of the reporter model.
#include "libhyped/tracks/calls/reporter_course.hpp"

#include <algorithm>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"

namespace hyped {

Eigen::MatrixX2d reporter_course(Reporter reporter, const SmootherModel& model, double frame_interval_h) {
  const auto fucci = ModelCatalogue::instance().make("reporter/fucci");
  constexpr int cycles = 4;      // half-lives of a day are forgotten by destruction within each cycle
  Experiment cell;
  cell.initial = fucci->default_state();
  double at = 0;
  for (int cycle = 0; cycle < cycles; ++cycle)
    for (std::size_t s = 0; s < model.states.size(); ++s) {
      const SmootherState& state = model.states[s];
      const bool g1 = state.light.phase == 0, destroyed = reporter == Reporter::pip ? state.light.phase == 1 : !g1;
      const double duration = state.mean_frames * frame_interval_h;
      if (at > 0) {
        cell.schedule.push_back({at, "s_phase", Action::set, destroyed ? 1.0 : 0.0});
        cell.schedule.push_back({at, "apc", Action::set, g1 ? 1.0 : 0.0});
      }
      if (cycle + 1 == cycles)
        for (int k = 0; k < state.stages; ++k) cell.sample_times_h.push_back(at + duration * (k + 0.5) / state.stages);
      at += duration;
    }
  const Trajectory run = simulate(*fucci, fucci->default_parameters(), cell);
  HYPED_REQUIRE(run.outcome.ok());
  Eigen::MatrixX2d out(model.stage_count(), 2);
  out.col(0) = run.states.col(1).cwiseMax(0.0);
  out.col(1) = run.states.col(3).cwiseMax(0.0);
  return out;
}

}  // namespace hyped
