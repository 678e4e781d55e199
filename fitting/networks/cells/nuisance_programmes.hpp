// Programmes that come with delivery and handling (interferon, sterol, depletion): scored, and taken out of effects before they are ranked.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

namespace hyped {

struct NuisanceProgramme {
  std::string name;
  std::vector<int> genes;              // rows of the data
};

struct ProjectedEffects {
  Eigen::MatrixXd scores;              // of each programme in each sample or cell: mean of its standardised genes [K x N]
  Eigen::VectorXd reliability;         // of each programme's score within groups, Cronbach's alpha: share of its variance that its genes have in common [K]
  Eigen::MatrixXd loading;             // change of a gene per unit of score, within groups, corrected for the score's noise [G x K]
  Eigen::MatrixXd loading_se;          // [G x K]
  Eigen::MatrixXd effect, adjusted;    // group mean minus the baseline's, before and after [G x groups]
  Eigen::MatrixXd adjusted_se;         // of adjusted effects, the loadings' errors included [G x groups]
  std::vector<bool> member;            // [G] of a programme: what is left of them is not an effect, they are not ranked
  std::vector<std::string> notes;
};

// values [G x N] (log scale), group_of [N] (0 the baseline). Loadings come from the scatter within groups alone, where the factor does not
// differ, so that an effect of the factor is not mistaken for the programme's; a gene's own values are left out of the score it is
// regressed on. Scores of few noisy genes are noisy, and a plain regression would draw loadings to zero and leave that share of the
// programme in the effects: the variance that the genes of a programme do not share is taken out of the score's variance, and its error
// goes into loading_se and adjusted_se (Fuller 1987, Measurement Error Models, ch. 2; alpha supposes that the genes load alike, else it is
// a lower bound and the correction is too strong). A score whose reliability is below 0.3 is not corrected: a note says so. What all cells of an arm share of a programme is then taken away: adjusted = effect - loading x difference of scores.
// A loading that differs between arms cannot be seen. InputError for a programme with fewer than three varying genes, a group with
// fewer samples than programmes + 2.
ProjectedEffects project_programmes(const Eigen::MatrixXd& values, const std::vector<int>& group_of, const std::vector<NuisanceProgramme>& programmes);

// Programmes of a table with columns programme, gene, as rows of `genes`; genes that are absent are counted in notes.
struct ProgrammeGene {
  std::string programme, gene;
};
std::vector<NuisanceProgramme> place_programmes(const std::vector<ProgrammeGene>& table, const std::vector<std::string>& genes, std::vector<std::string>& notes);

}  // namespace hyped
