// Frame files as the release has them, as others write them, and broken in every way that was thought of: each says what is wrong with which file.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "experiments/image/hyped_wells.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/hdf5/file.hpp"
#include "libhyped/ingest/images/hyped_frames.hpp"

using namespace hyped;
namespace fs = std::filesystem;

namespace {

const fs::path folder = fs::temp_directory_path() / "hyped_frames_test";

// A ramp that tells channel, row and column apart.
std::uint16_t value_at(int channel, int row, int column) { return static_cast<std::uint16_t>(1000 * (channel + 1) + 10 * row + column % 10); }

struct Made {
  int rows = 40, columns = 60, channels = 4, shift = 0;
  std::string order = "CYX", dataset = "Scene";
  bool name_channels = true, rendering = false, bytes = false;
  std::vector<std::string> names = {"tagGFP", "MKate", "Cy5", "Oblique"};
  std::function<int(int, int, int)> value = [](int c, int r, int x) { return static_cast<int>(value_at(c, r, x)); };
};

fs::path write_frame(const fs::path& file, const Made& made) {
  fs::create_directories(file.parent_path());
  std::vector<std::uint16_t> values;
  const auto at = [&](int c, int r, int x) { values.push_back(static_cast<std::uint16_t>(made.value(c, r, x) << made.shift)); };
  std::vector<std::uint64_t> shape;
  const auto channels = static_cast<std::uint64_t>(made.channels), rows = static_cast<std::uint64_t>(made.rows), columns = static_cast<std::uint64_t>(made.columns);
  if (made.order == "YXC") {
    shape = {rows, columns, channels};
    for (int r = 0; r < made.rows; ++r)
      for (int x = 0; x < made.columns; ++x)
        for (int c = 0; c < made.channels; ++c) at(c, r, x);
  } else if (made.order == "CXY turned") {      // columns first: the picture lies on its side
    shape = {channels, columns, rows};
    for (int c = 0; c < made.channels; ++c)
      for (int x = 0; x < made.columns; ++x)
        for (int r = 0; r < made.rows; ++r) at(c, r, x);
  } else {
    shape = {channels, rows, columns};
    if (made.order == "TCYX") shape.insert(shape.begin(), 1);
    for (int c = 0; c < made.channels; ++c)
      for (int r = 0; r < made.rows; ++r)
        for (int x = 0; x < made.columns; ++x) at(c, r, x);
  }
  const auto out = hdf5::File::create(file);
  hdf5::Group root = out.root();
  hdf5::Packing packing;
  packing.gzip = 4;
  packing.shuffle = false;
  if (made.rendering) {
    const std::vector<std::uint8_t> colours(static_cast<std::size_t>(made.channels * made.rows * made.columns * 3), 17);
    root.write_numbers(made.dataset, hdf5::NumberType::u8, {channels, rows, columns, 3}, colours.data());
  } else if (made.bytes) {
    std::vector<std::uint8_t> small;
    for (const auto v : values) small.push_back(static_cast<std::uint8_t>(v % 251));
    root.write_numbers(made.dataset, hdf5::NumberType::u8, shape, small.data(), packing);
  } else {
    root.write_numbers(made.dataset, hdf5::NumberType::u16, shape, values.data(), packing);
  }
  if (made.name_channels) root.write_text("Channels", {made.names.size()}, made.names);
  return file;
}

std::string problem_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a frame's channels are found by name, whatever their order and spelling") {
  fs::remove_all(folder);
  Made made;
  const HypedFrame frame = HypedFrame::open(write_frame(folder / "t_0.hdf5", made));
  CHECK(frame.rows() == 40);
  CHECK(frame.columns() == 60);
  const FrameEncoding encoding = frame.encoding();
  CHECK(encoding.white_level == 16383);
  for (const auto& [name, place] : {std::pair("Cy5", 2), std::pair("SiR-DNA", 2), std::pair("mkate2", 1), std::pair("TaGFP", 0), std::pair("oblique", 3)}) {
    const ChannelPicture picture = frame.read(name, encoding);
    CHECK(picture.counts(7, 23) == value_at(place, 7, 23));
    CHECK(picture.counts(39, 59) == value_at(place, 39, 59));
    CHECK(picture.most == picture.counts.maxCoeff());
  }
  made.names = {"Cy5", "MKate", "tagGFP", "Oblique"};      // the paper's order: names are believed, places are not
  const HypedFrame other = HypedFrame::open(write_frame(folder / "t_1.hdf5", made));
  CHECK(other.read("Cy5", encoding).counts(3, 4) == value_at(0, 3, 4));
  made.name_channels = false;
  const HypedFrame silent = HypedFrame::open(write_frame(folder / "t_2.hdf5", made));
  CHECK_FALSE(silent.channels_named());
  CHECK(silent.read("Cy5", encoding).counts(3, 4) == value_at(2, 3, 4));
  CHECK_THAT(problem_of([&] { frame.read("DAPI", encoding); }), Catch::Matchers::Contains("no channel 'DAPI'") && Catch::Matchers::Contains("t_0.hdf5") && Catch::Matchers::Contains("MKate"));
}

