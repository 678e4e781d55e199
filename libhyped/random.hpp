// Counter-based random numbers (Philox4x32-10, Random123): a stream is a pure function of (seed, job, trajectory).
#pragma once
#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace hyped {

// A uniform random bit generator; distributions from boost::random give the same numbers on every platform.
// Source: Salmon et al. 2011, SC'11, "Parallel random numbers: as easy as 1, 2, 3".
class RandomStream {
 public:
  using result_type = std::uint32_t;
  RandomStream(std::uint64_t seed, std::uint32_t job, std::uint32_t trajectory)
      : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}},
        counter_{{0, 0, job, trajectory}} {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffu; }
  result_type operator()() {
    if (next_ == 4) refill();
    return block_[next_++];
  }
  // Uniform in the open interval (0, 1), 53 bits.
  double uniform() {
    const std::uint64_t high = (*this)(), low = (*this)();
    return (static_cast<double>(((high << 32) | low) >> 11) + 0.5) * 0x1.0p-53;
  }
  double exponential();                            // mean 1
  double normal();                                 // mean 0, sd 1
  double gamma(double shape);                      // scale 1
  std::int64_t poisson(double mean);
  std::int64_t binomial(std::int64_t n, double p);

 private:
  void refill() {
    block_ = r123::Philox4x32()(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    next_ = 0;
  }
  r123::Philox4x32::key_type key_;
  r123::Philox4x32::ctr_type counter_;
  r123::Philox4x32::ctr_type block_{};
  int next_ = 4;
};

}  // namespace hyped
