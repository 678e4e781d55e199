// One element of an AnnData file by its encoding; internal to this folder.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "libhyped/expression/annotated_data.hpp"
#include "libhyped/hdf5/dataset.hpp"

namespace hyped {

// Rows [from, from + count) in the type stored; half-precision floats as 32-bit ones.
Numbers read_numbers(const hdf5::Dataset& dataset, std::uint64_t from, std::uint64_t count);
Numbers read_numbers(const hdf5::Dataset& dataset);

// The parts of a compressed matrix on disk, new or old; empty if the group is none. Checked: lengths of the parts against the shape.
struct StoredMatrix {
  bool by_column = false;
  std::int64_t rows = 0, columns = 0;
  std::vector<std::int64_t> start;      // ascending from 0 to the number of values
  hdf5::Dataset index, values;
  bool wide_index = false, wide_start = false;
};
std::optional<StoredMatrix> stored_matrix(const hdf5::Group& group);
// InputError unless every index is below `limit`; `first` is the place of the first of them in the matrix.
void check_indices(const std::vector<std::int32_t>& index, std::int64_t limit, std::int64_t first, const std::string& where);

// What is said of an object: its encoding and version, empty if nothing is.
struct Encoding {
  std::string type, version;
};
Encoding encoding_of(const hdf5::Attributes& attributes);

class ElementReader {
 public:
  ElementReader(const hdf5::Group& root, std::vector<std::string> without) : left_(root.file_bytes() / 64 + 1000), without_(std::move(without)) {}
  // None if it is of a kind that is not read, or not wanted; the notes say which is not read.
  std::optional<Element> read(const hdf5::Group& parent, const std::string& name, const std::string& path, int depth = 0);
  DataFrame read_frame(const hdf5::Group& parent, const std::string& name, const std::string& path);
  Dict read_dict(const hdf5::Group& parent, const std::string& name, const std::string& path, int depth = 0);
  bool wanted(const std::string& path) const;
  std::vector<std::string> take_notes() { return std::move(notes_); }
  void note(std::string text) { notes_.push_back(std::move(text)); }

 private:
  std::optional<Element> read_dataset(const hdf5::Dataset& dataset, const Encoding& encoding, const std::string& path);
  Element read_matrix(const StoredMatrix& stored);
  Element read_categorical(const hdf5::Group& group, const std::string& path, int depth);
  Element read_nullable(const hdf5::Group& group, const Encoding& encoding, const std::string& path, int depth);
  std::optional<DataColumn> read_column(const hdf5::Group& group, const std::string& name, const std::string& path, std::int64_t rows);
  std::uint64_t left_;      // objects the file has room for
  std::vector<std::string> without_, notes_;
};

// Fields of records as columns, the first as the index: tables of anndata 0.6 and older.
DataFrame frame_of_records(const RecordArray& records, const std::string& where);

}  // namespace hyped
