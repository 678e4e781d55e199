// siRNA: dose in the medium -> endosome -> cytosol -> RISC -> silenced target; removing the medium ends uptake, not silencing.
// Source: Bartlett & Davis 2006, Nucleic Acids Res 34:322 (structure: uptake, RISC loading, intracellular decay, dilution by
// division); values from data/parameters.tsv as cited.
#include "libhyped/model/compiled_model.hpp"
#include "libhyped/units.hpp"
#include "models/delivery/activity.hpp"

namespace hyped::models {

using units::rate_of_half_life;

struct Sirna {
  static constexpr std::string_view name = "delivery/sirna";
  enum State { medium, endosome, cytosol, risc, target_mrna, target_protein };
  enum Parameter { uptake, escape, loading, decay, dilution, half_saturation, fold, mrna_decay, protein_decay };
  static constexpr std::array states{StateSpec{"medium", "dose", 0}, StateSpec{"endosome", "dose", 0}, StateSpec{"cytosol", "dose", 0},
                                     StateSpec{"risc", "dose", 0}, StateSpec{"target_mrna", "fraction", 1}, StateSpec{"target_protein", "fraction", 1}};
  static constexpr std::array parameters{
      ParameterSpec{"uptake", "1/h", 0.3, 0.05, 2, "uptake from the medium; ASSUMPTION: most of a lipofected dose within 8 h"},
      ParameterSpec{"escape", "1/h", 1.0 / 3, 0.05, 2, "endosome to cytosol; ASSUMPTION: as slow as RISC loading"},
      ParameterSpec{"loading", "1/h", 1.0 / 3, 1.0 / 6, 0.5,
                    "cytosol to RISC, 1 / onset of mRNA decline 3 (2-6) h; LITERATURE-MEMORY, verify: RISC loading"},
      ParameterSpec{"decay", "1/h", rate_of_half_life(48), rate_of_half_life(72), rate_of_half_life(24),
                    "intracellular decay, half-life 48 (24-72) h; PAGE Bartlett & Davis 2006 Fig 6"},
      ParameterSpec{"dilution", "1/h", rate_of_half_life(32), 0, rate_of_half_life(16),
                    "dilution by division, doubling time 32 h; LITERATURE-MEMORY, verify: BJ CRL-2522; 0 in resting cells"},
      ParameterSpec{"half_saturation", "dose", 0.15, 0.02, 1, "loaded dose of half the silencing; ASSUMPTION: the reference dose saturates"},
      ParameterSpec{"fold", "1", 6, 3, 12, "greatest fold increase of target mRNA decay; ASSUMPTION: gives 0.15-0.35 residual PRRX1"},
      ParameterSpec{"mrna_decay", "1/h", rate_of_half_life(5), rate_of_half_life(9), rate_of_half_life(2),
                    "PRRX1 mRNA half-life 5 (2-9) h; ASSUMPTION: TF mRNA"},
      ParameterSpec{"protein_decay", "1/h", rate_of_half_life(8), rate_of_half_life(20), rate_of_half_life(3),
                    "PRRX1 protein half-life 8 (3-20) h; ASSUMPTION: TF protein"}};
  template <class T>
  static std::array<T, 6> rates(T, In<T, 6> x, In<T, 9> p) {
    const T loss = T(1) + (p[fold] - T(1)) * silencing(x[risc], p[half_saturation]);
    return {-p[uptake] * x[medium],
            p[uptake] * x[medium] - (p[escape] + p[dilution]) * x[endosome],
            p[escape] * x[endosome] - (p[loading] + p[dilution]) * x[cytosol],
            p[loading] * x[cytosol] - (p[decay] + p[dilution]) * x[risc],
            p[mrna_decay] * (T(1) - loss * x[target_mrna]),
            p[protein_decay] * (x[target_mrna] - x[target_protein])};
  }
};
const RegisterModel<Sirna> sirna;

}  // namespace hyped::models
