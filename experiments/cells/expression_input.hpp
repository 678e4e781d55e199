// What a comparison of arms takes from an .h5ad file: log-normalised values or counts by gene, names, and groups of cells by column.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

enum class ExpressionUse { log_values, counts };

struct ExpressionChoice {
  ExpressionUse use = ExpressionUse::log_values;
  std::string matrix;            // "X", "layers/NAME" or "raw/X"; empty: found by what the matrices hold
  double target = 1e4;           // counts that have to be normalised first: to this total of a cell
};

struct ExpressionInput {
  std::string where;                         // the file
  AnnotatedData data;                        // obs, var, obsm and uns; no matrices
  std::vector<std::string> genes;            // [G]
  SparseRows by_gene;                        // [G x N] log1p values, or counts
  std::vector<std::pair<std::string, std::string>> facts;      // what was used and why
  std::vector<std::string> notes;
};

// log_values: X if it is log-normalised, else the first layer that is, else counts (normalised here). counts: the first matrix of counts.
// InputError: no such matrix (says what each one is), repeated genes, NaN or negative values (names gene and cell).
ExpressionInput read_expression(const std::filesystem::path& file, const ExpressionChoice& choice);

// Groups of cells by a column of obs; `only` (if any) in that order. InputError that lists the columns, or the labels.
CellGroups groups_by(const DataFrame& obs, const std::string& column, const std::vector<std::string>& only, const std::string& where);

// Prints facts and notes of the input and stores them with the run.
void state_input(RunDirectory& run, const ExpressionInput& input);
// The limits of the design as warnings or notes of the run: notes for HYPED (they hold for every run), a warning else.
void state_limits(RunDirectory& run, const CellGroups& arms, const CellGroups* replicates, const std::string& replicate_column);

}  // namespace hyped
