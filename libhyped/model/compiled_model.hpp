// The adaptor from an author's definition to the run-time Model; the only place that instantiates ceres::Jet.
#pragma once
#include <ceres/jet.h>

#include <array>
#include <memory>
#include <utility>

#include "libhyped/model/catalogue.hpp"
#include "libhyped/model/definition.hpp"
#include "libhyped/model/model.hpp"
#include "libhyped/model/pack.hpp"

namespace hyped {

template <class M>
class CompiledModel final : public Model {
  static_assert(OdeModel<M> || ReactionModel<M>, "a model needs rates() or stoichiometry + propensities()");
  static constexpr std::size_t S = M::states.size(), P = M::parameters.size();

 public:
  std::string_view name() const override { return M::name; }
  std::span<const StateSpec> states() const override { return M::states; }
  std::span<const ParameterSpec> parameters() const override { return M::parameters; }
  Structure structure() const override {
    if constexpr (requires { M::structure; }) return M::structure;
    return Structure::nonlinear;
  }

  void rates(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx) const override {
    const auto f = right_hand_side<double>(t, In<double, S>(x.data(), S), In<double, P>(p.data(), P));
    for (std::size_t i = 0; i < S; ++i) dx[i] = f[i];
  }

  void linearise(double t, std::span<const double> x, std::span<const double> p, std::span<double> dx,
                 Linearisation& out) const override {
    using Jet = ceres::Jet<double, static_cast<int>(S + P)>;
    std::array<Jet, S> xs;
    std::array<Jet, P> ps;
    for (std::size_t i = 0; i < S; ++i) xs[i] = Jet(x[i], static_cast<int>(i));
    for (std::size_t i = 0; i < P; ++i) ps[i] = Jet(p[i], static_cast<int>(S + i));
    const auto f = right_hand_side<Jet>(Jet(t), xs, ps);
    out.state.resize(S, S);
    out.parameter.resize(S, P);
    for (std::size_t i = 0; i < S; ++i) {
      dx[i] = f[i].a;
      out.state.row(static_cast<Eigen::Index>(i)) = f[i].v.template head<S>().transpose();
      out.parameter.row(static_cast<Eigen::Index>(i)) = f[i].v.template tail<P>().transpose();
    }
  }

  void time_derivative(double t, std::span<const double> x, std::span<const double> p, std::span<double> dfdt) const override {
    using Jet = ceres::Jet<double, 1>;
    std::array<Jet, S> xs;
    std::array<Jet, P> ps;
    for (std::size_t i = 0; i < S; ++i) xs[i] = Jet(x[i]);
    for (std::size_t i = 0; i < P; ++i) ps[i] = Jet(p[i]);
    const auto f = right_hand_side<Jet>(Jet(t, 0), xs, ps);
    for (std::size_t i = 0; i < S; ++i) dfdt[i] = f[i].v[0];
  }

  // Models that say `in_packs` are written with arithmetic and functions alone (no branches on values): eight run in one register.
  void pack_rates(const Pack& t, const Pack* x, const Pack* p, Pack* dx) const override {
    if constexpr (requires { M::in_packs; }) {
      const auto f = right_hand_side<Pack>(t, In<Pack, S>(x, S), In<Pack, P>(p, P));
      for (std::size_t i = 0; i < S; ++i) dx[i] = f[i];
    } else {
      Model::pack_rates(t, x, p, dx);
    }
  }

  std::span<const int> stoichiometry() const override {
    if constexpr (ReactionModel<M>) return {M::stoichiometry[0].data(), M::stoichiometry.size() * S};
    return {};
  }
  void propensities(double t, std::span<const double> x, std::span<const double> p, std::span<double> out) const override {
    if constexpr (ReactionModel<M>) {
      const auto a = M::template propensities<double>(t, In<double, S>(x.data(), S), In<double, P>(p.data(), P));
      for (std::size_t r = 0; r < a.size(); ++r) out[r] = a[r];
    }
  }
  // One function per reaction, in which the compiler keeps what that reaction needs; larger models are likely to be loops.
  void propensities_of(double t, std::span<const double> x, std::span<const double> p, std::span<const int> which,
                       std::span<double> out) const override {
    if constexpr (ReactionModel<M>) {
      if constexpr (M::stoichiometry.size() <= 64) {
        static constexpr auto functions = []<std::size_t... R>(std::index_sequence<R...>) {
          return std::array{&propensity<R>...};
        }(std::make_index_sequence<M::stoichiometry.size()>());
        for (const int r : which) out[static_cast<std::size_t>(r)] = functions[static_cast<std::size_t>(r)](t, x.data(), p.data());
        return;
      }
    }
    propensities(t, x, p, out);
  }

 private:
  template <std::size_t R>
  static double propensity(double t, const double* x, const double* p) {
    return M::template propensities<double>(t, In<double, S>(x, S), In<double, P>(p, P))[R];
  }
  // The time argument of rates<T>/propensities<T> is a T, so that df/dt comes from the same definition.
  template <class T>
  static std::array<T, S> right_hand_side(T t, In<T, S> x, In<T, P> p) {
    if constexpr (ReactionModel<M>) {
      const auto a = M::template propensities<T>(t, x, p);
      std::array<T, S> f;
      f.fill(T(0));
      for (std::size_t r = 0; r < M::stoichiometry.size(); ++r)
        for (std::size_t i = 0; i < S; ++i)
          if (M::stoichiometry[r][i] != 0) f[i] += T(double(M::stoichiometry[r][i])) * a[r];
      return f;
    } else {
      return M::template rates<T>(t, x, p);
    }
  }
};

// A namespace-scope constant of this type makes the model known by name.
template <class M>
struct RegisterModel {
  RegisterModel() {
    ModelCatalogue::instance().add(std::string(M::name), [](const StageSettings&) -> std::unique_ptr<Model> {
      return std::make_unique<CompiledModel<M>>();
    });
  }
};

}  // namespace hyped
