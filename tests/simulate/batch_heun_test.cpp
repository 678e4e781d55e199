// Heun's fixed steps: the formula, their exact gradient, and CellBox's published model to its digits.
#include "libhyped/simulate/batch_heun.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/models/random_networks.hpp"
#include "tests/simulate/sample_squares.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_batch;
using hyped::testing::random_network;
using hyped::testing::squares;

TEST_CASE("Heun with fixed steps: its formula, order two, and its exact gradient") {
  const BatchNetwork model(random_network(6, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, true));
  std::vector<double> p = model.default_parameters();
  const auto batch = random_batch(model, 4, 3);
  const HeunOptions options{.step_h = 0.1, .sample_steps = {0, 30, 70}, .checkpoints = 5};
  const auto scratch = model.scratch(4);
  Eigen::MatrixXd x = batch.x, first(6, 4), second(6, 4);
  for (int n = 0; n < 70; ++n) {
    model.rates(x, batch.u, p, first, *scratch);
    model.rates(x + 0.1 * first, batch.u, p, second, *scratch);
    x += 0.05 * (first + second);
  }
  const BatchTrajectory run = heun_batch(model, p, batch.x, batch.u, options);
  CHECK((run.states[2] - x).cwiseAbs().maxCoeff() < 1e-14);
  CHECK(run.states[0] == batch.x);
  BatchExperiment e;
  e.initial = batch.x;
  e.constant_inputs = batch.u;
  e.sample_times_h = {7};
  const Eigen::MatrixXd exact = simulate_batch(model, e, p, {.relative_tolerance = 1e-12, .absolute_tolerance = 1e-13}).states[0];
  const double coarse = (run.states[2] - exact).cwiseAbs().maxCoeff(), fine = (heun_batch(model, p, batch.x, batch.u, {.step_h = 0.05, .sample_steps = {140}}).states[0] - exact).cwiseAbs().maxCoeff();
  CHECK(coarse / fine == Approx(4).epsilon(0.15));
  const BatchGradient gradient = heun_gradient(model, p, batch.x, batch.u, squares, options);
  CHECK(gradient.repeated_steps > 0);
  const auto loss = [&] {
    const BatchTrajectory one = heun_batch(model, p, batch.x, batch.u, options);
    double sum = 0;
    Eigen::MatrixXd bar(6, 4);
    for (int s = 0; s < 3; ++s) sum += squares(s, one.states[static_cast<std::size_t>(s)], bar, {});
    return sum;
  };
  CHECK(gradient.loss == Approx(loss()).epsilon(1e-14));
  for (std::size_t j = 0; j < p.size(); j += 2) {
    const double kept = p[j], h = 1e-3;
    const auto at = [&](double step) {
      p[j] = kept + step;
      return loss();
    };
    const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    p[j] = kept;
    CHECK(gradient.parameters[static_cast<Eigen::Index>(j)] == Approx(difference).epsilon(1e-8).margin(1e-8));
  }
}

namespace {

// Numbers of a CSV file; `header` skips the first row and the first column.
Eigen::MatrixXd csv(const std::filesystem::path& file, bool header) {
  std::ifstream in(file);
  std::vector<std::vector<double>> rows;
  std::string line;
  if (header) std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    std::string cell;
    if (header) std::getline(cells, cell, ',');
    rows.emplace_back();
    while (std::getline(cells, cell, ',')) rows.back().push_back(std::stod(cell));
  }
  Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.at(0).size()));
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index j = 0; j < out.cols(); ++j) out(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  return out;
}

}  // namespace

TEST_CASE("CellBox's published model: 400 steps of Heun give its predictions") {
  const auto folder = hyped::testing::shared_file("data/grn/cellbox");
  if (folder.empty()) {
    WARN("skipped: no shared data");
    return;
  }
  const std::filesystem::path model_folder = folder / "seed_871";
  const Eigen::MatrixXd w = csv(model_folder / "6_best.W.loss.0.03349903155118227.csv", true), alpha = csv(model_folder / "6_best.alpha.loss.0.03349903155118227.csv", true), eps = csv(model_folder / "6_best.eps.loss.0.03349903155118227.csv", true);
  const Eigen::MatrixXd expression = csv(folder / "data" / "expr.csv", false), perturbation = csv(folder / "data" / "pert.csv", false), order = csv(model_folder / "random_pos.csv", false);
  REQUIRE(w.rows() == 99);
  REQUIRE(expression.rows() == 89);
  BatchNetworkDefinition d;
  d.bias.assign(99, 0.0);
  d.bias_fixed = true;
  for (int g = 0; g < 99; ++g) {
    d.genes.push_back("node" + std::to_string(g));
    d.capacity.push_back(eps(g));
    d.decay.push_back(alpha(g));
    for (int from = 0; from < 99; ++from)
      if (w(g, from) != 0) d.edges.push_back({g, from, w(g, from), false});
    if (g < 87) continue;
    d.inputs.push_back("drug" + std::to_string(g - 87));
    d.actions.push_back({g - 87, g, BatchAction::drives, 1, true, -1, false});
  }
  const BatchNetwork model(d);
  const BatchTrajectory run = heun_batch(model, model.default_parameters(), Eigen::MatrixXd::Zero(99, 89), perturbation.rightCols(12).transpose());
  REQUIRE(run.outcome.ok());
  const auto mse = [&](int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; ++i) {
      const auto c = static_cast<Eigen::Index>(order(i));
      sum += (run.states[0].col(c) - expression.row(c).transpose()).squaredNorm();
    }
    return sum / (99.0 * count);
  };
  // SOURCE.txt: to all its digits
  CHECK(mse(0, 49) == Approx(0.030495).margin(5.1e-7));
  CHECK(mse(49, 13) == Approx(0.028487).margin(5.1e-7));
  CHECK(mse(62, 27) == Approx(0.050910).margin(5.1e-7));
  CHECK(mse(0, 89) == Approx(0.036395).margin(5.1e-7));
}
