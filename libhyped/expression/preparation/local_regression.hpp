// Local quadratic regression of y on x (loess): fitted exactly at the vertices of a k-d tree, cubic in between.
#pragma once
#include <span>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct LocalRegressionOptions {
  double span = 0.3;       // share of the points a local fit sees
  double cell = 0.2;       // a cell of the tree is cut while it holds more than n * span * cell points
};
struct LocalRegression {
  std::vector<double> fitted;                  // [n], in the order given
  std::vector<double> vertex, value, slope;    // ascending
  Outcome outcome;                             // singular: more points than a local fit sees have the same x
};
// Tricube weights on the floor(n * span) nearest points, Gaussian family, one pass. The same vertices, local fits and interpolation as
// the routines of Cleveland, Grosse and Shyu (netlib/a/dloess; R's loess, scikit-misc) with degree 2 and surface "interpolate".
// Sources: Cleveland and Grosse 1991, Statistics and Computing 1, 47 ("Computational methods for local regression").
// At least 8 points in the local fit; InputError otherwise.
LocalRegression local_quadratic_regression(std::span<const double> x, std::span<const double> y, const LocalRegressionOptions& options = {});

}  // namespace hyped
