// A held-out arm predicted from the others, beside baselines and a ceiling.
#pragma once
#include <string>
#include <vector>

#include "experiments/cycle/cycle_fit.hpp"
#include "fitting/anchored_well.hpp"
#include "fitting/prediction_profile.hpp"

namespace hyped {

// How far one way of predicting is from the wells of the held-out arm. Each well starts from its own first block after the last
// event (for all ways alike), so the score is of what happens then.
struct PredictionScore {
  std::string name, kind;                   // kind: model, baseline, ceiling
  std::vector<double> per_well;             // root mean square of log (predicted / measured) total [W]
  double error = 0, lower = 0, upper = 0;   // mean over wells, 95 % t interval over wells (equal to error with one well)
  double fraction_error = 0;                // root mean square difference of class shares, mean over wells; 0 with one class
  double final_fold = 0;                    // predicted / measured at the last block, geometric mean over wells
};

// The predicted log total of a block relative to the anchor's: how far the training arms let it go, parameters alone.
struct PredictionInterval {
  double time_h = 0;
  double degrees = 0;                       // of freedom (Satterthwaite): the threshold is the square of their t quantile
  PredictionProfile profile;                // all parameters refitted
  double linear_lower = 0, linear_upper = 0;      // of the prediction linearised at the optimum, same degrees
};

struct ArmPrediction {
  CycleFit fitted;                          // on the other arms
  std::vector<double> times_h;              // blocks
  std::vector<std::vector<double>> wells;   // measured totals relative to the anchor, per well [W][B]
  std::vector<double> mean, lower, upper;   // predicted relative total with a 95 % band for a single well
  double band_coverage = 0;                 // share of measured block totals inside the band
  std::vector<PredictionInterval> intervals;
  Outcome intervals_outcome;                // why there are none, if there should be
  std::vector<PredictionScore> scores;
  double minimal_difference = 0;            // log-fold at the end that wells of this scatter could show (80 % power, 5 % level)
  double between_well_sd = 0;               // of the log relative total at the end, pooled over arms
  double anchor_h = 0;
  double anchor_cells = 0;                  // that the well of mean, band and intervals (the arm's first) holds there
  std::vector<std::string> dropped_effects; // that only the held-out arm could show
};

// Prediction profiles of `well` at up to settings.interval_times blocks, evenly spaced to the last, under the covariance frozen at the fit.
std::vector<PredictionInterval> prediction_intervals(const CycleFit& fitted, const AnchoredWell& well, const PredictSettings& settings, const Records& records, Outcome& outcome);
// Throws InputError when the held-out arm has no wells or nothing is left to fit.
ArmPrediction predict_arm(const Scenario& scenario, const PhaseCounts& data, const PredictSettings& settings);
void write_prediction(RunDirectory& run, const Scenario& scenario, const ArmPrediction& prediction, const PredictSettings& settings);

}  // namespace hyped
