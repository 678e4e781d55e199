// HDF5 files behind values that close themselves: groups, attributes, matrices of doubles, lists of strings.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hyped::hdf5 {

class Attributes;
class Dataset;

std::string library_version();

// One identifier of the library, closed by its own function.
class Handle {
 public:
  using Close = int (*)(std::int64_t);
  Handle() = default;
  Handle(std::int64_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();
  std::int64_t id() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
};

enum class NumberType { none, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 };

// How a dataset of one dimension or more is written: contiguous, or in chunks of about half a megabyte.
struct Packing {
  int gzip = 0;                // level 1 to 12 with shuffle; 0: as it is
  bool extendable = false;     // the first dimension may grow: in chunks
  bool shuffle = true;         // before gzip
  std::vector<std::uint64_t> chunk = {};      // of this shape instead; only with gzip
};

// One field of records to write: numbers, truths or text of `width` values a row (0: one that is no array).
struct RecordField {
  std::string name;
  NumberType number = NumberType::none;      // none: text
  bool truth = false;
  std::uint64_t width = 0;
  const void* numbers = nullptr;
  const std::vector<std::string>* text = nullptr;
};

// A group; names may be paths ("fit/starts"). Reading what is not there, or of another kind, is an InputError that names
// file and path; writing twice to one name is a BugError.
class Group {
 public:
  Group create(const std::string& name);                // missing parents are made
  Group open(const std::string& name) const;
  bool has(const std::string& name) const;
  bool is_group(const std::string& name) const;
  std::vector<std::string> children() const;            // sorted

  void write(const std::string& name, const Eigen::MatrixXd& values);      // stored row by row, [rows x columns]
  void write(const std::string& name, const std::vector<std::string>& values);
  Eigen::MatrixXd read_matrix(const std::string& name) const;              // a vector is one column
  std::vector<std::string> read_strings(const std::string& name) const;
  bool holds_strings(const std::string& name) const;

  // Whatever is stored, by type (dataset.hpp).
  Dataset dataset(const std::string& name) const;
  Attributes attributes_of(const std::string& name) const;                 // "." for the group itself
  bool is_elsewhere(const std::string& name) const;                        // a link into another file
  std::uint64_t address(const std::string& name) const;                    // the same for two names of one object
  std::uint64_t file_bytes() const;                                        // of the whole file
  const std::string& where() const { return where_; }

  // Writing in the types of NumPy and anndata. Text is UTF-8 of variable length; no shape: one value.
  void write_numbers(const std::string& name, NumberType type, const std::vector<std::uint64_t>& shape, const void* values, const Packing& packing = {});
  void write_truths(const std::string& name, const std::vector<std::uint64_t>& shape, const std::int8_t* values, const Packing& packing = {});
  void write_text(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<std::string>& values);
  void write_null(const std::string& name);                                // a float of no shape
  void write_records(const std::string& name, const std::vector<std::uint64_t>& shape, const std::vector<RecordField>& fields);
  void set_flag(const std::string& name, const std::string& attribute, bool value);
  void set_integers(const std::string& name, const std::string& attribute, const std::vector<std::int64_t>& values);
  void set_integer(const std::string& name, const std::string& attribute, std::int64_t value);      // one value, of no shape
  void set_texts(const std::string& name, const std::string& attribute, const std::vector<std::string>& values);      // a list of none is a list

  // Attributes of the object `name`, "." for the group itself.
  void set_attribute(const std::string& name, const std::string& attribute, const std::string& value);
  void set_attribute(const std::string& name, const std::string& attribute, const std::vector<std::string>& values);
  void set_attribute(const std::string& name, const std::string& attribute, double value);
  bool has_attribute(const std::string& name, const std::string& attribute) const;
  std::string string_attribute(const std::string& name, const std::string& attribute) const;
  std::vector<std::string> strings_attribute(const std::string& name, const std::string& attribute) const;
  double number_attribute(const std::string& name, const std::string& attribute) const;
  std::vector<std::string> attributes(const std::string& name) const;

 private:
  friend class File;
  Group(Handle handle, std::string where) : handle_(std::move(handle)), where_(std::move(where)) {}
  std::string at(const std::string& name) const { return where_ + "/" + name; }
  Handle handle_;
  std::string where_;      // "file:/path", for errors
};

class File {
 public:
  static File create(const std::filesystem::path& path);      // replaces
  static File open(const std::filesystem::path& path);        // to read
  Group root() const;

 private:
  File(Handle handle, std::string path) : handle_(std::move(handle)), path_(std::move(path)) {}
  Handle handle_;
  std::string path_;
};

}  // namespace hyped::hdf5
