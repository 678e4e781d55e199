// Inside the tests of multi-state models: a wider model beside the fitted one.
#pragma once
#include <string>

#include "fitting/panel_fit.hpp"

namespace hyped {

// The wider model from the fitted one's parameters of the same names, and from further starts if that does not settle.
PanelFit wider_fit(const PanelData& data, const PanelSpec& wide, const PanelFit& narrow, PanelFitOptions options);
// Nested models by chi-square, others by AIC; a wider fit that did not settle, or ended below the one inside it, is not tested.
PanelTest compared(std::string assumption, std::string alternative, const PanelFit& narrow, const PanelFit& wide, bool nested);

}  // namespace hyped
