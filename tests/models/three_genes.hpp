// A saturating network of three genes with inputs of every kind, for tests.
#pragma once
#include "models/gene_network/saturating_network.hpp"

namespace hyped::testing {

inline models::NetworkDefinition three_genes(models::Saturation saturation) {
  using models::InputAction;
  models::NetworkDefinition d;
  d.genes = {"A", "B", "C"};
  d.inputs = {"si", "mm", "S"};
  d.saturation = saturation;
  d.capacity = {0.4, 0.3, 0.2};
  d.bias = {-0.5, 0.2, 0.1};
  d.decay = {0.1, 0.2, 0.05};
  d.edges = {{0, 1, 1.5}, {1, 2, -0.7}, {2, 0, 0.4}, {1, 1, 0.3}};
  d.actions = {{0, 0, InputAction::degrades, 6}, {1, 0, InputAction::carries, 2}, {1, 2, InputAction::drives, -1.2}, {2, 1, InputAction::modulates, 3}, {2, 2, InputAction::modulates, -1}, {0, 2, InputAction::modulates, 0.5}};
  return d;
}

}  // namespace hyped::testing
