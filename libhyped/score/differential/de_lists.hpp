// Lists of significant genes of one condition; internal to this folder.
#pragma once
#include <cstddef>
#include <vector>

#include "libhyped/score/differential/de_metrics.hpp"

namespace hyped {

struct DeLists {
  std::vector<std::size_t> considered;                    // genes that one of the tables tested, own genes out where asked
  std::vector<std::size_t> real, predicted;               // R and P, in the order of genes
  std::vector<std::size_t> real_top, predicted_top;       // the same in the order of the rules
};
DeLists lists_of(const DeComparison& pair, std::size_t condition, const DeRules& rules, bool without_own);

// Genes in the first `a` of one list and the first `b` of the other.
std::size_t shared(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other, std::size_t a, std::size_t b);
inline int sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

// What cell-eval2 added: fidelity, reach, Jaccard, errors of fold changes, tables of two by two.
std::vector<DeMetric> direction_metrics(const DeRules& rules);

}  // namespace hyped
