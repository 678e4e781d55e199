// What `hyped cells prepare` does: quality, filters, normalisation, phases, variable genes and principal components of one AnnData file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/embedding/principal_components.hpp"
#include "libhyped/expression/preparation/gene_scores.hpp"
#include "libhyped/expression/preparation/quality.hpp"
#include "libhyped/expression/preparation/variable_genes.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

enum class VariableGeneFlavour { seurat_v3, seurat };

struct PrepareSettings {
  std::string counts;                        // "X", "layers/NAME", "raw/X"; empty: the first that holds counts
  std::string arm, library;                  // columns of cells; empty: a usual one
  bool keep_all = false;                     // judge the cells but drop none
  QualityRules rules;
  int min_cells = 3;                         // of a gene
  double min_counts = 0;                     // of a gene
  double target = 1e4;                       // total of a normalised cell; 0: the median
  VariableGeneFlavour flavour = VariableGeneFlavour::seurat_v3;
  int variable_genes = 2000;
  bool by_library = true;                    // variable genes are chosen within libraries
  std::vector<std::string> masked;           // genes that are not to be chosen, beside the mitochondrial ones
  int components = 50;
  double scale_to = 0;                       // above 0: genes are scaled and clipped there before the components
  std::uint64_t seed = 1;
};

// A file's cells, prepared; what the tables and figures are made of.
struct PreparedCells {
  AnnotatedData data;                        // X: log-normalised; layers/counts; obs, var, obsm/X_pca, varm/PCs, uns as scanpy writes them
  CellQuality quality;                       // of all cells of the file
  QualityVerdict verdict;
  std::vector<int> kept;                     // [cells kept] rows of the file
  std::string arm_column, library_column;    // empty: none
  Labels arms, libraries;                    // of all cells
  VariableGenes variable;                    // of the genes kept
  std::vector<std::string> genes;            // symbols of the genes kept
  std::vector<char> masked;                  // [genes kept]
  CellCycle cycle;                           // of the cells kept; no phases if the genes are not there
  Pca pca;
};

// Prints and stores every choice. InputError as take_counts; no cell or fewer than two kept; more components than there can be.
PreparedCells prepare_cells(RunDirectory& run, AnnotatedData data, const PrepareSettings& settings, const std::string& where);

// prepare_cells on a file; writes data/prepared.h5ad, tables quality_cuts, cells_kept, arms, phases, variable_genes, components, and
// figures quality, variable_genes, components.
void run_prepare(RunDirectory& run, const std::filesystem::path& file, const PrepareSettings& settings);

// Cells before and after, by arm and library.
Table cells_kept(const PreparedCells& prepared);
// The tables and figures of it.
void report_preparation(RunDirectory& run, const PreparedCells& prepared, const PrepareSettings& settings);

}  // namespace hyped
