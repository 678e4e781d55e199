// Records as bytes of the journal: key, status, message, time, numbers.
#include "fitting/records.hpp"

#include <fmt/format.h>

#include <cstring>

#include "libhyped/counted.hpp"
#include "libhyped/hdf5/journal.hpp"

namespace hyped {
namespace {

class Bytes {
 public:
  void number(double value) { raw(&value, sizeof value); }
  void text(const std::string& text) {
    number(static_cast<double>(text.size()));
    raw(text.data(), text.size());
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void raw(const void* from, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  std::vector<std::byte> bytes_;
};

class Cursor {
 public:
  explicit Cursor(const std::vector<std::byte>& bytes) : bytes_(bytes) {}
  double number() {
    double value = 0;
    raw(&value, sizeof value);
    return value;
  }
  std::string text() {
    std::string out(static_cast<std::size_t>(number()), ' ');
    raw(out.data(), out.size());
    return out;
  }

 private:
  void raw(void* to, std::size_t size) {
    HYPED_REQUIRE(at_ + size <= bytes_.size());      // whole by its checksum
    std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }
  const std::vector<std::byte>& bytes_;
  std::size_t at_ = 0;
};

std::vector<std::byte> packed(const std::string& key, const Record& record) {
  Bytes out;
  out.text(key);
  out.number(static_cast<double>(record.outcome.status));
  out.text(record.outcome.message);
  out.number(record.outcome.time_h);
  out.number(static_cast<double>(record.values.size()));
  for (const double value : record.values) out.number(value);
  out.number(static_cast<double>(record.texts.size()));
  for (const auto& text : record.texts) out.text(text);
  return out.take();
}

std::pair<std::string, Record> unpacked(const std::vector<std::byte>& bytes) {
  Cursor in(bytes);
  std::string key = in.text();
  Record record;
  record.outcome.status = static_cast<Status>(static_cast<int>(in.number()));
  record.outcome.message = in.text();
  record.outcome.time_h = in.number();
  record.values.resize(static_cast<std::size_t>(in.number()));
  for (double& value : record.values) value = in.number();
  record.texts.resize(static_cast<std::size_t>(in.number()));
  for (auto& text : record.texts) text = in.text();
  return {std::move(key), std::move(record)};
}

}  // namespace

struct RecordStore::Writer {
  hdf5::Journal journal;
};

RecordStore::RecordStore(std::filesystem::path file, const Identity& identity, bool resume) : file_(std::move(file)) {
  std::vector<std::vector<std::byte>> earlier;
  if (resume && !std::filesystem::exists(file_)) throw InputError(file_.string(), "there is no unfinished run to go on with", "run without --resume");
  lock_ = std::make_unique<RunLock>(file_.string() + ".lock");
  const bool there = std::filesystem::exists(file_);
  if (there) {
    const hdf5::JournalContents contents = hdf5::Journal::read(file_);
    if (!resume && !contents.records.empty())
      throw InputError(file_.string(), fmt::format("an unfinished run with {} is there", counted(contents.records.size(), "record")), "go on with it by --resume, or remove the file");
    for (const auto& [name, value] : identity) {
      const auto found = contents.attributes.find(name);
      if (resume && (found == contents.attributes.end() || found->second != value))
        throw InputError(file_.string(), name == "settings" ? "the unfinished run has other settings" : "the unfinished run is of another " + name, "give the same scenario, data, seed and settings, or remove the file");
    }
    for (const auto& bytes : contents.records) {
      auto [key, record] = unpacked(bytes);
      if (known_.try_emplace(key, std::move(record)).second) earlier.push_back(bytes);
    }
    found_ = static_cast<int>(known_.size());
    lost_bytes_ = contents.lost_bytes;
  }
  writer_ = std::make_unique<Writer>(Writer{hdf5::Journal::create(file_, identity, earlier)});
  kept_ = earlier.size();
}

RecordStore::~RecordStore() {
  writer_.reset();
  std::error_code ignored;
  if (!finished_ && kept_ == 0) std::filesystem::remove(file_, ignored);
}

std::optional<Record> RecordStore::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(key);
  return found == known_.end() ? std::nullopt : std::optional<Record>(found->second);
}

void RecordStore::keep(const std::string& key, const Record& record) {
  const std::vector<std::byte> bytes = packed(key, record);
  const std::lock_guard lock(mutex_);
  writer_->journal.append(bytes);
  ++kept_;
}

void RecordStore::finish() {
  writer_.reset();
  finished_ = true;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

RecordWriter& RecordWriter::operator<<(const Eigen::MatrixXd& matrix) {
  values_.push_back(static_cast<double>(matrix.rows()));
  values_.push_back(static_cast<double>(matrix.cols()));
  values_.insert(values_.end(), matrix.data(), matrix.data() + matrix.size());
  return *this;
}

RecordWriter& RecordWriter::operator<<(const std::vector<int>& numbers) {
  values_.push_back(static_cast<double>(numbers.size()));
  values_.insert(values_.end(), numbers.begin(), numbers.end());
  return *this;
}

double RecordReader::number() {
  HYPED_REQUIRE(at_ < values_.size());
  return values_[at_++];
}

const std::string& RecordReader::text() {
  HYPED_REQUIRE(text_ < texts_.size());
  return texts_[text_++];
}

Eigen::MatrixXd RecordReader::matrix() {
  const auto rows = static_cast<Eigen::Index>(number()), columns = static_cast<Eigen::Index>(number());
  HYPED_REQUIRE(at_ + static_cast<std::size_t>(rows * columns) <= values_.size());
  const Eigen::MatrixXd out = Eigen::Map<const Eigen::MatrixXd>(values_.data() + at_, rows, columns);
  at_ += static_cast<std::size_t>(out.size());
  return out;
}

std::vector<int> RecordReader::integers() {
  std::vector<int> out(static_cast<std::size_t>(number()));
  for (int& value : out) value = integer();
  return out;
}

}  // namespace hyped
