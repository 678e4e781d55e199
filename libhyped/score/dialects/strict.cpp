// Our own choices: measured control on both sides, own genes out, ties half, undefined values left out and counted; and distances of cells as scPerturb and pertpy take them.
#include <fmt/format.h>

#include <algorithm>

#include "libhyped/distance/energy.hpp"
#include "libhyped/distance/mmd.hpp"
#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/score/bulk/collapse_meters.hpp"
#include "libhyped/score/dialects/dialect_parts.hpp"

namespace hyped {

Eigen::MatrixXd cloud_of(const SparseRows& logs, const CellGroups& groups, int group) {
  std::vector<int> rows;
  for (int c = 0; c < logs.rows; ++c)
    if (groups.of_cell[static_cast<std::size_t>(c)] == group) rows.push_back(c);
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(rows.size()), logs.columns);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < logs.columns_of(rows[i]).size(); ++k) out(static_cast<Eigen::Index>(i), logs.columns_of(rows[i])[k]) = static_cast<double>(logs.values_of(rows[i])[k]);
  return out;
}

double pair_work(const ScoredPair& pair) {
  double work = 0;
  const auto genes = static_cast<double>(pair.genes.size());
  for (const ScoredCells* side : {&pair.truth, pair.predicted ? &*pair.predicted : nullptr}) {
    if (side == nullptr) continue;
    const auto sizes = side->groups.sizes();
    const auto control = static_cast<double>(sizes.back());
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) work += static_cast<double>(sizes[i]) * (static_cast<double>(sizes[i]) / 2 + control) * genes;
    work += control * control / 2 * genes;
  }
  return work;
}

DialectScores score_strict(const ScoredPair& pair, const DialectOptions& options) {
  DialectScores out;
  out.dialect = "strict";
  const EffectComparison profiles = effect_comparison(pair, pair.log_target, true);
  const Choices choices = {{"scale", fmt::format("{:.0f}", pair.log_target)}, {"control", "measured"}, {"own genes", "left out"}};
  struct Row {
    const char *id, *means;
  };
  for (const Row& r : {Row{"mse", "MSE"}, Row{"mse_debiased", ""}, Row{"mae", "MAE"}, Row{"rmse", "RMSE"}, Row{"l2", "L2"}, Row{"pearson", "Pearson of expression"}, Row{"cosine", "cosine of expression"}, Row{"r2", ""}, Row{"pearson_delta", "Pearson of changes"}, Row{"spearman_delta", ""},
                       Row{"cosine_delta", "cosine of changes"}, Row{"r2_delta", "R2 of changes"}, Row{"pearson_perturbed_mean", ""}, Row{"cosine_perturbed_mean", ""}, Row{"r2_perturbed_mean", ""}, Row{"mse_top20", "MSE of top 20 genes"}, Row{"pearson_top20", "Pearson of expression, top 20 genes"},
                       Row{"pearson_delta_top20", "Pearson of changes, top 20 genes"}, Row{"direction_top20", ""}, Row{"direction", ""}}) {
    const Metric metric = bulk_metric(r.id, OwnGenes::left_out);
    add_metric(out, pair, named(metric, r.id, r.means, choices, metric.evaluate(profiles)), MeanRule::defined_only);
  }
  for (const char* distance : {"cosine", "l2", "l1"}) {
    const Metric metric = bulk_metric(std::string("pds_") + distance);
    Choices rank = choices;
    rank[2].second = "of all conditions left out";
    for (const auto& c : Choices{{"distance", distance}, {"rank", "1 - k / (N - 1)"}, {"ties", "half"}}) rank.push_back(c);
    add_metric(out, pair, named(metric, metric.id, "discrimination (PDS)", rank, metric.evaluate(profiles)), MeanRule::defined_only);
  }
  for (const CollapseMeter& m : collapse_meters(profiles))
    out.words.push_back(fmt::format("{} ({}): truth {}, prediction {}.", m.id, m.formula, m.truth.value ? fmt::format("{:.4g}", *m.truth.value) : m.truth.undefined_because, m.predicted.value ? fmt::format("{:.4g}", *m.predicted.value) : m.predicted.undefined_because));
  if (pair.predicted_has_control()) {
    const double off = (profiles.predicted_control.row(0) - profiles.control.row(0)).norm();
    out.words.push_back(fmt::format("The prediction brought a control of its own, {:.4g} (Euclid) from the measured one; changes are taken from the measured one.", off));
  }
  if (!pair.predicted) {
    out.words.push_back("The prediction has means and no cells: there is nothing to test, so the metrics on differential expression are left out.");
    return out;
  }
  DeSettings settings;
  settings.mean = MeanKind::arithmetic, settings.gate = DeSettings::Gate::expressed, settings.significance = options.significance;
  const DeComparison tables = tables_of(pair, logs_of(pair.truth, pair.log_target), logs_of(*pair.predicted, pair.log_target), settings, true);
  const Choices tests = {{"scale", fmt::format("{:.0f}", pair.log_target)}, {"control", "measured"}, {"own genes", "left out"}, {"fdr over", "each condition"}, {"gate", "a count in some cell"}, {"means", "arithmetic"}, {"zero means", "infinite fold change"}, {"numbers", "64 bits"}, {"top genes by", "p"}, {"no significant gene", "undefined, counted"}};
  for (const DeMetric& metric : de_metrics(strict_rules())) add_metric(out, pair, named(metric, metric.id, metric.id, tests, metric.evaluate(tables)), MeanRule::defined_only);
  if (!tables.real.tested.empty()) out.words.push_back(fmt::format("{} of {} genes have a count in the truth and are tested.", tables.real.tested.front(), pair.genes.size()));
  return out;
}

