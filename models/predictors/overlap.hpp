// What several effects have in common, gene by gene.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped {

Eigen::RowVectorXd sum_of(const std::vector<Eigen::RowVectorXd>& effects);

// Of two effects their minmod: 0 where signs differ, else the smaller in size with its sign. Of more: their sum minus (largest positive + most
// negative), which is the same for two. Takes out what all share: a batch, a common programme, noise of a common control.
Eigen::RowVectorXd overlap_of(const std::vector<Eigen::RowVectorXd>& effects);

}  // namespace hyped
