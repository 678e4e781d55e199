// must/imaging/1: nuclei of 272 fluorescence pictures drawn by hand (DSB2018), five folds, the rule fitted and settings chosen on the other folds.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
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

using segmentation::PieceUnion;

// What is chosen on the other folds, beside the rule fitted to them: how much the picture is smoothed, how deep haze may be.
std::vector<SegmentOptions> candidates() {
  std::vector<SegmentOptions> out;
  for (const double smoothing : {0.17, 0.2})
    for (const double contrast : {0.4, 0.5}) {
      SegmentOptions o;
      o.flood_smoothing = smoothing, o.contrast = contrast, o.otsu_share = 0.5, o.least_light = 0.1;
      out.push_back(o);
    }
  return out;
}

// Unions of a picture's pieces, and how well each overlaps the nucleus it overlaps best.
struct Examined {
  std::vector<PieceUnion> unions;
  std::vector<double> overlap;
  long drawn = 0;
};

Examined examined(const Plane& picture, const Labels& drawn, const SegmentOptions& o) {
  Examined out;
  std::map<int, long> area;
  for (const int l : drawn.reshaped())
    if (l) ++area[l];
  out.drawn = static_cast<long>(area.size());
  if (!(o.radius > 0)) return out;
  const NucleusCandidates found = nucleus_candidates(picture, o);
  out.unions = found.unions;
  std::map<int, std::map<int, long>> by_piece;
  for (Eigen::Index i = 0; i < drawn.size(); ++i)
    if (found.picture.labels.data()[i] && drawn.data()[i]) ++by_piece[found.picture.labels.data()[i]][drawn.data()[i]];
  std::vector<std::map<int, long>> both(out.unions.size());
  for (std::size_t i = 0; i < out.unions.size(); ++i) {
    const PieceUnion& u = out.unions[i];
    both[i] = u.left < 0 ? by_piece[u.piece] : both[static_cast<std::size_t>(u.left)];
    if (u.left >= 0)
      for (const auto& [l, n] : both[static_cast<std::size_t>(u.right)]) both[i][l] += n;
    double best = 0;
    for (const auto& [l, n] : both[i]) best = std::max(best, static_cast<double>(n) / (u.area + static_cast<double>(area[l] - n)));
    out.overlap.push_back(best);
  }
  return out;
}

}  // namespace

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
  const auto read = [&](std::size_t i) { return std::pair{Plane(PictureFile(folder / "images" / (samples[i].id + ".png")).exact_plane().cast<float>()), PictureFile(folder / "labels" / (samples[i].id + ".png")).labels()}; };
  std::vector<double> radius(samples.size());
  std::vector<std::vector<Examined>> all(settings.size(), std::vector<Examined>(samples.size()));
  parallel_for(static_cast<int>(samples.size()), [&](int i) {
    const auto [picture, drawn] = read(static_cast<std::size_t>(i));
    radius[i] = nucleus_radius(picture);      // by the picture alone
    for (std::size_t s = 0; s < settings.size(); ++s) {
      SegmentOptions o = settings[s];
      o.radius = radius[i];
      all[s][i] = examined(picture, drawn, o);
    }
  });
  // For each fold the rule is fitted to the other folds, and settings and least score are those best on them.
  std::vector<SegmentOptions> best(folds);
  parallel_for(folds, [&](int fold) {
    double most = -1;
    for (std::size_t s = 0; s < settings.size(); ++s) {
      std::vector<UnionExample> examples;
      for (std::size_t i = 0; i < samples.size(); ++i)
        for (std::size_t k = 0; samples[i].fold != fold && k < all[s][i].unions.size(); ++k)
          if (all[s][i].unions[k].allowed) examples.push_back(union_example(all[s][i].unions[k].look, all[s][i].overlap[k]));
      UnionRule rule = fit_union_rule(examples);
      for (rule.least_score = 0.3; rule.least_score < 0.46; rule.least_score += 0.05) {
        long drawn = 0, found = 0, matched = 0;
        for (std::size_t i = 0; i < samples.size(); ++i) {
          if (samples[i].fold == fold) continue;
          drawn += all[s][i].drawn;
          for (const int k : chosen_unions(all[s][i].unions, rule)) ++found, matched += all[s][i].overlap[static_cast<std::size_t>(k)] > 0.5;
        }
        const double f1 = 2.0 * static_cast<double>(matched) / static_cast<double>(drawn + found);
        if (f1 > most) most = f1, best[fold] = settings[s], best[fold].rule = rule;
      }
    }
  });
  std::vector<SegmentationScore> half(samples.size()), strict(samples.size());
  parallel_for(static_cast<int>(samples.size()), [&](int i) {
    const auto [picture, drawn] = read(static_cast<std::size_t>(i));
    SegmentOptions o = best[samples[i].fold];
    o.radius = radius[i];
    const Labels found = o.radius > 0 ? segment_nuclei(picture, o).labels : Labels::Zero(picture.rows(), picture.cols()).eval();
    half[i] = segmentation_score(drawn, found, 0.5), strict[i] = segmentation_score(drawn, found, 0.7);
  });
  SegmentationScore pooled, pooled_strict, cultures, embryos;
  pooled_strict.threshold = 0.7;
  std::string report;
  for (int fold = 0; fold < folds; ++fold) {
    SegmentationScore here, here_strict;
    for (std::size_t i = 0; i < samples.size(); ++i)
      if (samples[i].fold == fold) here.add(half[i]), here_strict.add(strict[i]), (samples[i].shape == "603x1272" ? embryos : cultures).add(half[i]);
    report += fmt::format("fold {}: smoothing {:.2f} contrast {:.2f} least score {:.2f}: F1 {:.4f} at .5, {:.4f} at .7; {} drawn, {} found, {} merges, {} splits\n", fold, best[fold].flood_smoothing, best[fold].contrast, best[fold].rule.least_score, here.f1(), here_strict.f1(), here.reference, here.found, here.merges, here.splits);
    CHECK(here.f1() >= 0.85);
    pooled.add(here), pooled_strict.add(here_strict);
  }
  report += fmt::format("pooled: F1 {:.4f} at .5 (AP {:.4f}, SEG {:.4f}), {:.4f} at .7; {} drawn, {} found, {} missed, {} false, {} merges, {} splits\n", pooled.f1(), pooled.ap(), pooled.mean_seg(), pooled_strict.f1(), pooled.reference, pooled.found, pooled.missed(), pooled.false_ones(), pooled.merges, pooled.splits);
  report += fmt::format("cells in culture and sections: F1 {:.4f} of {} drawn; the four pictures of fly embryos: {:.4f} of {}\n", cultures.f1(), cultures.reference, embryos.f1(), embryos.reference);
  WARN(report);
  CHECK(pooled.f1() >= 0.88);
  CHECK(pooled_strict.f1() >= 0.76);
}
