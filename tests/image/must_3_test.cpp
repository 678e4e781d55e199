// Tracking against published tracks and against TrackMate itself.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <map>
#include <set>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/image/link/spot_tracker.hpp"
#include "tests/image/simulated_film.hpp"
#include "tests/image/tracks_of_reference.hpp"

using namespace hyped;
using namespace hyped::tests;

namespace {

struct Means {
  double links = 0, strict = 0, exact = 0, near = 0, recall = 0, precision = 0, tra = 0;
};
Means mean_scores(const TrackGraph& truth, const FilmNoise& noise, const LinkOptions& options, int seeds) {
  Means out;
  for (int seed = 1; seed <= seeds; ++seed) {
    const SimulatedFilm film = simulate_film(truth, noise, static_cast<std::uint64_t>(seed));
    const LinkedFilm linked = link_nuclei(film.frames, options);
    const TrackingScores s = score_tracking(truth, graph_of(linked.tracks), rows_of_truth(film, linked.nucleus_of_row, truth.size()));
    out.links += s.links.f1() / seeds, out.strict += s.links_strict.f1() / seeds, out.exact += s.divisions_exact.f1() / seeds, out.near += s.divisions_near.f1() / seeds;
    out.recall += s.divisions_near.recall() / seeds, out.precision += s.divisions_near.precision() / seeds, out.tra += s.edits.tra() / seeds;
  }
  return out;
}
void say(const char* what, const Means& m) {
  fmt::print("{:44} link F1 {:.4f} (all links {:.4f}), division F1 {:.3f} same frame, {:.3f} within a frame (recall {:.3f}, precision {:.3f}), TRA {:.4f}\n", what, m.links, m.strict, m.exact, m.near, m.recall, m.precision, m.tra);
}

// TrackMate's spots and edges of one setting; -1 where an edge is in one of the two only.
void check_trackmate(const std::filesystem::path& folder, const std::string& name) {
  const DelimitedTable spots = DelimitedTable::read(folder / ("trackmate_tracks_" + name + "_spots.csv")), edges = DelimitedTable::read(folder / ("trackmate_tracks_" + name + "_edges.csv"));
  std::vector<Spot> given;
  std::vector<std::int64_t> ids;
  for (std::size_t r = 0; r < spots.rows(); ++r) {
    given.push_back({static_cast<int>(spots.integer(r, spots.column("frame"))), spots.number(r, spots.column("position_y")), spots.number(r, spots.column("position_x"))});
    ids.push_back(spots.integer(r, spots.column("id")));
  }
  SpotTrackerOptions options;      // as the settings in trackmate_tracks_*.xml
  options.linking.max_distance = 15;
  if (name != "without_gap_closing") options.gaps.max_distance = 15, options.gaps.max_frames = 2;
  if (name.find("splitting") != name.npos) options.splits.max_distance = 15;
  if (name.find("merging") != name.npos) options.merges.max_distance = 15;
  std::map<std::pair<std::int64_t, std::int64_t>, double> wanted, found;
  for (std::size_t r = 0; r < edges.rows(); ++r) wanted[{edges.integer(r, edges.column("spot_source_id")), edges.integer(r, edges.column("spot_target_id"))}] = edges.number(r, edges.column("link_cost"));
  for (const SpotLink& link : link_spots(given, options)) found[{ids[static_cast<std::size_t>(link.from)], ids[static_cast<std::size_t>(link.to)]}] = link.cost;
  INFO(name);
  REQUIRE(found.size() == wanted.size());
  for (const auto& [edge, cost] : wanted) {
    REQUIRE(found.count(edge) == 1);
    CHECK(found[edge] == Approx(cost).epsilon(1e-12));      // both are sums of two squares in double
  }
}

// The reference with every 23rd detection missed, false ones beside every 41st, links cut and crossed.
TrackGraph damaged(const TrackGraph& truth, std::vector<int>& matched) {
  TrackGraph out;
  matched.assign(static_cast<std::size_t>(truth.size()), -1);
  std::vector<Eigen::Vector2d> places;
  for (int i = 0; i < truth.size(); ++i) {
    if (i % 23 == 7) continue;
    matched[static_cast<std::size_t>(i)] = static_cast<int>(out.frame.size());
    out.frame.push_back(truth.frame[static_cast<std::size_t>(i)]);
    places.push_back(truth.place.row(i));
    if (i % 41 == 2) {      // and a false one beside it
      out.frame.push_back(truth.frame[static_cast<std::size_t>(i)]);
      places.push_back(truth.place.row(i).array() + 5);
    }
  }
  out.place.resize(static_cast<Eigen::Index>(places.size()), 2);
  for (std::size_t i = 0; i < places.size(); ++i) out.place.row(static_cast<Eigen::Index>(i)) = places[i];
  std::vector<int> taken(places.size(), 0), followers(places.size(), 0);
  for (std::size_t k = 0; k < truth.links.size(); ++k) {
    const int from = matched[static_cast<std::size_t>(truth.links[k].from)];
    int to = matched[static_cast<std::size_t>(truth.links[k].to)];
    if (from < 0 || to < 0 || k % 31 == 3) continue;
    if (k % 37 == 5 && to + 1 < static_cast<int>(places.size()) && out.frame[static_cast<std::size_t>(to)] == out.frame[static_cast<std::size_t>(to) + 1]) ++to;
    if (taken[static_cast<std::size_t>(to)] || followers[static_cast<std::size_t>(from)] == 2) continue;
    taken[static_cast<std::size_t>(to)] = 1;
    ++followers[static_cast<std::size_t>(from)];
    out.links.push_back({from, to, false});
  }
  for (auto& link : out.links) link.to_daughter = followers[static_cast<std::size_t>(link.from)] > 1;
  return out;
}

}  // namespace

