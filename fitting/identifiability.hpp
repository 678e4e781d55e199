// Which combinations of parameters the data determine: spectrum of the Fisher information, null vectors by name.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "fitting/parameter_space.hpp"

namespace hyped {

struct NullDirection {
  double eigenvalue = 0;                 // of the information scaled to bound widths
  Eigen::VectorXd direction;             // unit length, search scale over bound width [P]
  std::string text;                      // "0.71 log10 a - 0.71 log10 b"
};

struct Identifiability {
  Eigen::VectorXd eigenvalues;           // increasing, of the information scaled by the widths of the bounds [P]
  std::vector<NullDirection> null;
  std::vector<bool> identified;          // [P] false: weight in a null direction, no standard error may be printed
  Eigen::MatrixXd covariance;            // inverse information on the identified space; rows of others are zero [P x P]
  bool all() const { return null.empty(); }
};

// information: Fisher information on the search scale [P x P]. A direction is not identified when its standard deviation exceeds
// `widths` times the width of the bounds, or its eigenvalue is below `relative` of the largest: Ceres' covariance would print
// finite errors there (solvers that take a pseudo-inverse always do).
Identifiability identifiability_of(const Eigen::MatrixXd& information, const ParameterSpace& space, double relative = 1e-12,
                                   double widths = 10);

// The same from the Jacobian of whitened residuals on the search scale [M x P], without squaring its condition: `relative` is of the
// singular values after every column was scaled to length one, so that no unit of a parameter matters (van der Sluis 1969).
Identifiability identifiability_of_jacobian(const Eigen::MatrixXd& jacobian, const ParameterSpace& space, double relative = 1e-12,
                                            double widths = 10);

}  // namespace hyped
