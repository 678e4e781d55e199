// Text of variable length, found in the file's heap by ourselves; included by the sources of libhyped/hdf5 only.
#pragma once
#include <hdf5.h>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace hyped::hdf5 {

// The library follows such references without looking whether they point into the heap (1.10 crashes on a damaged file), and asks its
// lock for each. The format is that of "global heap collections" in the HDF5 file format specification, III.E.
class HeapText {
 public:
  // Of an open dataset or file. usable() is false for files of another make (user block, short addresses, no plain file).
  HeapText(hid_t object, std::string where);
  bool usable() const { return descriptor_ >= 0; }
  // 16 bytes each: length, address of the collection, number in it. InputError for a reference that points nowhere, and if the
  // texts are together longer than the file could hold.
  std::vector<std::string> read(const std::byte* references, std::size_t count, std::size_t step);

 private:
  struct Collection {
    std::vector<char> bytes;
    std::unordered_map<std::uint32_t, std::pair<std::size_t, std::size_t>> objects;      // number -> begin, length
  };
  const Collection& collection(std::uint64_t address);
  [[noreturn]] void damaged() const;
  int descriptor_ = -1;
  std::uint64_t file_bytes_ = 0, read_bytes_ = 0;
  std::string where_;
  std::unordered_map<std::uint64_t, Collection> collections_;
  std::uint64_t last_address_ = 0;
  const Collection* last_ = nullptr;
};

// The file behind an object: descriptor (-1 if it is no plain file) and bytes.
std::pair<int, std::uint64_t> plain_file(hid_t object);
bool read_at(int descriptor, std::uint64_t from, char* to, std::size_t count);      // false if the file ends before

}  // namespace hyped::hdf5
