// Tables of a sequencing twin.
#pragma once
#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_twin.hpp"
#include "libhyped/store/table.hpp"

namespace hyped {

Table truth_table(const CellsTwin& twin, const CellsTwinSettings& settings);      // truth_columns by barcode
Table setting_table(const Scenario& scenario, const CellsTwin& twin);
Table library_table(const CellsTwin& twin, const CellsTwinSettings& settings);
Table gene_table(const CellsTwin& twin, const CellsTwinSettings& settings);
Table edge_table(const CellsTwin& twin);
// arm, gene, log2 fold of the arm's droplets (by most votes) against the arm without inputs from sums of counts per million, 95 % between cells;
// the same of the true levels of its cells. Empty where one side has no counts.
Table effect_table(const Scenario& scenario, const CellsTwin& twin);

}  // namespace hyped