DialectScores score_cell_distances(const ScoredPair& pair, std::string_view dialect, const DialectOptions& options) {
  DialectScores out;
  out.dialect = dialect;
  if (!pair.predicted) {
    out.words.push_back("The prediction has means and no cells: distances of cells are left out.");
    return out;
  }
  const SparseRows truth = logs_of(pair.truth, pair.log_target), predicted = logs_of(*pair.predicted, pair.log_target);
  // 50 principal components of the true cells, both sides projected on them; the genes themselves where there are no more.
  constexpr int most = 50;
  Eigen::MatrixXd loadings;
  Eigen::RowVectorXd centre;
  std::string space = "all genes";
  if (truth.columns > most && truth.rows > most) {
    PcaOptions pca;
    pca.components = most;
    const Pca found = principal_components(truth, pca);
    loadings = found.loadings, centre = found.mean.transpose();
    space = "50 principal components of the true cells";
    if (!found.outcome.ok()) out.words.push_back("Principal components did not converge: " + found.outcome.message);
  }
  const auto project = [&](Eigen::MatrixXd cloud) -> Eigen::MatrixXd { return loadings.size() > 0 ? ((cloud.rowwise() - centre) * loadings).eval() : cloud; };
  const double work = loadings.size() > 0 ? pair_work(pair) / static_cast<double>(truth.columns) * most : pair_work(pair);
  if (work > options.most_pair_work) {
    out.words.push_back("Distances of all pairs of cells would take too long here (--most-pair-work).");
    return out;
  }
  struct Form {
    const char *id, *formula, *words;
    EnergyPairs pairs;
    PairDistance distance;
  };
  const bool scperturb = dialect == "scperturb";
  std::vector<Form> forms;
  if (scperturb) forms = {{"edist", "2 mean d - mean d - mean d of true and predicted cells, squared Euclid, unbiased", "squared Euclid, unbiased", EnergyPairs::unbiased, PairDistance::squared_euclidean}};
  else forms = {{"edistance", "2 mean d - mean d - mean d of true and predicted cells, Euclid, unbiased", "Euclid, unbiased", EnergyPairs::unbiased, PairDistance::euclidean}, {"edistance_precomputed", "the same with self pairs, as pairwise() and the permutation test take it", "Euclid, self pairs counted", EnergyPairs::with_self, PairDistance::euclidean}};
  const Choices choices = {{"scale", fmt::format("{:.0f}", pair.log_target)}, {"space", space}};
  const auto sizes = pair.truth.groups.sizes(), predicted_sizes = pair.predicted->groups.sizes();
  std::vector<DialectMetric> metrics;
  for (const Form& f : forms) {
    Choices c = choices;
    c.push_back({"energy", f.words});
    metrics.push_back({f.id, f.formula, "energy distance", Better::lower, 0, {}, c, false, {}, {}, {}, {}});
  }
  if (!scperturb) metrics.push_back({"mmd_linear", "squared MMD with the linear kernel, pertpy's default: the squared distance of the means", "", Better::lower, 0, {}, choices, false, {}, {}, {}, {}});
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) {
    if (sizes[i] < 2 || predicted_sizes[i] < 2) {
      for (DialectMetric& m : metrics) m.values.push_back(undefined("fewer than two cells"));
      continue;
    }
    const Eigen::MatrixXd x = project(cloud_of(truth, pair.truth.groups, static_cast<int>(i))), y = project(cloud_of(predicted, pair.predicted->groups, static_cast<int>(i)));
    for (std::size_t f = 0; f < forms.size(); ++f) metrics[f].values.push_back(defined(energy_parts(x, y, forms[f].pairs, forms[f].distance).distance()));
    if (!scperturb) {
      MmdKernel linear;
      linear.kind = MmdKernel::Kind::linear;
      metrics.back().values.push_back(defined(mmd_squared(x, y, linear)));
    }
  }
  for (DialectMetric& m : metrics) add_metric(out, pair, std::move(m), MeanRule::defined_only);
  return out;
}

}  // namespace hyped
