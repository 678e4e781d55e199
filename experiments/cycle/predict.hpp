// A held-out arm predicted from the others, beside baselines and a ceiling.
#pragma once
#include <string>
#include <vector>

#include "experiments/cycle/cycle_fit.hpp"

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

struct ArmPrediction {
  CycleFit fitted;                          // on the other arms
  std::vector<double> times_h;              // blocks
  std::vector<std::vector<double>> wells;   // measured totals relative to the anchor, per well [W][B]
  std::vector<double> mean, lower, upper;   // predicted relative total with a 95 % band for a single well
  double band_coverage = 0;                 // share of measured block totals inside the band
  std::vector<PredictionScore> scores;
  double minimal_difference = 0;            // log-fold at the end that wells of this scatter could show (80 % power, 5 % level)
  double between_well_sd = 0;               // of the log relative total at the end, pooled over arms
  double anchor_h = 0;
  std::vector<std::string> dropped_effects; // that only the held-out arm could show
};

// Throws InputError when the held-out arm has no wells or nothing is left to fit.
ArmPrediction predict_arm(const Scenario& scenario, const PhaseCounts& data, const PredictSettings& settings);
void write_prediction(RunDirectory& run, const Scenario& scenario, const ArmPrediction& prediction, const PredictSettings& settings);

}  // namespace hyped
