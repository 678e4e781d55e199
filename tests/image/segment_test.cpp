// Segmentation and measurement of drawn pictures whose truth is known.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/image/measure/flat_field.hpp"
#include "libhyped/image/measure/measure_nuclei.hpp"
#include "libhyped/image/quality/segmentation_scores.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

struct Drawn {
  CameraPlane picture;
  Labels truth;
};

// Ellipses of mean radius 7 on a grid with jitter, 80 to 400 counts above a sloping background, Poisson-like noise.
Drawn drawn(int rows, int cols, unsigned seed, double step = 26) {
  RandomStream random(seed, 1, 0);
  Plane light(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) light(r, c) = static_cast<float>(200 + 60.0 * r / rows + 30.0 * c / cols);
  Drawn out{CameraPlane(rows, cols), Labels::Zero(rows, cols)};
  int next = 0;
  for (double y = step / 2; y < rows; y += step)
    for (double x = step / 2; x < cols; x += step) {
      const double row = y + 4 * (random.uniform() - 0.5), column = x + 4 * (random.uniform() - 0.5), a = 6 + 2.5 * random.uniform(), b = 6 + 2.5 * random.uniform(), tilt = M_PI * random.uniform();
      const double bright = 80 * std::exp(std::log(5) * random.uniform());
      ++next;
      for (int r = std::max(0, static_cast<int>(row) - 12); r < std::min(rows, static_cast<int>(row) + 13); ++r)
        for (int c = std::max(0, static_cast<int>(column) - 12); c < std::min(cols, static_cast<int>(column) + 13); ++c) {
          const double u = (r - row) * std::cos(tilt) + (c - column) * std::sin(tilt), v = (c - column) * std::cos(tilt) - (r - row) * std::sin(tilt), q = std::hypot(u / a, v / b);
          light(r, c) += static_cast<float>(bright / (1 + std::exp((q - 1) * 7)));      // an edge of about a pixel
          if (q <= 1) out.truth(r, c) = next;
        }
    }
  for (Eigen::Index i = 0; i < light.size(); ++i) out.picture.data()[i] = static_cast<std::uint16_t>(std::max(0.0, std::round(light.data()[i] + std::sqrt(light.data()[i] / 4) * random.normal())));
  return out;
}

}  // namespace

TEST_CASE("nuclei that are drawn are found, five times dimmer ones too") {
  const Drawn d = drawn(400, 500, 3);
  const double radius = nucleus_radius(d.picture.cast<float>().eval());
  CHECK(radius > 5.5);
  CHECK(radius < 9);
  SegmentOptions o;
  o.radius = 7;
  const Segmentation found = segment_nuclei(d.picture, o);
  REQUIRE(found.outcome.ok());
  const SegmentationScore score = segmentation_score(d.truth, found.labels, 0.5);
  INFO(score.reference << " drawn, " << score.found << " found, F1 " << score.f1() << ", SEG " << score.mean_seg());
  CHECK(score.f1() > 0.95);
  CHECK(score.mean_seg() > 0.8);
  CHECK(score.merges == 0);
}

TEST_CASE("segmentation and measurement do not depend on the number of threads") {
  const Drawn d = drawn(300, 420, 5, 18);
  set_threads(1);
  const Segmentation one = segment_nuclei(d.picture);
  const FrameNuclei light_one = measure_nuclei(one.labels, {&d.picture});
  set_threads(3);
  const Segmentation three = segment_nuclei(d.picture);
  const FrameNuclei light_three = measure_nuclei(three.labels, {&d.picture});
  set_threads(0);
  CHECK((one.labels == three.labels).all());
  CHECK(one.radius == three.radius);
  REQUIRE(light_one.nuclei.size() == light_three.nuclei.size());
  for (std::size_t i = 0; i < light_one.nuclei.size(); ++i) {
    CHECK(light_one.nuclei[i].light[0].sum == light_three.nuclei[i].light[0].sum);
    CHECK(light_one.nuclei[i].light[0].ring == light_three.nuclei[i].light[0].ring);
    CHECK(light_one.nuclei[i].solidity == light_three.nuclei[i].solidity);
  }
}

TEST_CASE("pictures with nothing in them are said to be so") {
  CHECK_THAT(segment_nuclei(CameraPlane::Zero(60, 60).eval()).outcome.message, Catch::Matchers::Contains("black"));
  SegmentOptions o;
  o.white_level = 16383;
  CHECK_THAT(segment_nuclei(CameraPlane::Constant(60, 60, 16383).eval(), o).outcome.message, Catch::Matchers::Contains("saturated"));
  CameraPlane full = CameraPlane::Constant(60, 60, 16383);
  full.topRows(10) = 300;
  CHECK_THAT(segment_nuclei(full, o).outcome.message, Catch::Matchers::Contains("saturated"));
  CHECK_THAT(segment_nuclei(CameraPlane::Constant(60, 60, 77).eval()).outcome.message, Catch::Matchers::Contains("contrast"));
  CHECK_THROWS_AS(segment_nuclei(CameraPlane::Zero(4, 4).eval()), InputError);
  o.radius = -1;
  CHECK_THROWS_AS(segment_nuclei(full, o), InputError);
}

