// Eight at a time: exponential and hyperbolic tangent as arithmetic on packs.
#include "models/gene_network/transfer.hpp"

#include <algorithm>
#include <cstring>

#include "libhyped/model/pack.hpp"
#include "libhyped/parallel.hpp"

namespace hyped::models {
namespace {

typedef double Loose __attribute__((vector_size(64), aligned(8)));
typedef long long Bits __attribute__((vector_size(64)));

Pack load(const double* from) { return Pack(static_cast<Pack::Lanes>(*reinterpret_cast<const Loose*>(from))); }
void store(const Pack& value, double* to) { *reinterpret_cast<Loose*>(to) = value.v; }

// Source: Cephes 2.8 exp.c (rational approximation on |r| < ln 2 / 2).
Pack fast_exp(const Pack& given) {
  const Pack::Lanes low = Pack(-708.0).v, high = Pack(709.0).v;
  Pack::Lanes x = given.v;
  x = x < low ? low : x;
  x = x > high ? high : x;      // comparisons with NaN are false: it stays
  const Pack::Lanes shift = Pack(6755399441055744.0).v;      // 1.5 * 2^52: adding it rounds to a whole number in the low bits
  const Pack::Lanes shifted = x * 1.4426950408889634074 + shift, n = shifted - shift;
  const Pack::Lanes r = (x - n * 6.93145751953125e-1) - n * 1.42860682030941723212e-6, rr = r * r;
  const Pack::Lanes p = ((1.26177193074810590878e-4 * rr + 3.02994407707441961300e-2) * rr + 9.99999999999999999910e-1) * r;
  const Pack::Lanes q = ((3.00198505138664455042e-6 * rr + 2.52448340349684104192e-3) * rr + 2.27265548208155028766e-1) * rr + 2.0;
  const Pack::Lanes power = reinterpret_cast<Pack::Lanes>((reinterpret_cast<Bits>(shifted) << 52) + (1023LL << 52));
  return Pack((1.0 + 2.0 * (p / (q - p))) * power);
}

// Source: Cephes 2.8 tanh.c (rational approximation below 0.625, which keeps the relative precision near 0).
Pack fast_tanh(const Pack& x) {
  const Pack size = abs(x);
  const Pack::Lanes far = 1.0 - 2.0 / (fast_exp(Pack(2.0 * size.v)).v + 1.0);
  const Pack::Lanes s = x.v * x.v;
  const Pack::Lanes p = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3;
  const Pack::Lanes q = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s + 4.84406305325125486048e3;
  const Pack::Lanes near = x.v + x.v * s * (p / q);
  const Pack::Lanes signed_far = x.v < 0.0 ? -far : far;
  return Pack(size.v < 0.625 ? near : signed_far);
}

Pack whole_power(Pack base, int exponent) {
  Pack out(1.0);
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) out *= base;
    base *= base;
  }
  return out;
}

template <Transfer kind>
Pack value_of(const Pack& z, int k) {
  if constexpr (kind == Transfer::tanh) return fast_tanh(z);
  if constexpr (kind == Transfer::logistic) return Pack(1.0 / (1.0 + fast_exp(-z).v));
  if constexpr (kind == Transfer::polynomial) {      // z |z|^(k-1) / (1 + |z|^k), from the inverse power where that is larger than 1
    const Pack size = abs(z);
    const Pack::Lanes small = whole_power(size, k).v, large = whole_power(Pack(1.0 / size.v), k).v;
    const Pack::Lanes magnitude = size.v <= 1.0 ? small / (1.0 + small) : 1.0 / (1.0 + large);
    return Pack(z.v < 0.0 ? -magnitude : magnitude);
  }
  if constexpr (kind == Transfer::hill) {
    const Pack::Lanes r = z.v < -1.0 ? Pack(0.0).v : z.v + 1.0;      // so that NaN stays
    const Pack::Lanes small = whole_power(Pack(r), k).v, large = whole_power(Pack(1.0 / r), k).v;
    return Pack(r <= 1.0 ? 1.0 - 2.0 / (1.0 + small) : (1.0 - large) / (1.0 + large));
  }
  if constexpr (kind == Transfer::clip) {
    const Pack::Lanes above = z.v < -1.0 ? Pack(-1.0).v : z.v;
    return Pack(above > 1.0 ? Pack(1.0).v : above);
  }
  return z;
}

