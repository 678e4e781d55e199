// Harnesses that score mean profiles: PerturBench, GEARS, Ahlmann-Eltze and Huber, Systema, Shift, HYPED Table 3.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libhyped/score/bulk/cell_ranges.hpp"
#include "libhyped/score/bulk/collapse_meters.hpp"
#include "libhyped/score/dialects/dialect_parts.hpp"

namespace hyped {
namespace {

// The genes of largest value, all if there are no more than k.
std::vector<std::size_t> top_columns(const std::vector<double>& values, std::size_t k) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(k, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

EffectComparison with_genes(const EffectComparison& pair, const std::vector<std::size_t>& columns) {
  EffectComparison out = pair;
  out.genes.clear(), out.own_genes.clear();
  for (const std::size_t g : columns) out.genes.push_back(pair.genes[g]);
  const std::vector<Eigen::Index> index(columns.begin(), columns.end());
  for (ProfileMatrix EffectComparison::* m : {&EffectComparison::truth, &EffectComparison::predicted, &EffectComparison::control, &EffectComparison::predicted_control, &EffectComparison::perturbed_mean, &EffectComparison::de_score, &EffectComparison::contrast_score, &EffectComparison::truth_error, &EffectComparison::control_error})
    if ((pair.*m).size() > 0) out.*m = (pair.*m)(Eigen::all, index).eval();
  return out;
}

void add(DialectScores& out, const ScoredPair& pair, const EffectComparison& profiles, const char* metric_id, const std::string& id, const std::string& means, const Choices& choices, MeanRule rule = MeanRule::defined_only) {
  const Metric metric = bulk_metric(metric_id);
  add_metric(out, pair, named(metric, id, means, choices, metric.evaluate(profiles)), rule);
}

void perturbench(DialectScores& out, const ScoredPair& pair, const EffectComparison& profiles, Choices choices) {
  add(out, pair, profiles, "rmse", "rmse_average", "RMSE", choices);
  EffectComparison folds = profiles;
  for (ProfileMatrix* m : {&folds.truth, &folds.predicted, &folds.control, &folds.predicted_control}) *m = (m->array() + 0.1).log() / std::log(2.0);
  choices.push_back({"changes", "log2((mean + 0.1) / (control + 0.1))"});
  add(out, pair, folds, "cosine_delta", "cosine_logfc", "cosine of changes", choices);
  Choices rank = choices;
  for (const auto& c : Choices{{"rank", "k / N of predictions for each truth (transposed), 0 best"}, {"ties", "half (it shuffles)"}}) rank.push_back(c);
  add(out, pair, folds, "rank_cosine", "cosine_logfc_rank", "discrimination (PDS)", rank);
  add(out, pair, profiles, "rank_l2", "rmse_average_rank", "discrimination (PDS)", rank);
}

void gears(DialectScores& out, const ScoredPair& pair, const EffectComparison& profiles, const Choices& choices) {
  Choices top = choices;
  top.push_back({"genes", "20 of largest |t| against control"});
  add(out, pair, profiles, "mse", "mse", "MSE", choices, MeanRule::nan_is_zero);
  add(out, pair, profiles, "pearson", "pearson", "Pearson of expression", choices, MeanRule::nan_is_zero);
  add(out, pair, profiles, "mse_top20", "mse_de", "MSE of top 20 genes", top, MeanRule::nan_is_zero);
  add(out, pair, profiles, "pearson_top20", "pearson_de", "Pearson of expression, top 20 genes", top, MeanRule::nan_is_zero);
  add(out, pair, profiles, "pearson_delta", "pearson_delta", "Pearson of changes", choices, MeanRule::nan_is_zero);
  add(out, pair, profiles, "pearson_delta_top20", "pearson_delta_de", "Pearson of changes, top 20 genes", top, MeanRule::nan_is_zero);
  for (const char* k : {"20", "50", "100", "200"}) {
    add(out, pair, profiles, (std::string("direction_top") + k).c_str(), std::string("frac_correct_direction_") + k, "", top);
    add(out, pair, profiles, (std::string("opposite_direction_top") + k).c_str(), std::string("frac_opposite_direction_") + k, "", top);
    add(out, pair, profiles, (std::string("no_direction_top") + k).c_str(), std::string("frac_0/1_direction_") + k, "", top);
  }
  for (const char* which : {"non_dropout", "non_zero"}) {
    Choices measured = choices;
    measured.push_back({"genes", std::string("20 of largest |t| against control, ") + (std::string(which) == "non_zero" ? "expressed in the condition" : "without those switched off altogether")});
    const auto id = [&](const char* name) { return fmt::format("{}_top20_{}", name, which); };
    add(out, pair, profiles, id("pearson_delta").c_str(), fmt::format("pearson_delta_top20_de_{}", which), "", measured, MeanRule::nan_is_zero);
    add(out, pair, profiles, id("pearson").c_str(), fmt::format("pearson_top20_de_{}", which), "", measured, MeanRule::nan_is_zero);
    add(out, pair, profiles, id("mse").c_str(), fmt::format("mse_top20_de_{}", which), "", measured);
    add(out, pair, profiles, id("direction").c_str(), fmt::format("frac_correct_direction_top20_{}", which), "", measured);
    add(out, pair, profiles, id("opposite_direction").c_str(), fmt::format("frac_opposite_direction_top20_{}", which), "", measured);
    add(out, pair, profiles, id("no_direction").c_str(), fmt::format("frac_0/1_direction_top20_{}", which), "", measured);
  }
  for (const char* id : {"fold_change_gap_all", "fold_change_gap_downreg_0.33", "fold_change_gap_downreg_0.1", "fold_change_gap_upreg_3", "fold_change_gap_upreg_10"}) add(out, pair, profiles, id, id, "", choices);
  // Ranges of true cells in the top 20 genes.
  const SparseRows logs = logs_of(pair.truth, pair.log_target);
  std::vector<CellRangeScores> ranges;
  for (std::size_t i = 0; i < pair.conditions.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const auto genes = largest({profiles.de_score.row(row).data(), pair.genes.size()}, 20);
    const Eigen::MatrixXd cells = cloud_of(logs, pair.truth.groups, static_cast<int>(i));
    std::vector<std::vector<double>> values;
    std::vector<double> predicted;
    for (const std::size_t g : genes) {
      const Eigen::VectorXd column = cells.col(static_cast<Eigen::Index>(g));
      values.emplace_back(column.data(), column.data() + column.size());
      predicted.push_back(profiles.predicted(row, static_cast<Eigen::Index>(g)));
    }
    ranges.push_back(cell_range_scores(values, predicted));
  }
  struct Range {
    const char *id, *formula;
    MetricValue CellRangeScores::* of;
    Better better;
    double perfect, worst;
  };
  for (const Range& r : {Range{"frac_in_range", "share of the top 20 genes whose predicted mean is between the smallest and largest true cell", &CellRangeScores::in_range, Better::higher, 1, 0}, Range{"frac_in_range_25_75", "... between the quartiles of true cells", &CellRangeScores::in_25_75, Better::higher, 1, 0},
                         Range{"frac_in_range_40_60", "... between the 40 % and 60 % quantiles", &CellRangeScores::in_40_60, Better::higher, 1, 0}, Range{"frac_in_range_45_55", "... between the 45 % and 55 % quantiles", &CellRangeScores::in_45_55, Better::higher, 1, 0},
                         Range{"frac_sigma_below_1", "share of the top 20 genes whose predicted mean is within 1 sd of true cells", &CellRangeScores::sigma_below_1, Better::higher, 1, 0}, Range{"frac_sigma_below_2", "... within 2 sd", &CellRangeScores::sigma_below_2, Better::higher, 1, 0}}) {
    DialectMetric metric{r.id, r.formula, "", r.better, r.perfect, r.worst, top, false, {}, {}, {}, {}};
    for (const CellRangeScores& s : ranges) metric.values.push_back(s.*r.of);
    add_metric(out, pair, std::move(metric), MeanRule::defined_only);
  }
}

void systema(DialectScores& out, const ScoredPair& pair, const EffectComparison& profiles, const Choices& choices) {
  Choices from_mean = choices;
  from_mean.push_back({"reference", profiles.perturbed_mean.size() > 0 ? "perturbed mean of training" : "perturbed mean of the truth"});
  add(out, pair, profiles, "pearson_perturbed_mean", "pearson_delta", "Pearson of changes", from_mean);
  Choices top = from_mean;
  top.push_back({"genes", "20 of largest |truth - control|"});
  add(out, pair, profiles, "pearson_perturbed_mean_top20", "pearson_delta_top20", "Pearson of changes, top 20 genes", top);
  Choices rank = choices;
  for (const auto& c : Choices{{"distance", "l2"}, {"rank", "share of the others strictly farther"}, {"ties", "against"}}) rank.push_back(c);
  add(out, pair, profiles, "centroid_accuracy", "centroid_accuracy", "discrimination (PDS)", rank);
  for (const CollapseMeter& m : collapse_meters(profiles))
    if (m.id == "systematic_variation") out.words.push_back(m.truth.value ? fmt::format("Systematic variation of the truth, mean cosine of changes with their mean: {:.3f}.", *m.truth.value) : "Systematic variation of the truth: " + m.truth.undefined_because + ".");
}

void shift(DialectScores& out, const ScoredPair& pair, const EffectComparison& profiles, const Choices& choices) {
  Choices weighted = choices;
  weighted.push_back({"weights", "t-test of the scored truth"});
  add(out, pair, profiles, "mse", "mse", "MSE", choices);
  add(out, pair, profiles, "wmse", "wmse", "MSE", weighted);
  add(out, pair, profiles, "pearson_delta", "pearson_delta_ctrl", "Pearson of changes", choices);
  Choices from_mean = choices;
  from_mean.push_back({"reference", "perturbed mean"});
  add(out, pair, profiles, "pearson_perturbed_mean", "pearson_delta_pert", "Pearson of changes", from_mean);
  weighted.push_back({"reference", "perturbed mean"});
  add(out, pair, profiles, "weighted_r2_delta", "weighted_r2_delta", "R2 of changes", weighted);
  Choices rank = choices;
  for (const auto& c : Choices{{"distance", "l2"}, {"rank", "share of the others strictly farther"}, {"ties", "against"}}) rank.push_back(c);
  add(out, pair, profiles, "nir", "nir", "discrimination (PDS)", rank);
}

}  // namespace

DialectScores score_profile_dialect(const ScoredPair& pair, std::string_view dialect) {
  DialectScores out;
  out.dialect = dialect;
  const bool tests = dialect == "gears" || dialect == "shift";
  const EffectComparison profiles = effect_comparison(pair, pair.log_target, tests);
  const Choices choices = {{"scale", fmt::format("{:.0f}", pair.log_target)}, {"control", "measured"}, {"own genes", "kept"}};
  if (dialect == "perturbench") perturbench(out, pair, profiles, choices);
  if (dialect == "gears") gears(out, pair, profiles, choices);
  if (dialect == "systema") systema(out, pair, profiles, choices);
  if (dialect == "shift") shift(out, pair, profiles, choices);
  if (dialect == "ahlmann-eltze-huber") {
    const Eigen::RowVectorXd control = profiles.control.row(0);
    const EffectComparison expressed = with_genes(profiles, top_columns({control.data(), control.data() + control.size()}, 1000));
    Choices of_genes = choices;
    of_genes.push_back({"genes", "1,000 most expressed in control"});
    add(out, pair, expressed, "l2", "l2", "L2", of_genes);
    add(out, pair, expressed, "pearson_delta", "pearson_delta", "Pearson of changes", of_genes);
    if (pair.genes.size() < 1000) out.words.push_back(fmt::format("There are {} genes, all of them were taken.", pair.genes.size()));
  }
  if (dialect == "hyped-table3") {
    const SparseRows logs = logs_of(pair.truth, pair.log_target);
    CellGroups all{{"all"}, std::vector<std::int32_t>(static_cast<std::size_t>(logs.rows), 0)};
    for (std::size_t c = 0; c < all.of_cell.size(); ++c)
      if (pair.truth.groups.of_cell[c] < 0) all.of_cell[c] = -1;
    ProfileMatrix variance;
    group_means(logs, all, &variance);
    const EffectComparison variable = with_genes(profiles, top_columns({variance.data(), variance.data() + variance.size()}, 500));
    Choices of_genes = choices;
    of_genes.push_back({"genes", "500 of largest variance between true cells"});
    add(out, pair, variable, "cosine", "cosine", "cosine of expression", of_genes);
    add(out, pair, variable, "mse", "mse", "MSE", of_genes);
    add(out, pair, variable, "mae", "mae", "MAE", of_genes);
    add(out, pair, variable, "pearson", "pearson", "Pearson of expression", of_genes);
    out.words.push_back("The paper does not say which 500 genes it took; these are the 500 of largest variance of logarithms between the true cells. Its Geneformer rows are in an embedding and cannot be compared at all.");
  }
  return out;
}

}  // namespace hyped
