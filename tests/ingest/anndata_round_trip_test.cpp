// What is written reads back the same, in every kind of element; what cannot be written or read is said.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/dataset.hpp"
#include "libhyped/ingest/cells/backed_matrix.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "libhyped/store/write_anndata.hpp"
#include "tests/ingest/cells_content.hpp"
#include "tests/ingest/cells_example.hpp"
#include "tests/ingest/child_run.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

TEST_CASE("every kind of element makes the round trip, packed or not") {
  const Folder folder;
  const AnnotatedData example = example_cells(true);
  for (const int gzip : {0, 1, 9}) {
    write_anndata(example, folder / "a.h5ad", {gzip});
    const auto read = read_anndata(folder / "a.h5ad");
    CHECK(read.notes.empty());
    CHECK(content_of(read.data) == content_of(example));
    CHECK(read.data.layers == example.layers);      // with the widths of indices
    CHECK(read.data.uns.find("records")->as<RecordArray>()->fields == example.uns.find("records")->as<RecordArray>()->fields);
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), std::filesystem::directory_iterator()) == 1);      // no temporary file stays
}

TEST_CASE("the same values give the same bytes, whatever the threads") {
  const Folder folder;
  AnnotatedData example = example_cells(true);
  example.X = {example_matrix(23, 17, false)};
  CompressedMatrix large = example_matrix(900, 23, false, 3);
  example.uns.put("large", {large});
  set_threads(1);
  write_anndata(example, folder / "a.h5ad", {4});
  set_threads(4);
  write_anndata(example, folder / "b.h5ad", {4});
  set_threads(0);
  CHECK(bytes_of(folder / "a.h5ad") == bytes_of(folder / "b.h5ad"));
}

TEST_CASE("large matrices are packed in many chunks and read back by many threads") {
  const Folder folder;
  AnnotatedData data;
  const std::int64_t n = 4000, g = 700;
  data.X = {example_matrix(n, g, false, 5)};
  Strings cells, genes;
  for (std::int64_t i = 0; i < n; ++i) cells.push_back(std::to_string(i));
  for (std::int64_t i = 0; i < g; ++i) genes.push_back(std::to_string(i));
  data.obs.index = cells;
  data.var.index = genes;
  data.layers.put("dense", {example_array({n, g})});
  write_anndata(data, folder / "a.h5ad");
  CHECK(std::filesystem::file_size(folder / "a.h5ad") < 20e6);      // 22.4 MB of doubles alone
  for (const int threads : {1, 3}) {
    set_threads(threads);
    const auto read = read_anndata(folder / "a.h5ad").data;
    CHECK(read.X == data.X);
    CHECK(read.layers == data.layers);
  }
  set_threads(0);
}

TEST_CASE("rows come in blocks from all three forms, the same for any size of block") {
  const Folder folder;
  AnnotatedData data;
  data.obs.index = Strings(200);
  data.var.index = Strings(90);
  CompressedMatrix rows = example_matrix(200, 90, false, 5);
  const SparseRows expected = sparse_rows_of({rows}, "rows");
  data.X = {rows};
  data.layers.put("columns", {[&] {
    SparseRows turned = transposed(expected);
    CompressedMatrix out = compressed_of(std::move(turned));
    out.by_column = true;
    std::swap(out.rows, out.columns);
    return out;
  }()});
  Array dense{{200, 90}, std::vector<double>(200 * 90, 0.0)};
  for (int r = 0; r < 200; ++r)
    for (std::size_t i = 0; i < expected.columns_of(r).size(); ++i)
      std::get<std::vector<double>>(dense.values)[static_cast<std::size_t>(r) * 90 + static_cast<std::size_t>(expected.columns_of(r)[i])] = static_cast<double>(expected.values_of(r)[i]);
  data.layers.put("dense", {dense});
  write_anndata(data, folder / "a.h5ad");
  for (const char* matrix : {"X", "layers/columns", "layers/dense"})
    for (const std::uint64_t bytes : {1, 500, 3000, 100000000}) {
      INFO(matrix << " in blocks of " << bytes);
      const BackedMatrix backed(folder / "a.h5ad", matrix);
      CHECK(backed.rows() == 200);
      CHECK(backed.columns() == 90);
      SparseRows all;
      all.columns = 90;
      int blocks = 0;
      backed.each_block([&](const RowBlock& block) {
        CHECK(block.first_row == all.rows);
        CHECK((block.rows.rows == 1 || block.rows.stored() * 8 <= static_cast<std::int64_t>(bytes)));
        for (int r = 1; r <= block.rows.rows; ++r) all.start.push_back(static_cast<std::int64_t>(all.column.size()) + block.rows.start[static_cast<std::size_t>(r)]);
        all.column.insert(all.column.end(), block.rows.column.begin(), block.rows.column.end());
        all.value.insert(all.value.end(), block.rows.value.begin(), block.rows.value.end());
        all.rows += block.rows.rows;
        ++blocks;
      }, bytes);
      CHECK(all.rows == 200);
      CHECK(all.start == expected.start);
      CHECK(all.column == expected.column);
      CHECK(all.value == expected.value);
      CHECK(blocks >= (bytes == 1 ? 200 : 1));
    }
  CHECK(BackedMatrix(folder / "a.h5ad").form() == BackedMatrix::Form::compressed_rows);
  CHECK(BackedMatrix(folder / "a.h5ad", "layers/columns").form() == BackedMatrix::Form::compressed_columns);
  CHECK(BackedMatrix(folder / "a.h5ad", "layers/dense").form() == BackedMatrix::Form::dense);
  CHECK_THROWS_WITH(BackedMatrix(folder / "a.h5ad", "layers/none"), Contains("there is no such matrix"));
  CHECK_THROWS_WITH(BackedMatrix(folder / "a.h5ad", "obs"), Contains("no sparse matrix"));
}

