// Figures of multi-state fits: shares of phases as read and by the model, the diagram of rates.
#pragma once
#include <cstdint>

#include "fitting/panel_fit.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Figure prevalence: a panel per condition. Bands are 95 %, of `seed`'s draws of the parameters.
void add_prevalence(RunDirectory& run, const PanelData& data, const PanelFit& fit, const PanelSpec& spec, std::uint64_t seed);
// Figure rates: phases on a circle, an arrow per allowed change.
void add_diagram(RunDirectory& run, const PanelSpec& spec, const PanelFit& fit);

}  // namespace hyped
