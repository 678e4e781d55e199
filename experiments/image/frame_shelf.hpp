// Measured frames kept as they come, one small file each, so that a run of thousands goes on where it was stopped.
#pragma once
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "fitting/run_lock.hpp"
#include "libhyped/image/nucleus.hpp"

namespace hyped {

class FrameShelf {
 public:
  // `identity` says what makes a measured frame this frame: input, channels, settings. With `resume` an earlier shelf at `folder` is
  // gone on with (InputError if there is none or it is of another identity); without it an earlier shelf is an InputError.
  FrameShelf(std::filesystem::path folder, const std::map<std::string, std::string>& identity, bool resume);
  ~FrameShelf();
  FrameShelf(const FrameShelf&) = delete;
  // None if it is not there or cannot be read.
  std::optional<FrameNuclei> find(const std::string& well, std::int64_t number) const;
  void keep(const std::string& well, std::int64_t number, const FrameNuclei& frame);      // written beside, then renamed; from any thread
  void finish();                         // the run is complete: everything is removed
  long found() const { return found_; }

 private:
  std::filesystem::path file_of(const std::string& well, std::int64_t number) const;
  std::filesystem::path folder_;
  std::unique_ptr<RunLock> lock_;
  mutable std::atomic<long> found_{0};
};

}  // namespace hyped
