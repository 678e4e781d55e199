// Guides, donors or wells of cells: what intervals draw whole.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace hyped {

struct Replicates {
  std::vector<std::string> names;       // [R], sorted
  std::vector<std::int32_t> of_cell;    // [C] -1: no name
};

// names [C], "" for none; group_of_cell [C], -1 for none. InputError (at `where`): another number of names than of cells; no group has two replicates.
Replicates numbered_replicates(const std::vector<std::string>& names, const std::vector<std::int32_t>& group_of_cell, const std::string& where);

// How many each group has, what is drawn where there is one alone, and how many stand in several groups. is_control [L].
std::string replicates_in_words(const std::string& column, const Replicates& replicates, const std::vector<std::int32_t>& group_of_cell, const std::vector<char>& is_control);

}  // namespace hyped
