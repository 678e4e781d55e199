// From phases to what is seen: which phases an observed class merges, who is never labelled, who is misread.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/model/staged.hpp"

namespace hyped {

// The reporter says which classes make sense; it is required beside the channel map and never guessed.
enum class Reporter { cdt1_geminin, pip, cdk_sensor, nuclei_only };
std::string_view to_string(Reporter);
Reporter reporter_named(const std::string& name, const std::string& where);      // InputError for an unknown name

struct ObservedClass {
  std::string name;
  std::vector<std::string> phases;      // cells in these phases are seen in this class; empty: the unlabelled class
  bool every_cell = false;              // a stain of its own (H2B): dark clones are seen in it too
};

struct ClassMap {
  Reporter reporter = Reporter::nuclei_only;
  std::vector<ObservedClass> classes;
  bool partition = true;      // every labelled cell is in exactly one class; false: overlapping channels
};

// The map bound to a model. A labelled clone is seen in the labelled classes; a dark clone (fraction 1 - labelled, inherited by
// daughters) only in the unlabelled class. With probability `misread` a labelled cell is put into one of the other labelled
// classes, all alike. A class of every cell is neither dark nor misread.
class ClassProjection {
 public:
  // InputError: a class that names no phase or an unknown one, two unlabelled classes, a map that is no partition but says so,
  // a partition that leaves a phase unseen.
  ClassProjection(const ClassMap& map, const StagedModel& model, const std::string& where);
  int class_count() const { return static_cast<int>(per_phase_.rows()); }
  int unlabelled() const { return unlabelled_; }      // -1 if there is no such class
  // Dark clones leave a mark in the data: there is an unlabelled class, or one of every cell beside others.
  bool shows_dark() const;
  // Probability that a clone is seen in both classes, given the fraction of labelled clones.
  double seen_in_both(int a, int b, double labelled) const { return labelled * lit_[a] * lit_[b] + (1 - labelled) * dark_[a] * dark_[b]; }
  // What a cell in each stage contributes to each class [K x S], in expectation; and its derivatives.
  Eigen::MatrixXd expected(double labelled, double misread) const;
  Eigen::MatrixXd by_labelled(double misread) const;
  Eigen::MatrixXd by_misread(double labelled, double misread) const;
  // Rows of all classes given that the clone is one that is seen there.
  Eigen::MatrixXd conditional(double misread) const;

 private:
  Eigen::MatrixXd confusion(double misread, double slope) const;
  Eigen::MatrixXd to_stages(const Eigen::MatrixXd& per_phase) const;
  Eigen::MatrixXd per_phase_;      // [K x phases], 0/1
  std::vector<int> phase_of_stage_;
  Eigen::VectorXd lit_, dark_;      // is a labelled, a dark clone seen in the class [K], 0/1
  int unlabelled_ = -1;
};

}  // namespace hyped
