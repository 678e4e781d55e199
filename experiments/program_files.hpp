// Where the program's own files are (figure templates, scenarios): beside an installed `hyped`, or in the source tree.
#pragma once
#include <filesystem>
#include <string>

namespace hyped {

// `relative` as in the tree, for example "experiments/report/style.gp". InputError naming where it was looked for.
std::filesystem::path program_file(const std::string& relative);

}  // namespace hyped