template <Transfer kind>
Pack slope_of(const Pack& z, const Pack& v, int k) {
  if constexpr (kind == Transfer::tanh) return Pack(1.0 - v.v * v.v);
  if constexpr (kind == Transfer::logistic) return Pack(v.v * (1.0 - v.v));
  if constexpr (kind == Transfer::polynomial || kind == Transfer::hill) {      // of s = r^k / (1 + r^k): k s (1 - s) / r
    const Pack::Lanes r = kind == Transfer::polynomial ? abs(z).v : (z.v < -1.0 ? Pack(0.0).v : z.v + 1.0);
    const Pack::Lanes before = whole_power(Pack(r), k - 1).v, small = before * r, inverse = 1.0 / r, large = whole_power(Pack(inverse), k).v;
    const Pack::Lanes below = before / ((1.0 + small) * (1.0 + small)), above = large * inverse / ((1.0 + large) * (1.0 + large));
    const Pack::Lanes one = (r <= 1.0 ? below : above) * static_cast<double>(kind == Transfer::hill ? 2 * k : k);
    if constexpr (kind == Transfer::hill) return Pack(z.v <= -1.0 ? Pack(0.0).v : one);
    return Pack(one);
  }
  if constexpr (kind == Transfer::clip) return Pack(abs(z).v < 1.0 ? Pack(1.0).v : Pack(0.0).v);
  return Pack(1.0);
}

// body(from, count of at most 8) over n; long arrays in fixed pieces, which are independent.
template <class Body>
void in_eights(std::size_t n, const Body& body) {
  constexpr std::size_t piece = 16384;
  const auto one = [&](std::size_t from, std::size_t until) {
    for (std::size_t i = from; i < until; i += pack_lanes) body(i, std::min<std::size_t>(pack_lanes, until - i));
  };
  if (n < 4 * piece) return one(0, n);
  parallel_for(static_cast<int>((n + piece - 1) / piece), [&](int c) { one(static_cast<std::size_t>(c) * piece, std::min(n, static_cast<std::size_t>(c + 1) * piece)); });
}

template <Transfer kind>
void values_of(const double* z, double* values, std::size_t n, int k) {
  in_eights(n, [&](std::size_t i, std::size_t count) {
    if (count == pack_lanes) return store(value_of<kind>(load(z + i), k), values + i);
    double rest[pack_lanes] = {};
    std::memcpy(rest, z + i, count * sizeof(double));
    store(value_of<kind>(load(rest), k), rest);
    std::memcpy(values + i, rest, count * sizeof(double));
  });
}

template <Transfer kind>
void slopes_of(const double* z, const double* values, double* slopes, std::size_t n, int k) {
  in_eights(n, [&](std::size_t i, std::size_t count) {
    if (count == pack_lanes) return store(slope_of<kind>(load(z + i), load(values + i), k), slopes + i);
    double rest[pack_lanes] = {}, rest_values[pack_lanes] = {};
    std::memcpy(rest, z + i, count * sizeof(double));
    std::memcpy(rest_values, values + i, count * sizeof(double));
    store(slope_of<kind>(load(rest), load(rest_values), k), rest);
    std::memcpy(slopes + i, rest, count * sizeof(double));
  });
}

}  // namespace

void TransferFunction::apply(const double* z, double* values, std::size_t n) const {
  switch (kind) {
    case Transfer::identity:
      if (z != values) std::copy_n(z, n, values);
      return;
    case Transfer::tanh: return values_of<Transfer::tanh>(z, values, n, exponent);
    case Transfer::logistic: return values_of<Transfer::logistic>(z, values, n, exponent);
    case Transfer::polynomial: return values_of<Transfer::polynomial>(z, values, n, exponent);
    case Transfer::hill: return values_of<Transfer::hill>(z, values, n, exponent);
    case Transfer::clip: return values_of<Transfer::clip>(z, values, n, exponent);
  }
}

void TransferFunction::slope(const double* z, const double* values, double* slopes, std::size_t n) const {
  switch (kind) {
    case Transfer::identity: std::fill_n(slopes, n, 1.0); return;
    case Transfer::tanh: return slopes_of<Transfer::tanh>(z, values, slopes, n, exponent);
    case Transfer::logistic: return slopes_of<Transfer::logistic>(z, values, slopes, n, exponent);
    case Transfer::polynomial: return slopes_of<Transfer::polynomial>(z, values, slopes, n, exponent);
    case Transfer::hill: return slopes_of<Transfer::hill>(z, values, slopes, n, exponent);
    case Transfer::clip: return slopes_of<Transfer::clip>(z, values, slopes, n, exponent);
  }
}

}  // namespace hyped::models
