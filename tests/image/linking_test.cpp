// Parts of the tracker: the assignment against every possible one, single divisions, breaks, gaps, bad input.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <functional>
#include <numeric>

#include "libhyped/image/link/gated_assignment.hpp"
#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/image/link/spot_tracker.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

double total_of(int sources, int targets, const std::vector<GatedLink>& links, const std::vector<int>& target, double alternative) {
  double out = 0;
  int linked = 0;
  for (int i = 0; i < sources; ++i)
    if (target[static_cast<std::size_t>(i)] >= 0) {
      double cost = INFINITY;
      for (const GatedLink& link : links)
        if (link.source == i && link.target == target[static_cast<std::size_t>(i)]) cost = std::min(cost, link.cost);
      out += cost + alternative;      // the lower right block takes one alternative
      ++linked;
    }
  return out + alternative * (sources + targets - 2 * linked);
}

FrameNuclei frame_at(int number, const std::vector<std::pair<double, double>>& places, int stage = 0) {
  FrameNuclei out;
  out.frame = number, out.time_h = number / 3.0, out.stage = stage;
  for (const auto& [row, column] : places) {
    Nucleus nucleus;
    nucleus.label = static_cast<int>(out.nuclei.size()) + 1;
    nucleus.row = row, nucleus.column = column, nucleus.area = 150;
    out.nuclei.push_back(nucleus);
  }
  return out;
}

}  // namespace

TEST_CASE("the assignment is the best of all") {
  for (std::uint32_t trial = 0; trial < 300; ++trial) {
    RandomStream random(11, trial, 0);
    const int n = 1 + static_cast<int>(random() % 5), m = 1 + static_cast<int>(random() % 5);
    std::vector<GatedLink> links;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j)
        if (random.uniform() < 0.6) links.push_back({i, j, 10 * random.uniform()});
    const double alternative = 1 + 9 * random.uniform();
    const std::vector<int> found = assign(n, m, links, alternative);
    std::vector<char> used(static_cast<std::size_t>(m), 0);
    for (const int j : found)
      if (j >= 0) {
        CHECK_FALSE(used[static_cast<std::size_t>(j)]);
        used[static_cast<std::size_t>(j)] = 1;
      }
    double best = INFINITY;
    std::vector<int> target(static_cast<std::size_t>(n), -1);
    std::fill(used.begin(), used.end(), 0);
    const std::function<void(int)> all = [&](int i) {
      if (i == n) {
        best = std::min(best, total_of(n, m, links, target, alternative));
        return;
      }
      all(i + 1);
      for (const GatedLink& link : links)
        if (link.source == i && !used[static_cast<std::size_t>(link.target)]) {
          used[static_cast<std::size_t>(link.target)] = 1;
          target[static_cast<std::size_t>(i)] = link.target;
          all(i + 1);
          target[static_cast<std::size_t>(i)] = -1;
          used[static_cast<std::size_t>(link.target)] = 0;
        }
    };
    all(0);
    CHECK(total_of(n, m, links, found, alternative) == Approx(best).epsilon(1e-12));
  }
}

TEST_CASE("a dense assignment of 300 by 300 has no better exchange") {
  // 2-opt optimality is necessary only; with prices in the solver a wrong sign shows at once.
  RandomStream random(5, 0, 0);
  std::vector<GatedLink> links;
  Eigen::MatrixXd cost(300, 300);
  for (int i = 0; i < 300; ++i)
    for (int j = 0; j < 300; ++j) links.push_back({i, j, cost(i, j) = random.uniform()});
  const std::vector<int> target = assign(300, 300, links, 1.05);
  double total = 0;
  for (int i = 0; i < 300; ++i) {
    REQUIRE(target[static_cast<std::size_t>(i)] >= 0);
    total += cost(i, target[static_cast<std::size_t>(i)]);
    for (int k = 0; k < i; ++k) CHECK(cost(i, target[static_cast<std::size_t>(i)]) + cost(k, target[static_cast<std::size_t>(k)]) <= cost(i, target[static_cast<std::size_t>(k)]) + cost(k, target[static_cast<std::size_t>(i)]) + 1e-12);
  }
  CHECK(total == Approx(1.64).margin(0.25));      // the mean of the random problem tends to pi^2 / 6 (Aldous 2001), sd about .1 at this size
}

