// What rates do with the clock, in words simulators understand.
#pragma once
#include <Eigen/Core>

namespace hyped {

// none: time is not read. stepwise: only in conditions that switch at times known beforehand, rates are constant between them. smooth:
// elsewhere too. unresolved: in a condition whose times are not known beforehand (it reads a state, or is not linear in time).
enum class ClockUse { none, stepwise, smooth, unresolved };

// A time at which rates may jump or bend [h], and how parameters move it [P].
struct ClockSwitch {
  double time_h = 0;
  Eigen::VectorXd by_parameter;
};

}  // namespace hyped
