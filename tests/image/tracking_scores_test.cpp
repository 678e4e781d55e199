// Tracking scores counted by hand.
#include <catch2/catch.hpp>

#include "libhyped/errors.hpp"
#include "libhyped/image/quality/tracking_scores.hpp"

using namespace hyped;

namespace {

// One cell in frames 0 to 2 (0 1 2) that divides into 3 4 and 5 6 (frames 3 and 4); another alone (7 .. 11, frames 0 to 4).
TrackGraph small_truth() {
  TrackGraph out;
  out.frame = {0, 1, 2, 3, 4, 3, 4, 0, 1, 2, 3, 4};
  out.place.resize(12, 2);
  out.place << 10, 10, 10, 10, 10, 10, 5, 10, 4, 10, 15, 10, 16, 10, 50, 10, 50, 10, 50, 10, 50, 10, 50, 10;
  out.links = {{0, 1, false}, {1, 2, false}, {2, 3, true}, {3, 4, false}, {2, 5, true}, {5, 6, false}, {7, 8, false}, {8, 9, false}, {9, 10, false}, {10, 11, false}};
  return out;
}
std::vector<int> themselves(int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE("a perfect tracking scores 1") {
  const TrackGraph truth = small_truth();
  const TrackingScores s = score_tracking(truth, truth, match_places(truth, truth, 1));
  CHECK(s.edits.cost == 0);
  CHECK(s.edits.tra() == 1);
  CHECK(s.edits.det() == 1);
  CHECK(s.links.f1() == 1);
  CHECK(s.divisions_exact.hit == 1);
  CHECK(s.divisions_exact.f1() == 1);
  CHECK(s.edits.empty_cost == 10 * 12 + 1.5 * 10);
}

TEST_CASE("edits of a faulty tracking are those counted by hand") {
  const TrackGraph truth = small_truth();
  TrackGraph found = truth;
  // The second daughter is not linked to the mother, who goes on as the first; one link of the other cell goes to a false nucleus.
  found.frame.push_back(2);
  found.place.conservativeResize(13, 2);
  found.place.row(12) << 70, 70;
  found.links = {{0, 1, false}, {1, 2, false}, {2, 3, false}, {3, 4, false}, {5, 6, false}, {7, 8, false}, {8, 12, false}, {9, 10, false}, {10, 11, false}, {3, 6, false}};
  const TrackingScores s = score_tracking(truth, found, themselves(12));
  CHECK(s.edits.false_nodes == 1);
  CHECK(s.edits.missed_nodes == 0);
  CHECK(s.edits.missed_links == 2);      // 2 - 5, 8 - 9
  CHECK(s.edits.false_links == 1);       // 3 - 6; 8 - 12 goes with its false nucleus
  CHECK(s.edits.wrong_links == 1);       // 2 - 3 is a daughter's
  CHECK(s.edits.cost == 1 + 1 + 2 * 1.5 + 1);
  CHECK(s.edits.tra() == Approx(1 - 6.0 / 135));
  CHECK(s.edits.det() == Approx(1 - 1.0 / 120));
  CHECK(s.links.hit == 8);
  CHECK(s.links.missed == 2);
  CHECK(s.links.wrong == 2);
  CHECK(s.divisions_exact.missed == 1);
  CHECK(s.divisions_exact.wrong == 1);
}

TEST_CASE("a found nucleus that stands for two is split once, and its links are made anew") {
  const TrackGraph truth = small_truth();
  TrackGraph found = truth;
  std::vector<int> matched = themselves(12);
  matched[5] = 3;      // both daughters are one nucleus in frame 3
  found.links = {{0, 1, false}, {1, 2, false}, {2, 3, false}, {3, 4, true}, {3, 6, true}, {7, 8, false}, {8, 9, false}, {9, 10, false}, {10, 11, false}};
  const TrackingScores s = score_tracking(truth, found, matched);
  CHECK(s.edits.splits == 1);
  CHECK(s.edits.false_nodes == 1);       // nucleus 5 of the found graph stands for nothing
  CHECK(s.edits.missed_links == 4);      // 2 - 3, 3 - 4, 2 - 5, 5 - 6
  CHECK(s.edits.false_links == 0);
  CHECK(s.edits.cost == 5 + 1 + 4 * 1.5);
}

TEST_CASE("links are asked among what was detected") {
  const TrackGraph truth = small_truth();
  TrackGraph found;      // nuclei 3 and 9 were missed; the gaps are bridged
  found.frame = {0, 1, 2, 4, 3, 4, 0, 1, 3, 4};
  found.place = Eigen::MatrixX2d::Zero(10, 2);
  found.links = {{0, 1, false}, {1, 2, false}, {2, 3, true}, {2, 4, true}, {4, 5, false}, {6, 7, false}, {7, 8, false}, {8, 9, false}};
  const std::vector<int> matched{0, 1, 2, -1, 3, 4, 5, 6, 7, -1, 8, 9};
  const TrackingScores s = score_tracking(truth, found, matched);
  CHECK(s.links.f1() == 1);
  CHECK(s.links_strict.missed == 4);
  CHECK(s.divisions_exact.f1() == 1);
  CHECK(s.edits.missed_nodes == 2);
  CHECK(s.edits.false_links == 2);       // the bridges are no links of the reference
}

TEST_CASE("a division a frame late is near, not exact") {
  const TrackGraph truth = small_truth();
  TrackGraph found = truth;
  // the mother goes on as daughter 3, and 6 is linked to 3: a frame late
  found.links = {{0, 1, false}, {1, 2, false}, {2, 3, false}, {3, 4, true}, {3, 6, true}, {7, 8, false}, {8, 9, false}, {9, 10, false}, {10, 11, false}};
  const TrackingScores s = score_tracking(truth, found, themselves(12), 1);
  CHECK(s.divisions_exact.hit == 0);
  CHECK(s.divisions_near.hit == 1);
  CHECK(s.divisions_near.wrong == 0);
  // two frames off is too far
  TrackGraph far = truth;
  far.links = {{0, 1, true}, {0, 9, true}, {1, 2, false}, {2, 3, false}, {3, 4, false}};
  CHECK(score_tracking(truth, far, themselves(12), 1).divisions_near.hit == 0);
}

TEST_CASE("nuclei are matched by more than half of the reference") {
  Labels reference = Labels::Zero(4, 10), found = reference;
  reference.block(0, 0, 4, 4) = 1;
  reference.block(0, 6, 4, 4) = 2;
  found.block(0, 0, 4, 3) = 7;       // 3/4 of 1
  found.block(0, 6, 4, 2) = 8;       // half of 2: not more than half
  CHECK(match_labels(reference, found) == std::vector<std::pair<int, int>>{{1, 7}});
  found.block(0, 0, 4, 10) = 9;      // covers both
  CHECK(match_labels(reference, found) == std::vector<std::pair<int, int>>{{1, 9}, {2, 9}});
  CHECK_THROWS_AS(match_labels(reference, Labels::Zero(3, 3)), InputError);
}

TEST_CASE("places are matched frame by frame, one to one") {
  const TrackGraph truth = small_truth();
  TrackGraph found = truth;
  found.place.col(0).array() += 0.4;
  CHECK(match_places(truth, found, 1) == themselves(12));
  found.place.col(0).array() += 2;
  const auto none = match_places(truth, found, 1);
  CHECK(std::all_of(none.begin(), none.end(), [](int i) { return i == -1; }));
}
