// Progress of long work on stderr: rate and time left; silent when stderr is not a terminal.
#pragma once
#include <atomic>
#include <chrono>
#include <string>

namespace hyped {

class Progress {
 public:
  Progress(std::string label, long total);
  ~Progress();
  void advance(long steps = 1);      // safe from any thread

 private:
  std::string label_;
  long total_;
  std::atomic<long> done_{0};
  std::atomic<long> printed_ms_{0};
  std::chrono::steady_clock::time_point start_;
  bool terminal_;
};

}  // namespace hyped
