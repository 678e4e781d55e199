// The genes of a sequencing twin and the network that moves some of them: made once from settings and a seed, known in full.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/twin/cells/cells_settings.hpp"
#include "models/gene_network/saturating_network.hpp"

namespace hyped {

struct TwinGene {
  std::string name, programme;         // factor, matrix, muscle, s_phase, g2m, interferon, regulator, target; mitochondrial, ribosomal, constant, unconnected
  int state = -1;                      // in the network; -1: its level only fluctuates about 1
  double umis = 0;                     // of a median control cell at level 1
  double relaxation = 0, noise = 0;    // 1/h; strength of proportional noise: see DiagonalNoise
  std::vector<double> batch;           // logarithm of its factor in each library
  std::string id, type, chromosome;    // as in var of the published file; ids that start with ENSG9 name no real gene
  std::int64_t start = 0, end = 0;
};

struct TwinNetwork {
  std::vector<TwinGene> genes;         // ascending by name
  std::unique_ptr<models::SaturatingNetwork> model;      // inputs: those delivered (in the order of the settings), interferon, S, G2M
  std::vector<int> gene_of_state;      // into genes
  std::vector<double> rest;            // [states] of the network without inputs, in G1
  double slowest = 0;                  // largest real part of an eigenvalue of the Jacobian at rest, 1/h; negative: stable
  int weakened = 0;                    // times that weights between regulators were halved to make it so
  int interferon = 0, s_phase = 0, g2m = 0;      // indices of inputs
};

// Level 1 of a gene is its steady state in an unperturbed G1 cell (MYOD1: fully induced). Named genes have the effects of
// twin_genes.tsv, regulators and targets random ones. InputError if the settings ask for fewer genes than have a name.
TwinNetwork make_twin_network(const CellsTwinSettings& settings, std::uint64_t seed);

}  // namespace hyped
