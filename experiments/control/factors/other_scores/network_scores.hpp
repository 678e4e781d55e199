// Scores of static recommenders on the same data: one like Mogrify's, one like CellNet's network influence.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "libhyped/model/prior_edges.hpp"

namespace hyped::control {

// Change of each gene from start to target with a t test of moderated variance (Smyth 2004, Stat Appl Genet Mol Biol 3:3).
struct GeneChanges {
  Eigen::VectorXd change;            // log2 [G]
  Eigen::VectorXd minus_log10_p;     // two-sided, Benjamini-Hochberg adjusted [G]
  Eigen::VectorXd error;             // moderated standard error of the change [G]
  double prior_degrees = 0;
};
// start, target [G x n]: log2 values. InputError unless one of the two has two columns and both have one.
GeneChanges gene_changes(const Eigen::MatrixXd& start, const Eigen::MatrixXd& target);

struct NetworkScore {
  double gene = 0;                   // the factor's own score; 0 if it is not measured
  double network = 0;                // of its neighbourhood
  double combined = 0;               // the smaller the better (Mogrify) or the larger the better (influence)
  double place = 1;                  // 1 the best; equal ones share the mean of their places
};

// Like Mogrify (Rackham et al. 2016, Nat Genet 48:331): G = |log2 change| x -log10 p; network = sum over genes r up to `levels` steps away of G_r / (L_r O_r),
// L_r the level, O_r the out-degree of its parent; place by the sum of the places by network and by own G. What differs: one list of
// signed edges instead of STRING and MARA, a t test instead of DESeq on FANTOM5 samples, one background (the start) instead of an
// ontology of cell types, no removal of factors that resemble each other; where several parents reach a gene at one level the one of
// least out-degree counts. Only genes with `changes` add; a factor that is not measured has own G 0.
std::vector<NetworkScore> mogrify_like(const PriorEdges& list, const std::vector<std::string>& factors, const std::vector<std::string>& genes, const GeneChanges& changes, int levels = 3);

// Like CellNet's network influence score (Cahan et al. 2014, Cell 158:903): sum over targets i of sign_i z_i w_i plus n z w of the factor itself (n targets);
// z = change / its moderated standard error: how far the start lies below the target, w = expression in the
// target over the mean of all genes. What differs: z is against replicates of this one target, not a training set of many samples of
// the cell type; edges are the list's, not CellNet's own network; place by falling score.
std::vector<NetworkScore> influence_like(const PriorEdges& list, const std::vector<std::string>& factors, const std::vector<std::string>& genes, const GeneChanges& changes, const Eigen::VectorXd& target);

}  // namespace hyped::control
