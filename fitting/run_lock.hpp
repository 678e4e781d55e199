// One process at a time works on a run: an advisory lock that goes with the process, however it ends.
#pragma once
#include <filesystem>

namespace hyped {

// Holds `file` (made if it is not there, removed at the end) by flock(2). Throws InputError with the process's number if another
// living process holds it, or if the file system has no locks.
class RunLock {
 public:
  explicit RunLock(std::filesystem::path file);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace hyped
