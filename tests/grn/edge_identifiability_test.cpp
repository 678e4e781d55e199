// Sensitivities of sparse networks, the split of information between data and priors, profiles of functionals.
#include "fitting/networks/evidence/edge_identifiability.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "experiments/grn/twin/twin_edges.hpp"
#include "fitting/networks/cells/group_means.hpp"
#include "fitting/networks/cells/sensitivity_system.hpp"
#include "libhyped/errors.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/search_coordinates.hpp"

using namespace hyped;
using models::InputAction;

namespace {

// Two regulators that act on each other, three followers, an input that drives, one that degrades.
models::NetworkDefinition small_network() {
  models::NetworkDefinition d;
  d.genes = {"R1", "R2", "A", "B", "C"};
  d.inputs = {"drug", "silencer"};
  d.decay = {0.2, 0.15, 0.1, 0.3, 0.12};
  d.capacity = {0.5, 0.6, 0.3, 0.9, 0.4};
  d.bias = {-0.5, 0.2, -1, 0.3, 0};
  d.edges = {{0, 1, 0.8}, {1, 0, -0.6}, {0, 2, 1.2}, {1, 3, -1}, {0, 3, 0.5}, {1, 4, 0.7}};
  d.actions = {{0, 0, InputAction::drives, 2}, {1, 1, InputAction::degrades, 5}, {0, 4, InputAction::drives, 0.4}};
  return d;
}

Eigen::VectorXd rest_of(const models::SaturatingNetwork& network) {
  Experiment still;
  still.initial.assign(5, 1.0);
  still.sample_times_h = {2000};
  const Trajectory made = simulate_ode(network, network.default_parameters(), still, {1e-11, 1e-13});
  return made.states.row(0).transpose();
}

struct Small {
  models::SaturatingNetwork network{small_network()};
  Eigen::VectorXd rest = rest_of(network);
  models::SearchCoordinates coordinates{network, rest};
  NetworkSearch search(double edge_sd) const {
    NetworkSearch out;
    const int count = coordinates.count();
    out.lower = Eigen::VectorXd::Constant(count, -12), out.upper = Eigen::VectorXd::Constant(count, 12);
    out.start = out.prior_mean = coordinates.of_definition();
    out.prior_sd = Eigen::VectorXd::Constant(count, 0.3);
    for (int c = 0; c < count; ++c) {
      out.names.push_back(coordinates.coordinates()[static_cast<std::size_t>(c)].name);
      if (coordinates.coordinates()[static_cast<std::size_t>(c)].kind == models::CoordinateKind::edge) out.prior_sd[c] = edge_sd, out.prior_mean[c] = 0;
    }
    out.model_parameters = coordinates.model_parameters();
    out.point = [this](const Eigen::VectorXd& theta) {
      auto p = coordinates.at(theta);
      return NetworkPoint{p.parameters, p.start, p.parameters_by, p.start_by, {}};
    };
    return out;
  }
  // Four arms: none, drug, silencer, both; two strata where there is an input.
  std::vector<CellGroup> groups(double se) const {
    std::vector<CellGroup> out;
    for (int arm = 0; arm < 4; ++arm) {
      CellGroup group{"arm " + std::to_string(arm), std::to_string(arm), "G1", arm == 3 ? 1 : 0, 100, {}, Eigen::VectorXd::Ones(5), Eigen::VectorXd::Constant(5, se)};
      for (const double share : {0.3, 0.7}) {
        Experiment culture;
        culture.start_h = 0;
        culture.sample_times_h = {30};
        if (arm & 2) culture.schedule.push_back({2, "silencer", Action::set, share == 0.7 ? 1.0 : 0.2, ""});
        if (arm & 1) culture.schedule.push_back({6, "drug", Action::set, share == 0.7 ? 1.0 : 0.5, ""});
        if (arm & 2) culture.schedule.push_back({20, "silencer", Action::set, 0, ""});
        group.strata.push_back({share, culture});
      }
      out.push_back(group);
    }
    return out;
  }
};

}  // namespace

TEST_CASE("a network rests at its levels whatever its weights, derivatives of the coordinates are exact") {
  const Small small;
  Eigen::VectorXd theta = small.coordinates.of_definition();
  RandomStream random(1, 2, 3);
  for (double& value : theta) value += 0.3 * random.normal();
  const auto point = small.coordinates.at(theta);
  std::vector<double> dx(5);
  small.network.rates(0, {point.start.data(), 5}, point.parameters, dx);
  for (const double rate : dx) CHECK(std::abs(rate) < 1e-12);
  // the definition is found again
  const auto same = small.coordinates.at(small.coordinates.of_definition());
  for (std::size_t p = 2; p < same.parameters.size(); ++p) CHECK(same.parameters[p] == Approx(small.network.default_parameters()[p]).epsilon(1e-8));
  for (int c = 0; c < theta.size(); ++c) {
    Eigen::VectorXd above = theta, below = theta;
    above[c] += 1e-6, below[c] -= 1e-6;
    const auto a = small.coordinates.at(above), b = small.coordinates.at(below);
    for (int p = 0; p < small.network.parameter_count(); ++p)
      CHECK((a.parameters[static_cast<std::size_t>(p)] - b.parameters[static_cast<std::size_t>(p)]) / 2e-6 == Approx(point.parameters_by.coeff(p, c)).margin(1e-7));
  }
}

