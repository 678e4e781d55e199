// Two phases, a control and a drug: the smallest scenario that can be fitted.
#pragma once
#include <string>

namespace hyped::testing {

inline const std::string small_scenario = R"(name = "small"
[model]
name = "cell_cycle/two_phase"
stages = {G1 = 2, "S/G2/M" = 2}
[reporter]
type = "cdt1_geminin"
classes = [
  {name = "G1", phases = ["G1"]},
  {name = "S/G2/M", phases = ["S/G2/M"]},
]
[data]
file = "counts.tsv"
[[step]]
input = "drug"
from_h = 0
[[arm]]
condition = "control"
[[arm]]
condition = "drug"
inputs = ["drug"]
[[effect]]
name = "drug_on_g1_exit"
inputs = ["drug"]
rates = ["g1_exit"]
[[parameter]]
name = "death"
fixed = 0
)";

}  // namespace hyped::testing
