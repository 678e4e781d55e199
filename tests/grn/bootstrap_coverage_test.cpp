// Bootstraps over cells and over wells: how often their intervals hold the parameters of the network that made the data.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/networks/cells/cell_bootstrap.hpp"
#include "fitting/networks/network_objective.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/plain_network.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

constexpr double well_sd = 0.15, cell_sd = 0.6;

// Two genes, two inputs, an edge between the genes; arms with either input and with both, against a control. Numbers: strength, strength, edge.
struct Study {
  PlainNetwork model{2, 2};
  NetworkTransform transform = NetworkTransform::of(model);
  NetworkMeasurements data;
  std::vector<int> free;
  Eigen::VectorXd truth = Eigen::Vector3d(0.8, -0.6, 0.9);
  Eigen::MatrixXd states;      // [genes x arms] of the truth

  Study() {
    free = {model.input_edge(0, 0), model.input_edge(1, 1), model.edge(1, 0)};
    transform.values = Eigen::VectorXd::Zero(model.parameter_count());
    for (int g = 0; g < 2; ++g) transform.values[model.capacity(g)] = 1.5;
    for (std::size_t k = 0; k < 3; ++k) transform.values[free[k]] = truth[static_cast<Eigen::Index>(k)];
    for (int i = 0; i < model.parameter_count(); ++i)
      if (std::find(free.begin(), free.end(), i) == free.end()) transform.fix(i, transform.values[i]);
    data.steady = true;
    data.conditions = {"one", "two", "both"};
    data.experiment.initial = Eigen::MatrixXd::Zero(2, 3);
    data.experiment.constant_inputs = (Eigen::MatrixXd(2, 3) << 1, 0, 1, 0, 1, 1).finished();
    data.mean.assign(1, Eigen::MatrixXd::Zero(2, 3));
    data.weight.assign(1, Eigen::MatrixXd::Ones(2, 3));
    states = predict_network(model, transform.values, data).measured.at(0);
  }
  // In the order of `free`.
  Outcome fit(const std::vector<Eigen::VectorXd>& means, Eigen::VectorXd& numbers) const {
    NetworkMeasurements now = data;
    for (Eigen::Index arm = 0; arm < 3; ++arm) now.mean[0].col(arm) = means[static_cast<std::size_t>(arm)] - means[3];
    const NetworkObjective objective(model, transform, {now});
    const DescentResult found = minimise_lbfgs(objective, transform.start(), {});
    if (found.theta.size() == 0) return found.outcome;
    numbers.resize(3);
    const Eigen::VectorXd p = transform.natural(found.theta);
    for (std::size_t k = 0; k < 3; ++k) numbers[static_cast<Eigen::Index>(k)] = p[free[k]];
    return {};
  }
  // Three arms and the control; cells scatter, and wells too.
  std::vector<GroupCells> draw(int wells, int cells_each, double between, RandomStream& random) const {
    std::vector<GroupCells> out;
    for (int group = 0; group < 4; ++group) {
      GroupCells one{"group " + std::to_string(group), Eigen::MatrixXd(wells * cells_each, 2), Eigen::VectorXd::Ones(wells * cells_each), {}};
      for (int well = 0; well < wells; ++well) {
        const Eigen::Vector2d off(between * random.normal(), between * random.normal());
        for (int c = 0; c < cells_each; ++c) {
          for (int g = 0; g < 2; ++g) one.counts(well * cells_each + c, g) = 3 + (group < 3 ? states(g, group) : 0.0) + off[g] + cell_sd * random.normal();
          one.well.push_back(well);
        }
      }
      out.push_back(std::move(one));
    }
    return out;
  }
};

// Share of 95 % intervals that hold the truth, over data sets and numbers.
double coverage(ResampledUnit unit, int wells, int cells_each, double between, int sets, std::uint32_t stream) {
  const Study study;
  long held = 0, all = 0, failed = 0;
  for (int s = 0; s < sets; ++s) {
    RandomStream random(31, stream, static_cast<std::uint32_t>(s));
    const auto groups = study.draw(wells, cells_each, between, random);
    const CellBootstrap found = bootstrap_groups(groups, [&](const auto& means, Eigen::VectorXd& numbers) { return study.fit(means, numbers); }, {unit, 200, static_cast<std::uint64_t>(s), 0.95});
    if (!found.outcome.ok()) {
      ++failed;
      continue;
    }
    for (Eigen::Index k = 0; k < 3; ++k) ++all, held += found.lower[k] <= study.truth[k] && study.truth[k] <= found.upper[k];
  }
  CHECK(failed == 0);
  return static_cast<double>(held) / static_cast<double>(std::max(1L, all));
}

}  // namespace

TEST_CASE("bootstrap intervals hold the parameters of the network that made the cells", "[slow]") {
  constexpr int sets = 300;      // three numbers each, with correlated errors: a standard error of about 1 % of the share
  const double cells = coverage(ResampledUnit::cells, 1, 100, 0, sets, 1);
  WARN("over cells, cells independent: " << cells);
  CHECK(cells == Approx(0.95).margin(0.03));
  for (const int wells : {3, 4, 6, 12}) {
    const double share = coverage(ResampledUnit::wells, wells, 40, well_sd, sets, static_cast<std::uint32_t>(10 + wells));
    WARN("over " << wells << " wells: " << share);
    CHECK(share == Approx(0.95).margin(0.03));
  }
  const double wrong = coverage(ResampledUnit::cells, 4, 40, well_sd, sets, 2);
  WARN("over cells, though wells differ: " << wrong);
  CHECK(wrong < 0.9);      // what the words of the run warn of
}
