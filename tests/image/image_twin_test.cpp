// The imaging twin: its files are those of the release, its noise is what it says, its truth is in its pictures.
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "experiments/image/hyped_wells.hpp"
#include "experiments/twin/images/image_twin.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/hdf5/dataset.hpp"
#include "libhyped/parallel.hpp"

using namespace hyped;
namespace fs = std::filesystem;

namespace {

ImageTwin tiny_twin(std::uint64_t seed = 4) {
  ImageTwinSettings settings;
  settings.rows = 200, settings.columns = 260;
  settings.tile_rows = 100, settings.tile_columns = 130;
  settings.frames = 8;
  settings.break_frame = 5;
  settings.cells_per_frame = 3000;
  return ImageTwin(read_scenario(shipped_scenario("hyped_images")), settings, seed, 1);
}

}  // namespace

TEST_CASE("chunks are those that h5py chooses") {
  CHECK(h5py_chunk({4, 2826, 3245}, 2) == std::vector<std::uint64_t>{1, 177, 203});      // as in the release
  CHECK(h5py_chunk({4, 942, 1298}, 2) == std::vector<std::uint64_t>{1, 118, 163});
  // by h5py: h5py.File(...).create_dataset(shape, dtype, chunks=True).chunks
  CHECK(h5py_chunk({1000, 1000}, 4) == std::vector<std::uint64_t>{63, 125});
  CHECK(h5py_chunk({10}, 8) == std::vector<std::uint64_t>{10});
}

TEST_CASE("the twin's files are read as the release's") {
  const fs::path out = fs::temp_directory_path() / "hyped_image_twin";
  fs::remove_all(out);
  const ImageTwin twin = tiny_twin();
  {
    RunDirectory run(out, {"test"}, 4);
    ImageTwinFiles files;
    files.left_out = {3};
    run_image_twin(run, twin, files);
    run.finish();
  }
  HypedImageReading reading;
  reading.clock = {1.0 / 3, 0, 5, true, 24};
  const HypedWells wells = hyped_wells(out, reading, {"Cy5", "MKate", "tagGFP"});
  REQUIRE(wells.wells.size() == 4);
  CHECK(wells.bad.empty());
  for (const WellFrames& well : wells.wells) {
    CHECK(well.frames.size() == 7);      // one was left out
    CHECK(well.rows == 200);
    CHECK(well.columns == 260);
  }
  const auto at = static_cast<std::size_t>(std::find_if(twin.wells().begin(), twin.wells().end(), [](const auto& w) { return w.condition == "siPRRX1"; }) - twin.wells().begin());
  const WellFrames& well = *std::find_if(wells.wells.begin(), wells.wells.end(), [](const auto& w) { return w.condition == "siPRRX1"; });
  CHECK(well.sample == "PRRX1");
  const FieldFilm film = twin.film(static_cast<int>(at));
  CHECK((well.picture(well.frames[4], "MKate") == twin.pictures().picture(film, 5, "MKate")).all());      // t_5: t_3 is not there
  const auto file = hdf5::File::open(out / "Imaging" / "Imaging" / "PRRX1" / "1" / "t_5.hdf5");
  CHECK(file.root().dataset("Scene").storage().find("gzip 4") != std::string::npos);
  CHECK(file.root().dataset("Scene").storage().find("shuffle") == std::string::npos);
  CHECK(file.root().attributes_of("metadata").text("sample") == "PRRX1");
  CHECK(file.root().attributes_of("metadata").integers("time") == std::vector<std::int64_t>{5});
  const auto labels = hdf5::File::open(out / "truth" / "labels" / "PRRX1" / "1" / "labels_5.hdf5").root().dataset("labels").read<std::int32_t>();
  CHECK(*std::max_element(labels.begin(), labels.end()) <= static_cast<int>(film.frames[5].size()));
}

TEST_CASE("the twin's noise has the variance and correlation it was given") {
  ImageTwinSettings settings;
  settings.rows = 400, settings.columns = 400;
  settings.background = 900, settings.background_tilt = 0, settings.vignette = 0, settings.debris = 0;
  settings.tile_rows = 400, settings.tile_columns = 400;
  const FieldPictures pictures(settings, 11);
  FieldFilm empty;
  empty.times_h = {0};
  empty.frames.resize(1);
  const ExactPlane plane = pictures.picture(empty, 0, "MKate").cast<double>();
  const double mean = plane.mean(), variance = (plane - mean).square().mean(), expected = settings.counts_per_electron * 900 + settings.read_noise * settings.read_noise + 1.0 / 12;      // 1/12: rounding
  CHECK(mean == Approx(settings.pedestal + 900).margin(0.6));
  CHECK(variance == Approx(expected).epsilon(0.03));
  const double lag = ((plane.leftCols(399) - mean) * (plane.rightCols(399) - mean)).mean() / variance, k = settings.correlation;
  CHECK(lag == Approx(2 * k / (1 + 2 * k * k)).margin(0.02));
}

TEST_CASE("twin pictures do not depend on threads, and films are of their seed") {
  const ImageTwin a = tiny_twin(), b = tiny_twin(5);
  const FieldFilm film = a.film(0);
  set_threads(1);
  const CameraPlane one = a.pictures().picture(film, 6, "Cy5");
  set_threads(2);
  CHECK((a.pictures().picture(a.film(0), 6, "Cy5") == one).all());
  set_threads(0);
  CHECK_FALSE((b.pictures().picture(b.film(0), 6, "Cy5") == one).all());
  // nuclei are where the truth says: brighter inside their labels than beside them
  const Labels labels = a.pictures().labels(film, 6);
  double inside = 0, outside = 0;
  long in = 0, out = 0;
  for (Eigen::Index i = 0; i < labels.size(); ++i) (labels.data()[i] > 0 ? inside : outside) += one.data()[i], (labels.data()[i] > 0 ? in : out) += 1;
  CHECK(in > 1000);
  CHECK(inside / static_cast<double>(in) > outside / static_cast<double>(out) + 200);
  ImageTwinSettings bad;
  bad.rows = 10;
  CHECK_THROWS_AS(ImageTwin(read_scenario(shipped_scenario("hyped_images")), bad, 1), InputError);
}
