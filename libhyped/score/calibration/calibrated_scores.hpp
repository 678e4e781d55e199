// Every score with its floor, its ceiling, its interval and a verdict.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/score/calibration/ceilings.hpp"
#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {

enum class Standing { no_value, worse, not_distinguishable, better };
std::string_view to_string(Standing standing);

// s = (u - b) / (r - b): 0 at the floor b, 1 at the ceiling r.
struct ScaledScore {
  std::optional<double> value;
  std::optional<double> lower, upper;      // Fieller 1954 (J R Stat Soc B 16:175); none where the interval is not bounded
  std::string refused_because;             // "" where there is a value
};
// u, b, r: one number a condition, NaN where there is none; shared: variance that conditions share, of (u - b) and of (r - b), and their covariance.
// Refused where the ceiling is not beyond the floor by 2 standard errors. sign: 1 if higher is better, -1 else.
struct SharedVariance {
  double score = 0, span = 0, both = 0;
  double freedom = 0;                      // degrees of freedom of these; 0: known well
};
ScaledScore scaled_score(const std::vector<double>& u, const std::vector<double>& b, const std::vector<double>& r, double sign, const SharedVariance& shared, double level);

struct CalibratedScore {
  std::string model;
  std::optional<double> mean;
  std::string undefined_because;
  std::size_t defined = 0, of = 0;         // conditions
  ScoreRanges ranges;
  std::optional<double> noise_shift;       // what the noise of measuring adds, by the bootstrap over cells
  std::optional<double> without_noise;     // mean - noise_shift
  ScaledScore scaled;
  std::optional<ScoreRange> over_floor;    // u - b, over cells and perturbations
  Standing against_floor = Standing::no_value, against_ceiling = Standing::no_value;      // better: in the metric's own direction
};

struct MetricCalibration {
  std::string metric;
  Better better = Better::higher;
  std::string floor;                       // the model
  std::optional<double> floor_mean, ceiling_mean;
  CeilingKind ceiling = CeilingKind::half_split;      // the one scores are scaled to
  std::optional<ScoreRange> span;          // r - b in the metric's direction
  std::optional<ScoreRange> half_span;     // the duplicate over the floor, both against the same half
  bool separates = false;                  // the span is above 2 standard errors; if not, the metric is marked and left out of averages
  std::string why_not;
  Ceilings ceilings;
  std::vector<CalibratedScore> models;     // [M]
  JointScores joint;                       // for comparisons of models
};

struct ScoreCalibrationOptions {
  std::uint64_t seed = 1;
  double level = 0.95;
  int cell_draws = 200, perturbation_draws = 2000, splits = 20;
  SplitRule rule = SplitRule::random;
  bool depths = true;
  // noise_free and replicate hold at full depth, where scores are; a metric whose law of depth is not known falls back on half_split.
  CeilingKind ceiling = CeilingKind::replicate;
};

// One entry a metric. floor: index of the model scores are measured from (the perturbed mean, usually). Without cells there are no ceilings, and every
// scaled score is refused with that reason. Metrics are evaluated about models * (1 + cell_draws) + 12 * splits times.
std::vector<MetricCalibration> calibrate(const std::vector<ScoredModel>& models, std::size_t floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const ScoreCalibrationOptions& options);

// Mean scaled score of each model over the metrics that separate and give it one; how many those are.
struct MeanScaled {
  std::string model;
  std::optional<double> mean;
  std::size_t metrics = 0, of = 0;         // counted; that separate
};
std::vector<MeanScaled> mean_scaled_scores(const std::vector<MetricCalibration>& metrics);

}  // namespace hyped
