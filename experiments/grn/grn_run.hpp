// `hyped grn fit|predict|edges|steady`: runs with tables, figures and words.
#pragma once
#include <string>
#include <vector>

#include "experiments/grn/fit/grn_split.hpp"
#include "libhyped/ingest/read_cellbox.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Design (ridge first in every table), then the network of all conditions. What later verbs need is in run.h5 and scenario.toml of the run.
void run_grn_fit(RunDirectory& run, const GrnScenario& scenario, const std::string& data);

// Arms as NAME=INPUT:LEVEL,INPUT:LEVEL (constant inputs) or NAME=KIND@FROM_H[xDOSE]+KIND@FROM_H[xDOSE] (deliveries); none given: the fit's own.
struct GrnPredictSettings {
  std::filesystem::path fit;                 // folder of a fit
  std::vector<std::string> arms;
  double time_h = 0;                         // of deliveries; 0: the fit's
};
// Table predictions and data/predictions.h5ad: X the predicted mean, arms in obs, layers lower and upper (95 %, NaN: not known).
void run_grn_predict(RunDirectory& run, const GrnPredictSettings& settings);

struct GrnEdgeSettings {
  std::filesystem::path fit;
  std::string from, to;                      // empty: all
};
void run_grn_edges(RunDirectory& run, const GrnEdgeSettings& settings);

// Each condition's steady state of the fitted network, from 0: does it exist, is it stable, is it reached?
void run_grn_steady(RunDirectory& run, const GrnPredictSettings& settings);

// --- parts ---
// A fit read back: scenario, data and parameters.
struct StoredGrn {
  GrnScenario scenario;
  GrnData data;
  FittedGrn fitted;
};
void store_grn(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted);
StoredGrn read_stored_grn(const std::filesystem::path& fit);
NetworkMeasurements arms_to_predict(const StoredGrn& stored, const GrnPredictSettings& settings, std::vector<std::string>& words);

void report_design(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const std::vector<SplitResult>& results);
// Where the design holds nothing out: table baselines, and a sentence.
void report_baselines(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted);
// Free parameters over refits to resampled cells or wells, and their table; empty without [bootstrap].
struct GrnBootstrapRanges {
  std::vector<double> sd, lower, upper;           // [F] natural units
  std::vector<int> same_sign;                     // [F] refits whose value is not 0 and has the estimate's sign
  int refits = 0;
};
GrnBootstrapRanges bootstrap_grn(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted);
void report_network(RunDirectory& run, const GrnScenario& scenario, const GrnData& data, const FittedGrn& fitted, const GrnBootstrapRanges& ranges);

// CellBox's published forward pass: Heun's method with fixed steps from 0. States [S x B] at the last step.
struct HeunPass {
  Eigen::MatrixXd state;
  double largest_rate = 0;                        // max |dx/dt| there
};
// "has reached its steady state at the last step: ..." or "has not reached", by 1e-6 of the largest state.
std::string rest_words(const HeunPass& pass);
HeunPass heun_pass(const BatchModel& model, const Eigen::VectorXd& parameters, const Eigen::MatrixXd& inputs, double step_h, int steps);
// A trained CellBox model as a network with all weights as parameters.
std::unique_ptr<models::BatchNetwork> cellbox_network(const CellboxData& data, const CellboxModel& model);
// The test error of a published model here, against the authors' own log of its training. The weights that are stored are those of some row of the
// log: the nearest one is taken, and how far the next value is says whether that can be chance.
struct PublishedCheck {
  double here = 0, published = 0, difference = 0, tolerance = 0, next = 0;      // next: distance of the nearest other value of the log
  CellboxLogRow row;
  double last = 0;                                // of the log
  int rows = 0;
  bool reproduced() const { return difference <= tolerance; }
};
// errors: mean squared error of each condition tested, in the order of the split. Tolerance: a millionth of the number, ten times what single precision rounds.
PublishedCheck check_published(const std::vector<double>& errors, int batch, const std::vector<CellboxLogRow>& log);
std::string words_of(const PublishedCheck& check);
// Scores of a published model on the parts of its split; tables published and, where the log is in the data, published_check.
void report_published(RunDirectory& run, const GrnScenario& scenario, const std::filesystem::path& folder);

}  // namespace hyped
