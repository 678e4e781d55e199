// Networks of the dual-arm study: with GeneNetWeaver's kinetics, doses chosen for a large effect that is not additive, cells simulated.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fitting/interventions/dual_arm.hpp"
#include "libhyped/model/hill_network.hpp"

namespace hyped {

struct StudyNetwork {
  std::string name, origin;                     // origin: "DREAM4", "DREAM4 edges" (constants drawn anew), "random"
  HillNetwork network;                          // per hour
  models::TransientDoses doses;
  std::vector<double> mrna, protein;            // start: where 400 h without doses lead
  double not_additive = 0;                      // greatest effect on a gene downstream at 48 h
};

struct StudyOptions {
  int networks = 50;
  double minutes_per_hour = 12;                 // 48 h are 576 minutes of GeneNetWeaver, as in the HYPED-like networks of 10 genes
  double least_not_additive = 0.05;             // of the chosen doses; a random network with less is drawn again
  std::uint64_t seed = 1;
};

// A quarter of them with the kinetics of the SBML networks (each with its best pairs of doses), a quarter on their edges with constants
// drawn anew, the rest random. Pairs: of all ordered pairs of genes those with the largest |simm - si - mm + ctrl| of any other gene.
std::vector<StudyNetwork> draw_study_networks(const std::vector<HillNetwork>& per_minute, const StudyOptions& options);

// Noise-free level of every gene at 48 h [G] in one arm.
Eigen::VectorXd end_levels(const StudyNetwork& study, bool silenced, bool delivered);

// The true signed edges with chance `recall` each, and as many wrong ones (random signs) as leave the list right in a share `precision`.
EdgeList noisy_edge_list(const HillNetwork& network, double precision, double recall, std::uint64_t seed);

}  // namespace hyped
