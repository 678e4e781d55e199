// Groups of cells from labels.
#include "libhyped/expression/differential/cell_groups.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "libhyped/errors.hpp"

namespace hyped {

std::vector<std::int64_t> CellGroups::sizes() const {
  std::vector<std::int64_t> out(names.size(), 0);
  for (const auto group : of_cell)
    if (group >= 0) ++out[static_cast<std::size_t>(group)];
  return out;
}

int CellGroups::index_of(const std::string& name, const std::string& where) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    const std::string near = did_you_mean(name, names);
    throw InputError(where, fmt::format("has no label '{}'", name), fmt::format("{}: {}", near.starts_with("did") ? near + " There are" : "there are", fmt::join(names, ", ")));
  }
  return static_cast<int>(found - names.begin());
}

CellGroups group_cells(std::span<const std::string> label_of_cell) {
  std::map<std::string, std::int32_t> index;
  for (const auto& label : label_of_cell)
    if (!label.empty()) index.emplace(label, 0);
  CellGroups out;
  for (auto& [name, at] : index) at = static_cast<std::int32_t>(out.names.size()), out.names.push_back(name);
  out.of_cell.reserve(label_of_cell.size());
  for (const auto& label : label_of_cell) out.of_cell.push_back(label.empty() ? -1 : index[label]);
  return out;
}

CellGroups only_groups(const CellGroups& groups, std::span<const std::string> names, const std::string& where) {
  std::vector<std::int32_t> target(groups.names.size(), -1);
  CellGroups out;
  for (const auto& name : names) {
    auto& to = target[static_cast<std::size_t>(groups.index_of(name, where))];
    if (to >= 0) throw InputError(where, fmt::format("the label '{}' is asked for twice", name));
    to = static_cast<std::int32_t>(out.names.size());
    out.names.push_back(name);
  }
  out.of_cell.reserve(groups.of_cell.size());
  for (const auto group : groups.of_cell) out.of_cell.push_back(group < 0 ? -1 : target[static_cast<std::size_t>(group)]);
  return out;
}

void require_cells(const CellGroups& groups, std::int64_t least, const std::string& where) {
  const auto sizes = groups.sizes();
  std::vector<std::string> small;
  for (std::size_t k = 0; k < sizes.size(); ++k)
    if (sizes[k] < least) small.push_back(fmt::format("{} ({})", groups.names[k], sizes[k]));
  if (!small.empty())
    throw InputError(where, fmt::format("groups of fewer than {} cells: {}", least, fmt::join(small, ", ")), "leave them out (--only), or lower --min-cells if you know why");
}

}  // namespace hyped
