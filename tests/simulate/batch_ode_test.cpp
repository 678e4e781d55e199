// Batches in time: closed forms, forward sensitivities of the other solver, differences, checkpoints, threads, published models.
#include "libhyped/simulate/batch_ode.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "libhyped/parallel.hpp"
#include "libhyped/simulate/batch/checkpoints.hpp"
#include "libhyped/simulate/batch_heun.hpp"
#include "libhyped/simulate/ode.hpp"
#include "models/gene_network/saturating_network.hpp"
#include "tests/models/random_networks.hpp"
#include "tests/simulate/test_models.hpp"

using namespace hyped;
using namespace hyped::models;
using hyped::testing::random_batch;
using hyped::testing::random_network;

namespace {

// Squares of what is 0.3 and more away from a target that differs by sample, gene and column.
double target(int sample, Eigen::Index gene, Eigen::Index column) { return 0.3 * std::sin(1 + sample + 2.0 * static_cast<double>(gene) + 3.0 * static_cast<double>(column)); }
double squares(int sample, const Eigen::MatrixXd& x, BatchMatrix bar, std::span<double>) {
  double sum = 0;
  for (Eigen::Index b = 0; b < x.cols(); ++b)
    for (Eigen::Index g = 0; g < x.rows(); ++g) {
      const double d = x(g, b) - target(sample, g, b);
      sum += d * d;
      bar(g, b) = 2 * d;
    }
  return sum;
}

// A dose of input k at 2 that decays, and a constant one that is washed out at 5; `after` decides at the breaks.
BatchExperiment dosed(const BatchModel& model, int columns) {
  BatchExperiment e;
  e.initial = random_batch(model, columns, 9).x;
  e.sample_times_h = {0, 1.5, 2, 4, 7.5};
  e.breaks_h = {2, 5, 11};
  e.inputs = [](double t, bool after, BatchMatrix u) {
    for (Eigen::Index b = 0; b < u.cols(); ++b)
      for (Eigen::Index k = 0; k < u.rows(); ++k) {
        const bool dosed = t > 2 || (t == 2 && after), washed = t > 5 || (t == 5 && after);
        u(k, b) = k % 2 == 0 ? (dosed ? (0.5 + 0.1 * static_cast<double>(b)) * std::exp(-0.3 * (t - 2)) : 0.0) : (washed ? 0.0 : 0.7);
      }
  };
  return e;
}

double loss_of(const BatchModel& model, const BatchExperiment& e, const std::vector<double>& p, const BatchOptions& options) {
  const BatchTrajectory run = simulate_batch(model, e, p, options);
  REQUIRE(run.outcome.ok());
  double sum = 0;
  Eigen::MatrixXd bar(e.initial.rows(), e.initial.cols());
  for (std::size_t s = 0; s < run.states.size(); ++s) sum += squares(static_cast<int>(s), run.states[s], bar, {});
  return sum;
}

}  // namespace

TEST_CASE("batches: closed form through doses and washes, to the tolerance asked for") {
  // one gene without regulators, an input that is produced: dx = 0.4 u(t) - 0.25 x, u = 1 between 3 and 6
  BatchNetworkDefinition d;
  d.genes = {"X"};
  d.inputs = {"in"};
  d.transfer = {Transfer::identity, 1};
  d.capacity = {1};
  d.bias = {0};
  d.decay = {0.25};
  d.actions = {{0, 0, BatchAction::produces, 0.4, false, -1, false}};
  const BatchNetwork model(d);
  BatchExperiment e;
  e.initial = Eigen::MatrixXd::Constant(1, 2, 0.0);
  e.initial(0, 1) = 5;
  e.sample_times_h = {3, 6, 10};
  e.breaks_h = {3, 6};
  e.inputs = [](double t, bool after, BatchMatrix u) { u.setConstant((t > 3 || (t == 3 && after)) && (t < 6 || (t == 6 && !after)) ? 1.0 : 0.0); };
  const double top = 1.6 * (1 - std::exp(-0.25 * 3));
  for (const double tolerance : {1e-4, 1e-7, 1e-10}) {
    const BatchTrajectory run = simulate_batch(model, e, model.default_parameters(), {.relative_tolerance = tolerance, .absolute_tolerance = tolerance});
    REQUIRE(run.outcome.ok());
    REQUIRE(run.times_h == e.sample_times_h);
    for (int b = 0; b < 2; ++b) {
      const double start = b == 1 ? 5 : 0;
      const double expected[3] = {start * std::exp(-0.75), start * std::exp(-1.5) + top, (start * std::exp(-1.5) + top) * std::exp(-1)};
      for (std::size_t s = 0; s < 3; ++s) CHECK(std::abs(run.states[s](0, b) - expected[s]) < 20 * tolerance);      // a global error of a few local ones
    }
    CHECK(run.rejected <= 4);
  }
}

