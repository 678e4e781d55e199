// `hyped image segment` and `measure` as functions: tables, labels and overlays that are written; what bad files do.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "experiments/image/segment_pictures.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/images/write_png.hpp"
#include "libhyped/store/images/write_tiff.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

struct Folder : RunFolder {
  Folder() : RunFolder("hyped_nuclei") { std::filesystem::create_directories(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

CameraPlane blobs(int count, double light, unsigned seed, int rows = 120, int cols = 150) {
  RandomStream random(seed, 0, 0);
  CameraPlane out(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) {
      double value = 100 + 3 * random.normal();
      for (int k = 0; k < count; ++k) value += light / (1 + std::exp(1.5 * (std::hypot(r - (15.0 + 30 * (k / 5)), c - (15.0 + 30 * (k % 5))) - 7)));
      out(r, c) = static_cast<std::uint16_t>(std::lround(value));
    }
  return out;
}

void write_film(const std::string& file, std::vector<CameraPlane> planes, TiffDescription description) {
  TiffWriter writer(file, planes[0].rows(), planes[0].cols(), static_cast<int>(planes.size()) / description.channels, 16, description);
  for (const auto& plane : planes) writer.add(plane);
  writer.finish();
}

}  // namespace

TEST_CASE("a film of two channels is segmented and measured") {
  const Folder folder;
  write_film(folder / "film.ome.tif", {blobs(20, 800, 1), blobs(20, 300, 2), blobs(15, 800, 3), blobs(15, 600, 4)}, {2, {"Cy5", "mKate"}, 1.362, 1200});
  NucleiSettings settings;
  settings.pictures.files = {folder / "film.ome.tif"};
  {
    RunDirectory run(folder / "none", {"hyped"}, 1);
    CHECK_THROWS_WITH(run_measure(run, settings), Contains("--dna-channel"));
  }
  settings.pictures.dna_channel = "cy5";
  RunDirectory run(folder / "out", {"hyped"}, 1);
  run_measure(run, settings);
  CHECK(run.summary().status == "ok");
  run.finish();
  const DelimitedTable frames = DelimitedTable::read(folder.path / "out/tables/frames.tsv"), nuclei = DelimitedTable::read(folder.path / "out/tables/nuclei.tsv");
  CHECK(frames.integer(0, frames.column("nuclei")) == 20);
  CHECK(frames.integer(1, frames.column("nuclei")) == 15);
  REQUIRE(nuclei.rows() == 35);
  for (std::size_t r = 0; r < nuclei.rows(); ++r) {
    const double expected = nuclei.integer(r, nuclei.column("frame")) == 0 ? 300 : 600;
    CHECK(nuclei.number(r, nuclei.column("mKate_above_ring")) == Approx(expected).epsilon(0.1));
    CHECK(nuclei.number(r, nuclei.column("equivalent_diameter")) == Approx(14).epsilon(0.15));
    CHECK(nuclei.number(r, nuclei.column("centroid_x_um")) == Approx(1.362 * nuclei.number(r, nuclei.column("centroid-1"))));
  }
  const PictureFile labels(folder.path / "out/data/labels.ome.tif");
  CHECK(labels.info().frames == 2);
  CHECK(labels.labels(1).maxCoeff() == 15);
  CHECK(std::filesystem::exists(folder.path / "out/overlays/frame_0000.png"));
  // The labels again, as if made elsewhere.
  settings.labels = folder / "out/data/labels.ome.tif";
  RunDirectory again(folder / "again", {"hyped"}, 1);
  run_measure(again, settings);
  again.finish();
  CHECK(folder.text("out/tables/nuclei.tsv") == folder.text("again/tables/nuclei.tsv"));
}

TEST_CASE("one bad file among many is listed and does not stop the rest") {
  const Folder folder;
  write_film(folder / "a.tif", {blobs(20, 800, 1)}, {});
  write_film(folder / "b.tif", {blobs(20, 800, 2, 100, 150)}, {});
  write_film(folder / "black.tif", {CameraPlane::Zero(120, 150).eval()}, {});
  std::ofstream(folder / "c.tif") << "II*";
  write_film(folder / "d.tif", {blobs(10, 800, 3)}, {});
  NucleiSettings settings;
  for (const char* name : {"a.tif", "b.tif", "black.tif", "c.tif", "d.tif"}) settings.pictures.files.push_back(folder / name);
  RunDirectory run(folder / "out", {"hyped"}, 1);
  run_segment(run, settings);
  CHECK(run.summary().status != "ok");
  CHECK_THAT(run.summary().status_message, Contains("3 files or frames"));
  run.finish();
  const DelimitedTable left_out = DelimitedTable::read(folder.path / "out/tables/left_out.tsv");
  REQUIRE(left_out.rows() == 3);
  CHECK_THAT(left_out.text(0, 1), Contains("b.tif"));
  CHECK_THAT(left_out.text(1, 1), Contains("c.tif"));
  CHECK_THAT(left_out.text(2, 1), Contains("black"));
  const DelimitedTable frames = DelimitedTable::read(folder.path / "out/tables/frames.tsv");
  // a, (b), black, (c), d: what is left out keeps its number
  REQUIRE(frames.rows() == 5);
  for (std::size_t r = 0; r < 5; ++r) CHECK(frames.integer(r, frames.column("frame")) == static_cast<std::int64_t>(r));
  CHECK(frames.integer(0, frames.column("nuclei")) == 20);
  CHECK(frames.text(1, frames.column("where")) == "left out");
  CHECK(frames.text(1, frames.column("nuclei")).empty());
  CHECK(frames.integer(4, frames.column("nuclei")) == 10);
  const PictureFile labels(folder.path / "out/data/labels.ome.tif");
  REQUIRE(labels.info().frames == 5);
  CHECK(labels.labels(3).maxCoeff() == 0);
  CHECK(labels.labels(4).maxCoeff() == 10);
}

TEST_CASE("one file of a series is open at a time, whatever their number") {
  const Folder folder;
  write_film(folder / "one.tif", {blobs(3, 800, 1, 64, 64)}, {});
  NucleiSettings settings;
  for (int k = 0; k < 60; ++k) settings.pictures.files.push_back(folder / "one.tif");
  RunDirectory run(folder / "out", {"hyped"}, 1);
  const auto open_files = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  const auto before = open_files();
  PictureSeries series(run, settings.pictures);
  CHECK(series.frames().size() == 60);
  CHECK(open_files() <= before + 1);
  for (const auto& frame : series.frames()) CHECK(series.plane(frame, 0).rows() == 64);
  CHECK(open_files() <= before + 1);
}

TEST_CASE("a frame brighter than those the white level was told from is measured, not called saturated") {
  const Folder folder;
  for (int k = 0; k < 11; ++k) write_film(folder / ("f" + std::to_string(k) + ".tif"), {blobs(10, k == 1 ? 6000 : 300, 1 + static_cast<unsigned>(k))}, {});
  NucleiSettings settings;
  for (int k = 0; k < 11; ++k) settings.pictures.files.push_back(folder / ("f" + std::to_string(k) + ".tif"));
  RunDirectory run(folder / "out", {"hyped"}, 1);
  run_measure(run, settings);
  run.finish();
  const DelimitedTable nuclei = DelimitedTable::read(folder.path / "out/tables/nuclei.tsv");
  int seen = 0;
  for (std::size_t r = 0; r < nuclei.rows(); ++r)
    if (nuclei.integer(r, nuclei.column("frame")) == 1) {
      ++seen;
      CHECK(nuclei.text(r, nuclei.column("light_saturated")) != "1");
    }
  CHECK(seen == 10);
  CHECK(std::any_of(run.summary().warnings.begin(), run.summary().warnings.end(), [](const auto& w) { return w.find("--white-level") != w.npos; }));
}

TEST_CASE("pixels of two sizes and labels of another shape are said with file and frame") {
  const Folder folder;
  write_film(folder / "a.ome.tif", {blobs(20, 800, 1)}, {1, {"Cy5"}, 1.362, 0});
  write_film(folder / "b.ome.tif", {blobs(20, 800, 2)}, {1, {"Cy5"}, 0.681, 0});
  write_film(folder / "c.ome.tif", {blobs(10, 800, 3)}, {1, {"Cy5"}, 1.362, 0});
  NucleiSettings settings;
  for (const char* name : {"a.ome.tif", "b.ome.tif", "c.ome.tif"}) settings.pictures.files.push_back(folder / name);
  RunDirectory run(folder / "out", {"hyped"}, 1);
  run_segment(run, settings);
  run.finish();
  CHECK_THAT(run.summary().status_message, Contains("b.ome.tif") && Contains("0.681 um"));
  CHECK(DelimitedTable::read(folder.path / "out/tables/frames.tsv").rows() == 3);      // the one left out keeps its number
  const Labels wrong = Labels::Zero(100, 150);
  write_labels(folder / "labels.tif", {&wrong, &wrong});
  settings.pictures.files = {folder / "a.ome.tif", folder / "c.ome.tif"};
  settings.labels = folder / "labels.tif";
  RunDirectory again(folder / "again", {"hyped"}, 1);
  run_measure(again, settings);
  CHECK_THAT(again.summary().status_message, Contains("labels.tif") && Contains("100 x 150 pixels; its picture is 120 x 150"));
}

TEST_CASE("renderings for display are refused unless they are asked for") {
  const Folder folder;
  const CameraPlane plane = blobs(20, 150, 1);
  ColourPicture picture{120, 150, {}};
  for (Eigen::Index i = 0; i < plane.size(); ++i) picture.pixels.push_back({static_cast<std::uint8_t>(std::min<int>(255, plane.data()[i])), 0, 0});
  write_png(folder / "red.png", picture);
  NucleiSettings settings;
  settings.pictures.files = {folder / "red.png"};
  {
    RunDirectory run(folder / "out", {"hyped"}, 1);
    CHECK_THROWS_WITH(run_segment(run, settings), Contains("rendering"));
  }
  settings.pictures.allow_rendering = true;
  RunDirectory run(folder / "out", {"hyped"}, 1);
  run_segment(run, settings);
  REQUIRE_FALSE(run.summary().warnings.empty());
  CHECK_THAT(run.summary().warnings[0], Contains("no camera counts"));
}
