// Can a predicted profile be told apart: how near a prediction is to its own truth among the truths of all conditions.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "libhyped/score/metric.hpp"

namespace hyped {

enum class ProfileDistance { l1, l2, cosine };

// D(p, q) = distance of prediction p from truth q [N x N], over all genes but left_out[p] (one list for all rows, or one a row; empty: none).
// cosine: 1 - cosine; 1 from and to a zero row. Equal truths have equal distances to the last bit. Parallel, the same bytes for any number of threads.
ProfileMatrix discrimination_distances(const ProfileMatrix& truth, const ProfileMatrix& predicted, ProfileDistance distance, const std::vector<std::vector<std::size_t>>& left_out);

// What is made of the rank of a condition's own distance in its row.
enum class DiscriminationRule {
  mid_rank,           // 1 - k / (N - 1), ties count half: chance exactly 1/2 (cell-eval2 pds_cosine; k in [0, N - 1])
  argsort,            // 1 - position / N in a stable sort of the row, conditions in the order of `names`: chance (N + 1) / (2 N) (cell-eval 0.6 to 0.8)
  below_only,         // 1 - #smaller / N: ties cost nothing
  strictly_nearer,    // share of the others that are strictly farther (Shift's NIR, Systema's centroid accuracy): ties count against
};
// One value per condition [N]; fewer than two conditions: undefined under every rule but argsort and below_only, where cell-eval says 1.
// argsort: NumPy's sort is stable up to 16 conditions only; beyond, the place of a tie is NumPy's own affair.
std::vector<MetricValue> discrimination(const ProfileMatrix& distances, DiscriminationRule rule, const std::vector<std::string>& names);
// Transposed, as PerturBench: the share of predictions strictly nearer to truth q than its own, ties half (its shuffle's expectation): 0 best, 1/2 by chance.
std::vector<MetricValue> transposed_rank(const ProfileMatrix& distances);

// PDS and its relatives on changes from control, conditions of one context among themselves.
struct DiscriminationForm {
  ProfileDistance distance = ProfileDistance::cosine;
  DiscriminationRule rule = DiscriminationRule::mid_rank;
  enum class LeftOut { all_own_genes, own_gene_by_label, none } left_out = LeftOut::all_own_genes;      // by label: only where the condition is called as a gene
  bool predicted_control = false;      // changes of the prediction from the control it brought
  bool transposed = false;
};
std::vector<MetricValue> discrimination_of(const EffectComparison& pair, const DiscriminationForm& form);

}  // namespace hyped
