// Droplets of a hashed library: which samples are in each, their hashtag reads, and the label the rule of most votes gives.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_settings.hpp"
#include "libhyped/expression/hashtags/hashtag_counts.hpp"

namespace hyped {

struct Droplet {
  std::vector<int> samples;            // of its cells, one or two
  bool stained = true;                 // false: its cell carries no hashtag
  std::vector<std::int32_t> reads;     // [K]
  ArgmaxCall vote;
  std::string barcode;                 // 16 bases
  std::vector<int> tags() const;       // carried, ascending, each once; empty if unstained
};

struct HashedLibrary {
  std::vector<Droplet> droplets;       // ascending by barcode
  double doublet_rate = 0;             // with which droplets were drawn
  std::vector<double> signal, ambient; // [K] mean reads of a stained cell, and of a droplet without it
  long drawn = 0;                      // droplets drawn until every label had its cells
  HashtagCounts counts(const LibrarySettings& settings) const;
};

// Droplets are drawn (samples by their cells, doublets, unstained cells; reads Poisson, with Gamma staining of each hashtag and
// log-normal capture) and kept while their label still lacks cells: labels have exactly the numbers of the settings, and given its reads a
// droplet's content is as without that choice. InputError if a label's number cannot be reached.
HashedLibrary make_droplets(const CellsTwinSettings& settings, const LibrarySettings& library, std::uint64_t seed, int number);

}  // namespace hyped
