// Arms compared between replicates: negative binomial regression of pseudobulk counts with shrunken dispersions.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/expression/replicates/dispersion.hpp"
#include "libhyped/expression/replicates/pseudobulk.hpp"

namespace hyped {

// quasi_likelihood: dispersion from the trend, each gene's residual deviance squeezed towards that of all, F test (edgeR's glmQLFTest); it
// counts what few replicates can know about a dispersion. wald, likelihood_ratio: shrunken dispersion taken as known (DESeq2's tests).
enum class ReplicateTestKind { quasi_likelihood, wald, likelihood_ratio };
std::string_view to_string(ReplicateTestKind);

enum class GeneStatus { tested, too_few_counts, not_converged };
std::string_view to_string(GeneStatus);

// One arm against the reference in one gene. An arm (or reference) without counts has an infinite log2 and one finite end of its
// interval, from the profile of the likelihood; the other end is NaN, and Wald's test, which does not exist there, is the likelihood ratio's.
struct ReplicateEffect {
  GeneStatus status = GeneStatus::too_few_counts;
  double log2 = 0, lower = 0, upper = 0;      // 95 %
  double statistic = 0;                       // F, z or chi-squared
  double df = 0;                              // of the denominator (F), infinite for the others
  TailProbability test;
};

struct ReplicateTestOptions {
  ReplicateTestKind kind = ReplicateTestKind::quasi_likelihood;
  SizeFactors size_factors = SizeFactors::median_of_ratios;
  double least_counts = 10;                   // over all samples; below it a gene is not tested and not in the family of tests
};

struct ReplicateTest {
  Eigen::VectorXd size_factors;               // [S]
  Dispersions dispersions;
  Eigen::VectorXd quasi_dispersion;           // [G] 1 unless quasi_likelihood
  double prior_df = 0;                        // of the quasi-dispersions
  std::vector<ReplicateEffect> effects;       // [G x arms], the reference's own are not tested
  std::vector<std::string> words;
  Outcome outcome;
};

ReplicateTest replicate_test(const PseudobulkCounts& samples, const PseudobulkDesign& design, const ReplicateTestOptions& options);

}  // namespace hyped
