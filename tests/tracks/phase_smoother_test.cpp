// Phases called from simulated light: known truth, known mistakes.
#include <catch2/catch.hpp>

#include <cmath>

#include "experiments/twin/film.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/tracks/calls/phase_gates.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"
#include "tests/tracks/simulated_histories.hpp"

using namespace hyped;
using hyped::testing::simulated_histories;

namespace {

const ReporterMap cdt1{Reporter::cdt1_geminin, "red", "green"};
const ReporterMap pip{Reporter::pip, "red", "green"};

FilmSettings film_of(Reporter reporter, double hours = 66) {
  FilmSettings settings;
  settings.reporter = reporter;
  settings.channels = {"red", "green"};
  settings.founders = 1000;
  for (int i = 0; i <= static_cast<int>(hours * 3); ++i) settings.times_h.push_back(i / 3.0);
  return settings;
}

// Share of rows whose called phase is not the true one, names compared; early S of the CDT1 reporter counts as S/G2/M.
double wrong(const FilmedCells& film, const std::vector<std::string>& names, const std::vector<int>& called) {
  long bad = 0, all = 0;
  for (std::size_t r = 0; r < called.size(); ++r) {
    std::string mine = called[r] < 0 ? "" : names[static_cast<std::size_t>(called[r])];
    if (mine == "G1/S") mine = "S/G2/M";
    ++all;
    bad += mine != film.true_phases[static_cast<std::size_t>(film.true_phase[r])] ? 1 : 0;
  }
  return static_cast<double>(bad) / static_cast<double>(all);
}

// Two channels given outright.
CellTracks tracks_of(const std::vector<std::pair<double, double>>& light, CellStart start = CellStart::film_start, CellEnd end = CellEnd::film_end, int copies = 1) {
  CellTracks tracks;
  tracks.source = "made";
  tracks.films.push_back({"f", "c", 0.5, 0, 0.5 * static_cast<double>(light.size())});
  tracks.frames.channels = {"red", "green"};
  tracks.frames.intensity.resize(static_cast<Eigen::Index>(light.size()) * copies, 2);
  for (int c = 0; c < copies; ++c) {
    FollowedCell cell;
    cell.id = std::to_string(c);
    cell.start = start;
    cell.end = end;
    cell.first_row = tracks.frames.rows();
    cell.row_count = static_cast<int>(light.size());
    for (std::size_t i = 0; i < light.size(); ++i) {
      tracks.frames.intensity.row(tracks.frames.rows()) << light[i].first, light[i].second;
      tracks.frames.frame.push_back(static_cast<int>(i));
      tracks.frames.time_h.push_back(0.5 * static_cast<double>(i));
      tracks.frames.source_line.push_back(static_cast<int>(i) + 2);
    }
    tracks.cells.push_back(cell);
  }
  return tracks;
}

SmootherModel two_level_model() {
  SmootherModel model;
  model.phases = phases_of(Reporter::cdt1_geminin);
  for (const Light& light : lights_of(Reporter::cdt1_geminin)) model.states.push_back({light, light.may_be_skipped ? 1 : 3, light.may_be_skipped ? 3.0 : 20.0, light.may_be_skipped ? 0.2 : 0.0});
  model.start_share = Eigen::Vector4d::Constant(0.25);
  model.log_mean.resize(model.stage_count(), 2);
  model.log_sd = Eigen::MatrixX2d::Constant(model.stage_count(), 2, 0.3);
  for (int s = 0; s < model.stage_count(); ++s) {
    const Light& light = model.states[static_cast<std::size_t>(model.state_of_stage(s))].light;
    model.log_mean.row(s) << std::log(light.g1_on ? 1000.0 : 100.0), std::log(light.cycling_on ? 1000.0 : 100.0);
  }
  model.log_low = Eigen::RowVector2d::Constant(std::log(50.0));
  model.log_high = Eigen::RowVector2d::Constant(std::log(2000.0));
  return model;
}

}  // namespace