TEST_CASE("batches: states and gradients are those of forward sensitivities") {
  NetworkDefinition d;
  d.genes = {"A", "B", "C"};
  d.inputs = {"si", "mm"};
  d.saturation = Saturation::tanh;
  d.capacity = {0.8, 0.6, 0.5};
  d.bias = {0.5, 0.2, 0.1};
  d.decay = {0.2, 0.3, 0.15};
  d.edges = {{0, 1, 1.5}, {1, 2, -0.7}, {2, 0, 0.4}, {1, 1, 0.3}};
  d.actions = {{0, 0, InputAction::degrades, 6}, {1, 0, InputAction::carries, 2}, {1, 2, InputAction::drives, -1.2}};
  const SaturatingNetwork one(d);
  const BatchNetwork many(batch_definition(d));
  BatchExperiment e = dosed(many, 3);
  e.inputs = [](double t, bool after, BatchMatrix u) {      // si: set to 0.4 + 0.2 b at 2; mm: 0.7 until 5
    for (Eigen::Index b = 0; b < u.cols(); ++b) {
      u(0, b) = t > 2 || (t == 2 && after) ? 0.4 + 0.2 * static_cast<double>(b) : 0.0;
      u(1, b) = t > 5 || (t == 5 && after) ? 0.0 : 0.7;
    }
  };
  const BatchOptions options{.relative_tolerance = 1e-10, .absolute_tolerance = 1e-12};
  const BatchGradient adjoint = batch_gradient(many, e, many.default_parameters(), squares, options);
  REQUIRE(adjoint.outcome.ok());
  Eigen::VectorXd forward = Eigen::VectorXd::Zero(one.parameter_count());
  double loss = 0;
  for (int b = 0; b < 3; ++b) {
    Experiment dish;
    dish.initial.assign(e.initial.col(b).begin(), e.initial.col(b).end());
    dish.schedule = {{2, "si", Action::set, 0.4 + 0.2 * b, ""}, {5, "mm", Action::set, 0, ""}};
    dish.sample_times_h = e.sample_times_h;
    std::vector<double> p = one.default_parameters();
    p[1] = 0.7;
    const Trajectory run = simulate_ode(one, p, dish, {.relative_tolerance = 1e-11, .absolute_tolerance = 1e-13}, Sensitivities::parameters);
    REQUIRE(run.outcome.ok());
    for (Eigen::Index s = 0; s < run.states.rows(); ++s) {
      const auto i = static_cast<std::size_t>(s);
      CHECK((run.states.row(s).transpose() - adjoint.trajectory.states[i].col(b)).cwiseAbs().maxCoeff() < 1e-8);
      for (int g = 0; g < 3; ++g) {
        const double off = run.states(s, g) - target(static_cast<int>(s), g, b);
        loss += off * off;
        forward += 2 * off * run.sensitivities[i].row(g).transpose();
      }
    }
  }
  CHECK(adjoint.loss == Approx(loss).epsilon(1e-8));
  for (int j = 0; j < many.parameter_count(); ++j) {
    const auto& spec = many.parameters()[static_cast<std::size_t>(j)];
    INFO(spec.name);
    CHECK(adjoint.parameters[j] == Approx(forward[one.parameter_index(spec.name)]).epsilon(1e-6).margin(1e-8));
  }
}

