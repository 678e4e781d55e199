// What predictors look up in training data: controls by context, measured effects, and what stands in for an effect that was not measured.
#pragma once
#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "libhyped/observe/response_profiles.hpp"

namespace hyped {

// An effect is a mean profile minus the control of its own context.
class TrainingSet {
 public:
  // InputError: a profile that is not finite, a perturbed condition whose context has no control, two profiles of the same condition.
  explicit TrainingSet(const ResponseProfiles& profiles);

  const ResponseProfiles& profiles() const { return profiles_; }
  Eigen::Index genes() const { return profiles_.mean.cols(); }
  Eigen::RowVectorXd control(const std::string& context) const;      // InputError if there is none
  const std::vector<int>& perturbed() const { return perturbed_; }   // rows
  std::vector<int> perturbed_in(const std::string& context) const;
  Eigen::RowVectorXd effect(int row) const;                          // [G]
  const ResponseCondition& condition(int row) const { return profiles_.conditions[static_cast<std::size_t>(row)]; }
  // Rows with exactly these parts, in this context, or in every other one.
  std::vector<int> measured_here(const std::vector<std::string>& parts, const std::string& context) const;
  std::vector<int> measured_elsewhere(const std::vector<std::string>& parts, const std::string& context) const;

  // Mean effect of all perturbed conditions of the context, each with the same weight; where there is none, of all contexts (said in note).
  Eigen::RowVectorXd mean_effect(const std::string& context, std::string& note) const;
  // Effect of one part alone: in this context; else the mean over other contexts; else mean_effect. The two last are said in note.
  Eigen::RowVectorXd part_effect(const std::string& part, const std::string& context, std::string& note) const;
  // Effects of all parts of a condition, in their order.
  std::vector<Eigen::RowVectorXd> part_effects(const ResponseCondition& wanted, std::string& note) const;
  // Rows of two parts or more whose parts were all measured alone in the same context.
  std::vector<int> combinations_with_singles() const;

  // Columns of the genes a condition perturbs; genes that are not measured are left out. Empty where a part has no declared target.
  std::vector<int> target_columns(const ResponseCondition& condition) const;

 private:
  ResponseProfiles profiles_;
  std::map<std::string, int> control_of_;
  std::vector<int> perturbed_;
  std::map<std::string, int> column_of_;
};

// Adds a sentence to a note.
void add_to_note(std::string& note, const std::string& sentence);

}  // namespace hyped
