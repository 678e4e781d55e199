// Simulated cells in, predictions and scores out.
#include "experiments/interventions/dual_arm_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

#include "libhyped/counted.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {
namespace {

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

DualArmRow study_one(const StudyNetwork& study, const DualArmStudyOptions& options, std::uint64_t seed) {
  DualArmRow row;
  row.name = study.name, row.origin = study.origin, row.not_additive = study.not_additive;
  const auto names = study.network.names();
  row.silenced = names[static_cast<std::size_t>(study.doses.silenced)], row.delivered = names[static_cast<std::size_t>(study.doses.delivered)];
  models::HillCellOptions cells;
  cells.cells = options.cells, cells.step_h = options.step_h, cells.burn_in_h = options.burn_in_h;
  std::array<Eigen::MatrixXd, 4> levels;      // ctrl, si, mm, both
  for (int arm = 0; arm < 4; ++arm) {
    cells.job = 0x4763 + static_cast<std::uint32_t>(arm);
    levels[static_cast<std::size_t>(arm)] = models::simulate_hill_cells(study.network, study.doses, arm & 1, arm & 2, study.mrna, study.protein, seed, cells);
  }
  std::array<Eigen::MatrixXd, 3> counts;
  for (std::size_t arm = 0; arm < 3; ++arm) counts[arm] = models::count_cells(levels[arm], options.depth, options.log_size_sd, seed, 0x636f + static_cast<std::uint32_t>(arm));
  const double mean_count = options.depth * std::exp(0.5 * options.log_size_sd * options.log_size_sd);
  const SingleArms arms = single_arms(names, counts[0], counts[1], counts[2], mean_count, study.doses);
  DualArmOptions fit = options.fit;
  fit.minutes_per_hour = options.networks.minutes_per_hour;
  fit.seed = seed;
  const DualArmPrediction prediction = predict_dual_arm(arms, noisy_edge_list(study.network, options.precision, options.recall, seed), fit);
  row.outcome = prediction.outcome;
  const Eigen::VectorXd truth = levels[3].colwise().mean().transpose();
  std::vector<Eigen::Index> kept;
  for (Eigen::Index g = 0; g < truth.size(); ++g)
    if (g != study.doses.silenced && g != study.doses.delivered) kept.push_back(g), row.genes.push_back(names[static_cast<std::size_t>(g)]);
  row.truth = truth(kept);
  const auto rmse = [&](const Eigen::VectorXd& predicted) { return std::sqrt((predicted - row.truth).squaredNorm() / static_cast<double>(kept.size())); };
  for (std::size_t b = 0; b < 4; ++b) row.baseline_rmse[b] = rmse(baseline_prediction(dual_arm_baselines[b], arms)(kept));
  if (prediction.mean.size() == 0) {
    row.skill = -1;
    return row;
  }
  row.mean = prediction.mean(kept), row.lower = prediction.lower(kept), row.upper = prediction.upper(kept);
  row.rmse = rmse(row.mean);
  row.skill = 1 - row.rmse / *std::min_element(row.baseline_rmse.begin(), row.baseline_rmse.end());
  row.covered = static_cast<int>((row.truth.array() >= row.lower.array() && row.truth.array() <= row.upper.array()).count());
  row.effective = prediction.effective, row.best_misfit = prediction.best_misfit, row.temper = prediction.temper;
  return row;
}

}  // namespace

MedianInterval median_interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const boost::math::binomial tosses(static_cast<double>(n), 0.5);
  std::size_t rank = 0;      // largest with P(X < rank) <= 2.5 %
  while (rank < n / 2 && boost::math::cdf(tosses, static_cast<double>(rank)) <= 0.025) ++rank;
  if (rank == 0) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return {values[rank - 1], values[n - rank]};
}