TEST_CASE("sparse forward sensitivities are those of the dense variational system") {
  const Small small;
  const std::vector<double> p = small.network.default_parameters();
  const std::vector<int> wanted = small.coordinates.model_parameters();
  const SensitivitySystem system(small.network, wanted);
  CHECK(system.entries() < 5 * system.columns());      // followers do not carry each other's columns
  Experiment culture = small.groups(1)[3].strata[1].culture;
  culture.initial.assign(small.rest.begin(), small.rest.end());
  const OdeOptions precise{1e-10, 1e-12};
  const Trajectory dense = simulate_ode(small.network, p, culture, precise, Sensitivities::parameters);
  culture.initial = system.initial(small.rest);
  const Trajectory sparse = simulate_ode(system, p, culture, precise);
  REQUIRE(sparse.outcome.ok());
  const Eigen::MatrixXd by = system.sensitivities(sparse.states.row(0));
  CHECK((sparse.states.row(0).head(5) - dense.states.row(0)).norm() < 1e-9);
  for (std::size_t c = 0; c < wanted.size(); ++c) CHECK((by.col(static_cast<Eigen::Index>(c)) - dense.sensitivities[0].col(wanted[c])).norm() < 1e-8);
  // columns of the start, against differences
  for (int i = 0; i < 5; ++i) {
    Experiment moved = small.groups(1)[3].strata[1].culture;
    moved.initial.assign(small.rest.begin(), small.rest.end());
    moved.initial[static_cast<std::size_t>(i)] += 1e-5;
    const Trajectory above = simulate_ode(small.network, p, moved, precise);
    moved.initial[static_cast<std::size_t>(i)] -= 2e-5;
    const Trajectory below = simulate_ode(small.network, p, moved, precise);
    CHECK((by.col(static_cast<Eigen::Index>(wanted.size()) + i) - (above.states - below.states).row(0).transpose() / 2e-5).norm() < 1e-6);
  }
}

TEST_CASE("residuals of group means: exact Jacobian, factors of libraries, the same for any number of threads") {
  const Small small;
  const GroupMeans means(small.network, small.search(2), small.groups(0.05), {0.2, {1e-10, 1e-12}});
  CHECK(means.measured() == 20);
  CHECK(means.parameter_count() == small.coordinates.count() + 5);
  Eigen::VectorXd theta = means.start();
  theta.array() += 0.05;
  CHECK(jacobian_error(means, theta) < 1e-5);
  Eigen::VectorXd one, three;
  Eigen::MatrixXd by_one, by_three;
  set_threads(1);
  means.evaluate(theta, one, &by_one);
  set_threads(3);
  means.evaluate(theta, three, &by_three);
  set_threads(0);
  CHECK(one == three);
  CHECK(by_one == by_three);
  std::vector<CellGroup> wrong = small.groups(0.05);
  wrong[1].strata[0].share = 0.5;
  CHECK_THROWS_WITH(GroupMeans(small.network, small.search(2), wrong), Catch::Matchers::Contains("sum to 1.2"));
  wrong = small.groups(0.05);
  wrong[2].cells = 0;
  CHECK_THROWS_WITH(GroupMeans(small.network, small.search(2), wrong), Catch::Matchers::Contains("has no cells"));
}