TEST_CASE("batches: gradients agree with differences for every kind of network") {
  for (const Transfer kind : {Transfer::tanh, Transfer::logistic, Transfer::polynomial, Transfer::hill})
    for (const EdgeStorage storage : {EdgeStorage::dense, EdgeStorage::sparse}) {
      const BatchNetwork model(random_network(6, {kind, 2}, storage, kind == Transfer::logistic ? 2 : 1, 0.5, true));
      BatchExperiment e = dosed(model, 4);
      const BatchOptions options{.relative_tolerance = 1e-11, .absolute_tolerance = 1e-13};
      std::vector<double> p = model.default_parameters();
      const BatchGradient exact = batch_gradient(model, e, p, squares, options);
      REQUIRE(exact.outcome.ok());
      CHECK(exact.loss == Approx(loss_of(model, e, p, options)).epsilon(1e-14));
      const double scale = exact.parameters.cwiseAbs().maxCoeff();
      const auto difference = [&](double& entry) {
        const double kept = entry, h = 2e-3;
        const auto at = [&](double step) {
          entry = kept + step;
          return loss_of(model, e, p, options);
        };
        const double out = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        entry = kept;
        return out;
      };
      for (std::size_t j = 0; j < p.size(); j += 3) {
        INFO(model.parameters()[j].name << " transfer " << static_cast<int>(kind));
        CHECK(std::abs(exact.parameters[static_cast<Eigen::Index>(j)] - difference(p[j])) < 1e-6 * scale);
      }
      for (const auto& [g, b] : {std::pair{0, 0}, {4, 3}}) CHECK(exact.initial(g, b) == Approx(difference(e.initial(g, b))).epsilon(1e-6).margin(1e-8));
    }
}

TEST_CASE("batches: the gradient is that of the computed steps, however coarse") {
  // a tolerance that accepts everything: steps grow tenfold from the first and do not depend on the parameters
  const BatchNetwork model(random_network(6, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.5, true));
  BatchExperiment e = dosed(model, 3);
  e.sample_times_h = {0.7, 1.4, 2, 3, 4, 5, 6.1};
  const BatchOptions coarse{.relative_tolerance = 1e6, .absolute_tolerance = 1e6, .first_step_h = 0.5};
  std::vector<double> p = model.default_parameters();
  const BatchGradient exact = batch_gradient(model, e, p, squares, coarse);
  CHECK(exact.trajectory.steps < 12);
  CHECK(std::abs(exact.loss / loss_of(model, e, p, {.relative_tolerance = 1e-10}) - 1) > 1e-6);      // coarse indeed
  for (std::size_t j = 0; j < p.size(); ++j) {
    const double kept = p[j], h = 1e-3;
    const auto at = [&](double step) {
      p[j] = kept + step;
      return loss_of(model, e, p, coarse);
    };
    const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    p[j] = kept;
    CHECK(exact.parameters[static_cast<Eigen::Index>(j)] == Approx(difference).epsilon(1e-8).margin(1e-9));
  }
}

