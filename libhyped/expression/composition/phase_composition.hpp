// Cells per phase and arm with intervals, and when two arms' compositions may be compared at all.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libhyped/distance/tail_probability.hpp"
#include "libhyped/expression/differential/cell_groups.hpp"

namespace hyped {

struct PhaseShare {
  std::int64_t cells = 0;
  double share = 0;
  double lower = 0, upper = 0;                    // 95 % of this phase alone: Jeffreys (Brown, Cai & DasGupta 2001, Stat Sci 16:101)
  double joint_lower = 0, joint_upper = 0;        // 95 % of all phases together: Goodman 1965, Technometrics 7:247
};

// One arm's cells over the phases. set_by_sorting: the experimenter chose the numbers (sorted controls), they say nothing of a
// composition, and the intervals are NaN. Intervals hold for cells drawn from the one culture that was sequenced.
struct ArmComposition {
  std::string arm;
  std::int64_t cells = 0;
  bool set_by_sorting = false;
  std::vector<PhaseShare> phases;      // [K]
};

// Cells without a phase do not count. set_arms names arms whose numbers were set by sorting; InputError if one does not exist.
std::vector<ArmComposition> phase_composition(const CellGroups& arms, const CellGroups& phases, std::span<const std::string> set_arms);

// A composition from elsewhere (imaging, a published table) that stands for an arm whose own numbers were set.
struct ReferenceComposition {
  std::vector<double> share;           // [K], sums to 1
  double cells = 0;                    // how many cells it rests on; infinite: taken as exact
  std::string source;                  // said in every result that uses it
};

struct CompositionContrast {
  bool exists = false;
  std::string words;                   // why not, or what was compared with what
  std::vector<double> difference, lower, upper;      // [K] share of the arm minus the reference; 95 %, Newcombe 1998, Stat Med 17:873, method 10
  double statistic = 0;                // likelihood ratio of one composition for both
  int df = 0;
  TailProbability test;
};
// Arms whose numbers were set by sorting have no contrast, unless `instead` stands for the reference. InputError for shares that do
// not fit the phases.
CompositionContrast composition_contrast(const ArmComposition& arm, const ArmComposition& reference, const std::optional<ReferenceComposition>& instead);

// Every pair of labels as one group, named "arm, phase" and numbered arm * phases + phase.
CellGroups cross(const CellGroups& arms, const CellGroups& phases);

}  // namespace hyped