TEST_CASE("one wrong frame makes no phase, a change of light does") {
  std::vector<std::pair<double, double>> light(40, {1000, 100});
  for (std::size_t i = 24; i < 40; ++i) light[i] = {100, 1000};
  light[10] = {100, 1000};      // misread
  light[11] = {NAN, NAN};
  light[30] = {1000, 100};
  const CellTracks tracks = tracks_of(light);
  const SmoothedPhases calls = PhaseSmoother(tracks, cdt1).smooth(two_level_model());
  REQUIRE(calls.outcome.ok());
  for (int i = 0; i < 24; ++i) CHECK(calls.phase[static_cast<std::size_t>(i)] == 0);
  for (int i = 24; i < 40; ++i) CHECK(calls.phase[static_cast<std::size_t>(i)] == 2);
  CHECK(calls.outliers == 2);
  CHECK(calls.jumps == 0);
  CHECK(calls.certainty[5] > 0.999F);
  CHECK(call_by_gates(tracks, cdt1).phase[10] == 2);      // gates believe it
}

TEST_CASE("a track that goes on as another cell is a jump, not a cycle run backwards") {
  std::vector<std::pair<double, double>> light(60, {100, 1000});
  for (std::size_t i = 30; i < 60; ++i) light[i] = {1000, 1000};      // from S/G2/M to G1/S at once, and staying there
  for (std::size_t i = 45; i < 60; ++i) light[i] = {100, 1000};
  const SmoothedPhases calls = PhaseSmoother(tracks_of(light), cdt1).smooth(two_level_model());
  CHECK(calls.jumps == 1);
  CHECK(calls.phase[29] == 2);
  CHECK(calls.phase[31] == 1);
}

TEST_CASE("the smoother's likelihood is that of all paths: two frames, one stage each, by hand") {
  SmootherModel model = two_level_model();
  model.outlier = 0;
  model.jump = 0;
  for (auto& state : model.states) state.stages = 1, state.skipped = 0;
  model.log_mean = Eigen::MatrixX2d(4, 2);
  model.log_sd = Eigen::MatrixX2d::Constant(4, 2, 0.3);
  for (int s = 0; s < 4; ++s) model.log_mean.row(s) << std::log(model.states[static_cast<std::size_t>(s)].light.g1_on ? 1000.0 : 100.0), std::log(model.states[static_cast<std::size_t>(s)].light.cycling_on ? 1000.0 : 100.0);
  const CellTracks tracks = tracks_of({{900, 110}, {800, 950}});
  const PhaseSmoother data(tracks, cdt1);
  double sum = 0;
  const auto density = [&](int row, int s) {
    double out = 1;
    for (int c = 0; c < 2; ++c) out *= std::exp(-0.5 * std::pow((data.log_light()(row, c) - model.log_mean(s, c)) / 0.3, 2)) / (0.3 * std::sqrt(2 * M_PI));
    return out;
  };
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b) {
      const double leave = 1 / model.states[static_cast<std::size_t>(a)].mean_frames;
      double step = a == b ? 1 - leave : 0;
      if ((a + 1) % 4 == b) step += leave * (a == 3 ? model.missed_division : 1);
      sum += 0.25 * density(0, a) * step * density(1, b);
    }
  CHECK(data.smooth(model).log_likelihood == Approx(std::log(sum)).epsilon(1e-10));
}

TEST_CASE("expectation-maximisation never lowers the likelihood and its sums add up") {
  const auto film = film_cells(simulated_histories({{"G1", 12}, {"S/G2/M", 13}}, 30, 66, 3), film_of(Reporter::cdt1_geminin), 3);
  const PhaseSmoother data(film.tracks, cdt1);
  SmootherFitOptions options;
  double before = -1e300;
  for (const int rounds : {1, 2, 4, 8, 16}) {
    options.iteration_limit = rounds;
    const SmootherFit fit = fit_smoother(data, film.tracks, cdt1, options);
    CHECK(fit.log_likelihood > before);
    before = fit.log_likelihood;
    Eigen::MatrixX2d brightness;
    const SmootherSums sums = data.expectations(fit.model, {}, brightness);
    CHECK(sums.weight.col(0).sum() <= film.tracks.frames.rows());
    CHECK(sums.weight.col(0).sum() > 0.9 * film.tracks.frames.rows());
    CHECK(sums.occupied.sum() <= static_cast<double>(data.frame_steps()));
  }
}

