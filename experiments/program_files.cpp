// Looks beside the running program first, so that an installed copy can be moved.
#include "experiments/program_files.hpp"

#include "libhyped/errors.hpp"

namespace hyped {
namespace fs = std::filesystem;

fs::path program_file(const std::string& relative) {
  std::error_code no_proc;
  const fs::path self = fs::read_symlink("/proc/self/exe", no_proc);
  const fs::path places[] = {self.parent_path().parent_path() / "share/hyped", HYPED_SOURCE_DIR, HYPED_DATA_DIR};
  for (const auto& place : places)
    if (fs::exists(place / relative)) return place / relative;
  throw InputError(relative, "is not found in " + places[0].string() + " or " + places[1].string(), "install hyped again with cmake --install");
}

}  // namespace hyped
