// Picture files: written and read again, real ones of other programs, broken ones.
#include <tiffio.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/images/formats.hpp"
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
  Folder() : RunFolder("hyped_pictures") { std::filesystem::create_directories(path); }
  std::filesystem::path operator/(const std::string& name) const { return path / name; }
};

CameraPlane random_plane(int rows, int cols, unsigned seed, int most = 65535) {
  RandomStream random(seed, 0, 0);
  CameraPlane out(rows, cols);
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = static_cast<std::uint16_t>(random.uniform() * most);
  return out;
}

// Pages without a description, each followed by a small copy of it, as microscopes of Zeiss write them, if asked for.
void write_pages(const std::filesystem::path& file, const std::vector<CameraPlane>& planes, bool copies) {
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  REQUIRE(tiff != nullptr);
  const auto write = [&](const CameraPlane& plane, bool small) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(plane.cols())), TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(plane.rows()));
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16), TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1), TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    if (small) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    for (Eigen::Index r = 0; r < plane.rows(); ++r) {
      std::vector<std::uint16_t> line(plane.row(r).begin(), plane.row(r).end());
      TIFFWriteScanline(tiff, line.data(), static_cast<std::uint32_t>(r), 0);
    }
    TIFFWriteDirectory(tiff);
  };
  for (const CameraPlane& plane : planes) {
    write(plane, false);
    if (copies) write(plane.topLeftCorner(4, 5), true);
  }
  TIFFClose(tiff);
}

void write_npy(const std::filesystem::path& file, const std::string& type, const std::string& shape, const std::string& bytes, const std::string& fortran = "False") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  while ((10 + header.size() + 1) % 64) header += ' ';
  header += '\n';
  std::ofstream out(file, std::ios::binary);
  out << "\x93NUMPY" << '\x01' << '\x00' << static_cast<char>(header.size() & 255) << static_cast<char>(header.size() >> 8) << header << bytes;
}

}  // namespace

TEST_CASE("OME-TIFF: planes, axes, channel names and pixel size come back") {
  const Folder folder;
  TiffWriter writer(folder / "film.ome.tif", 37, 53, 2, 16, {3, {"tagGFP", "A & B", "Cy5"}, 1.362, 1200});
  std::vector<CameraPlane> planes;
  for (unsigned k = 0; k < 6; ++k) planes.push_back(random_plane(37, 53, k + 1));
  for (const auto& plane : planes) writer.add(plane);
  CHECK_FALSE(std::filesystem::exists(folder / "film.ome.tif"));      // not before finish()
  writer.finish();
  const PictureFile read(folder / "film.ome.tif");
  const PictureInfo& info = read.info();
  CHECK(info.format == "OME-TIFF");
  CHECK(info.frames == 2);
  CHECK(info.channels == 3);
  CHECK(info.channel_names.size() == 3);
  CHECK(info.channel_names[2] == "Cy5");
  CHECK(info.pixel_um == 1.362);
  CHECK(info.bits == 16);
  for (int f = 0; f < 2; ++f)
    for (int c = 0; c < 3; ++c) CHECK((read.plane(f, c) == planes[static_cast<std::size_t>(f) * 3 + c]).all());
  CHECK_THROWS_AS(read.plane(2, 0), InputError);
}

TEST_CASE("labels above 65535 are written with 32 bits, others with 16") {
  const Folder folder;
  Labels labels = Labels::Zero(20, 30);
  labels(3, 4) = 65535;
  write_labels(folder / "a.ome.tif", {&labels, &labels});
  CHECK(PictureFile(folder / "a.ome.tif").info().bits == 16);
  labels(5, 5) = 70000;
  write_labels(folder / "b.ome.tif", {&labels});
  const PictureFile wide(folder / "b.ome.tif");
  CHECK(wide.info().bits == 32);
  CHECK((wide.labels() == labels).all());
  CHECK((read_labels(folder / "b.ome.tif", 0, 20, 30) == labels).all());
  CHECK_THROWS_AS(read_labels(folder / "b.ome.tif", 0, 30, 20), InputError);      // turned
  CHECK_THROWS_AS(read_labels(folder / "b.ome.tif", 1, 20, 30), InputError);      // no such frame
  CHECK_THROWS_AS(wide.plane(), InputError);                                      // no camera counts
}

TEST_CASE("what is not finished leaves nothing behind") {
  const Folder folder;
  {
    TiffWriter writer(folder / "half.tif", 10, 10, 2, 16);
    writer.add(random_plane(10, 10, 1));
  }
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK_THROWS_AS(TiffWriter(folder / "no/such/folder.tif", 10, 10, 1, 16), InputError);
}

