// Modified mRNA: dose in the medium -> four equal steps (Gamma-distributed onset) -> cytoplasmic mRNA -> protein.
// Source: Leonhardt et al. 2014, Nanomedicine 10:679 (mRNA decay and translation after lipofection); Reiser et al. 2019 (onset
// times are Gamma-like); values from data/parameters.tsv as cited.
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/units.hpp"

namespace hyped::models {

using units::rate_of_half_life;

struct ModifiedMrna {
  static constexpr std::string_view name = "delivery/modified_mrna";
  enum State { medium, bound, endosome, escaping, mrna, protein };
  enum Parameter { onset, mrna_decay, translation, protein_decay, dilution };
  static constexpr double steps = 4;      // shape of the onset: PAGE Reiser 2019, 4 (2-10)
  static constexpr std::array states{StateSpec{"medium", "dose", 0},   StateSpec{"bound", "dose", 0}, StateSpec{"endosome", "dose", 0},
                                     StateSpec{"escaping", "dose", 0}, StateSpec{"mrna", "dose", 0},  StateSpec{"protein", "dose", 0}};
  static constexpr std::array parameters{
      ParameterSpec{"onset", "1/h", 1.0 / 3, 1.0 / 6, 1,
                    "1 / mean time from lipofection to cytoplasmic mRNA, 3 (1-6) h; PAGE Leonhardt 2014 / Reiser 2019"},
      ParameterSpec{"mrna_decay", "1/h", rate_of_half_life(12), rate_of_half_life(20), rate_of_half_life(6),
                    "functional half-life 12 (6-20) h; LITERATURE-MEMORY, verify: Leonhardt 2014, Ferizi 2015"},
      ParameterSpec{"translation", "1/h", 1, 0.1, 10, "protein per mRNA; ASSUMPTION: sets the unit of protein only"},
      ParameterSpec{"protein_decay", "1/h", rate_of_half_life(2), rate_of_half_life(48), rate_of_half_life(0.4),
                    "MYOD1-ER protein half-life 2 (0.7-6) h; ASSUMPTION: the fusion stabilises MYOD1 (Song 1998, 0.75 h)"},
      ParameterSpec{"dilution", "1/h", rate_of_half_life(32), 0, rate_of_half_life(16),
                    "dilution by division, doubling time 32 h; LITERATURE-MEMORY, verify: BJ CRL-2522; 0 in resting cells"}};
  template <class T>
  static std::array<T, 6> rates(T, In<T, 6> x, In<T, 5> p) {
    const T step = T(steps) * p[onset];
    return {-step * x[medium],
            step * (x[medium] - x[bound]),
            step * (x[bound] - x[endosome]),
            step * (x[endosome] - x[escaping]),
            step * x[escaping] - (p[mrna_decay] + p[dilution]) * x[mrna],
            p[translation] * x[mrna] - (p[protein_decay] + p[dilution]) * x[protein]};
  }
};
const RegisterModel<ModifiedMrna> modified_mrna;

}  // namespace hyped::models
