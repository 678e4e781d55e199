// Types and sizes of datasets, and their values.
#include "libhyped/hdf5/dataset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/stored/chunks.hpp"
#include "libhyped/hdf5/handles.hpp"
#include "libhyped/hdf5/stored/heap_text.hpp"
#include "libhyped/hdf5/stored/stored_type.hpp"

namespace hyped::hdf5 {

struct Dataset::LastChunk {
  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t most_bytes = 16 << 20;
  std::mutex one_at_a_time;
  std::uint64_t index = none;
  std::vector<std::byte> bytes;
};

namespace {

constexpr std::uint64_t slack = 16 << 20;              // declared values that need not be in the file
constexpr std::uint64_t most_packing = 1032;           // bytes a byte of deflate can stand for

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? std::numeric_limits<std::uint64_t>::max() : out;
}

template <class T>
constexpr NumberType number_type() {
  if constexpr (std::is_same_v<T, float>) return NumberType::f32;
  else if constexpr (std::is_same_v<T, double>) return NumberType::f64;
  else if constexpr (std::is_signed_v<T>) return sizeof(T) == 1 ? NumberType::i8 : sizeof(T) == 2 ? NumberType::i16 : sizeof(T) == 4 ? NumberType::i32 : NumberType::i64;
  else return sizeof(T) == 1 ? NumberType::u8 : sizeof(T) == 2 ? NumberType::u16 : sizeof(T) == 4 ? NumberType::u32 : NumberType::u64;
}

std::string until_nul(const std::byte* bytes, std::size_t count, bool spaces) {
  const char* text = reinterpret_cast<const char*>(bytes);
  std::string out(text, strnlen(text, count));
  if (spaces) out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

[[noreturn]] void unreadable(const std::string& where) { throw InputError(where, "cannot be read", "the file is damaged: copy or write it again"); }

}  // namespace

Dataset::Dataset(Handle handle, std::string where) : handle_(std::make_shared<Handle>(std::move(handle))), where_(std::move(where)) {
  const Handle type(H5Dget_type(handle_->id()), close_type), space(H5Dget_space(handle_->id()), close_space);
  if (!type.valid() || !space.valid()) unreadable(where_);
  type_ = type_of(type.id());
  null_ = H5Sget_simple_extent_type(space.id()) == H5S_NULL;
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0) unreadable(where_);
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr) < 0) unreadable(where_);
  shape_.assign(shape.begin(), shape.end());
  check_size();
}

std::uint64_t Dataset::row_size() const {
  std::uint64_t out = 1;
  for (std::size_t d = 1; d < shape_.size(); ++d) out = times(out, shape_[d]);
  return out;
}

std::uint64_t Dataset::size() const { return null_ ? 0 : times(rows(), row_size()); }

