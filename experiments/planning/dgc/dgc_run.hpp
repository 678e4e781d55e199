// `hyped control dgc`: data-guided control of an expression series: which factors, from when on, how sure, and what other scores say.
#pragma once
#include "experiments/planning/dgc/dgc_ranking.hpp"

namespace hyped {

// Tables ranking, sets, variants, other_scores, sensors, controllability (superposition); figures ranking, variants. Prints what was used and why.
void run_dgc(RunDirectory& run, const DgcSettings& settings);

// The parts of it.
struct DgcFold {
  double log2 = 0;                     // target over start, counts of 1 CPM added to both
  bool known = false;                  // measured in both
};
// Of each factor's own gene, among all genes of the series, silent ones too.
std::vector<DgcFold> own_folds(const ExpressionSeries& series, const DgcSettings& settings, const std::vector<std::string>& factors);
void report_ranking(RunDirectory& run, const std::vector<DgcRanking>& rankings, const DgcCase& first, const control::FactorInputs& inputs, const std::vector<DgcFold>& folds, const DgcSettings& settings);
void report_variants(RunDirectory& run, const std::vector<DgcRanking>& rankings, const control::FactorInputs& inputs, const DgcSettings& settings);
// Measured responses at the genes of the series; 0 of genes that the table does not have.
struct MeasuredResponses {
  std::vector<std::string> names;      // of the perturbations [P]
  Eigen::MatrixXd change;              // log2 [G x P]
  int found = 0;                       // genes of the series that the table has
};
MeasuredResponses read_responses(const std::filesystem::path& file, const std::vector<std::string>& genes);
// responses: none without a table of them.
void report_other_scores(RunDirectory& run, const DgcRanking& ranking, const DgcCase& first, const PriorEdges& prior, const control::FactorInputs& inputs, const std::optional<MeasuredResponses>& responses, const DgcSettings& settings);
void report_linear(RunDirectory& run, const ExpressionSeries& series, const DgcCase& first, const DgcRanking& ranking, const control::FactorInputs& inputs, const DgcSettings& settings);

}  // namespace hyped
