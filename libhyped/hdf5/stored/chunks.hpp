// Chunks of a dataset unpacked and packed by ourselves, many at a time; included by the sources of libhyped/hdf5 only.
#pragma once
#include <hdf5.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hyped::hdf5 {

struct ChunkLayout {
  struct Filter {
    int id = 0;
    std::vector<unsigned> values;
    std::string name;
  };
  std::vector<hsize_t> shape, chunk;      // of the dataset, of a chunk
  std::vector<Filter> filters;            // in the order of packing
  std::size_t element_bytes = 0, chunk_bytes = 0;
  bool ours = false;                      // no other filters than shuffle, deflate and lzf
};

void register_filters();      // lzf, which h5py writes and the C library lacks

// Hands over rows [from, from + count) of a dataset in runs: `bytes` of `values` consecutive elements, the first of which is element
// `at` counted from the first of row `from`. From several threads at a time, each run once. InputError for a chunk that is damaged.
using Run = std::function<void(const std::byte* bytes, std::size_t at, std::size_t values)>;
void read_chunks(hid_t data, const ChunkLayout& layout, hsize_t from, hsize_t count, const Run& run, const std::string& where);

// Packs row-major `bytes` of the whole dataset by deflate, after shuffle if asked, and writes the chunks. False if the library refuses.
bool write_chunks(hid_t data, const ChunkLayout& layout, const std::byte* bytes, int level, bool shuffle);

}  // namespace hyped::hdf5
