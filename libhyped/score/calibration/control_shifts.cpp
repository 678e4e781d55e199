// Blocks of control cells with less weight, and what that does to scores and to duplicates.
#include "libhyped/score/calibration/control_shifts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t block_stream = 0x60000000u;

constexpr double step = 0.25;      // of the weights

// Sylvester's matrix: 1 or -1.
int sign_of(int row, int column) { return __builtin_popcount(static_cast<unsigned>(row & column)) % 2 == 0 ? 1 : -1; }

// From scores at both states of each way: parts scaled to covariances. at [states], here: unshifted.
ShiftResponse response_of(const Eigen::VectorXd& at, double here) {
  constexpr double ways = ControlShifts::ways;
  ShiftResponse out{Eigen::VectorXd(ControlShifts::ways), Eigen::VectorXd(ControlShifts::ways)};
  for (Eigen::Index w = 0; w < ControlShifts::ways; ++w) {
    out.linear[w] = (at[2 * w] - at[2 * w + 1]) / (2 * step * std::sqrt(ways));
    out.bent[w] = ((at[2 * w] + at[2 * w + 1]) / 2 - here) / (step * step * std::sqrt(ways - 1));
  }
  out.bent.array() -= out.bent.mean();
  return out;
}

double mean_of(const std::vector<MetricValue>& values, const std::vector<MetricValue>& where) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (where[i].value) sum += values[i].value ? *values[i].value : *where[i].value, n += 1;
  return n > 0 ? sum / n : std::numeric_limits<double>::quiet_NaN();
}

// d (score at full depth) / d (half-split score).
double slope_at(double half, NoiseLaw law, CeilingKind kind) {
  if (kind == CeilingKind::half_split) return 1;
  if (law == NoiseLaw::squared_error || law == NoiseLaw::error) return at_full_depth(1, law, kind);
  if (half <= 0) return 0;
  const double replicate = 2 / ((1 + half) * (1 + half));
  return kind == CeilingKind::replicate ? replicate : replicate / (2 * at_full_depth(half, law, kind));
}

}  // namespace

ControlShifts::ControlShifts(const CellsBehind& cells, const CellResamples& resamples, std::uint64_t seed) : resamples_(resamples) {
  const std::set<int> different(cells.of_control.begin(), cells.of_control.end());
  controls_.assign(different.begin(), different.end());
  for (const int group : controls_) {
    const std::size_t n = resamples.cells_of(group), units = resamples.units_of(group), count = std::min<std::size_t>(units, blocks);
    std::vector<std::size_t> order(units), block(units);
    for (std::size_t i = 0; i < units; ++i) order[i] = i;
    RandomStream random(seed, block_stream, static_cast<std::uint32_t>(group));
    for (std::size_t i = units; i > 1; --i) std::swap(order[i - 1], order[std::min(i - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(i)))]);
    std::vector<double> weights(n * states, 1.0);
    // the variance of a mean of n cells is unbiased for any number of blocks
    const double size = static_cast<double>(count), by = count > 1 ? step * std::sqrt(static_cast<double>(ways) / blocks * size / (size - 1)) : 0;
    for (std::size_t i = 0; i < units; ++i) block[order[i]] = i % count;
    const auto unit = resamples.unit_of(group);
    for (std::size_t i = 0; i < n; ++i)
      for (int w = 0; w < ways; ++w) {
        const double more = by * sign_of(w + 1, static_cast<int>(block[static_cast<std::size_t>(unit[i])]));
        weights[i * states + static_cast<std::size_t>(2 * w)] += more, weights[i * states + static_cast<std::size_t>(2 * w + 1)] -= more;
      }
    weights_.push_back(std::move(weights));
  }
}

void ControlShifts::put(const ProfileMatrix& rows, ProfileMatrix& group_means) const {
  for (std::size_t c = 0; c < controls_.size(); ++c) group_means.row(controls_[c]) = rows.row(static_cast<Eigen::Index>(c));
}

namespace {
// weights [cells x states] to sum 1 over the cells with a mark, 0 elsewhere.
std::vector<double> normalised(const std::vector<double>& weights, const std::vector<char>& in) {
  constexpr std::size_t states = ControlShifts::states;
  std::vector<double> out(weights.size(), 0.0), sum(states, 0.0);
  for (std::size_t i = 0; i < in.size(); ++i)
    for (std::size_t j = 0; j < states; ++j)
      if (in[i]) sum[j] += weights[i * states + j];
  for (std::size_t i = 0; i < in.size(); ++i)
    for (std::size_t j = 0; j < states; ++j)
      if (in[i]) out[i * states + j] = weights[i * states + j] / sum[j];
  return out;
}
std::vector<ProfileMatrix*> pointers_to(std::vector<ProfileMatrix>& matrices) {
  std::vector<ProfileMatrix*> out;
  for (auto& m : matrices) out.push_back(&m);
  return out;
}
}  // namespace

