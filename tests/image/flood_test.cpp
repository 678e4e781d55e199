// The parts of the segmentation against slow but plain versions of themselves, and label scores against counts done by hand.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/image/quality/segmentation_scores.hpp"
#include "libhyped/image/segment/background.hpp"
#include "libhyped/image/segment/flood.hpp"
#include "libhyped/image/segment/hull.hpp"
#include "libhyped/image/segment/piece_tree.hpp"
#include "libhyped/random.hpp"

using namespace hyped;
using namespace hyped::segmentation;

namespace {

Mask random_mask(int rows, int cols, double share, unsigned seed) {
  RandomStream random(seed, 0, 0);
  Mask mask(rows, cols);
  for (Eigen::Index i = 0; i < mask.size(); ++i) mask.data()[i] = random.uniform() < share;
  return mask;
}

Mask disc(int size, double row, double column, double radius) {
  Mask mask = Mask::Zero(size, size);
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c) mask(r, c) = std::hypot(r - row, c - column) <= radius;
  return mask;
}

}  // namespace

TEST_CASE("distances inside a mask are those of a search through all pixels") {
  for (const bool open : {false, true})
    for (unsigned seed = 1; seed <= 6; ++seed) {
      const Mask mask = random_mask(13 + seed, 17, 0.9, seed);
      const Plane found = distances(mask, open);
      for (int r = 0; r < mask.rows(); ++r)
        for (int c = 0; c < mask.cols(); ++c) {
          double best = open ? 1e9 : std::min({r + 1, c + 1, static_cast<int>(mask.rows()) - r, static_cast<int>(mask.cols()) - c});
          for (int i = 0; i < mask.rows(); ++i)
            for (int k = 0; k < mask.cols(); ++k)
              if (!mask(i, k)) best = std::min(best, std::hypot(r - i, c - k));
          CHECK(found(r, c) == Approx(best).epsilon(1e-6));
        }
    }
  CHECK(std::isinf(distances(Mask::Ones(4, 5), true)(2, 2)));
}

TEST_CASE("a flood parts two hills where their saddle is deep enough, and joins them where it is not") {
  Plane hills(1, 9);
  hills << 1, 3, 5, 4, 3.5, 4.2, 4.6, 2, 1;
  const Mask all = Mask::Ones(1, 9);
  CHECK(flood(hills, all, 2.0).maxCoeff() == 1);
  CHECK(flood(hills, all, 1.2).maxCoeff() == 1);      // the lower hill stands 1.1 above the saddle
  const Labels two = flood(hills, all, 1.0);
  CHECK(two.maxCoeff() == 2);
  CHECK(two(0, 3) == 1);
  CHECK(two(0, 5) == 2);
  CHECK(two(0, 8) == 2);
  Mask cut = all;
  cut(0, 4) = 0;
  CHECK(flood(hills, cut, 100).maxCoeff() == 2);      // what does not touch stays apart
}

TEST_CASE("components are numbered in raster order and meet over corners") {
  Mask mask(4, 5);
  mask << 0, 1, 0, 0, 1,
          1, 0, 0, 0, 1,
          0, 0, 0, 0, 0,
          1, 1, 0, 1, 0;
  int count = 0;
  const Labels found = components(mask, count);
  CHECK(count == 4);
  CHECK(found(0, 1) == 1);
  CHECK(found(1, 0) == 1);
  CHECK(found(0, 4) == 2);
  CHECK(found(3, 0) == 3);
  CHECK(found(3, 3) == 4);
}

TEST_CASE("holes are filled up to a size and openings are left") {
  Mask mask = Mask::Ones(9, 9);
  mask(2, 2) = 0;
  mask.block(5, 5, 2, 2).setZero();
  mask(0, 6) = 0;
  fill_holes(mask, 3);
  CHECK(mask(2, 2) == 1);
  CHECK(mask(5, 5) == 0);
  CHECK(mask(0, 6) == 0);
}

TEST_CASE("an opening removes what is thinner than three pixels") {
  Mask mask = Mask::Zero(12, 12);
  mask.block(2, 2, 5, 5).setOnes();
  mask.block(4, 7, 1, 5).setOnes();
  const Mask out = opened(mask);
  CHECK(out.cast<int>().sum() == 25);
}

TEST_CASE("the hull of a disc is the disc, that of an L is its own polygon") {
  RowExtents l{0, {0, 0, 0, 0}, {1, 1, 1, 4}};      // an L of 7 pixels: the corner cut off is half of 3 x 3
  CHECK(hull_area(l) == Approx(16 - 4.5));
  RowExtents square{3, {5, 5}, {7, 7}};
  CHECK(hull_area(square) == Approx(4));
}