TEST_CASE("what the prior alone gives is called so, what the data give is called determined") {
  // three weights: one measured well, one only in a sum with a third
  const Eigen::VectorXd theta = (Eigen::VectorXd(4) << 1.5, 0.8, 0.7, 0.2).finished(), prior = Eigen::VectorXd::Constant(4, 2.0);
  Eigen::MatrixXd jacobian = Eigen::MatrixXd::Zero(2 + 4, 4);
  jacobian(0, 0) = 10;
  jacobian(1, 1) = jacobian(1, 2) = 10;
  for (int i = 0; i < 4; ++i) jacobian(2 + i, i) = 0.5;
  const NetworkEvidence evidence(theta, jacobian, 2, prior, {"A -> B", "C -> D", "E -> D", "F -> G"});
  const EdgeEvidence good = evidence.edge(0), sum = evidence.edge(1), none = evidence.edge(3);
  CHECK(good.verdict == EdgeVerdict::determined);
  CHECK(good.sd == Approx(1 / std::sqrt(100.25)));
  CHECK(good.data_share == Approx(1 - 0.25 / 100.25));
  CHECK(sum.verdict == EdgeVerdict::weakly_determined);
  CHECK(sum.null_share == Approx(0.5));
  CHECK(none.verdict == EdgeVerdict::prior_only);
  CHECK(none.sd == Approx(2));
  CHECK(none.null_share == Approx(1));
  CHECK(evidence.spectrum().determined == 2);
  CHECK(evidence.spectrum().eigenvalues[0] == Approx(800));
  // the sum of the two is known, each is not
  Eigen::VectorXd both = Eigen::VectorXd::Zero(4);
  both[1] = both[2] = 1;
  CHECK(predicted("sum", 1.5, both, evidence).sd < 0.11);
  // no prior and no data: no interval
  Eigen::VectorXd open = prior;
  open[3] = std::numeric_limits<double>::infinity();
  const NetworkEvidence without(theta, jacobian.topRows(2), 2, open, {"A -> B", "C -> D", "E -> D", "F -> G"});
  CHECK(without.is_free(3));
  CHECK(std::isinf(without.edge(3).sd));
  CHECK(without.edge(3).verdict == EdgeVerdict::prior_only);
  Eigen::VectorXd alone = Eigen::VectorXd::Zero(4);
  alone[3] = 1;
  CHECK_FALSE(predicted("free", 0, alone, without).identified);
}

namespace {
// r = (a - 1) / 0.2, (a b - 2) / 0.1, prior b.
class Product final : public ResidualFunction {
 public:
  int residual_count() const override { return 3; }
  int parameter_count() const override { return 2; }
  Outcome evaluate(const Eigen::VectorXd& t, Eigen::VectorXd& r, Eigen::MatrixXd* j) const override {
    r = Eigen::Vector3d((t[0] - 1) / 0.2, (t[0] * t[1] - 2) / 0.1, (t[1] - 2) / 3);
    if (j) {
      j->setZero(3, 2);
      *j << 5, 0, 10 * t[1], 10 * t[0], 0, 1.0 / 3;
    }
    return {};
  }
};
}  // namespace

TEST_CASE("the profile of a functional is that of the parameter it stands for, and follows curvature") {
  const Product function;
  const Eigen::VectorXd optimum = Eigen::Vector2d(1, 2), lower = Eigen::Vector2d(0.05, 0.01), upper = Eigen::Vector2d(5, 30);
  // the product itself: measured, sd 0.1
  const NetworkFunctional product = [](const Eigen::VectorXd& t, double& value, Eigen::VectorXd* by) {
    value = t[0] * t[1];
    if (by) *by = Eigen::Vector2d(t[1], t[0]);
    return Outcome{};
  };
  const FunctionalProfile one = profile_functional(function, optimum, lower, upper, product, 0.1);
  REQUIRE(one.outcome.ok());
  CHECK(one.closed_below);
  CHECK(one.closed_above);
  CHECK(one.lower == Approx(2 - 0.196).margin(2e-3));
  CHECK(one.upper == Approx(2 + 0.196).margin(2e-3));
  // b = 2 / a: bent; reference by direct minimisation over a on a fine grid
  const NetworkFunctional second = [](const Eigen::VectorXd& t, double& value, Eigen::VectorXd* by) {
    value = t[1];
    if (by) *by = Eigen::Vector2d(0, 1);
    return Outcome{};
  };
  const auto rise = [&](double b) {
    double best = 1e300;
    for (double a = 0.1; a < 3; a += 1e-4) best = std::min(best, std::pow((a - 1) / 0.2, 2) + std::pow((a * b - 2) / 0.1, 2) + std::pow((b - 2) / 3, 2));
    return best;
  };
  const FunctionalProfile two = profile_functional(function, optimum, lower, upper, second, 0.41);
  REQUIRE(two.closed_below);
  REQUIRE(two.closed_above);
  CHECK(rise(two.lower) == Approx(3.84).margin(0.15));
  CHECK(rise(two.upper) == Approx(3.84).margin(0.15));
  CHECK(two.upper - 2 > 1.3 * (2 - two.lower));
}

