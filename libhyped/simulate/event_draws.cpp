// Philox rounds and the logarithm, eight blocks side by side.
#include "libhyped/simulate/event_draws.hpp"

#include <cstring>

namespace hyped {
namespace {

typedef std::uint64_t Words __attribute__((vector_size(64)));
typedef double Numbers __attribute__((vector_size(64)));

constexpr std::uint64_t low_half = 0xffffffffull;

// Vectors go in and out by reference: by value they would need one ABI per register width.
void open_unit(const Words& high, const Words& low, Numbers& out) {
  const Words bits = ((high << 32) | low) >> 11;
  out = (__builtin_convertvector(bits, Numbers) + 0.5) * 0x1.0p-53;
}

// -log u for u in (0, 1): u = 2^k m, m in [sqrt(1/2), sqrt 2), log m = 2 atanh((m-1)/(m+1)) by its series to s^19 (error < 1e-16).
void minus_log(const Numbers& u, Numbers& out) {
  const Words bits = (Words)u;
  const Words above = bits + (0x3ff0000000000000ull - 0x3fe6a09e667f3bcdull);
  const Words shift = above >> 52;      // biased exponent of u over sqrt(1/2)
  const Numbers m = (Numbers)(bits - ((shift - 0x3ff) << 52));
  const Numbers k = __builtin_convertvector(shift, Numbers) - 1023.0;
  const Numbers s = (m - 1.0) / (m + 1.0), q = s * s;
  Numbers series = 2.0 / 21 * q + 2.0 / 19;
  for (const double c : {2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3}) series = series * q + c;
  out = -(k * 0.69314718055994530942 + (2.0 * s + s * q * series));
}

}  // namespace

void EventDraws::refill() {
  filled_ = filled_ == 0 ? lanes : capacity;      // short paths pay for eight
  next_ = 0;
  for (int at = 0; at < filled_; at += lanes) {
    Words c0{}, c1{}, c2 = Words{} + job_, c3 = Words{} + trajectory_;
    for (int lane = 0; lane < lanes; ++lane, ++block_) {
      c0[lane] = block_ & low_half;
      c1[lane] = (block_ >> 32) | 0x80000000ull;
    }
    std::uint32_t k0 = static_cast<std::uint32_t>(seed_), k1 = static_cast<std::uint32_t>(seed_ >> 32);
    for (int round = 0; round < 10; ++round) {
      const Words first = c0 * 0xD2511F53ull, second = c2 * 0xCD9E8D57ull;
      const Words next0 = (second >> 32) ^ c1 ^ k0, next2 = (first >> 32) ^ c3 ^ k1;
      c1 = second & low_half, c3 = first & low_half;
      c0 = next0, c2 = next2;
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    Numbers first_unit, wait, uniform;
    open_unit(c0, c1, first_unit);
    minus_log(first_unit, wait);
    open_unit(c2, c3, uniform);
    std::memcpy(wait_.data() + at, &wait, sizeof wait);
    std::memcpy(uniform_.data() + at, &uniform, sizeof uniform);
  }
}

}  // namespace hyped
