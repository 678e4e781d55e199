// Least actions against closed forms in one dimension and mean waiting times of exact chains in two.
#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/control/transitions/least_action.hpp"
#include "experiments/control/transitions/passage_chain.hpp"
#include "experiments/network/network_file.hpp"
#include "libhyped/simulate/steady_state.hpp"

using namespace hyped;
using namespace hyped::control;

namespace {

double made(double x) { return 0.1 + 2 * std::pow(x, 4) / (1 + std::pow(x, 4)); }

ReactionTable self_activation() {
  ReactionTable table;
  table.name = "self_activation";
  table.where = "test";
  table.species = {{"X", "1", 2, false, "test"}};
  table.parameters = {{"size", "1", "", 10, 0, 0, "test"}};
  table.reactions = {{"make", {{"X", 1.0}}, "size*(0.1 + 2*(X/size)^4/(1 + (X/size)^4))", "test"}, {"lose", {{"X", -1.0}}, "X", "test"}};
  return table;
}

double root(double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    ((made(middle) - middle > 0) == (made(low) - low > 0) ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Eigen::VectorXd one(double x) { return Eigen::VectorXd::Constant(1, x); }

}  // namespace

TEST_CASE("in one dimension the least action is the integral of log loss over production, and the Langevin one its own") {
  const InterpretedModel model(self_activation());
  const double low = root(0.01, 0.4), saddle = root(0.4, 0.95), high = root(1.2, 2.5);
  REQUIRE(low < saddle);
  REQUIRE(saddle < high);
  const DensityNetwork network(model, {1e6}, 1e6, one(low));
  double jump = 0, langevin = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = low + (saddle - low) * (i + 0.5) / n;
    jump += std::log(x / made(x)) * (saddle - low) / n;
    langevin += 2 * (x - made(x)) / (x + made(x)) * (saddle - low) / n;
  }
  LeastActionOptions options;
  options.segments = 192;
  const ActionPath path = least_action(network, one(low), one(high), options);
  REQUIRE(path.outcome.ok());
  INFO(path.descent.message);
  CHECK(path.descent.ok());
  LeastActionOptions hasty = options;
  hasty.iteration_limit = 2;
  const ActionPath early = least_action(network, one(low), one(high), hasty);
  REQUIRE(early.outcome.ok());
  CHECK_FALSE(early.descent.ok());      // said, and an upper bound
  CHECK(early.total >= path.total - 1e-9);
  CHECK(path.total == Approx(jump).epsilon(1e-3));      // second order: the kink at the saddle costs the most
  CHECK(std::abs(path.total - jump) < 3 * path.error + 1e-5);
  REQUIRE(path.saddle.size() == 1);
  CHECK(path.saddle[0] == Approx(saddle).epsilon(1e-8));
  options.noise = ActionNoise::langevin;
  CHECK(least_action(network, one(low), one(high), options).total == Approx(langevin).epsilon(2e-3));
  CHECK(std::abs(langevin / jump - 1) > 0.003);      // the two are told apart
  // downhill nothing is paid
  CHECK(least_action(network, one(saddle + 0.01), one(high), options).total < 1e-6);
}

TEST_CASE("the momentum of a direction solves H = 0 and H_p = lambda v") {
  const NetworkFile toggle = read_network(shipped_network("sized_toggle"));
  std::vector<double> p = toggle.model->default_parameters();
  p[static_cast<std::size_t>(toggle.model->parameter_index("size"))] = 1e6;
  const Eigen::Vector2d at(1.2, 0.5);
  const DensityNetwork network(*toggle.model, p, 1e6, at);
  Eigen::VectorXd rates;
  REQUIRE(network.rates(network.coordinates(at), rates));
  for (const Eigen::Vector2d& v : {Eigen::Vector2d(-1, 0.3), Eigen::Vector2d(0.2, 0.9), Eigen::Vector2d(1, -1)}) {
    const LocalAction local = local_action(network, rates, v, ActionNoise::jump);
    REQUIRE(local.ok);
    const Eigen::ArrayXd grown = rates.array() * (network.jumps().transpose() * local.momentum).array().exp();
    CHECK(std::abs(grown.sum() - rates.sum()) < 1e-10);
    CHECK((network.jumps() * grown.matrix() - local.lambda * v).norm() < 1e-9);
    CHECK(local.value >= 0);
  }
}

TEST_CASE("the toggle's mean waiting time grows with size as the exponential of the least action") {
  const NetworkFile toggle = read_network(shipped_network("sized_toggle"));
  const InterpretedModel& model = *toggle.model;
  const auto size_at = static_cast<std::size_t>(model.parameter_index("size"));
  const auto parameters = [&](double size) {
    std::vector<double> p = model.default_parameters();
    p[size_at] = size;
    return p;
  };
  const SteadyState off = steady_state(model, parameters(1000), std::vector<double>{2000, 100});
  REQUIRE(off.outcome.ok());
  const Eigen::VectorXd from = off.state / 1000, to = from.reverse();
  const DensityNetwork network(model, parameters(1e7), 1e7, from);
  LeastActionOptions options;
  const ActionPath path = least_action(network, from, to, options);
  REQUIRE(path.outcome.ok());
  REQUIRE(path.saddle.size() == 2);
  CHECK(path.saddle[0] == Approx(path.saddle[1]).epsilon(1e-6));      // the symmetric state
  // sizes far enough apart that what the prefactor does (1 / size) falls away in the difference
  std::vector<double> log_mean, slopes;
  const std::vector<double> sizes{8, 12, 18, 24};
  for (const double size : sizes) {
    CountSet target(2);
    target.lower[1] = std::floor(1.2 * size);
    target.upper[0] = std::ceil(0.5 * size);
    PassageChainOptions box;
    box.most = {std::ceil(4.5 * size) + 30, std::ceil(4.5 * size) + 30};
    const std::vector<std::vector<double>> p{parameters(size)};
    const std::vector<double> start{std::round(from[0] * size), std::round(from[1] * size)};
    const PassageMoments found = PassageChain(model, p, start, target, box).moments(p[0]);
    REQUIRE(found.outcome.ok());
    CHECK(found.left_out < 1e-6);
    log_mean.push_back(std::log(found.mean_h));
  }
  for (std::size_t i = 1; i < sizes.size(); ++i) slopes.push_back((log_mean[i] - log_mean[i - 1]) / (sizes[i] - sizes[i - 1]));
  INFO("action " << path.total << " +- " << path.error << ", slopes " << slopes[0] << " " << slopes[1] << " " << slopes[2]);
  CHECK(slopes.back() == Approx(path.total).epsilon(0.05));
  // they come nearer with size
  CHECK(std::abs(slopes[2] - path.total) < std::abs(slopes[0] - path.total));
}

TEST_CASE("ends that cannot be joined are refused") {
  const NetworkFile chromatin = read_network(shipped_network("chromatin_memory"));
  const std::vector<double> start = chromatin.model->default_state();
  const Eigen::VectorXd from = Eigen::Map<const Eigen::VectorXd>(start.data(), static_cast<Eigen::Index>(start.size()));
  const DensityNetwork network(*chromatin.model, chromatin.model->default_parameters(), 1, from);
  CHECK(network.dimension() == 7);      // eight species, nucleosomes are conserved
  Eigen::VectorXd to = from;
  to[1] += 5;      // more nucleosomes than there are
  CHECK_THROWS_AS(least_action(network, from, to), InputError);
}
