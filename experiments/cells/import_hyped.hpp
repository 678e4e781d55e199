// A folder of the HYPED release in one step: cells made tidy, the imaging half listed, every decision and doubt said.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "libhyped/ingest/hyped/hyped_cells.hpp"
#include "libhyped/ingest/hyped/imaging_tree.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct HypedImport {
  HypedReading reading;
  std::map<std::string, CellArm> folders;      // what sample folders hold, over their names
};

// Writes data/cells.h5ad, tables cells_per_arm, matrices, decisions, doubts and wells (if there are any); the doubts are warnings too.
// `folder` may be the .h5ad itself: then nothing is listed.
void run_import_hyped(RunDirectory& run, const std::filesystem::path& folder, const HypedImport& settings);

}  // namespace hyped
