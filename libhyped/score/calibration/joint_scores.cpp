// Metrics on measured profiles and on profiles of resampled cells, with covariances between models.
#include "libhyped/score/calibration/joint_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/score/calibration/ceilings.hpp"

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
  Eigen::MatrixXd of_condition;                  // [M x N]
  Eigen::MatrixXd within;                        // [M x M], summed over draws and conditions
  std::vector<std::vector<double>> of_mean;      // [M][D]
  void start(std::size_t models, std::size_t conditions, int draws) {
    of_condition = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(models), static_cast<Eigen::Index>(conditions));
    within = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(models), static_cast<Eigen::Index>(models));
    of_mean.assign(models, std::vector<double>(static_cast<std::size_t>(draws), nan));
  }
  void add(const std::vector<Eigen::VectorXd>& apart, const JointScores& s, int draw) {      // apart [M][N]
    for (std::size_t a = 0; a < apart.size(); ++a) {
      if (!s.mean[a]) continue;
      of_condition.row(static_cast<Eigen::Index>(a)) += apart[a].transpose();
      of_mean[a][static_cast<std::size_t>(draw)] = apart[a].sum() / static_cast<double>(s.defined[a]);
      for (std::size_t b = 0; b <= a; ++b)
        if (s.mean[b]) within(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)) += apart[a].dot(apart[b]);
    }
  }
  double mean(std::size_t a) const { return std::accumulate(of_mean[a].begin(), of_mean[a].end(), 0.0) / static_cast<double>(of_mean[a].size()); }
  // Covariance of the means, and what of it each condition has of its own; about 0 or about the mean over draws.
  struct Covariance {
    double of_means = 0, own = 0;
  };
  Covariance covariance(std::size_t a, std::size_t b, double both, bool about_zero) const {
    const auto ia = static_cast<Eigen::Index>(a), ib = static_cast<Eigen::Index>(b);
    const double draws = static_cast<double>(of_mean[a].size()), freedom = about_zero ? draws : std::max(1.0, draws - 1);
    Covariance out;
    for (std::size_t d = 0; d < of_mean[a].size(); ++d) out.of_means += of_mean[a][d] * of_mean[b][d];
    out.of_means = (out.of_means - (about_zero ? 0 : draws * mean(a) * mean(b))) / freedom;
    out.own = (within(ia, ib) - (about_zero ? 0 : of_condition.row(ia).dot(of_condition.row(ib)) / draws)) / freedom / both;
    return out;
  }
};

