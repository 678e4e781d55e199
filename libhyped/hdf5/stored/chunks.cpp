// Raw chunks are fetched under a lock, since the library has one anyway; unpacking them, which takes the time, is not.
#include "libhyped/hdf5/stored/chunks.hpp"

#include <fmt/format.h>
#include <libdeflate.h>
#include <lzf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <mutex>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::hdf5 {
namespace {

constexpr H5Z_filter_t lzf_id = 32000;      // registered for h5py

// Unpacks what h5py packed; the parameters hold the size of a chunk. The library owns *buffer.
std::size_t lzf_filter(unsigned flags, std::size_t count, const unsigned values[], std::size_t bytes, std::size_t* size, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0 || count < 3 || bytes > std::numeric_limits<unsigned>::max()) return 0;
  void* out = H5allocate_memory(values[2], false);
  const unsigned got = out == nullptr ? 0 : lzf_decompress(*buffer, static_cast<unsigned>(bytes), out, values[2]);
  if (got == 0) {
    H5free_memory(out);
    return 0;
  }
  H5free_memory(*buffer);
  *buffer = out;
  *size = values[2];
  return got;
}

// Elements put together from lanes of bytes: in registers for the widths of numbers.
template <class Word>
void from_lanes(const std::byte* lanes, std::byte* to, std::size_t elements) {
  for (std::size_t i = 0; i < elements; ++i) {
    Word word = 0;
    for (std::size_t k = 0; k < sizeof(Word); ++k) word |= static_cast<Word>(static_cast<Word>(lanes[k * elements + i]) << (8 * k));
    std::memcpy(to + i * sizeof(Word), &word, sizeof word);
  }
}

void unshuffle(const std::byte* lanes, std::byte* to, std::size_t elements, std::size_t width) {
  static_assert(std::endian::native == std::endian::little);
  if (width == 4) return from_lanes<std::uint32_t>(lanes, to, elements);
  if (width == 8) return from_lanes<std::uint64_t>(lanes, to, elements);
  for (std::size_t i = 0; i < elements; ++i)
    for (std::size_t k = 0; k < width; ++k) to[i * width + k] = lanes[k * elements + i];
}

std::mutex library;      // one thread inside HDF5 at a time, however it was built

struct Unpacker {
  Unpacker() {      // no error stack on stderr: each thread has its own setting
    const std::lock_guard lock(library);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflate{libdeflate_alloc_decompressor(), libdeflate_free_decompressor};
  std::vector<std::byte> packed, unpacked, other;
};

bool unpack(const ChunkLayout& layout, std::uint32_t skipped, Unpacker& unpacker) {
  auto& from = unpacker.packed;
  auto& to = unpacker.other;
  for (std::size_t f = layout.filters.size(); f-- > 0;) {
    if (f < 32 && (skipped >> f & 1) != 0) continue;      // the filter did not help this chunk
    to.resize(layout.chunk_bytes);
    std::size_t got = 0;
    if (layout.filters[f].id == H5Z_FILTER_DEFLATE) {
      if (libdeflate_zlib_decompress(unpacker.inflate.get(), from.data(), from.size(), to.data(), to.size(), &got) != LIBDEFLATE_SUCCESS) return false;
    } else if (layout.filters[f].id == lzf_id) {
      got = lzf_decompress(from.data(), static_cast<unsigned>(from.size()), to.data(), static_cast<unsigned>(to.size()));
    } else {      // shuffle: byte k of every element stands together
      const auto& values = layout.filters[f].values;
      const std::size_t width = values.empty() ? layout.element_bytes : values[0];
      got = from.size();
      if (got != to.size() || width == 0) return false;
      const std::size_t elements = got / width;
      unshuffle(from.data(), to.data(), elements, width);
      std::copy(from.begin() + static_cast<std::ptrdiff_t>(elements * width), from.end(), to.begin() + static_cast<std::ptrdiff_t>(elements * width));
    }
    to.resize(got);
    std::swap(from, to);
  }
  return from.size() == layout.chunk_bytes;
}

// Coordinates of the chunks that rows [from, from + count) meet.
struct Grid {
  std::vector<hsize_t> first, chunks;      // per dimension
  std::size_t total = 1;
  Grid(const ChunkLayout& layout, hsize_t from, hsize_t count) {
    for (std::size_t d = 0; d < layout.shape.size(); ++d) {
      first.push_back(d == 0 ? from / layout.chunk[0] : 0);
      const hsize_t last = d == 0 ? (from + count - 1) / layout.chunk[0] : (layout.shape[d] - 1) / layout.chunk[d];
      chunks.push_back(last - first[d] + 1);
      total *= chunks[d];
    }
  }
  std::vector<hsize_t> offset(const ChunkLayout& layout, std::size_t index) const {
    std::vector<hsize_t> out(first.size());
    for (std::size_t d = first.size(); d-- > 0; index /= chunks[d]) out[d] = (first[d] + index % chunks[d]) * layout.chunk[d];
    return out;
  }
};

// Calls see(place in the chunk, place in the rows, length) for each run of elements along the last dimension.
template <class See>
void each_run(const ChunkLayout& layout, const std::vector<hsize_t>& offset, hsize_t from, hsize_t count, const See& see) {
  const std::size_t rank = layout.shape.size();
  std::vector<hsize_t> low(rank, 0), high(rank);      // inside the chunk
  for (std::size_t d = 0; d < rank; ++d) {
    const hsize_t begin = d == 0 ? from : 0, end = d == 0 ? from + count : layout.shape[d];
    low[d] = begin > offset[d] ? begin - offset[d] : 0;
    high[d] = std::min(layout.chunk[d], end - offset[d]);
  }
  for (std::vector<hsize_t> at = low;;) {
    hsize_t in_chunk = 0, in_rows = 0;
    for (std::size_t d = 0; d < rank; ++d) {
      in_chunk = in_chunk * layout.chunk[d] + at[d];
      in_rows = d == 0 ? offset[0] + at[0] - from : in_rows * layout.shape[d] + offset[d] + at[d];
    }
    see(static_cast<std::size_t>(in_chunk), static_cast<std::size_t>(in_rows), static_cast<std::size_t>(high[rank - 1] - low[rank - 1]));
    std::size_t d = rank - 1;
    while (d > 0 && ++at[d - 1] == high[d - 1]) {
      at[d - 1] = low[d - 1];
      --d;
    }
    if (d == 0) return;
  }
}

}  // namespace

