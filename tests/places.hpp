// Where the tree, the build and the command under test are. One compiled file knows; all other tests are the same in every worktree.
#pragma once
#include <string>

namespace hyped::tests {

std::string source_folder();
std::string build_folder();
std::string command_path();     // the command `hyped` of this build
std::string cmake_program();

}  // namespace hyped::tests
