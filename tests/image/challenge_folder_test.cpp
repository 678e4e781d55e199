// Folders of the Cell Tracking Challenge: read, scored, refused.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/read_ctc.hpp"
#include "tests/image/plain_tiff.hpp"
#include "tests/places.hpp"

using namespace hyped;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::path(tests::build_folder()) / fmt::format("challenge_{}", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

// Mother 1 in frames 0 and 1, daughters 2 and 3 in frame 2.
void write_film(const fs::path& folder, const char* prefix, const std::string& text, const char* text_name, int shift = 0, bool merged = false) {
  fs::create_directories(folder);
  for (int t = 0; t < 3; ++t) {
    Labels labels = Labels::Zero(20, 30);
    if (t < 2) labels.block(5, 5 + shift, 6, 6) = 1;
    else {
      labels.block(5, 2 + shift, 6, 4) = 2;
      labels.block(5, 14 + shift, 6, 4) = merged ? 2 : 3;
    }
    tests::write_plain_tiff(folder / fmt::format("{}{:03}.tif", prefix, t), labels);
  }
  std::ofstream(folder / text_name) << text;
}

}  // namespace

TEST_CASE("a challenge folder is read and scored") {
  const Folder folder;
  const std::string right = "1 0 1 0\n2 2 2 1\n3 2 2 1\n";
  write_film(folder.path / "truth", "man_track", right, "man_track.txt");
  write_film(folder.path / "found", "mask", right, "res_track.txt", 1);
  const CtcTracking truth = read_ctc(folder.path / "truth"), found = read_ctc(folder.path / "found");
  CHECK(truth.graph.size() == 4);
  CHECK(truth.graph.place(0, 0) == Approx(7.5));      // of columns 5 to 10
  CHECK(truth.graph.place(0, 1) == Approx(7.5));
  REQUIRE(truth.graph.links.size() == 3);
  const TrackingScores same = score_tracking(truth.graph, found.graph, match_ctc(truth, found));
  CHECK(same.edits.tra() == 1);
  CHECK(same.divisions_exact.hit == 1);
  // Both daughters in one label: one split; the links to both are missing.
  write_film(folder.path / "merged", "mask", "1 0 1 0\n2 2 2 1\n", "res_track.txt", 0, true);
  const CtcTracking merged = read_ctc(folder.path / "merged");
  const GraphEdits edits = score_tracking(truth.graph, merged.graph, match_ctc(truth, merged)).edits;
  CHECK(edits.splits == 1);
  CHECK(edits.missed_links == 2);
  CHECK(edits.cost == 5 + 2 * 1.5);
  // Too far off to cover half of the narrow daughters.
  write_film(folder.path / "off", "mask", right, "res_track.txt", 3);
  CHECK(score_tracking(truth.graph, read_ctc(folder.path / "off").graph, match_ctc(truth, read_ctc(folder.path / "off"))).edits.missed_nodes == 4);
}

TEST_CASE("challenge folders that contradict themselves are refused") {
  const Folder folder;
  const auto refused = [&](const std::string& text, const char* why) {
    fs::remove_all(folder.path / "f");
    write_film(folder.path / "f", "mask", text, "res_track.txt");
    CHECK_THROWS_WITH(read_ctc(folder.path / "f"), Catch::Matchers::Contains(why));
  };
  refused("1 0 1 0\n2 2 2 1\n", "no track of res_track.txt");
  refused("1 0 1 0\n2 2 2 1\n3 2 2\n", "res_track.txt:3");
  refused("1 0 1 0\n2 2 2 1\n3 2 2 1\n3 2 2 1\n", "twice");
  refused("1 0 0 0\n2 2 2 1\n3 2 2 1\n", "runs from frame");
  refused("1 0 1 0\n2 2 2 1\n3 2 2 1\n4 0 1 0\n", "track 4");
  refused("1 0 1 0\n2 2 2 3\n3 2 2 1\n", "ends in frame");
  refused("1 0 1 0\n2 2 2 9\n3 2 2 1\n", "no track");
  CHECK_THROWS_AS(read_ctc(folder.path / "nowhere"), InputError);
}