TEST_CASE("a film that is cut short is refused, small copies between its pages are passed over") {
  const Folder folder;
  std::vector<CameraPlane> planes;
  for (unsigned k = 1; k <= 5; ++k) planes.push_back(random_plane(40, 50, k));
  write_pages(folder / "whole.tif", planes, false);
  CHECK(PictureFile(folder / "whole.tif").info().frames == 5);
  std::ifstream in(folder / "whole.tif", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::ofstream(folder / "cut.tif", std::ios::binary) << bytes.substr(0, bytes.size() * 55 / 100);
  CHECK_THROWS_WITH(PictureFile(folder / "cut.tif"), Contains("breaks off"));
  write_pages(folder / "copies.tif", planes, true);
  const PictureFile copies(folder / "copies.tif");
  REQUIRE(copies.info().frames == 5);
  for (int k = 0; k < 5; ++k) CHECK((copies.plane(k) == planes[static_cast<std::size_t>(k)]).all());
}

TEST_CASE("a header that asks for more pixels than any picture has is refused") {
  const Folder folder;
  write_pages(folder / "whole.tif", {random_plane(40, 50, 1)}, false);
  TIFF* tiff = TIFFOpen((folder / "whole.tif").c_str(), "r+");
  REQUIRE(tiff != nullptr);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 4294967295U);
  TIFFRewriteDirectory(tiff);
  TIFFClose(tiff);
  CHECK_THROWS_AS(PictureFile(folder / "whole.tif"), InputError);
  write_npy(folder / "far.npy", "|u1", "(99999999999, 10)", "abc");
  CHECK_THROWS_AS(PictureFile(folder / "far.npy"), InputError);
}

TEST_CASE("NumPy labels of every kind") {
  const Folder folder;
  write_npy(folder / "u1.npy", "|u1", "(2, 3)", std::string("\0\1\2\3\4\5", 6));
  const Labels small = PictureFile(folder / "u1.npy").labels();
  CHECK(small(1, 2) == 5);
  write_npy(folder / "f.npy", "|u1", "(2, 3)", std::string("\0\1\2\3\4\5", 6), "True");
  CHECK(PictureFile(folder / "f.npy").labels()(1, 0) == 1);
  CHECK(PictureFile(folder / "f.npy").labels()(0, 1) == 2);
  write_npy(folder / "stack.npy", "<i4", "(2, 1, 2)", std::string("\1\0\0\0\2\0\0\0\3\0\0\0\0\1\0\0", 16));
  const PictureFile stack(folder / "stack.npy");
  CHECK(stack.info().frames == 2);
  CHECK(stack.labels(1)(0, 1) == 256);
  write_npy(folder / "short.npy", "<i4", "(2, 1, 2)", "abc");
  CHECK_THROWS_WITH(PictureFile(folder / "short.npy"), Contains("cut short"));
  write_npy(folder / "object.npy", "|O", "(1,)", "abc");
  CHECK_THROWS_WITH(PictureFile(folder / "object.npy"), Contains("Cellpose"));
  write_npy(folder / "negative.npy", "|i1", "(1, 2)", std::string("\xff\1", 2));
  CHECK_THROWS_WITH(PictureFile(folder / "negative.npy").labels(), Contains("no labels"));
  write_npy(folder / "line.npy", "|u1", "(4,)", "abcd");
  CHECK_THROWS_AS(PictureFile(folder / "line.npy"), InputError);
}

TEST_CASE("what OME-XML and ImageJ say of a file's pages") {
  const auto ome = read_page_order("<?xml version=\"1.0\"?><ome:OME><ome:Image><ome:Pixels DimensionOrder='XYZTC' SizeX=\"4\" SizeY=\"5\" SizeC=\"12\" SizeT=\"67\" SizeZ=\"1\" PhysicalSizeX=\"1362\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"1.362\">"
                                   "<ome:Channel Name=\"TaGFP\" SamplesPerPixel=\"3\"/><ome:Channel Name=\"mKate\" SamplesPerPixel=\"3\"/></ome:Pixels></ome:Image></ome:OME>", "f");
  CHECK(ome.order == "ZTC");
  CHECK(ome.channels == 12);
  CHECK(ome.rgb_samples == 3);
  CHECK(ome.frames == 67);
  CHECK(ome.pixel_um == Approx(1.362));
  CHECK(ome.channel_names[1] == "mKate");
  const auto named = read_page_order("<?xml version='1.0'?><OME><Pixels DimensionOrder='XYCZT' SizeC='1'><Channel Name='A &amp; B &lt;2&gt;'/></Pixels></OME>", "f");
  REQUIRE(named.channel_names.size() == 1);
  CHECK(named.channel_names[0] == "A & B <2>");
  CHECK_THROWS_AS(read_page_order("<OME><Pixels DimensionOrder=\"YXCZT\"/></OME>", "f"), InputError);
  const auto imagej = read_page_order("ImageJ=1.53t\nimages=12\nchannels=3\nslices=1\nframes=4\nhyperstack=true\n", "f");
  CHECK(imagej.channels == 3);
  CHECK(imagej.frames == 4);
  const auto stack = read_page_order("ImageJ=1.53t\nimages=5\nslices=5\n", "f");
  CHECK(stack.frames == 5);
  REQUIRE(stack.notes.size() == 1);
  CHECK_THAT(stack.notes[0], Contains("taken as frames"));
  CHECK(read_page_order("{\"shape\": [3, 4]}", "f").said_by.empty());
}

