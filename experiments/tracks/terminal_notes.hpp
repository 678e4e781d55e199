// Notes of a reader or a fit on the terminal: a few of them, all in the run.
#pragma once
#include <string>
#include <vector>

#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Adds all to the run; prints the first `most`, and how many more are in the report.
void say_notes(RunDirectory& run, const std::vector<std::string>& notes, std::size_t most = 5);

}  // namespace hyped
