// The two numbers every event of an exact sample path needs, made many at a time in vector registers.
#pragma once
#include <array>
#include <cstdint>

namespace hyped {

// A waiting time (exponential, mean 1) and a uniform number in (0, 1) per event, from one Philox4x32-10 block each (Salmon et
// al. 2011). A pure function of (seed, job, trajectory, event); its blocks are disjoint from RandomStream's of the same three
// numbers for the first 2^63 draws of that.
class EventDraws {
 public:
  EventDraws(std::uint64_t seed, std::uint32_t job, std::uint32_t trajectory) : seed_(seed), job_(job), trajectory_(trajectory) {}
  void next(double& wait, double& uniform) {
    if (next_ == filled_) [[unlikely]] refill();
    wait = wait_[static_cast<std::size_t>(next_)];
    uniform = uniform_[static_cast<std::size_t>(next_++)];
  }

 private:
  static constexpr int lanes = 8, capacity = 64;
  void refill();
  std::uint64_t seed_, block_ = 0;
  std::uint32_t job_, trajectory_;
  int next_ = 0, filled_ = 0;
  alignas(64) std::array<double, capacity> wait_;
  alignas(64) std::array<double, capacity> uniform_;
};

}  // namespace hyped