TEST_CASE("a profile from a point that is no optimum, or with refits that do not end, says so") {
  const Product function;
  const Eigen::VectorXd lower = Eigen::Vector2d(0.05, 0.01), upper = Eigen::Vector2d(5, 30);
  const NetworkFunctional first = [](const Eigen::VectorXd& t, double& value, Eigen::VectorXd* by) {
    value = t[0];
    if (by) *by = Eigen::Vector2d(1, 0);
    return Outcome{};
  };
  const FunctionalProfile off = profile_functional(function, Eigen::Vector2d(1.5, 2), lower, upper, first, 0.2);
  CHECK(off.outcome.status == Status::not_converged);
  CHECK(off.outcome.message.find("not the optimum") != std::string::npos);
  CHECK_FALSE((off.closed_below && off.closed_above));
  // refits in a curved valley that the iterations given do not reach the end of
  class Valley final : public ResidualFunction {
   public:
    int residual_count() const override { return 2; }
    int parameter_count() const override { return 2; }
    Outcome evaluate(const Eigen::VectorXd& t, Eigen::VectorXd& r, Eigen::MatrixXd* j) const override {
      r = Eigen::Vector2d(1e4 * (std::sin(20 * t[0]) - t[1]), t[0]);
      if (j) {
        j->resize(2, 2);
        *j << 2e5 * std::cos(20 * t[0]), -1e4, 1, 0;
      }
      return {};
    }
  } valley;
  const NetworkFunctional height = [](const Eigen::VectorXd& t, double& value, Eigen::VectorXd* by) {
    value = t[0] + 0.01 * t[1];
    if (by) *by = Eigen::Vector2d(1, 0.01);
    return Outcome{};
  };
  FunctionalProfileOptions short_of;
  short_of.iterations = 2;
  const FunctionalProfile cut = profile_functional(valley, Eigen::Vector2d(0, 0), Eigen::Vector2d(-9, -9), Eigen::Vector2d(9, 9), height, 1, short_of);
  CHECK(cut.outcome.status == Status::not_converged);
  CHECK(cut.outcome.message.find("did not converge") != std::string::npos);
  CHECK_FALSE((cut.closed_below || cut.closed_above));
}

TEST_CASE("a saturated start does not lose a column of the sensitivities for good") {
  models::NetworkDefinition d;
  d.genes = {"a", "b"};
  d.inputs = {"on"};
  d.capacity = {1, 1}, d.decay = {0.5, 0.5}, d.bias = {2000, 900};      // a logistic of these is 1, its slope exactly 0, near the default point
  d.edges = {{0, 1, 3000}};
  d.actions = {{0, 0, models::InputAction::drives, -1}};
  const models::SaturatingNetwork network(d);
  std::vector<int> wanted;
  for (int p = 1; p < network.parameter_count(); ++p) wanted.push_back(p);      // the input first
  const SensitivitySystem system(network, wanted);
  const int rows = network.state_count();
  // every parameter of a reaches b, whatever the slopes are at the start
  Eigen::RowVectorXd filled = Eigen::RowVectorXd::Ones(system.state_count());
  const Eigen::MatrixXd by = system.sensitivities(filled);
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    const std::string name(network.parameters()[static_cast<std::size_t>(wanted[c])].name);
    INFO(name);
    CHECK(by(1, static_cast<Eigen::Index>(c)) == 1);
    if (name.find("-> b") == std::string::npos && name != "capacity b" && name != "bias b" && name != "decay b") CHECK(by(0, static_cast<Eigen::Index>(c)) == 1);
  }
  CHECK(by(0, by.cols() - 1) == 0);      // nothing of b flows back into a
  CHECK(rows == 2);
}

TEST_CASE("a dual arm is compared with sums of singles from other libraries without their factors") {
  const Small small;
  auto groups = small.groups(0.05);
  constexpr double factor = 1.7;
  groups[1].library = groups[3].library = 1, groups[2].library = 0;
  groups[0].mean.setConstant(1), groups[1].mean.setConstant(2 * factor), groups[2].mean.setConstant(3), groups[3].mean.setConstant(6 * factor);      // levels multiply
  for (auto& group : groups) group.standard_error = 0.01 * group.mean;
  TwinEdgeProblem problem;
  problem.means = std::make_unique<GroupMeans>(small.network, small.search(2), groups, GroupMeansOptions{0.2, {1e-8, 1e-10}});
  problem.genes = small.network.definition().genes;
  TwinEdgeFit fit;
  fit.fit.theta = problem.means->start();
  for (int g = 0; g < 5; ++g) fit.fit.theta[problem.means->factor_index(1, g)] = std::log(factor);
  const auto count = fit.fit.theta.size();
  fit.evidence = std::make_unique<NetworkEvidence>(fit.fit.theta, Eigen::MatrixXd::Identity(count, count), 0, Eigen::VectorXd::Ones(count), problem.means->names());
  const DualPrediction dual = predict_dual(problem, fit, "0", {"1", "2"}, "3");
  REQUIRE(dual.moving == 5);
  CHECK(dual.additive_error < 1e-12);                                     // was log(factor) off: one single is of the control's library
  CHECK(dual.no_change_error == Approx(std::log(6.0)).epsilon(1e-12));    // held the factor as a change before
}
