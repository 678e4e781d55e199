// Convolutions as products of matrices, their gradients, Adam, and FM2S's noise.
#include "libhyped/image/denoise/small_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

using Maps = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;      // [channels x pixels]

struct Shape {
  Eigen::Index rows = 0, cols = 0;
  Eigen::Index pixels() const { return rows * cols; }
};

// Every pixel's neighbourhood as a column: [channels width^2 x pixels], zeros beyond the edge.
void unfold(const Maps& x, const Shape& shape, int width, Maps& out) {
  const int radius = width / 2;
  out.setZero(x.rows() * width * width, shape.pixels());
  Eigen::Index at = 0;
  for (Eigen::Index c = 0; c < x.rows(); ++c)
    for (int i = -radius; i <= radius; ++i)
      for (int k = -radius; k <= radius; ++k, ++at) {
        const Eigen::Index left = std::max(0, -k), count = shape.cols - std::abs(k);
        for (Eigen::Index r = std::max(0, -i); r < shape.rows - std::max(0, i); ++r)
          out.row(at).segment(r * shape.cols + left, count) = x.row(c).segment((r + i) * shape.cols + left + k, count);
      }
}
// The transposed of unfold: adds every neighbourhood back.
void fold(const Maps& columns, const Shape& shape, int width, Maps& out) {
  const int radius = width / 2;
  out.setZero(columns.rows() / (width * width), shape.pixels());
  Eigen::Index at = 0;
  for (Eigen::Index c = 0; c < out.rows(); ++c)
    for (int i = -radius; i <= radius; ++i)
      for (int k = -radius; k <= radius; ++k, ++at) {
        const Eigen::Index left = std::max(0, -k), count = shape.cols - std::abs(k);
        for (Eigen::Index r = std::max(0, -i); r < shape.rows - std::max(0, i); ++r)
          out.row(c).segment((r + i) * shape.cols + left + k, count) += columns.row(at).segment(r * shape.cols + left, count);
      }
}

// Values with what Adam (Kingma & Ba 2015) remembers of their gradients.
struct Weights {
  Maps value, gradient, mean, square;
  void size(Eigen::Index rows, Eigen::Index cols) {
    value.setZero(rows, cols);
    mean.setZero(rows, cols);
    square.setZero(rows, cols);
  }
  void step(int number) {
    constexpr float rate = 1e-3F, keep = 0.9F, keep_square = 0.999F;
    mean = keep * mean + (1 - keep) * gradient;
    square = keep_square * square + (1 - keep_square) * gradient.cwiseAbs2();
    const float a = 1 - std::pow(keep, static_cast<float>(number)), b = 1 - std::pow(keep_square, static_cast<float>(number));
    value.array() -= rate * (mean.array() / a) / ((square.array() / b).sqrt() + 1e-8F);
  }
};

class Layer {
 public:
  Layer(int in, int out, int width, bool ramp, RandomStream& random) : width_(width), ramp_(ramp) {
    weights_.size(out, static_cast<Eigen::Index>(in) * width * width);
    offsets_.size(out, 1);
    const double bound = 1 / std::sqrt(static_cast<double>(in) * width * width);      // PyTorch's start
    for (Weights* w : {&weights_, &offsets_})
      for (Eigen::Index i = 0; i < w->value.size(); ++i) w->value.data()[i] = static_cast<float>(bound * (2 * random.uniform() - 1));
  }
  const Maps& forward(const Maps& x, const Shape& shape) {
    unfold(x, shape, width_, columns_);
    out_.noalias() = weights_.value * columns_;
    out_.colwise() += offsets_.value.col(0);
    if (ramp_) out_ = out_.cwiseMax(1e-3F * out_);
    return out_;
  }
  // From the gradient of the output that of the weights, and of the input if it is asked for.
  void backward(Maps gradient, const Shape& shape, Maps* input) {
    if (ramp_) gradient.array() *= (out_.array() > 0).select(Maps::Ones(out_.rows(), out_.cols()).array(), 1e-3F);
    weights_.gradient.noalias() = gradient * columns_.transpose();
    offsets_.gradient = gradient.rowwise().sum();
    if (!input) return;
    spread_.noalias() = weights_.value.transpose() * gradient;
    fold(spread_, shape, width_, *input);
  }
  void step(int number) {
    weights_.step(number);
    offsets_.step(number);
  }

 private:
  int width_;
  bool ramp_;
  Weights weights_, offsets_;
  Maps columns_, out_, spread_;
};

class Network {
 public:
  Network(int channels, RandomStream& random) : layers_{Layer(channels, 24, 5, true, random), Layer(24, 12, 3, true, random), Layer(12, channels, 5, false, random)} {}
  const Maps& forward(const Maps& x, const Shape& shape) { return layers_[2].forward(layers_[1].forward(layers_[0].forward(x, shape), shape), shape); }
  // One step on the mean square against the target; gives the loss before it.
  double learn(const Maps& x, const Maps& target, const Shape& shape) {
    const Maps difference = forward(x, shape) - target;
    const double loss = difference.cast<double>().squaredNorm() / static_cast<double>(difference.size());
    Maps second, first;
    layers_[2].backward(difference * (2.0F / static_cast<float>(difference.size())), shape, &second);
    layers_[1].backward(second, shape, &first);
    layers_[0].backward(first, shape, nullptr);
    ++steps_;
    for (Layer& layer : layers_) layer.step(steps_);
    return loss;
  }
  int steps() const { return steps_; }

 private:
  std::vector<Layer> layers_;
  int steps_ = 0;
};

