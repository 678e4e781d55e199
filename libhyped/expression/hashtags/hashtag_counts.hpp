// What hashtag demultiplexing starts from: reads per cell and hashtag of one library.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace hyped {

struct HashtagCounts {
  std::vector<std::string> tags;               // [K] what each hashtag marks
  int cells = 0;                               // N
  std::vector<std::int32_t> reads;             // [N x K] row major, >= 0

  int tag_count() const { return static_cast<int>(tags.size()); }
  std::int32_t at(int cell, int tag) const { return reads[static_cast<std::size_t>(cell) * tags.size() + static_cast<std::size_t>(tag)]; }
};

// Cells with the same reads on every hashtag have the same posterior: the distinct rows, how often each occurs, and each cell's row.
struct ReadPatterns {
  int tags = 0;
  std::vector<std::int32_t> reads;             // [U x K] sorted
  std::vector<double> cells;                   // [U]
  std::vector<int> pattern;                    // [N]
  std::vector<std::vector<std::int32_t>> values;      // [K] counts that occur, ascending
  std::vector<int> index;                      // [U x K] of a pattern's count in `values`
  int count() const { return static_cast<int>(cells.size()); }
};
// InputError: no cells, fewer than two hashtags, one named twice or empty, a negative count, a hashtag without a single read.
ReadPatterns patterns_of(const HashtagCounts& counts);

// The authors' rule: the hashtag with most reads, ties to the first in alphabetical order, no doublets, no least number.
struct ArgmaxCall {
  int tag = -1;                                // -1: no reads at all
  std::int32_t votes = 0, total = 0;
  double rate = 0;                             // votes / total; 0 without reads
  bool tie = false;
};
std::vector<ArgmaxCall> argmax_calls(const HashtagCounts& counts);

}  // namespace hyped
