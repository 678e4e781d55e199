// How long stays lasted, as far as a film shows it: exact, between frames, cut off, met half way, or kept only because they ended.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "libhyped/tracks/cell_tracks.hpp"

namespace hyped {

// One duration in hours, counted from the latest moment its stay can have begun. It lies in [lower, upper]: equal if exact, upper
// infinite if cut off. With entry_spread > 0 the stay began up to that much earlier, evenly likely in between, and was seen only
// because it lasted to the latest moment (a shorter one falls between two frames); both truncations shift along.
struct Duration {
  double lower_h = 0, upper_h = 0;
  double entry_spread_h = 0;
  double seen_if_above_h = 0;                                              // left truncation: shorter ones would not be here
  double seen_if_below_h = std::numeric_limits<double>::infinity();       // right truncation: longer ones would not be here
  bool residual = false;              // its entry was not seen: counted from the first moment it was seen
  int cause = 0;                      // how it ended, index into DurationData::causes; -1: cut off
  double window_h = std::numeric_limits<double>::infinity();              // until the film ended; for simulation
  int cell = -1;                      // index into CellTracks::cells, or the row of a table
  int family = -1;                    // durations of one number may be alike (relatives); -1: of its own
  bool censored() const { return std::isinf(upper_h); }
  bool exact() const { return lower_h == upper_h; }
};

struct DurationData {
  std::string name;                            // "G1 of NCI-H460"
  std::vector<std::string> causes{"left"};
  std::vector<Duration> durations;             // [n]
  std::vector<std::string> covariates;         // names of the columns of design
  Eigen::MatrixXd design;                      // [n x C]; an intercept is always there besides
  double frame_interval_h = 0;                 // 0: times were annotated
  double growth_rate_per_h = 0;                // of the population from which residual durations were met
  std::vector<std::string> words;              // what was used, what was left out, why
  int count() const { return static_cast<int>(durations.size()); }
};

// A covariate: a number of every stay, by its film, cell and begin.
struct Covariate {
  std::string name;
  std::function<double(const Film&, const FollowedCell&, const PhaseStay&)> value;
};
// One column per condition but the baseline (1: in it); dose by condition; hours from the dose to the begin of the stay, 0 before it.
// InputError for a baseline no film has, or a condition without an entry.
std::vector<Covariate> arm_covariates(const CellTracks& tracks, const std::string& baseline);
Covariate dose_covariate(const std::map<std::string, double>& dose_by_condition, const std::string& unit);
Covariate time_since_dose_covariate(const std::map<std::string, double>& dosed_at_h_by_condition);

// left_out: stays whose entry was not seen say nothing. residual: they count with the distribution of what a stay has left when it
// is met at a random moment of steady exponential growth. Sources: Cox 1962, Renewal Theory, ch. 5; Powell 1956, J Gen Microbiol 15:492.
enum class UnseenEntry { left_out, residual };
// all: stays cut off count as such. finished_only: the file holds only stays that ended; each is conditioned on having ended within
// what remained of the film when it began.
enum class StaysKept { all, finished_only };

struct DurationPolicy {
  int phase = 0;
  std::string condition;                       // empty: all
  UnseenEntry unseen_entry = UnseenEntry::left_out;
  StaysKept kept = StaysKept::all;
  double growth_rate_per_h = 0;                // for residual durations
  // Each way of ending is a cause by its name; what is in none (and film_end) cuts the stay off. The first cause is the progress.
  std::vector<std::pair<std::string, std::vector<StayEnd>>> causes{{"progress", {StayEnd::next, StayEnd::division}}};
  std::vector<Covariate> covariates;
};

// InputError where nothing is left, naming why. `words` counts every kind.
DurationData make_durations(const CellTracks& tracks, const DurationPolicy& policy);
// The rules every duration keeps; throws InputError naming the row: negative, upper below lower, exact 0, truncation that excludes it.
void check_durations(const DurationData& data);
// The same stays for one cause alone: those that ended otherwise are cut off where they ended (exact for annotated times; for
// times between frames see fitting/competing_risks.hpp).
DurationData for_cause(const DurationData& data, int cause);

}  // namespace hyped