TEST_CASE("checkpoints: every step backwards once, from the right state, with close to the fewest repeats") {
  for (const int slots : {1, 2, 3, 5, 12, 24, 64})
    for (const long steps : {1L, 2L, 3L, 7L, 24L, 25L, 64L, 65L, 100L, 325L, 1000L, 2925L}) {
      if (slots == 1 && steps > 400) continue;
      Checkpoints kept(slots);
      Eigen::MatrixXd state = Eigen::MatrixXd::Zero(1, 1);
      const auto advance = [](long n, Eigen::MatrixXd& x) {
        CHECK(x(0, 0) == static_cast<double>(n));
        x(0, 0) += 1;
      };
      for (long n = 0; n < steps; ++n) {
        kept.offer(n, state);
        state(0, 0) += 1;
      }
      long next = steps;
      const long repeated = kept.go_back(steps, advance, [&](long n, Eigen::MatrixXd& x) {
        REQUIRE(n == --next);
        REQUIRE(x(0, 0) == static_cast<double>(n));
        x(0, 0) = -1;
      });
      INFO(slots << " slots " << steps << " steps: " << repeated << " repeats, at best " << least_repeats(steps, slots));
      CHECK(next == 0);
      CHECK(kept.slots_used() <= slots);
      CHECK(repeated >= least_repeats(steps, slots));
      CHECK(repeated <= least_repeats(steps, slots) + steps / 2 + 1);
    }
  // the closed form against the recursion it solves
  for (int slots = 2; slots < 6; ++slots)
    for (long steps = 2; steps < 60; ++steps) {
      long best = steps * steps;
      for (long m = 1; m < steps; ++m) best = std::min(best, m + least_repeats(steps - m, slots - 1) + least_repeats(m, slots));
      CHECK(best == least_repeats(steps, slots));
    }
}

TEST_CASE("batches: the same bytes for any number of checkpoints and threads") {
  const BatchNetwork model(random_network(300, {Transfer::tanh, 1}, EdgeStorage::automatic, 1, 0.3, false));
  const BatchExperiment e = dosed(model, 48);
  const std::vector<double> p = model.default_parameters();
  const auto run = [&](int checkpoints, int number) {
    const int before = thread_setting();
    set_threads(number);
    BatchGradient out = batch_gradient(model, e, p, squares, {.checkpoints = checkpoints});
    set_threads(before);
    return out;
  };
  const BatchGradient reference = run(64, 1);
  CHECK(reference.repeated_steps == 0);
  for (const auto& [checkpoints, number] : {std::pair{64, 2}, {3, 1}, {5, 2}}) {
    const BatchGradient other = run(checkpoints, number);
    CHECK(other.parameters == reference.parameters);
    CHECK(other.initial == reference.initial);
    CHECK(other.loss == reference.loss);
    if (checkpoints < 64) CHECK(other.repeated_steps > 0);
  }
}

TEST_CASE("batches: what cannot be computed is an outcome, what is wrong is said") {
  BatchNetworkDefinition d;
  d.genes = {"X"};
  d.transfer = {Transfer::polynomial, 1};
  d.capacity = {1};
  d.bias = {0};
  d.decay = {1e6};
  const BatchNetwork stiff(d);
  BatchExperiment e;
  e.initial = Eigen::MatrixXd::Ones(1, 1);
  e.constant_inputs.resize(0, 1);
  e.sample_times_h = {1};
  const BatchGradient limited = batch_gradient(stiff, e, stiff.default_parameters(), squares, {.step_limit = 1000});
  CHECK(limited.outcome.status == Status::step_limit);
  CHECK(limited.trajectory.states.empty());
  std::vector<double> bad = stiff.default_parameters();
  bad[2] = std::nan("");
  CHECK(simulate_batch(stiff, e, bad).outcome.status == Status::not_finite);
  const auto refused = [&](auto change) {
    BatchExperiment other = e;
    change(other);
    CHECK_THROWS_AS(simulate_batch(stiff, other, stiff.default_parameters()), InputError);
  };
  refused([](auto& o) { o.initial.resize(2, 1); });
  refused([](auto& o) { o.sample_times_h = {2, 1}; });
  refused([](auto& o) { o.sample_times_h.clear(); });
  refused([](auto& o) { o.start_h = 3; });
  refused([](auto& o) { o.constant_inputs.resize(1, 1); });
  CHECK_THROWS_AS(simulate_batch(stiff, e, std::vector<double>(1, 1.0)), InputError);
}

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
