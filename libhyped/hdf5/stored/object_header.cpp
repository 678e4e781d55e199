// Messages of an object header, block by block, until the one with the attribute.
#include "libhyped/hdf5/stored/object_header.hpp"

#include <cstring>
#include <string_view>

#include "libhyped/hdf5/stored/heap_text.hpp"

namespace hyped::hdf5 {
namespace {

constexpr std::size_t most_blocks = 64, most_bytes = 1 << 20;
constexpr unsigned attribute_message = 0x0C, continuation_message = 0x10, shared_flag = 0x02;

// Reads little-endian numbers forward; `good` is false once it would have passed the end.
class Cursor {
 public:
  Cursor(const char* at, std::size_t size) : at_(at), left_(size) {}
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    if (!take(bytes)) return 0;
    std::memcpy(&value, at_ - bytes, bytes);
    return value;
  }
  const char* skip(std::size_t bytes) {
    const char* from = at_;
    return take(bytes) ? from : nullptr;
  }
  std::size_t left() const { return left_; }
  bool good() const { return good_; }

 private:
  bool take(std::size_t bytes) {
    if (bytes > left_) good_ = false;
    if (!good_) return false;
    at_ += bytes;
    left_ -= bytes;
    return true;
  }
  const char* at_;
  std::size_t left_;
  bool good_ = true;
};

struct Block {
  std::uint64_t from = 0, size = 0;      // of the messages in it
};

// The attribute's data if the message is the one of that name.
std::optional<std::vector<std::byte>> data_of(Cursor message, const std::string& name) {
  const auto version = message.number(1);
  message.number(1);      // flags
  const auto name_bytes = message.number(2), type_bytes = message.number(2), space_bytes = message.number(2);
  if (version == 3) message.number(1);      // character set of the name
  if (version < 1 || version > 3) return std::nullopt;
  const auto padded = [&](std::uint64_t bytes) { return version == 1 ? (bytes + 7) / 8 * 8 : bytes; };
  const char* text = message.skip(padded(name_bytes));
  message.skip(padded(type_bytes));
  message.skip(padded(space_bytes));
  if (!message.good() || std::string_view(text, strnlen(text, name_bytes)) != name) return std::nullopt;
  const std::size_t left = message.left();
  const auto* data = reinterpret_cast<const std::byte*>(message.skip(left));
  return std::vector<std::byte>(data, data + left);
}

}  // namespace

std::optional<std::vector<std::byte>> attribute_bytes(hid_t object, const std::string& name) {
  const auto [descriptor, file_bytes] = plain_file(object);
  H5O_info_t about;
  if (descriptor < 0 || H5Oget_info2(object, &about, H5O_INFO_BASIC) < 0) return std::nullopt;
  char start[32] = {};
  if (about.addr > file_bytes || file_bytes - about.addr < sizeof start || !read_at(descriptor, about.addr, start, sizeof start)) return std::nullopt;
  std::vector<Block> blocks;
  const bool newer = std::memcmp(start, "OHDR", 4) == 0;
  bool with_order = false;
  if (newer) {
    Cursor header(start + 4, sizeof start - 4);
    header.number(1);      // version
    const auto flags = header.number(1);
    with_order = (flags & 0x04) != 0;
    if ((flags & 0x20) != 0) header.skip(16);      // times
    if ((flags & 0x10) != 0) header.skip(4);       // limits of attributes kept here
    const auto size = header.number(std::size_t{1} << (flags & 3));
    blocks.push_back({about.addr + sizeof start - header.left(), size});
  } else {
    Cursor header(start, sizeof start);
    if (header.number(1) != 1) return std::nullopt;
    header.skip(7);
    blocks.push_back({about.addr + 16, header.number(4)});
  }
  std::vector<char> bytes;
  for (std::size_t b = 0; b < blocks.size() && b < most_blocks; ++b) {
    const Block block = blocks[b];
    if (block.from > file_bytes || block.size > file_bytes - block.from || block.size > most_bytes) return std::nullopt;
    bytes.resize(block.size);
    if (!read_at(descriptor, block.from, bytes.data(), bytes.size())) return std::nullopt;
    Cursor messages(bytes.data(), bytes.size());
    while (messages.good() && messages.left() >= (newer ? 4 : 8)) {
      const auto kind = messages.number(newer ? 1 : 2), size = messages.number(2), flags = messages.number(1);
      messages.skip(newer ? (with_order ? 2 : 0) : 3);
      const char* from = messages.skip(size);
      if (from == nullptr) break;
      if (kind == continuation_message && size >= 16) {
        Cursor place(from, size);
        Block next{place.number(8), place.number(8)};
        if (newer && next.size >= 8) next = {next.from + 4, next.size - 8};      // "OCHK" before, a checksum behind
        blocks.push_back(next);
      } else if (kind == attribute_message && (flags & shared_flag) == 0) {
        if (auto data = data_of(Cursor(from, size), name)) return data;
      }
    }
  }
  return std::nullopt;
}

}  // namespace hyped::hdf5
