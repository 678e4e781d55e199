// What a matrix of cells x genes holds, from its values alone: counts, logarithms of normalised counts, scaled values, or something else.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

enum class MatrixKind { counts, log_normalised, normalised, scaled, unknown };
std::string_view to_string(MatrixKind kind);

struct MatrixSurvey {
  // How many values are of a kind, and where the first of them is (0-based; -1: nowhere).
  struct Found {
    std::int64_t count = 0, row = -1, column = -1;
    float value = 0;
  };
  std::int64_t rows = 0, columns = 0, nonzero = 0, empty_rows = 0;
  double least = 0, greatest = 0;              // of all values, zeros among them
  Found not_finite, negative, fractional;
  std::vector<double> row_sums;                // [rows]
  std::vector<std::int64_t> row_nonzeros;      // [rows]
  double log_target = 0;                       // what expm1 of every cell sums to; 0 if they differ
  double target = 0;                           // what every cell sums to; 0 if they differ
  // Of cells with three or more values: the share in which expm1(x) are whole multiples of the smallest, so that counts can be had
  // back up to one factor a cell.
  double counts_in_logs = 0;
  MatrixKind kind = MatrixKind::unknown;
  std::string why;                             // how the kind was told, with the numbers it rests on

  double density() const { return rows > 0 && columns > 0 ? static_cast<double>(nonzero) / static_cast<double>(rows) / static_cast<double>(columns) : 0; }
};

// Blocks of rows in their order. What the survey says does not depend on the blocks.
class MatrixSurveyor {
 public:
  void see(std::int64_t first_row, const SparseRows& block);
  MatrixSurvey finish();

 private:
  MatrixSurvey out_;
  std::vector<double> log_sums_;      // of expm1 [rows]
  std::int64_t judged_ = 0, whole_ = 0;
};

}  // namespace hyped
