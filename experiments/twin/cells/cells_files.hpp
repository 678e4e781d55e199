// A sequencing twin as AnnData files: the counts laid out like HYPED's raw merge, and the levels behind them.
#pragma once
#include <filesystem>

#include "experiments/twin/cells/cells_twin.hpp"

namespace hyped {

struct AnnotatedData;      // libhyped/expression/annotated_data.hpp

// X counts (compressed rows of floats), obs and var with the columns of the published file.
AnnotatedData published_form(const CellsTwin& twin, const CellsTwinSettings& settings);
// X levels of the network's genes (in a doublet the mean weighted by the cells' depth), obs as truth_columns.
AnnotatedData truth_form(const CellsTwin& twin, const CellsTwinSettings& settings);

// <folder>/GeneExpression/Genexpression.h5ad and <folder>/data/cells_truth.h5ad.
void write_cells_files(const CellsTwin& twin, const CellsTwinSettings& settings, const std::filesystem::path& folder);

}  // namespace hyped
