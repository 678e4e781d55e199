// Framed records in one extendable dataset of bytes.
#include "libhyped/hdf5/journal.hpp"

#include <hdf5.h>
#include <unistd.h>

#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/handles.hpp"

namespace hyped::hdf5 {
namespace {

constexpr const char* data_name = "records";
constexpr std::uint64_t magic = 0x31304345524e5948;      // "HYNREC01"
constexpr hsize_t chunk_bytes = 8192;

struct Frame {
  std::uint64_t mark, length, checksum;
};

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 0x100000001b3;
  return hash;
}

std::vector<std::byte> framed(std::span<const std::byte> record) {
  const Frame frame{magic, record.size(), checksum_of(record)};
  std::vector<std::byte> out(sizeof frame + record.size());
  std::memcpy(out.data(), &frame, sizeof frame);
  std::copy(record.begin(), record.end(), out.begin() + sizeof frame);
  return out;
}

bool extend(hid_t data, std::uint64_t& size, std::span<const std::byte> bytes) {
  const hsize_t grown = size + bytes.size(), from = size, count = bytes.size();
  if (count == 0) return true;
  if (H5Dset_extent(data, &grown) < 0) return false;
  const Handle file_space(H5Dget_space(data), close_space), memory(H5Screate_simple(1, &count, nullptr), close_space);
  if (H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, &from, nullptr, &count, nullptr) < 0) return false;
  if (H5Dwrite(data, H5T_NATIVE_UINT8, memory.id(), file_space.id(), H5P_DEFAULT, bytes.data()) < 0) return false;
  size = grown;
  return true;
}

}  // namespace

Journal Journal::create(const std::filesystem::path& path, const std::map<std::string, std::string>& attributes, const std::vector<std::vector<std::byte>>& records) {
  quiet();
  std::filesystem::path partial = path;
  partial += ".part-" + std::to_string(getpid());
  const auto refuse = [&] { throw InputError(path.string(), "cannot be written", "check that its folder exists, may be written and the disk is not full"); };
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), close_list);
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  Handle file(H5Fcreate(partial.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), close_file);
  if (!file.valid()) refuse();
  const Handle type = string_type(), scalar(H5Screate(H5S_SCALAR), close_space);
  for (const auto& [name, value] : attributes) {
    const Handle attribute(H5Acreate2(file.id(), name.c_str(), type.id(), scalar.id(), H5P_DEFAULT, H5P_DEFAULT), close_attribute);
    const char* text = value.c_str();
    if (!attribute.valid() || H5Awrite(attribute.id(), type.id(), &text) < 0) refuse();
  }
  const hsize_t empty = 0, unlimited = H5S_UNLIMITED;
  const Handle space(H5Screate_simple(1, &empty, &unlimited), close_space), layout(H5Pcreate(H5P_DATASET_CREATE), close_list), direct(H5Pcreate(H5P_DATASET_ACCESS), close_list);
  H5Pset_chunk(layout.id(), 1, &chunk_bytes);
  H5Pset_chunk_cache(direct.id(), 0, 0, 1.0);      // bytes go to the file at once, not whole chunks
  Handle data(H5Dcreate2(file.id(), data_name, H5T_STD_U8LE, space.id(), H5P_DEFAULT, layout.id(), direct.id()), close_data);
  if (!data.valid()) refuse();
  std::uint64_t size = 0;
  for (const auto& record : records)
    if (!extend(data.id(), size, framed(record))) refuse();
  if (H5Fstart_swmr_write(file.id()) < 0) refuse();
  std::filesystem::rename(partial, path);
  return Journal(std::move(file), std::move(data), size, path.string());
}

void Journal::append(std::span<const std::byte> record) {
  if (!extend(data_.id(), size_, framed(record)) || H5Dflush(data_.id()) < 0)
    throw InputError(path_, "a record could not be written", "check that the disk is not full");
}

JournalContents Journal::read(const std::filesystem::path& path) {
  quiet();
  if (!std::filesystem::exists(path)) throw InputError(path.string(), "does not exist", "check the path");
  // a killed writer leaves its mark in the file: only a reader of single-writer files may pass it
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), close_list);
  H5Pset_metadata_read_attempts(access.id(), 1);      // nobody writes any more: what is damaged stays so, and waiting does not help
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access.id()), close_file);
  if (!file.valid()) file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), close_file);
  const auto damaged = [&](const char* what) { throw InputError(path.string(), what, "nothing of it can be used; remove it and start again"); };
  if (!file.valid()) damaged("is not an HDF5 file, or is damaged");
  JournalContents out;
  const Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT), close_group);
  const int count = static_cast<int>(H5Aget_num_attrs(root.id()));
  const Handle type = string_type();
  for (int i = 0; i < count; ++i) {
    const Handle attribute(H5Aopen_by_idx(root.id(), ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(i), H5P_DEFAULT, H5P_DEFAULT), close_attribute);
    char name[256] = {};
    char* text = nullptr;
    if (!attribute.valid() || H5Aget_name(attribute.id(), sizeof name, name) < 0 || H5Aread(attribute.id(), type.id(), &text) < 0 || text == nullptr) damaged("has attributes that cannot be read");
    out.attributes[name] = text;
    H5free_memory(text);
  }
  const Handle data(H5Dopen2(file.id(), data_name, H5P_DEFAULT), close_data);
  if (!data.valid()) damaged("holds no records: it is no unfinished run of hyped");
  const Handle space(H5Dget_space(data.id()), close_space);
  hsize_t size = 0;
  H5Sget_simple_extent_dims(space.id(), &size, nullptr);
  std::vector<std::byte> bytes(size);
  std::size_t readable = 0;
  // chunk by chunk: a damaged one does not hide those before it
  for (hsize_t from = 0; from < size; from += chunk_bytes) {
    const hsize_t part = std::min<hsize_t>(chunk_bytes, size - from);
    const Handle memory(H5Screate_simple(1, &part, nullptr), close_space);
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, &from, nullptr, &part, nullptr);
    if (H5Dread(data.id(), H5T_NATIVE_UINT8, memory.id(), space.id(), H5P_DEFAULT, bytes.data() + from) < 0) break;
    readable = from + part;
  }
  std::size_t at = 0;
  while (at + sizeof(Frame) <= readable) {
    Frame frame;
    std::memcpy(&frame, bytes.data() + at, sizeof frame);
    const std::size_t from = at + sizeof frame;
    if (frame.mark != magic || frame.length > readable - from) break;
    const std::span<const std::byte> record(bytes.data() + from, frame.length);
    if (checksum_of(record) != frame.checksum) break;
    out.records.emplace_back(record.begin(), record.end());
    at = from + frame.length;
  }
  out.lost_bytes = size - at;
  return out;
}

}  // namespace hyped::hdf5
