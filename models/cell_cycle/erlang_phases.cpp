// Two, three and four phase cycles, each phase an Erlang chain: G1 -> (S) -> (G2/M) -> two G1 cells.
// Source: Chao et al. 2019, Mol Syst Biol 15:e8604 (every phase Erlang and independent); means for low-passage BJ fibroblasts,
// data/parameters.tsv.
#include "libhyped/model/staged.hpp"

namespace hyped::models {

struct TwoPhaseCycle {
  static PhaseGraph graph() {
    return {"cell_cycle/two_phase",
            {{"G1", 8, "g1_exit", "S/G2/M", 1, "death"}, {"S/G2/M", 20, "division", "G1", 2, "death"}},
            {{"g1_exit", "1/h", "1 / mean G1 duration", 1 / 14.0, 2e-3, 1},
             {"division", "1/h", "1 / mean S/G2/M duration", 1 / 12.8, 2e-3, 1},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<TwoPhaseCycle> two_phase;

struct ThreePhaseCycle {
  static PhaseGraph graph() {
    return {"cell_cycle/three_phase",
            {{"G1", 8, "g1_exit", "S", 1, "death"}, {"S", 20, "s_exit", "G2/M", 1, "death"}, {"G2/M", 15, "division", "G1", 2, "death"}},
            {{"g1_exit", "1/h", "1 / mean G1 duration", 1 / 14.0, 2e-3, 1},
             {"s_exit", "1/h", "1 / mean S duration", 1 / 8.0, 2e-3, 2},
             {"division", "1/h", "1 / mean G2/M duration", 1 / 4.8, 2e-3, 2},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<ThreePhaseCycle> three_phase;

struct FourPhaseCycle {
  static PhaseGraph graph() {
    return {"cell_cycle/four_phase",
            {{"G1", 8, "g1_exit", "S", 1, "death"},
             {"S", 20, "s_exit", "G2", 1, "death"},
             {"G2", 15, "g2_exit", "M", 1, "death"},
             {"M", 10, "division", "G1", 2, "death"}},
            {{"g1_exit", "1/h", "1 / mean G1 duration", 1 / 14.0, 2e-3, 1},
             {"s_exit", "1/h", "1 / mean S duration", 1 / 8.0, 2e-3, 2},
             {"g2_exit", "1/h", "1 / mean G2 duration", 1 / 4.0, 2e-3, 2},
             {"division", "1/h", "1 / mean M duration", 1 / 0.8, 2e-2, 10},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<FourPhaseCycle> four_phase;

}  // namespace hyped::models
