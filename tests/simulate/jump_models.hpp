// Networks for the tests of the stochastic simulators; they are not in the catalogue.
#pragma once
#include "libhyped/model/compiled_model.hpp"

namespace hyped::testing {

// Schlögl's bistable network: 2 X -> 3 X, 3 X -> 2 X, 0 -> X, X -> 0, with the pools held constant.
struct Schlogl {
  static constexpr std::string_view name = "test/schlogl";
  static constexpr std::array states{StateSpec{"X", "molecules", 250}};
  static constexpr std::array parameters{ParameterSpec{"grow", "1/h", 0.03, 0, 1}, ParameterSpec{"shrink", "1/h", 1e-4, 0, 1},
                                         ParameterSpec{"in", "1/h", 200, 0, 1e3}, ParameterSpec{"out", "1/h", 3.5, 0, 10}};
  static constexpr std::array<std::array<int, 1>, 4> stoichiometry{{{+1}, {-1}, {+1}, {-1}}};
  template <class T>
  static std::array<T, 4> propensities(T, In<T, 1> x, In<T, 4> p) {
    return {p[0] * x[0] * (x[0] - 1.0) / 2.0, p[1] * x[0] * (x[0] - 1.0) * (x[0] - 2.0) / 6.0, p[2], p[3] * x[0]};
  }
};

// A gene that shuts itself off by a Hill function, its product that pairs: not of mass action in one reaction.
struct SelfShut {
  static constexpr std::string_view name = "test/self_shut";
  static constexpr std::array states{StateSpec{"P", "molecules", 5}, StateSpec{"D", "molecules", 0}};
  static constexpr std::array parameters{ParameterSpec{"make", "1/h", 20, 0, 1e2}, ParameterSpec{"half", "molecules", 8, 1, 1e2},
                                         ParameterSpec{"pair", "1/h", 0.02, 0, 1}, ParameterSpec{"part", "1/h", 0.2, 0, 1},
                                         ParameterSpec{"loss", "1/h", 0.3, 0, 1}};
  static constexpr std::array<std::array<int, 2>, 4> stoichiometry{{{+1, 0}, {-2, +1}, {+2, -1}, {-1, 0}}};
  template <class T>
  static std::array<T, 4> propensities(T, In<T, 2> x, In<T, 5> p) {
    const T d = x[1] / p[1];
    return {p[0] / (1.0 + d * d), p[2] * x[0] * (x[0] - 1.0) / 2.0, p[3] * x[1], p[4] * x[0]};
  }
};

// One reversible reaction with a net rate: A <-> B.
struct Reversible {
  static constexpr std::string_view name = "test/reversible";
  static constexpr std::array states{StateSpec{"A", "molecules", 10}, StateSpec{"B", "molecules", 0}};
  static constexpr std::array parameters{ParameterSpec{"forth", "1/h", 1, 0, 10}, ParameterSpec{"back", "1/h", 1, 0, 10}};
  static constexpr std::array<std::array<int, 2>, 1> stoichiometry{{{-1, +1}}};
  template <class T>
  static std::array<T, 1> propensities(T, In<T, 2> x, In<T, 2> p) {
    return {p[0] * x[0] - p[1] * x[1]};
  }
};

// R conversions in a ring.
template <int R>
struct Ring {
  static constexpr std::string_view name = "test/ring";
  static constexpr auto states = [] {
    std::array<StateSpec, R> all{};
    all.fill(StateSpec{"x", "1", 10});
    return all;
  }();
  static constexpr std::array parameters{ParameterSpec{"k", "1/h", 1, 0, 10}};
  static constexpr auto stoichiometry = [] {
    std::array<std::array<int, R>, R> net{};
    for (int i = 0; i < R; ++i) net[i][i] = -1, net[i][(i + 1) % R] = 1;
    return net;
  }();
  template <class T>
  static std::array<T, R> propensities(T, In<T, R> x, In<T, 1> p) {
    std::array<T, R> a;
    for (int i = 0; i < R; ++i) a[i] = p[0] * (1.0 + 0.5 * (i % 3)) * x[i];
    return a;
  }
};

}  // namespace hyped::testing
