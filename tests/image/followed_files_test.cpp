// Followed nuclei as other programs read them, tables of nuclei as people bring them, and the command itself.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/ingest/images/read_nuclei.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/images/write_followed.hpp"
#include "libhyped/store/images/write_npy.hpp"
#include "tests/places.hpp"

using namespace hyped;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::path(tests::build_folder()) / fmt::format("followed_{}", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

// One cell that divides after frame 7, one that stays, one nucleus seen once; DNA and geminin light.
std::string nuclei_table() {
  std::string out = "frame\ttime_h\tlabel\trow\tcolumn\tarea\tat_border\tdebris\tCy5_mean\tCy5_median\tCy5_ring\tCy5_sum\ttagGFP_mean\ttagGFP_median\ttagGFP_ring\ttagGFP_sum\n";
  const auto row = [&](int t, int label, double r, double c, double dna, double geminin) { out += fmt::format("{}\t{}\t{}\t{}\t{}\t150\t0\t0\t{}\t{}\t100\t{}\t{}\t{}\t50\t{}\n", t, t / 3.0, label, r, c, 100 + dna / 150, 100 + dna / 150, dna + 15000, 50 + geminin, 50 + geminin, 150 * (50 + geminin)); };
  for (int t = 0; t < 14; ++t) {
    row(t, 1, 200 + 0.3 * t, 200, 20000, 1);
    if (t < 8) row(t, 2, 50, 50 + 0.2 * t, 40000, 20 + 10 * t);
    else row(t, 2, 42, 51, 20000, 4), row(t, 3, 58, 51, 20500, 5);
    if (t == 4) row(t, 9, 300, 20, 5000, 1);
  }
  return out;
}

LinkOptions with_light() {
  LinkOptions out;
  out.dna_channel = "Cy5", out.cycling_channel = "tagGFP", out.max_distance_px = 15;
  return out;
}

struct Ran {
  int code = 0;
  std::string out;
};
Ran run(const std::string& arguments, const fs::path& folder) {
  const fs::path log = folder / "log.txt";
  const int status = std::system(fmt::format("cd '{}' && '{}' {} > '{}' 2>&1", folder.string(), tests::command_path(), arguments, log.string()).c_str());
  return {WEXITSTATUS(status), text_of(log)};
}

}  // namespace

TEST_CASE("tracks are written as the challenge, napari and TrackMate read them") {
  const Folder folder;
  write_text(folder.path / "nuclei.tsv", nuclei_table());
  const std::vector<FrameNuclei> frames = read_nuclei(folder.path / "nuclei.tsv");
  REQUIRE(frames.size() == 14);
  CHECK(frames[0].channels == std::vector<std::string>{"Cy5", "tagGFP"});
  CHECK(frames[3].time_h == Approx(1));
  CHECK(frames[8].nuclei[1].light[0].above_ring() == Approx(20000.0 / 150));
  const LinkedFilm film = link_nuclei(frames, with_light());
  REQUIRE(film.tracks.cells.size() == 4);

  write_ctc_tracks(film, folder.path / "res_track.txt");
  CHECK(text_of(folder.path / "res_track.txt") == "1 0 13 0\n2 0 7 0\n3 8 13 2\n4 8 13 2\n5 4 4 0\n");

  Labels labels = Labels::Zero(4, 4);
  labels << 1, 1, 0, 0, 2, 2, 0, 0, 0, 0, 3, 3, 0, 7, 0, 0;      // 7 is no nucleus of the frame
  Labels wanted = Labels::Zero(4, 4);
  wanted << 1, 1, 0, 0, 3, 3, 0, 0, 0, 0, 4, 4, 0, 0, 0, 0;
  CHECK((labels_by_track(labels, frames[8], film, 8) == wanted).all());

  write_napari_tracks(film, frames, folder.path / "napari");
  const auto graph = nlohmann::json::parse(text_of(folder.path / "napari/graph.json"));
  CHECK(graph == nlohmann::json::parse(R"({"3": [2], "4": [2]})"));
  std::istringstream lines(text_of(folder.path / "napari/tracks.csv"));
  std::string line;
  std::getline(lines, line);
  CHECK(line == "track_id,t,y,x");
  std::getline(lines, line);
  CHECK(line == "1,0,200,200");

  // Our own reader of TrackMate's tables gives the same cells back.
  write_trackmate_tables(film, frames, folder.path / "trackmate");
  TrackReading reading;
  reading.format = "trackmate-csv";
  reading.edges = folder.path / "trackmate/edges.csv";
  reading.frame_interval_h = 1.0 / 3;
  const CellTracks back = read_tracks(folder.path / "trackmate/spots.csv", reading);
  CHECK(back.cells.size() == 4);
  const TrackCounts given = counts_of(film.tracks), read = counts_of(back);
  CHECK(read.divisions == given.divisions);
  CHECK(read.rows == given.rows);
  CHECK(read.unlinked_rows == given.unlinked_rows);
  for (const FollowedCell& cell : back.cells)
    if (cell.mother >= 0) CHECK(cell.start_h == Approx(8.0 / 3));
}

