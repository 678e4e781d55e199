// Datasets of every type and storage: what is written reads back, by rows and by threads; false sizes are refused.
#include "libhyped/hdf5/dataset.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "tests/places.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

struct Place {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hyped_dataset_" + std::to_string(getpid()) + "_" + std::to_string(std::rand()) + ".h5");
  ~Place() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("numbers keep their type, in one piece and in chunks") {
  const Place place;
  constexpr std::uint64_t rows = 301, columns = 457;
  std::vector<float> values;
  for (std::uint64_t i = 0; i < rows * columns; ++i) values.push_back(static_cast<float>(i % 1000) * 0.5F);
  {
    auto root = hdf5::File::create(place.path).root();
    for (const int gzip : {0, 1, 6}) {
      root.write_numbers("a" + std::to_string(gzip), hdf5::NumberType::f32, {rows, columns}, values.data(), {gzip, false});
      root.write_numbers("list" + std::to_string(gzip), hdf5::NumberType::f32, {rows * columns}, values.data(), {gzip, true});
    }
  }
  const auto root = hdf5::File::open(place.path).root();
  for (const int threads : {1, 4}) {
    set_threads(threads);
    for (const int gzip : {0, 1, 6}) {
      const auto data = root.dataset("a" + std::to_string(gzip));
      CHECK(data.type().words == "float32");
      CHECK(data.shape() == std::vector<std::uint64_t>{rows, columns});
      CHECK(data.read<float>() == values);
      CHECK(data.read<double>()[777] == static_cast<double>(values[777]));
      std::vector<float> part(3 * columns);
      for (const std::uint64_t from : {0, 1, 149, 298}) {
        data.read_rows(from, 3, part.data());
        CHECK(std::equal(part.begin(), part.end(), values.begin() + static_cast<std::ptrdiff_t>(from * columns)));
      }
      const auto list = root.dataset("list" + std::to_string(gzip));
      std::vector<std::int16_t> some(1000);
      list.read_rows(65000, 1000, some.data());
      CHECK(some[3] == static_cast<std::int16_t>(values[65003]));
    }
  }
  set_threads(0);
  CHECK(root.dataset("a6").storage() == "chunks of 286 x 457, shuffle, gzip 6");
  CHECK(root.dataset("a6").stored_bytes() < root.dataset("a0").stored_bytes() / 3);
}

TEST_CASE("short reads of lists are the same by any number of threads, back and forth, in the last chunk and from copies") {
  const Place place;
  constexpr std::uint64_t rows = 300007;      // the last chunk is not full
  std::vector<float> values;
  for (std::uint64_t i = 0; i < rows; ++i) values.push_back(static_cast<float>(i * 7 % 100003));
  {
    auto root = hdf5::File::create(place.path).root();
    root.write_numbers("list", hdf5::NumberType::f32, {rows}, values.data(), {4, true});
  }
  const auto root = hdf5::File::open(place.path).root();
  const hdf5::Dataset data = root.dataset("list"), copy = data;      // copies share what was unpacked last
  REQUIRE(data.storage().find("gzip") != std::string::npos);
  std::vector<int> wrong(4000, 0);
  for (const int threads : {1, 4}) {
    set_threads(threads);
    parallel_for(static_cast<int>(wrong.size()), [&](int job) {
      const std::uint64_t count = 1 + static_cast<std::uint64_t>(job) % 37, from = job % 5 == 0 ? rows - count : (static_cast<std::uint64_t>(job) * 7919) % (rows - count);
      std::vector<double> part(count);
      (job % 2 == 0 ? data : copy).read_rows(from, count, part.data());
      for (std::uint64_t i = 0; i < count; ++i) wrong[static_cast<std::size_t>(job)] += part[i] != static_cast<double>(values[from + i]) ? 1 : 0;
    });
    CHECK(std::count(wrong.begin(), wrong.end(), 0) == static_cast<std::ptrdiff_t>(wrong.size()));
  }
  set_threads(0);
  std::int16_t one = 0;      // another type from the same chunk
  data.read_rows(5, 1, &one);
  CHECK(one == 35);
  CHECK_THROWS(data.read_rows(rows - 1, 2, &one));
  CHECK_THROWS(data.read_rows(std::numeric_limits<std::uint64_t>::max(), 2, &one));
}

TEST_CASE("a chunk that cannot be unpacked leaves nothing behind for the next read") {
  const Place place;
  constexpr std::uint64_t rows = 400000;
  std::vector<std::int32_t> values;
  for (std::uint64_t i = 0; i < rows; ++i) values.push_back(static_cast<std::int32_t>((i * 2654435761U) % 1000003));
  {
    auto root = hdf5::File::create(place.path).root();
    root.write_numbers("list", hdf5::NumberType::i32, {rows}, values.data(), {4, true});
  }
  const auto bytes = std::filesystem::file_size(place.path);
  {
    std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(bytes / 2));
    file.write(std::string(64, '\x5a').data(), 64);
  }
  const auto data = hdf5::File::open(place.path).root().dataset("list");
  int failed = 0, wrong = 0;
  for (int round = 0; round < 2; ++round)
    for (std::uint64_t from = 0; from + 4 <= rows; from += 20000) {
      std::int32_t part[4] = {};
      try {
        data.read_rows(from, 4, part);
      } catch (const InputError& error) {
        ++failed;
        continue;
      }
      for (std::uint64_t i = 0; i < 4; ++i) wrong += part[i] != values[from + i] ? 1 : 0;
    }
  CHECK(failed > 0);
  CHECK(failed % 2 == 0);      // the same in both rounds
  CHECK(failed < 40);          // other chunks are read
  CHECK(wrong == 0);           // zlib's checksum finds the damage
}

