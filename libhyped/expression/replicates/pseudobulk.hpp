// Counts of cells added up per arm and replicate, their size factors, and the design in which arms are compared.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct PseudobulkSample {
  int arm = 0, replicate = 0;       // indices into the groups they came from
  std::int64_t cells = 0;
};

struct PseudobulkCounts {
  std::vector<std::string> arms, replicates;
  std::vector<PseudobulkSample> samples;      // [S]
  Eigen::MatrixXd counts;                     // [S x G] whole numbers
  std::vector<std::string> words;             // samples left out and why

  // ln(1 + target * sum / total), [S x G]; all 0 for a sample without counts.
  Eigen::MatrixXd log_normalised(double target) const;
};

// genes: one row per gene, counts. Samples of fewer than least_cells cells are left out and named in `words`; none left is an
// InputError, and so is a value that is no whole number >= 0.
PseudobulkCounts pseudobulk_counts(const SparseRows& genes, const CellGroups& arms, const CellGroups& replicates, std::int64_t least_cells);

// median_of_ratios: to the geometric mean over samples, genes counted in all of them (Anders & Huber 2010, Genome Biol 11:R106).
// library: total counts. Both on the scale where their geometric mean is 1, so that a fitted intercept is comparable.
enum class SizeFactors { median_of_ratios, library };
std::string_view to_string(SizeFactors);
// [S]; InputError where a sample has no counts, or no gene is counted in all samples (median_of_ratios).
Eigen::VectorXd size_factors(const Eigen::MatrixXd& counts, SizeFactors kind);

// Intercept, one coefficient per arm against the reference, and one per replicate (but the first) where arms share replicates.
struct PseudobulkDesign {
  Eigen::MatrixXd design;                     // [S x P]
  std::vector<std::string> coefficients;      // [P]
  std::vector<int> of_arm;                    // [arms] column of the arm's effect; -1: the reference, or no sample
  bool paired = false;
  int residual_df = 0;
  std::vector<std::string> words;             // printed
};
// Replicates that occur in more than one arm are blocks (paired = true); if none does, arms are compared between replicates.
// InputError: no sample of the reference, effects that cannot be told apart from replicates, or no residual degree of freedom.
PseudobulkDesign pseudobulk_design(const PseudobulkCounts& samples, int reference);

}  // namespace hyped
