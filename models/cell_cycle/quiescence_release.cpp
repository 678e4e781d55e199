// Cells released from starvation: quiescent cells enter S after a lag, their daughters run the ordinary cycle.
// Sources: Brooks 1976, Nature 260:248 and Augenlicht & Baserga 1974 (lag to S after release); Wang et al. 2017, Nat Commun 8:321
// (heterogeneous exit); means in data/parameters.tsv.
#include "libhyped/model/staged.hpp"

namespace hyped::models {

struct QuiescenceRelease {
  static PhaseGraph graph() {
    return {"cell_cycle/quiescence_release",
            {{"G0", 8, "release", "S/G2/M", 1, "death", true},
             {"G1", 8, "g1_exit", "S/G2/M", 1, "death"},
             {"S/G2/M", 20, "division", "G1", 2, "death"}},
            {{"release", "1/h", "1 / mean lag from release to S of quiescent cells", 1 / 14.0, 2e-3, 1},
             {"g1_exit", "1/h", "1 / mean G1 duration of cycling cells", 1 / 14.0, 2e-3, 1},
             {"division", "1/h", "1 / mean S/G2/M duration", 1 / 12.8, 2e-3, 1},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<QuiescenceRelease> quiescence_release;

struct QuiescenceReleaseThreePhase {
  static PhaseGraph graph() {
    return {"cell_cycle/quiescence_release_s_g2m",
            {{"G0", 8, "release", "S", 1, "death", true},
             {"G1", 8, "g1_exit", "S", 1, "death"},
             {"S", 20, "s_exit", "G2/M", 1, "death"},
             {"G2/M", 15, "division", "G1", 2, "death"}},
            {{"release", "1/h", "1 / mean lag from release to S of quiescent cells", 1 / 14.0, 2e-3, 1},
             {"g1_exit", "1/h", "1 / mean G1 duration of cycling cells", 1 / 14.0, 2e-3, 1},
             {"s_exit", "1/h", "1 / mean S duration", 1 / 8.0, 2e-3, 2},
             {"division", "1/h", "1 / mean G2/M duration", 1 / 4.8, 2e-3, 2},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<QuiescenceReleaseThreePhase> quiescence_release_s_g2m;

}  // namespace hyped::models
