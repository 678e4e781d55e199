// What `hyped tracks multistate` does.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fitting/panel_fit.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

struct MultistateSettings {
  std::vector<std::string> transitions;        // "A-B"; empty: each phase to the next, the last to "divided" (to the first where the file has no
                                               // divisions), all to "dead" as a hazard
  bool misread = false;                        // every phase may be read as every other
  std::map<std::string, int> stages;           // by phase; absent: 1
  std::vector<double> cuts_h;
  bool effects = true;                         // rates differ between conditions
  std::vector<std::string> deliveries;         // "CONDITION=KIND@FROM[xDOSE]" (driven_rates.hpp): these conditions have no constant effects
  std::vector<std::string> driven;             // "A-B", transitions that deliveries drive; empty: all
  double input_step_h = 1;                     // delivered inputs are steps this long
  std::string reference;                       // condition the others are compared with; empty: the first
  int starts = 1;
  std::uint64_t seed = 1;                      // of the draws behind bands
};

// Reads tracks with called phases, fits, tests the assumptions; tables rates, sojourns, changes, assumptions, prevalence_test, figures rates and
// prevalence. Means that a test speaks against are marked as not to be used, in the table and in the answer.
void run_multistate(RunDirectory& run, const std::filesystem::path& file, const TrackReading& reading, const MultistateSettings& settings);

// A rate of which the data show no event: its upper limit, from the time the cells were seen in the phase.
struct UnseenRate {
  std::string name;
  double hours = 0, upper_per_h = 0;           // 95 %, one-sided: -log(0.05) / hours
};
// Takes transitions nobody made out of the spec where all changes seen are still explained without them, and effects of conditions in which, or in
// whose reference, a transition was not seen (`pooled` says which: one rate for both).
std::vector<UnseenRate> leave_out_unseen(const PanelData& data, PanelSpec& spec, std::vector<std::string>& pooled);

// "divided" and "dead", which no cell leaves.
bool is_end(const std::string& phase);
// The spec that the settings ask for. InputError: unknown phases; changes seen that no allowed path explains when nothing is misread.
PanelSpec spec_of(const PanelData& data, const MultistateSettings& settings);

}  // namespace hyped
