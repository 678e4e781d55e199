// Metrics against skimage's own figures, and denoising of FMD's pairs.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <map>

#include "libhyped/image/denoise/filters.hpp"
#include "libhyped/image/denoise/sliding_cosines.hpp"
#include "libhyped/image/quality/picture_metrics.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "tests/image/tracks_of_reference.hpp"

using namespace hyped;
using namespace hyped::tests;

namespace {

struct Sums {
  double psnr = 0, ssim = 0;
  int pictures = 0;
  void add(const ExactPlane& picture, const ExactPlane& clean) {
    psnr += peak_signal_to_noise(mean_squared_error(picture, clean), 1);
    ssim += structural_similarity(picture, clean, 1);
    ++pictures;
  }
};

}  // namespace

TEST_CASE("must/imaging/4", "[standard]") {
  const auto images = shared_images();
  if (images.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  const auto folder = images / "FMD_testset";
  const auto plane = [&](const char* kind, const std::string& name) -> Plane { return PictureFile(folder / kind / name).exact_plane().cast<float>(); };

  // Nine figures of skimage 0.19.3 for each file, printed with ten digits.
  const DelimitedTable reference = DelimitedTable::read(folder / "metrics_reference_skimage0193.csv");
  REQUIRE(reference.rows() == 12);
  for (std::size_t r = 0; r < reference.rows(); ++r) {
    const std::string name = reference.text(r, 0);
    INFO(name);
    const ExactPlane raw = plane("raw", name).cast<double>(), clean = plane("gt", name).cast<double>(), x = raw / 255, y = clean / 255;
    const auto near = [&](const char* column, double value) {
      INFO(column);
      const double wanted = reference.number(r, reference.column(column));
      CHECK(std::abs(value - wanted) <= 1e-9 * std::max(1.0, std::abs(wanted)) + 5.1e-10 * std::pow(10, std::floor(std::log10(std::abs(wanted))) + 1));      // and half of the last printed digit
    };
    const double mse = mean_squared_error(x, y);
    near("mse_01", mse);
    near("psnr_01_R1", peak_signal_to_noise(mse, 1));
    near("psnr_u8_R255", peak_signal_to_noise(mean_squared_error(raw, clean), 255));
    near("psnr_BUG_mse01_R255", psnr_paper(mse));                                                     // wrong: the paper's
    near("ssim_default_7x7_uniform_samplecov_R255", structural_similarity(raw, clean, 255));
    near("ssim_wang_gauss11_s1.5_popcov_R255", structural_similarity(raw, clean, 255, SimilarityWindow::gaussian));
    near("ssim_gauss_samplecov_R255", structural_similarity(raw, clean, 255, SimilarityWindow::gaussian_sample));
    near("ssim_default_float01_no_data_range(=2)", structural_similarity(x, y, 2));                   // wrong: no range named
    near("ssim_u16x257_default_R65535", structural_similarity(raw * 257, clean * 257, 65535));
  }

  std::map<std::string, std::map<std::string, Sums>> by_method;      // method, microscope or "all"
  std::map<std::string, double> dapi;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "raw")) {
    const std::string name = entry.path().filename().string(), scope = name.substr(0, name.find('_'));
    const Plane raw = plane("raw", name);
    const ExactPlane clean = plane("gt", name).cast<double>() / 255;
    const auto add = [&](const std::string& method, const Plane& picture) {
      const ExactPlane scaled = picture.max(0.F).min(255.F).cast<double>() / 255;
      by_method[method][scope].add(scaled, clean);
      by_method[method]["all"].add(scaled, clean);
    };
    const Denoised done = denoise(raw);
    REQUIRE(done.outcome.ok());
    CHECK(done.spectrum.correlated == (scope == "WideField"));
    CHECK(std::abs(done.picture.mean() / raw.mean() - 1) < 0.0005);      // it was -.3 to -1.6 % before the light was put back
    add("raw", raw);
    add("cosines, step 2", done.picture);
    add("Gauss 1", gaussian_filtered(raw, 1));
    add("Gauss 2.5", gaussian_filtered(raw, 2.5));
    add("median 3", median_filtered(raw, 3));
    add("median 5", median_filtered(raw, 5));
    if (name.find("BPAE_B") == name.npos) continue;      // stained nuclei: the light inside them stays
    const Plane smooth = gaussian_filtered(plane("gt", name), 3);
    std::vector<float> values(smooth.data(), smooth.data() + smooth.size());
    const auto cut = values.begin() + static_cast<long>(0.85 * static_cast<double>(values.size()));
    std::nth_element(values.begin(), cut, values.end());
    double before = 0, after = 0;
    for (Eigen::Index i = 0; i < raw.size(); ++i)
      if (smooth.data()[i] > *cut) before += raw.data()[i], after += done.picture.data()[i];
    dapi[name] = after / before - 1;
    CHECK(std::abs(dapi[name]) < 0.005);
  }
  for (const auto& [method, scopes] : by_method) {
    std::string line = fmt::format("{:16}", method);
    for (const auto& [scope, s] : scopes) line += fmt::format("  {} {:.2f} dB / {:.3f}", scope, s.psnr / s.pictures, s.ssim / s.pictures);
    fmt::print("{}\n", line);
  }
  for (const auto& [name, shift] : dapi) fmt::print("{}: light inside nuclei moved by {:+.3f} %\n", name, 100 * shift);
  const Sums& all = by_method["cosines, step 2"]["all"];
  REQUIRE(all.pictures == 24);
  CHECK(all.psnr / all.pictures >= 34.2);
  CHECK(all.ssim / all.pictures >= 0.89);
  for (const auto& [method, scopes] : by_method)
    if (method != "cosines, step 2") CHECK(scopes.at("all").psnr < all.psnr);
}
