// The NumPy format, version 1.0 (numpy/lib/format.py): magic, length of the header, a Python literal padded to 64 bytes, then the values.
#include "libhyped/store/images/write_npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>

#include "libhyped/store/run_directory.hpp"

namespace hyped {

void write_npy(const std::filesystem::path& file, const Plane& picture) {
  static_assert(std::endian::native == std::endian::little);
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", picture.rows(), picture.cols());
  header.append(64 - (10 + header.size() + 1) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string text = "\x93NUMPY";
  text += std::string("\x01\x00", 2);
  text.append(reinterpret_cast<const char*>(&length), 2);
  text += header;
  text.append(reinterpret_cast<const char*>(picture.data()), static_cast<std::size_t>(picture.size()) * sizeof(float));
  write_file(file, text);
}

}  // namespace hyped
