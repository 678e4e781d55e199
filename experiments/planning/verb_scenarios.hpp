// Scenarios that ship for each verb of `hyped control`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace hyped {

// Names that ship for a verb (plan, pareto, mpc, transitions, design, linear).
const std::vector<std::string>& verb_scenario_names(const std::string& verb);
// A file, or one of the verb's shipped scenarios by name. InputError that lists the names of this verb alone.
std::filesystem::path verb_scenario(const std::string& verb, const std::string& name);

}  // namespace hyped
