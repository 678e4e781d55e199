// Which group (arm, replicate, phase) each cell belongs to.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hyped {

struct CellGroups {
  std::vector<std::string> names;            // [L]
  std::vector<std::int32_t> of_cell;         // [N] index into names, -1: in none

  int count() const { return static_cast<int>(names.size()); }
  std::vector<std::int64_t> sizes() const;   // cells in each group [L]
  // InputError that names `where` (the column, say) and lists what there is.
  int index_of(const std::string& name, const std::string& where) const;
};

// Groups from one label per cell, names sorted; an empty label puts the cell into none.
CellGroups group_cells(std::span<const std::string> label_of_cell);
// The groups named, in that order; cells of all others are in none. InputError for an unknown name.
CellGroups only_groups(const CellGroups& groups, std::span<const std::string> names, const std::string& where);
// InputError that names every group of fewer than `least` cells: intervals and tests mean nothing there.
void require_cells(const CellGroups& groups, std::int64_t least, const std::string& where);

}  // namespace hyped