TEST_CASE("files that are no pictures or are cut short are refused") {
  const Folder folder;
  std::ofstream(folder / "text.tif") << "hello";
  CHECK_THROWS_WITH(PictureFile(folder / "text.tif"), Contains("is no PNG, TIFF"));
  CHECK_THROWS_WITH(PictureFile(folder / "absent.tif"), Contains("cannot be opened"));
  TiffWriter writer(folder / "whole.tif", 200, 200, 3, 16);
  for (unsigned k = 0; k < 3; ++k) writer.add(random_plane(200, 200, k));
  writer.finish();
  std::ifstream in(folder / "whole.tif", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(folder / "cut.tif", std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  CHECK_THROWS_AS([&] { const PictureFile cut(folder / "cut.tif"); for (int f = 0; f < 3; ++f) cut.plane(f); }(), InputError);
  ColourPicture colour{8, 9, std::vector<Colour>(72, {200, 10, 30})};
  write_png(folder / "colour.png", colour);
  const PictureFile png(folder / "colour.png");
  CHECK(png.info().colour_rendering());
  CHECK(png.plane()(0, 0) == std::lround(0.2125 * 200 + 0.7154 * 10 + 0.0721 * 30));
  CHECK_THROWS_WITH(png.labels(), Contains("colour"));
  std::ifstream png_in(folder / "colour.png", std::ios::binary);
  const std::string png_bytes{std::istreambuf_iterator<char>(png_in), {}};
  std::ofstream(folder / "cut.png", std::ios::binary) << png_bytes.substr(0, png_bytes.size() / 2);
  CHECK_THROWS_AS(PictureFile(folder / "cut.png"), InputError);
}

TEST_CASE("outlines, tails and contact sheets are drawn where they belong") {
  CameraPlane plane = CameraPlane::Zero(40, 60);
  plane(0, 0) = 1000;
  ColourPicture picture = grey_picture(plane);
  Labels labels = Labels::Zero(40, 60);
  labels.block(10, 10, 5, 5) = 1;
  draw_outlines(picture, labels, {Colour{255, 0, 0}});
  CHECK(picture.at(10, 10).red == 255);
  CHECK(picture.at(12, 12).red == 0);      // inside
  draw_tail(picture, {{{20, 20}, {20, 30}}, Colour{0, 255, 0}}, 1);
  CHECK(picture.at(20, 25).green == 255);
  CHECK(picture.at(21, 25).green == 0);
  const ColourPicture half = grey_picture(plane, {0.01, 0.998, 30});
  CHECK(half.width == 30);
  CHECK(half.height == 20);
  const ColourPicture sheet = contact_sheet({picture, picture, picture}, 2);
  CHECK(sheet.width == 122);
  CHECK(sheet.height == 82);
  CHECK(sheet.at(10, 72).red == 255);
}

TEST_CASE("pictures that other programs wrote") {
  const auto red = real_data("data/images/ConfluentFUCCI/tests/resources/test_red_stack.tiff");
  if (red.empty()) return;
  const PictureFile film(red);
  CHECK(film.info().frames == 3);
  CHECK(film.info().height == 342);
  CHECK(film.info().width == 1212);
  CHECK(film.plane(2).maxCoeff() > 100);
  const PictureFile masks(real_data("data/images/ConfluentFUCCI/tests/resources/test_segmented_stack.tiff"));      // BigTIFF, one page of three planes
  CHECK(masks.info().frames == 3);
  CHECK_FALSE(masks.info().colour_rendering());
  REQUIRE_FALSE(masks.info().notes.empty());
  CHECK(masks.labels(0).maxCoeff() == 41);
  CHECK(PictureFile(real_data("data/images/laptrack/docs/examples/overlap_tracking_data/labels.npy")).info().frames == 5);
  CHECK_THROWS_AS(PictureFile(real_data("data/images/laptrack/tests/data/grouped_poss_molecule_tracking.npy")), InputError);
  CHECK(PictureFile(real_data("data/images/stardist_example/stardist/data/images/mask2d.tif")).labels().maxCoeff() > 100);
}
