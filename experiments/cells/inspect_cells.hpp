// What is in an .h5ad file or a matrix folder, told without loading its matrices.
#pragma once
#include <filesystem>
#include <string>

#include "experiments/inspect.hpp"

namespace hyped {

struct CellsInspection {
  Inspection about;        // facts and doubts
  Table matrices;          // what each matrix of cells x genes holds, and why
  Table columns;           // of obs and var, with their values
  Table items;             // everything in the file and how it is stored
};

// `file` is an .h5ad file or a matrix folder. InputError if it cannot be read.
CellsInspection inspect_cells(const std::filesystem::path& file);
// `all`: with the table of items.
std::string to_terminal(const CellsInspection& inspection, bool all);

}  // namespace hyped