TEST_CASE("names that a file cannot hold are refused, and nothing is left") {
  const Folder folder;
  AnnotatedData data;
  data.obs.index = Strings{"a"};
  data.var.index = Strings{"g"};
  data.uns.put("with/slash", {TextArray{{}, {"x"}}});
  CHECK_THROWS_WITH(write_anndata(data, folder / "a.h5ad"), Contains("cannot hold the name 'with/slash'"));
  data.uns = {};
  data.obs.put("_index", Strings{"x"});
  CHECK_THROWS_WITH(write_anndata(data, folder / "a.h5ad"), Contains("cannot hold a column called '_index'"));
  data.obs = {};
  data.obs.index = Strings{"a"};
  data.layers.put("wrong", {example_matrix(2, 1, false)});
  CHECK_THROWS_WITH(write_anndata(data, folder / "a.h5ad"), Contains("layers/wrong") && Contains("is 2 x 1 and should be 1 x 1"));
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK_THROWS_AS(write_anndata({}, folder.path / "no" / "folder.h5ad"), InputError);
}

TEST_CASE("files that are something else are named") {
  const Folder folder;
  CHECK_THROWS_WITH(read_anndata(folder / "none.h5ad"), Contains("does not exist"));
  write_bytes(folder / "text.h5ad", "barcode,count\n");
  CHECK_THROWS_WITH(read_anndata(folder / "text.h5ad"), Contains("is not an HDF5 file"));
  { auto root = hdf5::File::create(folder / "other.h5ad").root(); root.create("run"); root.create("fit"); }
  CHECK_THROWS_WITH(read_anndata(folder / "other.h5ad"), Contains("is no AnnData file: it holds fit, run and no obs and var"));
  { auto root = hdf5::File::create(folder / "tenx.h5").root(); root.write_text("matrix/barcodes", {1}, {"A"}); }
  CHECK_THROWS_WITH(read_anndata(folder / "tenx.h5"), Contains("a matrix of 10x Genomics"));
}

TEST_CASE("what is not read is said: awkward arrays, unknown encodings, strangers at the root") {
  const Folder folder;
  write_anndata(example_cells(true), folder / "a.h5ad");
  AnnotatedData expected = example_cells(true);
  {
    // appended as another writer would: HDF5 opens a file to write only through create, so the parts are copied
    auto root = hdf5::File::create(folder / "b.h5ad").root();
    root.set_attribute(".", "encoding-type", std::string("anndata"));
    root.set_attribute(".", "encoding-version", std::string("0.1.0"));
    for (const char* name : {"obs", "var"}) {
      auto frame = root.create(name);
      frame.set_attribute(".", "encoding-type", std::string("dataframe"));
      frame.set_attribute(".", "encoding-version", std::string("0.3.0"));
      frame.set_attribute(".", "_index", std::string("_index"));
      frame.set_texts(".", "column-order", {});
      frame.write_text("_index", {2}, {"a", "b"});
    }
    auto uns = root.create("uns");
    auto awkward = uns.create("lists");
    awkward.set_attribute(".", "encoding-type", std::string("awkward-array"));
    awkward.set_attribute(".", "encoding-version", std::string("0.1.0"));
    auto strange = uns.create("strange");
    strange.set_attribute(".", "encoding-type", std::string("hologram"));
    strange.write_text("inside", {}, {"x"});
    root.create("spatial");
  }
  const auto read = read_anndata(folder / "b.h5ad");
  const auto noted = [&](const std::string& text) { return std::any_of(read.notes.begin(), read.notes.end(), [&](const auto& note) { return note.find(text) != note.npos; }); };
  CHECK(noted("uns/lists: awkward arrays"));
  CHECK(noted("uns/strange: encoding 'hologram'"));
  CHECK(noted("spatial: is no part of AnnData"));
  CHECK(read.data.cells() == 2);
  CHECK(read.data.uns.find("strange")->as<Dict>()->find("inside") != nullptr);
}

