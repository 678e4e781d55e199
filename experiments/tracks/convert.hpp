// What `hyped tracks convert` does.
#pragma once
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Prints counts, time axis and notes; writes the tidy form to data/ (which read_tracks reads back), table conditions, figure followed.
void run_convert(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading);

}  // namespace hyped
