// What an experiment's design cannot tell, as sentences that every report of it must state.
#pragma once
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// The role of a condition label of the HYPED experiment, whatever its spelling (case, spaces, _, -, / and + do not count).
enum class HypedArm { none, control, mrna, sirna, both };
HypedArm hyped_arm(const std::string& label);
// A control, and at least one arm with the mRNA or the siRNA.
bool looks_like_hyped(const std::vector<std::string>& arms);

struct DesignFacts {
  std::vector<std::string> arms;      // labels that are compared
  std::string reference;              // one of them, or empty: the rest
  bool replicates = false;            // every arm has more than one culture
  std::string replicate_source;       // the column that says so
};
// Empty only if nothing limits the comparison: replicates in every arm and no HYPED labels.
std::vector<std::string> design_limits(const DesignFacts& facts);

// Genes whose counts do not say what they seem to in the HYPED experiment: reads of the delivered mRNA, its target, the reporter and the
// library. Empty for other genes.
std::string gene_caution(const std::string& gene);

// Cells of the mRNA arms without a count of MYOD1 as an arm of its own, named "<arm>, MYOD1-negative", beside the rest of the arm. An imperfect
// bystander control: delivery is not excluded (the mRNA may be gone, or not caught: `words` says how many would be missed by
// chance alone if all cells had the mean of the positive ones), and cells that took up less are not a random part of the culture.
struct Bystanders {
  CellGroups groups;
  std::vector<std::string> words;
};
// myod1: the gene's row of counts over cells (see transposed()). InputError if no arm carries the mRNA.
Bystanders split_bystanders(const CellGroups& arms, const SparseRows& genes, int myod1);

}  // namespace hyped
