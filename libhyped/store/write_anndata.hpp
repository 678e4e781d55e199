// Annotated data to an .h5ad file that anndata 0.8 and later opens.
#pragma once
#include <filesystem>

#include "libhyped/expression/annotated_data.hpp"

namespace hyped {

struct AnndataWriting {
  int gzip = 4;      // level for matrices and tables of numbers; 0: not packed
};

// Everything in `data` in the encodings of anndata 0.8, in its stored types: what read_anndata read is written without loss. Two
// encodings are younger than 0.8 and are written only if the data hold them: nothing (0.11) and nullable text (0.11). Written under
// another name beside `file` and then renamed. InputError for names that HDF5 or anndata cannot hold, and if the disk is full.
void write_anndata(const AnnotatedData& data, const std::filesystem::path& file, const AnndataWriting& writing = {});

}  // namespace hyped
