// HDF5 files behind values that close themselves: groups, attributes, matrices of doubles, lists of strings.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hyped::hdf5 {

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
