// Scores of gene sets per cell, and the cell-cycle phase taken from the scores of S and G2/M genes.
#pragma once
#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct GeneScore {
  Eigen::VectorXd score;           // [N] mean over the set's genes minus mean over the controls
  Eigen::VectorXd standard_error;  // [N] of that difference, from the spread of the set's genes and of the controls within the cell
  int genes = 0, controls = 0;
};
// Tirosh et al. 2016, Science 352, 189; Satija et al. 2015; scanpy's score_genes: genes are ranked by their mean over cells and cut into
// bins of equal size; controls come from the bins of the set's genes. scanpy draws at most ctrl_size controls of each bin at random; here
// every gene of the bin that is not in the set is a control: nothing is random and the control mean has the least noise. (scanpy with
// ctrl_size as large as a bin gives the same numbers.) `genes` are columns of log-normalised values, at least one. InputError if no
// bin holds a control.
GeneScore score_genes(const SparseRows& log_normalised, std::span<const int> genes, int bins = 25);

enum class CyclePhase : char { g1, s, g2m };
std::string_view to_string(CyclePhase);      // G1, S, G2M
struct CellCycle {
  GeneScore s, g2m;
  std::vector<CyclePhase> phase;   // [N] scanpy's rule: G1 if both scores are below 0, else the higher one, S at a tie
  std::vector<char> clear;         // [N] 1: what decided (the difference, or the nearer score to 0) is beyond two standard errors
};
CellCycle score_cell_cycle(const SparseRows& log_normalised, std::span<const int> s_genes, std::span<const int> g2m_genes);

}  // namespace hyped
