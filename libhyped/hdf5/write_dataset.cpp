// Datasets and attributes in the types that NumPy, h5py and anndata write.
#include <algorithm>
#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/stored/chunks.hpp"
#include "libhyped/hdf5/handles.hpp"
#include "libhyped/hdf5/stored/stored_type.hpp"

namespace hyped::hdf5 {
namespace {

constexpr std::size_t chunk_bytes = 512 << 10;

Handle truth_type() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), close_type);
  const std::int8_t no = 0, yes = 1;
  H5Tenum_insert(type.id(), "FALSE", &no);
  H5Tenum_insert(type.id(), "TRUE", &yes);
  return type;
}

hid_t file_type(NumberType number) {
  switch (number) {
    case NumberType::i8: return H5T_STD_I8LE;
    case NumberType::i16: return H5T_STD_I16LE;
    case NumberType::i32: return H5T_STD_I32LE;
    case NumberType::i64: return H5T_STD_I64LE;
    case NumberType::u8: return H5T_STD_U8LE;
    case NumberType::u16: return H5T_STD_U16LE;
    case NumberType::u32: return H5T_STD_U32LE;
    case NumberType::u64: return H5T_STD_U64LE;
    case NumberType::f32: return H5T_IEEE_F32LE;
    case NumberType::f64: return H5T_IEEE_F64LE;
    case NumberType::none: break;
  }
  return -1;
}

Handle space_of(const std::vector<std::uint64_t>& shape, bool extendable) {
  if (shape.empty()) return Handle(H5Screate(H5S_SCALAR), close_space);
  std::vector<hsize_t> now(shape.begin(), shape.end()), most = now;
  if (extendable) most[0] = H5S_UNLIMITED;
  return Handle(H5Screate_simple(static_cast<int>(now.size()), now.data(), most.data()), close_space);
}

// Whole rows, as many as fit; never more than there are, never none.
std::vector<hsize_t> chunk_of(const std::vector<std::uint64_t>& shape, std::size_t bytes) {
  std::vector<hsize_t> chunk(shape.size());
  std::uint64_t room = std::max<std::uint64_t>(1, chunk_bytes / bytes);
  for (std::size_t d = shape.size(); d-- > 0; room = std::max<std::uint64_t>(1, room / chunk[d])) chunk[d] = std::clamp<std::uint64_t>(shape[d], 1, room);
  return chunk;
}

void wrote(bool good, const std::string& where) {
  if (!good) throw InputError(where, "cannot be written", "check that the disk is not full");
}

// Creates and writes; the memory type is the same as the file's in this machine's terms.
void write_typed(hid_t group, const std::string& name, const std::string& where, hid_t stored, hid_t memory, const std::vector<std::uint64_t>& shape, const void* values, const Packing& packing) {
  if (H5Lexists(group, name.substr(0, name.find('/')).c_str(), H5P_DEFAULT) > 0 && name.find('/') == name.npos) throw BugError(where + " is written twice");
  const Handle parents = with_parents(), space = space_of(shape, packing.extendable && !shape.empty()), made(H5Pcreate(H5P_DATASET_CREATE), close_list);
  H5Pset_obj_track_times(made.id(), false);
  const bool empty = H5Sget_simple_extent_npoints(space.id()) == 0;
  const bool packed = packing.gzip > 0 && !shape.empty() && !empty;
  ChunkLayout layout;
  if (packed || (packing.extendable && !shape.empty())) {
    layout.chunk = chunk_of(shape, H5Tget_size(stored));
    if (packed && packing.chunk.size() == shape.size()) layout.chunk.assign(packing.chunk.begin(), packing.chunk.end());
    H5Pset_chunk(made.id(), static_cast<int>(shape.size()), layout.chunk.data());
    if (packed) {
      if (packing.shuffle) H5Pset_shuffle(made.id());
      H5Pset_deflate(made.id(), static_cast<unsigned>(std::min(packing.gzip, 9)));
    }
  }
  const Handle data(H5Dcreate2(group, name.c_str(), stored, space.id(), parents.id(), made.id(), H5P_DEFAULT), close_data);
  wrote(data.valid(), where);
  if (empty) return;
  if (!packed) {
    wrote(H5Dwrite(data.id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, where);
    return;
  }
  layout.shape.assign(shape.begin(), shape.end());
  layout.element_bytes = layout.chunk_bytes = H5Tget_size(stored);
  for (const hsize_t d : layout.chunk) layout.chunk_bytes *= d;
  wrote(write_chunks(data.id(), layout, static_cast<const std::byte*>(values), packing.gzip, packing.shuffle), where);
}

}  // namespace

