// From squared distances to what is averaged over pairs; internal to this folder.
#pragma once
#include "libhyped/distance/two_samples.hpp"

namespace hyped {

void apply(const PairMeasure& measure, Eigen::ArrayXXd& squared);      // in place

}  // namespace hyped