TEST_CASE("every order of axes gives the same picture") {
  Made made;
  for (const auto& [order, axes, turned] : {std::tuple("CYX", "", false), std::tuple("CYX", "CXY", false), std::tuple("YXC", "YXC", false), std::tuple("TCYX", "", false), std::tuple("CXY turned", "", true)}) {
    made.order = order;
    FrameReading reading;
    reading.axes = axes;
    reading.transposed = turned;
    const HypedFrame frame = HypedFrame::open(write_frame(folder / "axes" / "t_0.hdf5", made), reading);
    INFO(order << " as " << axes);
    CHECK(frame.rows() == 40);
    CHECK(frame.columns() == 60);
    const CameraPlane plane = frame.read("MKate", frame.encoding()).counts;
    CHECK(plane(7, 23) == value_at(1, 7, 23));
    CHECK(plane(39, 0) == value_at(1, 39, 0));
  }
  made.order = "YXC";
  write_frame(folder / "axes" / "t_0.hdf5", made);
  CHECK_THAT(problem_of([&] { HypedFrame::open(folder / "axes" / "t_0.hdf5"); }), Catch::Matchers::Contains("--axes"));
  FrameReading wrong;
  wrong.axes = "QYX";
  CHECK_THAT(problem_of([&] { HypedFrame::open(folder / "axes" / "t_0.hdf5", wrong); }), Catch::Matchers::Contains("is no order of axes"));
}

TEST_CASE("bit depth, shift and renderings are told from the numbers") {
  Made made;
  made.value = [](int c, int r, int x) { return c == 2 && r == 1 && x == 1 ? 16383 : value_at(c, r, x) + x % 2; };
  made.shift = 2;
  const HypedFrame shifted = HypedFrame::open(write_frame(folder / "bits" / "t_0.hdf5", made));
  const FrameEncoding encoding = shifted.encoding();
  CHECK(encoding.shift == 2);
  CHECK(encoding.white_level == 16383);
  const ChannelPicture cy5 = shifted.read("Cy5", encoding);
  CHECK(cy5.counts(5, 5) == value_at(2, 5, 5) + 1);
  CHECK(cy5.saturated == Approx(1.0 / 2400));
  made.shift = 0;
  const HypedFrame plain = HypedFrame::open(write_frame(folder / "bits" / "t_1.hdf5", made));
  CHECK(plain.encoding().shift == 0);
  CHECK_THAT(problem_of([&] { plain.read("Cy5", encoding); }), Catch::Matchers::Contains("no multiples of 4"));
  CHECK_THAT(problem_of([&] { shifted.read("Cy5", plain.encoding()); }), Catch::Matchers::Contains("above the white level 16383"));
  made.bytes = true;
  CHECK_THAT(problem_of([&] { HypedFrame::open(write_frame(folder / "bits" / "t_2.hdf5", made)); }), Catch::Matchers::Contains("8-bit") && Catch::Matchers::Contains("t_2.hdf5"));
  FrameReading allowed;
  allowed.allow_8bit = true;
  CHECK(HypedFrame::open(folder / "bits" / "t_2.hdf5", allowed).encoding().eight_bit);
  made.bytes = false;
  made.value = [](int c, int r, int x) { return (value_at(c, r, x) / 64) % 256; };      // a rendering in 16 bits
  CHECK_THAT(problem_of([&] { HypedFrame::open(write_frame(folder / "bits" / "t_3.hdf5", made)).encoding(); }), Catch::Matchers::Contains("8-bit rendering"));
  made.rendering = true;
  CHECK_THAT(problem_of([&] { HypedFrame::open(write_frame(folder / "bits" / "t_4.hdf5", made)); }), Catch::Matchers::Contains("colour rendering"));
  Made odd;
  odd.channels = 3;
  CHECK_THAT(problem_of([&] { HypedFrame::open(write_frame(folder / "bits" / "t_5.hdf5", odd)); }), Catch::Matchers::Contains("3 channels, and 4 names"));
  Made elsewhere;
  elsewhere.dataset = "pixels";
  CHECK(HypedFrame::open(write_frame(folder / "bits" / "t_6.hdf5", elsewhere)).rows() == 40);      // the only picture there is
  FrameReading named;
  named.dataset = "stack";
  CHECK_THAT(problem_of([&] { HypedFrame::open(folder / "bits" / "t_6.hdf5", named); }), Catch::Matchers::Contains("no dataset 'stack'"));
}

