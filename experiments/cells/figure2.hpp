// From a file of cells to the figure that describes an experiment: phases, a picture by phase and by arm, and the top genes of each arm.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct Figure2Settings {
  ArmChoice arms;                    // empty: found, see choose_arms
  std::string phase;                 // column; empty: the one recorded in the file, else scored
  std::vector<std::string> only;     // arms to compare; empty: all
  std::string counts;                // "X", "layers/NAME" or "raw/X"; empty: the first that holds counts
  std::int64_t least_cells = 10;     // of an arm
  bool keep_all = false;             // no cell is dropped for its quality
  int top = 10;                      // genes of each arm
  double fdr = 0.05;
  std::uint64_t seed = 1;
};

// `file`: a folder or .h5ad of the HYPED release as published, a tidy one (import-hyped), or any .h5ad with counts and a column of arms. Imports, prepares,
// embeds (UMAP) and compares (Wilcoxon against the reference) with the defaults of those verbs; writes data/cells.h5ad, tables phases_by_arm, cells_kept,
// differential_summary, top_genes, and figures phases, embedding, top_genes. InputError as those verbs.
void run_figure2(RunDirectory& run, const std::filesystem::path& file, const Figure2Settings& settings);

}  // namespace hyped
