// Damaged .h5ad files: an error or an answer, never a crash, and no more memory than the file could justify.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/random.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/experiments/real_data.hpp"
#include "tests/ingest/cells_example.hpp"
#include "tests/ingest/child_run.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

struct Tally {
  int read = 0, refused = 0, crashed = 0, other = 0;
  std::uint64_t most = 0;
  std::string worst;
};

// A process that reads nothing but a good file of this size, for comparison.
std::uint64_t plain_peak(const std::filesystem::path& file) {
  const auto end = in_child([&] { read_anndata(file); });
  CHECK(end.code == 0);
  return end.peak_bytes;
}

void read_everything(const std::filesystem::path& file) {
  const auto read = read_anndata(file);
  if (!read.data.X.empty()) BackedMatrix(file).each_block([](const RowBlock&) {}, 1 << 16);
}

void judge(const std::filesystem::path& file, const std::string& what, Tally& tally) {
  const auto end = in_child([&] { read_everything(file); });
  if (end.signal != 0) {
    ++tally.crashed;
    tally.worst += fmt::format("\n  {}: signal {}", what, end.signal);
  } else if (end.code == 0) ++tally.read;
  else if (end.code == 2) ++tally.refused;
  else {
    ++tally.other;
    tally.worst += "\n  " + what + ": an exception that is no InputError";
  }
  if (end.peak_bytes > tally.most) tally.most = end.peak_bytes;
}

// Files to damage: the archives where they are there, and two of our own, packed and not.
std::map<std::string, std::string> good_files(const Folder& folder) {
  std::map<std::string, std::string> out;
  write_anndata(example_cells(true), folder / "packed.h5ad", {4});
  write_anndata(example_cells(true), folder / "plain.h5ad", {0});
  for (const char* name : {"packed.h5ad", "plain.h5ad"}) out[name] = bytes_of(folder / name);
  const auto archives = real_data("data/scrna/anndata_archives");
  if (!archives.empty())
    for (const char* name : {"v0.5.0_adata.h5ad", "v0.7.0_adata.h5ad", "v0.7.8_adata.h5ad", "v0.11.4_adata.h5ad"}) out[name] = bytes_of(archives / name);
  return out;
}

std::string damaged(const std::string& good, int kind, RandomStream& stream) {
  std::string out = good;
  const auto any = [&](std::uint64_t n) { return static_cast<std::size_t>(stream.uniform() * static_cast<double>(n)); };
  switch (kind) {
    case 0: out.resize(any(good.size())); break;      // cut off
    case 1: out[any(good.size())] ^= static_cast<char>(1 << any(8)); break;
    case 2: for (int i = 0; i < 20; ++i) out[any(good.size())] = static_cast<char>(any(256)); break;
    case 3: {      // a number that says how large something is becomes huge: 8 bytes of high values where small ones stood
      for (int tries = 0; tries < 1000; ++tries) {
        const std::size_t at = any(good.size() - 8) / 8 * 8;
        std::uint64_t value = 0;
        std::memcpy(&value, out.data() + at, 8);
        if (value == 0 || value > 100000) continue;
        value = 1ULL << (20 + any(43));
        std::memcpy(out.data() + at, &value, 8);
        break;
      }
      break;
    }
    case 4: {      // a stretch of zeros, as a failed copy leaves
      const std::size_t at = any(good.size()), length = std::min<std::size_t>(good.size() - at, 512);
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), length, '\0');
      break;
    }
    default: {      // a length or address near the start of an object moves by a little
      const std::size_t at = any(good.size() - 4);
      std::uint32_t value = 0;
      std::memcpy(&value, out.data() + at, 4);
      value += static_cast<std::uint32_t>(any(64)) - 32;
      std::memcpy(out.data() + at, &value, 4);
    }
  }
  return out;
}

void fuzz(int each) {
  const Folder folder;
  const auto files = good_files(folder);
  Tally tally;
  std::uint64_t plain = 0;
  int done = 0;
  for (const auto& [name, good] : files) {
    write_bytes(folder / "good.h5ad", good);
    plain = std::max(plain, plain_peak(folder / "good.h5ad"));
    RandomStream stream(20260101, static_cast<std::uint64_t>(done), 0);
    for (int i = 0; i < each; ++i, ++done) {
      const int kind = i % 6;
      write_bytes(folder / "bad.h5ad", damaged(good, kind, stream));
      judge(folder / "bad.h5ad", fmt::format("{}, kind {}, number {}", name, kind, i), tally);
    }
  }
  INFO(tally.worst);
  CHECK(tally.crashed == 0);
  CHECK(tally.other == 0);
  CHECK(tally.refused > done / 10);
  // 16 MiB may be declared without being there, a few of such parts can be met before a contradiction is found
  CHECK(tally.most < plain + (128ULL << 20));
  WARN(fmt::format("{} damaged files: {} refused, {} read (the damage is in values or unused places), peak {:.0f} MiB against {:.0f} MiB of good ones", done, tally.refused, tally.read, static_cast<double>(tally.most) / (1 << 20),
                   static_cast<double>(plain) / (1 << 20)));
}

}  // namespace

TEST_CASE("damaged files are refused or read, never a crash", "[standard]") { fuzz(60); }

TEST_CASE("thousands of damaged files are refused or read, never a crash", "[slow]") { fuzz(3000); }

TEST_CASE("every cut of a file is refused") {
  const Folder folder;
  write_anndata(example_cells(true), folder / "a.h5ad");
  const std::string good = bytes_of(folder / "a.h5ad");
  for (std::size_t part = 0; part < 12; ++part) {
    write_bytes(folder / "cut.h5ad", good.substr(0, good.size() * part / 12));
    CHECK_THROWS_AS(read_anndata(folder / "cut.h5ad"), InputError);
  }
}

TEST_CASE("a declared size that the file does not hold is refused before memory is taken") {
  const Folder folder;
  AnnotatedData data;
  data.obs.index = Strings(3);
  data.var.index = Strings(5);
  data.X = {example_array({3, 5})};
  write_anndata(data, folder / "a.h5ad", {0});
  const std::string good = bytes_of(folder / "a.h5ad");
  // the shape of X in its dataspace message: two dimensions of 8 bytes, and their maxima
  std::string shape(16, '\0');
  const std::uint64_t n = 3, g = 5;
  std::memcpy(shape.data(), &n, 8);
  std::memcpy(shape.data() + 8, &g, 8);
  const std::size_t at = good.find(shape + shape);
  REQUIRE(at != good.npos);
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t most = 800ULL << 20;      // its shadow memory is counted
#else
  constexpr std::size_t most = 200ULL << 20;
#endif
  for (const std::uint64_t rows : {1ULL << 24, 1ULL << 32, 1ULL << 40, 1ULL << 62}) {
    std::string bad = good;
    std::memcpy(bad.data() + at, &rows, 8);
    std::memcpy(bad.data() + at + 16, &rows, 8);
    write_bytes(folder / "bad.h5ad", bad);
    CHECK_THROWS_AS(read_anndata(folder / "bad.h5ad"), InputError);
    const auto end = in_child([&] { read_anndata(folder / "bad.h5ad"); });
    CHECK(end.code == 2);
    CHECK(end.peak_bytes < most);
  }
}
