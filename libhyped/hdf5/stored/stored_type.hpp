// What a type of HDF5 is in our words, and numbers of one type as another; included by the sources of libhyped/hdf5 only.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "libhyped/errors.hpp"
#include "libhyped/hdf5/dataset.hpp"

namespace hyped::hdf5 {

StoredType type_of(std::int64_t type);
std::int64_t native_type(NumberType number);      // of this machine, in memory

template <class To, class From>
To narrowed(From value) {
  if constexpr (std::is_same_v<To, From>) return value;
  else if constexpr (std::is_integral_v<To> && std::is_integral_v<From>)
    return std::cmp_less(value, std::numeric_limits<To>::min()) ? std::numeric_limits<To>::min() : std::cmp_greater(value, std::numeric_limits<To>::max()) ? std::numeric_limits<To>::max() : static_cast<To>(value);
  else if constexpr (std::is_integral_v<To>)
    return std::isnan(value) ? To{} : value <= static_cast<From>(std::numeric_limits<To>::min()) ? std::numeric_limits<To>::min() : value >= static_cast<From>(std::numeric_limits<To>::max()) ? std::numeric_limits<To>::max() : static_cast<To>(value);
  else return static_cast<To>(value);
}

template <class From, class To>
void convert_from(const std::byte* bytes, std::size_t step, To* to, std::size_t count) {
  if (std::is_same_v<From, To> && step == sizeof(To)) {
    std::memcpy(to, bytes, count * sizeof(To));
    return;
  }
  for (std::size_t i = 0; i < count; ++i, bytes += step) {
    From value;
    std::memcpy(&value, bytes, sizeof value);
    to[i] = narrowed<To>(value);
  }
}

template <class To>
void convert(NumberType from, const std::byte* bytes, std::size_t step, To* to, std::size_t count) {
  switch (from) {
    case NumberType::i8: return convert_from<std::int8_t>(bytes, step, to, count);
    case NumberType::i16: return convert_from<std::int16_t>(bytes, step, to, count);
    case NumberType::i32: return convert_from<std::int32_t>(bytes, step, to, count);
    case NumberType::i64: return convert_from<std::int64_t>(bytes, step, to, count);
    case NumberType::u8: return convert_from<std::uint8_t>(bytes, step, to, count);
    case NumberType::u16: return convert_from<std::uint16_t>(bytes, step, to, count);
    case NumberType::u32: return convert_from<std::uint32_t>(bytes, step, to, count);
    case NumberType::u64: return convert_from<std::uint64_t>(bytes, step, to, count);
    case NumberType::f32: return convert_from<float>(bytes, step, to, count);
    case NumberType::f64: return convert_from<double>(bytes, step, to, count);
    case NumberType::none: break;
  }
  HYPED_REQUIRE(from != NumberType::none);
}

}  // namespace hyped::hdf5
