// The sequencing half of a synthetic HYPED experiment: counts of hashed libraries, with everything that made them.
#pragma once
#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/twin/cells/cell_pool.hpp"
#include "experiments/twin/cells/delivery_courses.hpp"
#include "experiments/twin/cells/droplets.hpp"
#include "experiments/twin/cells/twin_network.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/expression/sparse_rows.hpp"

namespace hyped {

// A cell that went into a droplet.
struct SequencedCell {
  int droplet = 0;                     // row of the file
  int library = 0, sample = 0;         // the sample it belongs to
  std::string arm;
  TruePhase phase = TruePhase::g1;   // true one at harvest
  std::vector<double> doses;           // [delivered] relative dose it took up; 0: none
  std::vector<double> inputs;          // [inputs of the network] at harvest
  double exogenous_umis = 0;           // of modified mRNA in a median cell
  double umis = 0;                     // expected, of this cell
};

struct CellsTwin {
  TwinNetwork network;
  std::vector<HashedLibrary> libraries;
  std::vector<int> library;            // [N] of every row; rows are the libraries one after another
  std::vector<SequencedCell> cells;    // [M] ascending by droplet
  SparseRows counts;                   // [N x G] UMIs
  Eigen::MatrixXd levels;              // [M x states] of the network's genes
  std::vector<double> ambient_share;   // [N] expected share of ambient UMIs
  std::vector<CellPool> pools;         // cultures; their cells are cleared
  std::vector<DeliveryCourse> courses;
  Eigen::MatrixXd soup;                // [libraries x G] ambient profile, shares
  long sde_steps = 0;
  Outcome outcome;

  int droplets() const { return static_cast<int>(library.size()); }
  const Droplet& droplet(int row) const;
};

// Arms, doses, delivery models and phases are the scenario's: the same as in its imaging half. Expression of every cell follows the
// network's stochastic equation through the phases of its line from rest_h before 0 to the harvest (see simulate_sde); genes
// outside it are drawn from the stationary law. Counts are Poisson: depth log-normal, ambient RNA of the library's mean profile, two
// cells' sum in a doublet. Parallel, the same bytes for any number of threads. InputError for what cannot be made.
CellsTwin simulate_cells_twin(const Scenario& scenario, std::uint64_t seed);

}  // namespace hyped
