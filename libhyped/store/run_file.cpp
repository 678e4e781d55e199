// The layout of run.h5: attributes on /run, one dataset a path.
#include "libhyped/store/run_file.hpp"

#include <unistd.h>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/file.hpp"

namespace hyped {

static constexpr double schema_version = 1;

void write_run_file(const std::filesystem::path& file, const RunArrays& arrays) {
  std::filesystem::path partial = file;
  partial += ".part-" + std::to_string(getpid());
  {
    const hdf5::File out = hdf5::File::create(partial);
    hdf5::Group root = out.root();
    root.create("run");
    root.set_attribute("run", "schema_version", schema_version);
    for (const auto& [name, value] : arrays.attributes) root.set_attribute("run", name, value);
    for (const auto& [path, array] : arrays.arrays) {
      const auto columns = static_cast<std::size_t>(array.values.cols());
      HYPED_REQUIRE(array.columns.empty() || array.columns.size() == columns);
      HYPED_REQUIRE(array.units.empty() || array.units.size() == columns);
      root.write(path, array.values);
      root.set_attribute(path, "columns", array.columns);
      root.set_attribute(path, "units", array.units);
    }
    for (const auto& [path, values] : arrays.names) root.write(path, values);
  }
  std::filesystem::rename(partial, file);
}

static void read_group(const hdf5::Group& root, const std::string& prefix, RunArrays& arrays) {
  for (const auto& child : (prefix.empty() ? root.open("/") : root.open(prefix)).children()) {
    const std::string path = prefix.empty() ? child : prefix + "/" + child;
    if (root.is_group(path)) {
      read_group(root, path, arrays);
    } else if (root.holds_strings(path)) {
      arrays.names[path] = root.read_strings(path);
    } else {
      arrays.arrays[path] = {root.read_matrix(path), root.strings_attribute(path, "columns"), root.strings_attribute(path, "units")};
    }
  }
}

RunArrays read_run_file(const std::filesystem::path& file) {
  const hdf5::File in = hdf5::File::open(file);
  const hdf5::Group root = in.root();
  if (!root.has("run") || !root.has_attribute("run", "schema_version"))
    throw InputError(file.string(), "is HDF5 but not a run file", "give the run.h5 of a folder written by hyped");
  if (root.number_attribute("run", "schema_version") != schema_version)
    throw InputError(file.string(), "was written by another version of hyped", "run the command again");
  RunArrays arrays;
  for (const auto& name : root.attributes("run"))
    if (name != "schema_version") arrays.attributes[name] = root.string_attribute("run", name);
  read_group(root, "", arrays);
  return arrays;
}

}  // namespace hyped
