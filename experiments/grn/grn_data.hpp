// The data of a gene network in one form: means by condition, what each condition received, and when it was measured.
#pragma once
#include <Eigen/Core>
#include <string>
#include <utility>
#include <vector>

#include "experiments/grn/grn_scenario.hpp"
#include "fitting/networks/cells/cell_bootstrap.hpp"
#include "libhyped/simulate/input_course.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

enum class GrnRole { gene, phenotype, drug };      // phenotypes drive nothing; drugs have no regulator

struct GrnData {
  std::filesystem::path source;
  std::vector<std::string> genes;                 // [M] states of the network
  std::vector<GrnRole> roles;                     // [M]
  std::vector<std::string> inputs;                // [K]
  std::vector<std::string> conditions;            // [N]
  std::vector<std::string> arm_of;                // [N] conditions of one arm (its phases) are left out together
  Eigen::MatrixXd level;                          // [N x K] constant input; where inputs have courses: their mean active level up to time_h
  std::vector<InputCourse> courses;               // [K] of the reference level, or empty: constant inputs
  Eigen::MatrixXd given;                          // [N x K] 1 where the condition gets the course
  std::vector<GrnDelivery> deliveries;            // [K] where inputs have courses
  Eigen::MatrixXd mean, standard_error;           // [N x M]; standard errors empty: not known, all alike
  Eigen::VectorXd resting;                        // [M] mean of the references, on the scale of the state; cells only
  Eigen::MatrixXd reference_variance;             // [N x M] part of the squared standard error that is the reference's, shared by conditions of one reference_of; empty: there is none
  std::vector<std::vector<int>> drugs;            // [N] labels of the drugs (or inputs) of a condition
  std::string unit;                               // of means: "log2 fold", "log-normalised", "ln fold"
  double time_h = 0;                              // of the measurement; courses only
  GrnCellScale scale = GrnCellScale::log_normalised;    // of cells
  std::vector<GroupCells> cells;                  // of every condition, then of every reference; empty where only means are used
  std::vector<int> reference_of;                  // [N] its reference, an index into cells
  Table nuisance;                                 // effects before and after programmes were taken out; without rows: nothing was
  std::vector<std::pair<std::string, std::string>> facts;      // what was used and why
  std::vector<std::string> notes, warnings;
  std::vector<std::string> arms() const;          // of arm_of, each once, in order of appearance
  bool steady() const { return courses.empty(); }
  std::string squared_unit() const { return unit + " squared"; }
  // Steady states have no clock: their rates are relative to the decay that the scenario sets.
  std::string time_unit() const { return steady() ? "time" : "h"; }
  int scored() const;                             // genes and phenotypes: the first ones
};

// The file or folder the scenario means: `given` (of the command line) before the scenario's path. InputError naming where it was looked for.
std::filesystem::path find_grn_data(const GrnScenario& scenario, const std::string& given);

// InputError as in the readers; for cells also: arms without cells, a perturbed gene or a gene of the list that is not measured,
// a delivery whose arm is not in the file.
GrnData read_grn_data(const GrnScenario& scenario, const std::filesystem::path& path);

// [N x M] from the mean of every group of cells [groups] of [M], as in `cells`; summed sizes [groups] for counts.
Eigen::MatrixXd effects_of(const GrnData& data, const std::vector<Eigen::VectorXd>& means, const std::vector<double>& sizes);

// InputError where the scenario asks for more folds than there is to hold out (arms, or conditions of a folder).
void check_folds(const GrnScenario& scenario, const GrnData& data);

// A split of the conditions into those learned from and those predicted.
struct GrnSplit {
  std::string name;
  std::vector<std::string> train, test;
};
// `words` gets what was skipped and why. InputError if a split leaves too few conditions to learn from, or there is none at all.
std::vector<GrnSplit> splits_of(const GrnScenario& scenario, const GrnData& data, std::vector<std::string>& words);

}  // namespace hyped
