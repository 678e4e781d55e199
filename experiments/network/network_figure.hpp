// The figure of `hyped network simulate`.
#pragma once
#include "experiments/network/network_course.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// A panel per unit, several where a unit has more than eight quantities; bands of one culture, events as lines.
void add_course_figure(RunDirectory& run, const NetworkFile& network, const NetworkCourse& course);

}  // namespace hyped
