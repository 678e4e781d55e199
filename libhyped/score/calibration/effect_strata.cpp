// Effect sizes from resampled cells, and scores by class.
#include "libhyped/score/calibration/effect_strata.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"

namespace hyped {

std::string_view to_string(EffectClass effect) {
  switch (effect) {
    case EffectClass::none_seen: return "none seen";
    case EffectClass::weaker: return "weaker half";
    case EffectClass::stronger: return "stronger half";
  }
  return "";
}

std::vector<EffectSize> effect_sizes(const EffectComparison& pair, const CellsBehind& cells, int draws, std::uint64_t seed) {
  HYPED_REQUIRE(draws >= 2);
  check_cells_behind(cells, pair);
  const std::size_t n = pair.conditions.size();
  const double genes = static_cast<double>(pair.truth.cols());
  const CellResamples resamples(*cells.cells, *cells.groups, seed, cells.replicates);
  std::vector<double> sum(n, 0.0), squares(n, 0.0);
  constexpr int at_once = 8;
  for (int first = 0; first < draws; first += at_once) {
    std::vector<ProfileMatrix> means(static_cast<std::size_t>(std::min(at_once, draws - first)));
    resamples.bootstrap(first, means);
    for (const auto& m : means)
      for (std::size_t i = 0; i < n; ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        const double apart = (m.row(cells.of_condition[i]) - m.row(cells.of_control[i]) - pair.truth.row(row) + pair.control.row(row)).squaredNorm() / genes;
        sum[i] += apart, squares[i] += apart * apart;
      }
  }
  std::vector<EffectSize> out(n);
  std::vector<double> seen;
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double d = draws;
    out[i].noise = sum[i] / d;
    out[i].null_se = std::sqrt(std::max(0.0, (squares[i] - sum[i] * sum[i] / d) / (d - 1)));
    out[i].squared = (pair.truth.row(row) - pair.control.row(row)).squaredNorm() / genes - out[i].noise;
    if (out[i].squared > 2 * out[i].null_se) seen.push_back(out[i].squared);
  }
  if (seen.empty()) return out;
  std::sort(seen.begin(), seen.end());
  const double median = seen[(seen.size() - 1) / 2];
  for (auto& e : out)
    if (e.squared > 2 * e.null_se) e.effect = e.squared > median || seen.size() == 1 ? EffectClass::stronger : EffectClass::weaker;
  return out;
}

std::vector<StratumScore> scores_by_effect(const JointScores& scores, const std::vector<EffectSize>& sizes, const RangeOptions& options) {
  std::vector<StratumScore> out;
  if (scores.global() || scores.conditions() != sizes.size()) return out;
  for (const auto effect : {EffectClass::none_seen, EffectClass::weaker, EffectClass::stronger})
    for (std::size_t m = 0; m < scores.models.size(); ++m) {
      StratumScore one{effect, scores.models[m], 0, 0, std::nullopt, std::nullopt};
      std::vector<double> values;
      const auto units = scores.units(m);
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i].effect != effect) continue;
        ++one.conditions;
        if (!std::isnan(units[i])) values.push_back(units[i]);
      }
      if (one.conditions == 0) continue;
      one.defined = values.size();
      double sum = 0;
      for (const double v : values) sum += v;
      if (!values.empty()) one.mean = sum / static_cast<double>(values.size());
      one.range = range_over_perturbations(values, 0, options);
      out.push_back(one);
    }
  return out;
}

}  // namespace hyped
