// Phase correlation by fast Fourier transforms, and shifts of frames of nuclei.
#include "libhyped/image/link/registration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <unsupported/Eigen/FFT>
#include <vector>

namespace hyped {
namespace {

using Complexes = Eigen::Array<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

int good_length(Eigen::Index least) {      // 2^a 3^b 5^c
  for (int n = static_cast<int>(least);; ++n) {
    int rest = n;
    for (const int p : {2, 3, 5})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

void transform(Complexes& x, bool back) {
  Eigen::FFT<float> engine;
  std::vector<std::complex<float>> in, out;
  const auto line = [&](auto&& values) {
    in.resize(static_cast<std::size_t>(values.size()));
    for (Eigen::Index i = 0; i < values.size(); ++i) in[static_cast<std::size_t>(i)] = values(i);
    if (back) engine.inv(out, in);
    else engine.fwd(out, in);
    for (Eigen::Index i = 0; i < values.size(); ++i) values(i) = out[static_cast<std::size_t>(i)];
  };
  for (Eigen::Index r = 0; r < x.rows(); ++r) line(x.row(r));
  for (Eigen::Index c = 0; c < x.cols(); ++c) line(x.col(c));
}

Complexes padded(const Plane& picture, int rows, int cols) {
  Complexes out = Complexes::Zero(rows, cols);
  const float mean = picture.mean();
  const auto taper = [](Eigen::Index i, Eigen::Index n) {      // cosine over a tenth of each side
    const double edge = std::max(1.0, 0.1 * static_cast<double>(n)), near = std::min(static_cast<double>(i) + 0.5, static_cast<double>(n - i) - 0.5);
    return near < edge ? 0.5 - 0.5 * std::cos(M_PI * near / edge) : 1.0;
  };
  for (Eigen::Index r = 0; r < picture.rows(); ++r)
    for (Eigen::Index c = 0; c < picture.cols(); ++c) out(r, c) = (picture(r, c) - mean) * static_cast<float>(taper(r, picture.rows()) * taper(c, picture.cols()));
  return out;
}

struct Places {
  std::vector<double> row, column;
  double least_row = 1e300, least_column = 1e300, most_row = -1e300, most_column = -1e300;
};
Places places_of(const FrameNuclei& frame) {
  Places out;
  for (const Nucleus& nucleus : frame.nuclei) {
    if (nucleus.debris) continue;
    out.row.push_back(nucleus.row);
    out.column.push_back(nucleus.column);
    out.least_row = std::min(out.least_row, nucleus.row), out.most_row = std::max(out.most_row, nucleus.row);
    out.least_column = std::min(out.least_column, nucleus.column), out.most_column = std::max(out.most_column, nucleus.column);
  }
  return out;
}

int nearest(const Places& among, double row, double column, double gate) {
  int best = -1;
  double least = gate;
  for (std::size_t k = 0; k < among.row.size(); ++k)
    if (const double d = std::hypot(among.row[k] - row, among.column[k] - column); d <= least) least = d, best = static_cast<int>(k);
  return best;
}

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

PictureShift phase_correlation(const Plane& first, const Plane& second) {
  if (first.rows() != second.rows() || first.cols() != second.cols())
    throw InputError("pictures", fmt::format("are {} x {} and {} x {} pixels", first.rows(), first.cols(), second.rows(), second.cols()), "register frames of one shape");
  if (first.rows() < 8 || first.cols() < 8) throw InputError("pictures", fmt::format("are {} x {} pixels", first.rows(), first.cols()), "shifts are found on 8 x 8 pixels and more");
  if (!first.allFinite() || !second.allFinite()) throw InputError("pictures", "hold values that are not finite", "mark or repair them first");
  const int rows = good_length(2 * first.rows()), cols = good_length(2 * first.cols());
  Complexes a = padded(first, rows, cols), b = padded(second, rows, cols);
  transform(a, false);
  transform(b, false);
  const float floor = 1e-6F * std::max(a.abs().maxCoeff() * b.abs().maxCoeff(), 1e-30F);
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const std::complex<float> cross = b.data()[i] * std::conj(a.data()[i]);
    a.data()[i] = cross / std::max(std::abs(cross), floor);
  }
  transform(a, true);
  Eigen::Index row = 0, col = 0;
  PictureShift out;
  out.peak = a.real().maxCoeff(&row, &col);
  for (Eigen::Index r = 0; r < rows; ++r)
    for (Eigen::Index c = 0; c < cols; ++c) {
      const Eigen::Index dr = std::min(std::abs(r - row), rows - std::abs(r - row)), dc = std::min(std::abs(c - col), cols - std::abs(c - col));
      if (dr > 3 || dc > 3) out.second_peak = std::max<double>(out.second_peak, a(r, c).real());
    }
  out.rows = static_cast<double>(row <= rows / 2 ? row : row - rows);
  out.columns = static_cast<double>(col <= cols / 2 ? col : col - cols);
  return out;
}

FrameShift register_nuclei(const FrameNuclei& first, const FrameNuclei& second, double gate) {
  HYPED_REQUIRE(gate > 0);
  FrameShift out;
  out.from_frame = first.frame;
  out.to_frame = second.frame;
  const Places a = places_of(first), b = places_of(second);
  out.nuclei = static_cast<long>(std::min(a.row.size(), b.row.size()));
  if (out.nuclei < 5) return out;
  const double cell = std::max(1.0, gate / 3), least_row = std::min(a.least_row, b.least_row), least_column = std::min(a.least_column, b.least_column);
  const double height = std::max(a.most_row, b.most_row) - least_row, width = std::max(a.most_column, b.most_column) - least_column;
  const auto drawn = [&](const Places& places) {
    Plane map = Plane::Zero(std::max(8, static_cast<int>(height / cell) + 3), std::max(8, static_cast<int>(width / cell) + 3));
    for (std::size_t k = 0; k < places.row.size(); ++k) {
      const double r = (places.row[k] - least_row) / cell + 1, c = (places.column[k] - least_column) / cell + 1;
      for (int i = static_cast<int>(r) - 2; i <= static_cast<int>(r) + 3; ++i)
        for (int j = static_cast<int>(c) - 2; j <= static_cast<int>(c) + 3; ++j)
          if (i >= 0 && j >= 0 && i < map.rows() && j < map.cols()) map(i, j) += static_cast<float>(std::exp(-0.5 * ((i - r) * (i - r) + (j - c) * (j - c))));
    }
    return map;
  };
  const PictureShift coarse = phase_correlation(drawn(a), drawn(b));
  out.rows = coarse.rows * cell;
  out.columns = coarse.columns * cell;
  for (int round = 0; round < 3; ++round) {
    std::vector<double> down, right;
    out.matched = 0;
    for (std::size_t k = 0; k < a.row.size(); ++k) {
      const int j = nearest(b, a.row[k] + out.rows, a.column[k] + out.columns, gate);
      if (j < 0 || nearest(a, b.row[static_cast<std::size_t>(j)] - out.rows, b.column[static_cast<std::size_t>(j)] - out.columns, gate) != static_cast<int>(k)) continue;
      down.push_back(b.row[static_cast<std::size_t>(j)] - a.row[k]);
      right.push_back(b.column[static_cast<std::size_t>(j)] - a.column[k]);
      ++out.matched;
    }
    if (out.matched == 0) return out;
    if (round < 2) {
      out.rows = median_of(down);
      out.columns = median_of(right);
    }
  }
  const double area = std::max(1.0, height * width), n = static_cast<double>(out.nuclei);
  const double chance = 1 - std::exp(-static_cast<double>(std::max(a.row.size(), b.row.size())) / area * M_PI * gate * gate);
  out.by_chance = n * chance;
  out.trusted = static_cast<double>(out.matched) >= 0.4 * n && static_cast<double>(out.matched) > out.by_chance + 6 * std::sqrt(n * chance * (1 - chance) + 1e-9);
  return out;
}

}  // namespace hyped