TEST_CASE("films of both reporters are called rightly, better than by gates, and the data tell the maps apart", "[standard]") {
  struct Case {
    ReporterMap map;
    std::vector<testing::PhaseLaw> cycle;
  };
  for (const Case& one : {Case{cdt1, {{"G1", 12, 0.35}, {"S/G2/M", 13, 0.2}}}, Case{pip, {{"G1", 12, 0.35}, {"S", 8, 0.2}, {"G2/M", 5, 0.25}}}}) {
    const auto film = film_cells(simulated_histories(one.cycle, 60, 66, 11), film_of(one.map.reporter), 12);
    REQUIRE(film.tracks.cells.size() > 100);
    REQUIRE(film.misread > 50);
    const PhaseSmoother data(film.tracks, one.map);
    const SmootherFit fit = fit_smoother(data, film.tracks, one.map);
    REQUIRE(fit.outcome.ok());
    const SmoothedPhases calls = data.smooth(fit.model);
    const double smoothed = wrong(film, fit.model.phases, calls.phase), gated = wrong(film, phases_of(one.map.reporter), call_by_gates(film.tracks, one.map).phase);
    INFO(to_string(one.map.reporter) << ": smoother " << smoothed << ", gates " << gated);
    CHECK(smoothed < 0.25);      // two levels date a phase by when its light crosses over
    CHECK(gated > 0.9);      // scaled by the brightest nucleus, hardly one passes a gate: no baseline to be proud of beating

    SmootherFitOptions kinetic;
    kinetic.light = LightModel::kinetics;
    kinetic.stages = 6;
    const SmootherFit risen = fit_smoother(data, film.tracks, one.map, kinetic);
    const double by_kinetics = wrong(film, risen.model.phases, data.smooth(risen.model).phase);
    INFO("kinetics " << by_kinetics);
    CHECK(by_kinetics < 0.05);      // the delay of the light is part of it
    CHECK(by_kinetics < 0.5 * smoothed);
    WARN(to_string(one.map.reporter) << ": wrong by gates " << gated << ", two levels " << smoothed << ", kinetics " << by_kinetics);

    const auto support = compare_maps(film.tracks, one.map);
    REQUIRE(support.size() == 4);
    CHECK(support[0].map.reporter == one.map.reporter);
    CHECK(support[0].map.g1_channel == "red");
    CHECK(support[0].log_likelihood > support[1].log_likelihood + 50);
  }
}

TEST_CASE("calls do not depend on the number of threads") {
  const auto film = film_cells(simulated_histories({{"G1", 12}, {"S/G2/M", 13}}, 80, 50, 5), film_of(Reporter::cdt1_geminin, 50), 5);
  std::vector<int> first;
  double likelihood = 0;
  for (const int threads : {1, 2, 8}) {
    set_threads(threads);
    const PhaseSmoother data(film.tracks, cdt1);
    const SmootherFit fit = fit_smoother(data, film.tracks, cdt1);
    const SmoothedPhases calls = data.smooth(fit.model);
    if (first.empty()) first = calls.phase, likelihood = calls.log_likelihood;
    CHECK(calls.phase == first);
    CHECK(calls.log_likelihood == likelihood);
  }
  set_threads(0);
}

TEST_CASE("channels that say nothing are refused, with the channel and the cure") {
  CellTracks tracks = tracks_of({{1000, 100}, {1000, 120}, {1000, 130}});
  CHECK_THROWS_WITH(check_intensities(tracks, cdt1, false), Catch::Matchers::Contains("channel 'red'") && Catch::Matchers::Contains("holds 1000 in all 3 rows"));
  CHECK_THROWS_WITH(channels_of(tracks, {Reporter::pip, "red", "blue"}), Catch::Matchers::Contains("no channel 'blue'") && Catch::Matchers::Contains("red, green"));
  CHECK_THROWS_WITH(channels_of(tracks, {Reporter::pip, "red", "red"}), Catch::Matchers::Contains("both channels"));
  CHECK_THROWS_WITH(phases_of(Reporter::nuclei_only), Catch::Matchers::Contains("cdt1_geminin or pip"));
  std::vector<std::pair<double, double>> light;
  for (int i = 0; i < 20; ++i) light.emplace_back(i < 3 ? 4095 : 100 + i, 200 + i);
  tracks = tracks_of(light);
  CHECK_THROWS_WITH(check_intensities(tracks, cdt1, false), Catch::Matchers::Contains("15.0 %") && Catch::Matchers::Contains("--allow-saturated"));
  CHECK_NOTHROW(check_intensities(tracks, cdt1, true));
  light[4].second = 0;
  CHECK_THROWS_WITH(check_intensities(tracks_of(light), cdt1, true), Catch::Matchers::Contains("made:6: channel 'green'"));
}
