// Distances of every condition's cells from the control's, or from predicted cells, with errors, permutation tests and the space they were taken in.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct CellDistanceSettings {
  std::string by, control;             // column of cells, label of the control
  std::filesystem::path against;       // predicted cells (.h5ad), counts or logarithms, read as `hyped bench score` does; empty: distances from the control alone
  std::string against_matrix = "X", against_by;      // where the prediction calls them otherwise; by empty: the same
  std::string matrix;                  // X, layers/NAME or raw/X; empty: found
  double target = 1e4;                 // counts are normalised to
  int components = 50;                 // of the measured cells; 0: all genes
  int permutations = 999;
  std::int64_t least_cells = 10;
  std::uint64_t seed = 1;
};

// Tables distances (energy, squared MMD with standard errors, permutation p, Holm-Sidak), parts (means, variances, dependence) and, with predicted cells,
// scores (distance to the truth over the control's). InputError: other genes, no such label, too few cells.
void run_cell_distances(RunDirectory& run, const std::filesystem::path& file, const CellDistanceSettings& settings);

}  // namespace hyped
