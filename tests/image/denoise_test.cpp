// Noise measured and taken away: known noise, unbiased inverse, light that stays, and a test without a clean picture.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cmath>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/denoise/sliding_cosines.hpp"
#include "libhyped/image/quality/picture_metrics.hpp"
#include "libhyped/image/quality/without_reference.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {

constexpr int side = 384;

// Blurred discs on a background with a gentle slope; `labels` are the discs.
Plane clean_nuclei(double light, Labels& labels) {
  Plane out(side, side);
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < side; ++c) out(r, c) = 60 + 0.05F * static_cast<float>(c);
  labels = Labels::Zero(side, side);
  RandomStream random(21, 0, 0);
  int number = 0;
  for (int r = 24; r < side - 24; r += 38)
    for (int c = 24; c < side - 24; c += 38) {
      ++number;
      const double radius = 6 + 3 * random.uniform(), row = r + 6 * random.uniform(), column = c + 6 * random.uniform(), own = light * (0.5 + random.uniform());
      for (int i = r - 14; i < r + 20; ++i)
        for (int k = c - 14; k < c + 20; ++k)
          if (const double d = std::hypot(i - row, k - column); d < radius) {
            out(i, k) += static_cast<float>(own * (1 + 0.15 * std::sin(0.5 * i + number) * std::cos(0.4 * k)));
            labels(i, k) = number;
          }
    }
  return gaussian_filtered(out, 1.2);
}

Plane with_noise(const Plane& clean, double gain, double read, double pedestal, std::uint64_t seed) {
  Plane out(clean.rows(), clean.cols());
  RandomStream random(seed, 0, 0);
  for (Eigen::Index i = 0; i < out.size(); ++i) out.data()[i] = static_cast<float>(gain * static_cast<double>(random.poisson(clean.data()[i] / gain)) + read * random.normal() + pedestal);
  return out;
}

struct Moved {
  double mean = 0, worst = 0;
};
Moved moved_inside(const Plane& raw, const Plane& denoised, const Labels& labels, double pedestal) {
  Moved out;
  const int count = labels.maxCoeff();
  for (int k = 1; k <= count; ++k) {
    double before = 0, after = 0;
    for (Eigen::Index i = 0; i < raw.size(); ++i)
      if (labels.data()[i] == k) before += raw.data()[i] - pedestal, after += denoised.data()[i] - pedestal;
    out.mean += (after / before - 1) / count;
    out.worst = std::max(out.worst, std::abs(after / before - 1));
  }
  return out;
}

}  // namespace

TEST_CASE("gain and pedestal of known noise are found") {
  Labels labels;
  const Plane clean = clean_nuclei(300, labels);
  for (const auto& [gain, read, pedestal] : {std::tuple{2.0, 0.0, 100.0}, {5.0, 3.0, 0.0}, {1.0, 6.0, 200.0}}) {
    double gains = 0, offsets = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const NoiseModel noise = measure_noise(with_noise(clean, gain, read, pedestal, seed));
      REQUIRE(noise.outcome.ok());
      gains += noise.gain / 4, offsets += noise.offset / 4;
    }
    INFO(gain << " " << read << " " << pedestal << ": " << gains << " " << offsets);
    // Nuclei as small as a block: their edges add to the differences of bright blocks, so the gain comes out too large, the more the less noise there is.
    CHECK(gains == Approx(gain).epsilon(0.2));
    CHECK(gains > 0.97 * gain);
    CHECK(offsets == Approx(read * read - gain * pedestal).margin(0.25 * gain * (150 + pedestal)));
  }
}

TEST_CASE("the stabilised picture has unit variance and the inverse no bias") {
  for (const double mean : {2.0, 5.0, 20.0, 200.0}) {      // photo-electrons
    NoiseModel noise;
    noise.gain = 3, noise.offset = 3 * 3 * 0.5;
    const VarianceStabiliser stabiliser(noise);
    Plane z(500, 500);
    RandomStream random(4, 0, 0);
    for (Eigen::Index i = 0; i < z.size(); ++i) z.data()[i] = static_cast<float>(3 * static_cast<double>(random.poisson(mean)) + std::sqrt(4.5) * random.normal());
    const Plane d = stabiliser.apply(z);
    const double average = d.cast<double>().mean(), variance = (d.cast<double>() - average).square().mean();
    INFO(mean);
    CHECK(variance == Approx(1).margin(mean < 4 ? 0.15 : 0.03));
    const Plane back = stabiliser.invert(Plane::Constant(1, 1, static_cast<float>(average)));
    CHECK(back(0, 0) == Approx(3 * mean).epsilon(mean < 4 ? 0.02 : 0.004));      // standard error of the mean: .0014 of it at 2 electrons; the closed form itself is within .5 %
    const double algebraic = 3 * (0.25 * average * average - 0.375) - noise.offset / 3;
    CHECK(std::abs(algebraic / (3 * mean) - 1) > 0.2 / mean);      // what the plain inverse would give: a quarter of an electron too little
  }
}

TEST_CASE("denoising moves the light of nuclei by less than half a percent") {
  Labels labels;
  for (const double light : {150.0, 500.0}) {
    const Plane clean = clean_nuclei(light, labels), raw = with_noise(clean, 1.7, 3, 100, 5);
    const Denoised done = denoise(raw);
    REQUIRE(done.outcome.ok());
    CHECK_FALSE(done.spectrum.correlated);
    const Moved moved = moved_inside(raw, done.picture, labels, 100);
    const double before = (raw - 100 - clean).square().mean(), after = (done.picture - 100 - clean).square().mean();
    fmt::print("nuclei of {} counts above 60: light moved by {:+.3f} % (mean), {:.2f} % (worst of {}); error {:.2f} -> {:.2f} counts\n", light, 100 * moved.mean, 100 * moved.worst, labels.maxCoeff(), std::sqrt(before), std::sqrt(after));
    CHECK(std::abs(moved.mean) < 0.005);
    CHECK(after < 0.16 * before);
  }
}

