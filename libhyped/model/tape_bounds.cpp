// The tape over intervals: bounds that hold for all values of the variables within theirs.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "libhyped/model/expression.hpp"

namespace hyped {
namespace {

using Op = ExpressionGraph::Op;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Interval everything{-infinity, infinity}, either_way{0, 1};

Interval hull(std::initializer_list<double> values) {
  Interval out{infinity, -infinity};
  for (const double value : values) {
    if (std::isnan(value)) return everything;
    out = {std::min(out.low, value), std::max(out.high, value)};
  }
  return out;
}
double times(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }
Interval product(Interval a, Interval b) { return hull({times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)}); }
Interval quotient(Interval a, Interval b) {
  if (b.low > 0 || b.high < 0) return product(a, {1 / b.high, 1 / b.low});
  return everything;
}
Interval power(Interval a, Interval b) {
  const bool whole = b.low == b.high && b.low == std::floor(b.low);
  if (a.low < 0 && (!whole || b.low < 0)) return everything;
  Interval out = hull({std::pow(a.low, b.low), std::pow(a.low, b.high), std::pow(a.high, b.low), std::pow(a.high, b.high)});
  if (a.low < 0 && a.high > 0) out = hull({out.low, out.high, 0});
  return out;
}
// sin over an interval: +-1 where it holds a peak.
Interval wave(Interval a) {
  if (!(a.high - a.low < 2 * std::numbers::pi)) return {-1, 1};
  const auto holds = [&](double peak) { return std::floor((a.high - peak) / (2 * std::numbers::pi)) >= std::ceil((a.low - peak) / (2 * std::numbers::pi)); };
  Interval out = hull({std::sin(a.low), std::sin(a.high)});
  if (holds(std::numbers::pi / 2)) out.high = 1;
  if (holds(-std::numbers::pi / 2)) out.low = -1;
  return out;
}
template <class F>
Interval rising(Interval a, F f) { return hull({f(a.low), f(a.high)}); }
Interval decided(bool surely, bool surely_not) { return surely ? Interval{1, 1} : surely_not ? Interval{0, 0} : either_way; }
bool never(Interval a) { return a.low == 0 && a.high == 0; }
bool always(Interval a) { return a.low > 0 || a.high < 0; }

Interval bounds_of(Op op, Interval a, Interval b, Interval c) {
  switch (op) {
    case Op::add: return hull({a.low + b.low, a.high + b.high});
    case Op::subtract: return hull({a.low - b.high, a.high - b.low});
    case Op::multiply: return product(a, b);
    case Op::divide: return quotient(a, b);
    case Op::negate: return {-a.high, -a.low};
    case Op::power: return power(a, b);
    case Op::exp: return rising(a, [](double x) { return std::exp(x); });
    case Op::log: return a.low < 0 ? everything : rising(a, [](double x) { return std::log(x); });
    case Op::sqrt: return a.low < 0 ? everything : rising(a, [](double x) { return std::sqrt(x); });
    case Op::sin: return wave(a);
    case Op::cos: return wave({a.low + std::numbers::pi / 2, a.high + std::numbers::pi / 2});
    case Op::tan: return std::floor(a.high / std::numbers::pi + 0.5) == std::floor(a.low / std::numbers::pi + 0.5) ? rising(a, [](double x) { return std::tan(x); }) : everything;
    case Op::tanh: return rising(a, [](double x) { return std::tanh(x); });
    case Op::atan: return rising(a, [](double x) { return std::atan(x); });
    case Op::abs: return a.low >= 0 ? a : a.high <= 0 ? Interval{-a.high, -a.low} : Interval{0, std::max(-a.low, a.high)};
    case Op::sign: return rising(a, [](double x) { return double((x > 0) - (x < 0)); });
    case Op::floor: return rising(a, [](double x) { return std::floor(x); });
    case Op::ceil: return rising(a, [](double x) { return std::ceil(x); });
    case Op::minimum: return hull({std::min(a.low, b.low), std::min(a.high, b.high)});
    case Op::maximum: return hull({std::max(a.low, b.low), std::max(a.high, b.high)});
    case Op::less: return decided(a.high < b.low, a.low >= b.high);
    case Op::less_equal: return decided(a.high <= b.low, a.low > b.high);
    case Op::equal: return decided(a.low == a.high && b.low == b.high && a.low == b.low, a.high < b.low || b.high < a.low);
    case Op::both: return decided(always(a) && always(b), never(a) || never(b));
    case Op::either: return decided(always(a) || always(b), never(a) && never(b));
    case Op::negation: return decided(never(a), always(a));
    case Op::select: return always(a) ? b : never(a) ? c : hull({b.low, b.high, c.low, c.high});
    case Op::power_log:
    case Op::constant:
    case Op::variable: break;
  }
  return everything;
}

}  // namespace

void Tape::bounds(Interval* r, Interval* out) const {
  for (std::size_t i = 0; i < constants_.size(); ++i) r[variables_ + static_cast<int>(i)] = {constants_[i], constants_[i]};
  for (const Step& s : steps_) {
    const Interval found = bounds_of(s.op, r[s.a], r[s.b], r[s.c]);
    r[s.to] = std::isnan(found.low) || std::isnan(found.high) ? everything : found;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) out[i] = r[outputs_[i]];
}

}  // namespace hyped
