// Duplicates from disjoint halves of cells, their extrapolation to full depth.
#include "libhyped/score/calibration/ceilings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// `word` begins the id and ends where a word of it ends: "mse", "mse_delta", not "mse2".
bool begins(std::string_view id, std::string_view word) { return id.substr(0, word.size()) == word && (id.size() == word.size() || id[word.size()] == '_'); }

std::optional<double> mean_of_numbers(const std::vector<double>& values) {
  double sum = 0, n = 0;
  for (const double v : values)
    if (!std::isnan(v)) sum += v, n += 1;
  if (n == 0) return std::nullopt;
  return sum / n;
}

// Values [draw][N] of a mean over conditions: what its variance over draws has beyond the conditions' own.
double shared_part(const std::vector<std::vector<double>>& draws) {
  if (draws.size() < 2 || draws.front().size() < 2) return 0;
  const std::size_t n = draws.front().size();
  std::vector<double> sum(n, 0.0), squares(n, 0.0), seen(n, 0.0);
  double mean_sum = 0, mean_squares = 0;
  for (const auto& draw : draws) {
    const double mean = mean_of_numbers(draw).value_or(0);
    mean_sum += mean, mean_squares += mean * mean;
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isnan(draw[i])) sum[i] += draw[i], squares[i] += draw[i] * draw[i], seen[i] += 1;
  }
  const double d = static_cast<double>(draws.size());
  double own = 0, conditions = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (seen[i] < 2) continue;
    own += (squares[i] - sum[i] * sum[i] / seen[i]) / (seen[i] - 1);
    conditions += 1;
  }
  if (conditions < 2) return 0;
  return std::max(0.0, (mean_squares - mean_sum * mean_sum / d) / (d - 1) - own / conditions / conditions) * conditions / (conditions - 1);
}

struct Halves {
  std::vector<std::vector<double>> duplicate, floor;      // [2 splits][N], one row a direction
};

std::vector<double> numbers_of(const std::vector<MetricValue>& values, const std::vector<char>& usable) {
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); ++i) out.push_back(values[i].value && (values.size() != usable.size() || usable[i]) ? *values[i].value : nan);
  return out;
}

std::vector<double> mean_over_rows(const std::vector<std::vector<double>>& rows) {
  std::vector<double> out(rows.front().size(), nan);
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::vector<double> column;
    for (const auto& row : rows) column.push_back(row[i]);
    if (const auto mean = mean_of_numbers(column)) out[i] = *mean;
  }
  return out;
}

std::vector<Halves> split_scores(const ScoredModel& floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const CellResamples& resamples, const SplitOptions& options, double share, int splits) {
  std::vector<char> usable;
  for (std::size_t i = 0; i < cells.of_condition.size(); ++i) usable.push_back(resamples.splittable(cells.of_condition[i]) && resamples.splittable(cells.of_control[i]));
  std::vector<Halves> out(metrics.size());
  for (auto& h : out) h.duplicate.resize(static_cast<std::size_t>(2 * splits)), h.floor.resize(static_cast<std::size_t>(2 * splits));
  for (int s = 0; s < splits; ++s) {
    ProfileMatrix one, other;
    resamples.split(s, options.rule, share, one, other);
    for (int direction = 0; direction < 2; ++direction) {
      const ProfileMatrix& truth = direction == 0 ? one : other;
      const EffectComparison duplicate = duplicate_of(floor.pair, cells, truth, direction == 0 ? other : one), from = with_means(floor, cells, truth);
      parallel_for(static_cast<int>(metrics.size()), [&](int k) {
        const auto at = static_cast<std::size_t>(2 * s + direction);
        const auto metric = static_cast<std::size_t>(k);
        out[metric].duplicate[at] = numbers_of(metrics[metric].evaluate(duplicate), usable);
        out[metric].floor[at] = numbers_of(metrics[metric].evaluate(from), usable);
      });
    }
  }
  return out;
}

Ceiling extrapolated(const std::vector<double>& half, NoiseLaw law, CeilingKind kind) {
  Ceiling out;
  out.kind = kind;
  if (law == NoiseLaw::unknown) {
    out.how = "no law is known that takes this metric to full depth";
    return out;
  }
  for (const double v : half) {
    if (law == NoiseLaw::correlation && v <= 0) ++out.set_to_zero;
    out.values.push_back(std::isnan(v) ? nan : at_full_depth(v, law, kind));
  }
  out.mean = mean_of_numbers(out.values);
  out.how = law == NoiseLaw::correlation ? (kind == CeilingKind::replicate ? "Spearman-Brown" : "root of Spearman-Brown") : "half-split error by its law of depth";
  if (!out.mean) out.how = "the duplicate has no value";
  return out;
}

}  // namespace

std::string_view to_string(CeilingKind kind) {
  switch (kind) {
    case CeilingKind::half_split: return "half split";
    case CeilingKind::replicate: return "replicate";
    case CeilingKind::noise_free: return "noise-free";
  }
  return "";
}

