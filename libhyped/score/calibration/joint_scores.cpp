// Metrics on measured profiles and on profiles of resampled cells, with covariances between models.
#include "libhyped/score/calibration/joint_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int at_once = 8;

ProfileMatrix rows_taken(const ProfileMatrix& means, const std::vector<int>& groups) {
  ProfileMatrix out(static_cast<Eigen::Index>(groups.size()), means.cols());
  for (std::size_t i = 0; i < groups.size(); ++i) out.row(static_cast<Eigen::Index>(i)) = means.row(groups[i]);
  return out;
}

ProfileMatrix without_row(const ProfileMatrix& m, Eigen::Index row) {
  if (m.rows() == 0) return m;
  ProfileMatrix out(m.rows() - 1, m.cols());
  out.topRows(row) = m.topRows(row);
  out.bottomRows(m.rows() - 1 - row) = m.bottomRows(m.rows() - 1 - row);
  return out;
}

EffectComparison without_condition(const EffectComparison& pair, std::size_t i) {
  EffectComparison out = pair;
  const auto at = static_cast<std::ptrdiff_t>(i);
  out.conditions.erase(out.conditions.begin() + at);
  if (!out.own_genes.empty()) out.own_genes.erase(out.own_genes.begin() + at);
  for (ProfileMatrix* m : {&out.truth, &out.predicted, &out.control, &out.predicted_control, &out.perturbed_mean, &out.de_score, &out.contrast_score, &out.truth_error, &out.control_error})
    if (m->rows() == static_cast<Eigen::Index>(pair.conditions.size())) *m = without_row(*m, at);
  return out;
}

std::optional<double> mean_of(const std::vector<MetricValue>& values, std::size_t& defined) {
  double sum = 0;
  defined = 0;
  for (const auto& v : values)
    if (v.value) sum += *v.value, ++defined;
  if (defined == 0) return std::nullopt;
  return sum / static_cast<double>(defined);
}

// N m - (N - 1) m(without i); NaN where the metric does not exist without it.
std::vector<double> jackknife(const Metric& metric, const EffectComparison& pair, double all) {
  const std::size_t n = pair.conditions.size();
  std::vector<double> out(n, nan);
  parallel_for(static_cast<int>(n), [&](int i) {
    const auto rest = metric.evaluate(without_condition(pair, static_cast<std::size_t>(i)));
    if (rest.size() == 1 && rest[0].value) out[static_cast<std::size_t>(i)] = static_cast<double>(n) * all - static_cast<double>(n - 1) * *rest[0].value;
  });
  return out;
}

// Sums over draws of deviations from the measured values, by condition and of the means.
struct DrawSums {
  Eigen::MatrixXd of_condition;      // [M x N]
  Eigen::MatrixXd within;            // [M x M], summed over draws and conditions, each divided by the two models' numbers of conditions
  int undefined = 0;
};

}  // namespace

std::vector<double> JointScores::units(std::size_t model) const {
  if (global()) return pseudo_values[model];
  std::vector<double> out;
  for (const auto& v : values[model]) out.push_back(v.value ? *v.value : nan);
  return out;
}

void check_cells_behind(const CellsBehind& cells, const EffectComparison& pair) {
  HYPED_REQUIRE(cells.cells && cells.groups && cells.of_condition.size() == pair.conditions.size() && cells.of_control.size() == pair.conditions.size());
  if (cells.cells->columns != pair.truth.cols())
    throw InputError("cells behind the profiles", fmt::format("have {} genes, the profiles {}", cells.cells->columns, pair.truth.cols()), "give the cells with the columns of the comparison");
  const ProfileMatrix means = CellResamples(*cells.cells, *cells.groups, 0).means();
  for (const auto& [name, profiles, groups] : {std::tuple{"truth", &pair.truth, &cells.of_condition}, std::tuple{"control", &pair.control, &cells.of_control}}) {
    const double apart = (rows_taken(means, *groups) - *profiles).cwiseAbs().maxCoeff(), largest = profiles->cwiseAbs().maxCoeff();
    if (!(apart <= 1e-5 * largest)) throw InputError("cells behind the profiles", fmt::format("their means differ from the {} by up to {:g}", name, apart), "give the cells in the unit the profiles are means of");
  }
}

EffectComparison with_means(const ScoredModel& model, const CellsBehind& cells, const ProfileMatrix& group_means) {
  EffectComparison out = model.pair;
  const bool own_control = out.predicted_control.rows() > 0 && out.predicted_control != out.control;
  out.truth = rows_taken(group_means, cells.of_condition);
  out.control = rows_taken(group_means, cells.of_control);
  if (!own_control) out.predicted_control = out.control;
  if (model.again) out.predicted = model.again(group_means);
  HYPED_REQUIRE(out.predicted.rows() == out.truth.rows() && out.predicted.cols() == out.truth.cols());
  return out;
}

