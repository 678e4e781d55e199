// Expectation-maximisation of a normal and a log-normal.
#include "libhyped/image/phases/reporter_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hyped {
namespace {

double normal_density(double x, double mean, double sd) { return std::exp(-0.5 * std::pow((x - mean) / sd, 2)) / (sd * std::sqrt(2 * std::numbers::pi)); }

}  // namespace

double ReporterMixture::dark_density(double light) const { return 0.99 * normal_density(light, dark_mean, dark_sd) + 0.01 * normal_density(light, dark_mean, 4 * dark_sd); }
double ReporterMixture::bright_density(double light) const {
  const double above = light - dark_mean;
  return above > 0 ? normal_density(std::log(above), log_bright, log_bright_sd) / above : 0;
}
double ReporterMixture::on(double light) const {
  // one where both densities have vanished: very bright
  const double bright = share_bright * bright_density(light), dark = (1 - share_bright) * dark_density(light);
  if (bright + dark < 1e-280) return light > dark_mean ? 1 : 0;
  return bright / (bright + dark);
}

ReporterMixture fit_reporter_mixture(const std::vector<double>& light, double noise) {
  ReporterMixture out;
  out.dark_sd = noise;
  std::vector<double> x;
  for (const double value : light)
    if (std::isfinite(value)) x.push_back(value);
  out.nuclei = static_cast<int>(x.size());
  double sum = 0, square = 0;
  long bright = 0;
  for (const double value : x)
    if (value > 5 * noise) ++bright, sum += std::log(value), square += std::log(value) * std::log(value);
  const long dark = out.nuclei - bright;
  if (bright >= 2) {
    out.log_bright = sum / static_cast<double>(bright);
    out.log_bright_sd = std::max(0.2, std::sqrt(std::max(0.0, square / static_cast<double>(bright) - out.log_bright * out.log_bright)));
  } else {
    out.log_bright = std::log(20 * noise);
  }
  out.share_bright = std::clamp(static_cast<double>(bright) / std::max(1, out.nuclei), 1e-3, 1 - 1e-3);
  out.separation = std::exp(out.log_bright) / out.dark_sd;
  if (bright < 20 || dark < 20) {
    out.outcome = {Status::singular, bright < 20 ? "fewer than 20 bright nuclei" : "fewer than 20 dark nuclei"};
    return out;
  }
  for (out.iterations = 1; out.iterations <= 200; ++out.iterations) {
    double on = 0, log_sum = 0, log_square = 0, off = 0, off_sum = 0, off_square = 0;
    for (const double value : x) {
      const double p = out.on(value), q = 1 - p;
      off += q, off_sum += q * value;
      if (value > out.dark_mean) {
        const double l = std::log(value - out.dark_mean);
        on += p, log_sum += p * l, log_square += p * l * l;
      }
    }
    if (on < 10 || off < 10) break;
    const double mean = off_sum / off;
    for (const double value : x) {      // the wide part's nuclei count by what they say of the narrow sd
      const double tail = 0.01 * normal_density(value, out.dark_mean, 4 * out.dark_sd), wide = tail / (out.dark_density(value) + 1e-300);
      off_square += (1 - out.on(value)) * (value - mean) * (value - mean) * (1 - wide + wide / 16);
    }
    const double before = out.share_bright;
    // the dark part stays near what the dark nuclei showed: it is known better than a mixture can tell it
    out.dark_mean = std::clamp(mean, -1.5 * noise, 1.5 * noise);
    out.dark_sd = std::clamp(std::sqrt(off_square / off), 0.6 * noise, 1.8 * noise);
    out.log_bright = log_sum / on;
    out.log_bright_sd = std::clamp(std::sqrt(std::max(0.0, log_square / on - out.log_bright * out.log_bright)), 0.15, 2.0);
    out.share_bright = std::clamp(on / static_cast<double>(x.size()), 1e-3, 1 - 1e-3);
    if (std::abs(out.share_bright - before) < 1e-8) break;
  }
  out.separation = std::exp(out.log_bright) / out.dark_sd;
  return out;
}

}  // namespace hyped
