// Ligand gating (4-OHT on an ER fusion): concentration in the medium -> nucleus -> fraction of the fusion that is active.
// Source: values from data/parameters.tsv as cited; equilibrium binding as a Hill curve.
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/units.hpp"
#include "models/delivery/activity.hpp"

namespace hyped::models {

using units::rate_of_half_life;

struct Ligand {
  static constexpr std::string_view name = "delivery/ligand";
  enum State { medium, nucleus, gate };
  enum Parameter { entry, half_active, exponent, binding };
  static constexpr std::array states{StateSpec{"medium", "nM", 0}, StateSpec{"nucleus", "nM", 0}, StateSpec{"gate", "fraction", 0}};
  static constexpr std::array parameters{
      ParameterSpec{"entry", "1/h", rate_of_half_life(0.7), rate_of_half_life(2), rate_of_half_life(0.3),
                    "4-OHT nuclear entry, half-time 0.7 (0.3-2) h; LITERATURE-MEMORY, verify: ER fusions"},
      ParameterSpec{"half_active", "nM", 30, 5, 100, "4-OHT EC50 for MYOD1-ER 30 (5-100) nM; LITERATURE-MEMORY, verify: 2 uM is saturating"},
      ParameterSpec{"exponent", "1", 1, 0.5, 3, "Hill coefficient of ligand binding; ASSUMPTION: one site"},
      ParameterSpec{"binding", "1/h", 6, 1, 60, "approach of the gate to its equilibrium; ASSUMPTION: fast beside nuclear entry"}};
  template <class T>
  static std::array<T, 3> rates(T, In<T, 3> x, In<T, 4> p) {
    return {T(0) * x[medium], p[entry] * (x[medium] - x[nucleus]),
            p[binding] * (hill(x[nucleus], p[half_active], p[exponent]) - x[gate])};
  }
};
const RegisterModel<Ligand> ligand;

}  // namespace hyped::models
