// One picture denoised and checked.
#include "experiments/image/denoise_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/figure.hpp"
#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/quality/without_reference.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/store/images/write_npy.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

struct Method {
  std::string name;
  Denoiser denoiser;      // none: a picture read from a file
  Plane result;
};

// Light inside the brightest twentieth of the smoothed picture, where nuclei are: by how much it moved.
double moved_inside(const Plane& picture, const Plane& denoised) {
  const Plane smooth = gaussian_filtered(picture, 3);
  std::vector<float> values(smooth.data(), smooth.data() + smooth.size());
  const auto cut = values.begin() + static_cast<long>(0.95 * static_cast<double>(values.size()));
  std::nth_element(values.begin(), cut, values.end());
  double before = 0, after = 0;
  for (Eigen::Index i = 0; i < smooth.size(); ++i)
    if (smooth.data()[i] >= *cut) before += picture.data()[i], after += denoised.data()[i];
  return before > 0 ? after / before - 1 : 0;
}

void add_noise(RunDirectory& run, const NoiseModel& noise, const NoiseSpectrum& spectrum) {
  Table table({{"level", "counts", "median of the bin"}, {"variance", "counts^2", "of the noise"}, {"line", "counts^2", "gain x level + offset"}});
  Table curve({{"panel", "", ""}, {"series", "", ""}, {"x", "", ""}, {"value", "", ""}, {"lower", "", ""}, {"upper", "", ""}});
  for (Eigen::Index b = 0; b < noise.level.size(); ++b) table.add_row({noise.level[b], noise.variance[b], noise.gain * noise.level[b] + noise.offset});
  run.add_table("noise", table, "Variance of the noise against brightness, and the line through it.");
  const double centre = noise.level.size() ? noise.level.mean() : 0;
  for (Eigen::Index b = 0; b < noise.level.size(); ++b) {
    const double line = noise.gain * noise.level[b] + noise.offset;
    const double at_centre = std::sqrt(std::max(0.0, noise.offset_error * noise.offset_error - centre * centre * noise.gain_error * noise.gain_error)), half = 1.96 * std::hypot(at_centre, noise.gain_error * (noise.level[b] - centre));
    curve.add_row({std::string("noise"), std::string("line, 95 %"), noise.level[b], line, line - half, line + half});
    curve.add_row({std::string("noise"), std::string("measured"), noise.level[b], noise.variance[b], noise.variance[b], noise.variance[b]});
  }
  Table keys({{"panel", "", ""}, {"series", "", ""}});
  for (const char* series : {"line, 95 %", "measured"}) keys.add_row({std::string("noise"), std::string(series)});
  if (noise.level.size() > 2) report::add_figure(run, {"noise", "Noise grows with brightness as photo-electrons make it; the slope is the gain.", "banded_curves", {{"curve", curve}, {"keys", keys}}, {{"x_axis", "brightness, counts"}, {"y_axis", "variance, counts^2"}, {"legend", ""}}, "answer"});
  run.add_result("gain", noise.gain, "counts per photo-electron");
  run.add_result("gain_error", noise.gain_error, "counts, standard error");
  run.add_result("offset", noise.offset, "counts^2, variance at nought");
  run.add_result("pedestal", noise.pedestal(), "counts without light");
  run.add_result("coarse_noise", spectrum.coarse, "power of coarse noise over that of fine noise");
  run.add_answer(fmt::format("The noise has a gain of {:.3g} +- {:.2g} counts per photo-electron{}; {}.", noise.gain, 1.96 * noise.gain_error, noise.pedestal() > 0 ? fmt::format(" above a pedestal of {:.4g} counts", noise.pedestal()) : fmt::format(" and {:.3g} counts^2 of read noise", noise.offset),
                             spectrum.correlated ? fmt::format("neighbouring pixels share it (coarse noise is {:.0f} times the fine one), so that the gain is that of its fine part alone", spectrum.coarse) : "neighbouring pixels are independent"));
}

}  // namespace

