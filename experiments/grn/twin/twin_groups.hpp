// Cells of a sequencing twin by arm and phase: mean levels with standard errors, and what each group's cells went through.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "experiments/twin/cells/cells_twin.hpp"
#include "fitting/networks/cells/group_means.hpp"

namespace hyped {

struct TwinGroupSettings {
  int dose_nodes = 2;              // Gauss-Hermite nodes of the doses of reached cells
  int pool_cells = 8000;           // of the culture from which phase courses and shares of reached cells come
  int least_cells = 40;            // a smaller group is left out
};

// Expression of droplets with one stained cell, relative to genes outside the network (their counts are the size factor). The same ambient
// counts, the declared share of the median droplet with the library's mean profile, are taken off every droplet. One group per arm and phase of
// `states`' genes. Errors of a group's genes are correlated as its cells say; cells of one founder share whether they were reached, which
// makes the shares of reached cells in a culture more uncertain than its cells are: `shared`.
struct TwinGroups {
  std::vector<CellGroup> groups;           // means in units of the control's G1 cells; strata filled
  Eigen::VectorXd unit;                    // what one unit is, per count of the outside genes in the control's library [S]
  Eigen::VectorXd true_scale;              // units per true level in the control's library [S]
  Eigen::VectorXd true_log_factor;         // of the other library [S]
  std::vector<SharedError> shared;
  double dispersion = 0;                   // squared coefficient of variation between control cells, counting noise apart, of genes outside the network
  double library_sd = 0;                   // between libraries, of the logarithm, from genes outside the network
  std::vector<std::string> notes;
};

// states [S]: indices of the twin network's states that are fitted, in order. unmeasured: states whose counts are not used.
// `shape`: seed of the culture that gives courses; not the twin's. InputError for more than two libraries, or an arm with two deliveries that are no siRNA.
TwinGroups twin_groups(const Scenario& scenario, const CellsTwin& twin, const std::vector<int>& states, const std::vector<int>& unmeasured, std::uint64_t shape, const TwinGroupSettings& settings = {});

}  // namespace hyped
