// Stays that say the same: on films most durations are repeats, and one evaluation serves them all.
#pragma once
#include <vector>

#include "libhyped/tracks/durations/duration_data.hpp"

namespace hyped {

struct AlikeDurations {
  struct Group {
    int first;                       // duration that stands for all
    double count;
  };
  std::vector<Group> groups;         // in order of first appearance
  std::vector<int> group_of;         // [n]
};

// Alike: all times equal to a nano-hour (differences of frame times carry rounding), met the same way, same covariates, same cause.
AlikeDurations alike_durations(const DurationData& data);

}  // namespace hyped
