// The printed numbers of the HYPED paper: what they imply, and that our metrics give them on vectors of the implied kind.
#include "experiments/benchmark/hyped/published_tables.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/random.hpp"
#include "libhyped/score/bulk/bulk_metrics.hpp"

using namespace hyped;

namespace {

// Two vectors of the same norm and mean 0 at a given cosine, of normal values.
EffectComparison pair_at(double cosine, double rms, int genes, std::uint64_t seed) {
  Eigen::VectorXd a(genes), b(genes);
  RandomStream random(seed, 4, 2);
  for (int g = 0; g < genes; ++g) a[g] = random.normal(), b[g] = random.normal();
  a.array() -= a.mean(), b.array() -= b.mean();
  a /= a.norm();
  b -= a * a.dot(b);
  b /= b.norm();
  EffectComparison pair;
  for (int g = 0; g < genes; ++g) pair.genes.push_back("d" + std::to_string(g));
  pair.conditions = {{"x", {"x"}, "", 1}};
  const double scale = rms * std::sqrt(static_cast<double>(genes));
  pair.truth = (scale * a).transpose();
  pair.predicted = (scale * (cosine * a + std::sqrt(1 - cosine * cosine) * b)).transpose();
  pair.control = pair.predicted_control = pair.truth;
  pair.own_genes = {{}};
  return pair;
}

double value(const char* id, const EffectComparison& pair) { return bulk_metric(id).evaluate(pair)[0].value.value(); }

}  // namespace

TEST_CASE("must/benchmark/2") {
  const auto rows = read_published_table3();
  REQUIRE(rows.size() == 12);
  double least = 1e9, most = 0;
  int embeddings = 0;
  for (const auto& row : rows) {
    INFO(row.model << " " << row.perturbation << " " << row.phase);
    CHECK(row.cosine.half_step == Approx(5e-5));
    const ImpliedScale scale = implied_scale(row);
    if (row.model == "GEARS") {
      CHECK(row.space == "expression of 500 genes");
      // positive mean: cosine and Pearson differ by far more than rounding; heavy tails
      CHECK(row.cosine.value - row.pearson.value > 0.009);
      CHECK(scale.mean > 0.25);
      CHECK(scale.mae_over_rmse < 0.6);
      CHECK(scale.rms.value < 0.73);
      continue;
    }
    ++embeddings;
    CHECK(row.space == "embedding");
    least = std::min(least, scale.rms.value), most = std::max(most, scale.rms.value);
    // one norm in all nine rows: the range that rounding leaves meets 0.617 to 0.625
    CHECK(scale.rms.overlaps({0.621, 0.617, 0.625}));
    // mean 0: cosine and Pearson give the same scale
    CHECK(scale.rms.overlaps(scale.sd));
    CHECK(std::abs(row.cosine.value - row.pearson.value) <= 1e-4 + 1e-12);
    CHECK(scale.mae_over_rmse > 0.72);
    CHECK(scale.mae_over_rmse < 0.78);
    // vectors of that norm at the printed cosine give the printed mse in our metrics, and an mae that normal errors would have
    const EffectComparison pair = pair_at(row.cosine.value, scale.rms.value, 512, 7);
    CHECK(value("cosine", pair) == Approx(row.cosine.value).epsilon(1e-12));
    CHECK(value("pearson", pair) == Approx(row.cosine.value).epsilon(1e-12));
    CHECK(value("mse", pair) == Approx(row.mse.value).epsilon(1e-10));
    CHECK(value("mae", pair) / std::sqrt(row.mse.value) == Approx(0.798).margin(0.03));
    // with the one norm 0.621 for all nine rows the printed mse follows from the printed cosine to 1.5 %
    CHECK(value("mse", pair_at(row.cosine.value, 0.621, 512, 8)) == Approx(row.mse.value).epsilon(0.015));
  }
  CHECK(embeddings == 9);
  CHECK(least == Approx(0.617).margin(5e-4));
  CHECK(most == Approx(0.625).margin(5e-4));

  // a row that was not taken from such vectors is seen
  PublishedScores wrong = rows[0];
  wrong.mse.value *= 1.1;
  CHECK_FALSE(implied_scale(wrong).rms.overlaps({0.621, 0.617, 0.625}));

  // Table 4: an mse on a scale of 1 beside a PSNR with the peak of 8 bits
  const PublishedDenoising denoising = read_published_table4();
  const ImpliedPeak peak = implied_peak(denoising.mse, denoising.psnr);
  CHECK(peak.peak.value == Approx(254.8).margin(0.05));
  CHECK(peak.peak.lower <= 255);
  CHECK(peak.peak.upper >= 255);
  CHECK_FALSE((peak.peak.lower <= 1 && peak.peak.upper >= 1));
  CHECK(peak.peak.upper < 16383);
  CHECK(peak.psnr_for_peak_one.value == Approx(38.356).margin(1e-3));
  CHECK(denoising.psnr.value - peak.psnr_for_peak_one.value == Approx(20 * std::log10(255.0)).margin(0.02));
}
