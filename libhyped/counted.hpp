// Numbers with their noun: "1 cell", "2 cells".
#pragma once
#include <fmt/format.h>

#include <string>

namespace hyped {

// `plural` empty: the noun with an s.
template <class Number>
std::string counted(Number n, const std::string& noun, const std::string& plural = "") {
  return fmt::format("{} {}", n, n == 1 ? noun : plural.empty() ? noun + "s" : plural);
}

}  // namespace hyped
