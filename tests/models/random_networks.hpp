// Networks for tests: random but the same every time, small or large, with every kind of input if wanted.
#pragma once
#include <cmath>
#include <string>

#include "libhyped/random.hpp"
#include "models/gene_network/batch_network.hpp"

namespace hyped::testing {

// Weights shrink with the number of regulators, so that trajectories stay tame. `everything`: inputs of all kinds, gates, hidden modules.
inline models::BatchNetworkDefinition random_network(int genes, models::TransferFunction transfer, models::EdgeStorage storage, int degree, double density, bool everything, std::uint32_t seed = 17) {
  using models::BatchAction;
  models::BatchNetworkDefinition d;
  RandomStream random(seed, static_cast<std::uint32_t>(genes), static_cast<std::uint32_t>(degree));
  d.transfer = transfer;
  d.degree = degree;
  d.storage = storage;
  const double size = 1.5 / std::sqrt(std::max(1.0, density * genes));
  for (int g = 0; g < genes; ++g) {
    d.genes.push_back("g" + std::to_string(g));
    d.capacity.push_back(0.3 + 0.5 * random.uniform());
    d.bias.push_back(0.6 * random.uniform() - 0.3);
    d.decay.push_back(0.2 + 0.3 * random.uniform());
    d.initial.push_back(random.uniform());
    for (int from = 0; from < genes; ++from)
      if (random.uniform() < density) d.edges.push_back({g, from, size * (2 * random.uniform() - 1), false});
  }
  if (!everything) return d;
  d.inputs = {"si", "mm", "S", "ligand", "drug"};
  d.edges[1].fixed = true;
  for (int g = 0; g < genes; ++g) d.resting.push_back(0.3 + 0.2 * g);
  d.actions = {{0, 0, BatchAction::degrades, 6, false, -1, false}, {4, 0, BatchAction::degrades, 0, false, 3, false}, {1, 0, BatchAction::carries, 2, false, -1, true}, {1, 1, BatchAction::carries, 1.5, false, 3, true},
               {1, 2, BatchAction::drives, -1.2, false, -1, false}, {4, 3, BatchAction::boosts, 0.7, false, -1, false}, {4, 2, BatchAction::produces, 0.4, true, -1, false}, {4, 1, BatchAction::produces, 0.2, false, -1, false},
               {2, 1, BatchAction::modulates, 3, false, -1, false}, {2, 2, BatchAction::modulates, -1, false, -1, false}, {0, 2, BatchAction::modulates, 0.5, false, -1, false}, {2, 3, BatchAction::modulates, 0.8, false, -1, false}};
  d.modules.count = 2;
  d.modules.transfer = {models::Transfer::logistic, 1};
  d.modules.gain = {1.2, -0.7};
  d.modules.bias = {0.1, -0.4};
  for (int m = 0; m < 2; ++m)
    for (int g = 0; g < genes; ++g) {
      d.modules.reads.push_back({m, g, random.uniform() - 0.5, g == 1});
      d.modules.regulates.push_back({g, m, random.uniform() - 0.5, false});
    }
  return d;
}

struct RandomBatch {
  Eigen::MatrixXd x, u;      // [S x B], [K x B]
};
inline RandomBatch random_batch(const BatchModel& model, int columns, std::uint32_t seed) {
  RandomStream random(seed, 2, static_cast<std::uint32_t>(columns));
  RandomBatch out{Eigen::MatrixXd(model.state_count(), columns), Eigen::MatrixXd(model.input_count(), columns)};
  for (double& entry : out.x.reshaped()) entry = 0.2 + random.uniform();
  for (double& entry : out.u.reshaped()) entry = random.uniform();
  if (out.u.rows() > 2) out.u.row(2).head(1).setOnes();      // a modulation by -1 is then zero: its derivative must not be lost
  return out;
}

}  // namespace hyped::testing
