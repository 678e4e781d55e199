// Deliveries as courses that drive the rates of a multi-state model.
#pragma once
#include <string>
#include <vector>

#include "libhyped/store/run_directory.hpp"
#include "libhyped/tracks/panels/panel_model.hpp"

namespace hyped {

// "CONDITION=KIND@FROM[xDOSE]", e.g. siPRRX1=sirna@0 or dual=modified_mrna@24x0.5: from when [h on the tracks' time axis], at which
// dose (relative; ligand: nM). InputError if it does not parse, names no condition or no kind of delivery.
struct RateDelivery {
  std::string condition, kind;
  double from_h = 0, dose = 1;
};
RateDelivery rate_delivery(const std::string& text, const std::vector<std::string>& conditions);

// One input per kind and time of delivery, shared by the conditions that get it, on all transitions named (empty: all): spec.inputs, drives and
// input_cuts_h every `step_h` from the first look to the last. Its level is the mean of the active input (1 at the peak of the reference dose) over
// each step, by the models in models/delivery with their default parameters. What was used is said in the run.
void add_deliveries(RunDirectory& run, const PanelData& data, const std::vector<std::string>& deliveries, const std::vector<int>& transitions, double step_h, PanelSpec& spec);

}  // namespace hyped
