// Files, groups and what is in them; the library's own error printing is off, errors are ours.
#include "libhyped/hdf5/file.hpp"

#include <hdf5.h>

#include <algorithm>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/handles.hpp"
#include "libhyped/hdf5/stored/chunks.hpp"

namespace hyped::hdf5 {

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

Handle::~Handle() {
  if (id_ >= 0) close_(id_);
}

// The same values give the same bytes: no time of writing in the file.
static Handle untimed() {
  Handle list(H5Pcreate(H5P_DATASET_CREATE), close_list);
  H5Pset_obj_track_times(list.id(), false);
  return list;
}

std::string library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

File File::create(const std::filesystem::path& path) {
  quiet();
  Handle handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), close_file);
  if (!handle.valid()) throw InputError(path.string(), "cannot be created as an HDF5 file", "check that its folder exists and may be written");
  return File(std::move(handle), path.string());
}

File File::open(const std::filesystem::path& path) {
  quiet();
  register_filters();
  if (!std::filesystem::exists(path)) throw InputError(path.string(), "does not exist", "check the path");
  Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), close_file);
  if (!handle.valid()) throw InputError(path.string(), "is not an HDF5 file, or is damaged", "copy or write it again");
  return File(std::move(handle), path.string());
}

Group File::root() const { return Group(Handle(H5Gopen2(handle_.id(), "/", H5P_DEFAULT), close_group), path_ + ":"); }

Group Group::create(const std::string& name) {
  if (has(name)) return open(name);
  const Handle parents = with_parents();
  Handle group(H5Gcreate2(handle_.id(), name.c_str(), parents.id(), H5P_DEFAULT, H5P_DEFAULT), close_group);
  HYPED_REQUIRE(group.valid());
  return Group(std::move(group), at(name));
}

Group Group::open(const std::string& name) const {
  Handle group(H5Gopen2(handle_.id(), name.c_str(), H5P_DEFAULT), close_group);
  if (!group.valid()) throw InputError(at(name), "there is no such group", "the groups here are " + nearest_names(name, children()));
  return Group(std::move(group), at(name));
}

bool Group::has(const std::string& name) const {
  // Each step of the path must exist before the next may be asked for.
  for (std::size_t end = name.find('/', 1);; end = name.find('/', end + 1)) {
    if (H5Lexists(handle_.id(), name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == name.npos) return true;
  }
}

bool Group::is_group(const std::string& name) const {
  if (!has(name)) return false;
  const Handle object(H5Oopen(handle_.id(), name.c_str(), H5P_DEFAULT), close_object);
  return object.valid() && H5Iget_type(object.id()) == H5I_GROUP;
}

std::vector<std::string> Group::children() const {
  std::vector<std::string> names;
  const auto visit = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->push_back(name);
    return 0;
  };
  if (H5Literate(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names) < 0)
    throw InputError(where_, "what is in this group cannot be listed", "the file is damaged: copy or write it again");
  std::sort(names.begin(), names.end());
  return names;
}

void Group::write(const std::string& name, const Eigen::MatrixXd& values) {
  if (has(name)) throw BugError(at(name) + " is written twice");
  const hsize_t shape[2] = {static_cast<hsize_t>(values.rows()), static_cast<hsize_t>(values.cols())};
  const Handle space(H5Screate_simple(2, shape, nullptr), close_space), parents = with_parents();
  const Handle data(H5Dcreate2(handle_.id(), name.c_str(), H5T_IEEE_F64LE, space.id(), parents.id(), untimed().id(), H5P_DEFAULT), close_data);
  HYPED_REQUIRE(data.valid());
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = values;
  HYPED_REQUIRE(values.size() == 0 || H5Dwrite(data.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0);
}

void Group::write(const std::string& name, const std::vector<std::string>& values) {
  if (has(name)) throw BugError(at(name) + " is written twice");
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), close_space), type = string_type(), parents = with_parents();
  const Handle data(H5Dcreate2(handle_.id(), name.c_str(), type.id(), space.id(), parents.id(), untimed().id(), H5P_DEFAULT), close_data);
  HYPED_REQUIRE(data.valid());
  const auto texts = pointers(values);
  HYPED_REQUIRE(values.empty() || H5Dwrite(data.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()) >= 0);
}

static Handle open_data(const Handle& group, const std::string& name, const std::string& where) {
  Handle data(H5Dopen2(group.id(), name.c_str(), H5P_DEFAULT), close_data);
  if (!data.valid()) throw InputError(where, "there is no such dataset", "check that the file is complete and of this version of hyped");
  return data;
}

Eigen::MatrixXd Group::read_matrix(const std::string& name) const {
  const Handle data = open_data(handle_, name, at(name));
  const Handle space(H5Dget_space(data.id()), close_space), type(H5Dget_type(data.id()), close_type);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  const auto kind = H5Tget_class(type.id());
  if (rank < 0 || rank > 2 || (kind != H5T_FLOAT && kind != H5T_INTEGER))
    throw InputError(at(name), "is not a matrix of numbers", "expected one or two dimensions of floating-point or integer values");
  hsize_t shape[2] = {1, 1};
  H5Sget_simple_extent_dims(space.id(), shape, nullptr);
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows(static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1]));
  if (rows.size() > 0 && H5Dread(data.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) < 0)
    throw InputError(at(name), "cannot be read", "the file is damaged: write it again");
  return rows;
}

bool Group::holds_strings(const std::string& name) const {
  if (!has(name) || is_group(name)) return false;
  const Handle data = open_data(handle_, name, at(name));
  return H5Tget_class(Handle(H5Dget_type(data.id()), close_type).id()) == H5T_STRING;
}

std::vector<std::string> Group::read_strings(const std::string& name) const {
  const Handle data = open_data(handle_, name, at(name));
  const Handle stored(H5Dget_type(data.id()), close_type), space(H5Dget_space(data.id()), close_space);
  if (H5Tget_class(stored.id()) != H5T_STRING || H5Tis_variable_str(stored.id()) <= 0)
    throw InputError(at(name), "is not a list of strings", "expected variable-length strings");
  return copied_strings(space, [&](hid_t type, void* to) { return H5Dread(data.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to); }, at(name));
}

}  // namespace hyped::hdf5
