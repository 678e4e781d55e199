// Over many simulated networks: the dual arm predicted from cells of the single arms, against baselines declared beforehand.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/interventions/dual_arm_networks.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct DualArmStudyOptions {
  StudyOptions networks;
  double precision = 0.8, recall = 0.8;                  // of the signed edge list that the fit is given
  int cells = 400;                                       // of each arm
  double depth = 20, log_size_sd = 0.3;                  // counts: Poisson(size * depth * level), size log-normal
  double step_h = 1.0 / 12, burn_in_h = 100.0 / 12;      // of the cells' simulation
  DualArmOptions fit;
  std::uint64_t seed = 1;
};

struct DualArmRow {
  std::string name, origin, silenced, delivered;
  double not_additive = 0;
  std::vector<std::string> genes;                        // those downstream: all but the two with doses
  Eigen::VectorXd truth, mean, lower, upper;             // of these genes; truth: mean mRNA of the dual arm's cells
  std::array<double, 4> baseline_rmse{};                 // in the order of dual_arm_baselines
  double rmse = 0, skill = 0;                            // skill: 1 - rmse / the smallest of the four
  int covered = 0;
  double effective = 0, best_misfit = 0, temper = 0;
  Outcome outcome;
};

// 95 % interval of the median from order statistics (sign test); both NaN below six values, where even the whole range holds less.
struct MedianInterval {
  double lower = 0, upper = 0;
};
MedianInterval median_interval(std::vector<double> values);

struct DualArmStudy {
  std::vector<DualArmRow> rows;                          // every network, in the order drawn
  double median_skill = 0, lower = 0, upper = 0;         // with its median_interval
  double median_rmse = 0;
  std::array<double, 4> median_baseline{};
  double coverage = 0;                                   // pooled over genes and networks
  int better = 0, failed = 0;                            // networks with a skill above zero; without a prediction (skill -1)
};

// Per network: cells of ctrl, si and mm are simulated (Ito noise) and counted; the fit sees these counts, the doses and the edge list; it is
// scored on the genes downstream against the dual arm's cells. Parallel over networks, the same numbers for any number of threads.
DualArmStudy study_dual_arms(const std::vector<HillNetwork>& per_minute, const DualArmStudyOptions& options);

// Tables dual_arm_networks and dual_arm_genes, results and answers.
void write_dual_arm_study(RunDirectory& run, const DualArmStudy& study, const DualArmStudyOptions& options);

}  // namespace hyped
