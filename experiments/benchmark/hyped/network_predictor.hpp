// The fitted gene network of `hyped grn` as a predictor: learned from the arms that are learned from, asked for the others.
#pragma once
#include <memory>
#include <string>

#include "experiments/benchmark/splits.hpp"
#include "models/predictors/predictor.hpp"

namespace hyped {

// scenario: of `hyped grn fit`, kind "cells", whose file has the benchmark's arms. Its genes are those of the scenario and, up to `most`, those whose change in a
// learned arm is largest in standard errors; the tested arm is not looked at. Genes outside the network are predicted additively, and every note says so. The
// network is fitted to the control at rest and to means of all cells of an arm against all control cells, once for each set of learned arms; other means (a half
// of the control, cells drawn again) move its answer by the slope of refits at the chosen penalty. InputError: no arms column in the file (a release that is not
// tidy), none of the arms in the scenario, another scale than log-normalised.
std::unique_ptr<Predictor> network_predictor(RunDirectory& run, const std::string& scenario, const BenchmarkCells& cells, const BenchmarkSplit& split, int most);

}  // namespace hyped
