// The seams of stitched pictures, and what they say of rows and columns.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/ingest/images/hyped_frames.hpp"

namespace hyped {
namespace {

constexpr int tile_rows = 471, tile_columns = 649;      // HYPED, after cropping the overlap

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Change of the lines' means at multiples of `period`, over the change elsewhere.
double contrast(const Eigen::ArrayXd& means, int period) {
  std::vector<double> seams, others;
  for (Eigen::Index i = 1; i < means.size(); ++i) (i % period == 0 ? seams : others).push_back(std::abs(means[i] - means[i - 1]));
  if (seams.empty() || others.empty()) return 0;
  return median(seams) / std::max(1e-12, median(others));
}

}  // namespace

TileSize tile_size(int rows, int columns) {
  if (rows % tile_rows == 0 && columns % tile_columns == 0) return {tile_rows, tile_columns};
  if (rows >= 1200 && columns >= 1200 && rows % 6 == 0 && columns % 5 == 0) return {rows / 6, columns / 5};
  return {rows, columns};
}

double seam_contrast(const CameraPlane& picture, const TileSize& tile) {
  const ExactPlane exact = picture.cast<double>();
  const Eigen::ArrayXd by_row = exact.rowwise().mean(), by_column = exact.colwise().mean().transpose();
  const double rows = contrast(by_row, tile.rows), columns = contrast(by_column, tile.columns);
  if (tile.rows >= picture.rows()) return columns;
  if (tile.columns >= picture.cols()) return rows;
  return std::min(rows, columns);
}

std::string axis_doubt(const CameraPlane& picture, const std::string& where) {
  const int rows = static_cast<int>(picture.rows()), columns = static_cast<int>(picture.cols());
  const TileSize tile = tile_size(rows, columns);
  if (tile.many(rows, columns)) return "";
  const bool size_turned = rows % tile_columns == 0 && columns % tile_rows == 0;
  if (!size_turned) return "";
  const double turned = seam_contrast(picture, {tile_columns, tile_rows});
  return fmt::format("{}: {} x {} pixels are tiles of {} x {} lying on their side{}: rows and columns are exchanged; give --transposed, or another order of the axes", where, rows, columns, tile_rows, tile_columns,
                     turned > 3 ? fmt::format(" (the light steps {:.1f} times as much there as elsewhere)", turned) : "");
}

}  // namespace hyped
