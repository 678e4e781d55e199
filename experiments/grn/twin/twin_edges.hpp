// Which edges of a twin's network its own data determine: a saturating network fitted to group means, judged by the truth.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/grn/twin/twin_groups.hpp"
#include "fitting/networks/evidence/edge_identifiability.hpp"
#include "models/gene_network/fluctuating_network.hpp"
#include "models/gene_network/search_coordinates.hpp"

namespace hyped {

struct TwinEdgeSettings {
  int phase_genes = 3;                 // of S and of G2/M each; they have no edges
  double false_candidates = 1;         // mean number of candidate edges of a gene that are not there, as a prior list has them
  double decay_sd = 0.3;               // of the logarithm: half-lives measured elsewhere
  double openness_sd = 0.7, openness_mean = -1.2;      // of the logit
  double edge_sd = 2, interferon_sd = 3, phase_sd = 10, silencing_sd = 0.3;
  double delivery_sd = 0;              // of what delivery alone does to any gene, beside the interferon programme; 0: nothing
  double level_sd = 1;                 // of the logarithm, about the control's
  double library_sd = 0;               // 0: from genes outside the network
  // true: each prior is a measurement of the truth with its own error, drawn anew; false: edges and strengths are about zero
  bool measured_priors = false;
  std::vector<std::string> left_out_arms;
  bool unequal_cells = true;           // means of cells that fluctuate; false: the network at the mean levels
  bool correlated_errors = true;       // intervals with the covariance of genes' errors and shared errors; false: independent ones
  bool expected_errors = true;         // standard errors at fitted levels; false: as counted
  EdgeThresholds thresholds;
  TwinGroupSettings groups;
  std::uint64_t seed = 1;
};

struct TwinEdgeProblem {
  std::unique_ptr<models::SaturatingNetwork> network;      // candidates included, in units of the data, true values
  std::unique_ptr<models::FluctuatingNetwork> fluctuating;  // null: cells are taken to be equal
  std::unique_ptr<models::SearchCoordinates> coordinates;
  std::unique_ptr<GroupMeans> means;
  bool correlated_errors = true, expected_errors = true;
  double dispersion = 0;                                   // between cells, as counted
  std::vector<CellGroup> left_out;                         // groups of left-out arms
  std::vector<std::string> genes;
  std::vector<int> states;                                 // of the twin's network, by gene
  Eigen::VectorXd truth;                                   // of theta
  std::vector<int> edges;                                  // indices in theta
  std::vector<bool> real;                                  // by edge: there in truth
  std::vector<int> delivery;                               // indices in theta of what delivery alone does
  double library_sd = 0;
  std::vector<std::string> notes;
};

// The model is the twin's own class, for the means of cells that are unequal (FluctuatingNetwork with the dispersion of genes outside the
// network, taken to be that of every gene); its genes are the factors, matrix, muscle, interferon, regulator and target genes and a few of
// each phase. MYOD1's own equation is held: its counts are those of the delivered transcript. InputError as twin_groups.
TwinEdgeProblem twin_edge_problem(const Scenario& scenario, const CellsTwin& twin, const TwinEdgeSettings& settings = {});

struct TwinFitOptions {
  EdgeThresholds thresholds;
  LeastSquaresOptions descent = {.iteration_limit = 60, .function_tolerance = 1e-6, .refinements = 8};
  int refits = 40;                     // to data and priors drawn anew, for the intervals; 0: linear ones
  // Where regulators' openness and edges trade off the squares have several minima, and intervals about a wrong one miss. 1: the problem's start alone; 2: and the
  // prior's mean; more: and draws of half the prior's width about it. The lowest is refined.
  int starts = 6;
  std::uint64_t seed = 1;
};

struct TwinEdgeFit {
  LeastSquaresResult fit;
  std::vector<double> minima;                              // |r|^2 where each start's first descent ended, in order; infinite: failed
  std::unique_ptr<GroupMeans> means;                       // with the standard errors that were used in the end
  std::unique_ptr<NetworkEvidence> evidence;
  RandomisedRefits refits;                                 // none where its outcome is not ok: intervals are linear then
  std::vector<EdgeEvidence> edges;                         // in the order of the problem's
  EdgeEvidence parameter(int k, const EdgeThresholds& thresholds = {}) const;      // an element of theta, by the refits where there are any
};
TwinEdgeFit fit_twin_edges(const TwinEdgeProblem& problem, const TwinFitOptions& options = {});
struct EdgeCallScore {
  int edges = 0, determined = 0, right = 0;                // right: there in truth, with the sign called
  int identifiable = 0, identifiable_called = 0;           // by the information at the truth, with the same thresholds
  int weakly = 0, prior_only = 0;
  std::vector<EdgeEvidence> at_truth;
};
EdgeCallScore score_edges(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const EdgeThresholds& thresholds = {});

// A left-out dual arm from the fit of the others: log fold against the control by gene, beside the sum of the single arms' log folds.
struct DualPrediction {
  std::vector<std::string> genes;
  Eigen::VectorXd measured, measured_se, predicted, predicted_sd, additive, additive_se;      // logs, of the G1 cells
  double network_error = 0, additive_error = 0, no_change_error = 0;       // root mean square, genes that move (any arm's log fold above 0.3)
  int moving = 0, covered = 0, counted = 0;                                // 95 % intervals, measurement error included
};
DualPrediction predict_dual(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const std::string& control, const std::vector<std::string>& singles, const std::string& dual);

// What the dual arm's log level has beyond the sum of the single arms' log folds, by gene (G1 cells, library factors apart): 95 % intervals
// from data and priors together. Every one of the four arms must have been fitted or left out with its G1 group.
std::vector<PredictedNumber> non_additive_parts(const TwinEdgeProblem& problem, const TwinEdgeFit& fit, const std::string& control, const std::vector<std::string>& singles, const std::string& dual);
// The same number of one gene as a functional of theta, for profiles. The problem must outlive it.
NetworkFunctional non_additive_part(const TwinEdgeProblem& problem, int gene, const std::string& control, const std::vector<std::string>& singles, const std::string& dual);
// An element of theta as a functional.
NetworkFunctional element_of(int index);

// How many edges stay determined if delivery alone may move every gene, with prior widths `widths` (linearised about the fit).
struct DeliveryRow {
  double delivery_sd = 0;
  std::string input;                   // of the regulator it is collinear with
  int edges = 0, determined = 0;
  double mean_sd = 0;                  // of those edges' weights
};
std::vector<DeliveryRow> under_delivery_priors(const TwinEdgeProblem& with_delivery, const Eigen::VectorXd& theta, const std::vector<double>& widths, const EdgeThresholds& thresholds = {});

}  // namespace hyped
