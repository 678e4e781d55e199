// Everything about the stays in one phase of one condition: what counts, curves, fits, and what speaks against them.
#pragma once
#include <string>
#include <vector>

#include "experiments/tracks/durations.hpp"
#include "experiments/tracks/findings.hpp"
#include "libhyped/tracks/durations/duration_family.hpp"

namespace hyped {

struct DurationTables {
  Table used{{{"phase", "", ""}, {"condition", "", ""}, {"stays", "", "that count"}, {"finished", "", ""}, {"cut_off", "", "longer than seen"}, {"skipped", "", "cells that go past the phase without being seen in it"}, {"what", "", "kinds of stays, used and left out"}}};
  Table fits{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %, profile"}, {"upper", "", "95 %, profile"},
              {"wald_lower", "", "95 %, from the curvature"}, {"wald_upper", "", ""}, {"inflation", "1", "of the variance by likeness of relatives, in both intervals"}, {"use", "", "no: the survival or the fit speaks against the model, and why"}, {"verdict", "", "is the interval closed; a mean is told if more stays finished than the family has parameters, its profile closes and the spread has not collapsed"}, {"finished", "", "stays"}, {"cut_off", "", "stays"}}};
  Table families{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"parameters", "", ""}, {"log_l", "", ""}, {"d_aicc", "", "to the best"}, {"weight", "1", "Akaike weight"},
                  {"fit_p", "1", "Anderson-Darling, parametric bootstrap; of the best family"}, {"outcome", "", ""}}};
  Table survival{{{"phase", "", ""}, {"condition", "", ""}, {"estimate", "", "kaplan_meier or turnbull"}, {"time_h", "h", ""}, {"survival", "1", ""}, {"lower", "1", ""}, {"upper", "1", ""}}};
  Table competing{{{"phase", "", ""}, {"condition", "", ""}, {"cause", "", ""}, {"family", "", "exponential: one rate at all ages"}, {"name", "", ""}, {"unit", "", ""}, {"estimate", "", ""}, {"lower", "", "95 %, profile"}, {"upper", "", "95 %, profile"}, {"verdict", "", "is the interval closed"}, {"ended", "", "stays"}}};
  Table arms{{{"phase", "", ""}, {"family", "", ""}, {"condition", "", "against the baseline"}, {"log_ratio", "1", "of the location"}, {"lower", "", ""}, {"upper", "", ""}, {"p_ratio", "1", "of no difference between any conditions"}}};
  Table transforms{{{"phase", "", ""}, {"condition", "", ""}, {"family", "", ""}, {"lower", "1", "uniform between lower and upper if the family is right"}, {"upper", "1", "equal to lower where the end is known exactly"}}};
  Table curve{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "", ""}, {"lower", "", ""}, {"upper", "", ""}}};
  Table model{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "", ""}}};
  Table density{{{"arm", "", ""}, {"phase", "", ""}, {"time_h", "h", ""}, {"value", "1/h", ""}}};
  Table histogram{{{"arm", "", ""}, {"phase", "", ""}, {"from_h", "h", ""}, {"to_h", "h", ""}, {"value", "1/h", "share of the survival curve lost between the two, per hour"}}};
  std::vector<Table*> all() { return {&used, &fits, &families, &survival, &competing, &arms, &transforms, &curve, &model, &density, &histogram}; }
  std::vector<Table> copies() {
    std::vector<Table> out;
    for (const Table* table : all()) out.push_back(*table);
    return out;
  }
};

// `kind` is the best family, -1 if none could be fitted; `doubts` says why its mean is not to be used.
Findings duration_findings(const CellTracks& tracks, int phase, const std::string& condition, const std::vector<FamilyKind>& families, const DurationSettings& settings);
// Do conditions differ? The best family of the baseline with a location per condition, against one for all.
void add_arms(DurationTables& tables, const CellTracks& tracks, int phase, FamilyKind kind, const DurationSettings& settings, Findings& out);

}  // namespace hyped
