// Kinetic gene networks from GeneNetWeaver's SBML files.
#pragma once
#include <filesystem>
#include <string_view>

#include "libhyped/model/hill_network.hpp"

namespace hyped {

// GeneNetWeaver's dialect of SBML level 2: a kinetic law without a math element; its parameters are the constants (max, decay of the
// degradation reaction, translation, a_S, k_j, n_j, how many activators and deactivators a module has, and whether they bind as a complex),
// and the modules stand in the synthesis reaction's name, "G2_synthesis: ~(1) + (2*3~4)": numbers are the reaction's modifiers in order,
// * adds an activator, ~ inside adds a deactivator, ~ before a module marks a repressor. Rates per minute, as in the file.
// InputError (file, reaction, column of the name) for what does not parse or where name and parameters disagree.
HillNetwork read_gene_network_sbml(const std::filesystem::path& file);

// One module of such a name: how many activators and deactivators, and whether it represses.
struct NamedModule {
  int activators = 0, deactivators = 0;
  bool represses = false;
  bool operator==(const NamedModule&) const = default;
};
// Modules of "~(1) + (2*3~4)" or "no inputs". `first_column` is where the text begins in the name, for messages ("where, column n").
std::vector<NamedModule> parse_modules(std::string_view text, const std::string& where, int first_column = 1);

}  // namespace hyped
