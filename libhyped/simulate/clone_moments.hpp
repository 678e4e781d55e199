// Mean and covariance over time of the descendants of one founder: the process noise of repeated counts of the same cells.
#pragma once
#include <Eigen/Core>
#include <span>
#include <vector>

#include "libhyped/errors.hpp"
#include "libhyped/model/staged.hpp"
#include "libhyped/simulate/experiment.hpp"

namespace hyped {

// Which samples are averaged into which block; blocks follow each other in time, -1 leaves a sample out.
struct SampleBlocks {
  std::vector<int> block_of_sample;      // [T]
  int count = 0;                         // B
  std::vector<int> size() const;         // samples per block [B]
};
// Blocks of at most `hours`, never across a gap or an event between samples; hours = 0: every sample its own block.
SampleBlocks block_samples(std::span<const double> times_h, double hours, std::span<const double> cuts_h = {});

// All per founder; entry b*K + k is class k averaged over block b.
struct CloneMoments {
  Eigen::VectorXd mean;                  // [B K]
  Eigen::MatrixXd covariance;            // [B K x B K] daughters independent of each other
  // Added to `covariance` per unit of sister correlation rho: with probability rho two sisters run through their cycle in
  // lockstep, so that their cycle times have Pearson correlation rho. The covariance is exactly linear in rho.
  Eigen::MatrixXd sister_covariance;     // [B K x B K]
  Outcome outcome;
};

// Exact for first-order models: dC/dt = A C + C A' + B(x) with Gauss-Legendre quadrature (3 nodes per step, uniform rate x step
// <= 0.5) and Cov(s, t) = exp(A (t-s)) C(s). Rates that vary are held at the middle of each step. A loss of cells keeps each
// cell independently. `experiment.initial` is the founder's distribution over the stages (sums to 1, multinomial);
// projection [K x S] says how much of a cell in each stage is seen in each class.
// Source: multi-type branching processes, e.g. Athreya & Ney 1972, ch. V; lockstep pairs are types of weight two.
CloneMoments clone_moments(const StagedModel& model, std::span<const double> parameters, const Experiment& experiment,
                           const Eigen::MatrixXd& projection, const SampleBlocks& blocks);

}  // namespace hyped
