// Global heap collections: "GCOL", version 1, size, then objects of number, references, size and bytes padded to eight.
#include "libhyped/hdf5/stored/heap_text.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/handles.hpp"

namespace hyped::hdf5 {
namespace {

template <class T>
T little_endian(const void* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

constexpr std::size_t header = 16;

}  // namespace

bool read_at(int descriptor, std::uint64_t from, char* to, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    const ssize_t got = pread(descriptor, to + done, count - done, static_cast<off_t>(from + done));
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

std::pair<int, std::uint64_t> plain_file(hid_t object) {
  const Handle file(H5Iget_file_id(object), close_file);
  const Handle access(H5Fget_access_plist(file.id()), close_list);
  void* descriptor = nullptr;
  struct stat about {};
  if (H5Pget_driver(access.id()) != H5FD_SEC2 || H5Fget_vfd_handle(file.id(), access.id(), &descriptor) < 0 || descriptor == nullptr ||
      fstat(*static_cast<int*>(descriptor), &about) != 0)
    return {-1, 0};
  return {*static_cast<int*>(descriptor), static_cast<std::uint64_t>(about.st_size)};
}

HeapText::HeapText(hid_t object, std::string where) : where_(std::move(where)) {
  const auto [descriptor, bytes] = plain_file(object);
  const Handle file(H5Iget_file_id(object), close_file);
  const Handle made(H5Fget_create_plist(file.id()), close_list);
  std::size_t address_bytes = 0, size_bytes = 0;
  hsize_t user_block = 1;
  if (H5Pget_sizes(made.id(), &address_bytes, &size_bytes) < 0 || H5Pget_userblock(made.id(), &user_block) < 0) return;
  file_bytes_ = bytes;
  if (address_bytes == 8 && size_bytes == 8 && user_block == 0) descriptor_ = descriptor;
}

void HeapText::damaged() const { throw InputError(where_, "its text points to a place in the file where no text is", "the file is damaged: copy or write it again"); }

const HeapText::Collection& HeapText::collection(std::uint64_t address) {
  if (last_ != nullptr && address == last_address_) return *last_;
  auto [found, added] = collections_.try_emplace(address);
  if (added) {
    Collection& made = found->second;
    char start[header];
    if (address > file_bytes_ || file_bytes_ - address < header || !read_at(descriptor_, address, start, header) || std::memcmp(start, "GCOL\1", 5) != 0) damaged();
    const auto size = little_endian<std::uint64_t>(start + 8);
    if (size < header || size > file_bytes_ - address) damaged();
    read_bytes_ += size;
    if (read_bytes_ > 2 * file_bytes_) damaged();      // collections that lie in each other
    made.bytes.resize(size);
    if (!read_at(descriptor_, address, made.bytes.data(), size)) damaged();
    for (std::size_t at = header; at + header <= size;) {
      const auto number = little_endian<std::uint16_t>(made.bytes.data() + at);
      const auto length = little_endian<std::uint64_t>(made.bytes.data() + at + 8);
      if (number == 0) break;      // the free rest
      if (length > size - at - header) damaged();
      made.objects.try_emplace(number, at + header, length);
      at += header + (length + 7) / 8 * 8;
    }
  }
  last_address_ = address;
  return *(last_ = &found->second);
}

std::vector<std::string> HeapText::read(const std::byte* references, std::size_t count, std::size_t step) {
  std::vector<std::string> out;
  out.reserve(count);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i, references += step) {
    const auto length = little_endian<std::uint32_t>(references);
    const auto address = little_endian<std::uint64_t>(references + 4);
    const auto number = little_endian<std::uint32_t>(references + 12);
    if (length == 0 || address == 0 || address == HADDR_UNDEF) {
      out.emplace_back();
      continue;
    }
    const Collection& from = collection(address);
    const auto object = from.objects.find(number);
    if (object == from.objects.end() || length > object->second.second) damaged();
    total += length;
    if (total > file_bytes_) damaged();      // each text is stored once
    const char* begin = from.bytes.data() + object->second.first;
    out.emplace_back(begin, strnlen(begin, length));
  }
  return out;
}

}  // namespace hyped::hdf5
