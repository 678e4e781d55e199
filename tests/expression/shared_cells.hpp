// Cells of the shared .h5ad files for tests: the matrix, names of genes, labels of cells.
#pragma once
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/ingest/cells/read_anndata.hpp"
#include "tests/places.hpp"

namespace hyped::testing {

// A file of the shared data folder, or an empty path, said in the log, where there is none.
inline std::filesystem::path shared_file(const std::string& name) {
  const char* set = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = set != nullptr ? std::filesystem::path(set) : std::filesystem::path(hyped::tests::source_folder()) / ".." / "shared";
  if (std::filesystem::exists(root / name)) return root / name;
  WARN("skipped: no shared data");
  return {};
}

struct SharedCells {
  AnnotatedData data;
  SparseRows matrix;                       // [N x G]
  std::vector<std::string> genes;          // [G]

  explicit SharedCells(const std::filesystem::path& path) : data(read_anndata(path).data), matrix(sparse_rows_of(std::move(data.X), "X")), genes(names_of(data.var, "var")) {}
  CellGroups groups(const std::string& column) const {
    const Labels labels = labels_of(*data.obs.find(column));
    return {labels.levels, labels.codes};
  }
  std::vector<std::string> labels(const std::string& column) const {
    const CellGroups all = groups(column);
    std::vector<std::string> out;
    for (const auto code : all.of_cell) out.push_back(code < 0 ? "" : all.names[static_cast<std::size_t>(code)]);
    return out;
  }
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
