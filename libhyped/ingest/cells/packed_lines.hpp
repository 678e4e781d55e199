// Lines of a text file, gzipped or plain, one at a time.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

class PackedLines {
 public:
  explicit PackedLines(std::filesystem::path file);      // InputError if it cannot be opened
  ~PackedLines();
  PackedLines(const PackedLines&) = delete;
  PackedLines& operator=(const PackedLines&) = delete;

  // False at the end. The view holds until the next call; a carriage return at the end is gone. InputError where the packing is
  // damaged or cut off, and for a line of more than 16 MiB.
  bool next(std::string_view& line);
  std::int64_t number() const { return number_; }      // of the line last given, from 1
  InputError error(const std::string& problem, const std::string& fix) const;      // names file and line

 private:
  bool fill();
  std::filesystem::path file_;
  void* stream_ = nullptr;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
  bool ended_ = false;
  std::int64_t number_ = 0;
};

// Cells of a line between tabs.
std::vector<std::string_view> tab_cells(std::string_view line);

}  // namespace hyped
