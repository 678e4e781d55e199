// How each kind of HDF5 identifier is closed, and strings in and out; included by this folder's sources only.
#pragma once
#include <hdf5.h>

#include <functional>
#include <string>
#include <vector>

#include "libhyped/hdf5/file.hpp"

namespace hyped::hdf5 {

inline int close_file(std::int64_t id) { return H5Fclose(id); }
inline int close_group(std::int64_t id) { return H5Gclose(id); }
inline int close_object(std::int64_t id) { return H5Oclose(id); }
inline int close_data(std::int64_t id) { return H5Dclose(id); }
inline int close_space(std::int64_t id) { return H5Sclose(id); }
inline int close_type(std::int64_t id) { return H5Tclose(id); }
inline int close_attribute(std::int64_t id) { return H5Aclose(id); }
inline int close_list(std::int64_t id) { return H5Pclose(id); }

void quiet();                 // no error stack on stderr
Handle with_parents();        // link creation that makes missing groups
Handle string_type();         // variable length, UTF-8
std::vector<const char*> pointers(const std::vector<std::string>& values);
// Reads all variable-length strings of `space` through read(memory type, char**), frees the library's copies.
std::vector<std::string> copied_strings(const Handle& space, const std::function<herr_t(hid_t, void*)>& read, const std::string& where);

}  // namespace hyped::hdf5