void Dataset::check_size() {
  const auto [descriptor, bytes] = plain_file(handle_->id());
  file_bytes_ = descriptor < 0 ? std::numeric_limits<std::uint64_t>::max() / (2 * most_packing) : bytes;
  stored_bytes_ = std::min<std::uint64_t>(H5Dget_storage_size(handle_->id()), file_bytes_);
  const std::uint64_t declared = times(size(), type_.bytes);
  const auto too_much = [&](const char* why) {
    throw InputError(where_, fmt::format("says it holds {} values of {} bytes, and {}", size(), type_.bytes, why), "the file is damaged or cut off: copy or write it again");
  };
  if (null_) return;
  if (declared > file_bytes_ * most_packing) too_much("the file is smaller than that");
  const Handle made(H5Dget_create_plist(handle_->id()), close_list);
  if (H5Pget_external_count(made.id()) > 0) throw InputError(where_, "keeps its values in another file", "copy the values into this file");
  const auto layout = H5Pget_layout(made.id());
  if (layout == H5D_CONTIGUOUS) {
    const haddr_t offset = declared == 0 ? 0 : H5Dget_offset(handle_->id());
    if (offset == HADDR_UNDEF) complete_ = false;
    else if (offset > file_bytes_ || declared > file_bytes_ - offset) too_much("the file ends before them");
    if (!complete_ && declared > slack) too_much("none was ever written");
    data_offset_ = declared == 0 ? 0 : offset;
  }
  H5D_fill_value_t fill = H5D_FILL_VALUE_ERROR;
  const bool zeros = H5Pfill_value_defined(made.id(), &fill) >= 0 && fill != H5D_FILL_VALUE_USER_DEFINED;
  if (layout == H5D_COMPACT && H5Dget_storage_size(handle_->id()) < declared) too_much("fewer bytes are there");
  if (layout != H5D_CHUNKED) {
    if (!complete_ && !zeros) throw InputError(where_, "was never written and stands for another value than zero", "write its values");
    return;
  }
  auto chunks = std::make_shared<ChunkLayout>();
  chunks->shape.assign(shape_.begin(), shape_.end());
  chunks->chunk.resize(shape_.size());
  if (H5Pget_chunk(made.id(), static_cast<int>(shape_.size()), chunks->chunk.data()) < 0) unreadable(where_);
  std::uint64_t chunk_bytes = type_.bytes, expected = 1;
  for (std::size_t d = 0; d < shape_.size(); ++d) {
    if (chunks->chunk[d] == 0) unreadable(where_);
    chunk_bytes = times(chunk_bytes, chunks->chunk[d]);
    expected = times(expected, (shape_[d] + chunks->chunk[d] - 1) / chunks->chunk[d]);
  }
  chunks->element_bytes = type_.bytes;
  chunks->chunk_bytes = chunk_bytes;
  chunks->ours = true;
  const int filters = H5Pget_nfilters(made.id());
  for (int f = 0; f < filters; ++f) {
    ChunkLayout::Filter filter;
    filter.values.resize(32);
    std::size_t count = filter.values.size();
    unsigned flags = 0, config = 0;
    char name[64] = {};
    filter.id = H5Pget_filter2(made.id(), static_cast<unsigned>(f), &flags, &count, filter.values.data(), sizeof name, name, &config);
    if (filter.id < 0) unreadable(where_);
    filter.values.resize(std::min(count, filter.values.size()));
    filter.name = filter.id == H5Z_FILTER_DEFLATE ? fmt::format("gzip {}", filter.values.empty() ? 0 : filter.values[0]) : filter.id == H5Z_FILTER_SHUFFLE ? "shuffle" : filter.id == 32000 ? "lzf" : *name != 0 ? name : fmt::format("filter {}", filter.id);
    if (H5Zfilter_avail(filter.id) <= 0)
      throw InputError(where_, fmt::format("is packed by '{}' (HDF5 filter {}), which is not installed here", filter.name, filter.id), "write the file with compression='gzip', or name the folder of the filter's plug-in in HDF5_PLUGIN_PATH");
    chunks->ours = chunks->ours && (filter.id == H5Z_FILTER_DEFLATE || filter.id == H5Z_FILTER_SHUFFLE || filter.id == 32000) && f < 32;
    chunks->filters.push_back(std::move(filter));
  }
  chunks_ = chunks;
  if (shape_.size() == 1 && chunks_->chunk_bytes <= LastChunk::most_bytes) last_ = std::make_shared<LastChunk>();
  if (size() == 0) return;
  hsize_t written = 0;
  if (H5Dget_num_chunks(handle_->id(), Handle(H5Dget_space(handle_->id()), close_space).id(), &written) < 0) unreadable(where_);
  complete_ = written >= expected;
  if (!complete_ && declared > slack) too_much(fmt::format("{} of {} chunks were written", written, expected).c_str());
  if (!complete_ && !zeros) throw InputError(where_, "was written in parts, and the rest stands for another value than zero", "write its values");
  const std::uint64_t packing = filters == 0 ? 1 : most_packing;
  if (chunk_bytes > std::max(slack, stored_bytes_ * packing) || declared > std::max(slack, times(stored_bytes_, packing))) too_much(fmt::format("{} bytes are in the file", stored_bytes_).c_str());
}

std::string Dataset::storage() const {
  if (!chunks_) return "contiguous";
  std::string out = fmt::format("chunks of {}", fmt::join(chunks_->chunk, " x "));
  for (const auto& filter : chunks_->filters) out += ", " + filter.name;
  return out;
}

template <class T>
void Dataset::read_own_rows(std::uint64_t from, std::uint64_t count, T* to) const {
  read_chunks(handle_->id(), *chunks_, from, count, [&](const std::byte* bytes, std::size_t at, std::size_t values) { convert(type_.number, bytes, type_.bytes, to + at, values); }, where_);
}

