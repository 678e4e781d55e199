// Which conditions are learned from and which are predicted, as a list that is written to a file and read back.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/benchmark/benchmark_cells.hpp"

namespace hyped {

enum class SplitKind { condition, stratum, dual, context, phase, held_out, file };
// condition: one label out of all its contexts; stratum: one label out of one context; dual: all combinations, learned from the rest; context (phase):
// all perturbed conditions of one context, controls of it stay; held_out: a share of the labels together, drawn by the seed.
SplitKind split_kind_of(const std::string& word);      // InputError; "file" is not a word: a path is given
std::string_view to_string(SplitKind kind);

struct SplitCondition {
  std::string name, context;
  bool operator==(const SplitCondition&) const = default;
};
struct SplitFold {
  std::string name;
  std::vector<SplitCondition> train, test;      // controls are not listed: those of all contexts are there
  bool operator==(const SplitFold&) const = default;
};
struct BenchmarkSplit {
  std::string kind;
  std::uint64_t seed = 1;      // of held_out, and of the halves of cells
  std::vector<SplitFold> folds;
  bool operator==(const BenchmarkSplit&) const = default;
};

// share: of the labels, for held_out. InputError: a kind that these cells do not allow (says why).
BenchmarkSplit make_split(const BenchmarkCells& cells, SplitKind kind, std::uint64_t seed, double share);

// One line a fold, role and condition: kind, seed, fold, role, condition, context. write(read(file)) is the file to the byte.
std::string split_text(const BenchmarkSplit& split);
BenchmarkSplit read_split(const std::filesystem::path& file);
// InputError: conditions the cells do not have, one that is learned from and tested in a fold, one tested in two folds, nothing to test.
void check_split(const BenchmarkSplit& split, const BenchmarkCells& cells, const std::string& where);

// What of the truth the learning side may have seen.
struct Leak {
  std::string check;
  std::int64_t count = 0;
  bool leaks = false;          // false: a fact to know
  std::string words;
};
// Shared control cells, cells that are equal in all values and stand on both sides of a fold, cells of one name, targets of tested conditions among the scored genes,
// tested labels that are learned in another context, and how many parts of tested conditions were learned alone.
std::vector<Leak> leaks_of(const BenchmarkCells& cells, const BenchmarkSplit& split, bool shared_control);

// Two numbers for each cell that say all its values; cells without a value have zeros.
std::vector<std::pair<std::uint64_t, std::uint64_t>> cell_hashes(const SparseRows& values);

// Half of each cell, 0 or 1, equal numbers in each condition to one; by the seed and the name of the cell, so that the order of rows does not count.
std::vector<std::uint8_t> cell_halves(const BenchmarkCells& cells, std::uint64_t seed, std::uint32_t draw);

}  // namespace hyped