TEST_CASE("spots that do not move are linked") {
  SpotTrackerOptions options;
  options.linking.max_distance = 5;
  CHECK(link_spots({{0, 1, 1}, {1, 1, 1}, {2, 1, 1}}, options).size() == 2);
  CHECK_THROWS_AS(link_spots({{0, NAN, 1}}, options), InputError);
}

TEST_CASE("a gap is bridged up to its length") {
  std::vector<FrameNuclei> frames;
  for (int t = 0; t < 8; ++t) frames.push_back(frame_at(t, t == 3 || t == 4 ? std::vector<std::pair<double, double>>{{60, 60}} : std::vector<std::pair<double, double>>{{10.0 + t, 10}, {60, 60}}));
  LinkOptions options;
  options.max_distance_px = 12;
  LinkedFilm film = link_nuclei(frames, options);
  CHECK(film.tracks.cells.size() == 2);
  CHECK(film.gaps == 1);
  options.max_gap_frames = 2;
  film = link_nuclei(frames, options);
  CHECK(film.tracks.cells.size() == 3);
  CHECK(film.tracks.cells[2].start == CellStart::appeared);
}

TEST_CASE("a division ends a cell and begins two, and needs evidence") {
  std::vector<FrameNuclei> frames;
  const auto lit = [](FrameNuclei& frame, std::size_t k, double dna, double geminin) {
    Nucleus& nucleus = frame.nuclei[k];
    nucleus.light.resize(2);
    nucleus.light[0].mean = nucleus.light[0].median = 100 + dna / nucleus.area, nucleus.light[0].ring = 100, nucleus.light[0].sum = dna + 100 * nucleus.area;
    nucleus.light[1].mean = nucleus.light[1].median = 50 + geminin, nucleus.light[1].ring = 50;
  };
  const auto film_of = [&](bool dividing) {      // else the second nucleus was there all along and is found late
    frames.clear();
    for (int t = 0; t < 14; ++t) {
      FrameNuclei frame = t < 8 ? frame_at(t, {{50, 50}, {200, 200}}) : frame_at(t, {{50, dividing ? 42.0 : 50.0}, {50, dividing ? 58.0 : 60.0}, {200, 200}});
      frame.channels = {"dna", "geminin"};
      lit(frame, frame.nuclei.size() - 1, 20000, 1);
      lit(frame, 0, dividing && t >= 8 ? 20000 : 40000, dividing && t >= 8 ? 5 : 100);
      if (t >= 8) lit(frame, 1, dividing ? 20000 : 40000, dividing ? 5 : 90);
      frames.push_back(frame);
    }
    LinkOptions options;
    options.max_distance_px = 15, options.dna_channel = "dna", options.cycling_channel = "geminin";
    return link_nuclei(frames, options);
  };
  const LinkedFilm yes = film_of(true);
  REQUIRE(yes.tracks.cells.size() == 4);
  REQUIRE(yes.divisions.size() == 1);
  const FoundDivision& d = yes.divisions[0];
  CHECK(d.accepted);
  CHECK(d.frame == 7);
  CHECK(yes.tracks.cells[static_cast<std::size_t>(d.mother)].end == CellEnd::division);
  CHECK(yes.tracks.cells[static_cast<std::size_t>(d.first)].start == CellStart::division);
  CHECK(yes.tracks.cells[static_cast<std::size_t>(d.second)].mother == d.mother);
  CHECK(d.evidence.reporter_lost == 1);
  CHECK(d.evidence.dna_halved == 1);
  CHECK(d.evidence.symmetric == 1);
  CHECK(d.evidence.total > 0.9);
  CHECK(yes.nucleus_of_row.size() == static_cast<std::size_t>(yes.tracks.frames.rows()));
  const LinkedFilm no = film_of(false);
  CHECK(no.tracks.cells.size() == 3);
  CHECK(std::none_of(no.divisions.begin(), no.divisions.end(), [](const auto& one) { return one.accepted; }));
}

