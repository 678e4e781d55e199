// Cells by arm as the data of a network: who received what, means against the reference, what is taken out of them.
#pragma once
#include <filesystem>

#include "experiments/cells/expression_input.hpp"
#include "experiments/grn/grn_data.hpp"

namespace hyped {

// InputError: arms without cells, a perturbed gene that is not measured, a delivery whose arm is not in the file, columns that are not there.
GrnData read_grn_cells(const GrnScenario& scenario, const std::filesystem::path& path);

// --- parts ---
// Conditions (arms x phases), then references (one per phase), and the group of each cell.
struct GrnCellGroups {
  CellGroups groups;
  int conditions = 0, phases = 1;
  std::vector<std::string> arms;
};
GrnCellGroups group_grn_cells(const GrnScenario& scenario, const ExpressionInput& input);

// Dense values of the genes by group, sizes and wells. log_ratio: counts, and the counts of all other genes (mean 1 over the cells used).
std::vector<GroupCells> values_by_group(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, const std::vector<std::string>& genes, std::vector<std::string>& notes);

// Programmes out of the values of every group: what a cell's score predicts of a gene (its loading, from the scatter within groups) is
// subtracted. Standard errors [N x M] that hold the loadings' errors; table: effects before and after.
struct TakenOut {
  Eigen::MatrixXd standard_error;
  Table table;
  std::vector<std::string> notes;
};
TakenOut take_out_programmes(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data);
// Genes of the scenario's programmes, each once. InputError: no such programme.
std::vector<std::pair<std::string, std::string>> programme_genes(const GrnScenario& scenario);

// Libraries. Where every condition is linked to its reference by shared libraries, the libraries' differences (least squares of group and
// library) are subtracted from the values: true. Else false: a gene's factor between libraries cannot be told from an effect, and
// widen_for_libraries puts its spread, from genes outside the network, into the standard errors.
bool subtract_libraries(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data);
void widen_for_libraries(const GrnScenario& scenario, const ExpressionInput& input, const GrnCellGroups& groups, GrnData& data);
// Rank of each cell among those of its group: its row in the group's values; -1: in none.
std::vector<int> rows_in_groups(const CellGroups& groups);

}  // namespace hyped
