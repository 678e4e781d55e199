// Compressed rows against the dense matrix they stand for.
#include "libhyped/expression/sparse_rows.hpp"

#include <catch2/catch.hpp>

#include <Eigen/Core>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"

using namespace hyped;

namespace {
Eigen::MatrixXf dense(const SparseRows& m) {
  Eigen::MatrixXf out = Eigen::MatrixXf::Zero(m.rows, m.columns);
  for (int r = 0; r < m.rows; ++r)
    for (std::size_t i = 0; i < m.columns_of(r).size(); ++i) out(r, m.columns_of(r)[i]) = m.values_of(r)[i];
  return out;
}
SparseRows random_rows(int rows, int columns) {
  RandomStream random(7, 0, 0);
  SparseRows m;
  m.rows = rows, m.columns = columns;
  for (int r = 0; r < rows; ++r) {
    for (int c = columns - 1; c >= 0; --c)      // backwards: to be sorted; every third value is a stored zero
      if (random.uniform() < 0.2) m.column.push_back(c), m.value.push_back(random.uniform() < 0.33 ? 0.0F : static_cast<float>(1 + random.poisson(2)));
    m.start.push_back(static_cast<std::int64_t>(m.column.size()));
  }
  return m;
}
}  // namespace

TEST_CASE("rows are sorted, stored zeros dropped, and the matrix stays the same") {
  SparseRows m = random_rows(5000, 40);
  const Eigen::MatrixXf before = dense(m);
  make_rows(m);
  CHECK(dense(m) == before);
  CHECK(m.stored() == (before.array() != 0).count());
  for (int r = 0; r < m.rows; ++r) REQUIRE(std::is_sorted(m.columns_of(r).begin(), m.columns_of(r).end()));
  CHECK(dense(transposed(m)) == before.transpose());
  const std::vector<int> rows{4999, 0, 77}, columns{39, 2, 5};
  CHECK(dense(rows_of(m, rows)) == before({4999, 0, 77}, Eigen::all));
  CHECK(dense(columns_of(m, columns)) == before(Eigen::all, {39, 2, 5}));
  set_threads(1);
  const SparseRows one = transposed(m);
  set_threads(0);
  CHECK(transposed(m).column == one.column);
}

TEST_CASE("blocks of columns, put together, are the transposed matrix") {
  SparseRows m = random_rows(5000, 40);
  make_rows(m);
  const SparseRows whole = transposed(m);
  for (const int at_once : {1, 7, 39, 40, 100}) {
    ColumnBlocks blocks(m, at_once);
    SparseRows together, block;
    together.columns = m.rows;
    while (blocks.next(block)) {
      REQUIRE(blocks.first() == together.rows);
      for (int g = 0; g < block.rows; ++g) together.start.push_back(together.start.back() + static_cast<std::int64_t>(block.values_of(g).size()));
      together.column.insert(together.column.end(), block.column.begin(), block.column.end());
      together.value.insert(together.value.end(), block.value.begin(), block.value.end());
      together.rows += block.rows;
    }
    CHECK((together.rows == whole.rows && together.start == whole.start && together.column == whole.column && together.value == whole.value));
  }
}

TEST_CASE("a column named twice in a row is refused with its place") {
  SparseRows m;
  m.rows = 1, m.columns = 3;
  m.column = {2, 2}, m.value = {1, 1}, m.start = {0, 2};
  CHECK_THROWS_AS(make_rows(m), InputError);
}