// The target with noise: by blocks, photons and Gaussian noise that grow with the block's brightness, then photons over all.
void make_noisy(const Maps& target, const Shape& shape, const SmallNetworkOptions& o, RandomStream& random, Maps& out) {
  out.resize(target.rows(), target.cols());
  for (Eigen::Index c = 0; c < target.rows(); ++c)
    for (Eigen::Index top = 0; top < shape.rows; top += o.block)
      for (Eigen::Index left = 0; left < shape.cols; left += o.block) {
        const Eigen::Index rows = std::min<Eigen::Index>(o.block, shape.rows - top), cols = std::min<Eigen::Index>(o.block, shape.cols - left);
        double mean = 0;
        for (Eigen::Index r = top; r < top + rows; ++r) mean += target.row(c).segment(r * shape.cols + left, cols).cast<double>().sum();
        const double level = std::clamp(mean / static_cast<double>(rows * cols), 1e-5, 0.15), scale = o.photons / level;
        for (Eigen::Index r = top; r < top + rows; ++r)
          for (Eigen::Index k = left; k < left + cols; ++k) {
            const Eigen::Index i = r * shape.cols + k;
            const double light = std::max<double>(0, target(c, i));
            const double noisy = std::clamp(static_cast<double>(random.poisson(light * scale)) / scale + o.gaussian * level / 255 * random.normal(), 0.0, 1.0);
            out(c, i) = static_cast<float>(std::clamp(static_cast<double>(random.poisson(noisy * o.global_photons)) / o.global_photons, 0.0, 1.0));
          }
      }
}

Maps copies_of(const Plane& picture, int channels) {
  Maps out(channels, picture.size());
  for (int c = 0; c < channels; ++c) out.row(c) = Eigen::Map<const Eigen::Matrix<float, 1, Eigen::Dynamic>>(picture.data(), picture.size());
  return out;
}

// Corner of the crop whose values spread most, on a grid of half crops.
std::pair<Eigen::Index, Eigen::Index> liveliest(const Plane& picture, int crop) {
  std::pair<Eigen::Index, Eigen::Index> best{0, 0};
  float most = -1;
  for (Eigen::Index r = 0; r + crop <= picture.rows(); r += std::max(1, crop / 2))
    for (Eigen::Index c = 0; c + crop <= picture.cols(); c += std::max(1, crop / 2)) {
      const Plane here = picture.block(r, c, crop, crop);
      if (const float spread = (here - here.mean()).square().mean(); spread > most) most = spread, best = {r, c};
    }
  return best;
}

}  // namespace

SmallNetworkResult denoise_by_small_network(const Plane& picture, const SmallNetworkOptions& o) {
  if (o.channels < 1 || o.channels > 16 || o.draws < 1 || o.steps < 1 || o.block < 2) throw InputError("network", "settings are out of range", "give 1 to 16 channels, 1 or more draws and steps");
  if (!(o.range > 0) || !(o.photons > 0) || !(o.global_photons > 0) || o.gaussian < 0) throw InputError("network", "noise settings are out of range", "photons and range are positive");
  if (o.crop < 16 || picture.rows() < o.crop || picture.cols() < o.crop) throw InputError("picture", fmt::format("is {} x {} pixels, the crop {}", picture.rows(), picture.cols(), o.crop), "take a crop of 16 or more that fits");
  if (!picture.allFinite()) throw InputError("picture", "holds values that are not finite", "mark or repair them first");
  const Plane scaled = picture / static_cast<float>(o.range);
  SmallNetworkResult out;
  const auto corner = o.crop_row >= 0 ? std::pair<Eigen::Index, Eigen::Index>{o.crop_row, std::max(0, o.crop_column)} : liveliest(scaled, o.crop);
  out.crop_row = static_cast<int>(corner.first), out.crop_column = static_cast<int>(corner.second);
  if (corner.first + o.crop > scaled.rows() || corner.second + o.crop > scaled.cols()) throw InputError("crop", "reaches beyond the picture", "move it");
  const Plane raw = scaled.block(corner.first, corner.second, o.crop, o.crop);
  const Shape square{o.crop, o.crop};
  const Maps target = copies_of(median_filtered(raw, o.median), o.channels), start = copies_of(raw, o.channels);
  RandomStream random(o.seed, 1, 0), noise(o.seed, 2, 0);
  Network network(o.channels, random);
  for (int k = 0; k < o.steps; ++k) network.learn(start, target, square);
  Maps noisy;
  for (int draw = 0; draw < o.draws; ++draw) {
    make_noisy(target, square, o, noise, noisy);
    for (int k = 0; k < o.steps; ++k) {
      out.last_loss = network.learn(noisy, target, square);
      if (draw == 0 && k == 0) out.first_loss = out.last_loss;
    }
    if (!std::isfinite(out.last_loss)) {
      out.outcome = {Status::not_finite, fmt::format("training ran away at draw {}", draw)};
      out.picture = picture;
      return out;
    }
  }
  out.steps = network.steps();
  // In bands with an apron of the network's reach (2 + 1 + 2), so that memory does not grow with the picture.
  constexpr Eigen::Index reach = 5, band = 64;
  out.picture.resize(picture.rows(), picture.cols());
  for (Eigen::Index top = 0; top < picture.rows(); top += band) {
    const Eigen::Index first = std::max<Eigen::Index>(0, top - reach), last = std::min(picture.rows(), top + band + reach);
    const Plane part = scaled.middleRows(first, last - first);
    const Maps& result = network.forward(copies_of(part, o.channels), {part.rows(), part.cols()});
    const Eigen::Matrix<float, 1, Eigen::Dynamic> mean = result.colwise().mean();
    for (Eigen::Index r = top; r < std::min(picture.rows(), top + band); ++r) out.picture.row(r) = mean.segment((r - first) * picture.cols(), picture.cols()).array();
  }
  out.picture = out.picture.max(0.F).min(1.F) * static_cast<float>(o.range);
  return out;
}

}  // namespace hyped
