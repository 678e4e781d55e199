// Names to files.
#include "experiments/planning/verb_scenarios.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "experiments/scenario.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

const std::vector<std::string>& verb_scenario_names(const std::string& verb) {
  static const std::map<std::string, std::vector<std::string>> shipped{{"plan", {"plan_twin", "plan_network", "course_twin"}},
                                                                       {"pareto", {"plan_twin", "plan_network"}},
                                                                       {"mpc", {"mpc_twin"}},
                                                                       {"transitions", {"toggle_crossing", "chromatin_crossing"}},
                                                                       {"design", {"hyped_next_wells", "cascade_next_dish"}},
                                                                       {"linear", {"cascade_steering"}}};
  return shipped.at(verb);
}

std::filesystem::path verb_scenario(const std::string& verb, const std::string& name) {
  const auto& names = verb_scenario_names(verb);
  const bool own_folder = verb == "transitions" || verb == "design" || verb == "linear";
  if (std::find(names.begin(), names.end(), name) != names.end()) return shipped_scenario((own_folder ? "control/" : "") + name);
  if (std::filesystem::exists(name)) return shipped_scenario(name);      // refuses tables and folders
  throw InputError(name, "is neither a file nor a shipped scenario of hyped control " + verb, fmt::format("shipped {}: {}", names.size() == 1 ? "is" : "are", fmt::join(names, ", ")));
}

}  // namespace hyped