std::vector<ProfileMatrix> ControlShifts::means() const {
  std::vector<ProfileMatrix> out(states, ProfileMatrix::Zero(static_cast<Eigen::Index>(controls_.size()), resamples_.genes()));
  const auto targets = pointers_to(out);
  parallel_for(static_cast<int>(controls_.size()), [&](int c) {
    const int group = controls_[static_cast<std::size_t>(c)];
    const std::vector<double> weights = normalised(weights_[static_cast<std::size_t>(c)], std::vector<char>(resamples_.cells_of(group), 1));
    resamples_.weighted_sums(group, weights, targets, c);
  });
  return out;
}

void ControlShifts::split(int number, SplitRule rule, std::vector<ProfileMatrix>& one, std::vector<ProfileMatrix>& other) const {
  one.assign(states, ProfileMatrix::Zero(static_cast<Eigen::Index>(controls_.size()), resamples_.genes())), other = one;
  const auto first = pointers_to(one), second = pointers_to(other);
  parallel_for(static_cast<int>(controls_.size()), [&](int c) {
    const int group = controls_[static_cast<std::size_t>(c)];
    const auto parts = resamples_.parts(number, rule, 0.5, group);
    const auto rows = resamples_.rows_of(group);
    const auto marks = [&](const std::vector<std::int32_t>& part) {
      std::vector<char> in(rows.size(), 0);
      for (const auto row : part) in[static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin())] = 1;
      return in;
    };
    resamples_.weighted_sums(group, normalised(weights_[static_cast<std::size_t>(c)], marks(parts.one)), first, c);
    resamples_.weighted_sums(group, normalised(weights_[static_cast<std::size_t>(c)], marks(parts.other)), second, c);
  });
}

std::vector<std::vector<ShiftResponse>> control_responses(const std::vector<ScoredModel>& models, const std::vector<Metric>& metrics, const CellsBehind& cells, std::uint64_t seed) {
  const CellResamples resamples(*cells.cells, *cells.groups, seed, cells.replicates);
  const ControlShifts shifts(cells, resamples, seed);
  const ProfileMatrix measured_means = resamples.means();
  const auto controls = shifts.means();
  std::vector<std::vector<ShiftResponse>> out(metrics.size(), std::vector<ShiftResponse>(models.size()));
  std::vector<std::size_t> known;
  for (std::size_t k = 0; k < metrics.size(); ++k)
    if (noise_law_of(metrics[k]) != NoiseLaw::unknown) known.push_back(k);
  for (std::size_t m = 0; m < models.size(); ++m) {
    std::vector<std::vector<MetricValue>> measured;
    for (const auto k : known) measured.push_back(metrics[k].evaluate(models[m].pair));
    Eigen::MatrixXd at(ControlShifts::states, static_cast<Eigen::Index>(known.size()));
    parallel_for(ControlShifts::states, [&](int j) {
      ProfileMatrix moved = measured_means;
      shifts.put(controls[static_cast<std::size_t>(j)], moved);
      const EffectComparison pair = with_means(models[m], cells, moved);
      for (std::size_t i = 0; i < known.size(); ++i) at(j, static_cast<Eigen::Index>(i)) = mean_of(metrics[known[i]].evaluate(pair), measured[i]);
    });
    for (std::size_t i = 0; i < known.size(); ++i) out[known[i]][m] = response_of(at.col(static_cast<Eigen::Index>(i)), mean_of(measured[i], measured[i]));
  }
  return out;
}

