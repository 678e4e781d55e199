// What a comparison of arms cannot tell by its design, as sentences for its report; bystander cells as an arm of their own.
#pragma once
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// Every label is an arm of HYPED in some spelling, the control among them and at least one other.
bool are_hyped_arms(const std::vector<std::string>& arms);

struct DesignFacts {
  std::vector<std::string> arms;      // labels that are compared
  bool replicates = false;            // every arm has more than one culture
  std::string replicate_source;       // the column that says which; empty: none was named
};
// Of arms of HYPED all of design_limits() (arms.hpp); of others what follows from one culture per arm. Empty only for other arms with replicates.
std::vector<std::string> limits_of(const DesignFacts& facts);

// Why a gene's counts do not say what they seem to in HYPED: delivered mRNA, target of the siRNA, reporter, library. Empty for other genes.
std::string gene_caution(const std::string& gene);

// Cells of the arms with MYOD1 mRNA that have no count of MYOD1 become arms of their own, named "<arm>, MYOD1-negative". An imperfect bystander
// control: they were in the same dish, but some took the mRNA up and lost it or were read too shallowly (`words` says how many
// chance alone would make), and cells that take up little are no random part of a culture.
struct Bystanders {
  CellGroups groups;
  std::vector<std::string> words;
};
// genes: one row per gene (see transposed()), myod1: its row; any values that are 0 where there is no count. InputError if no arm has the mRNA.
Bystanders split_bystanders(const CellGroups& arms, const SparseRows& genes, int myod1);

}  // namespace hyped
