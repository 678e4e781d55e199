// What `hyped cells embed` does: neighbours, communities and pictures of prepared cells.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/cell_figures.hpp"
#include "libhyped/expression/embedding/communities.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct EmbedSettings {
  std::string arm, phase;              // columns of cells; empty: a usual one
  int components = 0;                  // of obsm/X_pca that are used; 0: all
  int neighbours = 15;                 // the cell itself among them, as umap-learn and scanpy count
  double resolution = 1;               // of the communities
  double min_distance = 0.5;           // of UMAP
  double perplexity = 30;              // of t-SNE
  bool with_tsne = true;
  int repeats = 5;                     // of the communities with other seeds, to see how stable they are
  std::uint64_t seed = 1;
};

struct EmbeddedCells {
  std::vector<PointPanel> panels;      // of each picture: by arm and by phase (where they are named), by community
  int side = 1;                        // panels of one picture
  Labels arms;                         // of one level if no column names them
  Communities groups;
  Table quality;                       // how much of the neighbourhoods each picture keeps
};
// Neighbours, communities and pictures of data with obsm/X_pca, put into obs, obsm and obsp. Prints and stores every choice.
EmbeddedCells embed_cells(RunDirectory& run, AnnotatedData& data, const EmbedSettings& settings, const std::string& where);

// Reads a file with obsm/X_pca; writes data/embedded.h5ad (obsm/X_umap, obsm/X_tsne, obs leiden, obsp distances and connectivities), tables communities,
// embedding_quality, and the figure embedding. InputError if there are no components, or too few cells.
void run_embed(RunDirectory& run, const std::filesystem::path& file, const EmbedSettings& settings);

}  // namespace hyped
