// Thinning of photo-electrons and the residual of a denoiser.
#include "libhyped/image/quality/without_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

void check_shapes(const Plane& a, const Plane& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) throw InputError("pictures", fmt::format("one is {} x {}, the other {} x {} pixels", a.rows(), a.cols(), b.rows(), b.cols()), "compare pictures of one shape");
}

}  // namespace

ThinnedScore thinned_score(const Plane& picture, const NoiseModel& noise, const NoiseSpectrum& spectrum, const Denoiser& denoiser, std::uint64_t seed, int repeats) {
  if (repeats < 2) throw InputError("repeats", fmt::format("are {}", repeats), "give 2 or more");
  ThinnedScore out;
  out.repeats = repeats;
  const auto fail = [&](const char* why) {
    out.outcome = {Status::not_identifiable, why};
    return out;
  };
  if (!(noise.gain > 0)) return fail("the noise does not grow with brightness: photo-electrons cannot be counted");
  if (spectrum.correlated) return fail("neighbouring pixels share noise: the two halves would not be independent");
  const double pedestal = noise.pedestal(), mean_light = picture.cast<double>().mean() - pedestal;
  if (!(mean_light > 0)) return fail("nothing is brighter than the pedestal");
  const double read_variance = std::max(0.0, noise.offset);
  if (read_variance > 0.2 * (noise.gain * mean_light + read_variance)) return fail("read noise is more than a fifth of the variance: it stays in both halves");
  std::vector<double> errors, raw_errors;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    Plane half(picture.rows(), picture.cols()), other = half;
    parallel_for(static_cast<int>(picture.rows()), [&](int r) {
      RandomStream stream(seed, static_cast<std::uint32_t>(repeat), static_cast<std::uint32_t>(r));
      for (Eigen::Index c = 0; c < picture.cols(); ++c) {
        const double electrons = std::max(0.0, (picture(r, c) - pedestal) / noise.gain), whole = std::floor(electrons);
        const auto counted = static_cast<std::int64_t>(whole) + (stream.uniform() < electrons - whole ? 1 : 0);
        const std::int64_t taken = stream.binomial(counted, 0.5);
        half(r, c) = static_cast<float>(pedestal + 2 * noise.gain * static_cast<double>(taken));
        other(r, c) = static_cast<float>(pedestal + 2 * noise.gain * static_cast<double>(counted - taken));
      }
    });
    // Of the other half: its shot noise, 2 gain x light, and what read noise and rounding leave in it.
    const double other_variance = 2 * noise.gain * (other.cast<double>().mean() - pedestal) + read_variance;
    const Plane cleaned = denoiser(half);
    check_shapes(cleaned, other);
    errors.push_back((cleaned - other).cast<double>().square().mean() - other_variance);
    raw_errors.push_back((half - other).cast<double>().square().mean() - other_variance);
  }
  for (int k = 0; k < repeats; ++k) out.error += errors[static_cast<std::size_t>(k)] / repeats, out.raw_error += raw_errors[static_cast<std::size_t>(k)] / repeats;
  double square = 0;
  for (const double e : errors) square += (e - out.error) * (e - out.error);
  out.error_sd = std::sqrt(square / (repeats - 1) / repeats);
  if (!(out.error > 0) || !(out.raw_error > 0)) out.outcome = {Status::not_finite, "the error is below nought: the noise was measured too large"};
  else out.psnr_gain_db = 10 * std::log10(out.raw_error / out.error);
  return out;
}

Residual residual_of(const Plane& picture, const Plane& denoised, const NoiseModel& noise) {
  check_shapes(picture, denoised);
  Residual out;
  if (!(noise.gain > 0) && !(noise.offset > 0)) {
    out.outcome = {Status::not_identifiable, "no noise was measured"};
    return out;
  }
  const double floor = noise.gain > 0 ? 0.1 * noise.gain * noise.gain + std::max(0.0, noise.offset) : noise.offset;
  ExactPlane r(picture.rows(), picture.cols());
  for (Eigen::Index i = 0; i < r.size(); ++i) {
    const double level = denoised.data()[i];
    r.data()[i] = (picture.data()[i] - level) / std::sqrt(std::max(noise.gain * level + noise.offset, std::max(floor, 1e-12)));
  }
  const double n = static_cast<double>(r.size());
  out.mean = r.mean();
  r -= out.mean;
  out.variance = r.square().mean();
  out.null_sd = 1 / std::sqrt(n);
  const ExactPlane light = denoised.cast<double>() - denoised.cast<double>().mean();
  const double light_variance = light.square().mean();
  if (!(out.variance > 0)) {
    out.outcome = {Status::not_identifiable, "nothing was taken away"};
    return out;
  }
  out.lag_row = (r.topRows(r.rows() - 1) * r.bottomRows(r.rows() - 1)).mean() / out.variance;
  out.lag_column = (r.leftCols(r.cols() - 1) * r.rightCols(r.cols() - 1)).mean() / out.variance;
  out.with_picture = light_variance > 0 ? (r * light).mean() / std::sqrt(out.variance * light_variance) : 0;
  return out;
}

}  // namespace hyped
