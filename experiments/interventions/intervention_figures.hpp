// Figures of `hyped grn knockouts` and `hyped grn dual-arm`.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "fitting/interventions/dual_arm.hpp"
#include "fitting/interventions/intervention_network.hpp"
#include "libhyped/ingest/networks/read_network_tables.hpp"
#include "libhyped/store/run_directory.hpp"

namespace hyped {

// Drawing of the edges with a probability of a half or more; posterior against z-score by pair; with true edges: precision by recall of both.
void draw_knockout_edges(RunDirectory& run, const std::vector<std::string>& genes, const EdgePosterior& posterior, const Eigen::MatrixXd& z, const std::optional<GoldStandard>& gold);

// Predicted levels with intervals by gene, and predictions against the measured arm where there is one.
void draw_dual_arm(RunDirectory& run, const std::vector<std::string>& genes, const SingleArms& arms, const DualArmPrediction& prediction, const Eigen::VectorXd& measured);

}  // namespace hyped
