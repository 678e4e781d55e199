// Measures a camera's noise on one picture and makes its variance one.
#include "libhyped/image/denoise/noise_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "libhyped/image/denoise/block_cosines.hpp"
#include "libhyped/image/denoise/filters.hpp"

namespace hyped {
namespace {

double middle_value(std::vector<double>& values) {
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct LevelAndSpread {
  double mean = 0, square = 0;      // of a block: level, and mean square of its differences
};

std::vector<LevelAndSpread> blocks_of(const Plane& picture, double white_level) {
  std::vector<LevelAndSpread> out;
  for (Eigen::Index r = 0; r + 8 <= picture.rows(); r += 8)
    for (Eigen::Index c = 0; c + 8 <= picture.cols(); c += 8) {
      const auto block = picture.block<8, 8>(r, c);
      if (white_level > 0 && block.maxCoeff() >= white_level) continue;
      LevelAndSpread one;
      for (int i = 0; i < 8; i += 2)
        for (int k = 0; k < 8; k += 2) {
          const double d = 0.5 * (static_cast<double>(block(i, k)) - block(i, k + 1) - block(i + 1, k) + block(i + 1, k + 1));
          one.square += d * d / 16;
        }
      one.mean = block.cast<double>().mean();
      out.push_back(one);
    }
  return out;
}

// The median of a mean of 16 squares of normal differences over its mean: chi-square with 16 degrees of freedom (median 15.338).
constexpr double median_over_mean = 15.338499 / 16;

}  // namespace

NoiseModel measure_noise(const Plane& picture, double white_level) {
  if (picture.rows() < 64 || picture.cols() < 64)
    throw InputError("picture", fmt::format("is {} x {} pixels", picture.rows(), picture.cols()), "noise is measured on 64 x 64 pixels and more");
  if (!picture.allFinite()) throw InputError("picture", "holds values that are not finite", "mark or repair them first");
  std::vector<LevelAndSpread> blocks = blocks_of(picture, white_level);
  NoiseModel out;
  const int bins = std::min<int>(20, static_cast<int>(blocks.size()) / 8);
  if (bins < 3) {
    out.outcome = {Status::not_identifiable, fmt::format("{} blocks of 8 x 8 pixels are not saturated: too few", blocks.size())};
    return out;
  }
  std::stable_sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.mean < b.mean; });
  Eigen::ArrayXd level(bins), variance(bins), weight(bins);
  for (int b = 0; b < bins; ++b) {
    const std::size_t from = blocks.size() * b / bins, until = blocks.size() * (b + 1) / bins;
    std::vector<double> means, squares;
    for (std::size_t i = from; i < until; ++i) {
      means.push_back(blocks[i].mean);
      squares.push_back(blocks[i].square);
    }
    level[b] = middle_value(means);
    variance[b] = middle_value(squares) / median_over_mean;
    weight[b] = variance[b] > 0 ? 1 / variance[b] : 0;
  }
  out.bins = bins;
  out.level = level;
  out.variance = variance;
  const double total = weight.sum();
  if (!(total > 0)) {
    out.outcome = {Status::not_identifiable, "neighbouring pixels do not differ at all: no noise, or a picture made by a program"};
    return out;
  }
  const double mean_level = (weight * level).sum() / total, mean_variance = (weight * variance).sum() / total;
  const double spread = (weight * (level - mean_level).square()).sum();
  const auto flat = [&](const char* why) {
    out.gain = 0;
    out.offset = mean_variance;
    out.outcome = {Status::not_identifiable, why};
  };
  if (!(spread > 0)) {
    flat("all parts of the picture are equally bright: gain and offset cannot be told apart");
    return out;
  }
  out.gain = (weight * (level - mean_level) * (variance - mean_variance)).sum() / spread;
  out.offset = mean_variance - out.gain * mean_level;
  const Eigen::ArrayXd residual = variance - out.offset - out.gain * level;
  const double scale = (weight * residual.square()).sum() / (bins - 2);
  out.gain_error = std::sqrt(scale / spread);
  out.offset_error = std::sqrt(scale * (1 / total + mean_level * mean_level / spread));
  if (!(out.gain > 0)) flat("variance does not grow with brightness: no shot noise is seen");
  return out;
}

VarianceStabiliser::VarianceStabiliser(const NoiseModel& noise) : gain_(noise.gain), offset_(noise.offset) {
  if (!(gain_ > 0) && !(offset_ > 0)) throw InputError("noise", "gain and offset are not positive", "a picture without noise needs no denoising");
}

Plane VarianceStabiliser::apply(const Plane& z) const {
  if (!(gain_ > 0)) return z / static_cast<float>(std::sqrt(offset_));
  const float gain = static_cast<float>(gain_), constant = static_cast<float>(0.375 * gain_ * gain_ + offset_);
  return (gain * z + constant).max(0.f).sqrt() * (2 / gain);
}

Plane VarianceStabiliser::invert(const Plane& d, double variance) const {
  if (!(gain_ > 0)) return d * static_cast<float>(std::sqrt(offset_));
  const double shift = -0.125 + 0.25 * (variance - 1) - offset_ / (gain_ * gain_), root = std::sqrt(1.5), least = 2 * std::sqrt(0.375);
  Plane out(d.rows(), d.cols());
  for (Eigen::Index i = 0; i < d.size(); ++i) {
    const double x = std::max<double>(d.data()[i], least), inverse = 1 / x;
    out.data()[i] = static_cast<float>(gain_ * (0.25 * x * x + inverse * (0.25 * root + inverse * (-1.375 + inverse * 0.625 * root)) + shift));
  }
  return out;
}

NoiseSpectrum measure_spectrum(const Plane& stabilised, double cut) {
  if (stabilised.rows() < 64 || stabilised.cols() < 64) throw InputError("picture", fmt::format("is {} x {} pixels", stabilised.rows(), stabilised.cols()), "noise is measured on 64 x 64 pixels and more");
  const Plane smooth = gaussian_filtered(stabilised, 4);
  std::vector<std::pair<float, std::pair<int, int>>> slopes;
  for (Eigen::Index r = 0; r + 8 <= smooth.rows(); r += 8)
    for (Eigen::Index c = 0; c + 8 <= smooth.cols(); c += 8) {
      const auto block = smooth.block<8, 8>(r, c);
      const float down = (block.row(7) - block.row(0)).square().mean(), right = (block.col(7) - block.col(0)).square().mean();
      slopes.push_back({down + right, {static_cast<int>(r), static_cast<int>(c)}});
    }
  std::sort(slopes.begin(), slopes.end());
  NoiseSpectrum out;
  out.blocks = std::max<int>(16, static_cast<int>(slopes.size()) / 10);
  out.blocks = std::min<int>(out.blocks, static_cast<int>(slopes.size()));
  Eigen::Array<double, 8, 8, Eigen::RowMajor> power = Eigen::Array<double, 8, 8, Eigen::RowMajor>::Zero();
  for (int b = 0; b < out.blocks; ++b) power += image::forward(stabilised, slopes[b].second.first, slopes[b].second.second).array().square().cast<double>();
  const double fine = power.block<4, 4>(4, 4).mean();
  if (!(fine > 0)) return out;
  power /= fine;
  out.coarse = (power(0, 1) + power(1, 0) + power(1, 1)) / 3;
  out.correlated = out.coarse > cut;
  if (out.correlated) {
    power(0, 0) = std::max({power(0, 1), power(1, 0), 1.0});      // the mean of a block is its light
    out.power = power.max(1.0).cast<float>();
  }
  return out;
}

}  // namespace hyped
