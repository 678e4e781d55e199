// Results of independent jobs kept as they come, so that a killed run goes on where it was.
#pragma once
#include <Eigen/Core>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fitting/run_lock.hpp"
#include "libhyped/errors.hpp"

namespace hyped {

// One job's result as numbers and an outcome; what the numbers are is its owner's business.
struct Record {
  std::vector<double> values;
  Outcome outcome;
  std::vector<std::string> texts = {};
};

// The records of one run in an HDF5 journal (libhyped/hdf5/journal.hpp). Keys are "what/number": fit/starts/3. Safe from any thread.
class RecordStore {
 public:
  // What makes a run this run: scenario, data, seed, settings. Another identity in an earlier file is an InputError.
  using Identity = std::map<std::string, std::string>;
  // With `resume` the records of an earlier life at `file` are read first (InputError if there is none, if it is of another run
  // or cannot be read at all). Without it an earlier file with records is an InputError: no work is thrown away unasked. While the
  // store lives its process alone works on the run (FILE.lock); another is refused, with or without `resume`.
  RecordStore(std::filesystem::path file, const Identity& identity, bool resume);
  ~RecordStore();
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;

  std::optional<Record> find(const std::string& key) const;
  void keep(const std::string& key, const Record& record);
  int found() const { return found_; }                // records of the earlier life
  std::size_t lost_bytes() const { return lost_bytes_; }      // of it that could not be read
  // The run is complete: the file is removed. Without this it stays, unless it is empty.
  void finish();

 private:
  struct Writer;
  std::filesystem::path file_;
  std::unique_ptr<RunLock> lock_;
  std::map<std::string, Record> known_;
  std::unique_ptr<Writer> writer_;
  mutable std::mutex mutex_;
  int found_ = 0;
  std::size_t lost_bytes_ = 0, kept_ = 0;
  bool finished_ = false;
};

// A part of a store, or nothing: then every job is done and nothing kept.
struct Records {
  RecordStore* store = nullptr;
  std::string prefix;
  Records in(const std::string& part) const { return {store, store == nullptr ? "" : prefix + part + "/"}; }

  // The record of a job: as kept, or made now and kept.
  template <class Make>
  Record job(const std::string& name, const Make& make) const {
    if (store == nullptr) return make();
    const std::string key = prefix + name;
    if (auto kept = store->find(key)) return *kept;
    Record made = make();
    store->keep(key, made);
    return made;
  }
};

// Numbers and texts in and out of a record, each in the same order.
class RecordWriter {
 public:
  RecordWriter& operator<<(double value) { return values_.push_back(value), *this; }
  RecordWriter& operator<<(const std::string& text) { return texts_.push_back(text), *this; }
  RecordWriter& operator<<(const Eigen::MatrixXd& matrix);      // with its size
  RecordWriter& operator<<(const std::vector<int>& numbers);
  Record record(const Outcome& outcome = {}) { return {std::move(values_), outcome, std::move(texts_)}; }

 private:
  std::vector<double> values_;
  std::vector<std::string> texts_;
};
// A record that is too short is a BugError: its owner reads what it wrote.
class RecordReader {
 public:
  explicit RecordReader(const Record& record) : values_(record.values), texts_(record.texts) {}
  double number();
  const std::string& text();
  int integer() { return static_cast<int>(number()); }
  Eigen::MatrixXd matrix();
  Eigen::VectorXd vector() { return matrix(); }
  std::vector<int> integers();

 private:
  const std::vector<double>& values_;
  const std::vector<std::string>& texts_;
  std::size_t at_ = 0, text_ = 0;
};

}  // namespace hyped