TEST_CASE("integers saturate when they do not fit") {
  const Place place;
  const std::vector<std::int64_t> values = {-5, 300, std::numeric_limits<std::int64_t>::max(), 7};
  {
    auto root = hdf5::File::create(place.path).root();
    root.write_numbers("plain", hdf5::NumberType::i64, {4}, values.data());
    root.write_numbers("packed", hdf5::NumberType::i64, {4}, values.data(), {4, false});
  }
  const auto root = hdf5::File::open(place.path).root();
  for (const char* name : {"plain", "packed"}) {
    CHECK(root.dataset(name).read<std::int32_t>() == std::vector<std::int32_t>{-5, 300, std::numeric_limits<std::int32_t>::max(), 7});
    CHECK(root.dataset(name).read<std::uint8_t>() == std::vector<std::uint8_t>{0, 255, 255, 7});
  }
}

TEST_CASE("text, truths, nothing and records make the round trip") {
  const Place place;
  std::vector<std::string> texts = {"", "µ", std::string(9000, 'x')};
  for (int i = 0; i < 5000; ++i) texts.push_back("barcode " + std::to_string(i));
  const std::vector<std::int8_t> truths = {1, 0, 1};
  const std::vector<std::string> names = {"A", "Bé", ""};
  const std::vector<double> scores = {1.5, -2, 1e300};
  const std::vector<std::int16_t> pairs = {1, 2, 3, 4, 5, 6};
  {
    auto root = hdf5::File::create(place.path).root();
    root.write_text("texts", {texts.size()}, texts);
    root.write_text("one", {}, {"ein Wört"});
    root.write_text("none", {0}, {});
    root.write_truths("truths", {3}, truths.data());
    root.write_null("nothing");
    root.write_records("records", {3}, {{"a/b", hdf5::NumberType::none, false, 0, nullptr, &names}, {"scores", hdf5::NumberType::f64, false, 0, scores.data(), nullptr}, {"pairs", hdf5::NumberType::i16, false, 2, pairs.data(), nullptr}});
    root.set_flag("texts", "ordered", true);
    root.set_integers("texts", "shape", {3, -4});
    root.set_texts("texts", "empty", {});
    root.set_texts("texts", "names", names);
  }
  const auto root = hdf5::File::open(place.path).root();
  CHECK(root.dataset("texts").read_text() == texts);
  CHECK(root.dataset("one").read_text() == std::vector<std::string>{"ein Wört"});
  CHECK(root.dataset("one").shape().empty());
  CHECK(root.dataset("none").read_text().empty());
  CHECK(root.dataset("truths").type().kind == hdf5::Kind::truth);
  CHECK(root.dataset("truths").read<std::int8_t>() == truths);
  CHECK(root.dataset("nothing").is_null());
  const auto records = root.dataset("records");
  REQUIRE(records.type().fields.size() == 3);
  const auto bytes = records.read_records();
  CHECK(records.text_of_field(bytes, records.type().fields[0]) == names);
  CHECK(hdf5::Dataset::numbers_of_field<double>(bytes, records.type().bytes, records.type().fields[1]) == scores);
  CHECK(hdf5::Dataset::numbers_of_field<std::int16_t>(bytes, records.type().bytes, records.type().fields[2]) == pairs);
  const auto attributes = root.attributes_of("texts");
  CHECK(attributes.flag("ordered"));
  CHECK(attributes.integers("shape") == std::vector<std::int64_t>{3, -4});
  CHECK(attributes.texts("empty").empty());
  CHECK(attributes.texts("names") == names);
  CHECK_FALSE(attributes.is_text("shape"));
  CHECK_THROWS_WITH(attributes.text("names"), Contains("is not one text"));
  CHECK_THROWS_WITH(attributes.text("other"), Contains("has no attribute 'other'"));
  CHECK_THROWS_WITH(root.dataset("texts").read<double>(), Contains("holds text, not numbers"));
  CHECK_THROWS_WITH(root.dataset("truths").read_text(), Contains("holds bool, not text"));
  CHECK_THROWS_WITH(root.dataset("nowhere"), Contains("no such dataset"));
}