TEST_CASE("a break is registered, or nothing crosses it") {
  RandomStream random(3, 0, 0);
  std::vector<std::pair<double, double>> places, shifted, elsewhere;
  for (int k = 0; k < 120; ++k) {
    places.push_back({600 * random.uniform(), 800 * random.uniform()});
    shifted.push_back({places.back().first - 63 + random.normal(), places.back().second + 41 + random.normal()});
    elsewhere.push_back({600 * random.uniform(), 800 * random.uniform()});
  }
  LinkOptions options;
  options.max_distance_px = 12;
  const LinkedFilm film = link_nuclei({frame_at(0, places), frame_at(1, places), frame_at(2, shifted, 1), frame_at(3, shifted, 1)}, options);
  REQUIRE(film.breaks.size() == 1);
  CHECK(film.breaks[0].trusted);
  CHECK(film.breaks[0].rows == Approx(-63).margin(0.5));
  CHECK(film.breaks[0].columns == Approx(41).margin(0.5));
  CHECK(film.tracks.cells.size() >= 118);
  CHECK(film.tracks.cells.size() <= 123);
  for (const FollowedCell& cell : film.tracks.cells)
    if (cell.row_count == 4) CHECK(film.tracks.frames.position(cell.first_row + 3, 0) - film.tracks.frames.position(cell.first_row, 0) == Approx(41).margin(6));      // positions stay those of the frame
  const LinkedFilm lost = link_nuclei({frame_at(0, places), frame_at(1, places), frame_at(2, elsewhere, 1), frame_at(3, elsewhere, 1)}, options);
  REQUIRE(lost.breaks.size() == 1);
  CHECK_FALSE(lost.breaks[0].trusted);
  CHECK(lost.breaks[0].matched < 0.4 * 120);
  for (const FollowedCell& cell : lost.tracks.cells) CHECK((lost.tracks.frames.frame[static_cast<std::size_t>(cell.first_row)] >= 2 || lost.tracks.frames.frame[static_cast<std::size_t>(cell.first_row + cell.row_count - 1)] < 2));
  options.link_over_break = false;
  const LinkedFilm apart = link_nuclei({frame_at(0, places), frame_at(1, places), frame_at(2, shifted, 1), frame_at(3, shifted, 1)}, options);
  CHECK(apart.tracks.cells.size() >= 236);
}

TEST_CASE("phase correlation finds a shift of a textured picture") {
  Plane big(160, 200);
  RandomStream random(8, 0, 0);
  for (Eigen::Index i = 0; i < big.size(); ++i) big.data()[i] = static_cast<float>(random.normal());
  for (const auto& [dr, dc] : {std::pair{7, -12}, {-20, 3}, {0, 0}, {30, 40}}) {
    const Plane a = big.block(40, 45, 100, 110), b = big.block(40 - dr, 45 - dc, 100, 110);      // what was at (r, c) is at (r + dr, c + dc)
    const PictureShift shift = phase_correlation(a, b);
    CHECK(shift.rows == dr);
    CHECK(shift.columns == dc);
    CHECK(shift.peak > 3 * shift.second_peak);
  }
  CHECK_THROWS_AS(phase_correlation(big, big.topRows(20)), InputError);
  CHECK_THROWS_AS(phase_correlation(Plane::Constant(20, 20, NAN), Plane::Constant(20, 20, 1)), InputError);
}

TEST_CASE("frames that cannot be linked are refused or said") {
  const FrameNuclei one = frame_at(1, {{5, 5}}), two = frame_at(2, {{5, 6}});
  CHECK_THROWS_WITH(link_nuclei({two, one}), Catch::Matchers::Contains("frame 1") && Catch::Matchers::Contains("rising order"));
  LinkOptions options;
  options.dna_channel = "Cy5";
  CHECK_THROWS_WITH(link_nuclei({one, two}, options), Catch::Matchers::Contains("Cy5"));
  options = {};
  options.max_gap_frames = 0;
  CHECK_THROWS_AS(link_nuclei({one, two}, options), InputError);
  FrameNuclei other = two;
  other.channels = {"dna"};
  CHECK_THROWS_WITH(link_nuclei({one, other}), Catch::Matchers::Contains("other channels"));
  CHECK_FALSE(link_nuclei({}).outcome.ok());
  CHECK_FALSE(link_nuclei({one}).outcome.ok());
  FrameNuclei bad;
  bad.frame = 2, bad.time_h = 0.6, bad.outcome = {Status::not_finite, "truncated file"};
  const LinkedFilm film = link_nuclei({one, bad, frame_at(3, {{5, 6}})});
  REQUIRE(film.tracks.cells.size() == 1);
  CHECK(film.tracks.cells[0].row_count == 2);
  CHECK(std::any_of(film.notes.begin(), film.notes.end(), [](const std::string& note) { return note.find("truncated file") != note.npos; }));
}
