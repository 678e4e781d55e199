// Isoform proportions per gene and arm, and the test whether they differ.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/expression/composition/isoform_proportions.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct IsoformSettings {
  ArmChoice arms;                            // empty: found, see choose_arms
  std::string replicate;                     // see choose_replicates
  std::vector<std::string> only;
  std::int64_t least_cells = 10;
  double fdr = 0.05;
  IsoformOptions options;
};

// Transcripts of the file (hyped cells convert --transcripts). Tables isoform_tests, isoform_shares. InputError if the file has none.
void run_isoforms(RunDirectory& run, const std::filesystem::path& file, const IsoformSettings& settings);

}  // namespace hyped
