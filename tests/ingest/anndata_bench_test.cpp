// Reading packed cells takes the time of unpacking them, and the memory of what is in them.
#include <fmt/format.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/ingest/cells_example.hpp"
#include "tests/ingest/child_run.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

double seconds(const std::function<void()>& work) {
  const auto from = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

// 6,000 x 20,000 with about 12 million values.
AnnotatedData many_cells() {
  AnnotatedData out;
  out.X = {example_matrix(6000, 20000, false, 19)};
  Strings cells, genes;
  for (int i = 0; i < 6000; ++i) cells.push_back("ACGTACGTACGT" + std::to_string(i));
  for (int i = 0; i < 20000; ++i) genes.push_back("GENE" + std::to_string(i));
  out.obs.index = cells;
  out.var.index = genes;
  return out;
}

}  // namespace

TEST_CASE("cells are read at the speed of unpacking, within twice their bytes", "[bench]") {
  const Folder folder;
  // in children, so that nothing of it is resident here when memory is measured
  CHECK(in_child([&] { write_anndata(many_cells(), folder / "rows.h5ad"); }).code == 0);
  CHECK(in_child([&] {
    AnnotatedData data = many_cells();
    CompressedMatrix turned = compressed_of(transposed(sparse_rows_of(std::move(data.X), "X")));
    turned.by_column = true;
    std::swap(turned.rows, turned.columns);
    data.X = {std::move(turned)};
    write_anndata(data, folder / "columns.h5ad");
  }).code == 0);
  const std::uint64_t base = in_child([] {}).peak_bytes;
  const std::uint64_t stored = static_cast<std::uint64_t>(BackedMatrix(folder / "rows.h5ad").stored()), bytes = 8 * stored;
  const auto to_rows = [&](const char* name) { return [&, name] { sparse_rows_of(read_anndata(folder / name).data.X, "X"); }; };
  const auto rows = in_child(to_rows("rows.h5ad")), columns = in_child(to_rows("columns.h5ad"));
  const auto blocks = in_child([&] { BackedMatrix(folder / "rows.h5ad").each_block([](const RowBlock&) {}, 8 << 20); });
  const auto column_blocks = in_child([&] { BackedMatrix(folder / "columns.h5ad").each_block([](const RowBlock&) {}, 8 << 20); });
  constexpr std::uint64_t tables = 24 << 20;      // names, the HDF5 library's buffers, row starts
  CHECK(rows.peak_bytes < base + bytes + bytes / 4 + tables);
  CHECK(columns.peak_bytes < base + 2 * bytes + tables);
  CHECK(blocks.peak_bytes < base + (24 << 20) + tables);
  CHECK(column_blocks.peak_bytes < base + (24 << 20) + tables);
  // the same values and indices in zlib streams of half a megabyte
  set_threads(1);
  const AnnotatedData read = read_anndata(folder / "rows.h5ad").data;
  const auto& matrix = *read.X.as<CompressedMatrix>();
  std::vector<std::vector<unsigned char>> packed;
  const auto pack = [&](const void* from, std::size_t size) {
    for (std::size_t at = 0; at < size; at += 512 << 10) {
      const uLong part = std::min<std::size_t>(512 << 10, size - at);
      uLongf room = compressBound(part);
      packed.emplace_back(room);
      REQUIRE(compress2(packed.back().data(), &room, static_cast<const unsigned char*>(from) + at, part, 4) == Z_OK);
      packed.back().resize(room);
    }
  };
  pack(matrix.index.data(), matrix.index.size() * 4);
  pack(std::get<std::vector<float>>(matrix.values).data(), matrix.index.size() * 4);
  std::vector<unsigned char> out(512 << 10);
  const double inflate = seconds([&] {
    for (const auto& part : packed) {
      uLongf room = out.size();
      REQUIRE(uncompress(out.data(), &room, part.data(), part.size()) == Z_OK);
    }
  });
  const double reading = seconds([&] { read_anndata(folder / "rows.h5ad"); });
  set_threads(0);
  CHECK(reading < 1.5 * inflate);
  WARN(fmt::format("{} values: read in {:.2f} s with one thread, zlib alone {:.2f} s; peak {:.0f} MiB (rows), {:.0f} MiB (columns), {:.0f} MiB (blocks) for {:.0f} MiB of values and indices, {:.0f} MiB before", stored, reading, inflate,
                   static_cast<double>(rows.peak_bytes) / (1 << 20), static_cast<double>(columns.peak_bytes) / (1 << 20), static_cast<double>(blocks.peak_bytes) / (1 << 20), static_cast<double>(bytes) / (1 << 20), static_cast<double>(base) / (1 << 20)));
}
