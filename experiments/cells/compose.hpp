// Composition of arms over phases, their contrasts, and what of a change in expression is composition.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "experiments/cells/expression_input.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct ComposeSettings {
  ArmChoice arms;                                        // empty: found, see choose_arms
  std::string phase;
  std::vector<std::string> only;
  std::vector<std::string> sorted;                       // arms whose phase numbers were set; those whose phase_source says so are added
  std::vector<std::pair<std::string, double>> shares;    // a composition for the reference from elsewhere: phase, share
  double share_cells = 0;                                // it rests on so many cells; 0: taken as exact
  std::string share_source;                              // where it is from
  std::string matrix;
  double target = 1e4;
  bool expression = true;                                // split changes of expression too
  std::int64_t least_cells = 10;                         // of an arm
  int top = 10;                                          // genes in the figure
};

// Tables composition, contrasts, mean_change; figures composition, mean_change. InputError: unknown columns and labels, shares that do
// not fit the phases.
void run_compose(RunDirectory& run, const std::filesystem::path& file, const ComposeSettings& settings);

}  // namespace hyped
