// Numbers with their noun: "1 cell", "2 cells"; and the verb that goes with them.
#pragma once
#include <fmt/format.h>

#include <string>

namespace hyped {

// `plural` empty: the noun with an s.
template <class Number>
std::string counted(Number n, const std::string& noun, const std::string& plural = "") {
  return fmt::format("{} {}", n, n == 1 ? noun : plural.empty() ? noun + "s" : plural);
}

// The word that goes with n: agreed(1, "is", "are") is "is".
template <class Number>
const char* agreed(Number n, const char* one, const char* many) {
  return n == 1 ? one : many;
}

}  // namespace hyped
