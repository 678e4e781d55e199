// Tables of the DREAM4 challenge and of simulated HYPED-like networks: perturbation levels, time series, gold standards, cells.
#pragma once
#include <Eigen/Core>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "libhyped/model/hill_network.hpp"

namespace hyped {

// Steady levels [R x G]: row i of a knock-out or knock-down table has gene i perturbed; dual knock-outs and wild types have other rows.
struct LevelTable {
  std::vector<std::string> genes;
  Eigen::MatrixXd levels;
};
// With a header of gene names. InputError for a negative or missing level.
LevelTable read_level_table(const std::filesystem::path& file);
// The same without a header (dual knock-outs): the genes are given.
LevelTable read_bare_levels(const std::filesystem::path& file, const std::vector<std::string>& genes);

// Time series without a time column: `series` blocks of equal length; the challenge's have 21 rows, 0 to 1000 minutes every 50, the
// perturbation on during the first half.
struct SeriesTable {
  std::vector<std::string> genes;
  std::vector<double> times;                     // [T] minutes
  std::vector<Eigen::MatrixXd> series;           // each [T x G]
};
SeriesTable read_series_table(const std::filesystem::path& file, int rows_each = 21, double step = 50);

// "regulator target 0/1" without header; edges that are absent may be left out. `present` [G x G], row: regulator; the diagonal is false.
struct GoldStandard {
  std::vector<std::string> genes;
  Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> present;
};
GoldStandard read_gold_standard(const std::filesystem::path& file, const std::vector<std::string>& genes);

// netK_reference.csv of a HYPED-like network: arm -> times and levels, [T x G] each.
struct ReferenceArm {
  std::vector<double> hours;
  Eigen::MatrixXd endogenous, measured, protein;
};
std::map<std::string, ReferenceArm> read_reference_arms(const std::filesystem::path& file, const std::vector<std::string>& genes);

// netK_cells_48h_counts.csv: cell, condition, counts by gene. Every column but cell, condition and those of `metadata` is a gene.
struct ConditionCounts {
  std::vector<std::string> genes;
  std::vector<std::string> condition;      // [N]
  Eigen::MatrixXd counts;                  // [N x G]
  Eigen::MatrixXd of(const std::string& name) const;      // rows of one condition; InputError if there are none
};
ConditionCounts read_condition_counts(const std::filesystem::path& file, const std::vector<std::string>& metadata = {});

}  // namespace hyped
