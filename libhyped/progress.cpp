// The progress line.
#include "libhyped/progress.hpp"

#include <unistd.h>

#include <cstdio>

namespace hyped {

Progress::Progress(std::string label, long total)
    : label_(std::move(label)), total_(total), start_(std::chrono::steady_clock::now()), terminal_(isatty(2) != 0) {}

Progress::~Progress() {
  if (terminal_ && done_ > 0) std::fprintf(stderr, "\r\033[K");
}

void Progress::advance(long steps) {
  const long done = done_ += steps;
  if (!terminal_) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
  long last = printed_ms_;
  if (elapsed.count() - last < 200 || !printed_ms_.compare_exchange_strong(last, elapsed.count())) return;
  const double rate = done / (1e-3 * static_cast<double>(elapsed.count()) + 1e-9);
  std::fprintf(stderr, "\r\033[K%s %ld/%ld  %.1f/s  %.0f s left", label_.c_str(), done, total_, rate,
               static_cast<double>(total_ - done) / rate);
}

}  // namespace hyped
