// Metrics and distances on norman_triplets.h5ad against an independent reference in NumPy and SciPy.
#include <algorithm>

#include "libhyped/distance/energy.hpp"
#include "libhyped/distance/mmd.hpp"
#if __has_include("libhyped/distance/line_distance.hpp")
#include "libhyped/distance/line_distance.hpp"
#define HYPED_LINE_DISTANCE
#endif
#include "libhyped/score/bulk/bulk_metrics.hpp"
#include "libhyped/score/bulk/discrimination.hpp"
#include "libhyped/score/bulk/vectors.hpp"
#include "libhyped/score/differential/de_metrics.hpp"
#include "tests/benchmark/golden_norman.hpp"

using namespace hyped;
using hyped::testing::golden_norman;
using hyped::testing::NormanCells;
using hyped::testing::WorstDifferences;

namespace {

EffectComparison comparison(const NormanCells& norman, const std::vector<std::string>& names, int truth_part, int predicted_part) {
  EffectComparison out;
  out.genes = norman.cells.genes;
  const auto n = static_cast<Eigen::Index>(names.size()), g = static_cast<Eigen::Index>(out.genes.size());
  for (ProfileMatrix* m : {&out.truth, &out.predicted, &out.control, &out.predicted_control}) m->resize(n, g);
  const Eigen::RowVectorXd control = norman.mean("control", truth_part), other = norman.mean("control", predicted_part);
  for (Eigen::Index i = 0; i < n; ++i) {
    out.conditions.push_back({names[static_cast<std::size_t>(i)], {}, "", 0});
    out.truth.row(i) = norman.mean(names[static_cast<std::size_t>(i)], truth_part);
    out.predicted.row(i) = norman.mean(names[static_cast<std::size_t>(i)], predicted_part);
    out.control.row(i) = control, out.predicted_control.row(i) = other;
  }
  check_comparison(out, "test");
  return out;
}

std::vector<MetricValue> values(const std::string& id, const EffectComparison& pair) { return bulk_metric(id).evaluate(pair); }

// A group of eight numbers of one condition, with the names that the reference gives them.
void see_block(WorstDifferences& worst, const std::string& where, const EffectComparison& pair, const std::string& suffix, const std::vector<std::string>& names, const nlohmann::json& golden, const char* reference) {
  const std::pair<const char*, std::string> ids[] = {{"mse", "mse"}, {"mae", "mae"}, {"rmse", "rmse"}, {"l2", "l2"}, {"pearson_delta", "pearson" + suffix}, {"spearman_delta", "spearman" + suffix}, {"cosine_delta", "cosine" + suffix}, {"r2_delta", "r2" + suffix}};
  for (const auto& [name, id] : ids) {
    const auto found = values(id, pair);
    for (std::size_t i = 0; i < names.size(); ++i) worst.see(where + " " + id, found[i], golden.at(names[i]).at(reference).at(name));
  }
}

void see_discrimination(WorstDifferences& worst, const std::string& where, const EffectComparison& pair, const std::vector<std::string>& names, const nlohmann::json& golden, bool own_control) {
  const std::pair<const char*, ProfileDistance> distances[] = {{"l1", ProfileDistance::l1}, {"l2", ProfileDistance::l2}, {"cosine", ProfileDistance::cosine}};
  const std::pair<const char*, DiscriminationRule> rules[] = {{"optimistic", DiscriminationRule::below_only}, {"cell_eval_stable", DiscriminationRule::argsort}, {"tie_aware", DiscriminationRule::mid_rank}};
  for (const auto& [distance_name, distance] : distances)
    for (const auto& [rule_name, rule] : rules) {
      const auto found = discrimination_of(pair, {distance, rule, DiscriminationForm::LeftOut::own_gene_by_label, own_control, false});
      for (std::size_t i = 0; i < names.size(); ++i) worst.see(where + " PDS " + distance_name + " " + rule_name, found[i], golden.at(distance_name).at(names[i]).at(rule_name));
    }
}

DeTable table_of(const NormanCells& norman, const std::vector<std::string>& names, int part) {
  CellGroups groups;
  groups.names = names;
  groups.names.push_back("control");
  groups.of_cell.assign(norman.labels.size(), -1);
  for (std::size_t k = 0; k < groups.names.size(); ++k)
    for (const int c : norman.rows(groups.names[k], part)) groups.of_cell[static_cast<std::size_t>(c)] = static_cast<std::int32_t>(k);
  return differential_table(norman.cells.matrix, norman.cells.genes, groups, groups.count() - 1, {});
}

}  // namespace

