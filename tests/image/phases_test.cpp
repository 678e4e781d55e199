// Phases from pictures of simulated cells, with true outlines and true tracks: what the light, the mixture and the smoother do alone.
#include <catch2/catch.hpp>

#include <cmath>

#include "libhyped/image/phases/phase_shares.hpp"
#include "libhyped/image/phases/polarity.hpp"
#include "libhyped/random.hpp"
#include "tests/image/film_tracks.hpp"

using namespace hyped;

namespace {

const ReporterMap given{Reporter::cdt1_geminin, "MKate", "tagGFP"};

// Three wells of twenty hours with a break in the middle, made once.
const ImageTwin& small_twin() {
  static const ImageTwin twin = [] {
    ImageTwinSettings settings;
    settings.rows = 471, settings.columns = 649;
    settings.cells_per_frame = 1400;
    settings.break_frame = 30;
    return ImageTwin(read_scenario(shipped_scenario("hyped_images")), settings, 3, 1);
  }();
  return twin;
}

const tests::TrueTracks& true_tracks() {
  static const tests::TrueTracks tracks = [] {
    tests::TrueTracks out;
    for (int w = 0; w < 3; ++w) tests::append_true_tracks(out, small_twin(), w);
    return out;
  }();
  return tracks;
}

}  // namespace

TEST_CASE("a plane through dark nuclei ignores those that shine") {
  RandomStream random(5, 1, 0);
  const int n = 2000;
  Eigen::VectorXd values(n);
  Eigen::MatrixXd regressors(n, 2);
  for (int i = 0; i < n; ++i) {
    regressors(i, 0) = 400 + 200 * random.uniform();
    regressors(i, 1) = random.uniform() < 0.4 ? 800 * random.uniform() : 0;
    values[i] = 7 + 0.03 * regressors(i, 0) + 0.02 * regressors(i, 1) + 4 * random.normal();
    if (random.uniform() < 0.45) values[i] += 20 + 900 * random.uniform();
  }
  const DarkPlane plane = fit_dark_plane(values, regressors);
  REQUIRE(plane.outcome.ok());
  // 1100 dark nuclei: sd of the slopes 4 / (sqrt(1100) sd(x)) = 0.002 and 0.0005; three of these, and a fifth of the noise for the mode's own error
  CHECK(plane.coefficients[1] == Approx(0.03).margin(0.008));
  CHECK(plane.coefficients[2] == Approx(0.02).margin(0.003));
  CHECK(plane.noise == Approx(4).epsilon(0.25));
  CHECK(plane.coefficients[0] + plane.coefficients[1] * 500 == Approx(22).margin(1.0));
  CHECK_FALSE(fit_dark_plane(values.head(10), regressors.topRows(10)).outcome.ok());
}

TEST_CASE("the mixture's probabilities are calibrated") {
  RandomStream random(6, 1, 0);
  std::vector<double> light;
  std::vector<bool> on;
  for (int i = 0; i < 20000; ++i) {
    on.push_back(random.uniform() < 0.3);
    light.push_back(on.back() ? std::exp(std::log(40.0) + 0.9 * random.normal()) : (random.uniform() < 0.01 ? 20 : 5) * random.normal());
  }
  light.push_back(1e6);      // a bright piece of debris moves nothing
  const ReporterMixture mixture = fit_reporter_mixture(light, 5);
  REQUIRE(mixture.outcome.ok());
  CHECK(mixture.share_bright == Approx(0.3).margin(0.015));
  CHECK(mixture.dark_sd == Approx(5).epsilon(0.05));
  double expected = 0, seen = 0;
  int doubtful = 0;
  for (std::size_t i = 0; i < on.size(); ++i) {
    const double p = mixture.on(light[i]);
    if (p < 0.05 || p > 0.95) continue;
    ++doubtful, expected += p, seen += on[i] ? 1 : 0;
  }
  CHECK(doubtful > 300);
  CHECK(expected == Approx(seen).epsilon(0.15));      // in six draws the fitted parameters were off by up to 12 %, the true ones by 4 %
  CHECK(mixture.on(1e6) > 0.999);
  CHECK(mixture.on(-1e4) < 0.001);
  CHECK_FALSE(fit_reporter_mixture(std::vector<double>(50, 1.0), 5).outcome.ok());
}

TEST_CASE("light of true nuclei: bleed-through, flat field and the break are found", "[standard]") {
  const NuclearLight light = correct_light(true_tracks().tracks, given, {"Cy5", 471, 649, true});
  const ImageTwinSettings& s = small_twin().settings();
  double dna = 0, other = 0;
  int wells = 0;
  for (const BleedThrough& b : light.bleed) {
    REQUIRE(b.found);
    if (b.channel == 0) dna += b.by_dna, ++wells;
    else other += b.by_other;
  }
  CHECK(dna / wells == Approx(s.dna_bleed[0]).margin(0.01));
  CHECK(other / wells > 0);
  // the least illumination of a tile, as the twin has it at its farthest corner over its brightest place (x = 0.15, y = 0)
  CHECK(light.corner == Approx(1 - s.vignette * (0.5 * 1.15 * 1.15 + 0.5)).margin(0.06));
  for (int c = 0; c < 2; ++c) CHECK(light.step[c] == Approx(s.break_gain).margin(0.08));
}

