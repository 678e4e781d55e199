// One split of a design: network, linear baseline and simple guesses, all scored on the conditions held out.
#pragma once
#include <string>
#include <vector>

#include "experiments/grn/fit/grn_problem.hpp"
#include "fitting/networks/left_out_intervals.hpp"

namespace hyped {

// Over all values of the conditions tested. Pearson over genes and phenotypes, together; NaN where it does not exist.
struct GrnScore {
  double pearson = 0, mse = 0, mse_scored = 0;      // mse: over all nodes; mse_scored: genes and phenotypes
};
// predicted, measured [N x M]; the first `scored` nodes count for Pearson.
GrnScore score_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& measured, int scored);

// A network fitted to some of the conditions, with everything a prediction needs.
struct FittedGrn {
  GrnNetwork network;
  NetworkFit fit;
  InputRidge baseline;
  std::vector<std::string> trained;               // conditions
  std::vector<Eigen::VectorXd> member_theta;      // of the fold fits at the chosen step
  std::vector<int> member_deal;                   // which deal of the folds each belongs to
  std::vector<int> member_of;                     // [trained] the fit that has not seen a condition (first repeat); empty without folds
  Eigen::MatrixXd left_out_residual;              // [M x trained]
  bool ensemble = false;                          // predictions are means over the fold fits
  double seconds = 0;
};
FittedGrn fit_grn(const GrnScenario& scenario, const GrnData& data, const std::vector<std::string>& train);

// Predictions of measured means, [M x Q], with intervals from left-out conditions.
struct GrnPrediction {
  std::vector<std::string> conditions;            // [Q]
  Eigen::MatrixXd estimate;
  PredictionRange range;                          // NaN where there are too few left-out conditions
  Outcome outcome;
};
// block: conditions to predict; its means are not looked at.
GrnPrediction predict_grn(const FittedGrn& fitted, const NetworkMeasurements& block, double level);

struct SplitResult {
  GrnSplit split;
  Outcome outcome;                                // of the fit, or of the prediction
  GrnScore network, ridge, no_change, additive;   // additive: NaN unless all tested are combinations whose singles were trained
  Eigen::MatrixXd predicted, linear, measured;    // [tested x M]
  Eigen::MatrixXd added;                          // [tested x M] the additive guess, where it has a score
  double coverage = 0, ridge_coverage = 0;        // of 95 % intervals, genes and phenotypes
  double non_additive = 0, non_additive_linear = 0;      // skill for measured minus additive: 1 - SS / SS of the additive guess; NaN as above
  int additive_count = 0;
  double factor = 0, ridge_penalty = 0, seconds = 0, largest_rate = 0;
  int edges = 0;
  std::vector<std::string> words;
};
SplitResult run_split(const GrnScenario& scenario, const GrnData& data, const GrnSplit& split);

// Difference of two scores over splits that share conditions.
struct PairedDifference {
  double mean = 0, lower = 0, upper = 0;                       // Student's t over splits
  double corrected_lower = 0, corrected_upper = 0;             // variance times (1/J + tested/trained), as splits overlap (Nadeau & Bengio 2003, Mach Learn 52:239)
  int ahead = 0, splits = 0;
  int missing = 0;                                             // differences that are no numbers: one of the two could not be scored
};
// differences [J], of which those that are finite count; overlap: tested / trained conditions. NaN intervals for fewer than 2.
PairedDifference paired_difference(const std::vector<double>& differences, double overlap);
// Interval of a mean squared error over what was held out: Student's t of the logarithm of the mean over groups. It held 93 to 95 % where the groups' expected
// errors spread by .3 in the logarithm, 91 to 94 % where by .7 (test "intervals of squared errors"). NaN for fewer than 3 groups; words say what it is or why there is none.
struct ErrorInterval {
  double lower = 0, upper = 0;
  std::string words;
};
// mse: the centre; by_group: mean squared errors of the groups; `group`: what they are, "arm".
ErrorInterval error_interval(double mse, const std::vector<double>& by_group, const std::string& group, double level);
// "better than linear", "no better than linear", ... with the figures.
std::string verdict_of(const PairedDifference& pearson);

}  // namespace hyped
