// CellBox's folders: responses and inputs of perturbed conditions as bare CSV, a trained model, and the order of a split.
#pragma once
#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <vector>

namespace hyped {

struct CellboxNodes {
  int proteins = 82;        // the first nodes
  int measured = 87;        // proteins and phenotypes; the rest are activities of the drugs
};

// One row a condition: log2 of the response over control, and the constant input of every node (0 but for drugs).
struct CellboxData {
  CellboxNodes count;
  std::vector<std::string> nodes;             // [M]
  std::vector<std::string> conditions;        // [N] as in expr_index.txt, such as "AK|5,HN|6"; "condition 1" where that file is absent
  Eigen::MatrixXd response, input;            // [N x M]
  std::vector<std::vector<int>> drugs;        // [N] drugs of the condition, from 1, by loo_label.csv; else by the inputs that are not 0
  int drug_count() const { return static_cast<int>(nodes.size()) - count.measured; }
};

// expr.csv, pert.csv and node_Index.csv (needed), loo_label.csv and expr_index.txt, in `folder` or its sub-folder data. InputError, with file,
// line and column, for text that is no number, rows of unequal length, files that do not fit together, an input on a node that is no
// drug. A node that never varies is no error: constant_nodes names it.
CellboxData read_cellbox(const std::filesystem::path& folder, const CellboxNodes& count = {});
// Measured nodes whose response is the same in all conditions.
std::vector<std::string> constant_nodes(const CellboxData& data);

// dx/dt = eps tanh(W x + u) - alpha x, recipients in rows of W.
struct CellboxModel {
  Eigen::MatrixXd weight;                     // [M x M]
  Eigen::VectorXd alpha, eps;                 // [M] positive as stored
};
// The files "*.W.*csv", "*.alpha.*csv" and "*.eps.*csv" of a folder; rows by name, which must be those of `nodes`.
CellboxModel read_cellbox_model(const std::filesystem::path& folder, const std::vector<std::string>& nodes);

// random_pos.csv: a permutation of 0 .. conditions - 1, one a line.
std::vector<int> read_cellbox_order(const std::filesystem::path& file, int conditions);

// A row of the authors' training log (record_eval.csv) that has a test error.
struct CellboxLogRow {
  int line = 0, epoch = 0, iteration = 0;     // line of the file; -1 epoch: at the end of a stage
  double test_mse = 0;                        // mean over batches of the mean squared error over all nodes
};
// Rows with a number in column test_mse, in their order. InputError if there is no such column, or no row.
std::vector<CellboxLogRow> read_cellbox_log(const std::filesystem::path& file);

}  // namespace hyped
