// An expression profile as target: mean levels of a cell type, gene by gene.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "experiments/planning/plan/plan_scenario.hpp"

namespace hyped {

// (gene, value) of the model's genes that the profile has: from an .h5ad the mean log-normalised value over the cells with the label, from a
// table (gene, value) its values. Says what was used in `notes`. InputError: genes asked for that are not measured there, no gene in common.
std::vector<std::pair<std::string, double>> profile_of(const StatedProfile& stated, const std::vector<std::string>& genes, const std::filesystem::path& folder, std::vector<std::string>& notes);

}  // namespace hyped
