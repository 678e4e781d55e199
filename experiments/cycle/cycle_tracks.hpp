// Followed cells beside counts: their stays enter a cycle fit as exact evidence on the rates of the phases they show.
#pragma once
#include <filesystem>
#include <string>

#include "experiments/scenario.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// For every phase of the model that the tracks name, the stays of cells of `condition` (empty: the only arm without inputs) that began in the
// film constrain its exit rate; table track_evidence. Prints what entered. InputError: no such condition, no phase in common, a prior
// on the rate already, a rate of its own per condition.
void add_track_evidence(RunDirectory& run, Scenario& scenario, const std::filesystem::path& tracks, const std::string& condition);

}  // namespace hyped
