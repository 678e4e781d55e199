// Shape and light of nuclei against scikit-image's regionprops on the same labels.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/image/measure/measure_nuclei.hpp"
#include "libhyped/image/segment/flood.hpp"
#include "libhyped/random.hpp"
#include "tests/expression/peer_exchange.hpp"

using namespace hyped;
using namespace hyped::testing;

TEST_CASE("shape and light are those of scikit-image", "[peers]") {
  if (!PeerFolder::has("skimage", true)) return;
  // Ragged shapes of all sizes: a smoothed random field cut at its mean.
  constexpr int rows = 220, cols = 260;
  RandomStream random(11, 0, 0);
  Plane field(rows, cols);
  for (Eigen::Index i = 0; i < field.size(); ++i) field.data()[i] = static_cast<float>(random.normal());
  for (int pass = 0; pass < 12; ++pass)
    for (int r = 1; r + 1 < rows; ++r)
      for (int c = 1; c + 1 < cols; ++c) field(r, c) = 0.2f * (field(r, c) + field(r - 1, c) + field(r + 1, c) + field(r, c - 1) + field(r, c + 1));
  int count = 0;
  const Labels labels = segmentation::components((field > 0.12f).cast<std::uint8_t>(), count);
  CameraPlane light(rows, cols);
  for (Eigen::Index i = 0; i < light.size(); ++i) light.data()[i] = static_cast<std::uint16_t>(16000 * random.uniform());
  REQUIRE(count > 50);
  const FrameNuclei ours = measure_nuclei(labels, {&light});
  REQUIRE(static_cast<int>(ours.nuclei.size()) == count);
  const PeerFolder folder;
  folder.write("labels", std::vector<std::int32_t>(labels.data(), labels.data() + labels.size()));
  folder.write("light", std::vector<std::uint16_t>(light.data(), light.data() + light.size()));
  REQUIRE(folder.run("regionprops_skimage.py", "220 260", true));
  const Eigen::MatrixXd theirs = folder.read("props", count);      // [nuclei x quantities]
  REQUIRE(theirs.cols() == 20);
  for (int i = 0; i < count; ++i) {
    const Nucleus& n = ours.nuclei[i];
    const NucleusLight& l = n.light[0];
    INFO("label " << n.label << ", area " << n.area);
    const double mine[] = {double(n.label), n.area, double(n.first_row), double(n.first_column), n.last_row + 1.0, n.last_column + 1.0, n.row, n.column, n.major_axis, n.minor_axis, n.eccentricity, n.orientation, n.perimeter, n.solidity, l.mean, l.most, l.least, l.sum, l.median, l.mad};
    for (int k = 0; k < 20; ++k) {
      if (k == 11 && n.eccentricity < 1e-6) continue;      // a round shape has no direction
      INFO("quantity " << k);
      // 1e-9 of the value: both are sums of whole numbers in double; axes of shapes one pixel wide are roots of cancelled sums
      if (k == 11) CHECK(std::abs(std::sin(mine[k] - theirs(i, k))) < 1e-6);      // +pi/2 and -pi/2 are one direction
      else CHECK(std::abs(mine[k] - theirs(i, k)) <= 1e-9 * std::abs(theirs(i, k)) + (k >= 8 && k <= 10 ? 1e-6 : 1e-9));
    }
  }
}
