// The first of many names, in words.
#pragma once
#include <fmt/format.h>

#include <string>

namespace hyped {

// "A, B, C and 4 more" of a vector or set of names.
template <typename Names>
std::string first_of(const Names& names, std::size_t most = 5) {
  std::string out;
  std::size_t told = 0;
  for (const auto& name : names)
    if (told++ < most) out += (told > 1 ? ", " : "") + name;
  return names.size() > most ? out + fmt::format(" and {} more", names.size() - most) : out;
}

}  // namespace hyped