// Counts of traccuracy 0.4.3 (CTCMetrics, the same graphs and the same matching given to it): AOGM 6169.5.
TEST_CASE("edits of a damaged tracking are those traccuracy counts") {
  const auto images = shared_images();
  if (images.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  const TrackGraph truth = hela_tracks(images);
  std::vector<int> matched;
  const TrackGraph found = damaged(truth, matched);
  const GraphEdits edits = score_tracking(truth, found, matched).edits;
  CHECK(edits.splits == 0);
  CHECK(edits.missed_nodes == 374);
  CHECK(edits.false_nodes == 201);
  CHECK(edits.false_links == 198);
  CHECK(edits.missed_links == 1349);
  CHECK(edits.wrong_links == 7);
  CHECK(edits.cost == 6169.5);
  CHECK(edits.tra() == Approx(0.9374924012158055).epsilon(1e-14));
  CHECK(edits.det() == Approx(0.9541797465410998).epsilon(1e-14));
}

TEST_CASE("must/imaging/3", "[standard]") {
  const auto images = shared_images();
  if (images.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  for (const char* name : {"without_gap_closing", "with_gap_closing", "with_splitting", "with_merging", "with_splitting_merging"}) check_trackmate(images / "laptrack/tests/data", name);

  const TrackGraph truth = hela_tracks(images);
  REQUIRE(truth.size() == 8601);
  REQUIRE(truth.links.size() == 8460);
  LinkOptions places;
  const Means true_places = mean_scores(truth, {}, places, 1);
  say("HeLa, true detections, places alone", true_places);
  CHECK(true_places.links >= 0.99);
  CHECK(true_places.exact >= 0.9);

  FilmNoise noise;
  noise.missed = 0.05, noise.false_share = 0.025;
  say("5 % missed, 2.5 % false, places alone", mean_scores(truth, noise, places, 20));
  noise.light = true;
  LinkOptions light;
  light.dna_channel = "dna", light.cycling_channel = "geminin";
  const Means seen = mean_scores(truth, noise, light, 20);
  say("5 % missed, 2.5 % false, with light", seen);
  CHECK(seen.links >= 0.98);
  CHECK(seen.exact >= 0.6);
  CHECK(seen.near >= seen.exact);
  noise.missed = 0.1, noise.false_share = 0.05;
  say("10 % missed, 5 % false, with light", mean_scores(truth, noise, light, 5));

  // Reported, not judged: as it is, with the defaults.
  for (const char* name : {"BMP2_updated", "Sparse5"}) {
    int copies = 0;
    const TrackGraph cells = c2c12_tracks(images / "tracks_C2C12/data/C2C12/organized_data" / name, copies);
    const SimulatedFilm film = simulate_film(cells, {}, 1, 1.0 / 12);
    const LinkedFilm linked = link_nuclei(film.frames, places);
    const TrackingScores s = score_tracking(cells, graph_of(linked.tracks), rows_of_truth(film, linked.nucleus_of_row, cells.size()));
    fmt::print("C2C12 {}: {} nuclei ({} copies left out), gate {:.1f} px, link F1 {:.4f}, division F1 {:.3f} same frame, {:.3f} within a frame, TRA {:.4f}\n", name, cells.size(), copies, linked.max_distance_px, s.links.f1(), s.divisions_exact.f1(), s.divisions_near.f1(), s.edits.tra());
    CHECK(s.links.f1() > 0.9);
  }
}

// What the light is for: the same film without it.
TEST_CASE("light makes divisions of a faulty film surer", "[standard]") {
  const auto images = shared_images();
  if (images.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  const TrackGraph truth = hela_tracks(images);
  FilmNoise noise;
  noise.missed = 0.05, noise.false_share = 0.025, noise.light = true;
  LinkOptions blind, light;
  light.dna_channel = "dna", light.cycling_channel = "geminin";
  const Means without = mean_scores(truth, noise, blind, 8), with = mean_scores(truth, noise, light, 8);
  say("areas, no light", without);
  say("with light", with);
  CHECK(with.precision > without.precision);
  CHECK(with.near > without.near - 0.01);
}