TEST_CASE("counts stored as floats or wide integers are the same counts, what is no count is refused") {
  const fs::path file = folder / "wide" / "t_0.hdf5";
  fs::create_directories(file.parent_path());
  std::vector<double> values;
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < 40; ++r)
      for (int x = 0; x < 60; ++x) values.push_back(value_at(c, r, x));
  const auto write = [&](hdf5::NumberType type) {
    const auto out = hdf5::File::create(file);
    if (type == hdf5::NumberType::i32) {
      const std::vector<std::int32_t> whole(values.begin(), values.end());
      out.root().write_numbers("Scene", type, {4, 40, 60}, whole.data());
    } else {
      const std::vector<float> some(values.begin(), values.end());
      out.root().write_numbers("Scene", type, {4, 40, 60}, some.data());
    }
  };
  for (const auto type : {hdf5::NumberType::i32, hdf5::NumberType::f32}) {
    write(type);
    const HypedFrame frame = HypedFrame::open(file);
    CHECK(frame.read("Cy5", frame.encoding()).counts(3, 4) == value_at(2, 3, 4));
  }
  for (const double bad : {812.7, 90000.0, -1.0, std::nan("")}) {
    values[100] = bad;
    write(hdf5::NumberType::f32);
    INFO(bad);
    CHECK_THAT(problem_of([&] { HypedFrame::open(file).encoding(); }), Catch::Matchers::Contains("whole numbers from 0 to 65535") && Catch::Matchers::Contains("t_0.hdf5"));
  }
}

TEST_CASE("counts shifted left are told in a dim frame too") {
  Made made;
  made.value = [](int c, int r, int x) { return 110 + 100 * c + r + x % 7; };
  made.shift = 2;
  const HypedFrame frame = HypedFrame::open(write_frame(folder / "dim" / "t_0.hdf5", made));
  CHECK(frame.encoding().shift == 2);
}

TEST_CASE("black, saturated and one-valued frames are refused by name") {
  const FrameEncoding encoding;
  for (const auto& [value, word] : {std::pair(0, "all black"), std::pair(16383, "white level"), std::pair(300, "everywhere")}) {
    Made made;
    made.value = [v = value](int c, int r, int x) { return c == 2 ? (v == 16383 && x == 0 ? 20 : v) : value_at(c, r, x); };
    const HypedFrame frame = HypedFrame::open(write_frame(folder / "dark" / "t_0.hdf5", made));
    CHECK_THAT(problem_of([&] { frame.read("Cy5", encoding); }), Catch::Matchers::Contains(word) && Catch::Matchers::Contains("t_0.hdf5") && Catch::Matchers::Contains("Cy5"));
    CHECK(problem_of([&] { frame.read("MKate", encoding); }).empty());
  }
}

