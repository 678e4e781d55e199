// Counts without phases: one compartment that divides and dies, the simplest model of total cell numbers.
#include "libhyped/model/staged.hpp"

namespace hyped::models {

struct Growth {
  static PhaseGraph graph() {
    return {"cell_cycle/growth",
            {{"cell", 1, "division", "cell", 2, "death"}},
            {{"division", "1/h", "division hazard of every cell", 0.02, 1e-5, 0.2},
             {"death", "1/h", "death hazard of every cell", 5e-4, 0, 0.1}}};
  }
};
const RegisterStagedModel<Growth> growth;

}  // namespace hyped::models
