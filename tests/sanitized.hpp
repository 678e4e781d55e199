// Whether this build carries AddressSanitizer. It looks for errors of memory at a tenth of the speed: the longest statistical tests then walk the same
// code with less work, and leave what they prove about numbers to the other builds.
#pragma once

namespace hyped::tests {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace hyped::tests
