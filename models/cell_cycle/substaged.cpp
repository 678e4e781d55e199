// The 28-stage two-colour chain of Gross et al. 2023: G1 and S/G2 in four parts each, every part with its own progression and
// death rate. Source: Gross et al. 2023, Nat Commun 14:3450, Methods (8 G1 stages, 20 S/G2 stages).
#include <fmt/format.h>

#include "libhyped/model/staged.hpp"

namespace hyped::models {

struct SubstagedCycle {
  static PhaseGraph graph() {
    PhaseGraph graph{"cell_cycle/substaged", {}, {}};
    for (const bool g1 : {true, false})
      for (int part = 1; part <= 4; ++part) {
        const std::string phase = g1 ? "G1" : "S/G2", short_name = g1 ? "g1" : "sg2";
        const bool divides = !g1 && part == 4;
        const std::string next = divides ? "G1.1" : part < 4 ? fmt::format("{}.{}", phase, part + 1) : "S/G2.1";
        const std::string exit = fmt::format("exit_{}_{}", short_name, part), death = fmt::format("death_{}_{}", short_name, part);
        const int stages = g1 ? 2 : 5;
        graph.phases.push_back({fmt::format("{}.{}", phase, part), stages, exit, next, divides ? 2 : 1, death});
      }
    for (const char* kind : {"exit", "death"})
      for (const char* phase : {"g1", "sg2"})
        for (int part = 1; part <= 4; ++part) {
          const bool exit = kind[0] == 'e';
          graph.rates.push_back({fmt::format("{}_{}_{}", kind, phase, part), "1/h",
                                 exit ? "1 / mean duration of this part" : "death hazard in this part",
                                 exit ? 0.15 : 1e-3, exit ? 1e-4 : 0.0, exit ? 2.0 : 1.0});
        }
    return graph;
  }
};
const RegisterStagedModel<SubstagedCycle> substaged;

}  // namespace hyped::models
