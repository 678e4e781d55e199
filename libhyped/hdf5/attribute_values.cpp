// Attributes of whatever type, and what groups say of the objects in them.
#include <fmt/format.h>

#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/dataset.hpp"
#include "libhyped/hdf5/handles.hpp"
#include "libhyped/hdf5/stored/heap_text.hpp"
#include "libhyped/hdf5/stored/object_header.hpp"

namespace hyped::hdf5 {
namespace {

constexpr hsize_t most_values = 1 << 20;      // of an attribute

struct Opened {
  Handle attribute, type, space;
  hsize_t count = 0;
};

Opened open_attribute(const Handle& object, const std::string& name, const std::string& where) {
  Opened out;
  out.attribute = Handle(H5Aexists(object.id(), name.c_str()) > 0 ? H5Aopen(object.id(), name.c_str(), H5P_DEFAULT) : -1, close_attribute);
  if (!out.attribute.valid()) throw InputError(where, "has no attribute '" + name + "'", "check that the file is complete");
  out.type = Handle(H5Aget_type(out.attribute.id()), close_type);
  out.space = Handle(H5Aget_space(out.attribute.id()), close_space);
  const hssize_t count = H5Sget_simple_extent_npoints(out.space.id());
  if (!out.type.valid() || count < 0 || static_cast<hsize_t>(count) > most_values) throw InputError(where, "attribute '" + name + "' cannot be read", "the file is damaged: copy or write it again");
  out.count = static_cast<hsize_t>(count);
  return out;
}

[[noreturn]] void wrong_kind(const std::string& where, const std::string& name, const char* expected) {
  throw InputError(where, "attribute '" + name + "' is not " + expected, "the file is damaged or written by something unknown");
}

}  // namespace

bool Attributes::has(const std::string& name) const { return H5Aexists(object_.id(), name.c_str()) > 0; }

std::vector<std::string> Attributes::names() const {
  std::vector<std::string> out;
  const auto visit = [](hid_t, const char* attribute, const H5A_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->push_back(attribute);
    return 0;
  };
  H5Aiterate2(object_.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &out);
  return out;
}

bool Attributes::is_text(const std::string& name) const {
  return has(name) && H5Tget_class(open_attribute(object_, name, where_).type.id()) == H5T_STRING;
}

std::vector<std::string> Attributes::texts(const std::string& name) const {
  const Opened opened = open_attribute(object_, name, where_);
  if (opened.count == 0) return {};
  if (H5Tget_class(opened.type.id()) != H5T_STRING) wrong_kind(where_, name, "text");
  if (H5Tis_variable_str(opened.type.id()) > 0) {
    constexpr std::size_t reference = 16;
    HeapText heap(object_.id(), where_ + ", attribute '" + name + "'");
    if (const auto bytes = attribute_bytes(object_.id(), name); heap.usable() && bytes && bytes->size() >= reference * opened.count) return heap.read(bytes->data(), opened.count, reference);
    const Handle type = string_type();
    H5Tset_cset(type.id(), H5Tget_cset(opened.type.id()));      // another one is refused
    std::vector<char*> texts(opened.count, nullptr);
    if (H5Aread(opened.attribute.id(), type.id(), texts.data()) < 0) wrong_kind(where_, name, "readable");
    std::vector<std::string> out;
    for (const char* text : texts) out.emplace_back(text != nullptr ? text : "");
    H5Dvlen_reclaim(type.id(), opened.space.id(), H5P_DEFAULT, texts.data());
    return out;
  }
  const std::size_t width = H5Tget_size(opened.type.id());
  if (width * opened.count > most_values) wrong_kind(where_, name, "of a credible size");
  std::vector<char> bytes(width * opened.count);
  if (H5Aread(opened.attribute.id(), opened.type.id(), bytes.data()) < 0) wrong_kind(where_, name, "readable");
  const bool spaces = H5Tget_strpad(opened.type.id()) == H5T_STR_SPACEPAD;
  std::vector<std::string> out;
  for (hsize_t i = 0; i < opened.count; ++i) {
    out.emplace_back(bytes.data() + i * width, strnlen(bytes.data() + i * width, width));
    if (spaces) out.back().erase(out.back().find_last_not_of(' ') + 1);
  }
  return out;
}

std::string Attributes::text(const std::string& name) const {
  const auto all = texts(name);
  if (all.size() != 1) wrong_kind(where_, name, "one text");
  return all[0];
}

std::vector<std::int64_t> Attributes::integers(const std::string& name) const {
  const Opened opened = open_attribute(object_, name, where_);
  const auto kind = H5Tget_class(opened.type.id());
  std::vector<std::int64_t> out(opened.count);
  if (kind != H5T_INTEGER && kind != H5T_ENUM && kind != H5T_FLOAT) wrong_kind(where_, name, "an integer");
  if (opened.count > 0 && H5Aread(opened.attribute.id(), H5T_NATIVE_INT64, out.data()) < 0) wrong_kind(where_, name, "readable");
  return out;
}

bool Attributes::flag(const std::string& name) const {
  const auto values = integers(name);
  if (values.size() != 1) wrong_kind(where_, name, "one truth");
  return values[0] != 0;
}

std::optional<Dataset> Attributes::referenced(const std::string& name) const {
  const Opened opened = open_attribute(object_, name, where_);
  if (H5Tget_class(opened.type.id()) != H5T_REFERENCE || H5Tequal(opened.type.id(), H5T_STD_REF_OBJ) <= 0 || opened.count != 1) return std::nullopt;
  hobj_ref_t reference = 0;
  if (H5Aread(opened.attribute.id(), H5T_STD_REF_OBJ, &reference) < 0) wrong_kind(where_, name, "readable");
  Handle object(H5Rdereference2(object_.id(), H5P_DEFAULT, H5R_OBJECT, &reference), close_object);
  if (!object.valid() || H5Iget_type(object.id()) != H5I_DATASET) wrong_kind(where_, name, "a reference to a dataset of this file");
  char path[1024] = {};
  H5Iget_name(object.id(), path, sizeof path - 1);
  return Dataset(std::move(object), where_ + " -> " + path);
}

Attributes Group::attributes_of(const std::string& name) const {
  Handle object(H5Oopen(handle_.id(), name.c_str(), H5P_DEFAULT), close_object);
  if (!object.valid()) throw InputError(at(name), "there is no such object, or it is damaged", "check that the file is complete");
  return Attributes(std::move(object), at(name));
}

bool Group::is_elsewhere(const std::string& name) const {
  H5L_info_t about;
  return H5Lget_info(handle_.id(), name.c_str(), &about, H5P_DEFAULT) >= 0 && about.type != H5L_TYPE_HARD && about.type != H5L_TYPE_SOFT;
}

std::uint64_t Group::address(const std::string& name) const {
  H5O_info_t about;
  if (H5Oget_info_by_name2(handle_.id(), name.c_str(), &about, H5O_INFO_BASIC, H5P_DEFAULT) < 0) throw InputError(at(name), "there is no such object, or it is damaged", "check that the file is complete");
  return about.addr;
}

std::uint64_t Group::file_bytes() const { return plain_file(handle_.id()).second; }

}  // namespace hyped::hdf5