TEST_CASE("parts that are not wanted are not read") {
  const Folder folder;
  write_anndata(example_cells(true), folder / "a.h5ad");
  const auto read = read_anndata(folder / "a.h5ad", {{"X", "layers/dense", "obsm", "raw/X"}, true}).data;
  CHECK(read.X.empty());
  CHECK(read.layers.names == Strings{"columns", "wide"});
  CHECK(read.obsm.names.empty());
  CHECK(read.raw->X.empty());
  CHECK(read.raw->var.rows() == 20);
  const auto items = stored_items(folder / "a.h5ad");
  const auto find = [&](const std::string& path) { return *std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.path == path; }); };
  CHECK(find("X").encoding == "csr_matrix 0.1.0");
  CHECK(find("X").type == "float32, indices int32");
  CHECK(find("layers/dense").shape == "23 x 17");
  CHECK(find("obs/categories").encoding == "categorical 0.2.0");
  CHECK(find("obs/nullable_text").encoding == "nullable-string-array 0.1.0");
}

TEST_CASE("matrices that contradict themselves are refused with the place") {
  const Folder folder;
  const auto with_matrix = [&](const std::vector<std::int64_t>& shape, const std::vector<std::int32_t>& index, const std::vector<std::int32_t>& start, std::size_t values) {
    {
      auto root = hdf5::File::create(folder / "m.h5ad").root();
      for (const char* name : {"obs", "var"}) {
        auto frame = root.create(name);
        frame.set_attribute(".", "encoding-type", std::string("dataframe"));
        frame.set_attribute(".", "encoding-version", std::string("0.2.0"));
        frame.set_attribute(".", "_index", std::string("_index"));
        frame.set_texts(".", "column-order", {});
        frame.write_text("_index", {2}, {"a", "b"});
      }
      auto x = root.create("X");
      x.set_attribute(".", "encoding-type", std::string("csr_matrix"));
      x.set_attribute(".", "encoding-version", std::string("0.1.0"));
      x.set_integers(".", "shape", shape);
      x.write_numbers("indices", hdf5::NumberType::i32, {index.size()}, index.data());
      x.write_numbers("indptr", hdf5::NumberType::i32, {start.size()}, start.data());
      const std::vector<float> data(values, 1.0F);
      x.write_numbers("data", hdf5::NumberType::f32, {values}, data.data());
    }
    return read_anndata(folder / "m.h5ad").data.X.as<CompressedMatrix>()->stored();
  };
  CHECK(with_matrix({2, 2}, {0, 1, 0}, {0, 2, 3}, 3) == 3);
  CHECK_THROWS_WITH(with_matrix({2, 2}, {0, 2, 0}, {0, 2, 3}, 3), Contains("value 2 stands at place 2 of 2"));
  CHECK_THROWS_WITH(with_matrix({2, 2}, {0, -1, 0}, {0, 2, 3}, 3), Contains("value 2 stands at place -1 of 2"));
  CHECK_THROWS_WITH(with_matrix({2, 2}, {0, 1, 0}, {0, 4, 3}, 3), Contains("do not ascend"));
  CHECK_THROWS_WITH(with_matrix({2, 2}, {0, 1, 0}, {0, 2, 3}, 2), Contains("has 3 indices and 2 values"));
  CHECK_THROWS_WITH(with_matrix({3, 2}, {0, 1, 0}, {0, 2, 3}, 3), Contains("is 3 x 2 and has 3 row starts"));
  CHECK_THROWS_WITH(with_matrix({2, 5}, {0, 1, 0}, {0, 2, 3}, 3), Contains("X") && Contains("is 2 x 5 and should be 2 x 2"));
  CHECK_THROWS_WITH(with_matrix({2, std::int64_t{1} << 40}, {0, 1, 0}, {0, 2, 3}, 3), Contains("larger than can be read"));
}