template <class T>
void Dataset::read_rows(std::uint64_t from, std::uint64_t count, T* to) const {
  HYPED_REQUIRE(count <= rows() && from <= rows() - count && !null_);
  if (type_.kind != Kind::number && type_.kind != Kind::truth) throw InputError(where_, "holds " + type_.words + ", not numbers", "check what is stored there");
  const std::uint64_t row = row_size();
  if (count == 0 || row == 0) return;
  if (last_ && chunks_->ours && type_.native && count <= chunks_->chunk[0] / 4 && from / chunks_->chunk[0] == (from + count - 1) / chunks_->chunk[0]) {
    // A thread that finds another one here reads its rows itself: waiting for a chunk that the other is about to replace would put all threads in a row.
    const std::unique_lock lock(last_->one_at_a_time, std::try_to_lock);
    if (!lock.owns_lock()) return read_own_rows(from, count, to);
    const std::uint64_t index = from / chunks_->chunk[0], first = index * chunks_->chunk[0];
    if (last_->index != index) {
      last_->index = LastChunk::none;
      last_->bytes.resize(chunks_->chunk_bytes);
      read_chunks(handle_->id(), *chunks_, first, std::min<std::uint64_t>(chunks_->chunk[0], rows() - first),
                  [&](const std::byte* bytes, std::size_t at, std::size_t values) { std::memcpy(last_->bytes.data() + at * type_.bytes, bytes, values * type_.bytes); }, where_);
      last_->index = index;
    }
    convert(type_.number, last_->bytes.data() + (from - first) * type_.bytes, type_.bytes, to, count);
    return;
  }
  if (chunks_ && chunks_->ours && type_.native) return read_own_rows(from, count, to);
  if (!complete_ && !chunks_) {      // never written: zeros
    std::fill_n(to, count * row, T{});
    return;
  }
  // The library trusts its own record of the size; ours was compared with the file.
  if (const auto [descriptor, bytes] = plain_file(handle_->id()); data_offset_ != HADDR_UNDEF && descriptor >= 0 && type_.native) {
    constexpr std::uint64_t block = 1 << 17;
    std::vector<char> buffer(number_type<T>() == type_.number ? 0 : std::min(block, count * row) * type_.bytes);
    for (std::uint64_t done = 0; done < count * row;) {
      const std::uint64_t at = data_offset_ + (from * row + done) * type_.bytes, part = buffer.empty() ? count * row : std::min(block, count * row - done);
      char* raw = buffer.empty() ? reinterpret_cast<char*>(to) : buffer.data();
      if (!read_at(descriptor, at, raw, part * type_.bytes)) unreadable(where_);
      if (!buffer.empty()) convert(type_.number, reinterpret_cast<const std::byte*>(raw), type_.bytes, to + done, part);
      done += part;
    }
    return;
  }
  const Handle space(H5Dget_space(handle_->id()), close_space);
  Handle memory(H5Screate(H5S_SCALAR), close_space);
  if (!shape_.empty()) {
    std::vector<hsize_t> start(shape_.size(), 0), counts(shape_.begin(), shape_.end());
    start[0] = from;
    counts[0] = count;
    if (H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, counts.data(), nullptr) < 0) unreadable(where_);
    memory = Handle(H5Screate_simple(static_cast<int>(counts.size()), counts.data(), nullptr), close_space);
  }
  if (H5Dread(handle_->id(), native_type(number_type<T>()), memory.id(), space.id(), H5P_DEFAULT, to) < 0) unreadable(where_);
}

template <class T>
std::vector<T> Dataset::read() const {
  std::vector<T> out(size());
  if (!out.empty()) read_rows(0, rows(), out.data());
  return out;
}

