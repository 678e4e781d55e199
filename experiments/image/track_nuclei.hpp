// `hyped image track`: measured nuclei to cells, with every division's evidence.
#pragma once
#include <filesystem>

#include "libhyped/image/link/link_nuclei.hpp"
#include "libhyped/ingest/images/read_nuclei.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Tables cells, divisions, breaks; data/ in the tidy form of `hyped tracks`, ctc/res_track.txt, napari/, trackmate/. Also answers and warnings.
void report_links(RunDirectory& run, const LinkedFilm& film, const std::vector<FrameNuclei>& frames, const LinkOptions& options);
void run_image_track(RunDirectory& run, const std::filesystem::path& file, const NucleiReading& reading, const LinkOptions& options);

}  // namespace hyped
