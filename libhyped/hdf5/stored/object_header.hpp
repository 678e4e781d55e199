// The bytes of an attribute, found in its object's header by ourselves; included by the sources of libhyped/hdf5 only.
#pragma once
#include <hdf5.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hyped::hdf5 {

// As stored, for text of variable length: the library has no way to hand out the references themselves, and follows damaged ones out
// of its own memory (heap_text.hpp). The format is that of "object headers" in the HDF5 file format specification, IV.A, versions 1
// and 2. None if the attribute is not kept in the header (more than eight of them in newer files), is shared, or does not make sense.
std::optional<std::vector<std::byte>> attribute_bytes(hid_t object, const std::string& name);

}  // namespace hyped::hdf5
