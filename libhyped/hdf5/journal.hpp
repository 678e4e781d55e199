// An HDF5 file that grows by whole records and can be read after a kill at any moment.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "libhyped/hdf5/file.hpp"

namespace hyped::hdf5 {

// What an earlier journal held, as far as it can be read.
struct JournalContents {
  std::map<std::string, std::string> attributes;
  std::vector<std::vector<std::byte>> records;      // in the order they were written
  std::size_t lost_bytes = 0;                       // behind the last whole record: at most one record after a kill
};

// One dataset of bytes, "records", written in HDF5's single-writer mode: data reach the file before what points to them, so that
// a reader, or a successor after kill -9, sees every finished record. Each is framed by length and checksum (FNV-1a).
// Not safe to share between threads.
class Journal {
 public:
  // Replaces `path` by a journal with these records (written beside, then renamed). InputError if it cannot be written.
  static Journal create(const std::filesystem::path& path, const std::map<std::string, std::string>& attributes, const std::vector<std::vector<std::byte>>& records = {});
  // InputError if the file is no journal or is damaged so that nothing can be read.
  static JournalContents read(const std::filesystem::path& path);
  void append(std::span<const std::byte> record);

 private:
  Journal(Handle file, Handle data, std::uint64_t size, std::string path) : file_(std::move(file)), data_(std::move(data)), size_(size), path_(std::move(path)) {}
  Handle file_, data_;      // closed in reverse order
  std::uint64_t size_ = 0;
  std::string path_;
};

}  // namespace hyped::hdf5
