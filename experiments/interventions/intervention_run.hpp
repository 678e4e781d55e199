// What `hyped grn knockouts` and `hyped grn dual-arm` do: edges from interventions; the arm with both doses from those with one.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "fitting/interventions/dual_arm.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct KnockoutSettings {
  std::string knockouts, knockdowns;      // tables, row i: gene i; knock-downs may be absent
  std::string series;                     // time series that begin and end in the wild type; absent: the knock-outs' medians are the wild type
  std::string gold;                       // true edges; absent: no score
  int rows_each = 21;                     // of one time series
  int steps = 200000;
  std::uint64_t seed = 1;
};
// Table edges (posterior probability, effect, z-score), results and answers. InputError for tables that do not fit together.
void run_knockout_edges(RunDirectory& run, const KnockoutSettings& settings);

struct DualArmSettings {
  std::string cells;                                                    // counts with a column "condition"
  std::string edges;                                                    // regulator, target, sign
  std::string silenced, delivered;                                      // genes
  std::string ctrl = "ctrl", si = "si", mm = "mm", both = "simm";       // conditions; `both` is only scored, if it is there
  double depth = 0;                                                     // mean count of a gene at level 1, its greatest, in the control
  double depth_si = 0, depth_mm = 0, depth_both = 0;                    // in the other arms; 0: as in the control
  std::vector<std::string> metadata;                                    // columns of `cells` that are no genes
  double precision = 0.8, recall = 0.8;
  models::TransientDoses doses;                                         // genes are put in by name
  double end_h = 48;
  DualArmOptions fit;
};
// Table dual_arm with the prediction, its interval and the simple predictions by gene. InputError for unknown genes or conditions.
void run_dual_arm(RunDirectory& run, DualArmSettings settings);

}  // namespace hyped
