// Every predictor that ships, by family and by name.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/predictors/predictor.hpp"

namespace hyped {

using Predictors = std::vector<std::unique_ptr<Predictor>>;

// No change, means of learned perturbations (equal weight, by cells, with the control), context-shifted mean, target-informed mean, shrunken mean.
Predictors mean_predictors();
// From effects of the parts: matching mean, additive (logs, counts, scaled), overlap-corrected, largest, smallest, best, first and second part.
Predictors combination_predictors();
// Nearest learned perturbations by what they target: gene-PCA and expression of the targets.
Predictors neighbour_predictors();
// Linear models of all learned conditions: ridge bilinear, ridge by gene, latent additive.
Predictors linear_predictors();
// Answers without knowledge of the wanted condition, or with wrong knowledge: what no metric may prefer.
Predictors negative_controls();

// In-silico edit of the control: a part deletes its targets (value 0) or raises them to the largest value of the profile.
enum class GeneEdit { deletes, raises };
struct EditChoice {
  std::map<std::string, GeneEdit> parts;      // by part; others: told by the name (see edit_of)
};
// si, sh, ko, KD, CRISPRi in front: deletes; mm, oe, OE, CRISPRa in front: raises. False: the name says neither.
bool edit_of(const std::string& part, GeneEdit& edit);
std::unique_ptr<Predictor> edited_control(EditChoice choice = {});

// Effects within every context (phase), put together by predicted shares of the contexts. Wanted context "": all together.
std::unique_ptr<Predictor> composition_additive();

// All of the above but composition_additive, in the order of tables.
Predictors standard_predictors(EditChoice choice = {});
// Those named, in the order given. InputError with the nearest names.
Predictors standard_predictors(const std::vector<std::string>& names, EditChoice choice = {});
std::string_view to_string(PredictorRole role);

}  // namespace hyped
