// Which edges the steady levels after knock-outs and knock-downs support: a sparse linear network of relative changes, with its posterior.
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "libhyped/errors.hpp"

namespace hyped {

struct InterventionData {
  std::vector<std::string> genes;        // [G]
  Eigen::VectorXd wild_type;             // [G] levels without intervention
  Eigen::MatrixXd levels;                // [R x G]
  std::vector<int> target;               // [R] gene of each row
  std::vector<double> remaining;         // [R] share of its transcription that is left: 0 knock-out, 0.5 knock-down
};

struct InterventionOptions {
  double noise_absolute = 0.03, noise_relative = 0.06;      // sd of a level x: hypot(absolute, relative x)
  double nonlinear = 0.1;                // sd of what the linear network misses, relative to the wild type
  double degrees = 4;                    // of Student's distribution of residuals
  double edge_share = 0.15;              // prior chance of an edge
  double effect_sd = 0.7;                // prior of an edge's effect: relative change per relative change of the regulator
  int chains = 4, steps = 200000;        // a quarter of the steps is burn-in
  int temperatures = 10;                 // of the likelihood, from 1 to `hottest`; neighbours exchange their networks
  double hottest = 30;
  std::uint64_t seed = 1;
};

struct EdgePosterior {
  Eigen::MatrixXd probability;           // [G x G] of an edge from the row's gene to the column's, zero diagonal
  Eigen::MatrixXd effect, effect_sd;     // [G x G] given that it is there
  double disagreement = 0;               // largest sd of a probability between chains, over root of their number
};

// u = B u + forcing on the target, which is held at what was done to it (half the nominal and half the measured change for a knock-down);
// u relative changes, B sparse: prior edge_share for each edge, N(0, effect_sd^2) for its effect. Residuals of all genes but the target are
// Student. Indirect effects are paths of B, so an edge is supported only by what the paths leave unexplained. Metropolis over structures
// (add, remove, redirect) and effects with parallel tempering. Parallel over chains, the same numbers for any number of threads. InputError for sizes
// that differ, levels that are negative, targets out of range. Sources: Pearl 2009, Causality, ch. 3 (interventions in linear
// networks); George & McCulloch 1997, Stat Sin 7:339 (priors over subsets); Geyer 1991, Proc 23rd Interface, 156 (parallel tempering).
EdgePosterior intervention_network(const InterventionData& data, const InterventionOptions& options = {});

// The baseline: |level - mean| / sd over the rows of a knock-out table, row i: gene i knocked out [G x G], zero diagonal.
Eigen::MatrixXd knockout_zscores(const Eigen::MatrixXd& knockouts);

// Noise of repeated measurements [n x G] of one state: sd^2 = absolute^2 + (relative level)^2 by least squares over genes, each gene
// counting by the precision of its variance.
struct LevelNoise {
  double absolute = 0, relative = 0;
};
LevelNoise noise_of_replicates(const Eigen::MatrixXd& replicates);

}  // namespace hyped
