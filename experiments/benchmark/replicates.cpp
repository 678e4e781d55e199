// Numbers of replicates, and sentences on them.
#include "experiments/benchmark/replicates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {

Replicates numbered_replicates(const std::vector<std::string>& names, const std::vector<std::int32_t>& group_of_cell, const std::string& where) {
  if (names.size() != group_of_cell.size()) throw InputError(where, fmt::format("names {} replicates for {} cells", names.size(), group_of_cell.size()), "one name a cell");
  std::map<std::string, std::int32_t> number;
  for (const auto& name : names)
    if (!name.empty()) number.emplace(name, 0);
  Replicates out;
  for (auto& [name, at] : number) {
    at = static_cast<std::int32_t>(out.names.size());
    out.names.push_back(name);
  }
  std::map<std::int32_t, std::int32_t> first;      // replicate of each group
  bool several = false;
  for (std::size_t c = 0; c < names.size(); ++c) {
    out.of_cell.push_back(names[c].empty() ? -1 : number.at(names[c]));
    if (group_of_cell[c] >= 0 && out.of_cell[c] >= 0) several = several || first.emplace(group_of_cell[c], out.of_cell[c]).first->second != out.of_cell[c];
  }
  if (!several) throw InputError(where, "no condition has two replicates", "give a column of guides, donors or wells, of which each condition has some; or leave --replicates out");
  return out;
}

std::string replicates_in_words(const std::string& column, const Replicates& replicates, const std::vector<std::int32_t>& group_of_cell, const std::vector<char>& is_control) {
  std::vector<std::set<std::int32_t>> in(is_control.size());
  std::vector<std::set<std::int32_t>> groups_of(replicates.names.size());
  std::int64_t nameless = 0;
  for (std::size_t c = 0; c < group_of_cell.size(); ++c) {
    if (group_of_cell[c] < 0) continue;
    const std::int32_t r = replicates.of_cell[c];
    if (r < 0) ++nameless;
    else in[static_cast<std::size_t>(group_of_cell[c])].insert(r), groups_of[static_cast<std::size_t>(r)].insert(group_of_cell[c]);
  }
  std::size_t least = replicates.names.size(), most = 0, single = 0, perturbed = 0;
  std::string controls;
  for (std::size_t l = 0; l < in.size(); ++l) {
    if (in[l].size() < 2) ++single;
    if (is_control[l]) controls += fmt::format("{}{}", controls.empty() ? "" : ", ", in[l].size());
    else least = std::min(least, in[l].size()), most = std::max(most, in[l].size()), ++perturbed;
  }
  const auto shared = std::count_if(groups_of.begin(), groups_of.end(), [](const auto& groups) { return groups.size() > 1; });
  std::string out = fmt::format("column {}: {} to {} in each of {} perturbed conditions, {} in controls. Whole replicates are drawn for intervals and split for ceilings; ", column, least, most, perturbed, controls);
  out += single > 0 ? fmt::format("{} with fewer than two: there cells are drawn, which shows less", single == 1 ? "1 condition" : fmt::format("{} conditions", single)) : "every condition has two or more";
  if (nameless > 0) out += fmt::format("; {} cells have none and stand for themselves", nameless);
  if (shared > 0) out += fmt::format("; {} of {} stand in several conditions, and each condition draws its own: what such a replicate does to all of them alike is counted as noise, intervals are rather too wide than too narrow", shared, replicates.names.size());
  return out;
}

}  // namespace hyped
