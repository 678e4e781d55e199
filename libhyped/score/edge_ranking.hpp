// A ranking of edges against the true ones: area under the ROC and the precision-recall curve.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace hyped {

struct RankedEdges {
  int edges = 0, pairs = 0;              // true ones, and all that were ranked
  double auroc = 0;                      // ties count one half
  double average_precision = 0;          // mean over true edges of the precision at their rank; tied edges share the expectation over their orders
  double dream_aupr = 0;                 // the DREAM challenges' interpolation between ranks
};

// scores and truth of the pairs [K]; larger scores rank first. average_precision of tied scores is the mean over a great number of orders, in
// closed form; dream_aupr interpolates a block of ties the same way: FP grows linearly with TP (precision-recall is then hyperbolic,
// Davis & Goadrich 2006, ICML), which for single steps is the challenges' own formula (Stolovitzky, Prill & Califano 2009, Ann N Y Acad Sci
// 1158:159). InputError unless there is an edge that is there and one that is not, or a score is not finite.
RankedEdges score_edges(const std::vector<double>& scores, const std::vector<bool>& truth);
// The same from matrices [G x G] whose diagonal is left out.
RankedEdges score_edges(const Eigen::MatrixXd& scores, const Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>& truth);

}  // namespace hyped
