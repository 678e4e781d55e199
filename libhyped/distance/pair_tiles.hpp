// Squared distances between all cells of two clouds, a square tile at a time, in double and fast: what every pairwise distance here sums up.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace hyped {

// Two clouds in panels, seen from their common mean, so that |x|^2 + |y|^2 - 2 x.y loses no digits to a common offset. Pairs whose distance is
// below a thousandth of the cells' distance from there are computed again from differences: every squared distance is right to 1e-9 of itself.
class PairTiles {
 public:
  static constexpr int edge = 96;      // cells of a side of a tile

  // x [N x D], y [M x D]; the caller has checked that widths agree. N, M, D >= 1.
  PairTiles(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);
  // All pairs of one cloud.
  explicit PairTiles(const Eigen::MatrixXd& x);

  struct Tile {
    Eigen::Index first_x = 0, rows_x = 0, first_y = 0, rows_y = 0;
    Eigen::ArrayXXd squared;           // [rows_y x rows_x]
    Eigen::ArrayXXd room;              // [edge x edge] workspace
  };
  Eigen::Index tiles_x() const { return (n_ + edge - 1) / edge; }
  Eigen::Index tiles_y() const { return (m_ + edge - 1) / edge; }
  Eigen::Index cells_x() const { return n_; }
  Eigen::Index cells_y() const { return m_; }
  bool own() const { return own_; }
  // The diagonal of a cloud's own tile is exactly 0.
  void squared(Eigen::Index tile_x, Eigen::Index tile_y, Tile& out) const;

 private:
  struct Panels {
    std::vector<double> value;         // by panel of `width` cells: [D x width]
    std::vector<double> norm;          // [padded cells] squared
    Eigen::Index width = 0;
  };
  Panels packed(const Eigen::MatrixXd& cells, const Eigen::RowVectorXd& origin, Eigen::Index width) const;
  double exactly(Eigen::Index i, Eigen::Index j) const;
  Eigen::Index n_, m_, dimensions_;
  bool own_;
  Panels x_, y_;
};

}  // namespace hyped