TEST_CASE("tables of nuclei that are wrong are refused with file and line") {
  const Folder folder;
  const fs::path file = folder.path / "n.csv";
  const auto refused = [&](const std::string& text, const char* why) {
    write_text(file, text);
    CHECK_THROWS_WITH(read_nuclei(file, {{}, 0.5, 0}), Catch::Matchers::Contains("n.csv") && Catch::Matchers::Contains(why));
  };
  refused("a,b\n1,2\n", "frame");
  refused("frame,y\n1,2\n", "column (x)");
  refused("frame,x,y\n", "no nuclei");
  refused("frame,x,y\n0,1,\n", "2");
  refused("frame,x,y\n0,1,nan\n", "2");
  refused("frame,x,y,label\n0,1,1,4\n0,5,5,4\n", "twice");
  refused("frame,x,y,time_h\n0,1,1,0\n0,5,5,1\n", "two times");
  refused("frame,x,y,time_h\n0,1,1,3\n1,5,5,1\n", "times rise");
  refused("frame,x,y,area\n0,1,1,-3\n", "below nought");
  write_text(file, "frame,x,y\n0,1,1\n");
  CHECK_THROWS_WITH(read_nuclei(file), Catch::Matchers::Contains("frame interval"));
  write_text(file, "frame,x,y,dna_mean\n1,5,5,3\n0,1,1,2\n");      // any order, no ring
  const auto frames = read_nuclei(file, {{}, 0.5, 1});
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].frame == 0);
  CHECK(frames[1].stage == 1);
  CHECK(frames[0].notes.size() == 1);
}

TEST_CASE("an array is written as NumPy reads it") {
  const Folder folder;
  Plane picture(2, 3);
  picture << 1, 2, 3, 4, 5, 6.5;
  write_npy(folder.path / "a.npy", picture);
  const std::string text = text_of(folder.path / "a.npy");
  REQUIRE(text.size() == 128 + 24);
  CHECK(text.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  CHECK(text.find("'shape': (2, 3)") != text.npos);
  CHECK(text[127] == '\n');
  float last = 0;
  std::memcpy(&last, text.data() + text.size() - 4, 4);
  CHECK(last == 6.5F);
}

TEST_CASE("hyped image track writes the same for any number of threads, and refuses what is wrong") {
  const Folder folder;
  write_text(folder.path / "nuclei.tsv", nuclei_table());
  const std::string common = "image track nuclei.tsv --dna-channel Cy5 --cycling-channel tagGFP --max-distance 15 ";
  const Ran one = run(common + "--threads 1 --out a", folder.path), two = run(common + "--threads 3 --out b", folder.path);
  INFO(one.out);
  REQUIRE(one.code == 0);
  REQUIRE(two.code == 0);
  for (const char* file : {"tables/cells.tsv", "tables/divisions.tsv", "data/frames.tsv", "data/cells.tsv", "ctc/res_track.txt", "napari/tracks.csv", "napari/graph.json", "trackmate/spots.csv", "trackmate/edges.csv"}) {
    INFO(file);
    CHECK(text_of(folder.path / "a" / file).size() > 10);
    CHECK(text_of(folder.path / "a" / file) == text_of(folder.path / "b" / file));
  }
  CHECK(fs::exists(folder.path / "a/figures/nuclei.svg"));
  CHECK_THAT(one.out, Catch::Matchers::Contains("1 divisions were found"));
  const Ran scored = run("image score tracks a/data --reference b/data --max-distance 3 --out s", folder.path);
  INFO(scored.out);
  CHECK(scored.code == 0);
  CHECK_THAT(scored.out, Catch::Matchers::Contains("TRA 1.0000"));
  const Ran unknown = run("image track nuclei.tsv --dna-channel cy --out c", folder.path);
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.out, Catch::Matchers::Contains("Cy5"));
  CHECK_FALSE(fs::exists(folder.path / "c"));
  write_text(folder.path / "one.csv", "frame,x,y\n0,1,1\n0,9,9\n");
  const Ran alone = run("image track one.csv --frame-interval-min 20 --out d", folder.path);
  INFO(alone.out);
  CHECK(alone.code == 1);      // one frame: the numerics have nothing to do, and say so
  CHECK_THAT(alone.out, Catch::Matchers::Contains("nothing to link"));
}
