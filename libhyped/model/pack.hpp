// Eight numbers in one vector register: the number type with which a model's equations run for eight trajectories at once.
#pragma once
#include <cmath>

namespace hyped {

inline constexpr int pack_lanes = 8;

// Arithmetic is per lane and, lane by lane, the same IEEE arithmetic as double. Comparisons give 1 or 0 per lane.
struct Pack {
  typedef double Lanes __attribute__((vector_size(64)));
  Lanes v;

  Pack() = default;
  Pack(double value) : v{value, value, value, value, value, value, value, value} {}      // implicit, as models write T(2) * x and 2 * x
  explicit Pack(Lanes lanes) : v(lanes) {}
  double operator[](int lane) const { return v[lane]; }
  void set(int lane, double value) { v[lane] = value; }

  Pack& operator+=(const Pack& o) { v += o.v; return *this; }
  Pack& operator-=(const Pack& o) { v -= o.v; return *this; }
  Pack& operator*=(const Pack& o) { v *= o.v; return *this; }
  Pack& operator/=(const Pack& o) { v /= o.v; return *this; }
  Pack operator-() const { return Pack(-v); }
  friend Pack operator+(const Pack& a, const Pack& b) { return Pack(a.v + b.v); }
  friend Pack operator-(const Pack& a, const Pack& b) { return Pack(a.v - b.v); }
  friend Pack operator*(const Pack& a, const Pack& b) { return Pack(a.v * b.v); }
  friend Pack operator/(const Pack& a, const Pack& b) { return Pack(a.v / b.v); }

  template <class Function>
  static Pack by_lane(const Pack& a, Function function) {
    Pack out;
    for (int i = 0; i < pack_lanes; ++i) out.v[i] = function(a.v[i]);
    return out;
  }
  template <class Function>
  static Pack by_lane(const Pack& a, const Pack& b, Function function) {
    Pack out;
    for (int i = 0; i < pack_lanes; ++i) out.v[i] = function(a.v[i], b.v[i]);
    return out;
  }
};

inline Pack exp(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::exp(x); }); }
inline Pack log(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::log(x); }); }
inline Pack sqrt(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::sqrt(x); }); }
inline Pack sin(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::sin(x); }); }
inline Pack cos(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::cos(x); }); }
inline Pack tan(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::tan(x); }); }
inline Pack tanh(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::tanh(x); }); }
inline Pack atan(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::atan(x); }); }
inline Pack abs(const Pack& a) {      // the sign bit cleared
  typedef long long Bits __attribute__((vector_size(64)));
  return Pack(reinterpret_cast<Pack::Lanes>(reinterpret_cast<Bits>(a.v) & 0x7fffffffffffffffLL));
}
inline Pack larger(const Pack& a, const Pack& b) { return Pack(a.v > b.v ? a.v : b.v); }      // b where one is not a number
inline Pack floor(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::floor(x); }); }
inline Pack ceil(const Pack& a) { return Pack::by_lane(a, [](double x) { return std::ceil(x); }); }
inline Pack pow(const Pack& a, const Pack& b) { return Pack::by_lane(a, b, [](double x, double y) { return std::pow(x, y); }); }

}  // namespace hyped
