// Sliding cosine transforms in bands of rows: each band adds up for itself, bands are joined in order.
#include "libhyped/image/denoise/sliding_cosines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "libhyped/image/denoise/block_cosines.hpp"
#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

using image::Block;

// Positions of blocks along one side: every step, and the last one that fits.
std::vector<int> positions(Eigen::Index length, int step) {
  std::vector<int> out;
  for (int i = 0; i + 8 <= length; i += step) out.push_back(i);
  if (out.back() + 8 < length) out.push_back(static_cast<int>(length) - 8);
  return out;
}

// Calls filter(row, column, block) -> weight for every block, which it changes; the weighted mean of all blocks over each pixel.
template <class Filter>
Plane over_blocks(const Plane& picture, int step, const Filter& filter) {
  const std::vector<int> down = positions(picture.rows(), step), right = positions(picture.cols(), step);
  constexpr int rows_of_blocks = 32;
  const int bands = static_cast<int>((down.size() + rows_of_blocks - 1) / rows_of_blocks);
  std::vector<Plane> sum(bands), weight(bands);
  parallel_for(bands, [&](int b) {
    const int first = b * rows_of_blocks, last = std::min<int>(static_cast<int>(down.size()), first + rows_of_blocks) - 1;
    const int top = down[first], height = down[last] + 8 - top;
    sum[b] = Plane::Zero(height, picture.cols());
    weight[b] = Plane::Zero(height, picture.cols());
    for (int i = first; i <= last; ++i)
      for (const int c : right) {
        Block block;
        const float w = filter(down[i], c, block);
        sum[b].block<8, 8>(down[i] - top, c) += w * block.array();
        weight[b].block<8, 8>(down[i] - top, c) += w;
      }
  });
  Plane total = Plane::Zero(picture.rows(), picture.cols()), weights = total;
  for (int b = 0; b < bands; ++b) {
    total.middleRows(down[b * rows_of_blocks], sum[b].rows()) += sum[b];
    weights.middleRows(down[b * rows_of_blocks], sum[b].rows()) += weight[b];
  }
  return total / weights;
}

}  // namespace

Denoised denoise(const Plane& picture, const CosineOptions& options) {
  if (options.step < 1 || options.step > 8) throw InputError("step", fmt::format("is {}", options.step), "give 1 to 8 pixels");
  if (!(options.threshold > 0)) throw InputError("threshold", fmt::format("is {}", options.threshold), "give a positive multiple of the noise");
  Denoised out;
  out.noise = measure_noise(picture, options.white_level);
  if (!(out.noise.gain > 0) && !(out.noise.offset > 0)) {
    out.picture = picture;
    out.outcome = out.noise.outcome;
    return out;
  }
  const VarianceStabiliser stabiliser(out.noise);
  const Plane noisy = stabiliser.apply(picture);
  out.spectrum = measure_spectrum(noisy);
  const BlockSpectrum power = out.spectrum.power, limit = static_cast<float>(options.threshold) * power.sqrt();
  const Plane pilot = over_blocks(noisy, options.step, [&](int row, int column, Block& block) {
    Block c = image::forward(noisy, row, column);
    const float mean = c(0, 0);
    const Eigen::Array<float, 8, 8, Eigen::RowMajor> kept = (c.array().abs() > limit).cast<float>();
    c.array() *= kept;
    c(0, 0) = mean;
    const float left = (kept * power).sum() + (kept(0, 0) == 0 ? power(0, 0) : 0);
    block = image::backward(c);
    return 1 / left;
  });
  const Plane clean = over_blocks(noisy, options.step, [&](int row, int column, Block& block) {
    const Eigen::Array<float, 8, 8, Eigen::RowMajor> guess = image::forward(pilot, row, column).array().square();
    Eigen::Array<float, 8, 8, Eigen::RowMajor> share = guess / (guess + power);
    share(0, 0) = 1;
    block = image::backward((image::forward(noisy, row, column).array() * share).matrix());
    return 1 / (share.square() * power).sum();
  });
  out.picture = stabiliser.invert(clean, power.mean());
  // Weak texture is lost as square roots, and with it the light its squares would have brought back; noise that neighbours share has more variance than one. Both leave the picture
  // too dark by up to a few percent. The light is put back where it is missing, over a width that hardly brings noise along.
  out.picture += gaussian_filtered(picture - out.picture, out.spectrum.correlated ? 8 : 4);
  return out;
}

}  // namespace hyped
