// Differential expression of arms against a reference, cell by cell or between replicates: tables, figures, words.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/expression_input.hpp"
#include "libhyped/expression/differential/fold_change.hpp"
#include "libhyped/expression/replicates/replicate_test.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

enum class DifferentialTest { wilcoxon, t, t_overestimated, nb, nb_wald, nb_ratio };
std::string_view to_string(DifferentialTest);

struct DifferentialSettings {
  DifferentialTest test = DifferentialTest::wilcoxon;
  ArmChoice arms;                            // empty: found, see choose_arms; reference "rest": every arm against all others (not for nb)
  std::string replicate;                     // see choose_replicates; Wilcoxon is then taken within replicates, nb between them
  std::vector<std::string> only;             // arms to look at, the reference among them or added
  std::string matrix;                        // see ExpressionChoice
  double target = 1e4;
  MeanKind mean = MeanKind::geometric;
  double pseudocount = 0;
  bool pooled = false;                       // false discovery over all arms together, not within each
  double fdr = 0.05;
  std::int64_t least_cells = 10;             // of an arm; of a sample for nb
  double least_counts = 10;                  // nb: of a gene over all samples
  SizeFactors size_factors = SizeFactors::median_of_ratios;
  bool bystanders = false;                   // MYOD1-negative cells of the mRNA arms as arms of their own
  bool top_up = true;                        // top genes: those that are higher in the arm; false: both
  int top = 10;
};

// One gene in one arm. NaN: does not exist; `status` says why if it was not tested.
struct GeneDifference {
  int gene = 0, arm = 0;
  std::string status;                        // empty: tested
  FoldChange fold;
  double mean_arm = 0, mean_reference = 0;   // on the scale of `mean`; nb: counts per cell of all cells
  double expressing_arm = 0, expressing_reference = 0;      // shares of cells
  double statistic = 0;                      // z, t, F or chi-squared
  double u = 0, area = 0, area_lower = 0, area_upper = 0;   // Wilcoxon
  TailProbability test, q;
};

struct DifferentialResult {
  std::vector<std::string> genes;
  CellGroups arms;
  int reference = -1;                        // -1: the rest
  std::vector<GeneDifference> differences;   // by arm, then by p, then by size of the fold change
  std::vector<std::string> words;
  Outcome outcome;
};

// The comparison alone: nothing printed or stored. InputError as in the functions it calls, and for settings that do not go together.
DifferentialResult differential_of(const ExpressionInput& input, const DifferentialSettings& settings);

// differential_of on a file; tables differential, top_genes, summary; figures volcano, top_genes.
void run_differential(RunDirectory& run, const std::filesystem::path& file, const DifferentialSettings& settings);

// Tables and figures of a result.
void report_differential(RunDirectory& run, const DifferentialResult& result, const DifferentialSettings& settings);
// What comes first in an arm, without genes whose counts mean something else.
std::vector<const GeneDifference*> top_genes(const DifferentialResult& result, const DifferentialSettings& settings, int arm);
// The table and figure top_genes alone; nothing if no gene is below the false discovery rate.
void report_top_genes(RunDirectory& run, const DifferentialResult& result, const DifferentialSettings& settings);

}  // namespace hyped
