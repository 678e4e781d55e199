// A plane through the lowest dense part of a cloud: nuclei that do not shine lie on it, those that do lie above.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct DarkPlane {
  Eigen::VectorXd coefficients;      // intercept, then one per column of the regressors; slopes are 0 or more
  double noise = 0;                  // sd about the plane of the nuclei on it
  int nuclei = 0;                    // that lie on it (within 2.5 sd)
  Outcome outcome;                   // singular: too few
};

// values [n] on regressors [n x p], n >= 20: starts at the lowest tenth and climbs to the mode, with symmetrical windows of 2.5 sd, the sd
// taken from the values below the plane alone (those above may shine). A slope below 0 is no bleed-through and is put to 0.
// Source: the mode as a mean-shift fixed point, Comaniciu & Meer 2002, IEEE PAMI 24:603; trimmed least squares, Rousseeuw 1984.
DarkPlane fit_dark_plane(const Eigen::VectorXd& values, const Eigen::MatrixXd& regressors);

// Least squares with Tukey's biweight (c = 4.685, scale by the median absolute residual), columns of `design` as they are [n x p].
// Source: Beaton & Tukey 1974, Technometrics 16:147.
Eigen::VectorXd biweight_fit(const Eigen::VectorXd& values, const Eigen::MatrixXd& design);

double middle_value(std::vector<double> values);      // NaN if empty

}  // namespace hyped