// Steps are this share of a draw: a whole draw doubles the noise of the profiles, and noisier profiles answer less to what conditions share.
constexpr double small_step = 0.25;

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
  const CellResamples resamples(*cells.cells, *cells.groups, options.seed, cells.replicates);
  const ProfileMatrix measured = resamples.means();
  const int pairs = std::max(1, options.cells / 2);      // of steps, one each way
  // A few replicates of a control tell its variance with as many degrees of freedom less one, however many draws there are.
  const double replicate_freedom = resamples.freedom_of(cells.of_control);
  std::vector<DrawSums> sums(metrics.size()), bends(metrics.size());      // bends: of small steps, what is not linear
  std::vector<char> smooth(metrics.size());
  bool any_smooth = false, any_plain = false;
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    smooth[k] = noise_law_of(metrics[k]) != NoiseLaw::unknown && !out[k].global();
    (smooth[k] ? any_smooth : any_plain) = true;
    out[k].freedom = std::min<double>(smooth[k] ? pairs : options.cells - 1, replicate_freedom);
    sums[k].start(count, out[k].conditions(), smooth[k] ? pairs : options.cells);
    if (smooth[k]) bends[k].start(count, out[k].conditions(), pairs);
  }
  std::vector<std::vector<Eigen::VectorXd>> deviation(metrics.size(), std::vector<Eigen::VectorXd>(count)), bend = deviation;
  std::vector<int> lacking(static_cast<std::size_t>(jobs));
  const int draws_made = any_plain ? options.cells : pairs;
  for (int first = 0; first < draws_made; first += at_once) {
    const auto batch = static_cast<std::size_t>(std::min(at_once, draws_made - first));
    std::vector<ProfileMatrix> means(any_plain ? batch : 0), directions(any_smooth && first < pairs ? batch : 0);
    if (any_plain) resamples.bootstrap(first, means);
    if (!directions.empty()) resamples.directions(first, directions);
    for (std::size_t d = 0; d < batch; ++d) {
      const int number = first + static_cast<int>(d);
      const bool steps = any_smooth && number < pairs;
      // scores of the draw itself, of a small step towards it and of one away from it, one set of comparisons in memory at a time
      std::array<std::vector<std::vector<MetricValue>>, 3> scored;      // [jobs][N]
      const auto score = [&](std::size_t which, const ProfileMatrix& from) {
        std::vector<EffectComparison> compared(count);
        parallel_for(static_cast<int>(count), [&](int m) { compared[static_cast<std::size_t>(m)] = with_means(models[static_cast<std::size_t>(m)], cells, from); });
        scored[which].resize(static_cast<std::size_t>(jobs));
        parallel_for(jobs, [&](int job) {
          const std::size_t k = static_cast<std::size_t>(job) / count, m = static_cast<std::size_t>(job) % count;
          if ((smooth[k] != 0) == (which > 0)) scored[which][static_cast<std::size_t>(job)] = metrics[k].evaluate(compared[m]);
        });
      };
      if (any_plain) score(0, means[d]);
      if (steps) score(1, measured + small_step * directions[d]), score(2, measured - small_step * directions[d]);
      parallel_for(jobs, [&](int job) {
        const std::size_t k = static_cast<std::size_t>(job) / count, m = static_cast<std::size_t>(job) % count;
        if (smooth[k] && !steps) return;
        const auto at_job = static_cast<std::size_t>(job);
        const auto& values = scored[smooth[k] ? 1 : 0][at_job];
        static const std::vector<MetricValue> none;
        const auto& away = smooth[k] ? scored[2][at_job] : none;
        Eigen::VectorXd &apart = deviation[k][m], &bent = bend[k][m];
        apart.setZero(static_cast<Eigen::Index>(values.size())), bent = apart;
        int missing = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const auto& here = out[k].values[m][i].value;
          const auto at = static_cast<Eigen::Index>(i);
          if (!here) continue;
          if (!values[i].value || (smooth[k] && !away[i].value)) ++missing;
          else if (!smooth[k]) apart[at] = *values[i].value - *here;
          else apart[at] = (*values[i].value - *away[i].value) / (2 * small_step), bent[at] = ((*values[i].value + *away[i].value) / 2 - *here) / (small_step * small_step);
        }
        lacking[static_cast<std::size_t>(job)] = missing;
      });
      for (std::size_t k = 0; k < metrics.size(); ++k) {
        if (smooth[k] && !steps) continue;
        for (std::size_t a = 0; a < count; ++a) out[k].undefined_in_draws += lacking[k * count + a];
        sums[k].add(deviation[k], out[k], number);
        if (smooth[k]) bends[k].add(bend[k], out[k], number);
      }
    }
  }
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    JointScores& s = out[k];
    s.cell_covariance = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(count));
    s.shared_covariance = s.cell_covariance;
    s.draws = sums[k].of_mean;
    for (std::size_t a = 0; a < count; ++a) {
      if (!s.mean[a]) continue;
      for (double& x : s.draws[a]) x += *s.mean[a];
      const auto ia = static_cast<Eigen::Index>(a);
      s.noise_shift[ia] = (smooth[k] ? bends[k] : sums[k]).mean(a);
      for (std::size_t b = 0; b <= a; ++b) {
        if (!s.mean[b]) continue;
        const auto ib = static_cast<Eigen::Index>(b);
        const double both = static_cast<double>(s.defined[a]) * static_cast<double>(s.defined[b]);
        DrawSums::Covariance c = sums[k].covariance(a, b, both, smooth[k]);
        if (smooth[k]) {
          // Slopes are taken at noisy profiles. For a e + e'B e this counts the variance of e'B e, which the bends show, twice.
          const auto curved = bends[k].covariance(a, b, both, false);
          c.of_means -= curved.of_means, c.own -= curved.own;
          if (a == b) c.of_means = std::max(c.of_means, curved.of_means);      // at least that of the bends
        }
        s.cell_covariance(ia, ib) = s.cell_covariance(ib, ia) = c.of_means;
        // with S shared and O of a condition alone: of the means S + O/n, of a condition S + O
        const double n = std::sqrt(both), shared = n > 1 ? (c.of_means - c.own) * n / (n - 1) : 0;
        s.shared_covariance(ia, ib) = s.shared_covariance(ib, ia) = s.global() ? 0 : shared;
      }
    }
  }
  return out;
}

}  // namespace hyped
