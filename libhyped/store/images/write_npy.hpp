// A picture of real numbers as a NumPy array file.
#pragma once
#include <filesystem>

#include "libhyped/image/plane.hpp"

namespace hyped {

// float32 [H x W], format 1.0, little-endian. InputError if it cannot be written.
void write_npy(const std::filesystem::path& file, const Plane& picture);

}  // namespace hyped
