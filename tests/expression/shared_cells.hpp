// Cells of the shared .h5ad files for tests: the matrix, names of genes, labels of cells, read with the HDF5 primitives alone.
#pragma once
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/hdf5/file.hpp"

namespace hyped::testing {

// A file of the shared data folder, or an empty path, said in the log, where there is none.
inline std::filesystem::path shared_file(const std::string& name) {
  const char* set = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(HYPED_SOURCE_DIR) / ".." / "shared";
  if (std::filesystem::exists(root / name)) return root / name;
  WARN("skipped: no shared data");
  return {};
}

struct SharedCells {
  hdf5::File file;
  SparseRows matrix;                       // [N x G]
  std::vector<std::string> genes;          // [G]

  explicit SharedCells(const std::filesystem::path& path) : file(hdf5::File::open(path)) {
    const auto root = file.root();
    genes = root.read_strings("var/" + root.string_attribute("var", "_index"));
    const Eigen::MatrixXd start = root.read_matrix("X/indptr"), index = root.read_matrix("X/indices"), value = root.read_matrix("X/data");
    matrix.rows = static_cast<int>(start.size()) - 1;
    matrix.columns = static_cast<int>(genes.size());
    matrix.start.clear();
    for (Eigen::Index i = 0; i < start.size(); ++i) matrix.start.push_back(static_cast<std::int64_t>(start(i)));
    for (Eigen::Index i = 0; i < index.size(); ++i) matrix.column.push_back(static_cast<std::int32_t>(index(i))), matrix.value.push_back(static_cast<float>(value(i)));
    make_rows(matrix);
  }
  std::vector<std::string> labels(const std::string& column) const {
    const auto root = file.root();
    const auto categories = root.read_strings("obs/" + column + "/categories");
    const Eigen::MatrixXd codes = root.read_matrix("obs/" + column + "/codes");
    std::vector<std::string> out;
    for (Eigen::Index i = 0; i < codes.size(); ++i) out.push_back(codes(i) < 0 ? "" : categories[static_cast<std::size_t>(codes(i))]);
    return out;
  }
  CellGroups groups(const std::string& column) const { return group_cells(labels(column)); }
};

// log(1 + 10,000 count / total), total over the genes at hand; computed in double, rounded once.
inline SparseRows log_cp10k(SparseRows counts) {
  for (int r = 0; r < counts.rows; ++r) {
    double total = 0;
    for (const float v : counts.values_of(r)) total += static_cast<double>(v);
    for (float& v : counts.values_of(r)) v = static_cast<float>(std::log1p(static_cast<double>(v) / total * 1e4));
  }
  return counts;
}

}  // namespace hyped::testing