void add_shared_variance(std::vector<Ceilings>& ceilings, const ScoredModel& floor, const std::vector<Metric>& metrics, const CellsBehind& cells, const SplitOptions& options) {
  std::vector<std::size_t> known;
  for (std::size_t k = 0; k < ceilings.size(); ++k)
    if (ceilings[k].law != NoiseLaw::unknown && ceilings[k][CeilingKind::half_split].mean && ceilings[k][CeilingKind::half_split].values.size() == floor.pair.conditions.size()) known.push_back(k);
  if (known.empty()) return;
  constexpr CeilingKind kinds[3] = {CeilingKind::half_split, CeilingKind::replicate, CeilingKind::noise_free};
  const CellResamples resamples(*cells.cells, *cells.groups, options.seed, cells.replicates);
  const ControlShifts shifts(cells, resamples, options.seed);
  const int splits = options.rule == SplitRule::alternate ? 1 : options.splits;
  const auto conditions = floor.pair.conditions.size();
  const auto jobs = static_cast<std::size_t>(ControlShifts::states);
  // [known][kind] splits x ways, brought to full depth
  std::vector<std::array<Eigen::MatrixXd, 3>> linear(known.size());
  for (auto& c : linear) c.fill(Eigen::MatrixXd::Zero(splits, ControlShifts::ways));
  auto bent = linear;
  for (int s = 0; s < splits; ++s) {
    ProfileMatrix one, other;
    resamples.split(s, options.rule, 0.5, one, other);
    std::vector<ProfileMatrix> control_one, control_other;
    shifts.split(s, options.rule, control_one, control_other);
    std::vector<std::vector<double>> base(known.size());      // [known][N], both directions
    const auto evaluate = [&](const ProfileMatrix& a, const ProfileMatrix& b, std::vector<std::vector<double>>& into) {
      into.assign(known.size(), std::vector<double>(2 * conditions, std::numeric_limits<double>::quiet_NaN()));
      for (int direction = 0; direction < 2; ++direction) {
        const EffectComparison pair = duplicate_of(floor.pair, cells, direction == 0 ? a : b, direction == 0 ? b : a);
        for (std::size_t k = 0; k < known.size(); ++k) {
          const auto values = metrics[known[k]].evaluate(pair);
          for (std::size_t i = 0; i < conditions; ++i)
            if (values[i].value) into[k][static_cast<std::size_t>(direction) * conditions + i] = *values[i].value;
        }
      }
    };
    evaluate(one, other, base);
    std::vector<std::vector<std::vector<double>>> moved(jobs);
    parallel_for(ControlShifts::states, [&](int j) {
      ProfileMatrix a = one, b = other;
      shifts.put(control_one[static_cast<std::size_t>(j)], a), shifts.put(control_other[static_cast<std::size_t>(j)], b);
      evaluate(a, b, moved[static_cast<std::size_t>(j)]);
    });
    for (std::size_t k = 0; k < known.size(); ++k) {
      const Ceilings& c = ceilings[known[k]];
      const auto& half = c[CeilingKind::half_split].values;
      for (std::size_t kind = 0; kind < 3; ++kind) {
        Eigen::VectorXd apart = Eigen::VectorXd::Zero(ControlShifts::states);
        for (std::size_t j = 0; j < jobs; ++j) {
          double sum = 0, n = 0;
          for (std::size_t i = 0; i < conditions; ++i) {
            if (std::isnan(half[i])) continue;
            n += 1;
            for (const std::size_t at : {i, conditions + i})
              if (const double by = moved[j][k][at] - base[k][at]; !std::isnan(by)) sum += 0.5 * slope_at(half[i], c.law, kinds[kind]) * by;
          }
          apart[static_cast<Eigen::Index>(j)] = sum / n;
        }
        const ShiftResponse response = response_of(apart, 0);
        linear[k][kind].row(s) = response.linear.transpose(), bent[k][kind].row(s) = response.bent.transpose();
      }
    }
  }
  for (std::size_t k = 0; k < known.size(); ++k) {
    Ceilings& c = ceilings[known[k]];
    c.shared_known = true;
    for (std::size_t kind = 0; kind < 3; ++kind) {
      // products of two different splits: a single split's own halves of the control move far more than the mean over all splits does
      const auto of_mean = [&](const Eigen::MatrixXd& d) { return splits > 1 ? (d.colwise().sum().squaredNorm() - d.squaredNorm()) / splits / (splits - 1) : d.squaredNorm(); };
      const double slope = slope_at(*c[CeilingKind::half_split].mean, c.law, kinds[kind]);
      // and a finite number of splits
      c.shared[kind] = std::max(0.0, of_mean(linear[k][kind]) - of_mean(bent[k][kind])) + slope * slope * c.shared_variance / splits;
      c.by_control[kind] = {linear[k][kind].colwise().mean().transpose(), bent[k][kind].colwise().mean().transpose()};
    }
  }
}

}  // namespace hyped
