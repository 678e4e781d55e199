// The input matrix B of data-guided control: what a unit of each transcription factor does to its known targets.
#pragma once
#include <Eigen/SparseCore>
#include <string>
#include <vector>

#include "libhyped/model/prior_edges.hpp"

namespace hyped::control {

using SparseEffects = Eigen::SparseMatrix<double>;      // by column

struct FactorInputs {
  std::vector<std::string> names;            // [M] in the order of the list
  SparseEffects effect;                      // B [G x M]: +1, -1, or these times the edge's confidence
  std::vector<int> activated, repressed;     // targets among the genes at hand [M]
  std::vector<std::string> notes;
  int index_of(const std::string& name) const;      // -1: not there
};

struct InputRules {
  int least_targets = 5;
  bool weigh_by_confidence = false;
  std::vector<bool> used{};                  // genes that count [G]; empty: all
};
// Signed edges to genes at hand, of sources with at least `least_targets` of them; the source itself need not be measured (complexes are
// no genes), and an edge to itself stays. Edges without a sign are left out and counted. InputError if no factor is left.
// Ronquist et al. count binding sites in open chromatin near the promoter, summed over topologically associating domains; here an edge of the
// list counts once, and states are genes.
FactorInputs factor_inputs(const PriorEdges& list, const std::vector<std::string>& genes, const InputRules& rules = {});

}  // namespace hyped::control