std::vector<JointScores> score_jointly(const std::vector<ScoredModel>& models, const std::vector<Metric>& metrics, const CellsBehind& cells, const DrawOptions& options) {
  const std::size_t count = models.size();
  HYPED_REQUIRE(count > 0);
  std::vector<JointScores> out(metrics.size());
  const int jobs = static_cast<int>(metrics.size() * count);
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    out[k].metric = metrics[k].id, out[k].better = metrics[k].better;
    out[k].values.resize(count), out[k].mean.resize(count), out[k].defined.resize(count), out[k].noise_shift = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(count));
    for (const auto& model : models) out[k].models.push_back(model.name);
  }
  parallel_for(jobs, [&](int job) {
    const std::size_t k = static_cast<std::size_t>(job) / count, m = static_cast<std::size_t>(job) % count;
    out[k].values[m] = metrics[k].evaluate(models[m].pair);
    out[k].mean[m] = mean_of(out[k].values[m], out[k].defined[m]);
  });
  const std::size_t conditions = models.front().pair.conditions.size();
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    if (out[k].conditions() == conditions) continue;
    HYPED_REQUIRE(out[k].conditions() == 1);
    for (std::size_t m = 0; m < count; ++m) out[k].pseudo_values.push_back(out[k].mean[m] ? jackknife(metrics[k], models[m].pair, *out[k].mean[m]) : std::vector<double>(conditions, nan));
  }
  if (!cells.cells || options.cells < 2) return out;

  check_cells_behind(cells, models.front().pair);
  const CellResamples resamples(*cells.cells, *cells.groups, options.seed);
  std::vector<DrawSums> sums(metrics.size());
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    sums[k].of_condition = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(out[k].conditions()));
    sums[k].within = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(count));
    out[k].draws.assign(count, std::vector<double>(static_cast<std::size_t>(options.cells), nan));
  }
  std::vector<std::vector<Eigen::VectorXd>> deviation(metrics.size(), std::vector<Eigen::VectorXd>(count));
  std::vector<int> lacking(static_cast<std::size_t>(jobs));
  for (int first = 0; first < options.cells; first += at_once) {
    std::vector<ProfileMatrix> means(static_cast<std::size_t>(std::min(at_once, options.cells - first)));
    resamples.bootstrap(first, means);
    for (std::size_t d = 0; d < means.size(); ++d) {
      std::vector<EffectComparison> pairs(count);
      parallel_for(static_cast<int>(count), [&](int m) { pairs[static_cast<std::size_t>(m)] = with_means(models[static_cast<std::size_t>(m)], cells, means[d]); });
      parallel_for(jobs, [&](int job) {
        const std::size_t k = static_cast<std::size_t>(job) / count, m = static_cast<std::size_t>(job) % count;
        const auto values = metrics[k].evaluate(pairs[m]);
        Eigen::VectorXd& apart = deviation[k][m];
        apart.setZero(static_cast<Eigen::Index>(values.size()));
        int missing = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          if (!out[k].values[m][i].value) continue;
          if (values[i].value) apart[static_cast<Eigen::Index>(i)] = *values[i].value - *out[k].values[m][i].value;
          else ++missing;
        }
        lacking[static_cast<std::size_t>(job)] = missing;
        if (out[k].mean[m]) out[k].draws[m][static_cast<std::size_t>(first) + d] = *out[k].mean[m] + apart.sum() / static_cast<double>(out[k].defined[m]);
      });
      for (std::size_t k = 0; k < metrics.size(); ++k)
        for (std::size_t a = 0; a < count; ++a) {
          sums[k].undefined += lacking[k * count + a];
          if (!out[k].mean[a]) continue;
          sums[k].of_condition.row(static_cast<Eigen::Index>(a)) += deviation[k][a].transpose();
          for (std::size_t b = 0; b <= a; ++b)
            if (out[k].mean[b]) sums[k].within(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)) += deviation[k][a].dot(deviation[k][b]);
        }
    }
  }
  const double draws = options.cells;
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    JointScores& s = out[k];
    s.undefined_in_draws = sums[k].undefined;
    s.cell_covariance = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(count));
    s.shared_covariance = s.cell_covariance;
    for (std::size_t a = 0; a < count; ++a) {
      if (!s.mean[a]) continue;
      const auto ia = static_cast<Eigen::Index>(a);
      const Eigen::VectorXd mean_a = sums[k].of_condition.row(ia) / draws;
      s.noise_shift[ia] = mean_a.sum() / static_cast<double>(s.defined[a]);
      for (std::size_t b = 0; b <= a; ++b) {
        if (!s.mean[b]) continue;
        const auto ib = static_cast<Eigen::Index>(b);
        const Eigen::VectorXd mean_b = sums[k].of_condition.row(ib) / draws;
        const double both = static_cast<double>(s.defined[a]) * static_cast<double>(s.defined[b]);
        double of_means = 0;
        for (int d = 0; d < options.cells; ++d) of_means += (s.draws[a][static_cast<std::size_t>(d)] - *s.mean[a] - s.noise_shift[ia]) * (s.draws[b][static_cast<std::size_t>(d)] - *s.mean[b] - s.noise_shift[ib]);
        of_means /= draws - 1;
        const double own = (sums[k].within(ia, ib) - draws * mean_a.dot(mean_b)) / (draws - 1) / both;
        s.cell_covariance(ia, ib) = s.cell_covariance(ib, ia) = of_means;
        // with S shared and O of a condition alone: of the means S + O/n, of a condition S + O
        const double n = std::sqrt(both), shared = n > 1 ? (of_means - own) * n / (n - 1) : 0;
        s.shared_covariance(ia, ib) = s.shared_covariance(ib, ia) = s.global() ? 0 : shared;
      }
    }
  }
  return out;
}

}  // namespace hyped