void Group::write_numbers(const std::string& name, NumberType type, const std::vector<std::uint64_t>& shape, const void* values, const Packing& packing) {
  write_typed(handle_.id(), name, at(name), file_type(type), native_type(type), shape, values, packing);
}

void Group::write_truths(const std::string& name, const std::vector<std::uint64_t>& shape, const std::int8_t* values, const Packing& packing) {
  const Handle type = truth_type();
  write_typed(handle_.id(), name, at(name), type.id(), type.id(), shape, values, packing);
}

void Group::write_text(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<std::string>& values) {
  const Handle type = string_type();
  const auto texts = pointers(values);
  write_typed(handle_.id(), name, at(name), type.id(), type.id(), shape, texts.data(), {});
}

void Group::write_null(const std::string& name) {
  const Handle space(H5Screate(H5S_NULL), close_space), parents = with_parents(), made(H5Pcreate(H5P_DATASET_CREATE), close_list);
  H5Pset_obj_track_times(made.id(), false);
  wrote(Handle(H5Dcreate2(handle_.id(), name.c_str(), H5T_IEEE_F32LE, space.id(), parents.id(), made.id(), H5P_DEFAULT), close_data).valid(), at(name));
}

void Group::write_records(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<RecordField>& fields) {
  const Handle text = string_type(), truth = truth_type();
  std::vector<Handle> types;
  std::vector<std::size_t> offsets, widths;
  std::size_t bytes = 0;
  for (const RecordField& field : fields) {
    const hid_t one = field.truth ? truth.id() : field.number == NumberType::none ? text.id() : file_type(field.number);
    const hsize_t width = std::max<hsize_t>(1, field.width);
    types.emplace_back(field.width == 0 ? H5Tcopy(one) : H5Tarray_create2(one, 1, &width), close_type);
    offsets.push_back(bytes);
    widths.push_back(H5Tget_size(one));
    bytes += H5Tget_size(types.back().id());
  }
  const Handle type(H5Tcreate(H5T_COMPOUND, std::max<std::size_t>(1, bytes)), close_type);
  for (std::size_t f = 0; f < fields.size(); ++f) H5Tinsert(type.id(), fields[f].name.c_str(), offsets[f], types[f].id());
  std::size_t rows = 1;
  for (const auto d : shape) rows *= d;
  std::vector<std::byte> records(rows * bytes);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const std::size_t width = std::max<std::size_t>(1, fields[f].width), size = widths[f];
    for (std::size_t i = 0; i < rows * width; ++i) {
      std::byte* to = records.data() + i / width * bytes + offsets[f] + i % width * size;
      if (fields[f].text != nullptr) {
        const char* start = (*fields[f].text)[i].c_str();
        std::memcpy(to, &start, sizeof start);
      } else {
        std::memcpy(to, static_cast<const std::byte*>(fields[f].numbers) + i * size, size);
      }
    }
  }
  write_typed(handle_.id(), name, at(name), type.id(), type.id(), shape, records.data(), {});
}

static void write_attribute(hid_t object, const std::string& name, const std::string& attribute, hid_t type, hid_t memory, const Handle& space, const void* values, const std::string& where) {
  const Handle made(H5Acreate_by_name(object, name.c_str(), attribute.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), close_attribute);
  wrote(made.valid() && (H5Sget_simple_extent_npoints(space.id()) == 0 || H5Awrite(made.id(), memory, values) >= 0), where);
}

void Group::set_flag(const std::string& name, const std::string& attribute, bool value) {
  const Handle type = truth_type();
  const std::int8_t stored = value ? 1 : 0;
  write_attribute(handle_.id(), name, attribute, type.id(), type.id(), space_of({}, false), &stored, at(name));
}

void Group::set_integers(const std::string& name, const std::string& attribute, const std::vector<std::int64_t>& values) {
  write_attribute(handle_.id(), name, attribute, H5T_STD_I64LE, H5T_NATIVE_INT64, space_of({values.size()}, false), values.data(), at(name));
}

void Group::set_integer(const std::string& name, const std::string& attribute, std::int64_t value) {
  write_attribute(handle_.id(), name, attribute, H5T_STD_I64LE, H5T_NATIVE_INT64, space_of({}, false), &value, at(name));
}

void Group::set_texts(const std::string& name, const std::string& attribute, const std::vector<std::string>& values) {
  const Handle type = string_type();
  const auto texts = pointers(values);
  // as h5py does: a list of nothing has no text in it
  if (values.empty()) write_attribute(handle_.id(), name, attribute, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, space_of({0}, false), nullptr, at(name));
  else write_attribute(handle_.id(), name, attribute, type.id(), type.id(), space_of({values.size()}, false), texts.data(), at(name));
}

}  // namespace hyped::hdf5
