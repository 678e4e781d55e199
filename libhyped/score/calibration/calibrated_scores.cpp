// Floors and ceilings put together with the scores: spans, scaled scores, verdicts.
#include "libhyped/score/calibration/calibrated_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/score/calibration/control_shifts.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct PairedMoments {
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;      // variances of the means
  std::size_t n = 0;
};
PairedMoments paired_moments(const std::vector<double>& x, const std::vector<double>& y) {
  PairedMoments m;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isnan(x[i]) && !std::isnan(y[i])) m.mean_x += x[i], m.mean_y += y[i], ++m.n;
  if (m.n == 0) return m;
  const double n = static_cast<double>(m.n);
  m.mean_x /= n, m.mean_y /= n;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isnan(x[i]) && !std::isnan(y[i])) {
      const double a = x[i] - m.mean_x, b = y[i] - m.mean_y;
      m.xx += a * a, m.xy += a * b, m.yy += b * b;
    }
  const double over = n > 1 ? 1 / (n - 1) / n : 0;
  m.xx *= over, m.xy *= over, m.yy *= over;
  return m;
}

std::vector<double> oriented_difference(const std::vector<double>& a, const std::vector<double>& b, double sign) {
  std::vector<double> out(a.size(), nan);
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) out[i] = sign * (a[i] - b[i]);
  return out;
}

Standing standing_of(const std::optional<ScoreRange>& range) {
  if (!range) return Standing::no_value;
  return range->lower > 0 ? Standing::better : range->upper < 0 ? Standing::worse : Standing::not_distinguishable;
}

std::optional<ScoreRange> oriented(std::optional<ScoreRange> range, double sign) {
  if (!range || sign > 0) return range;
  return ScoreRange{-range->estimate, range->se, -range->upper, -range->lower};
}

double two_sided(double level, double freedom) { return freedom > 0 ? student_quantile(0.5 + 0.5 * level, freedom) : -normal_quantile_of(0.5 - 0.5 * level); }

// One value of a metric over all conditions: two numbers without a spread over conditions, so all variance is shared.
std::optional<ScoreRange> span_range(const std::vector<double>& span, double shared, const RangeOptions& options, double freedom = 0) {
  if (auto range = range_over_perturbations(span, shared, options, freedom)) return range;
  if (span.size() != 1 || std::isnan(span[0])) return std::nullopt;
  const double se = std::sqrt(shared), half = two_sided(options.level, freedom) * se;
  return ScoreRange{span[0], se, span[0] - half, span[0] + half};
}

// 1.998 is printed as 1.99: it is not 2.
double below_two(double errors) { return std::floor(100 * errors) / 100; }

std::string why_it_does_not_separate(const std::optional<ScoreRange>& span, const std::string& ceiling, const std::string& floor) {
  if (!span) return "too few conditions to tell the ceiling from the floor";
  if (span->estimate <= 0) return fmt::format("the {} ceiling is no better than {}", ceiling, floor);
  return fmt::format("the {} ceiling and {} are {:.2f} standard errors apart, less than 2", ceiling, floor, below_two(span->estimate / span->se));
}

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::no_value: return "no value";
    case Standing::worse: return "worse";
    case Standing::not_distinguishable: return "not distinguishable";
    case Standing::better: return "better";
  }
  return "";
}

