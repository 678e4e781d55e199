// The four paths that CMake gives the tests.
#include "tests/places.hpp"

namespace hyped::tests {

std::string source_folder() { return HYPED_SOURCE_DIR; }
std::string build_folder() { return HYPED_BUILD_DIR; }
std::string command_path() { return HYPED_COMMAND; }
std::string cmake_program() { return HYPED_CMAKE; }

}  // namespace hyped::tests
