// Errors and similarities of pictures, in double whatever the pictures were stored in.
#include "libhyped/image/quality/picture_metrics.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace hyped {
namespace {

void check_alike(const ExactPlane& a, const ExactPlane& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols())
    throw InputError("pictures", fmt::format("one is {} x {}, the other {} x {} pixels", a.rows(), a.cols(), b.rows(), b.cols()), "compare pictures of one shape");
  if (a.size() == 0) throw InputError("pictures", "have no pixels");
  if (!a.allFinite() || !b.allFinite()) throw InputError("pictures", "hold values that are not finite", "mark or repair them first");
}

// Weighted means over windows that lie wholly inside: [H - n + 1 x W - n + 1].
ExactPlane window_means(const ExactPlane& x, const Eigen::VectorXd& taps) {
  const Eigen::Index n = taps.size(), rows = x.rows() - n + 1, cols = x.cols() - n + 1;
  ExactPlane across = ExactPlane::Zero(x.rows(), cols);
  for (Eigen::Index k = 0; k < n; ++k) across += taps[k] * x.middleCols(k, cols);
  ExactPlane out = ExactPlane::Zero(rows, cols);
  for (Eigen::Index k = 0; k < n; ++k) out += taps[k] * across.middleRows(k, rows);
  return out;
}

}  // namespace

double mean_squared_error(const ExactPlane& a, const ExactPlane& b) {
  check_alike(a, b);
  return (a - b).square().mean();
}

double peak_signal_to_noise(double mse, double peak) {
  if (!(peak > 0) || !std::isfinite(peak)) throw InputError("peak", fmt::format("is {}", peak), "give the greatest value the camera can reach, 16383 for 14 bits");
  if (mse == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(peak * peak / mse);
}

double psnr_paper(double mse_of_unit_scale) { return peak_signal_to_noise(mse_of_unit_scale, 255); }

double structural_similarity(const ExactPlane& a, const ExactPlane& b, double range, SimilarityWindow window) {
  check_alike(a, b);
  if (!(range > 0) || !std::isfinite(range)) throw InputError("range of values", fmt::format("is {}", range), "give the range of the values, 1 for pictures in [0, 1]");
  const int width = window == SimilarityWindow::uniform ? 7 : 11;
  if (a.rows() < width || a.cols() < width)
    throw InputError("pictures", fmt::format("are {} x {} pixels; the window is {} wide", a.rows(), a.cols(), width), "compare larger pictures");
  Eigen::VectorXd taps = Eigen::VectorXd::Ones(width);
  if (window != SimilarityWindow::uniform)
    for (int k = 0; k < width; ++k) taps[k] = std::exp(-0.5 * (k - width / 2) * (k - width / 2) / (1.5 * 1.5));
  taps /= taps.sum();
  const double n = width * width, sample = window == SimilarityWindow::gaussian ? 1 : n / (n - 1);
  const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
  // About a common middle, so that squares of bright pictures do not cancel.
  const double middle = 0.5 * (a.mean() + b.mean());
  const ExactPlane x = a - middle, y = b - middle;
  const ExactPlane mx = window_means(x, taps), my = window_means(y, taps);
  const ExactPlane vx = sample * (window_means(x * x, taps) - mx * mx), vy = sample * (window_means(y * y, taps) - my * my);
  const ExactPlane cov = sample * (window_means(x * y, taps) - mx * my);
  const ExactPlane ux = mx + middle, uy = my + middle;
  return ((2 * ux * uy + c1) * (2 * cov + c2) / ((ux * ux + uy * uy + c1) * (vx + vy + c2))).mean();
}

ContrastRatios contrast_ratios(const ExactPlane& picture, const Labels& nuclei) {
  if (picture.rows() != nuclei.rows() || picture.cols() != nuclei.cols())
    throw InputError("labels", fmt::format("are {} x {}, the picture {} x {} pixels", nuclei.rows(), nuclei.cols(), picture.rows(), picture.cols()), "label the same frame");
  ContrastRatios out;
  double sum[2] = {0, 0}, squares[2] = {0, 0};
  long count[2] = {0, 0};
  for (Eigen::Index i = 0; i < picture.size(); ++i) {
    const int side = nuclei.data()[i] > 0;
    sum[side] += picture.data()[i];
    squares[side] += picture.data()[i] * picture.data()[i];
    ++count[side];
  }
  out.outside = count[0];
  out.inside = count[1];
  if (!count[0] || !count[1]) {
    out.outcome = {Status::not_finite, count[1] ? "every pixel is inside a nucleus" : "no pixel is inside a nucleus"};
    return out;
  }
  const double outside = sum[0] / count[0], inside = sum[1] / count[1];
  double variance = 0;
  for (Eigen::Index i = 0; i < picture.size(); ++i)
    if (nuclei.data()[i] <= 0) variance += (picture.data()[i] - outside) * (picture.data()[i] - outside);
  variance /= count[0];
  if (!(variance > 0) || !(inside > 0) || !(squares[0] > 0)) {
    out.outcome = {Status::not_finite, variance > 0 ? "nothing shines inside the nuclei" : "pixels outside nuclei are all alike"};
    return out;
  }
  const double sd = std::sqrt(variance), power = squares[1] / count[1];
  out.mean_over_sd = inside / sd;
  out.mean_over_sd_db = 20 * std::log10(out.mean_over_sd);
  out.power_over_variance_db = 10 * std::log10(power / variance);
  out.power_db = 10 * std::log10(power / (squares[0] / count[0]));
  out.contrast_to_noise = (inside - outside) / sd;
  return out;
}

}  // namespace hyped