std::string_view to_string(NoiseLaw law) {
  switch (law) {
    case NoiseLaw::squared_error: return "squared error";
    case NoiseLaw::error: return "error";
    case NoiseLaw::correlation: return "correlation";
    case NoiseLaw::unknown: return "unknown";
  }
  return "";
}

NoiseLaw noise_law_of(const Metric& metric) {
  const std::string_view id = metric.id;
  for (const char* word : {"unbiased", "debiased", "edistance", "energy"})
    if (id.find(word) != id.npos) return NoiseLaw::unknown;
  if (begins(id, "mse") || begins(id, "wmse")) return NoiseLaw::squared_error;
  if (begins(id, "mae") || begins(id, "rmse") || begins(id, "l2")) return NoiseLaw::error;
  if (begins(id, "pearson") || begins(id, "spearman") || begins(id, "cosine")) return NoiseLaw::correlation;
  return NoiseLaw::unknown;
}

double at_full_depth(double half_split, NoiseLaw law, CeilingKind kind) {
  HYPED_REQUIRE(law != NoiseLaw::unknown && kind != CeilingKind::half_split);
  const bool replicate = kind == CeilingKind::replicate;
  if (law == NoiseLaw::squared_error) return half_split / (replicate ? 2 : 4);
  if (law == NoiseLaw::error) return half_split / (replicate ? std::sqrt(2.0) : 2);
  const double r = std::max(0.0, half_split), full = 2 * r / (1 + r);
  return replicate ? full : std::sqrt(full);
}

EffectComparison duplicate_of(const EffectComparison& pair, const CellsBehind& cells, const ProfileMatrix& truth_half, const ProfileMatrix& predicted_half) {
  EffectComparison out = pair;
  for (std::size_t i = 0; i < cells.of_condition.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    out.truth.row(row) = truth_half.row(cells.of_condition[i]);
    out.control.row(row) = truth_half.row(cells.of_control[i]);
    if (cells.common_control) {      // of both halves: its noise is in truth and prediction alike, as in the scores
      out.control.row(row) = 0.5 * (truth_half.row(cells.of_control[i]) + predicted_half.row(cells.of_control[i]));
      out.predicted.row(row) = predicted_half.row(cells.of_condition[i]);
      continue;
    }
    out.predicted.row(row) = predicted_half.row(cells.of_condition[i]) - predicted_half.row(cells.of_control[i]) + truth_half.row(cells.of_control[i]);
  }
  out.predicted_control = out.control;
  return out;
}

std::vector<Ceilings> ceilings_of(const ScoredModel& floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const SplitOptions& options) {
  check_cells_behind(cells, floor.pair);
  const CellResamples resamples(*cells.cells, *cells.groups, options.seed, cells.replicates);
  const int splits = options.rule == SplitRule::alternate ? 1 : options.splits;
  HYPED_REQUIRE(splits >= 1);
  const auto halves = split_scores(floor, metrics, cells, resamples, options, 0.5, splits);
  std::vector<Ceilings> out(metrics.size());
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    Ceilings& c = out[k];
    c.metric = metrics[k].id, c.law = noise_law_of(metrics[k]);
    Ceiling half;
    half.values = mean_over_rows(halves[k].duplicate), half.mean = mean_of_numbers(half.values), half.how = half.mean ? "measured" : "the duplicate has no value";
    c.floor_half = mean_over_rows(halves[k].floor);
    std::vector<std::vector<double>> gain;
    for (std::size_t s = 0; s < halves[k].duplicate.size(); ++s) {
      gain.emplace_back();
      for (std::size_t i = 0; i < halves[k].duplicate[s].size(); ++i) gain.back().push_back(halves[k].duplicate[s][i] - halves[k].floor[s][i]);
    }
    c.shared_variance = shared_part(halves[k].duplicate), c.floor_shared_variance = shared_part(gain);
    c.of_kind = {half, extrapolated(half.values, c.law, CeilingKind::replicate), extrapolated(half.values, c.law, CeilingKind::noise_free)};
  }
  if (options.depths && options.rule == SplitRule::random)
    for (const double share : {0.125, 0.25}) {
      const auto part = split_scores(floor, metrics, cells, resamples, options, share, splits);
      for (std::size_t k = 0; k < metrics.size(); ++k) out[k].depth.push_back({share, mean_of_numbers(mean_over_rows(part[k].duplicate)), mean_of_numbers(mean_over_rows(part[k].floor))});
    }
  for (auto& c : out) c.depth.push_back({0.5, c[CeilingKind::half_split].mean, mean_of_numbers(c.floor_half)});
  return out;
}

MetricValue disattenuated(double observed, double truth_reliability) {
  if (!(truth_reliability > 0)) return {std::nullopt, "the truth has no measurable reliability"};
  return {observed / std::sqrt(truth_reliability), ""};
}

}  // namespace hyped
