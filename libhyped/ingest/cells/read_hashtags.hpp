// Hashtag reads per cell, by library, from an AnnData file like HYPED's or a table.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/hashtags/hashtag_counts.hpp"

namespace hyped {

struct HashtagLibrary {
  std::string name;                        // of the data set; "all cells" if the file does not say
  std::vector<std::string> barcodes;       // [N]
  HashtagCounts counts;
  std::vector<std::string> assigned;       // [N] the file's own label, empty: none; empty vector: the file has no such column
  int without_reads = 0;                   // cells with missing counts: taken as no reads
};

struct HashtagFile {
  std::vector<HashtagLibrary> libraries;   // in order of first appearance
  std::vector<std::string> notes;          // what was decided
};

// .h5ad: columns of obs that end in "-fb_counts" or "_fb_counts" (totals aside), libraries by the column `dataset`, a hashtag belongs to
// the libraries in which it has a count. Tables: a column barcode, cell_barcode or cell, one column of whole numbers per hashtag (a
// "chunk_<n>_" before the name is dropped), rows of one barcode and columns of one hashtag are added up; libraries by `dataset` or `library`.
// InputError for no hashtag columns, counts that are negative or not whole.
HashtagFile read_hashtags(const std::filesystem::path& file);

// What is true of each cell of a twin, by barcode: column true_class ("A", "A+B", "negative") of its cells_truth.tsv.
std::vector<std::string> read_true_classes(const std::filesystem::path& file, const std::vector<std::string>& barcodes);

}  // namespace hyped