TEST_CASE("must/benchmark/1: golden_norman", "[benchmark1]") {
  const auto golden = golden_norman();
  if (golden.is_null()) return;
  const NormanCells norman;
  const auto names = golden.at("perts").get<std::vector<std::string>>(), doubles = golden.at("doubles").get<std::vector<std::string>>();
  WorstDifferences worst;

  // The technical duplicate: even cells are the truth, odd ones the prediction, each with its own half of the control.
  const EffectComparison duplicate = comparison(norman, names, 1, 2);
  const std::pair<const char*, const char*> of_duplicate[] = {{"mse", "mse_delta_own_control"}, {"mae", "mae_delta_own_control"}, {"rmse", "rmse_delta_own_control"}, {"l2", "l2_delta_own_control"}, {"pearson_delta", "pearson_delta_own_control"},
                                                              {"spearman_delta", "spearman_delta_own_control"}, {"cosine_delta", "cosine_delta_own_control"}, {"r2_delta", "r2_delta_own_control"}, {"mae_abs", "mae"}, {"mse_abs", "mse"}};
  for (const auto& [name, id] : of_duplicate) {
    const auto found = values(id, duplicate);
    for (std::size_t i = 0; i < names.size(); ++i) worst.see(std::string("duplicate ") + id, found[i], golden.at("duplicate").at(names[i]).at(name));
  }
  see_discrimination(worst, "duplicate", duplicate, names, golden.at("duplicate_PDS"), true);
  const DeComparison tables = compare_tables(table_of(norman, names, 1), table_of(norman, names, 2), {}, "test");
  const std::pair<const char*, const char*> of_tables[] = {{"n_real", "de_nsig_real"}, {"n_pred", "de_nsig_pred"}, {"DES", "overlap_at_N"}, {"precision_at_N", "precision_at_N"}, {"overlap_at_50", "overlap_at_50"}, {"recall", "de_sig_genes_recall"},
                                                           {"direction", "de_direction_match"}, {"spearman_lfc_sig", "de_spearman_lfc_sig"}, {"pr_auc", "pr_auc"}, {"roc_auc", "roc_auc"}};
  for (const auto& [name, id] : of_tables) {
    const auto found = de_metric(id, cell_eval_rules()).evaluate(tables);
    for (std::size_t i = 0; i < names.size(); ++i) worst.see(std::string("duplicate ") + id, found[i], golden.at("duplicate").at(names[i]).at(name));
  }
  worst.see("duplicate de_spearman_sig", de_metric("de_spearman_sig", cell_eval_rules()).evaluate(tables)[0], golden.at("duplicate_global").at("de_spearman_sig"));
  std::vector<double> real_energy, predicted_energy;
  for (const std::string& name : names) {
    real_energy.push_back(energy_parts(norman.cloud(name, 1), norman.cloud("control", 1)).distance());
    predicted_energy.push_back(energy_parts(norman.cloud(name, 2), norman.cloud("control", 2)).distance());
  }
  worst.see("duplicate pearson_edistance", pearson(real_energy, predicted_energy), golden.at("duplicate_global").at("pearson_edistance_V_euclid"));

  // Five baselines from all cells, as changes from control and from the mean of the other perturbations.
  EffectComparison all = comparison(norman, names, 0, 0);
  all.perturbed_mean.resize(all.truth.rows(), all.truth.cols());
  const Eigen::RowVectorXd sum = all.truth.colwise().sum();
  const auto others = static_cast<double>(names.size()) - 1;
  for (Eigen::Index i = 0; i < all.truth.rows(); ++i) all.perturbed_mean.row(i) = (sum - all.truth.row(i)) / others;
  const auto row_of = [&](const std::string& name) { return static_cast<Eigen::Index>(std::find(names.begin(), names.end(), name) - names.begin()); };
  for (const char* baseline : {"no_change", "perturbed_mean_loo", "matching_mean", "additive", "max_abs"}) {
    const std::string which = baseline;
    const bool of_doubles = which != "no_change" && which != "perturbed_mean_loo";
    EffectComparison pair = all;
    if (of_doubles) pair = comparison(norman, doubles, 0, 0), pair.perturbed_mean.resize(pair.truth.rows(), pair.truth.cols());
    for (Eigen::Index i = 0; i < pair.truth.rows(); ++i) {
      const std::string name = pair.conditions[static_cast<std::size_t>(i)].name;
      pair.perturbed_mean.row(i) = all.perturbed_mean.row(row_of(name));
      if (which == "no_change") pair.predicted.row(i) = pair.control.row(i);
      if (which == "perturbed_mean_loo") pair.predicted.row(i) = pair.perturbed_mean.row(i);
      if (!of_doubles) continue;
      const Eigen::RowVectorXd c = pair.control.row(i), a = all.truth.row(row_of(name.substr(0, name.find('+')))), b = all.truth.row(row_of(name.substr(name.find('+') + 1)));
      if (which == "matching_mean") pair.predicted.row(i) = (a + b) / 2;
      if (which == "additive") pair.predicted.row(i) = a + b - c;
      if (which == "max_abs") pair.predicted.row(i) = ((a - c).array().abs() >= (b - c).array().abs()).select(a, b);
    }
    const auto& list = of_doubles ? doubles : names;
    see_block(worst, which, pair, "_delta", list, golden.at("baselines").at(which), "ctrl_ref");
    see_block(worst, which, pair, "_perturbed_mean", list, golden.at("baselines").at(which), "pertmean_ref");
    if (!of_doubles) see_discrimination(worst, which, pair, list, golden.at("baselines").at(which).at("PDS"), false);
  }

  // Distances of the cells of each condition from the control's.
  const Eigen::MatrixXd control = norman.cloud("control", 0);
  MmdKernel kernel;
  kernel.gamma = {1.0 / 500};
  for (const std::string& name : names) {
    const auto& numbers = golden.at("distances").at(name);
    const Eigen::MatrixXd cells = norman.cloud(name, 0);
    for (const auto& [pairs, suffix] : {std::pair{EnergyPairs::unbiased, "U"}, {EnergyPairs::with_self, "V"}}) {
      worst.see(std::string("E_euclid_") + suffix, defined(energy_parts(cells, control, pairs).distance()), numbers.at(std::string("E_euclid_") + suffix));
      worst.see(std::string("E_sqeuclid_") + suffix, defined(energy_parts(cells, control, pairs, PairDistance::squared_euclidean).distance()), numbers.at(std::string("E_sqeuclid_") + suffix));
      worst.see(std::string("MMD2_") + suffix, defined(mmd_squared(cells, control, kernel, pairs)), numbers.at(std::string("MMD2_rbf_g1over500_") + suffix));
    }
  }
#ifdef HYPED_LINE_DISTANCE
  const auto sorted = [](const Eigen::MatrixXd& cells, Eigen::Index gene) {      // what is not zero, ascending
    std::vector<float> out;
    for (Eigen::Index c = 0; c < cells.rows(); ++c)
      if (cells(c, gene) != 0) out.push_back(static_cast<float>(cells(c, gene)));
    std::sort(out.begin(), out.end());
    return out;
  };
  for (const std::string& name : names) {
    const Eigen::MatrixXd cells = norman.cloud(name, 0);
    double sum = 0;
    for (Eigen::Index g = 0; g < cells.cols(); ++g) {
      const auto x = sorted(cells, g), y = sorted(control, g);
      sum += line_distance({x, cells.rows()}, {y, control.rows()}).w1;
    }
    worst.see("W1_gene_mean", defined(sum / static_cast<double>(cells.cols())), golden.at("distances").at(name).at("W1_gene_mean"));
  }
#endif
  const DeTable full = table_of(norman, names, 0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    double count = 0;
    for (std::size_t g = 0; g < full.genes.size(); ++g) count += full.significant(i, g) ? 1 : 0;
    worst.see("n_sig_full", defined(count), golden.at("n_sig_full").at(names[i]));
  }

  double largest = 0;
  for (const auto& [name, difference] : worst.worst) {
    INFO(name);
    CHECK(difference < 1e-9);
    largest = std::max(largest, difference);
  }
  CHECK(worst.compared > 1000);
  WARN(worst.compared << " numbers compared, largest relative difference " << largest);
}
