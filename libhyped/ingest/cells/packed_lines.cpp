// zlib reads plain files too.
#include "libhyped/ingest/cells/packed_lines.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

namespace hyped {
namespace {

constexpr std::size_t step = 1 << 18, longest = 16 << 20;

gzFile stream(void* pointer) { return static_cast<gzFile>(pointer); }

}  // namespace

PackedLines::PackedLines(std::filesystem::path file) : file_(std::move(file)), buffer_(step) {
  stream_ = gzopen(file_.c_str(), "rb");
  if (stream_ == nullptr) throw InputError(file_.string(), std::filesystem::exists(file_) ? "cannot be read" : "does not exist", "check the path");
  gzbuffer(stream(stream_), 1 << 18);
}

PackedLines::~PackedLines() { gzclose(stream(stream_)); }

InputError PackedLines::error(const std::string& problem, const std::string& fix) const { return {fmt::format("{}:{}", file_.string(), number_), problem, fix}; }

bool PackedLines::fill() {
  if (ended_) return false;
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= longest) throw error("the next line has more than 16 MiB", "check that this is the right file");
    buffer_.resize(buffer_.size() * 2);
  }
  const int got = gzread(stream(stream_), buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
  int state = Z_OK;
  gzerror(stream(stream_), &state);
  if (got < 0 || (got == 0 && state != Z_OK && state != Z_STREAM_END)) throw error("the gzip file is damaged or cut off after this line", "copy it again");
  if (got == 0) ended_ = true;
  end_ += static_cast<std::size_t>(got);
  return got > 0;
}

bool PackedLines::next(std::string_view& line) {
  for (std::size_t searched = at_;;) {
    const char* found = static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched));
    if (found == nullptr) {
      const std::size_t seen = end_ - at_;
      if (fill()) {
        searched = at_ + seen;
        continue;
      }
      if (at_ == end_) return false;
      line = {buffer_.data() + at_, end_ - at_};
      at_ = end_;
    } else {
      line = {buffer_.data() + at_, static_cast<std::size_t>(found - buffer_.data()) - at_};
      at_ += line.size() + 1;
    }
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

std::vector<std::string_view> tab_cells(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0;;) {
    const std::size_t tab = line.find('\t', from);
    out.push_back(line.substr(from, tab == line.npos ? line.npos : tab - from));
    if (tab == line.npos) return out;
    from = tab + 1;
  }
}

}  // namespace hyped