void run_image_denoise(RunDirectory& run, const std::filesystem::path& file, const DenoiseSettings& settings) {
  run.set_title("Noise of " + file.filename().string(), "How noisy is this picture, and what does denoising do to it?");
  run.add_input(file);
  const PictureFile source(file);
  for (const std::string& note : source.info().notes) run.add_note(note);
  if (source.info().colour_rendering()) run.add_warning("This is a colour rendering, no camera picture: its noise was clipped and scaled. The gain has no meaning.");
  const Plane picture = source.exact_plane(settings.frame, settings.channel).cast<float>();
  run.add_setting("frame", fmt::format("{}", settings.frame));
  run.add_setting("channel", fmt::format("{}", settings.channel));
  run.add_setting("step", fmt::format("{} px", settings.cosines.step));
  run.add_setting("threshold", fmt::format("{} sd", settings.cosines.threshold));
  const Denoised cosines = denoise(picture, settings.cosines);
  add_noise(run, cosines.noise, cosines.spectrum);
  if (!cosines.outcome.ok()) {
    run.set_outcome(cosines.outcome);
    return;
  }
  std::vector<Method> methods{{"sliding cosines", [&](const Plane& p) { return denoise(p, settings.cosines).picture; }, cosines.picture}};
  if (settings.compare) {
    const double sigma = cosines.spectrum.correlated ? 2.5 : 1;
    methods.push_back({fmt::format("Gaussian, sigma {} px", sigma), [sigma](const Plane& p) { return gaussian_filtered(p, sigma); }, gaussian_filtered(picture, sigma)});
    methods.push_back({"median, 3 x 3", [](const Plane& p) { return median_filtered(p, 3); }, median_filtered(picture, 3)});
  }
  for (const auto& other : settings.others) {
    run.add_input(other);
    const Plane read = PictureFile(other).exact_plane().cast<float>();
    if (read.rows() != picture.rows() || read.cols() != picture.cols()) throw InputError(other.string(), fmt::format("is {} x {} pixels, the picture {} x {}", read.rows(), read.cols(), picture.rows(), picture.cols()), "give the same frame, denoised");
    methods.push_back({other.filename().string(), {}, read});
  }
  Table table({{"method", "", ""}, {"thinned_error", "counts^2", "against the other half of the photo-electrons; of a picture at half the light"}, {"error_sd", "counts^2", "standard error"}, {"gain_db", "dB", "over the half itself"}, {"residual_variance", "1", "of what was taken away, over the noise: 1 is ideal"},
               {"lag_row", "1", "correlation of neighbours in the residual"}, {"lag_column", "1", ""}, {"with_picture", "1", "correlation of the residual with what is left"}, {"moved_inside", "1", "light in the brightest twentieth of the picture, change"}, {"why_not", "", ""}});
  for (const Method& method : methods) {
    const Residual residual = residual_of(picture, method.result, cosines.noise);
    ThinnedScore score;
    if (method.denoiser) score = thinned_score(picture, cosines.noise, cosines.spectrum, method.denoiser, settings.seed);
    else score.outcome = {Status::not_identifiable, "a file cannot be asked to denoise half of the light"};
    const bool known = score.outcome.ok();
    table.add_row({method.name, known ? Cell(score.error) : Cell{}, known ? Cell(score.error_sd) : Cell{}, known ? Cell(score.psnr_gain_db) : Cell{}, cell_of(residual.variance), cell_of(residual.lag_row), cell_of(residual.lag_column), cell_of(residual.with_picture), moved_inside(picture, method.result),
                   score.outcome.message});
  }
  fmt::print("\n{}\n", to_terminal(table, "tables/methods.tsv"));
  run.add_table("methods", table, "What each method does, without a clean picture.");
  const double moved = moved_inside(picture, cosines.picture);
  run.add_result("moved_inside", moved, "change of the light in the brightest twentieth");
  run.add_answer(fmt::format("Denoising moved the light in the brightest twentieth of the picture by {:+.2f} %. Brightness is measured on the raw picture all the same; a denoised one is for outlines.", 100 * moved));
  if (std::abs(moved) > 0.005) run.add_warning("Denoising moved bright light by more than .5 %: nuclei are hardly brighter than the noise, or finely textured.");
  std::filesystem::create_directories(run.path_for("data"));
  write_npy(run.path_for("data/denoised.npy"), cosines.picture);
}

}  // namespace hyped
