// Small models with known answers, shared by the simulator tests; they are not in the catalogue.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

#include "libhyped/model/compiled_model.hpp"
#include "libhyped/simulate/experiment.hpp"
#include "tests/places.hpp"

namespace hyped::testing {

// Logistic growth with a loss: x' = r x (1 - x/k) - d x.
struct Logistic {
  static constexpr std::string_view name = "test/logistic";
  static constexpr std::array states{StateSpec{"x", "cells", 1}};
  static constexpr std::array parameters{ParameterSpec{"r", "1/h", 0.3, 0, 1}, ParameterSpec{"k", "cells", 50, 1, 1e3},
                                         ParameterSpec{"d", "1/h", 0, 0, 1}};
  template <class T>
  static std::array<T, 1> rates(T, In<T, 1> x, In<T, 3> p) {
    return {p[0] * x[0] * (T(1) - x[0] / p[1]) - p[2] * x[0]};
  }
};

// Two pools and an input u: a' = u - k a b, b' = k a b - d b + 0.1.
struct Pools {
  static constexpr std::string_view name = "test/pools";
  static constexpr std::array states{StateSpec{"a", "1", 1}, StateSpec{"b", "1", 0.5}};
  static constexpr std::array parameters{ParameterSpec{"u", "1/h", 0.2, 0, 1}, ParameterSpec{"k", "1/h", 0.4, 0, 1},
                                         ParameterSpec{"d", "1/h", 0.3, 0, 1}, ParameterSpec{"dose", "1", 2, 0, 10}};
  template <class T>
  static std::array<T, 2> rates(T, In<T, 2> x, In<T, 4> p) {
    return {p[0] - p[1] * x[0] * x[1], p[1] * x[0] * x[1] - p[2] * x[1] + T(0.1)};
  }
};

// Birth and death: X -> 2 X, X -> 0, 0 -> X.
struct BirthDeath {
  static constexpr std::string_view name = "test/birth_death";
  static constexpr std::array states{StateSpec{"X", "cells", 100}};
  static constexpr std::array parameters{ParameterSpec{"birth", "1/h", 0.1, 0, 1}, ParameterSpec{"death", "1/h", 0.11, 0, 1},
                                         ParameterSpec{"immigration", "cells/h", 0, 0, 10}};
  static constexpr std::array<std::array<int, 1>, 3> stoichiometry{{{+1}, {-1}, {+1}}};
  template <class T>
  static std::array<T, 3> propensities(T, In<T, 1> x, In<T, 3> p) {
    return {p[0] * x[0], p[1] * x[0], p[2]};
  }
};

inline Experiment culture(std::vector<double> initial, std::vector<double> samples, Schedule schedule = {}) {
  Experiment experiment;
  experiment.id = "test";
  experiment.initial = std::move(initial);
  experiment.sample_times_h = std::move(samples);
  experiment.schedule = std::move(schedule);
  return experiment;
}

// A file of the shared data folder; empty where that folder is absent.
inline std::filesystem::path shared_file(const std::string& name) {
  const char* set = std::getenv("HYPED_SHARED");
  const std::filesystem::path root = set ? set : std::filesystem::path(hyped::tests::source_folder()) / ".." / "shared";
  const std::filesystem::path file = root / name;
  return std::filesystem::exists(file) ? file : std::filesystem::path{};
}

}  // namespace hyped::testing
