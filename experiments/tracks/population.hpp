// From the durations of single cells to the growth of the population, and against counts of it.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/tracks/durations.hpp"
#include "libhyped/tracks/durations/age_structure.hpp"
#include "libhyped/tracks/durations/duration_likelihood.hpp"

namespace hyped {

struct PopulationSettings {
  std::filesystem::path counts;                              // tidy counts (condition well time_h class count); empty: none
  std::map<std::string, std::vector<std::string>> classes;   // class -> phases it shows; a class not named here is the phase of its name
  double from_h = -1;                                        // the prediction starts at the first frame from here on; -1: at the first
  int draws = 100;                                           // of the durations' parameters, for bands
};

// The cycle of one condition: best family of every phase, with the share of cells that pass the phase by.
struct FittedCycle {
  struct Phase {
    std::string name, family;
    double passed_by = 0;                                    // share of cells that go from the phase before to the one after
    DurationModel model;
    Eigen::VectorXd theta;                                   // of DurationLikelihood without covariates
    Eigen::MatrixXd covariance;                              // [P x P]; zero where not identified
  };
  std::string condition;
  std::vector<Phase> phases;
  Outcome outcome;                                           // a phase nobody was seen to leave
};
FittedCycle fitted_cycle(const CellTracks& tracks, const std::string& condition, const DurationSettings& settings);
std::vector<PhaseLaw> laws_of(const FittedCycle& cycle);
// One draw of the parameters from their normal approximation.
std::vector<PhaseLaw> drawn_laws(const FittedCycle& cycle, std::uint64_t seed, int draw);

// Tables growth, phase_type and, with counts, counts_prediction; figure counts_prediction. Growth of a condition with doubts (of run_durations) is marked as
// not to be used.
void run_population(RunDirectory& run, const CellTracks& tracks, const DurationSettings& settings, const PopulationSettings& population, const DurationRun& durations = {});

}  // namespace hyped