ScaledScore scaled_score(const std::vector<double>& u, const std::vector<double>& b, const std::vector<double>& r, double sign, const SharedVariance& shared, double level) {
  ScaledScore out;
  const PairedMoments m = paired_moments(oriented_difference(u, b, sign), oriented_difference(r, b, sign));
  if (m.n == 0) {
    out.refused_because = "no condition has score, floor and ceiling";
    return out;
  }
  // the spread over conditions and what they share are known with different degrees of freedom (Cochran 1964)
  const double t = m.n > 1 ? two_sided(level, static_cast<double>(m.n - 1)) : 0, t_shared = two_sided(level, shared.freedom);
  const double yy = t * t * m.yy + t_shared * t_shared * shared.span, se = std::sqrt(m.yy + shared.span);
  if (m.n < 2 && shared.span <= 0) out.refused_because = "one condition and no cells: nothing is known about the span";
  else if (m.mean_y <= 0) out.refused_because = "the ceiling is no better than the floor";
  else if (m.mean_y < 2 * se) out.refused_because = fmt::format("ceiling and floor are {:.2f} standard errors apart, less than 2", below_two(m.mean_y / se));
  if (!out.refused_because.empty()) return out;
  const double xx = t * t * m.xx + t_shared * t_shared * shared.score, bound = std::sqrt(xx * yy), xy = std::clamp(t * t * m.xy + t_shared * t_shared * shared.both, -bound, bound), x = m.mean_x, y = m.mean_y;
  out.value = x / y;
  const double a = y * y - yy, middle = x * y - xy, root = middle * middle - a * (x * x - xx);
  if (a > 0 && root >= -1e-9 * middle * middle) out.lower = (middle - std::sqrt(std::max(0.0, root))) / a, out.upper = (middle + std::sqrt(std::max(0.0, root))) / a;
  return out;
}

