// Tricks on cells: what tests of distributions see and means do not.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/score/audit/tricks.hpp"

namespace hyped {
namespace {

constexpr std::uint32_t shifted_stream = 0x62000000u;

using Dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

int control_of(const CellSubmission& s) { return s.groups.count() - 1; }

ProfileMatrix means_of(const CellSubmission& s) {
  ProfileMatrix out = ProfileMatrix::Zero(s.groups.count(), s.cells.columns);
  std::vector<double> cells(static_cast<std::size_t>(s.groups.count()), 0.0);
  for (int c = 0; c < s.cells.rows; ++c) {
    const int k = s.groups.of_cell[static_cast<std::size_t>(c)];
    if (k < 0) continue;
    cells[static_cast<std::size_t>(k)] += 1;
    const auto columns = s.cells.columns_of(c);
    const auto values = s.cells.values_of(c);
    for (std::size_t i = 0; i < columns.size(); ++i) out(k, columns[i]) += static_cast<double>(values[i]);
  }
  for (int k = 0; k < s.groups.count(); ++k)
    if (cells[static_cast<std::size_t>(k)] > 0) out.row(k) /= cells[static_cast<std::size_t>(k)];
  return out;
}

// Rows where `row_of` gives a dense row to write; others as they were. Values that are not above 0 become 0.
SparseRows rewritten(const SparseRows& cells, const std::function<bool(int cell, Eigen::RowVectorXd& row)>& write) {
  SparseRows out;
  out.rows = cells.rows, out.columns = cells.columns;
  Eigen::RowVectorXd row(cells.columns);
  for (int c = 0; c < cells.rows; ++c) {
    row.setZero();
    const auto columns = cells.columns_of(c);
    const auto values = cells.values_of(c);
    for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = static_cast<double>(values[i]);
    if (write(c, row)) {
      for (int g = 0; g < cells.columns; ++g)
        if (const auto value = static_cast<float>(row[g]); value > 0) out.column.push_back(g), out.value.push_back(value);
    } else {
      out.column.insert(out.column.end(), columns.begin(), columns.end()), out.value.insert(out.value.end(), values.begin(), values.end());
    }
    out.start.push_back(static_cast<std::int64_t>(out.column.size()));
  }
  return out;
}

// x -> mean + factor (x - mean), within each condition.
CellTrick variance(double factor) {
  return {factor == 0 ? "replicated_mean_cells" : "variance", factor == 0 ? "" : fmt::format("sd x {:g}", factor), factor == 0 ? "every cell of a condition is its mean" : "cells moved to or from their mean", [factor](const CellSubmission& s, const AuditScene&) {
            const ProfileMatrix means = means_of(s);
            return CellSubmission{rewritten(s.cells, [&](int c, Eigen::RowVectorXd& row) {
                                    const int k = s.groups.of_cell[static_cast<std::size_t>(c)];
                                    if (k < 0 || k == control_of(s)) return false;
                                    row = means.row(k) + factor * (row - means.row(k));
                                    return true;
                                  }),
                                  s.groups};
          }};
}

CellTrick scaled(double factor) {
  return {"scale_clipped", fmt::format("x {:g}", factor), "every cell moved along its condition's change, clipped at 0", [factor](const CellSubmission& s, const AuditScene&) {
            const ProfileMatrix means = means_of(s);
            return CellSubmission{rewritten(s.cells, [&](int c, Eigen::RowVectorXd& row) {
                                    const int k = s.groups.of_cell[static_cast<std::size_t>(c)];
                                    if (k < 0 || k == control_of(s)) return false;
                                    row += (factor - 1) * (means.row(k) - means.row(control_of(s)));
                                    return true;
                                  }),
                                  s.groups};
          }};
}

CellSubmission shifted_control(const CellSubmission& s, const AuditScene& scene) {
  const ProfileMatrix means = means_of(s);
  std::vector<int> controls;
  for (int c = 0; c < s.cells.rows; ++c)
    if (s.groups.of_cell[static_cast<std::size_t>(c)] == control_of(s)) controls.push_back(c);
  HYPED_REQUIRE(!controls.empty());
  return {rewritten(s.cells, [&](int c, Eigen::RowVectorXd& row) {
            const int k = s.groups.of_cell[static_cast<std::size_t>(c)];
            if (k < 0 || k == control_of(s)) return false;
            RandomStream random(scene.seed, shifted_stream, static_cast<std::uint32_t>(c));
            const int from = controls[std::min(controls.size() - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(controls.size())))];
            row = means.row(k) - means.row(control_of(s));
            const auto columns = s.cells.columns_of(from);
            const auto values = s.cells.values_of(from);
            for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] += static_cast<double>(values[i]);
            return true;
          }),
          s.groups};
}

}  // namespace

std::vector<CellTrick> cell_tricks() {
  std::vector<CellTrick> out = {variance(0), variance(0.3), variance(2), scaled(0.3), scaled(3)};
  out.push_back({"shifted_control", "", "control cells drawn again plus the mean change, clipped at 0", shifted_control});
  out.push_back({"label_shuffle", "", "cells handed to other conditions", [](const CellSubmission& s, const AuditScene& scene) {
                   CellSubmission shuffled = s;
                   const auto from = derangement(static_cast<std::size_t>(control_of(s)), scene.seed);
                   std::vector<std::int32_t> to(from.size());
                   for (std::size_t i = 0; i < from.size(); ++i) to[from[i]] = static_cast<std::int32_t>(i);
                   for (auto& k : shuffled.groups.of_cell)
                     if (k >= 0 && k < control_of(s)) k = to[static_cast<std::size_t>(k)];
                   return shuffled;
                 }});
  out.push_back({"log1p_twice", "", "ln(1 + x) of values that are logarithms already, control too", [](const CellSubmission& s, const AuditScene&) {
                   CellSubmission twice = s;
                   for (auto& v : twice.cells.value) v = std::log1p(v);
                   return twice;
                 }});
  return out;
}

}  // namespace hyped