TEST_CASE("attributes are found in continued headers") {
  const Place place;
  {
    auto root = hdf5::File::create(place.path).root();
    root.write_text("a", {}, {"x"});
    for (int i = 0; i < 40; ++i) root.set_attribute("a", "attribute " + std::to_string(i), "value " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 20, '.'));
  }
  const auto root = hdf5::File::open(place.path).root();
  for (int i = 0; i < 40; ++i) CHECK(root.attributes_of("a").text("attribute " + std::to_string(i)) == "value " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 20, '.'));
}

// Written by h5py 3: rows 0-9 or 10-19 of 20 x 6 in chunks of 10 x 6, value (6 row + column) mod 7 + 1; `list`: 100 in chunks of 40, values 40-79 are 0, 1, ...
TEST_CASE("chunks that were never written read as zeros, those that were as what they hold") {
  const auto root = hdf5::File::open(hyped::tests::source_folder() + "/tests/golden/partly_written.h5").root();
  for (const std::string name : {"fletcher32", "big_endian", "big_endian_gzip", "gzip", "gzip_last", "lzf", "plain", "plain_last", "none"}) {
    INFO(name);
    const bool late = name == "gzip_last" || name == "plain_last" || name == "big_endian_gzip";
    std::vector<double> expected(120, 0.0);
    for (int i = late ? 60 : 0; i < (late ? 120 : 60) && name != "none"; ++i) expected[static_cast<std::size_t>(i)] = i % 7 + 1;
    for (const int threads : {1, 3}) {
      set_threads(threads);
      CHECK(root.dataset(name).read<double>() == expected);
      std::vector<double> row(12);
      root.dataset(name).read_rows(9, 2, row.data());
      CHECK(std::equal(row.begin(), row.end(), expected.begin() + 54));
    }
  }
  set_threads(0);
  const auto list = root.dataset("list");
  std::vector<std::int32_t> few(5);
  for (const std::uint64_t from : {3, 45, 90}) {
    list.read_rows(from, 5, few.data());
    CHECK(few == (from == 45 ? std::vector<std::int32_t>{5, 6, 7, 8, 9} : std::vector<std::int32_t>(5, 0)));
  }
  CHECK(list.read<std::int32_t>()[79] == 39);
}
