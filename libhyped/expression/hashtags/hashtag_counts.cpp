// Distinct rows of hashtag reads, and the rule of most votes.
#include "libhyped/expression/hashtags/hashtag_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "libhyped/errors.hpp"

namespace hyped {

ReadPatterns patterns_of(const HashtagCounts& counts) {
  const auto tags = counts.tags.size();
  if (tags < 2) throw InputError("hashtags", fmt::format("there {} hashtag{}", tags == 1 ? "is one" : "is no", tags == 1 ? "" : "s"), "demultiplexing needs at least two");
  if (counts.cells < 1) throw InputError("hashtags", "there are no cells");
  HYPED_REQUIRE(counts.reads.size() == static_cast<std::size_t>(counts.cells) * tags);
  std::set<std::string> names;
  for (const auto& tag : counts.tags)
    if (tag.empty() || !names.insert(tag).second) throw InputError("hashtags", tag.empty() ? std::string("a hashtag has no name") : fmt::format("'{}' is there twice", tag), "name each once");
  std::vector<std::int64_t> total(tags, 0);
  for (int c = 0; c < counts.cells; ++c)
    for (std::size_t k = 0; k < tags; ++k) {
      const std::int32_t reads = counts.at(c, static_cast<int>(k));
      if (reads < 0) throw InputError(fmt::format("cell {}", c + 1), fmt::format("has {} reads of hashtag '{}'", reads, counts.tags[k]), "counts are 0 or more");
      total[k] += reads;
    }
  for (std::size_t k = 0; k < tags; ++k)
    if (total[k] == 0) throw InputError("hashtags", fmt::format("'{}' has no reads in any cell", counts.tags[k]), "leave it out, or check its name");
  const auto row = [&](int c) { return counts.reads.data() + static_cast<std::size_t>(c) * tags; };
  std::vector<int> order(static_cast<std::size_t>(counts.cells));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const auto [left, right] = std::mismatch(row(a), row(a) + tags, row(b));
    return left == row(a) + tags ? a < b : *left < *right;
  });
  ReadPatterns out;
  out.tags = static_cast<int>(tags);
  out.pattern.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || !std::equal(row(order[i]), row(order[i]) + tags, row(order[i - 1]))) {
      out.reads.insert(out.reads.end(), row(order[i]), row(order[i]) + tags);
      out.cells.push_back(0);
    }
    out.cells.back() += 1;
    out.pattern[static_cast<std::size_t>(order[i])] = out.count() - 1;
  }
  out.index.resize(out.reads.size());
  out.values.resize(tags);
  for (std::size_t k = 0; k < tags; ++k) {
    auto& values = out.values[k];
    for (std::size_t i = k; i < out.reads.size(); i += tags) values.push_back(out.reads[i]);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (std::size_t i = k; i < out.reads.size(); i += tags) out.index[i] = static_cast<int>(std::lower_bound(values.begin(), values.end(), out.reads[i]) - values.begin());
  }
  return out;
}

std::vector<ArgmaxCall> argmax_calls(const HashtagCounts& counts) {
  std::vector<int> by_name(counts.tags.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(), [&](int a, int b) { return counts.tags[static_cast<std::size_t>(a)] < counts.tags[static_cast<std::size_t>(b)]; });
  std::vector<ArgmaxCall> calls(static_cast<std::size_t>(counts.cells));
  for (int c = 0; c < counts.cells; ++c) {
    ArgmaxCall& call = calls[static_cast<std::size_t>(c)];
    for (const int k : by_name) {
      const std::int32_t reads = counts.at(c, k);
      call.total += reads;
      if (reads > call.votes) {
        call.votes = reads;
        call.tag = k;
        call.tie = false;
      } else if (reads > 0 && reads == call.votes) {
        call.tie = true;
      }
    }
    if (call.total > 0) call.rate = static_cast<double>(call.votes) / call.total;
  }
  return calls;
}

}  // namespace hyped
