// `hyped bench run`: predictors learned on some conditions of a file, scored on the others, every number with its floor, ceiling and interval.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/benchmark/run/evaluation.hpp"
#include "libhyped/score/calibration/calibrated_scores.hpp"

namespace hyped {

struct BenchRunSettings {
  BenchmarkReading reading;
  std::string split = "condition";            // a kind (see split_kind_of) or a file
  double share = 0.3;                         // of labels, for held-out
  std::vector<std::string> predictors;        // by name; empty: all
  std::vector<std::string> metrics;           // ids of bulk_metrics; empty: headline_metrics(); "all"
  std::string floor = "perturbed mean";       // what scaled scores are measured from
  std::vector<std::string> edits;             // PART=deletes or PART=raises
  std::string network;                        // scenario of hyped grn fit: its network is one more model
  int network_genes = 12;                     // of it at most, unless the scenario has more
  std::string non_responding;                 // file of genes declared beforehand as answering nothing, one a line
  bool shared_control = false, leave_own_genes_out = false;
  int draws = 100, splits = 10;               // of cells; into halves
  double level = 0.95;
  std::uint64_t seed = 1;
};

// Metrics that are shown first: scale-aware and scale-free, on expression and on its change, and which condition it is.
std::vector<std::string> headline_metrics();

// Prints and stores split, leaks, scores (tables scores, by_condition, notes, ranks, control_halves, contrasts, batch, composition), figures and words.
// On cells of HYPED also the published rows of its Table 3. InputError as in the parts.
void run_benchmark(RunDirectory& run, const std::filesystem::path& file, const BenchRunSettings& settings);

// --- parts ---
struct Benchmark {
  BenchmarkCells cells;
  BenchmarkSplit split;
  TestedConditions tested;
  ConditionGroups groups;
  ProfileMatrix means;                        // [K x G] of groups
  Predictors predictors;
  std::vector<Metric> metrics;
  EffectComparison truth;
  std::vector<ScoredModel> models;            // [P] predicted: control of the truth + (prediction - control it was made from)
  struct Absolute {
    ProfileMatrix predicted;                  // [N x G] as predicted
    std::function<ProfileMatrix(const ProfileMatrix& group_means)> again;
  };
  std::vector<Absolute> absolute;             // [P]
  std::vector<std::vector<std::string>> notes;      // [P][N]
  std::size_t floor = 0;
  std::vector<MetricCalibration> calibrated;  // [metrics]
  ScoreCalibrationOptions options;
  std::vector<std::vector<std::vector<double>>> deviations;      // see deviations_over_cells
  std::uint64_t seed = 1;
};
// Groups, truth, predictions and models; `cells`, `split`, `predictors`, `metrics` and `seed` are set. The object must stay where it is: models refer to it.
void prepare_models(Benchmark& bench, bool shared_control);
// Standard deviation of each value if cells were drawn again, [P][metrics][N]; NaN where a metric has one value for all or none.
std::vector<std::vector<std::vector<double>>> deviations_over_cells(const Benchmark& bench, int draws);

// What intervals over cells draw again: cells, or whole replicates.
std::string drawn_units(const Benchmark& bench);
// (value - floor) / (ceiling - floor) of one condition; none where the ceiling is not beyond the floor by two standard deviations of the floor's score over cells.
std::optional<double> scaled_at(const Benchmark& bench, std::size_t metric, std::size_t model, std::size_t condition);

void report_split(RunDirectory& run, const Benchmark& bench, bool shared_control);
void report_scores(RunDirectory& run, const Benchmark& bench);
void report_ranks(RunDirectory& run, const Benchmark& bench);
void report_de(RunDirectory& run, const Benchmark& bench);
void report_duplicates(RunDirectory& run, const Benchmark& bench, int splits);
void report_control_halves(RunDirectory& run, const Benchmark& bench);
void report_contrasts(RunDirectory& run, const Benchmark& bench);
void report_batch(RunDirectory& run, const Benchmark& bench, const std::string& non_responding);
void report_composition(RunDirectory& run, const Benchmark& bench);
void report_programmes(RunDirectory& run, const Benchmark& bench);
void add_benchmark_figures(RunDirectory& run, const Benchmark& bench);

// Contrasts of two perturbed conditions of one context, at least one of them predicted: truth m_p - m_q, prediction P_p - P_q (a measured condition stands for
// itself). As comparisons: condition "p - q", truth m_p, control m_q.
struct ContrastSet {
  std::vector<ScoredModel> models;            // [P]
  CellsBehind cells;
};
ContrastSet contrast_models(const Benchmark& bench);

// The estimate that spreads a gene's three changes as sparsely as can be over a, t and e: median(D_A, D_B, D_A + D_B - D_AB). Uses the measured AB: a diagnostic.
Eigen::RowVectorXd sparse_batch(const Eigen::RowVectorXd& a, const Eigen::RowVectorXd& b, const Eigen::RowVectorXd& ab);

}  // namespace hyped