TEST_CASE("phases of true tracks are those of the simulated cells", "[standard]") {
  const tests::TrueTracks& truth = true_tracks();
  const NuclearLight light = correct_light(truth.tracks, given, {"Cy5", 471, 649, true});
  PhaseCallOptions options;
  options.map = given;
  const NucleusCalls calls = call_nuclei(truth.tracks, light, options);
  REQUIRE(calls.outcome.ok());
  long right = 0, wrong = 0, dark_right = 0, dark = 0, missed = 0;
  for (std::size_t r = 0; r < calls.phase.size(); ++r) {
    const int t = truth.true_phase[r], c = calls.phase[r];
    if (t < 0) ++dark, dark_right += c < 0 ? 1 : 0;
    else if (c < 0) ++missed;
    else (calls.phases[static_cast<std::size_t>(c)] == truth.phases[static_cast<std::size_t>(t)] ? right : wrong) += 1;
  }
  INFO(right << " right, " << wrong << " wrong, " << missed << " of the labelled without a phase, " << dark_right << " of " << dark << " dark ones unlabelled");
  CHECK(static_cast<double>(right) / static_cast<double>(right + wrong) > 0.96);      // changes are dated to one or two frames of about forty a phase
  CHECK(static_cast<double>(missed) / static_cast<double>(right + wrong) < 0.03);
  CHECK(static_cast<double>(dark_right) / static_cast<double>(dark) > 0.99);
  const PhaseShares shares = phase_shares(truth.tracks, calls, {});
  REQUIRE(shares.wells.size() == 3);
  for (const WellShares& well : shares.wells)
    for (Eigen::Index t = 0; t < well.labelled.estimate.rows(); ++t) {
      CHECK(well.labelled.estimate.row(t).sum() == Approx(1));
      CHECK(well.all.estimate.row(t).sum() <= 1 + 1e-12);
      CHECK((well.labelled.lower.row(t).array() < well.labelled.estimate.row(t).array() + 1e-9).all());
      CHECK((well.labelled.upper.row(t).array() > well.labelled.estimate.row(t).array() - 1e-9).all());
    }
  const PhaseShares again = phase_shares(truth.tracks, calls, {});
  CHECK(shares.wells[1].labelled.lower == again.wells[1].labelled.lower);
}

TEST_CASE("a swapped polarity and exchanged labels are found", "[standard]") {
  const tests::TrueTracks& truth = true_tracks();
  const Eigen::VectorXd dna = truth.tracks.frames.intensity.col(3);
  for (const bool swapped : {false, true}) {
    const ReporterMap map{Reporter::cdt1_geminin, swapped ? "tagGFP" : "MKate", swapped ? "MKate" : "tagGFP"};
    const NuclearLight light = correct_light(truth.tracks, map, {"Cy5", 471, 649, true});
    const auto evidence = test_polarity(truth.tracks, light.light, light.noise, dna, {map.g1_channel, map.cycling_channel}, {});
    CHECK(verdict_of(evidence) == (swapped ? Verdict::contradicts : Verdict::agrees));
    for (const auto& one : evidence) {
      INFO(one.what);
      CHECK(one.verdict == (swapped ? Verdict::contradicts : Verdict::agrees));
    }
  }
  CHECK(check_labels({{"siPRRX1", "1", 1374}, {"siPRRX1", "2", 1451}, {"mmMYOD1", "1", 500}, {"mmMYOD1", "2", 527}}).verdict == Verdict::agrees);
  CHECK(check_labels({{"mmMYOD1", "1", 1374}, {"mmMYOD1", "2", 1451}, {"siPRRX1", "1", 500}, {"siPRRX1", "2", 527}}).verdict == Verdict::contradicts);
  CHECK(check_labels({{"siPRRX1", "1", 600}, {"mmMYOD1", "1", 580}}).verdict == Verdict::silent);
  CHECK(check_labels({{"control", "1", 600}}).verdict == Verdict::silent);
}

