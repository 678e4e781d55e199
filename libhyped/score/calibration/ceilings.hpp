// How good a prediction could be on these data: one half of the cells predicts the other, brought to full depth where that is known how.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/score/calibration/joint_scores.hpp"

namespace hyped {

// half_split: half of the cells predicts the other half. replicate: another experiment with as many cells. noise_free: the true means, against the measured ones.
enum class CeilingKind { half_split, replicate, noise_free };
std::string_view to_string(CeilingKind kind);

// How a metric follows the number of cells. Per gene with variance sigma^2 of a cell and n cells: half against half 4 sigma^2/n, replicate 2 sigma^2/n, true mean
// sigma^2/n; errors that are not squared go with the root; correlations by Spearman and Brown (2 r / (1 + r), and its root for true means), where r <= 0
// counts as 0. unknown: only what is measured is shown.
enum class NoiseLaw { squared_error, error, correlation, unknown };
std::string_view to_string(NoiseLaw law);
NoiseLaw noise_law_of(const Metric& metric);
// One condition's half-split score at full depth; kind is replicate or noise_free. HYPED_REQUIRE: the law is known.
double at_full_depth(double half_split, NoiseLaw law, CeilingKind kind);

struct Ceiling {
  CeilingKind kind = CeilingKind::half_split;
  std::vector<double> values;              // [N] mean over splits and both directions; NaN where none; empty: this ceiling is not known
  std::optional<double> mean;
  std::string how;                         // "measured", "Spearman-Brown", ...; or why there is none
  std::size_t set_to_zero = 0;             // conditions whose reliability was not above 0
};
// Score of the duplicate with a share of the cells in each half, and of the floor against the same halves.
struct DepthPoint {
  double share = 0.5;
  std::optional<double> duplicate, floor;
};
// How a mean score answers to other control cells: products of the linear parts add up to covariances, from which those of the bent parts are taken, since
// slopes are taken at noisy profiles (for a e + e'B e they count the variance of e'B e twice).
struct ShiftResponse {
  Eigen::VectorXd linear, bent;            // [ways of ControlShifts]
  double covariance(const ShiftResponse& other) const { return linear.dot(other.linear) - bent.dot(other.bent); }
};
struct Ceilings {
  std::string metric;
  NoiseLaw law = NoiseLaw::unknown;
  std::array<Ceiling, 3> of_kind;          // by CeilingKind
  std::vector<double> floor_half;          // [N] the floor against the same halves; NaN where none
  double shared_variance = 0;              // over splits, of one split's mean score: what conditions share (the halves of the control)
  double floor_shared_variance = 0;        // of (duplicate - floor), likewise
  // What other control cells would change in the mean, by CeilingKind; only where the law is known (see add_shared_variance).
  bool shared_known = false;
  std::array<double, 3> shared{};                        // variance
  std::array<ShiftResponse, 3> by_control;
  std::vector<DepthPoint> depth;           // 1/8, 1/4, 1/2
  const Ceiling& operator[](CeilingKind kind) const { return of_kind[static_cast<std::size_t>(kind)]; }
};

struct SplitOptions {
  std::uint64_t seed = 1;
  int splits = 20;
  SplitRule rule = SplitRule::random;      // alternate: one split
  bool depths = true;                      // also 1/8 and 1/4
};
// One entry a metric. The duplicate's change from its own half of the controls is added to the truth's half of the controls: with common control cells on
// both sides their noise would count as agreement. Conditions or controls of one cell have no ceiling. `floor` is the model scores are measured from.
std::vector<Ceilings> ceilings_of(const ScoredModel& floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const SplitOptions& options);
// The duplicate of one split as a comparison: truth one part, prediction the other (see above).
EffectComparison duplicate_of(const EffectComparison& pair, const CellsBehind& cells, const ProfileMatrix& truth_half, const ProfileMatrix& predicted_half);

// observed / sqrt(reliability of the truth): the correlation with the noise-free truth. Undefined where the reliability is not above 0; may pass 1 by chance.
MetricValue disattenuated(double observed, double truth_reliability);

}  // namespace hyped
