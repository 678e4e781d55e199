// Single cells end to end: simulated films with a tracker's mistakes, phases called, durations fitted, truth covered.
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include "experiments/twin/film.hpp"
#include "fitting/duration_fit.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/tracks/calls/smoother_fit.hpp"
#include "tests/tracks/simulated_histories.hpp"

using namespace hyped;
using hyped::testing::simulated_histories;

TEST_CASE("must/single/6", "[slow]") {
  // 200 films of 48 h: cells there before the film, cut off by its end, light read wrong in 1 % of frames, 3 % of nuclei missed, 3 % of
  // divisions missed, tracks swapped and cut.
  const std::vector<testing::PhaseLaw> cycle{{"G1", 12, 0.35}, {"S/G2/M", 13, 0.2}};
  const double truth[2] = {12, 13};
  constexpr int films = 200;
  struct Answer {
    bool fitted = false, covered = false;
    double mean = 0, naive = 0;
  };
  std::vector<std::array<Answer, 2>> answers(films);
  parallel_for(films, [&](int f) {
    FilmSettings settings;
    settings.founders = 1000;
    for (int i = 0; i <= 144; ++i) settings.times_h.push_back(i / 3.0);
    FilmedCells film = film_cells(simulated_histories(cycle, 14, 48, 500 + static_cast<std::uint64_t>(f)), settings, 900 + static_cast<std::uint64_t>(f));
    const ReporterMap map{settings.reporter, settings.channels[0], settings.channels[1]};
    const PhaseSmoother data(film.tracks, map);
    SmootherFitOptions options;
    options.light = LightModel::kinetics;
    options.stages = 6;
    const SmootherFit smoother = fit_smoother(data, film.tracks, map, options);
    const SmoothedPhases smoothed = data.smooth(smoother.model);
    apply_phases(film.tracks, smoother.model.phases, smoothed.phase, smoothed.jumped);
    for (int k = 0; k < 2; ++k) {
      Answer& answer = answers[static_cast<std::size_t>(f)][static_cast<std::size_t>(k)];
      DurationPolicy policy;
      policy.phase = k;
      const DurationData stays = make_durations(film.tracks, policy);
      double sum = 0;
      int finished = 0;
      for (const Duration& d : stays.durations)
        if (!d.censored()) sum += 0.5 * (d.lower_h + d.upper_h) + 0.5 * d.entry_spread_h, ++finished;
      answer.naive = finished > 0 ? sum / finished : std::nan("");
      const DurationFit fit = fit_durations(stays, {{FamilyKind::lognormal, 1}, false});
      if (!fit.outcome.ok()) continue;
      const LikelihoodInterval& mean = fit.interval("mean");
      if (!mean.identified()) continue;
      answer.fitted = true;
      answer.mean = mean.estimate;
      answer.covered = mean.lower <= truth[k] && truth[k] <= mean.upper;
    }
  });
  int pooled = 0, asked = 0;
  for (int k = 0; k < 2; ++k) {
    int covered = 0, fitted = 0;
    double mean = 0, naive = 0;
    for (const auto& one : answers) {
      const Answer& a = one[static_cast<std::size_t>(k)];
      fitted += a.fitted ? 1 : 0;
      covered += a.covered ? 1 : 0;
      mean += a.fitted ? a.mean : 0;
      naive += a.naive / films;
    }
    mean /= fitted;
    pooled += covered;
    asked += fitted;
    WARN(cycle[static_cast<std::size_t>(k)].name << ": truth " << truth[k] << " h, mean of estimates " << mean << " h, mean of finished stays " << naive << " h (bias " << 100 * (naive / truth[k] - 1) << " %); covered " << covered << " of " << fitted);
    CHECK(fitted >= 0.97 * films);
    CHECK(covered >= 0.90 * fitted);
    CHECK(std::abs(mean / truth[k] - 1) < 0.03);
  }
  WARN("pooled " << static_cast<double>(pooled) / asked);
  CHECK(pooled >= 0.93 * asked);
  CHECK(pooled <= 0.97 * asked);
}