TEST_CASE("dark nuclei count as early G1 only after a division that was seen") {
  // one carrier that is dark for two hours, once after a division and once without one; its light then rises
  CellTracks tracks;
  tracks.films.push_back({"1", "control", 1.0 / 3, 0, 60.0 / 3});
  tracks.frames.channels = {"MKate", "tagGFP", "Cy5"};
  std::vector<std::array<double, 3>> rows;
  RandomStream random(9, 1, 0);
  const auto add_cell = [&](CellStart start, CellEnd end, int first, int last, const auto& light) {
    FollowedCell cell;
    cell.id = std::to_string(tracks.cells.size());
    cell.start = start, cell.end = end;
    cell.first_row = static_cast<int>(rows.size());
    cell.row_count = last - first + 1;
    cell.start_h = first / 3.0, cell.end_h = last / 3.0;
    for (int f = first; f <= last; ++f) {
      tracks.frames.frame.push_back(f);
      tracks.frames.time_h.push_back(f / 3.0);
      tracks.frames.filled.push_back(0);
      tracks.frames.source_line.push_back(0);
      const std::array<double, 2> l = light(f);
      rows.push_back({l[0] + 4 * random.normal(), l[1] + 4 * random.normal(), 500 + 20 * random.normal()});
    }
    tracks.cells.push_back(cell);
    return static_cast<int>(tracks.cells.size()) - 1;
  };
  const auto cycling = [](int) { return std::array<double, 2>{0, 600}; };
  const auto dark = [](int) { return std::array<double, 2>{0, 0}; };
  std::vector<int> seen, unseen;
  for (int k = 0; k < 12; ++k) {
    const auto newborn = [](int f) { return std::array<double, 2>{f < 26 ? 0.0 : 40.0 * (f - 25), 0.0}; };
    const int mother = add_cell(CellStart::film_start, CellEnd::division, 0, 19, cycling);
    for (int d = 0; d < 2; ++d) {
      const int daughter = add_cell(CellStart::division, CellEnd::film_end, 20, 59, newborn);
      tracks.cells[static_cast<std::size_t>(daughter)].mother = mother;
      tracks.cells[static_cast<std::size_t>(mother)].daughters.push_back(daughter);
      seen.push_back(daughter);
    }
    unseen.push_back(add_cell(CellStart::appeared, CellEnd::film_end, 20, 59, newborn));
    add_cell(CellStart::film_start, CellEnd::film_end, 0, 59, dark);
  }
  tracks.frames.intensity.resize(static_cast<Eigen::Index>(rows.size()), 3);
  tracks.frames.position = Eigen::MatrixX2d::Constant(tracks.frames.intensity.rows(), 2, 100.0);
  for (std::size_t r = 0; r < rows.size(); ++r) tracks.frames.intensity.row(static_cast<Eigen::Index>(r)) << rows[r][0], rows[r][1], rows[r][2];
  const NuclearLight light = correct_light(tracks, given, {"Cy5", 0, 0, true});
  PhaseCallOptions options;
  options.map = given;
  const NucleusCalls calls = call_nuclei(tracks, light, options);
  REQUIRE(calls.outcome.ok());
  for (const int c : seen) {
    CHECK(calls.labelled[static_cast<std::size_t>(c)] == 1);
    for (int r = 0; r < 4; ++r) CHECK(calls.phase[static_cast<std::size_t>(tracks.cells[static_cast<std::size_t>(c)].first_row + r)] == 0);
  }
  int without = 0;
  for (const int c : unseen)
    for (int r = 0; r < 5; ++r) without += calls.phase[static_cast<std::size_t>(tracks.cells[static_cast<std::size_t>(c)].first_row + r)] < 0 ? 1 : 0;
  CHECK(without >= 55);      // of 60: a frame near the border of dark may be taken for lit
  for (std::size_t c = 0; c < calls.labelled.size(); ++c)
    if (tracks.cells[c].start == CellStart::film_start && tracks.cells[c].end == CellEnd::film_end) CHECK(calls.labelled[c] == 0);
}

TEST_CASE("nuclei cut by the edge, whose total is not known, are corrected as others are") {
  CellTracks tracks;
  tracks.films.push_back({"1", "control", 1.0 / 3, 0, 59.0 / 3});
  tracks.frames.channels = {given.g1_channel, given.cycling_channel, "Cy5", "Cy5_total"};
  RandomStream random(5, 0, 0);
  constexpr int cells = 400, frames = 10;
  tracks.frames.intensity.resize(cells * frames, 4);
  tracks.frames.position = Eigen::MatrixX2d::Constant(cells * frames, 2, 100.0);
  for (int k = 0; k < cells; ++k) {
    FollowedCell cell;
    cell.id = std::to_string(k);
    cell.first_row = k * frames, cell.row_count = frames;
    cell.start_h = 0, cell.end_h = (frames - 1) / 3.0;
    const bool cut = k % 2 == 1, bright = k % 4 < 2;      // half of either kind at the edge
    for (int f = 0; f < frames; ++f) {
      const double dna = 400 + 100 * random.uniform();
      tracks.frames.frame.push_back(f), tracks.frames.time_h.push_back(f / 3.0), tracks.frames.filled.push_back(0), tracks.frames.source_line.push_back(0);
      tracks.frames.intensity.row(k * frames + f) << 50 + 0.2 * dna + 4 * random.normal() + (bright ? 500 : 0), 4 * random.normal() + (bright ? 0 : 500 * (k % 8 < 4)), dna, cut ? std::nan("") : 300 * dna;
    }
    tracks.cells.push_back(cell);
  }
  const NuclearLight light = correct_light(tracks, given, {"Cy5", 0, 0, true});
  double whole = 0, cut = 0;
  for (int r = 0; r < cells * frames; ++r)
    if (r / frames % 8 >= 6) (r / frames % 2 == 1 ? cut : whole) += light.light(r, 0) / (cells / 8.0 * frames);
  // dark nuclei: noise of 4 counts over 500 rows
  CHECK(std::abs(whole) < 2);
  CHECK(std::abs(cut) < 2);
}
