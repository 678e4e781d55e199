// The reporters: red in G1, green in S/G2/M, a dark window after division.
#include <catch2/catch.hpp>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/simulate/simulate.hpp"

using namespace hyped;

TEST_CASE("CDT1 shines in G1, geminin in S/G2/M, and both are dark for an hour or two after division") {
  const auto model = ModelCatalogue::instance().make("reporter/fucci");
  Experiment cell;
  cell.initial = model->default_state();
  Schedule& schedule = cell.schedule;      // G1 14 h, S/G2/M 12.8 h, three cycles
  for (int k = 0; k < 3; ++k) {
    const double birth = 26.8 * k;
    if (k > 0) schedule.push_back({birth, "s_phase", Action::set, 0}), schedule.push_back({birth, "apc", Action::set, 1});
    schedule.push_back({birth + 14, "s_phase", Action::set, 1});
    schedule.push_back({birth + 14, "apc", Action::set, 0});
  }
  cell.sample_times_h = {26.8 + 13.9, 26.8 + 14 + 4, 53.5, 53.6 + 1, 53.6 + 13.9};
  const Trajectory run = simulate(*model, model->default_parameters(), cell);
  REQUIRE(run.outcome.ok());
  const auto red = run.states.col(1), green = run.states.col(3);
  CHECK(red[0] > 8 * green[0]);
  CHECK(green[1] > red[1]);
  CHECK(green[2] > 8 * red[2]);
  CHECK(red[3] < 0.15 * red[4]);      // one hour after division: neither channel
  CHECK(green[3] < 0.15 * green[2]);
  CHECK(red[4] == Approx(red[0]).epsilon(0.02));
}
