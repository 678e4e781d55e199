// SHA-256, so that a run names the exact bytes of its inputs.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace hyped {

// 64 lower-case hexadecimal digits. Source: FIPS 180-4.
std::string sha256(std::string_view bytes);
// Of a file; of a folder, of its sorted relative names and contents.
std::string sha256_of_path(const std::filesystem::path& path);

}  // namespace hyped
