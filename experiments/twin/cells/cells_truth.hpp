// What is true of every row of a sequencing twin, as plain columns.
#pragma once
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_twin.hpp"

namespace hyped {

// One value per droplet: either numbers or texts.
struct TruthColumn {
  std::string name, unit, meaning;
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

// library, true_class ("A", "A+B" by name, "negative"), cells, stained, sample and phase of its cells, doses, inputs of the network at
// harvest, exogenous transcripts, expected UMIs, ambient share. Where a droplet holds two cells, numbers are those of the first and
// the second cell has its own sample and phase.
std::vector<TruthColumn> truth_columns(const CellsTwin& twin, const CellsTwinSettings& settings);
// barcode with the library's suffix, as in the published file.
std::vector<std::string> row_names(const CellsTwin& twin, const CellsTwinSettings& settings);
std::string true_class(const Droplet& droplet, const LibrarySettings& library);
// First cell of every droplet, and the number of cells [N + 1].
std::vector<std::size_t> first_cells(const CellsTwin& twin);
// All droplets in the order of rows [N].
std::vector<const Droplet*> droplets_of(const CellsTwin& twin);

}  // namespace hyped
