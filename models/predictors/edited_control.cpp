// The in-silico edit of Geneformer-style benchmarks (HYPED paper, Algorithm 1) as far as it goes without a language model: the control with its targets edited.
#include <algorithm>
#include <array>

#include "models/predictors/rule_predictor.hpp"
#include "models/predictors/standard_predictors.hpp"

namespace hyped {

bool edit_of(const std::string& part, GeneEdit& edit) {
  static const std::array<std::pair<std::string_view, GeneEdit>, 9> fronts = {{{"si", GeneEdit::deletes}, {"sh", GeneEdit::deletes}, {"ko", GeneEdit::deletes}, {"KO", GeneEdit::deletes}, {"KD", GeneEdit::deletes},
                                                                               {"CRISPRi", GeneEdit::deletes}, {"mm", GeneEdit::raises}, {"OE", GeneEdit::raises}, {"CRISPRa", GeneEdit::raises}}};
  for (const auto& [front, what] : fronts)
    if (part.starts_with(front) && part.size() > front.size() && (front.size() > 2 || !(part[front.size()] >= 'a' && part[front.size()] <= 'z'))) {
      edit = what;
      return true;
    }
  return false;
}

std::unique_ptr<Predictor> edited_control(EditChoice choice) {
  return predictor_of({"in-silico edit", "control with deleted targets at 0 and raised ones at its largest value (HYPED Algorithm 1, no language model): says nothing of any other gene",
                       PredictorRole::model, [choice = std::move(choice)](const TrainingSet& training, std::uint64_t) -> LearnedRule {
                         return [&training, choice](const ResponseCondition& wanted, std::string& note) -> Eigen::RowVectorXd {
                           const Eigen::RowVectorXd control = training.control(wanted.context);
                           Eigen::RowVectorXd out = control;
                           for (const auto& part : wanted.perturbations) {
                             GeneEdit edit = GeneEdit::deletes;
                             const auto given = choice.parts.find(part);
                             if (given != choice.parts.end()) edit = given->second;
                             else if (!edit_of(part, edit)) {
                               add_to_note(note, part + ": neither deletes nor raises is declared, so it is not edited");
                               continue;
                             }
                             ResponseCondition one = wanted;
                             one.perturbations = {part};
                             const auto columns = training.target_columns(one);
                             if (columns.empty()) add_to_note(note, part + ": no measured target gene is declared, so nothing is edited");
                             for (const int g : columns) out[g] = edit == GeneEdit::deletes ? 0.0 : control.maxCoeff();
                           }
                           add_to_note(note, "all genes but the targets are the control's");
                           return out;
                         };
                       }});
}

}  // namespace hyped
