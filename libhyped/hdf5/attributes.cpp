// Attributes of groups and datasets, and the strings both use.
#include "libhyped/errors.hpp"
#include "libhyped/hdf5/handles.hpp"

namespace hyped::hdf5 {

void quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

Handle with_parents() {
  Handle list(H5Pcreate(H5P_LINK_CREATE), close_list);
  H5Pset_create_intermediate_group(list.id(), 1);
  return list;
}

Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), close_type);
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  return type;
}

std::vector<const char*> pointers(const std::vector<std::string>& values) {
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value.c_str());
  return texts;
}

std::vector<std::string> copied_strings(const Handle& space, const std::function<herr_t(hid_t, void*)>& read, const std::string& where) {
  const auto count = H5Sget_simple_extent_npoints(space.id());
  std::vector<char*> texts(count > 0 ? static_cast<std::size_t>(count) : 0, nullptr);
  if (texts.empty()) return {};
  const Handle type = string_type();
  if (read(type.id(), texts.data()) < 0) throw InputError(where, "its strings cannot be read", "the file is damaged: write it again");
  std::vector<std::string> values;
  for (const char* text : texts) values.push_back(text ? text : "");
  H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, texts.data());
  return values;
}

static Handle open_attribute(const Handle& group, const std::string& name, const std::string& attribute, const std::string& where) {
  Handle handle(H5Aopen_by_name(group.id(), name.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), close_attribute);
  if (!handle.valid()) throw InputError(where, "has no attribute '" + attribute + "'", "check that the file is complete and of this version of hyped");
  return handle;
}

static void write_attribute(const Handle& group, const std::string& name, const std::string& attribute, hid_t type, const Handle& space,
                            const void* values) {
  const Handle handle(H5Acreate_by_name(group.id(), name.c_str(), attribute.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                      close_attribute);
  HYPED_REQUIRE(handle.valid());
  HYPED_REQUIRE(H5Sget_simple_extent_npoints(space.id()) == 0 || H5Awrite(handle.id(), type, values) >= 0);
}

void Group::set_attribute(const std::string& name, const std::string& attribute, const std::string& value) {
  const char* text = value.c_str();
  write_attribute(handle_, name, attribute, string_type().id(), Handle(H5Screate(H5S_SCALAR), close_space), &text);
}

void Group::set_attribute(const std::string& name, const std::string& attribute, const std::vector<std::string>& values) {
  const hsize_t count = values.size();
  const Handle space(values.empty() ? H5Screate(H5S_NULL) : H5Screate_simple(1, &count, nullptr), close_space);
  const auto texts = pointers(values);
  write_attribute(handle_, name, attribute, string_type().id(), space, texts.data());
}

void Group::set_attribute(const std::string& name, const std::string& attribute, double value) {
  write_attribute(handle_, name, attribute, H5T_NATIVE_DOUBLE, Handle(H5Screate(H5S_SCALAR), close_space), &value);
}

bool Group::has_attribute(const std::string& name, const std::string& attribute) const {
  return H5Aexists_by_name(handle_.id(), name.c_str(), attribute.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Group::strings_attribute(const std::string& name, const std::string& attribute) const {
  const Handle handle = open_attribute(handle_, name, attribute, at(name));
  const Handle space(H5Aget_space(handle.id()), close_space), stored(H5Aget_type(handle.id()), close_type);
  if (H5Tget_class(stored.id()) != H5T_STRING || H5Tis_variable_str(stored.id()) <= 0)
    throw InputError(at(name), "attribute '" + attribute + "' is not text", "expected variable-length strings");
  return copied_strings(space, [&](hid_t type, void* to) { return H5Aread(handle.id(), type, to); }, at(name));
}

std::string Group::string_attribute(const std::string& name, const std::string& attribute) const {
  const auto values = strings_attribute(name, attribute);
  if (values.size() != 1) throw InputError(at(name), "attribute '" + attribute + "' is a list", "expected one string");
  return values[0];
}

double Group::number_attribute(const std::string& name, const std::string& attribute) const {
  const Handle handle = open_attribute(handle_, name, attribute, at(name));
  double value = 0;
  if (H5Sget_simple_extent_npoints(Handle(H5Aget_space(handle.id()), close_space).id()) != 1 || H5Aread(handle.id(), H5T_NATIVE_DOUBLE, &value) < 0)
    throw InputError(at(name), "attribute '" + attribute + "' is not a number", "expected one number");
  return value;
}

std::vector<std::string> Group::attributes(const std::string& name) const {
  std::vector<std::string> names;
  const auto visit = [](hid_t, const char* attribute, const H5A_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->push_back(attribute);
    return 0;
  };
  H5Aiterate_by_name(handle_.id(), name.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &names, H5P_DEFAULT);
  return names;
}

}  // namespace hyped::hdf5
