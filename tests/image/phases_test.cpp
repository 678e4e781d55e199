// Phases from pictures of simulated cells, with true outlines and true tracks: what the light, the mixture and the smoother do alone.
#include <catch2/catch.hpp>

#include <cmath>

#include "libhyped/image/phases/phase_shares.hpp"
#include "libhyped/image/phases/polarity.hpp"
#include "tests/image/film_tracks.hpp"

using namespace hyped;

TEST_CASE("try it") {
  const Scenario scenario = read_scenario(shipped_scenario("hyped_images"));
  ImageTwinSettings settings;
  settings.break_frame = 30;
  const ImageTwin twin(scenario, settings, 3);
  tests::TrueTracks truth;
  for (int w = 0; w < 4; ++w) tests::append_true_tracks(truth, twin, w);
  const ReporterMap map{Reporter::cdt1_geminin, "MKate", "tagGFP"};
  const NuclearLight light = correct_light(truth.tracks, map, {"Cy5", 471, 649, true});
  for (const auto& b : light.bleed) std::printf("film %d stage %d ch %d: offset %.2f dna %.4f other %.4f noise %.2f n %d ok %d\n", b.film, b.stage, b.channel, b.offset, b.by_dna, b.by_other, b.noise, b.nuclei, b.found);
  std::printf("flat corner %.3f step %.3f %.3f rows %d cells %zu\n", light.corner, light.step[0], light.step[1], truth.tracks.frames.rows(), truth.tracks.cells.size());
  for (const LightChoice choice : {LightChoice::automatic, LightChoice::kinetics, LightChoice::levels}) {
    PhaseCallOptions options;
    options.map = map;
    options.light = choice;
    const NucleusCalls calls = call_nuclei(truth.tracks, light, options);
    long right = 0, called = 0, wrong_label = 0, all = 0;
    std::array<std::array<long, 3>, 3> confusion{};
    for (std::size_t r = 0; r < calls.phase.size(); ++r) {
      ++all;
      const int t = truth.true_phase[r], c = calls.phase[r];
      const int tt = t < 0 ? 2 : static_cast<int>(std::find(calls.phases.begin(), calls.phases.end(), truth.phases[static_cast<std::size_t>(t)]) - calls.phases.begin());
      ++confusion[static_cast<std::size_t>(tt)][static_cast<std::size_t>(c < 0 ? 2 : c)];
    }
    for (auto& row : confusion) std::printf("%ld %ld %ld\n", row[0], row[1], row[2]);
    std::printf("light %d bic %.0f other %.0f early %ld unseen %ld unsure %ld outcome %s\n", (int)calls.light, calls.bic, calls.other_bic, calls.early_g1, calls.dark_unseen, calls.unsure_cells, calls.outcome.message.c_str());
    for (auto& m : calls.mixtures) std::printf("mix dark %.1f sd %.1f bright %.1f sd %.2f share %.2f sep %.1f\n", m.dark_mean, m.dark_sd, std::exp(m.log_bright), m.log_bright_sd, m.share_bright, m.separation);
    for (const auto& n : calls.notes) std::printf("note %s\n", n.c_str());
    const PhaseShares shares = phase_shares(truth.tracks, calls, {});
    const ExpectedShares expected = twin.expected();
    for (std::size_t w = 0; w < shares.wells.size(); ++w)
      for (int t = 0; t < 60; t += 10) std::printf("%zu t %d: %.3f [%.3f %.3f] truth %.3f  (%d fam)\n", w, t, shares.wells[w].labelled.estimate(t, 0), shares.wells[w].labelled.lower(t, 0), shares.wells[w].labelled.upper(t, 0), expected.wells[w](t, 0), shares.wells[w].families);
    for (const auto& e : test_polarity(truth.tracks, light.light, light.noise, truth.tracks.frames.intensity.col(3), {"MKate", "tagGFP"}, {})) std::printf("%s: %s\n", e.what.c_str(), std::string(to_string(e.verdict)).c_str());
    (void)right, (void)called, (void)wrong_label, (void)all;
  }
}