std::vector<MetricCalibration> calibrate(const std::vector<ScoredModel>& models, std::size_t floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const ScoreCalibrationOptions& options) {
  HYPED_REQUIRE(floor < models.size());
  const RangeOptions range{options.seed, options.level, options.perturbation_draws};
  auto joint = score_jointly(models, metrics, cells, {options.seed, options.cell_draws});
  std::vector<Ceilings> ceilings(metrics.size());
  std::vector<std::vector<ShiftResponse>> by_control;      // [metrics][M]
  if (cells.cells) {
    const SplitOptions split{options.seed, options.splits, options.rule, options.depths};
    ceilings = ceilings_of(models[floor], metrics, cells, split);
    add_shared_variance(ceilings, models[floor], metrics, cells, split);
    by_control = control_responses(models, metrics, cells, options.seed);
  }
  std::vector<MetricCalibration> out(metrics.size());
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    MetricCalibration& c = out[k];
    c.metric = metrics[k].id, c.better = metrics[k].better, c.floor = models[floor].name;
    c.joint = std::move(joint[k]), c.ceilings = std::move(ceilings[k]);
    const double sign = c.joint.sign();
    c.floor_mean = c.joint.mean[floor];
    c.ceiling = cells.cells && c.ceilings.law != NoiseLaw::unknown ? options.ceiling : CeilingKind::half_split;
    const Ceiling& top = c.ceilings[c.ceiling];
    c.ceiling_mean = top.mean;
    const std::string ceiling_name(to_string(c.ceiling));
    // values a condition; a metric over all conditions has one of each
    const auto per_condition = [&](std::size_t m) {
      if (!c.joint.global()) return c.joint.units(m);
      return std::vector<double>{c.joint.mean[m] ? *c.joint.mean[m] : nan};
    };
    const std::vector<double> b = per_condition(floor);
    const auto cov = [&](const Eigen::MatrixXd& matrix, std::size_t i, std::size_t j) { return matrix.size() > 0 ? matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) : 0.0; };
    const Eigen::MatrixXd& shared_of = c.joint.global() ? c.joint.cell_covariance : c.joint.shared_covariance;
    const double floor_shared = std::max(0.0, cov(shared_of, floor, floor));
    // what scores and ceiling share: the noise of the control
    // without draws nothing is known of the floor's part, and differences hold all there is
    const bool known = c.ceilings.shared_known && c.joint.cell_covariance.size() > 0;
    // One condition has no spread over conditions that would hold its own noise, and that of its ceiling is not known.
    const bool alone = !c.joint.global() && c.joint.conditions() == 1;
    const auto kind = static_cast<std::size_t>(c.ceiling);
    const auto with_ceiling = [&](std::size_t m) { return known ? by_control[k][m].covariance(c.ceilings.by_control[kind]) : 0.0; };
    const double ceiling_shared = known ? c.ceilings.shared[kind] : c.ceilings.shared_variance, freedom = c.joint.freedom;
    double span_shared = 0;
    if (!cells.cells) c.why_not = "there are no cells to measure a ceiling with";
    else if (!c.floor_mean) c.why_not = "the floor has no value";
    else if (!top.mean) c.why_not = "the duplicate has no value";
    else if (alone) c.why_not = "one condition: how far its ceiling is off is not known";
    else {
      c.half_span = span_range(oriented_difference(c.ceilings[CeilingKind::half_split].values, c.ceilings.floor_half, sign), c.ceilings.floor_shared_variance, range);
      span_shared = known ? std::max(0.0, ceiling_shared + floor_shared - 2 * with_ceiling(floor)) : c.ceilings.floor_shared_variance;
      c.span = !known && c.half_span ? c.half_span : span_range(oriented_difference(top.values, b, sign), span_shared, range, freedom);
      c.separates = c.span && c.span->estimate > 0 && c.span->estimate >= 2 * c.span->se;
      if (!c.separates) c.why_not = why_it_does_not_separate(c.span, ceiling_name, c.floor);
    }
    for (std::size_t m = 0; m < models.size(); ++m) {
      CalibratedScore s;
      s.model = models[m].name, s.mean = c.joint.mean[m], s.defined = c.joint.defined[m], s.of = c.joint.values[m].size();
      for (const auto& v : c.joint.values[m])
        if (!v.value && s.undefined_because.empty()) s.undefined_because = v.undefined_because;
      std::vector<double> weights(models.size(), 0.0);
      weights[m] = 1;
      s.ranges = ranges_of(c.joint, weights, range);
      for (auto* one : {&s.ranges.cells, &s.ranges.perturbations, &s.ranges.both})
        if (*one) *one = within_bounds(**one, metrics[k].id, metrics[k].better, metrics[k].perfect, metrics[k].worst);
      if (s.mean && c.joint.cell_covariance.size() > 0) s.noise_shift = c.joint.noise_shift[static_cast<Eigen::Index>(m)], s.without_noise = *s.mean - *s.noise_shift;
      if (m != floor) {
        weights[floor] = -1;
        const ScoreRanges against = ranges_of(c.joint, weights, range);
        s.over_floor = oriented(against.both ? against.both : against.perturbations, sign);
        s.against_floor = standing_of(s.over_floor);
      }
      if (!c.separates) s.scaled.refused_because = c.why_not;
      else if (!s.mean) s.scaled.refused_because = "the score has no value";
      else {
        const std::vector<double> u = per_condition(m);
        const double score_shared = std::max(0.0, cov(shared_of, m, m) - 2 * cov(shared_of, m, floor) + floor_shared);
        const double both = floor_shared - cov(shared_of, m, floor) + with_ceiling(m) - with_ceiling(floor);
        s.scaled = scaled_score(u, b, top.values, sign, {score_shared, span_shared, both, known ? std::min(freedom, static_cast<double>(ControlShifts::ways)) : freedom}, options.level);
        const double apart_shared = std::max(0.0, std::max(0.0, cov(shared_of, m, m)) + ceiling_shared - 2 * with_ceiling(m));
        if (!alone) s.against_ceiling = standing_of(span_range(oriented_difference(u, top.values, sign), apart_shared, range, freedom));
      }
      c.models.push_back(std::move(s));
    }
  }
  return out;
}

std::vector<MeanScaled> mean_scaled_scores(const std::vector<MetricCalibration>& metrics) {
  std::vector<MeanScaled> out;
  if (metrics.empty()) return out;
  for (std::size_t m = 0; m < metrics.front().models.size(); ++m) {
    MeanScaled one{metrics.front().models[m].model, std::nullopt, 0, 0};
    double sum = 0;
    for (const auto& c : metrics) {
      if (!c.separates) continue;
      ++one.of;
      if (const auto& s = c.models[m].scaled; s.value) sum += *s.value, ++one.metrics;
    }
    if (one.metrics > 0) one.mean = sum / static_cast<double>(one.metrics);
    out.push_back(one);
  }
  return out;
}

}  // namespace hyped
