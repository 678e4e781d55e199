// One side of a scored pair as its file has it: cells or means, names of genes, labels, scale.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/score/dialects/scored_pair.hpp"

namespace hyped {

struct SideFile {
  std::string where;
  std::vector<std::string> genes;         // [G]
  std::vector<std::string> labels;        // of rows; "" is none
  std::vector<std::string> replicates;    // of rows; "" is none; empty: not asked for
  SparseRows rows;                        // cells; empty for a table of means
  Eigen::MatrixXd means;                  // [rows x G] where rows are means of conditions
  bool of_means = false;
  CellScale scale = CellScale::logs;
  double log_target = 0;                  // that logs were normalised to; 0: cells differ
  std::string words;                      // what it holds, and how that was told
};

// replicates: a column, or empty. .h5ad: rows are cells, or means if every label occurs once (allow_means) and no cell is a whole count. InputError as read_scored_pair.
SideFile read_cells_side(const std::filesystem::path& file, const std::string& matrix, const std::string& by, const std::string& control, bool allow_means, const std::string& replicates = "");
// .csv or .tsv: one row a condition with its name first and genes as columns, or one row a gene with conditions as columns (told by which of
// the two names more of `genes`).
SideFile read_means_table(const std::filesystem::path& file, const std::vector<std::string>& genes);

}  // namespace hyped