TEST_CASE("noise alone has no nuclei, whether it is correlated or not") {
  for (const double correlation : {0.0, 0.35})
    for (unsigned seed = 1; seed <= 3; ++seed) {
      RandomStream random(seed, 4, 0);
      Plane noise(302, 402);
      for (float& x : noise.reshaped()) x = static_cast<float>(random.normal());
      CameraPlane picture(300, 400);
      for (int r = 0; r < 300; ++r)
        for (int c = 0; c < 400; ++c) picture(r, c) = static_cast<std::uint16_t>(std::lround(300 + 12 * (noise(r + 1, c + 1) + correlation * (noise(r, c + 1) + noise(r + 2, c + 1) + noise(r + 1, c) + noise(r + 1, c + 2)))));
      SegmentOptions o;
      o.radius = 7;
      const Segmentation found = segment_nuclei(picture, o);
      INFO("correlation " << correlation << ", seed " << seed);
      CHECK(found.count() == 0);
      CHECK_FALSE(found.outcome.ok());
    }
}

TEST_CASE("flags: border, seam, debris") {
  Labels labels = Labels::Zero(60, 60);
  labels.block(0, 10, 8, 8) = 1;
  labels.block(26, 26, 8, 8) = 2;
  labels.block(50, 50, 3, 3) = 3;
  SegmentOptions o;
  o.seam_rows = {30};
  const auto flags = nucleus_flags(labels, 5, o);
  REQUIRE(flags.size() == 3);
  CHECK(flags[0].at_border);
  CHECK_FALSE(flags[0].at_seam);
  CHECK(flags[1].at_seam);
  CHECK_FALSE(flags[1].debris);
  CHECK(flags[2].debris);
}

TEST_CASE("light of a nucleus is exact on a drawn picture, its ring leaves neighbours out") {
  Labels labels = Labels::Zero(50, 60);
  labels.block(20, 20, 10, 10) = 1;
  labels.block(20, 36, 10, 10) = 2;      // six pixels away: inside the ring
  CameraPlane picture = CameraPlane::Constant(50, 60, 100);
  picture.block(20, 20, 10, 10) = 500;
  picture.block(19, 35, 12, 12) = 4000;
  picture(20, 20) = 1023;
  MeasureOptions o;
  o.channels = {"a"};
  o.white_level = 1023;
  const FrameNuclei found = measure_nuclei(labels, {&picture}, o);
  REQUIRE(found.nuclei.size() == 2);
  const NucleusLight& light = found.nuclei[0].light[0];
  CHECK(light.median == 500);
  CHECK(light.mean == Approx((99 * 500 + 1023) / 100.0));
  CHECK(light.sum == 99 * 500 + 1023);
  CHECK(light.least == 500);
  CHECK(light.most == 1023);
  CHECK(light.mad == 0);
  CHECK(light.saturated == Approx(0.01));
  CHECK(light.ring == 100);      // though the neighbour's light is ten times its own
  CHECK(light.ring_mad == 0);
  CHECK(light.ring_pixels > 100);
  CHECK(found.nuclei[1].light[0].saturated == 1);
  CHECK(found.nuclei[0].row == 24.5);
  CHECK(found.nuclei[0].area == 100);
  CHECK_FALSE(found.nuclei[0].at_border);
  CHECK_THROWS_AS(measure_nuclei(Labels::Zero(3, 3).eval(), {&picture}, o), InputError);
  // No free pixel around: the frame's background.
  Labels crowded = Labels::Constant(50, 60, 2);
  crowded.block(20, 20, 10, 10) = 1;
  crowded.topLeftCorner(2, 2) = 0;
  const FrameNuclei tight = measure_nuclei(crowded, {&picture}, o);
  CHECK(tight.nuclei[0].light[0].ring_pixels == 0);
  CHECK(tight.nuclei[0].light[0].ring == 100);
}

TEST_CASE("a lamp's unevenness is found under nuclei and divided out") {
  constexpr int rows = 96, cols = 120;
  const TileGrid grid{2, 3};
  RandomStream random(2, 0, 0);
  std::vector<CameraPlane> frames(4, CameraPlane(2 * rows, 3 * cols));
  const auto lamp = [](int r, int c) { const double y = (r % rows + 0.5) / rows - 0.5, x = (c % cols + 0.5) / cols - 0.5; return 1 - 0.6 * y * y - 0.4 * x * x + 0.1 * x; };
  for (auto& frame : frames)
    for (int r = 0; r < frame.rows(); ++r)
      for (int c = 0; c < frame.cols(); ++c) frame(r, c) = static_cast<std::uint16_t>(std::lround(100 + lamp(r, c) * 400 + 5 * random.normal()));
  for (auto& frame : frames)
    for (int k = 0; k < 40; ++k) frame.block(static_cast<int>(random.uniform() * 180), static_cast<int>(random.uniform() * 345), 12, 12) += 900;
  std::vector<const CameraPlane*> given;
  for (const auto& frame : frames) given.push_back(&frame);
  const FlatField found = flat_field(given, grid, 100);
  REQUIRE(found.outcome.ok());
  double mean = 0;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) mean += lamp(r, c) / (rows * cols);
  double worst = 0;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) worst = std::max(worst, std::abs(found.gain(r, c) / (lamp(r, c) / mean) - 1));
  CHECK(worst < 0.02);
  CHECK(found.gain(3, 5) == found.gain(3 + rows, 5 + 2 * cols));
  CHECK_THROWS_AS(flat_field(given, {5, 7}), InputError);
  CHECK_FALSE(flat_field(given, grid, 5000).outcome.ok());
}
