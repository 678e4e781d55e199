// Datasets and attributes as they are stored: types, shapes checked against the file before memory is taken, rows read by type.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libhyped/hdf5/file.hpp"

namespace hyped::hdf5 {

enum class Kind { number, truth, text, records, other };      // truth: an enumeration of one byte, FALSE and TRUE

// One field of a compound type; `length` values of `bytes` each (length 1: it may still be an array of one).
struct StoredField {
  std::string name;
  Kind kind = Kind::other;
  NumberType number = NumberType::none;
  bool native = false, variable = false, array = false;
  std::size_t offset = 0, bytes = 0, length = 1;
};

struct StoredType {
  Kind kind = Kind::other;
  NumberType number = NumberType::none;      // for truth: of the integers it is stored as; a half-precision float is read as f32
  bool native = false;                       // the file's bytes are this machine's
  bool variable = false;                     // text of variable length, in the file's heap
  std::size_t bytes = 0;                     // of one element
  std::vector<StoredField> fields;           // of records
  std::string words;                         // "float32", "text", "records of 9 fields", ...
};

struct ChunkLayout;      // internal
class Dataset;

// Attributes of one object. Reading one that is not there, or of another kind, is an InputError.
class Attributes {
 public:
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;
  bool is_text(const std::string& name) const;
  std::string text(const std::string& name) const;                        // one string; scalar or a list of one
  std::vector<std::string> texts(const std::string& name) const;          // empty if the list is empty, of whatever type
  std::vector<std::int64_t> integers(const std::string& name) const;
  bool flag(const std::string& name) const;                               // a truth or an integer
  std::optional<Dataset> referenced(const std::string& name) const;       // what an object reference points to; none if it is no reference

 private:
  friend class Group;
  friend class Dataset;
  Attributes(Handle object, std::string where) : object_(std::move(object)), where_(std::move(where)) {}
  Handle object_;
  std::string where_;
};

// Opening checks what the dataset says of itself: InputError if it declares more than the file can hold, or if it is packed by a
// filter that is not there. Values that were never written are zeros, up to 16 MiB of them; above that they are missing.
class Dataset {
 public:
  const std::vector<std::uint64_t>& shape() const { return shape_; }      // empty: one value
  bool is_null() const { return null_; }                                  // of no shape and no value
  std::uint64_t size() const;                                             // values
  std::uint64_t rows() const { return shape_.empty() ? 1 : shape_[0]; }
  std::uint64_t row_size() const;                                         // values a row
  const StoredType& type() const { return type_; }
  std::string storage() const;                                            // "contiguous" or "chunks of 44 x 96, gzip 4"
  std::uint64_t stored_bytes() const { return stored_bytes_; }
  const std::string& where() const { return where_; }
  Attributes attributes() const;

  // Rows [from, from + count) of numbers or truths, converted to T as HDF5 does (integers saturate); `to` has count * row_size()
  // places. Chunks are unpacked in parallel. T: the integers of 8 to 64 bits, float, double.
  template <class T>
  void read_rows(std::uint64_t from, std::uint64_t count, T* to) const;
  template <class T>
  std::vector<T> read() const;                                            // everything, row-major
  std::vector<std::string> read_text() const;                             // fixed or variable, up to its first NUL
  // The bytes of all records, as stored; fields are found in them by their offsets.
  std::vector<std::byte> read_records() const;
  template <class T>
  static std::vector<T> numbers_of_field(const std::vector<std::byte>& records, std::size_t record_bytes, const StoredField& field);
  std::vector<std::string> text_of_field(const std::vector<std::byte>& records, const StoredField& field) const;

 private:
  friend class Group;
  friend class Attributes;
  template <class T>
  void read_own_rows(std::uint64_t from, std::uint64_t count, T* to) const;      // of chunks we unpack
  Dataset(Handle handle, std::string where);
  void check_size();
  std::vector<std::byte> read_bytes() const;      // of all elements, as stored
  std::shared_ptr<Handle> handle_;                // shared: copies of a Dataset are the same dataset
  std::string where_;
  std::vector<std::uint64_t> shape_;
  StoredType type_;
  bool null_ = false, complete_ = true;
  std::uint64_t stored_bytes_ = 0, file_bytes_ = 0;
  std::uint64_t data_offset_ = ~std::uint64_t{0};      // in the file, of contiguous values; all ones: there is none
  std::shared_ptr<const ChunkLayout> chunks_;      // null: contiguous or compact; shared with copies
  struct LastChunk;
  std::shared_ptr<LastChunk> last_;                // of one dimension: the chunk unpacked last, for short reads one after another
};

}  // namespace hyped::hdf5
