// Matrix folders and .h5ad files to one tidy .h5ad; several libraries are joined.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libhyped/expression/join_libraries.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct CellsConversion {
  using Named = std::pair<std::string, std::filesystem::path>;      // name of the library (empty: none), folder or file
  std::vector<Named> libraries, transcripts;                        // transcripts: matrices of isoforms, by the library's name
  std::filesystem::path transcript_genes;                           // table or annotation: the gene of each transcript
  JoinOptions join;
  bool keep_suffix = false;
  bool by_rows = false;                                             // X as compressed rows of 32-bit floats, whatever it was
  int gzip = 4;
};

// Writes data/cells.h5ad and the table of libraries. One library without a name is written as it is; else cells are called
// BARCODE_LIBRARY and have the column library.
void run_convert_cells(RunDirectory& run, const CellsConversion& settings);

}  // namespace hyped
