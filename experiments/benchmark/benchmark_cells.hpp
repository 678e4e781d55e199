// The cells of a benchmark: log-normalised values, what was done to each cell and where, and which genes that was meant to move.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/cells/cell_columns.hpp"
#include "libhyped/expression/sparse_rows.hpp"
#include "libhyped/observe/response_profiles.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct BenchmarkReading {
  ArmChoice arms{{}, {}, "--control"};       // --by, --control; empty: found
  std::string context;                       // column; empty: one context
  std::string replicates;                    // column of guides, donors or wells; empty: cells are drawn for intervals
  std::string matrix;                        // see ExpressionChoice
  double target = 1e4;
  std::vector<std::string> targets;          // PART=GENE[,GENE], PART=none, or none: parts that are no gene have no target
  std::vector<std::string> parts;            // LABEL=PART+PART; others: split at +, HYPED's arms by name
  std::vector<std::string> masked;           // genes that are neither learned from nor scored; of HYPED's arms also delivered and mitochondrial ones
  bool mask_mitochondrial = false;
  std::int64_t least_cells = 10;             // of a condition in a context: below it is left out, and said
};

struct BenchmarkCells {
  std::string where, unit;
  std::vector<std::string> genes;            // [G] without masked ones
  SparseRows values;                         // [C x G]
  std::vector<std::string> masked;           // genes of the data that are left out altogether
  std::vector<ResponseCondition> conditions; // [L] by name, then context; controls have no parts
  std::vector<std::int32_t> condition_of;    // [C] -1: in none
  std::vector<std::string> cell_names;       // [C]
  std::vector<std::string> replicate_names;  // [R] guides, donors or wells
  std::vector<std::int32_t> replicate_of;    // [C] -1: no name; empty: not asked for
  std::map<std::string, std::vector<std::string>> targets;      // of each part, masked ones too
  bool as_a_network_reads = false;           // from the file as hyped grn fit reads it: logarithms per 10,000 of the matrix that is found
  bool hyped = false;                        // arms of HYPED: its limits hold
  std::string control_label, arm_column, context_column;

  int index_of(const std::string& name, const std::string& context) const;      // -1: there is none
};

// Reads a file, or a folder or file of the HYPED release (made tidy first); says what was used. InputError: no control, a part without target or
// "none", a context without control, fewer than two perturbed conditions with cells, nothing left to score.
BenchmarkCells read_benchmark_cells(RunDirectory& run, const std::filesystem::path& given, const BenchmarkReading& reading);

// From values [C x G] in memory, for what is not in a file. labels and contexts [C]; contexts empty: one.
BenchmarkCells benchmark_cells_of(const std::vector<std::string>& genes, SparseRows values, const std::vector<std::string>& labels, const std::vector<std::string>& contexts,
                                  const std::vector<std::string>& cell_names, const std::string& control, const BenchmarkReading& reading, const std::string& where, std::vector<std::string>& notes);

// Guides, donors or wells by name [C], "" for none: these are drawn again for intervals and put into halves whole. InputError: no condition has two of them.
void take_replicates(BenchmarkCells& cells, const std::vector<std::string>& names, const std::string& where);

// Parts of a label: by `parts`, else of a HYPED arm, else split at +.
std::vector<std::string> parts_of_label(const std::string& label, const BenchmarkReading& reading);

}  // namespace hyped
