// AnnData files (.h5ad) of every version, from the first compound tables (0.5) to nullable text (0.12), read as they are stored.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"

namespace hyped {

struct AnndataReading {
  std::vector<std::string> without;      // what is not read: "X", "layers", "layers/log_norm", "raw", "obsp", ...
  bool check_first = true;               // walk through the file in a child process before: the HDF5 library crashes on some damaged ones
};

struct ReadAnndata {
  AnnotatedData data;
  std::string version;                   // in words: "anndata 0.8 or newer", "anndata 0.7", "anndata 0.6 or older"
  std::vector<std::string> notes;        // what was not read, or is elsewhere now; unknown versions of encodings
};

// InputError, naming file and path, for what is no AnnData file, damaged, packed by a filter that is not installed, or of parts that
// do not fit together. Nothing declared is believed before the file is seen to hold it: memory stays within a small multiple of what
// the file can unpack to. Old forms become new ones as in anndata: categories found in uns, neighbours' matrices moved to obsp.
ReadAnndata read_anndata(const std::filesystem::path& file, const AnndataReading& reading = {});

// One dataset or group of the file and how it is stored.
struct StoredItem {
  std::string path, encoding, type, shape, storage;      // encoding: "csr_matrix 0.1.0", empty if the file does not say
  std::uint64_t bytes = 0;                               // in the file
};
// Everything in the file by path, values unread; items of tables are their columns.
std::vector<StoredItem> stored_items(const std::filesystem::path& file);

// Walks through the structure of an HDF5 file in a child process: InputError if that crashes or does not end. The child reads all
// attributes, types and text, which is where the library follows addresses in the file without checking them.
void check_structure(const std::filesystem::path& file);

}  // namespace hyped
