// A register-blocked product of panels, and what is made of it.
#include "libhyped/distance/pair_tiles.hpp"

#include <algorithm>
#include <cstring>

namespace hyped {
namespace {

#if defined(__AVX512F__)
constexpr int lanes = 8, few = 8;      // 24 accumulators of 32 registers
#elif defined(__AVX__)
constexpr int lanes = 4, few = 4;      // 12 of 16
#else
constexpr int lanes = 2, few = 4;
#endif
constexpr int many = 3 * lanes;
static_assert(PairTiles::edge % many == 0 && PairTiles::edge % few == 0);
using Pack = double __attribute__((vector_size(lanes * sizeof(double))));

Pack loaded(const double* from) {
  Pack out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

// out[r * edge + c] = sum over k of a[k, r] b[k, c]; a [depth x few], b [depth x many]
void product(const double* a, const double* b, Eigen::Index depth, double* out) {
  Pack sum[few][3] = {};
  for (Eigen::Index k = 0; k < depth; ++k, a += few, b += many) {
    const Pack b0 = loaded(b), b1 = loaded(b + lanes), b2 = loaded(b + 2 * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < few; ++r) {
      sum[r][0] += a[r] * b0;
      sum[r][1] += a[r] * b1;
      sum[r][2] += a[r] * b2;
    }
  }
  for (int r = 0; r < few; ++r)
    for (int c = 0; c < 3; ++c) std::memcpy(out + r * PairTiles::edge + c * lanes, &sum[r][c], sizeof(Pack));
}

}  // namespace

PairTiles::Panels PairTiles::packed(const Eigen::MatrixXd& cells, const Eigen::RowVectorXd& origin, Eigen::Index width) const {
  const Eigen::Index count = (cells.rows() + edge - 1) / edge * edge;
  Panels out;
  out.width = width;
  out.value.assign(static_cast<std::size_t>(count * dimensions_), 0);
  out.norm.assign(static_cast<std::size_t>(count), 0);
  for (Eigen::Index k = 0; k < dimensions_; ++k)
    for (Eigen::Index i = 0; i < cells.rows(); ++i) {
      const double value = cells(i, k) - origin[k];
      out.value[static_cast<std::size_t>(i / width * width * dimensions_ + k * width + i % width)] = value;
      out.norm[static_cast<std::size_t>(i)] += value * value;
    }
  return out;
}

PairTiles::PairTiles(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) : n_(x.rows()), m_(y.rows()), dimensions_(x.cols()), own_(false) {
  const Eigen::RowVectorXd origin = 0.5 * (x.colwise().mean() + y.colwise().mean());
  x_ = packed(x, origin, few), y_ = packed(y, origin, many);
}

PairTiles::PairTiles(const Eigen::MatrixXd& x) : n_(x.rows()), m_(x.rows()), dimensions_(x.cols()), own_(true) {
  const Eigen::RowVectorXd origin = x.colwise().mean();
  x_ = packed(x, origin, few), y_ = packed(x, origin, many);
}

double PairTiles::exactly(Eigen::Index i, Eigen::Index j) const {
  const double* a = x_.value.data() + i / x_.width * x_.width * dimensions_ + i % x_.width;
  const double* b = y_.value.data() + j / y_.width * y_.width * dimensions_ + j % y_.width;
  double sum = 0;
  for (Eigen::Index k = 0; k < dimensions_; ++k) {
    const double gap = a[k * x_.width] - b[k * y_.width];
    sum += gap * gap;
  }
  return sum;
}

void PairTiles::squared(Eigen::Index tile_x, Eigen::Index tile_y, Tile& out) const {
  constexpr double near = 1e-6;
  constexpr Eigen::Index depth = 256;      // of a slice, so that panels stay in cache
  out.first_x = tile_x * edge, out.first_y = tile_y * edge;
  out.rows_x = std::min<Eigen::Index>(edge, n_ - out.first_x), out.rows_y = std::min<Eigen::Index>(edge, m_ - out.first_y);
  out.squared.resize(edge, edge);
  out.room.resize(edge, edge);
  for (Eigen::Index from = 0; from < dimensions_; from += depth) {
    const Eigen::Index slice = std::min(depth, dimensions_ - from);
    double* to = from == 0 ? out.squared.data() : out.room.data();
    for (Eigen::Index c = 0; c < edge; c += many)
      for (Eigen::Index r = 0; r < edge; r += few)
        product(x_.value.data() + (out.first_x + r) * dimensions_ + from * few, y_.value.data() + (out.first_y + c) * dimensions_ + from * many, slice, to + r * edge + c);
    if (from > 0) out.squared += out.room;
  }
  const Eigen::Map<const Eigen::ArrayXd> of_y(y_.norm.data() + out.first_y, edge);
  for (Eigen::Index i = 0; i < out.rows_x; ++i) {
    auto column = out.squared.col(i);
    const double of_x = x_.norm[static_cast<std::size_t>(out.first_x + i)];
    column = (of_y + of_x - 2 * column).max(0.0);
    if ((column.head(out.rows_y) < near * (of_y.head(out.rows_y) + of_x)).any())
      for (Eigen::Index j = 0; j < out.rows_y; ++j)
        if (column[j] < near * (of_y[j] + of_x)) column[j] = own_ && out.first_x + i == out.first_y + j ? 0.0 : exactly(out.first_x + i, out.first_y + j);
  }
  if (out.rows_x < edge || out.rows_y < edge) out.squared = out.squared.topLeftCorner(out.rows_y, out.rows_x).eval();
}

}  // namespace hyped
