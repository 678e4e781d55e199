// Drawing: stretched grey, outlines, tails, contact sheets.
#include <algorithm>
#include <cmath>

#include "libhyped/store/images/write_png.hpp"

namespace hyped {
namespace {

// A label picture as large as the reduced picture: the label of most weight is not needed to draw an outline, that of the first pixel will do.
Labels reduced(const Labels& labels, int height, int width) {
  if (labels.rows() == height && labels.cols() == width) return labels;
  Labels out(height, width);
  for (int r = 0; r < height; ++r)
    for (int c = 0; c < width; ++c) out(r, c) = labels(static_cast<Eigen::Index>((r + 0.5) * labels.rows() / height), static_cast<Eigen::Index>((c + 0.5) * labels.cols() / width));
  return out;
}

}  // namespace

Colour outline_colour(int number) {
  static constexpr std::array<Colour, 8> colours{{{230, 159, 0}, {86, 180, 233}, {0, 158, 115}, {240, 228, 66}, {0, 114, 178}, {213, 94, 0}, {204, 121, 167}, {255, 255, 255}}};
  return colours[static_cast<std::size_t>(number) % colours.size()];
}

ColourPicture grey_picture(const CameraPlane& plane, const Stretch& stretch) {
  const int side = static_cast<int>(std::max(plane.rows(), plane.cols()));
  const int height = stretch.most_side > 0 && side > stretch.most_side ? std::max(1, static_cast<int>(plane.rows() * stretch.most_side / side)) : static_cast<int>(plane.rows());
  const int width = stretch.most_side > 0 && side > stretch.most_side ? std::max(1, static_cast<int>(plane.cols() * stretch.most_side / side)) : static_cast<int>(plane.cols());
  Plane small(height, width);
  for (int r = 0; r < height; ++r)
    for (int c = 0; c < width; ++c) {
      const Eigen::Index r0 = r * plane.rows() / height, r1 = std::max(r0 + 1, (r + 1) * plane.rows() / height), c0 = c * plane.cols() / width, c1 = std::max(c0 + 1, (c + 1) * plane.cols() / width);
      small(r, c) = plane.block(r0, c0, r1 - r0, c1 - c0).cast<float>().mean();
    }
  std::vector<float> values(small.data(), small.data() + small.size());
  const auto share = [&](double q) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * (values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  const float low = share(stretch.low), high = std::max(low + 1, share(stretch.high));
  ColourPicture out{height, width, std::vector<Colour>(static_cast<std::size_t>(height) * width)};
  for (Eigen::Index i = 0; i < small.size(); ++i) {
    const auto grey = static_cast<std::uint8_t>(std::lround(255 * std::sqrt(std::clamp((small.data()[i] - low) / (high - low), 0.f, 1.f))));
    out.pixels[i] = {grey, grey, grey};
  }
  return out;
}

void draw_outlines(ColourPicture& picture, const Labels& given, const std::vector<Colour>& colours) {
  const Labels labels = reduced(given, picture.height, picture.width);
  for (int r = 0; r < picture.height; ++r)
    for (int c = 0; c < picture.width; ++c) {
      const int l = labels(r, c);
      if (!l) continue;
      const bool edge = r == 0 || c == 0 || r + 1 == picture.height || c + 1 == picture.width || labels(r - 1, c) != l || labels(r + 1, c) != l || labels(r, c - 1) != l || labels(r, c + 1) != l;
      if (edge) picture.at(r, c) = l <= static_cast<int>(colours.size()) ? colours[l - 1] : Colour{255, 255, 255};
    }
}

void draw_tail(ColourPicture& picture, const TrackTail& tail, double scale) {
  for (std::size_t i = 1; i < tail.places.size(); ++i) {
    const auto [r0, c0] = tail.places[i - 1];
    const auto [r1, c1] = tail.places[i];
    const int steps = std::max(1, static_cast<int>(std::ceil(scale * std::max(std::abs(r1 - r0), std::abs(c1 - c0)))));
    for (int s = 0; s <= steps; ++s) {
      const int r = static_cast<int>(std::floor(scale * (r0 + (r1 - r0) * s / steps + 0.5))), c = static_cast<int>(std::floor(scale * (c0 + (c1 - c0) * s / steps + 0.5)));
      if (r >= 0 && c >= 0 && r < picture.height && c < picture.width) picture.at(r, c) = tail.colour;
    }
  }
}

ColourPicture contact_sheet(const std::vector<ColourPicture>& pictures, int columns) {
  ColourPicture out;
  if (pictures.empty()) return out;
  columns = std::clamp(columns, 1, static_cast<int>(pictures.size()));
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  int height = 0, width = 0;
  for (const auto& one : pictures) height = std::max(height, one.height), width = std::max(width, one.width);
  out.height = rows * (height + 2) - 2, out.width = columns * (width + 2) - 2;
  out.pixels.assign(static_cast<std::size_t>(out.height) * out.width, {255, 255, 255});
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const int top = static_cast<int>(i) / columns * (height + 2), left = static_cast<int>(i) % columns * (width + 2);
    for (int r = 0; r < pictures[i].height; ++r)
      for (int c = 0; c < pictures[i].width; ++c) out.at(top + r, left + c) = pictures[i].at(r, c);
  }
  return out;
}

}  // namespace hyped
