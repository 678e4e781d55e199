// Light of a reporter over a cycle of given phase durations, from the kinetics in models/reporter.
#pragma once
#include <Eigen/Core>

#include "libhyped/tracks/calls/phase_smoother.hpp"

namespace hyped {

// Both channels (g1, cycling) at the middle of every stage of a steady cycle, in units of the model's synthesis [S x 2]. The CDT1 part is
// destroyed in S (pip: in S only; cdt1_geminin: until mitosis), the geminin part by APC in G1.
Eigen::MatrixX2d reporter_course(Reporter reporter, const SmootherModel& model, double frame_interval_h);

}  // namespace hyped
