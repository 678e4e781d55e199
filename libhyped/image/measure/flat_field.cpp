// Flat field by a quadratic surface through block medians.
#include "libhyped/image/measure/flat_field.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<int> seams(Eigen::Index size, int tiles) {
  std::vector<int> out;
  for (int k = 1; k < tiles; ++k) out.push_back(static_cast<int>(k * size / tiles));
  return out;
}

Eigen::Matrix<double, 1, 6> terms(double y, double x) { return (Eigen::Matrix<double, 1, 6>() << 1, x, y, x * x, x * y, y * y).finished(); }

}  // namespace

std::vector<int> TileGrid::seam_rows(Eigen::Index height) const { return seams(height, rows); }
std::vector<int> TileGrid::seam_columns(Eigen::Index width) const { return seams(width, columns); }

FlatField flat_field(std::span<const CameraPlane* const> frames, const TileGrid& grid, double pedestal) {
  if (frames.empty()) throw InputError("flat field", "was given no frames", "give some frames of the channel");
  const Eigen::Index height = frames[0]->rows(), width = frames[0]->cols();
  if (grid.rows < 1 || grid.columns < 1 || height % grid.rows || width % grid.columns)
    throw InputError("flat field", fmt::format("{} x {} pixels are not {} x {} whole tiles", height, width, grid.rows, grid.columns), "give the grid of tiles the frame was stitched of");
  for (const CameraPlane* frame : frames)
    if (frame->rows() != height || frame->cols() != width) throw InputError("flat field", fmt::format("was given frames of {} x {} and {} x {} pixels", height, width, frame->rows(), frame->cols()), "give frames of one shape");
  const Eigen::Index tile_height = height / grid.rows, tile_width = width / grid.columns;
  const int down = static_cast<int>(std::clamp<Eigen::Index>(tile_height / 16, 3, 24)), across = static_cast<int>(std::clamp<Eigen::Index>(tile_width / 16, 3, 24));
  std::vector<double> level(static_cast<std::size_t>(down) * across);
  parallel_for(down * across, [&](int block) {
    const Eigen::Index r0 = (block / across) * tile_height / down, r1 = (block / across + 1) * tile_height / down;
    const Eigen::Index c0 = (block % across) * tile_width / across, c1 = (block % across + 1) * tile_width / across;
    std::vector<double> tiles, values;
    for (const CameraPlane* frame : frames)
      for (int i = 0; i < grid.rows; ++i)
        for (int k = 0; k < grid.columns; ++k) {
          values.clear();
          for (Eigen::Index r = r0; r < r1; ++r)
            for (Eigen::Index c = c0; c < c1; ++c) values.push_back((*frame)(i * tile_height + r, k * tile_width + c));
          tiles.push_back(median_of(values));
        }
    level[block] = median_of(tiles) - pedestal;
  });
  FlatField out;
  out.gain = Plane::Ones(height, width);
  const Eigen::Map<const Eigen::VectorXd> levels(level.data(), static_cast<Eigen::Index>(level.size()));
  const double mean = levels.mean();
  if (!(levels.minCoeff() > 0)) {
    out.outcome = {Status::not_identifiable, fmt::format("the background is at {:.1f} counts where it is darkest, the pedestal at {:.1f}: no light to measure the lamp by", levels.minCoeff() + pedestal, pedestal)};
    return out;
  }
  Eigen::MatrixXd design(levels.size(), 6);      // [blocks x terms]
  for (int b = 0; b < levels.size(); ++b) design.row(b) = terms((b / across + 0.5) / down - 0.5, (b % across + 0.5) / across - 0.5);
  const Eigen::Matrix<double, 6, 1> surface = design.colPivHouseholderQr().solve(levels / mean);
  out.residual = std::sqrt((design * surface - levels / mean).squaredNorm() / static_cast<double>(levels.size()));
  Plane tile(tile_height, tile_width);
  for (Eigen::Index r = 0; r < tile_height; ++r)
    for (Eigen::Index c = 0; c < tile_width; ++c) tile(r, c) = static_cast<float>(terms((r + 0.5) / tile_height - 0.5, (c + 0.5) / tile_width - 0.5).dot(surface.transpose()));
  tile /= tile.mean();
  if (!(tile.minCoeff() > 0.05f)) {
    out.outcome = {Status::not_identifiable, "the fitted lamp is dark in a corner of the tile"};
    return out;
  }
  out.unevenness = tile.maxCoeff() / tile.minCoeff();
  out.gain = tile.replicate(grid.rows, grid.columns);
  return out;
}

}  // namespace hyped
