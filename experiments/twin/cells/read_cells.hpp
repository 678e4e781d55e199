// The [cells] table of a scenario.
#pragma once
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "experiments/scenario_section.hpp"

namespace hyped {

// InputError with file and line for unknown keys, values out of range, arms or inputs that the scenario does not have, labels used twice.
CellsTwinSettings read_cells(Section section, const std::vector<std::string>& arms, const std::vector<DeliveredInput>& deliveries);

}  // namespace hyped
