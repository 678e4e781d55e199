// From data and scenario to the network that is fitted: its edges, what inputs reach, penalties and pulls.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/grn/grn_data.hpp"
#include "experiments/grn/fit/grn_prior.hpp"
#include "fitting/networks/input_ridge.hpp"
#include "models/gene_network/batch_network.hpp"

namespace hyped {

enum class GrnParameterKind { capacity, edge, input };

struct GrnParameter {
  GrnParameterKind kind = GrnParameterKind::edge;
  int from = -1, to = -1;             // genes; of an input: its index and the gene
  std::string name;
};

struct GrnNetwork {
  std::unique_ptr<models::BatchNetwork> model;
  NetworkProblem problem;             // all conditions
  std::vector<GrnParameter> free;     // [F] in the order of theta
  int genes = 0;                      // of the data: the first states; doses of direct inputs follow
  double input_pull = 0;              // what was used
  std::vector<std::string> words;     // what of the prior was used
};

// Of a parameter in natural units: a weight of an edge is per unit of its regulator, a capacity a rate.
std::string unit_of(const GrnData& data, const GrnParameter& parameter);
// Inputs of columns that get `given` [columns x K] times the courses; courses are continuous: no side at a break.
std::function<void(double, bool, BatchMatrix)> delivered(std::vector<InputCourse> courses, Eigen::MatrixXd given);
// Losses on the cells of every condition (scenario.loss), and the simulated cells they need: columns are added to `block`.
void add_cell_losses(const GrnScenario& scenario, const GrnData& data, NetworkMeasurements& block, std::vector<std::string>& words);
// Rows of the data that a split names.
std::vector<int> rows_named(const GrnData& data, const std::vector<std::string>& names);
// The linear baseline on these rows: measured values on input levels. One arm of cells has none (empty): nothing tells its penalty.
InputRidge baseline_of(const GrnData& data, const std::vector<int>& rows);
// baseline: its penalty becomes the pull of input strengths towards 0 where the scenario gives none, so that a network without edges
// and far from saturation is the baseline. The network is of all conditions; use problem.only(...) for a split.
GrnNetwork build_grn(const GrnScenario& scenario, const GrnData& data, const InputRidge& baseline);

}  // namespace hyped
