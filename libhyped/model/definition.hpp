// What an author of a compiled model must write: names and units, then rates() or stoichiometry + propensities().
#pragma once
#include <array>
#include <concepts>
#include <span>
#include <string_view>

#include "libhyped/model/quantity.hpp"

namespace hyped {

template <class T, std::size_t N>
using In = std::span<const T, N>;      // what equations read

template <class M>
concept NamedModel = requires {
  { M::name } -> std::convertible_to<std::string_view>;
  { M::states.size() } -> std::convertible_to<std::size_t>;
  { M::parameters.size() } -> std::convertible_to<std::size_t>;
};
template <class M, class T>
using StateOf = In<T, M::states.size()>;
template <class M, class T>
using ParametersOf = In<T, M::parameters.size()>;
template <class M, class T>
using RatesOf = std::array<T, M::states.size()>;

template <class M>
concept OdeModel = NamedModel<M> && requires(StateOf<M, double> x, ParametersOf<M, double> p) {
  { M::template rates<double>(0.0, x, p) } -> std::same_as<RatesOf<M, double>>;
};
template <class M>
concept ReactionModel = NamedModel<M> && requires(StateOf<M, double> x, ParametersOf<M, double> p) {
  { M::stoichiometry.size() };
  { M::template propensities<double>(0.0, x, p) } -> std::same_as<std::array<double, M::stoichiometry.size()>>;
};

}  // namespace hyped
