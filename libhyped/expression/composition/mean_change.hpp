// A change in mean expression between two arms, split into a change of composition and a change within phases.
#pragma once
#include <Eigen/Core>

#include "libhyped/errors.hpp"
#include "libhyped/expression/differential/group_moments.hpp"

namespace hyped {

// One arm: moments of every gene in every phase, and the shares of the phases.
struct PhaseMeans {
  Eigen::MatrixXd mean, variance;      // [G x K], variance of a cell
  Eigen::VectorXd cells;               // [K] cells behind each mean
  Eigen::VectorXd share;               // [K] adds up to 1
  double share_cells = 0;              // cells the shares rest on (multinomial); infinite: exact
};
// Columns first .. first + phases - 1 of the moments (see cross()); shares from the numbers of cells.
PhaseMeans phase_means(const GroupMoments& moments, int first, int phases);

// Estimate with its standard error, all [G].
struct ChangePart {
  Eigen::VectorXd estimate, se;
};

// total = arm - reference = composition + within, exactly and for either order of the two:
//   composition = sum (w - v) (m + r) / 2,   within = sum (w + v) (m - r) / 2
// with shares w, v and means m, r of arm and reference. Sources: Kitagawa 1955, J Am Stat Assoc 50:1168; Oaxaca 1973. Standard errors
// by the delta method from the variance of cells within phases and the multinomial scatter of the shares: conditional on one culture per arm.
struct MeanChange {
  ChangePart total, composition, within;
  Outcome outcome;      // not ok where a phase has a share but under two cells: its mean is unknown
};
MeanChange mean_change(const PhaseMeans& arm, const PhaseMeans& reference);

}  // namespace hyped