TEST_CASE("a picture that lies on its side is told by its size and seams") {
  CameraPlane turned(1298, 942);
  for (int r = 0; r < 1298; ++r)
    for (int c = 0; c < 942; ++c) turned(r, c) = static_cast<std::uint16_t>(500 + 60 * (r / 649) + 60 * (c / 471) + (r * 7 + c * 13) % 11);
  CHECK_THAT(axis_doubt(turned, "x"), Catch::Matchers::Contains("rows and columns are exchanged") && Catch::Matchers::Contains("times as much"));
  const CameraPlane upright = turned.transpose();
  CHECK(axis_doubt(upright, "x").empty());
  CHECK(seam_contrast(upright, tile_size(942, 1298)) > 5);
  CHECK(tile_size(2826, 3245).rows == 471);
  CHECK(tile_size(2826, 3245).columns == 649);
  CHECK_FALSE(tile_size(512, 512).many(512, 512));
}

TEST_CASE("wells are films: gaps stay, bad files are listed, nothing stops") {
  const fs::path root = folder / "tree" / "Imaging" / "Imaging";
  fs::remove_all(folder / "tree");
  Made made;
  for (const int n : {1, 2, 4, 5}) write_frame(root / "Negative_Controls" / "1" / ("t_" + std::to_string(n) + ".hdf5"), made);
  for (const int n : {1, 2, 3, 10}) write_frame(root / "Myod" / "2" / ("t_" + std::to_string(n) + ".hdf5"), made);
  std::ofstream(root / "Negative_Controls" / "1" / "t_6.hdf5") << "not HDF5";
  fs::resize_file(root / "Myod" / "2" / "t_1.hdf5", 900);      // truncated
  Made larger = made;
  larger.rows = 41;
  write_frame(root / "Negative_Controls" / "1" / "t_5.hdf5", larger);
  HypedImageReading reading;
  reading.clock = {1.0 / 3, 0, 3, false, 24};
  HypedWells wells = hyped_wells(folder / "tree", reading, {"Cy5", "MKate"});
  REQUIRE(wells.wells.size() == 2);
  const WellFrames& myod = wells.wells[0];
  CHECK(myod.condition == "mmMYOD1");
  CHECK(myod.rows == 40);
  REQUIRE(myod.frames.size() == 4);
  CHECK(myod.frames[2].number == 3);
  CHECK(myod.frames[2].time_h == Approx(2.0 / 3));      // numbered from 1
  CHECK(myod.frames[3].number == 10);
  CHECK(myod.frames[3].stage == 1);
  CHECK(myod.frames[3].time_h == Approx(24 + 6.0 / 3));
  CHECK_THAT(problem_of([&] { myod.picture(myod.frames[0], "Cy5"); }), Catch::Matchers::Contains("t_1.hdf5"));
  CHECK(myod.picture(myod.frames[3], "Cy5")(2, 2) == value_at(2, 2, 2));
  const WellFrames& control = wells.wells[1];
  CHECK_THAT(problem_of([&] { control.picture(control.frames[3], "Cy5"); }), Catch::Matchers::Contains("41 x 60") && Catch::Matchers::Contains("40 x 60"));
  CHECK_THAT(problem_of([&] { control.picture(control.frames[4], "Cy5"); }), Catch::Matchers::Contains("t_6.hdf5"));
  bool gap = false, swap = false;
  for (const auto& doubt : wells.doubts) gap = gap || doubt.find("frames 3 are missing") != doubt.npos, swap = swap || doubt.find("swapped") != doubt.npos;
  CHECK(gap);
  CHECK_FALSE(swap);      // PRRX1 is not there
  reading.folders = {{"Myod", CellArm::siPRRX1}};
  CHECK(hyped_wells(folder / "tree", reading, {"Cy5"}).wells[0].condition == "siPRRX1");
  reading.only = {"Myod/3"};
  CHECK_THAT(problem_of([&] { hyped_wells(folder / "tree", reading, {"Cy5"}); }), Catch::Matchers::Contains("Myod/3"));
  CHECK_THAT(problem_of([&] { hyped_wells(folder / "tree" / "Imaging" / "Imaging" / "Myod" / "2" / "none", reading, {"Cy5"}); }), Catch::Matchers::Contains("does not exist"));
  // a channel that no frame has: its name is wrong, not the frames
  reading.only.clear();
  reading.folders.clear();
  CHECK_THAT(problem_of([&] { hyped_wells(folder / "tree", reading, {"DAPI"}); }), Catch::Matchers::Contains("no channel 'DAPI'") && Catch::Matchers::Contains("MKate"));
}