void register_filters() {
  if (H5Zfilter_avail(lzf_id) > 0) return;
  static const H5Z_class2_t lzf = {H5Z_CLASS_T_VERS, lzf_id, 0, 1, "lzf", nullptr, nullptr, lzf_filter};
  H5Zregister(&lzf);
}

void read_chunks(hid_t data, const ChunkLayout& layout, hsize_t from, hsize_t count, const Run& run, const std::string& where) {
  const Grid grid(layout, from, count);
  HYPED_REQUIRE(grid.total <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  parallel_for(static_cast<int>(grid.total), [&](int index) {
    static thread_local Unpacker unpacker;
    const auto offset = grid.offset(layout, static_cast<std::size_t>(index));
    const auto damaged = [&] { throw InputError(where, fmt::format("the chunk at {} cannot be unpacked", fmt::join(offset, ", ")), "the file is damaged: copy or write it again"); };
    std::uint32_t skipped = 0;
    {
      const std::lock_guard lock(library);
      hsize_t bytes = 0;
      if (H5Dget_chunk_storage_size(data, offset.data(), &bytes) < 0) {      // so does HDF5 1.10 answer for a chunk that was never written
        unsigned mask = 0;
        haddr_t address = 0;
        if (H5Dget_chunk_info_by_coord(data, offset.data(), &mask, &address, &bytes) < 0 || address != HADDR_UNDEF) damaged();
        bytes = 0;
      }
      if (bytes > 2 * layout.chunk_bytes + 4096) damaged();      // packing hardly ever makes it larger
      unpacker.packed.resize(bytes);
      if (bytes > 0 && H5Dread_chunk(data, H5P_DEFAULT, offset.data(), &skipped, unpacker.packed.data()) < 0) damaged();
    }
    if (unpacker.packed.empty()) unpacker.packed.assign(layout.chunk_bytes, std::byte{0});      // never written
    else if (!unpack(layout, skipped, unpacker)) damaged();
    each_run(layout, offset, from, count, [&](std::size_t in_chunk, std::size_t in_rows, std::size_t length) { run(unpacker.packed.data() + in_chunk * layout.element_bytes, in_rows, length); });
  });
}

bool write_chunks(hid_t data, const ChunkLayout& layout, const std::byte* bytes, int level, bool shuffle) {
  const Grid grid(layout, 0, layout.shape[0]);
  constexpr std::size_t batch = 64;
  std::vector<std::vector<std::byte>> packed(batch);
  std::vector<std::uint32_t> skipped(batch);
  const std::size_t width = layout.element_bytes;
  for (std::size_t first = 0; first < grid.total; first += batch) {
    const std::size_t count = std::min(batch, grid.total - first);
    parallel_for(static_cast<int>(count), [&](int i) {
      std::vector<std::byte> plain(layout.chunk_bytes), shuffled(layout.chunk_bytes);
      each_run(layout, grid.offset(layout, first + static_cast<std::size_t>(i)), 0, layout.shape[0],
               [&](std::size_t in_chunk, std::size_t in_rows, std::size_t length) { std::memcpy(plain.data() + in_chunk * width, bytes + in_rows * width, length * width); });
      const std::size_t elements = layout.chunk_bytes / width;
      if (shuffle)
        for (std::size_t k = 0; k < width; ++k)
          for (std::size_t e = 0; e < elements; ++e) shuffled[k * elements + e] = plain[e * width + k];
      else plain.swap(shuffled);
      const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> deflate(libdeflate_alloc_compressor(level), libdeflate_free_compressor);
      auto& out = packed[static_cast<std::size_t>(i)];
      out.resize(libdeflate_zlib_compress_bound(deflate.get(), shuffled.size()));
      const std::size_t got = libdeflate_zlib_compress(deflate.get(), shuffled.data(), shuffled.size(), out.data(), out.size());
      skipped[static_cast<std::size_t>(i)] = got == 0 || got >= shuffled.size() ? (shuffle ? 2U : 1U) : 0U;      // the bit of deflate: it did not help
      if (skipped[static_cast<std::size_t>(i)] != 0) out = shuffled;
      else out.resize(got);
    });
    for (std::size_t i = 0; i < count; ++i)
      if (H5Dwrite_chunk(data, H5P_DEFAULT, skipped[i], grid.offset(layout, first + i).data(), packed[i].size(), packed[i].data()) < 0) return false;
  }
  return true;
}

}  // namespace hyped::hdf5
