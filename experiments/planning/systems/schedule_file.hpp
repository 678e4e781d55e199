// A plan as a file: an arm of a scenario with its doses, events and parameter values, which `hyped cycle simulate` reads as a scenario.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "experiments/scenario.hpp"
#include "experiments/scenario_section.hpp"
#include "experiments/planning/systems/cycle_system.hpp"
#include "models/delivery/carrier.hpp"

namespace hyped {

struct SchedulePulse {
  std::string input;
  models::DosePulse dose;
};

struct ScheduleFile {
  std::string scenario;                        // shipped name or path of the scenario whose model it is
  std::string title, arm = "plan";
  double end_h = 72;
  std::vector<SchedulePulse> pulses;           // of inputs with a carrier
  Schedule events;                             // everything else: steps, medium changes
  std::map<std::string, double> values;        // of the fitted parameters
};

// Numbers are written so that they read back the same.
std::string to_toml(const ScheduleFile& file);
// The course of a driven input, a [[course]] of the file: values and slopes of a cubic at its nodes, times_h.
std::string to_toml(const DrivenInput& input, std::span<const double> times_h);
// The scenario with two arms: the plan and "no dose" (without pulses; events on inputs dropped). InputError with the line.
Scenario read_scheduled(Section top, const std::filesystem::path& file, const std::string& text);

}  // namespace hyped
