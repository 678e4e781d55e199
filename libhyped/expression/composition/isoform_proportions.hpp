// Isoform proportions of genes and a test whether an arm's differ from the reference's.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct IsoformOptions {
  double least_gene_counts = 20;        // in the arm and in the reference; below it a gene is not tested
  double least_isoform_counts = 10;     // in both together; rarer isoforms of a gene count as one, "other"
  double small_expectation = 10;        // an expected count below it, or few units: the statistic's scale comes from simulation
  int draws = 199;
  std::uint64_t seed = 1;
};

// Share of one isoform in one arm. 95 % interval: from the scatter between units (cells, or samples), as a number of independent counts
// that scatters as much, and Wilson's interval for those (Korn & Graubard 1998, Surv Methodol 24:193).
struct IsoformShare {
  int transcript = -1;                  // row of the matrix; -1: the rare ones together
  double counts = 0, share = 0, lower = 0, upper = 0;
};

enum class IsoformStatus { tested, one_isoform, too_few_counts, not_converged };
std::string_view to_string(IsoformStatus);

struct IsoformTest {
  int gene = 0, arm = 0;
  IsoformStatus status = IsoformStatus::too_few_counts;
  std::vector<IsoformShare> arm_shares, reference_shares;      // same isoforms in both
  double precision = 0;                 // of the Dirichlet; infinite: units do not vary beyond counting
  double statistic = 0;                 // likelihood ratio
  double scale = 1;                     // its mean under no difference over its degrees of freedom; not 1: from simulation
  int df = 0;
  TailProbability test;                 // chi-squared of statistic / scale
};

// transcripts: one row per transcript, counts of cells in columns; gene_of [transcripts] numbers the genes, -1 leaves one out. Every gene with at least two
// isoforms, every arm but the reference. Units are cells, or with `replicates` the samples of an arm in a replicate (then the scale is always
// simulated, and paired replicates are not used as pairs). Dirichlet-multinomial, one precision for both arms; the scale is a
// Bartlett factor by parametric bootstrap. Draws of a gene depend on (seed, gene, arm) alone. Values must be counts (InputError).
std::vector<IsoformTest> isoform_tests(const SparseRows& transcripts, std::span<const int> gene_of, const CellGroups& arms, int reference, const CellGroups* replicates, const IsoformOptions& options);

}  // namespace hyped
