// Genes that vary between cells more than genes of their level do: the two rules of Seurat, as scanpy computes them.
#pragma once
#include <Eigen/Core>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

struct VariableGeneOptions {
  int top = 2000;              // genes selected
  double span = 0.3;           // of the local regression (seurat_v3)
  int bins = 20;               // of the mean (seurat)
  std::vector<char> excluded;  // [G] take part in the fit but are not selected; empty: none
};

// A number that does not exist is NaN.
struct VariableGenes {
  Eigen::VectorXd mean;                  // [G] of counts (seurat_v3); ln(1 + mean of the normalised values) (seurat)
  Eigen::VectorXd spread;                // [G] variance of counts (seurat_v3); ln(variance / mean) (seurat)
  Eigen::VectorXd normalised;            // [G] what genes are ranked by; mean over batches
  Eigen::VectorXd expected_log10;        // [G] fitted log10 variance (seurat_v3, one batch); else empty
  Eigen::VectorXd rank;                  // [G] 0 is the most variable, median over the batches where it is below `top` (seurat_v3); else empty
  Eigen::VectorXi batches;               // [G] in how many batches it is among the top
  std::vector<char> in_all_batches;      // [G]
  std::vector<char> selected;            // [G]
  Outcome outcome;                       // singular: the local regression failed
};

// Stuart et al. 2019, Cell 177, 1888 (scanpy's flavor "seurat_v3"): variance of counts standardised by a local quadratic regression of
// log10 variance on log10 mean, standardised counts clipped at sqrt(cells). Batches (codes of cells, every one used; empty: one batch): median rank, then number
// of batches.
VariableGenes variable_genes_seurat_v3(const SparseRows& counts, const VariableGeneOptions& options, std::span<const int> batch = {});

// Satija et al. 2015, Nat. Biotechnol. 33, 495 (scanpy's flavor "seurat"): dispersion of expm1(values), standardised in bins of the mean.
// `log_normalised` holds natural log1p of normalised counts. Batches: genes not seen in a batch are left out of it; number of batches,
// then mean normalised dispersion. Without batches all genes at the value of the last one selected are selected, as scanpy does.
VariableGenes variable_genes_seurat(const SparseRows& log_normalised, const VariableGeneOptions& options, std::span<const int> batch = {});

}  // namespace hyped
