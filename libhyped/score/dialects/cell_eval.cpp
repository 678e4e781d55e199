// cell-eval 0.6.6, 0.7.6 and 0.8.1: one list of metrics, three sets of choices.
#include <fmt/format.h>

#include "libhyped/distance/energy.hpp"
#include "libhyped/score/bulk/clustering_agreement.hpp"
#include "libhyped/score/dialects/dialect_parts.hpp"

namespace hyped {
namespace {

struct Version {
  double target = 0;
  DeSettings tables;
  DeRules rules;
  Choices scale, tests;
};

Version version_of(std::string_view name, double significance) {
  Version out;
  out.rules = cell_eval_rules();
  out.tables.float_columns = true;
  out.tables.significance = significance;
  out.scale = {{"scale", "median total of each file"}, {"control", "of the prediction"}, {"own genes", "kept, but for a label that is a gene in discrimination"}};
  out.tests = {{"fdr over", "each condition"}, {"gate", "none"}, {"means", "geometric"}, {"zero means", "infinite fold change"}, {"numbers", "32 bits"}, {"top genes by", "fold change"}, {"no significant gene", "0, or absent"}};
  if (name == "0.6.6") {
    out.tables.pool = DeSettings::Pool::all, out.tables.zero_mean = DeSettings::ZeroMean::twentyfold;
    out.rules.auc_floor = DeRules::AucFloor::replace_zero, out.rules.missing_fold_is_zero = false;
    out.tests[0].second = "all conditions together", out.tests[3].second = "20-fold";
  }
  if (name == "0.7.6") {
    out.target = 1e4;
    out.tables.pseudocount = 1e-9, out.tables.gate = DeSettings::Gate::either;
    out.scale[0].second = "10,000", out.tests[1].second = "CPM above 5 in one of the two", out.tests[3].second = "pseudocount 1e-9";
  }
  return out;
}

Choices joined(Choices a, const Choices& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<MetricValue> energy_correlation(const ScoredPair& pair, const SparseRows& truth, const SparseRows& predicted) {
  std::vector<double> real, other;
  const Eigen::MatrixXd control = cloud_of(truth, pair.truth.groups, pair.control_group()), own = cloud_of(predicted, pair.predicted->groups, pair.control_group());
  for (int k = 0; k < pair.control_group(); ++k) {
    real.push_back(energy_parts(cloud_of(truth, pair.truth.groups, k), control).distance());
    other.push_back(energy_parts(cloud_of(predicted, pair.predicted->groups, k), own).distance());
  }
  MetricValue out = pearson(real, other);
  if (!out.value) out.undefined_because = "NaN: " + out.undefined_because;
  return {out};
}

}  // namespace

DialectScores score_cell_eval(const ScoredPair& pair, std::string_view name, const DialectOptions& options) {
  DialectScores out;
  out.dialect = "cell-eval-" + std::string(name);
  const Version version = version_of(name, options.significance);
  if (!pair.predicted_has_control()) {
    out.words.push_back(fmt::format("{} stops here: the prediction has no cells of the control {}, and it subtracts the prediction's own.", out.dialect, pair.control));
    return out;
  }
  for (std::size_t i = 0; i < pair.conditions.size(); ++i)
    if (pair.missing[i]) {
      out.words.push_back(fmt::format("{} stops here: the prediction has not {}, and it wants the same conditions on both sides.", out.dialect, pair.conditions[i]));
      return out;
    }
  const EffectComparison profiles = effect_comparison(pair, version.target, false);
  const auto nan_words = [](std::vector<MetricValue> values) {
    for (MetricValue& v : values)
      if (!v.value) v.undefined_because = "NaN: " + v.undefined_because;
    return values;
  };
  struct Profile {
    const char *id, *metric, *means;
  };
  for (const Profile& p : {Profile{"pearson_delta", "pearson_delta_own_control", "Pearson of changes"}, Profile{"mse", "mse", "MSE"}, Profile{"mae", "mae", "MAE"}, Profile{"mse_delta", "mse_delta_own_control", "MSE of changes"}, Profile{"mae_delta", "mae_delta_own_control", "MAE of changes"},
                           Profile{"discrimination_score_l1", "discrimination_score_l1", "discrimination (PDS)"}, Profile{"discrimination_score_l2", "discrimination_score_l2", "discrimination (PDS)"}, Profile{"discrimination_score_cosine", "discrimination_score_cosine", "discrimination (PDS)"}}) {
    const Metric metric = bulk_metric(p.metric);
    Choices choices = version.scale;
    const std::string id = p.id;
    if (const auto at = id.rfind("discrimination_score_", 0); at == 0) choices = joined(choices, {{"distance", id.substr(21)}, {"rank", "1 - rank / N"}, {"ties", "by name"}});
    add_metric(out, pair, named(metric, p.id, p.means, choices, nan_words(metric.evaluate(profiles))), MeanRule::nan_poisons);
  }
  if (!pair.predicted) {
    out.words.push_back("The prediction has means and no cells: there is nothing to test, so the metrics on differential expression are left out.");
    return out;
  }
  const SparseRows truth = scanpy_logs(pair.truth, version.target), predicted = scanpy_logs(*pair.predicted, version.target);
  const DeComparison tables = tables_of(pair, truth, predicted, version.tables, false);
  for (const char* id : {"overlap_at_N", "overlap_at_50", "overlap_at_100", "overlap_at_200", "overlap_at_500", "precision_at_N", "precision_at_50", "precision_at_100", "precision_at_200", "precision_at_500", "de_direction_match", "de_spearman_sig", "de_spearman_lfc_sig",
                         "de_sig_genes_recall", "de_nsig_real", "de_nsig_pred", "pr_auc", "roc_auc"}) {
    const DeMetric metric = de_metric(id, version.rules);
    add_metric(out, pair, named(metric, id, metric.id, joined(version.scale, version.tests), metric.evaluate(tables)), MeanRule::nan_poisons);
  }
  if (pair_work(pair) <= options.most_pair_work) {
    DialectMetric metric{"pearson_edistance", "Pearson over conditions of E(real, control) and E(predicted, predicted control), Euclid, self pairs counted, all genes", "", Better::higher, 1, -1, version.scale, true, energy_correlation(pair, truth, predicted), {}, {}, {}};
    add_metric(out, pair, std::move(metric), MeanRule::nan_poisons);
  } else {
    out.words.push_back("pearson_edistance is left out: distances of all pairs of cells over all genes would take too long (--most-pair-work).");
  }
  DialectMetric groups{"clustering_agreement", "adjusted mutual information of Leiden groups of condition means, resolution 1 for the truth, the best of seven for the prediction", "", Better::higher, 1, 0, version.scale, true, {clustering_agreement(profiles.truth, profiles.predicted)}, {}, {}, {}};
  add_metric(out, pair, std::move(groups), MeanRule::nan_poisons);
  if (pair.conditions.size() < 30) out.words.push_back(fmt::format("clustering_agreement of {} conditions means little: groups of so few are chance, and it takes the best of seven resolutions.", pair.conditions.size()));
  return out;
}

DialectScores score_cell_eval2(const ScoredPair& pair, const DialectOptions& options) {
  DialectScores out;
  out.dialect = "cell-eval2";
  const Choices bulk = {{"scale", "sums of counts per 50,000"}, {"control", "measured"}, {"own genes", "of all conditions left out"}};
  const Choices tests = {{"scale", "1,000,000"}, {"control", "measured"}, {"own genes", "left out"}, {"fdr over", "each condition"}, {"gate", "CPM above 5 in the measured control"}, {"means", "arithmetic"}, {"zero means", "pseudocount 1e-9"}, {"numbers", "64 bits"}, {"top genes by", "fold change"}, {"no significant gene", "1 if both have none, else the worst value"}};
  const auto n = static_cast<Eigen::Index>(pair.conditions.size());
  if (!pair.predicted) {
    out.words.push_back("cell-eval2 scores cells with counts; the prediction has means.");
    return out;
  }
  if (pair.truth.scale == CellScale::counts && pair.predicted->scale == CellScale::counts) {
    const GroupSumProfiles real = group_sum_profiles(pair.truth.cells, pair.truth.groups), predicted = group_sum_profiles(pair.predicted->cells, pair.predicted->groups);
    EffectComparison profiles;
    profiles.genes = pair.genes, profiles.own_genes = pair.own_genes;
    for (const std::string& c : pair.conditions) profiles.conditions.push_back({c, {}, "", 0});
    profiles.truth = real.profile.topRows(n), profiles.control = real.profile.row(n).replicate(n, 1);
    profiles.predicted = predicted.profile.topRows(n), profiles.predicted_control = profiles.control;
    for (const char* distance : {"cosine", "l1", "l2"}) {
      const Metric pds = bulk_metric(std::string("pds_") + distance);
      Choices choices = bulk;
      for (const auto& c : Choices{{"distance", distance}, {"rank", "1 - k / (N - 1)"}, {"ties", "half"}}) choices.push_back(c);
      add_metric(out, pair, named(pds, pds.id, "discrimination (PDS)", choices, pds.evaluate(profiles)), MeanRule::worst_filled);
    }
    struct Profile {
      const char *id, *metric, *means;
    };
    for (const Profile& p : {Profile{"expr_mse", "mse", "MSE"}, Profile{"expr_mae", "mae", "MAE"}, Profile{"delta_pearson", "pearson_delta", "Pearson of changes"}}) {
      const Metric metric = bulk_metric(p.metric);
      Choices choices = bulk;
      choices[2].second = "kept";
      add_metric(out, pair, named(metric, p.id, p.means, choices, metric.evaluate(profiles)), MeanRule::worst_filled);
    }
    // Sums over the conditions that are there: a missing one has no row.
    std::vector<Eigen::Index> there;
    std::vector<std::vector<std::size_t>> own;
    for (Eigen::Index i = 0; i < n; ++i)
      if (!pair.missing[static_cast<std::size_t>(i)]) there.push_back(i), own.push_back(pair.own_genes[static_cast<std::size_t>(i)]);
    NoisyProfiles t, p;
    t.profile.resize(static_cast<Eigen::Index>(there.size()), real.profile.cols()), p.profile = t.profile;
    t.noise.resize(t.profile.rows()), p.noise.resize(t.profile.rows());
    for (std::size_t k = 0; k < there.size(); ++k) {
      const auto row = static_cast<Eigen::Index>(k);
      t.profile.row(row) = real.profile.row(there[k]), t.noise[row] = real.noise[there[k]];
      p.profile.row(row) = predicted.profile.row(there[k]), p.noise[row] = predicted.noise[there[k]];
    }
    const UnbiasedError error = unbiased_capped_error(t, p, {real.profile.row(n), real.noise.segment(n, 1)}, own);
    Choices choices = bulk;
    choices[2].second = "left out", choices.push_back({"noise of the truth", "taken off (jackknife)"});
    DialectMetric numerator{"expr_mse_unbiased_capped", "debiased ||prediction - truth||^2 / genes", "", Better::lower, 0, {}, choices, false, {}, {}, {}, {}}, denominator{"expr_distance_unbiased", "debiased ||truth - control||^2 / genes: of the truth alone", "", Better::lower, 0, {}, choices, false, {}, {}, {}, {}};
    numerator.values.assign(pair.conditions.size(), {}), denominator.values = numerator.values;
    for (std::size_t k = 0; k < there.size(); ++k) numerator.values[static_cast<std::size_t>(there[k])] = error.numerator[k], denominator.values[static_cast<std::size_t>(there[k])] = error.denominator[k];
    add_metric(out, pair, std::move(numerator), MeanRule::worst_filled), add_metric(out, pair, std::move(denominator), MeanRule::worst_filled);
    choices.push_back({"unit", "share of the distance of truth and control"});
    add_metric(out, pair, {"expr_mse_unbiased_capped_norm", "sum of debiased ||prediction - truth||^2 / sum of debiased ||truth - control||^2: 0 the truth, 1 the control", "MSE", Better::lower, 0, {}, choices, true, {error.ratio}, {}, {}, {}}, MeanRule::worst_filled);
  } else {
    out.words.push_back("pds_cosine and expr_mse_unbiased_capped_norm need counts on both sides; there are logarithms.");
  }
  DeSettings settings;
  settings.mean = MeanKind::arithmetic, settings.pseudocount = 1e-9, settings.gate = DeSettings::Gate::control, settings.significance = options.significance;
  const DeComparison tables = tables_of(pair, logs_of(pair.truth, 1e6, true), logs_of(*pair.predicted, 1e6, true), settings, true);
  const DeRules rules = cell_eval2_rules();
  for (const char* id : {"direction_fidelity_yield_raw", "direction_reach_raw", "sig_jaccard", "lfc_nmae", "direction_fidelity_yield", "sig_informedness", "sig_markedness", "sig_mcc", "overlap_mcc", "overlap_at_N", "overlap_at_50", "overlap_at_100", "overlap_at_200", "overlap_at_500", "precision_at_N", "precision_at_50", "precision_at_100", "precision_at_200", "precision_at_500", "de_direction_match", "de_spearman_sig",
                         "de_spearman_lfc_sig", "de_sig_genes_recall", "de_nsig_real", "de_nsig_pred", "pr_auc", "roc_auc"}) {
    const DeMetric metric = de_metric(id, rules);
    Choices choices = tests;
    if (metric.formula.find("own genes left out") == std::string::npos) choices[2].second = "kept";
    add_metric(out, pair, named(metric, id, metric.id, choices, metric.evaluate(tables)), MeanRule::worst_filled);
  }
  return out;
}

}  // namespace hyped