TEST_CASE("denoising does not depend on the number of threads") {
  Labels labels;
  const Plane raw = with_noise(clean_nuclei(200, labels), 2, 2, 50, 9);
  set_threads(1);
  const Plane one = denoise(raw).picture;
  set_threads(3);
  const Plane three = denoise(raw).picture;
  set_threads(0);
  CHECK((one == three).all());
}

TEST_CASE("thinning orders denoisers as the clean picture does") {
  Labels labels;
  const Plane clean = clean_nuclei(300, labels), raw = with_noise(clean, 2, 0, 0, 3);
  const NoiseModel noise = measure_noise(raw);
  const NoiseSpectrum spectrum = measure_spectrum(VarianceStabiliser(noise).apply(raw));
  const std::vector<std::pair<const char*, Denoiser>> methods{{"cosines", [](const Plane& p) { return denoise(p).picture; }}, {"Gauss 1", [](const Plane& p) { return gaussian_filtered(p, 1); }}, {"Gauss 4", [](const Plane& p) { return gaussian_filtered(p, 4); }}, {"nothing", [](const Plane& p) { return p; }}};
  std::vector<double> thinned, real;
  for (const auto& [name, method] : methods) {
    const ThinnedScore score = thinned_score(raw, noise, spectrum, method, 1);
    REQUIRE(score.outcome.ok());
    // The same at half the light with the clean picture known: the half is Poisson of half the electrons, doubled.
    Plane half = with_noise(clean / 2, 2, 0, 0, 8) * 2;
    const double truth = (method(half) - clean).square().mean();
    fmt::print("{}: thinned error {:.1f} +- {:.1f}, real error at half the light {:.1f}\n", name, score.error, score.error_sd, truth);
    CHECK(score.error == Approx(truth).epsilon(0.12).margin(0.02 * 2 * 2 * clean.mean()));      // the gain is known to a few percent, and the other half's variance with it
    thinned.push_back(score.error);
    real.push_back(truth);
  }
  for (std::size_t a = 0; a < real.size(); ++a)
    for (std::size_t b = 0; b < real.size(); ++b)
      if (real[a] < 0.9 * real[b]) CHECK(thinned[a] < thinned[b]);
  NoiseSpectrum shared = spectrum;
  shared.correlated = true;
  CHECK(thinned_score(raw, noise, shared, methods[1].second, 1).outcome.status == Status::not_identifiable);
}

TEST_CASE("what a good denoiser takes away is white") {
  Labels labels;
  const Plane clean = clean_nuclei(300, labels), raw = with_noise(clean, 2, 2, 0, 3);
  const NoiseModel noise = measure_noise(raw);
  const Residual good = residual_of(raw, denoise(raw).picture, noise), blurred = residual_of(raw, gaussian_filtered(raw, 4), noise), nothing = residual_of(raw, raw, noise);
  CHECK(good.variance == Approx(1).margin(0.15));      // less than 1: the gain is a little too large, and some noise stays in the picture
  CHECK(std::abs(good.lag_row) < 0.08);
  CHECK(std::abs(good.lag_column) < 0.08);
  CHECK(blurred.lag_row > 0.3);      // edges were taken away too
  CHECK(blurred.variance > 2);
  CHECK_FALSE(nothing.outcome.ok());
}

TEST_CASE("pictures without noise, without light or too small are said") {
  CHECK_THROWS_AS(measure_noise(Plane::Constant(20, 20, 1)), InputError);
  CHECK_THROWS_AS(measure_noise(Plane::Constant(100, 100, NAN)), InputError);
  const Denoised flat = denoise(Plane::Constant(100, 100, 7));
  CHECK_FALSE(flat.outcome.ok());
  CHECK((flat.picture == 7).all());
  CHECK_FALSE(measure_noise(Plane::Constant(100, 100, 16383), 16383).outcome.ok());
  CosineOptions options;
  options.step = 0;
  CHECK_THROWS_AS(denoise(Plane::Constant(100, 100, 7), options), InputError);
  CHECK_THROWS_AS(median_filtered(Plane::Constant(10, 10, 1), 4), InputError);
  CHECK_THROWS_AS(gaussian_filtered(Plane::Constant(10, 10, 1), 0), InputError);
}

TEST_CASE("metrics refuse what cannot be compared") {
  const ExactPlane a = ExactPlane::Constant(20, 20, 0.5);
  CHECK_THROWS_AS(mean_squared_error(a, ExactPlane::Constant(20, 21, 0.5)), InputError);
  CHECK_THROWS_AS(peak_signal_to_noise(0.1, 0), InputError);
  CHECK_THROWS_AS(structural_similarity(a.topRows(5), a.topRows(5), 1), InputError);
  CHECK(std::isinf(peak_signal_to_noise(0, 1)));
  CHECK(structural_similarity(a, a, 1) == Approx(1));
  CHECK(psnr_paper(0.000146) - peak_signal_to_noise(0.000146, 1) == Approx(20 * std::log10(255.0)));
  // The paper's Table 4: its rounded mse means a PSNR between these two, and 86.4806 is printed.
  CHECK(psnr_paper(0.0001465) < 86.4806);
  CHECK(psnr_paper(0.0001455) > 86.4806);
  CHECK_FALSE(contrast_ratios(a, Labels::Zero(20, 20)).outcome.ok());
  CHECK_THROWS_AS(contrast_ratios(a, Labels::Zero(19, 20)), InputError);
}
