// Intervals of predictions from what each part of the data says of the rest: CV+, free of assumptions on the errors.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped {

struct PredictionRange {
  Eigen::MatrixXd lower, upper;      // [M x Q]; NaN where there are too few left-out values for the level
};

// residual: [M x N] measured minus predicted by the member that did not see condition i; NaN: not measured. member: [N] which one that was.
// predictions: by member [M x Q] of the new conditions. The interval of a quantity runs from the floor(a (n+1))-th smallest of prediction
// - |residual| to the ceil((1-a) (n+1))-th smallest of prediction + |residual|. Where old and new conditions are exchangeable it holds the new
// value with probability at least 1 - 2 a (- a term of 1/folds), and about 1 - a as a rule. Source: Barber et al. 2021, Ann Stat 49:486.
PredictionRange left_out_intervals(const Eigen::MatrixXd& residual, const std::vector<int>& member, const std::vector<Eigen::MatrixXd>& predictions, double level = 0.95);

}  // namespace hyped