std::vector<std::byte> Dataset::read_bytes() const {
  std::vector<std::byte> out(size() * type_.bytes);
  if (out.empty()) return out;
  if (!chunks_ && !complete_) return out;
  if (chunks_ && chunks_->ours) {
    read_chunks(handle_->id(), *chunks_, 0, rows(), [&](const std::byte* bytes, std::size_t at, std::size_t values) { std::memcpy(out.data() + at * type_.bytes, bytes, values * type_.bytes); }, where_);
    return out;
  }
  const auto [descriptor, bytes] = plain_file(handle_->id());
  if (data_offset_ != HADDR_UNDEF && descriptor >= 0) {
    if (!read_at(descriptor, data_offset_, reinterpret_cast<char*>(out.data()), out.size())) unreadable(where_);
    return out;
  }
  if (type_.variable || std::any_of(type_.fields.begin(), type_.fields.end(), [](const auto& field) { return field.variable; }))
    throw InputError(where_, "keeps text in a way that is not read (" + storage() + ")", "write it as a contiguous dataset");
  const Handle type(H5Dget_type(handle_->id()), close_type);
  if (H5Dread(handle_->id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) unreadable(where_);
  return out;
}

std::vector<std::string> Dataset::read_text() const {
  if (type_.kind != Kind::text) throw InputError(where_, "holds " + type_.words + ", not text", "check what is stored there");
  if (null_ || size() == 0) return {};
  StoredField own{"", Kind::text, NumberType::none, true, type_.variable, false, 0, type_.bytes, 1};
  return text_of_field(read_bytes(), own);
}

std::vector<std::byte> Dataset::read_records() const {
  if (type_.kind != Kind::records) throw InputError(where_, "holds " + type_.words + ", not records", "check what is stored there");
  return read_bytes();
}

template <class T>
std::vector<T> Dataset::numbers_of_field(const std::vector<std::byte>& records, std::size_t record_bytes, const StoredField& field) {
  const std::size_t rows = record_bytes == 0 ? 0 : records.size() / record_bytes;
  std::vector<T> out(rows * field.length);
  for (std::size_t k = 0; k < field.length; ++k) {
    std::vector<T> lane(rows);
    convert(field.number, records.data() + field.offset + k * field.bytes, record_bytes, lane.data(), rows);
    for (std::size_t i = 0; i < rows; ++i) out[i * field.length + k] = lane[i];
  }
  return out;
}

std::vector<std::string> Dataset::text_of_field(const std::vector<std::byte>& records, const StoredField& field) const {
  const std::size_t rows = records.size() / type_.bytes;
  if (field.variable) {
    HeapText heap(handle_->id(), where_);
    if (!heap.usable()) throw InputError(where_, "is in an HDF5 file of an unusual make (user block or short addresses)", "rewrite it with h5repack");
    return heap.read(records.data() + field.offset, rows, type_.bytes);
  }
  bool spaces = false;
  if (type_.kind == Kind::text) spaces = H5Tget_strpad(Handle(H5Dget_type(handle_->id()), close_type).id()) == H5T_STR_SPACEPAD;
  std::vector<std::string> out;
  out.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) out.push_back(until_nul(records.data() + i * type_.bytes + field.offset, field.bytes, spaces));
  return out;
}

Attributes Dataset::attributes() const { return Attributes(Handle(H5Oopen(handle_->id(), ".", H5P_DEFAULT), close_object), where_); }

Dataset Group::dataset(const std::string& name) const {
  Handle handle(has(name) ? H5Dopen2(handle_.id(), name.c_str(), H5P_DEFAULT) : -1, close_data);
  if (!handle.valid()) throw InputError(at(name), "there is no such dataset, or it is damaged", "check that the file is complete");
  return Dataset(std::move(handle), at(name));
}

#define HYPED_NUMBER(T)                                                                    \
  template void Dataset::read_rows<T>(std::uint64_t, std::uint64_t, T*) const;             \
  template std::vector<T> Dataset::read<T>() const;                                        \
  template std::vector<T> Dataset::numbers_of_field<T>(const std::vector<std::byte>&, std::size_t, const StoredField&);
HYPED_NUMBER(std::int8_t)
HYPED_NUMBER(std::int16_t)
HYPED_NUMBER(std::int32_t)
HYPED_NUMBER(std::int64_t)
HYPED_NUMBER(std::uint8_t)
HYPED_NUMBER(std::uint16_t)
HYPED_NUMBER(std::uint32_t)
HYPED_NUMBER(std::uint64_t)
HYPED_NUMBER(float)
HYPED_NUMBER(double)
#undef HYPED_NUMBER

}  // namespace hyped::hdf5
