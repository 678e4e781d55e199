// How far a free parameter moves when folds of conditions are left out.
#pragma once
#include "experiments/grn/fit/grn_split.hpp"

namespace hyped {

// Delete-a-group jackknife about the estimate from all conditions (Kott 2001, J Off Stat 17:521): Student's t of 95 % with (folds - 1) degrees of freedom times
// the standard error; over several deals of the folds the variances are averaged. Folds share most of their conditions and the penalty shrinks: no confidence
// interval. On simulated sparse networks such ranges hold fewer than half of the true edges (the slow test "jackknife ranges of a sparse network").
struct JackknifeRange {
  double estimate = 0, lower = 0, upper = 0;      // natural units; NaN without folds
  int same_sign = 0, members = 0;                 // fold fits whose value is not 0 and has the estimate's sign
  bool identified = false;                        // the range leaves out no effect (0 of an edge or input, 1 of a fold, the start of a capacity)
};
JackknifeRange jackknife_range(const FittedGrn& fitted, int parameter);

}  // namespace hyped
