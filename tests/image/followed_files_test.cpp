// Followed nuclei as other programs read them, tables of nuclei as people bring them, and the command itself.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/ingest/images/read_ctc.hpp"
#include "libhyped/ingest/images/read_nuclei.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/images/write_followed.hpp"
#include "libhyped/store/images/write_npy.hpp"
#include "libhyped/store/images/write_tiff.hpp"
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
  refused("frame,x,y\n", "no rows");
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
  CHECK_THAT(one.out, Catch::Matchers::Contains("Divisions found: 1"));
  // Labels of 1 pixel each: the masks hold the numbers of the tracks, and the folder is one of the challenge.
  {
    std::vector<Labels> labels;
    std::vector<const Labels*> pointers;
    for (const FrameNuclei& frame : read_nuclei(folder.path / "nuclei.tsv")) {
      labels.push_back(Labels::Zero(320, 320));
      for (const Nucleus& nucleus : frame.nuclei) labels.back()(static_cast<Eigen::Index>(nucleus.row), static_cast<Eigen::Index>(nucleus.column)) = nucleus.label;
    }
    for (const Labels& one : labels) pointers.push_back(&one);
    write_labels(folder.path / "labels.tif", pointers);
    const Ran masked = run(common + "--labels labels.tif --out m", folder.path);
    INFO(masked.out);
    REQUIRE(masked.code == 0);
    const CtcTracking back = read_ctc(folder.path / "m/ctc");
    CHECK(back.pictures.size() == 14);
    CHECK(back.graph.size() == 29 + 6);
    CHECK(std::count_if(back.graph.links.begin(), back.graph.links.end(), [](const auto& link) { return link.to_daughter; }) == 2);
    const Ran itself = run("image score tracks m/ctc --reference m/ctc --out s2", folder.path);
    INFO(itself.out);
    CHECK(itself.code == 0);
    CHECK_THAT(itself.out, Catch::Matchers::Contains("TRA 1.0000"));
  }
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

TEST_CASE("hyped image denoise and score tell what they did, and refuse what is wrong", "[standard]") {
  const Folder folder;
  Plane clean = Plane::Constant(200, 220, 40);
  for (int k = 0; k < 30; ++k) {
    const int r = 15 + 30 * (k / 6), c = 15 + 33 * (k % 6);
    for (int i = -8; i <= 8; ++i)
      for (int j = -8; j <= 8; ++j) clean(r + i, c + j) += static_cast<float>(120 * std::exp(-(i * i + j * j) / 30.0));
  }
  RandomStream random(2, 0, 0);
  const auto save = [&](const char* name, const Plane& picture) {
    Labels counts = picture.max(0.F).round().cast<std::int32_t>();
    write_labels(folder.path / name, {&counts});
  };
  Plane noisy = clean;
  for (Eigen::Index i = 0; i < noisy.size(); ++i) noisy.data()[i] = 2 * static_cast<float>(random.poisson(clean.data()[i] / 2.0));
  save("noisy.tif", noisy);
  save("clean.tif", clean);
  save("nuclei.tif", (clean > 90).cast<float>());
  const Ran done = run("image denoise noisy.tif --white-level 16383 --seed 3 --threads 1 --out d", folder.path), again = run("image denoise noisy.tif --white-level 16383 --seed 3 --threads 3 --out e", folder.path);
  INFO(done.out);
  REQUIRE(done.code == 0);
  CHECK(text_of(folder.path / "d/tables/methods.tsv") == text_of(folder.path / "e/tables/methods.tsv"));
  CHECK(text_of(folder.path / "d/data/denoised.npy") == text_of(folder.path / "e/data/denoised.npy"));
  CHECK(text_of(folder.path / "d/data/denoised.npy").size() == 128 + 4 * 200 * 220);
  CHECK(fs::exists(folder.path / "d/figures/noise.svg"));
  CHECK_THAT(text_of(folder.path / "d/tables/methods.tsv"), Catch::Matchers::Contains("sliding cosines") && Catch::Matchers::Contains("median"));
  CHECK_THAT(done.out, Catch::Matchers::Contains("counts per photo-electron"));
  const Ran with = run("image denoise noisy.tif --with d/data/denoised.npy --alone --out w", folder.path);
  INFO(with.out);
  CHECK(with.code == 0);
  CHECK_THAT(text_of(folder.path / "w/tables/methods.tsv"), Catch::Matchers::Contains("denoised.npy"));

  const Ran scored = run("image score pictures d/data/denoised.tif noisy.tif --reference clean.tif --range 255 --labels nuclei.tif --out s", folder.path);
  INFO(scored.out);
  REQUIRE(scored.code == 0);
  CHECK_THAT(text_of(folder.path / "s/tables/table_4.tsv"), Catch::Matchers::Contains("86.4806") && Catch::Matchers::Contains("psnr_paper") && Catch::Matchers::Contains("38.36"));
  CHECK_THAT(scored.out, Catch::Matchers::Contains("48.13 dB"));
  const Ran paper = run("image score pictures d/data/denoised.tif noisy.tif --noisy noisy.tif --range 255 --out p", folder.path);
  INFO(paper.out);
  CHECK(paper.code == 0);
  CHECK_THAT(paper.out, Catch::Matchers::Contains("changes nothing"));
  CHECK_THAT(text_of(folder.path / "p/tables/scores.tsv"), Catch::Matchers::Contains("no PSNR"));      // the noisy picture against itself
  const Ran labels = run("image score labels --reference nuclei.tif --found nuclei.tif --out l", folder.path);
  INFO(labels.out);
  CHECK(labels.code == 0);

  for (const auto& [arguments, why] : {std::pair{"image score pictures noisy.tif --reference clean.tif --out x", "--range"}, {"image score pictures noisy.tif --range 255 --out x", "--reference"}, {"image score pictures noisy.tif --reference clean.tif --range 100 --out x", "above the range"},
                                       {"image denoise gone.tif --out x", "gone.tif"}, {"image denoise noisy.tif --fm2s confocal --out x", "--range"}, {"image denoise noisy.tif --fm2s x --range 255 --out x", "confocal"}, {"image denoise noisy.tif --frame 7 --out x", "7"}, {"image score tracks noisy.tif --reference clean.tif --max-distance 3 --out x", "clean.tif"}}) {
    const Ran wrong = run(arguments, folder.path);
    INFO(arguments << "\n" << wrong.out);
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.out, Catch::Matchers::Contains(why));
    CHECK_FALSE(fs::exists(folder.path / "x"));
  }
  save("flat.tif", Plane::Constant(100, 100, 7));
  const Ran flat = run("image denoise flat.tif --out f", folder.path);
  INFO(flat.out);
  CHECK(flat.code == 1);
}