TEST_CASE("the tree of pieces says what each union looks like") {
  const Mask one = disc(60, 20, 20, 9), other = disc(60, 20, 37, 9);
  Labels pieces = one.cast<int>();
  for (int r = 0; r < 60; ++r)
    for (int c = 20; c < 40; ++c) pieces(r, c) *= 2;      // two halves of one disc
  pieces = pieces.max(3 * other.cast<int>());             // and a disc beside it
  const Mask all = (pieces > 0).cast<std::uint8_t>();
  const Plane light = all.cast<float>() * 100, haze = Plane::Zero(60, 60);
  const PieceTree tree = piece_tree(pieces, light, haze, distances(all), 9);
  REQUIRE(tree.unions.size() == 5);
  const PieceUnion &whole = tree.unions[3], &both = tree.unions[4];
  CHECK(whole.left == 0);      // the halves first
  CHECK(whole.right == 1);
  CHECK(whole.area == (pieces == 1).count() + (pieces == 2).count());
  CHECK(whole.look[0] == Approx(251.0 / 272));            // pixels over the hull of their corners
  CHECK(whole.look[1] == Approx(1).margin(0.02));         // an ellipse
  CHECK(whole.look[2] == Approx(0).margin(0.1));          // of a nucleus' size
  CHECK(whole.look[3] == Approx(0).margin(0.1));          // round
  CHECK(whole.look[6] < 0.2);                             // as wide where the halves meet
  CHECK_FALSE(whole.whole);
  CHECK(both.whole);
  CHECK(both.look[0] < 0.92);
  CHECK(both.look[6] > 0.4);
  CHECK(both.area == all.cast<int>().sum());
}

TEST_CASE("noise and background are those that were put in") {
  RandomStream random(7, 0, 0);
  Plane picture(300, 400);
  for (int r = 0; r < 300; ++r)
    for (int c = 0; c < 400; ++c) picture(r, c) = static_cast<float>(100 + 0.1 * r + 0.2 * c + 5 * random.normal());
  CHECK(pixel_noise(picture) == Approx(5).epsilon(0.03));      // a plane is not seen
  Plane smooth(300, 400);
  for (int r = 0; r < 300; ++r)
    for (int c = 0; c < 400; ++c) smooth(r, c) = static_cast<float>(100 + 0.1 * r);
  smooth.block(100, 100, 14, 14) += 500;
  const Plane under = background(smooth, 8.9 * 7, 3.5);
  CHECK(under(107, 107) < 112);
  CHECK(under(107, 107) > 100);
  CHECK(under.isFinite().all());
}

TEST_CASE("label scores are those counted by hand") {
  Labels drawn = Labels::Zero(10, 20), found = Labels::Zero(10, 20);
  drawn.block(0, 0, 4, 4) = 1;          // found exactly
  found.block(0, 0, 4, 4) = 5;
  drawn.block(0, 6, 4, 4) = 2;          // half and half: split
  found.block(0, 6, 4, 2) = 6;
  found.block(0, 8, 4, 2) = 7;
  drawn.block(6, 0, 2, 4) = 3;          // two in one: merged
  drawn.block(8, 0, 2, 4) = 4;
  found.block(6, 0, 4, 4) = 8;
  drawn.block(6, 8, 4, 4) = 9;          // three quarters found
  found.block(6, 8, 3, 4) = 9;
  found.block(0, 15, 3, 3) = 12;        // nothing there
  const SegmentationScore half = segmentation_score(drawn, found, 0.5);
  CHECK(half.reference == 5);
  CHECK(half.found == 6);
  CHECK(half.matched == 2);             // halves are not more than .5
  CHECK(half.merges == 1);
  CHECK(half.splits == 1);
  CHECK(half.f1() == Approx(2.0 * 2 / 11));
  CHECK(half.ap() == Approx(2.0 / 9));
  CHECK(half.mean_overlap() == Approx(0.875));
  CHECK(half.mean_seg() == Approx((1 + 0 + 0.5 + 0.5 + 0.75) / 5));      // the merged two are each covered wholly, Jaccard a half; halves cover not more than half
  CHECK(segmentation_score(drawn, found, 0.7).matched == 2);
  CHECK(segmentation_score(drawn, found, 0.8).matched == 1);
  CHECK(segmentation_score(drawn, drawn).f1() == 1);
  CHECK_THROWS_AS(segmentation_score(drawn, Labels::Zero(3, 3)), InputError);
  CHECK_THROWS_AS(segmentation_score(drawn, found, 0.3), InputError);
}
