// The simplest TIFF there is, written byte by byte: 16 bits, one strip, little-endian.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "libhyped/image/plane.hpp"

namespace hyped::tests {

inline void write_plain_tiff(const std::filesystem::path& file, const Labels& labels) {
  std::string out = std::string("II*\0", 4);
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int b = 0; b < bytes; ++b) out += static_cast<char>(value >> (8 * b) & 255U);
  };
  const auto pixels = static_cast<std::uint32_t>(2 * labels.size());
  put(8 + pixels, 4);
  for (Eigen::Index i = 0; i < labels.size(); ++i) put(static_cast<std::uint32_t>(labels.data()[i]), 2);
  const std::uint32_t tags[][3] = {{256, 4, static_cast<std::uint32_t>(labels.cols())}, {257, 4, static_cast<std::uint32_t>(labels.rows())}, {258, 3, 16}, {259, 3, 1}, {262, 3, 1}, {273, 4, 8}, {277, 3, 1}, {278, 4, static_cast<std::uint32_t>(labels.rows())}, {279, 4, pixels}};
  put(9, 2);
  for (const auto& tag : tags) put(tag[0], 2), put(tag[1], 2), put(1, 4), put(tag[2], 4);
  put(0, 4);
  std::ofstream(file, std::ios::binary) << out;
}

}  // namespace hyped::tests