DualArmStudy study_dual_arms(const std::vector<HillNetwork>& per_minute, const DualArmStudyOptions& options) {
  const std::vector<StudyNetwork> networks = draw_study_networks(per_minute, options.networks);
  if (networks.empty()) throw InputError("dual-arm study", "has no networks");
  DualArmStudy out;
  out.rows.resize(networks.size());
  parallel_for(static_cast<int>(networks.size()), [&](int n) { out.rows[static_cast<std::size_t>(n)] = study_one(networks[static_cast<std::size_t>(n)], options, options.seed * 1000003 + static_cast<std::uint64_t>(n)); });
  std::vector<double> skills, rmse;
  std::array<std::vector<double>, 4> baselines;
  int covered = 0, genes = 0;
  for (const DualArmRow& row : out.rows) {
    skills.push_back(row.skill);
    for (std::size_t b = 0; b < 4; ++b) baselines[b].push_back(row.baseline_rmse[b]);
    if (row.mean.size() == 0) {
      ++out.failed;
      continue;
    }
    rmse.push_back(row.rmse);
    out.better += row.skill > 0;
    covered += row.covered, genes += static_cast<int>(row.genes.size());
  }
  out.median_skill = median_of(skills);
  if (!rmse.empty()) out.median_rmse = median_of(rmse);
  for (std::size_t b = 0; b < 4; ++b) out.median_baseline[b] = median_of(baselines[b]);
  out.coverage = genes > 0 ? static_cast<double>(covered) / genes : 0;
  const MedianInterval interval = median_interval(skills);
  out.lower = interval.lower, out.upper = interval.upper;
  return out;
}

void write_dual_arm_study(RunDirectory& run, const DualArmStudy& study, const DualArmStudyOptions& options) {
  Table networks({{"network", "", ""}, {"origin", "", "kinetics of DREAM4, its edges with constants drawn anew, or random"}, {"silenced", "", "gene A"}, {"delivered", "", "gene B"}, {"not_additive", "relative", "largest effect that is not additive"},
                  {"no_change", "relative", "RMSE of the genes downstream"}, {"additive", "relative", ""}, {"overlap_corrected", "relative", ""}, {"same_as_mm", "relative", ""}, {"model", "relative", "RMSE of the ensemble's mean"},
                  {"skill", "1", "1 - model / smallest of the four"}, {"covered", "1", "genes within their interval"}, {"genes", "1", ""}, {"effective", "1", "networks in the ensemble"}, {"misfit", "1", "best misfit per measured mean"}, {"outcome", "", ""}});
  Table genes({{"network", "", ""}, {"gene", "", ""}, {"truth", "relative", "mean of the dual arm's cells"}, {"predicted", "relative", ""}, {"lower", "relative", "95 % interval"}, {"upper", "relative", ""}});
  for (const DualArmRow& row : study.rows) {
    networks.add_row({row.name, row.origin, row.silenced, row.delivered, row.not_additive, row.baseline_rmse[0], row.baseline_rmse[1], row.baseline_rmse[2], row.baseline_rmse[3], row.mean.size() ? Cell(row.rmse) : Cell(), row.skill,
                      std::int64_t{row.covered}, static_cast<std::int64_t>(row.genes.size()), row.effective, row.best_misfit, std::string(to_string(row.outcome.status))});
    for (Eigen::Index g = 0; g < row.mean.size(); ++g) genes.add_row({row.name, row.genes[static_cast<std::size_t>(g)], row.truth[g], row.mean[g], row.lower[g], row.upper[g]});
  }
  run.add_table("dual_arm_networks", networks, "The dual arm predicted from cells of the control and the single arms; genes with a dose are left out.");
  run.add_table("dual_arm_genes", genes, "Predictions and intervals by gene.");
  run.add_setting("edge list", fmt::format("signed, {:.0f} % right, holds {:.0f} % of the edges", 100 * options.precision, 100 * options.recall));
  run.add_setting("cells", fmt::format("{} of each arm, {} counts at level 1", options.cells, options.depth));
  run.add_result("median_skill", study.median_skill, "1");
  run.add_result("coverage", study.coverage, "1");
  run.add_answer(fmt::format("Over {} the median skill is {:.3f} ({}) against the best of four baselines in each network; {} {} above zero. Median RMSE {:.4f}; no change {:.4f}, additive {:.4f}, overlap corrected {:.4f}, same as mm {:.4f}.",
                             counted(study.rows.size(), "network"), study.median_skill, std::isfinite(study.lower) ? fmt::format("95 % interval {:.3f} to {:.3f}", study.lower, study.upper) : std::string("no interval: fewer than six networks"), counted(study.better, "network"), agreed(study.better, "is", "are"), study.median_rmse, study.median_baseline[0], study.median_baseline[1], study.median_baseline[2], study.median_baseline[3]));
  run.add_answer(fmt::format("95 % intervals hold {:.1f} % of the genes' levels.", 100 * study.coverage));
  if (study.failed > 0) run.add_warning(fmt::format("{} without a prediction, counted with skill -1.", counted(study.failed, "network")));
}

}  // namespace hyped
