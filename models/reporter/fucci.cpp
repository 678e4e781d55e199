// FUCCI-type reporters driven by phase: a CDT1 part destroyed in S/G2/M, a geminin part destroyed by APC in late M and G1; both
// fluorescent proteins mature before they are seen.
// Source: Sakaue-Sawano et al. 2008, Cell 132:487; Grant et al. 2018, Cell Cycle 17:2496; values from data/parameters.tsv as cited.
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/units.hpp"

namespace hyped::models {

using units::rate_of_half_life;

struct Fucci {
  static constexpr std::string_view name = "reporter/fucci";
  enum State { CDT1_dark, CDT1, geminin_dark, geminin };
  enum Parameter { CDT1_synthesis, geminin_synthesis, maturation, loss, CDT1_in_S, geminin_by_APC, s_phase, apc };
  static constexpr std::array states{StateSpec{"CDT1_dark", "a.u.", 0}, StateSpec{"CDT1", "a.u.", 0}, StateSpec{"geminin_dark", "a.u.", 0},
                                     StateSpec{"geminin", "a.u.", 0}};
  static constexpr std::array parameters{
      ParameterSpec{"CDT1_synthesis", "a.u./h", 1, 0.01, 100, "sets the unit of the CDT1 channel"},
      ParameterSpec{"geminin_synthesis", "a.u./h", 1, 0.01, 100, "sets the unit of the geminin channel"},
      ParameterSpec{"maturation", "1/h", rate_of_half_life(0.35), rate_of_half_life(0.6), rate_of_half_life(0.2),
                    "half-time 0.35 (0.2-0.6) h, mKate2 and TagGFP2; LITERATURE-MEMORY, verify: FP database"},
      ParameterSpec{"loss", "1/h", rate_of_half_life(24), rate_of_half_life(48), rate_of_half_life(15),
                    "FP half-life 24 (15-48) h when not targeted, dilution included; LITERATURE-MEMORY, verify"},
      ParameterSpec{"CDT1_in_S", "1/h", rate_of_half_life(0.7), rate_of_half_life(1.5), rate_of_half_life(0.3),
                    "half-life 0.7 (0.3-1.5) h in S/G2 (SCF-Skp2); LITERATURE-MEMORY, verify: Sakaue-Sawano 2008/2017; Grant 2018"},
      ParameterSpec{"geminin_by_APC", "1/h", rate_of_half_life(0.3), rate_of_half_life(0.6), rate_of_half_life(0.1),
                    "half-life 0.3 (0.1-0.6) h in late M/G1; LITERATURE-MEMORY, verify: Grant 2018"},
      ParameterSpec{"s_phase", "1", 0, 0, 1, "input: activity of the CDT1 ligase, 1 in S/G2"},
      ParameterSpec{"apc", "1", 1, 0, 1, "input: activity of APC, 1 from late M through G1"}};
  template <class T>
  static std::array<T, 4> rates(T, In<T, 4> x, In<T, 8> p) {
    const T red = p[loss] + p[CDT1_in_S] * p[s_phase], green = p[loss] + p[geminin_by_APC] * p[apc];
    return {p[CDT1_synthesis] - (p[maturation] + red) * x[CDT1_dark], p[maturation] * x[CDT1_dark] - red * x[CDT1],
            p[geminin_synthesis] - (p[maturation] + green) * x[geminin_dark], p[maturation] * x[geminin_dark] - green * x[geminin]};
  }
};
const RegisterModel<Fucci> fucci;

}  // namespace hyped::models
