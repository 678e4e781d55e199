// An expression profile as target: mean levels of a cell type, gene by gene.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "experiments/planning/plan/plan_scenario.hpp"

namespace hyped {

// (gene, level) of the model's genes that the profile has: from an .h5ad the mean count over the cells with the label by the stated depth, as the
// arms' levels are made; from a table (gene, value) its values, which must be levels. Says what was used in `notes`. InputError: genes asked for that are not measured there, no gene in common.
std::vector<std::pair<std::string, double>> profile_of(const StatedProfile& stated, const std::vector<std::string>& genes, const std::filesystem::path& folder, std::vector<std::string>& notes);

}  // namespace hyped
