// The fitted gene network of `hyped grn` as a predictor: learned from the arms that are learned from, asked for the others.
#pragma once
#include <memory>
#include <string>

#include "experiments/benchmark/benchmark_cells.hpp"
#include "models/predictors/predictor.hpp"

namespace hyped {

// scenario: of `hyped grn fit`, kind "cells", whose file has the benchmark's arms. Genes outside the network are predicted additively, and every note says so. The
// network is fitted to the control at rest and to means of all cells of an arm against all control cells, once for each set of learned arms: halves of controls and draws of cells do not
// enter it. InputError: no arms column in the file (a release that is not tidy), none of the arms in the scenario.
std::unique_ptr<Predictor> network_predictor(RunDirectory& run, const std::string& scenario, const BenchmarkCells& cells);

}  // namespace hyped
