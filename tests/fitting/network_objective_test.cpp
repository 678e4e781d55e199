// Objectives of networks: gradients against differences at steady states, in time and mixed; fits that find, choose and fail as they should.
#include <catch2/catch.hpp>
#include <cmath>

#include "fitting/networks/network_fit.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/random.hpp"
#include "tests/fitting/plain_network.hpp"

using namespace hyped;
using namespace hyped::testing;

namespace {

constexpr int genes = 6, inputs = 3;

Eigen::VectorXd some_parameters(const PlainNetwork& model, RandomStream& stream, double spread) {
  Eigen::VectorXd p(model.parameter_count());
  for (Eigen::Index i = 0; i < p.size(); ++i) p[i] = spread * stream.normal();
  for (int g = 0; g < genes; ++g) {
    p[model.edge(g, g)] = 0;
    p[model.capacity(g)] = 1 + 0.5 * stream.uniform();
  }
  return p;
}

NetworkMeasurements end_points(int conditions, RandomStream& stream, const std::string& prefix = "c") {
  NetworkMeasurements out;
  out.steady = true;
  out.experiment.initial = Eigen::MatrixXd::Zero(genes, conditions);
  out.experiment.constant_inputs.resize(inputs, conditions);
  for (Eigen::Index i = 0; i < out.experiment.constant_inputs.size(); ++i) out.experiment.constant_inputs.data()[i] = stream.normal();
  for (int c = 0; c < conditions; ++c) out.conditions.push_back(prefix + std::to_string(c));
  out.mean.assign(1, Eigen::MatrixXd(genes, conditions));
  out.weight.assign(1, Eigen::MatrixXd(genes, conditions));
  for (Eigen::Index i = 0; i < out.mean[0].size(); ++i) {
    out.mean[0].data()[i] = stream.normal();
    out.weight[0].data()[i] = 0.5 + stream.uniform();
  }
  out.weight[0](0, 0) = 0;
  out.mean[0](0, 0) = std::nan("");      // not measured
  return out;
}

double worst_gradient_error(const NetworkObjective& f, const Eigen::VectorXd& theta) {
  double value = 0, worst = 0;
  Eigen::VectorXd gradient(theta.size());
  REQUIRE(f.evaluate(theta, value, &gradient).ok());
  for (Eigen::Index i = 0; i < theta.size(); ++i) {
    const double h = 1e-5;
    double up = 0, down = 0;
    Eigen::VectorXd at = theta;
    at[i] += h;
    REQUIRE(f.evaluate(at, up, nullptr).ok());
    at[i] -= 2 * h;
    REQUIRE(f.evaluate(at, down, nullptr).ok());
    worst = std::max(worst, std::abs((up - down) / (2 * h) - gradient[i]));
  }
  return worst / gradient.cwiseAbs().maxCoeff();
}

// Data of a sparse truth at its steady states.
struct Truth {
  PlainNetwork model{genes, inputs};
  NetworkProblem problem;
  Eigen::VectorXd p;
  explicit Truth(int conditions, double noise, std::uint64_t seed = 11) {
    RandomStream stream(seed, 0, 0);
    p = Eigen::VectorXd::Zero(model.parameter_count());
    for (int g = 0; g < genes; ++g) p[model.capacity(g)] = 1;
    p[model.edge(1, 0)] = 0.9, p[model.edge(2, 1)] = -0.8, p[model.edge(4, 3)] = 0.7, p[model.edge(0, 5)] = -0.6;
    constexpr int driven[inputs] = {0, 3, 5};      // every gene that drives another one varies
    for (int k = 0; k < inputs; ++k) p[model.input_edge(driven[k], k)] = 1.0;
    NetworkMeasurements data = end_points(conditions, stream);
    const NetworkPrediction clean = predict_network(model, p, data);
    REQUIRE(clean.outcome.ok());
    data.mean[0] = clean.measured[0];
    data.weight[0].setOnes();
    for (Eigen::Index i = 0; i < data.mean[0].size(); ++i) data.mean[0].data()[i] += noise * stream.normal();
    problem.model = &model;
    problem.transform = NetworkTransform::of(model);
    for (int g = 0; g < genes; ++g) {
      problem.transform.fix(model.edge(g, g), 0);
      problem.transform.fix(model.capacity(g), 1);
      for (int k = 0; k < inputs; ++k)
        if (g != driven[k]) problem.transform.fix(model.input_edge(g, k), 0);
    }
    problem.penalty.lasso = Eigen::VectorXd::Zero(problem.transform.size());
    for (int f = 0; f < problem.transform.size(); ++f)
      if (problem.transform.free[static_cast<std::size_t>(f)] < genes * genes) problem.penalty.lasso[f] = 1, problem.edges.push_back(f);
    problem.blocks.push_back(data);
  }
  Truth(const Truth&) = delete;
};

}  // namespace

TEST_CASE("the gradient at steady states agrees with differences, squared and Huber, with pulls and a loss of its own") {
  RandomStream stream(5, 0, 0);
  const PlainNetwork model(genes, inputs);
  NetworkTransform transform = NetworkTransform::of(model);
  transform.values = some_parameters(model, stream, 0.2);
  for (int g = 0; g < genes; ++g) transform.fix(model.edge(g, g), 0);
  CHECK(transform.size() == model.parameter_count() - genes);
  const NetworkMeasurements data = end_points(5, stream);
  NetworkSolving precise;
  precise.steady.tolerance = 1e-13;
  precise.steady.limit = 5000;
  for (const double huber : {0.0, 0.5}) {
    NetworkLoss loss;
    loss.huber = huber;
    loss.pull_to = Eigen::VectorXd::Constant(transform.size(), 0.1);
    loss.pull = Eigen::VectorXd::Constant(transform.size(), 0.02);
    loss.sample_loss = [](int, int, const Eigen::MatrixXd& state, BatchMatrix bar, std::span<double>) {
      bar += 0.1 * state.array().cube().matrix();
      return 0.025 * state.array().square().square().sum();
    };
    const NetworkObjective f(model, transform, {data}, loss, precise);
    CHECK(f.measured_values() == 29);
    CHECK(worst_gradient_error(f, transform.start()) < 1e-7);      // differences: h^2 and rounding / h
  }
  // by hand: one weight, one value
  NetworkMeasurements one = data;
  one.weight[0].setZero();
  one.weight[0](2, 3) = 4;
  const NetworkObjective f(model, transform, {one}, {}, precise);
  double value = 0;
  REQUIRE(f.evaluate(transform.start(), value, nullptr).ok());
  const NetworkPrediction there = predict_network(model, transform.values, one, precise);
  const double off = there.measured[0](2, 3) - one.mean[0](2, 3);
  CHECK(value == Approx(2 * off * off).epsilon(1e-10));
  one.weight[0].setZero();
  CHECK_THROWS_AS(NetworkObjective(model, transform, {one}), InputError);
}

TEST_CASE("courses and end points are fitted together, with the exact gradient") {
  RandomStream stream(6, 0, 0);
  const PlainNetwork model(genes, inputs);
  NetworkTransform transform = NetworkTransform::of(model);
  transform.values = some_parameters(model, stream, 0.2);
  const NetworkMeasurements ends = end_points(3, stream);
  NetworkMeasurements course = end_points(4, stream, "t");
  course.steady = false;
  course.experiment.sample_times_h = {0.5, 2, 5};
  course.experiment.breaks_h = {1};
  const Eigen::MatrixXd dose = course.experiment.constant_inputs;
  course.experiment.inputs = [dose](double t, bool after, BatchMatrix u) { u = (t < 1 || (t == 1 && !after) ? 1.0 : 0.2) * dose; };
  course.mean.assign(3, course.mean[0]);
  course.weight.assign(3, course.weight[0]);
  NetworkSolving solving;
  solving.time.relative_tolerance = 1e-11;
  solving.time.absolute_tolerance = 1e-12;
  solving.steady.tolerance = 1e-13;
  solving.steady.limit = 5000;
  const NetworkObjective f(model, transform, {ends, course}, {}, solving);
  CHECK(f.measured_values() == 17 + 3 * 23);
  CHECK(worst_gradient_error(f, transform.start()) < 1e-6);
  const NetworkMeasurements two = only_conditions(course, {3, 1});
  const NetworkPrediction all = predict_network(model, transform.values, course, solving), some = predict_network(model, transform.values, two, solving);
  CHECK((some.measured[2].col(0) - all.measured[2].col(3)).cwiseAbs().maxCoeff() < 1e-8);      // other steps, the same tolerance
}

TEST_CASE("a network without a steady state is a failed evaluation, not a number") {
  const PlainNetwork model(genes, inputs);
  RandomStream stream(8, 0, 0);
  NetworkTransform transform = NetworkTransform::of(model);
  transform.values.setZero();
  for (int g = 0; g < genes; ++g) transform.values[model.capacity(g)] = 3;
  // a ring of three repressors that oscillates: each represses the next, with a loop gain of 27 against the 8 it needs
  for (int g = 0; g < 3; ++g) transform.values[model.edge((g + 1) % 3, g)] = -3;
  transform.values[model.input_edge(0, 0)] = 0.3;      // one gene alone: equal inputs would keep the ring on its symmetric states
  const NetworkMeasurements data = end_points(2, stream);
  const NetworkObjective f(model, transform, {data});
  double value = 0;
  const Outcome outcome = f.evaluate(transform.start(), value, nullptr);
  CHECK(outcome.status == Status::not_converged);
  CHECK(outcome.message.find("no steady state") != std::string::npos);
}

TEST_CASE("a sparse network is found again from its end points, the same for any number of threads") {
  Truth truth(40, 0.01);
  NetworkFitOptions options;
  options.ladder = {3e-3, 1e-3, 3e-4, 1e-4, 3e-5};
  options.folds = 4;
  options.step.iteration_limit = 300;
  options.step.tolerance = 1e-7;
  set_threads(1);
  const NetworkFit one = fit_network(truth.problem, options);
  set_threads(2);
  const NetworkFit two = fit_network(truth.problem, options);
  set_threads(0);
  REQUIRE(one.outcome.ok());
  REQUIRE(one.chosen >= 0);
  CHECK(one.chosen == two.chosen);
  CHECK(one.best().theta == two.best().theta);
  CHECK(one.members.size() == 4);
  const Eigen::VectorXd found = truth.problem.transform.natural(one.best().theta);
  CHECK(found[truth.model.edge(2, 1)] < -0.3);      // gene 1 follows gene 0 alone: which of the two acts on gene 2 is seen by curvature only
  for (const auto& [to, from] : {std::pair{1, 0}, {4, 3}, {0, 5}}) CHECK(found[truth.model.edge(to, from)] == Approx(truth.p[truth.model.edge(to, from)]).margin(0.15));
  CHECK(one.best().misfit < 2e-4);      // half the noise's variance is 5e-5
  CHECK(one.cross_validated[0] > one.cross_validated[static_cast<std::size_t>(one.chosen)]);
}

TEST_CASE("a ladder that ends empty is an outcome with its figures") {
  Truth truth(12, 0.3);
  NetworkFitOptions options;
  options.ladder = {1e3};
  options.folds = 3;
  const NetworkFit fit = fit_network(truth.problem, options);
  CHECK(fit.outcome.status == Status::not_identifiable);
  CHECK(fit.outcome.message.find("empty network") != std::string::npos);
  CHECK(fit.best().edges == 0);
}

TEST_CASE("early stopping keeps what predicts the conditions held out best") {
  Truth truth(14, 0.6);      // noise: fitting on makes predictions worse
  NetworkFitOptions options;
  options.ladder = {1e-5};
  options.folds = 0;
  options.step.iteration_limit = 200;
  const std::vector<std::string> held{"c0", "c1", "c2", "c3"};
  const auto long_fit = descend_ladder(truth.problem, held, options);
  options.patience = 20;
  options.look_every = 2;
  const auto stopped = descend_ladder(truth.problem, held, options);
  CHECK(stopped[0].held_out < long_fit[0].held_out);
  CHECK(stopped[0].iterations < long_fit[0].iterations);
}

TEST_CASE("folds are dealt evenly and by the seed alone") {
  const auto folds = deal_folds(23, 5, 4, 0);
  std::vector<int> counts(5, 0);
  for (const int f : folds) ++counts[static_cast<std::size_t>(f)];
  for (const int c : counts) CHECK((c == 4 || c == 5));
  CHECK(folds == deal_folds(23, 5, 4, 0));
  CHECK(folds != deal_folds(23, 5, 4, 1));
}

TEST_CASE("an unstable root that the iteration finds is no prediction") {
  // dx/dt = W x - d x with d the diagonal taken out of J; eigenvalues of J are +.075 +- .88i and -7.5
  class Turning final : public BatchModel {
   public:
    std::string_view name() const override { return "turning"; }
    std::span<const StateSpec> states() const override { return states_; }
    std::span<const std::string> inputs() const override { return inputs_; }
    std::span<const ParameterSpec> parameters() const override { return parameters_; }
    std::unique_ptr<Scratch> scratch(int) const override { return std::make_unique<Scratch>(); }
    void rates(const ConstBatchMatrix& x, const ConstBatchMatrix& u, std::span<const double>, BatchMatrix dx, Scratch&) const override { dx = j_ * x + Eigen::Vector3d::Ones() * u; }
    void pull_back(const ConstBatchMatrix&, const ConstBatchMatrix&, std::span<const double>, const ConstBatchMatrix& w, BatchMatrix x_bar, std::span<double>, Scratch&) const override { x_bar += j_.transpose() * w; }
    void jacobian(std::span<const double>, std::span<const double>, std::span<const double>, Eigen::MatrixXd& out) const override { out = j_; }
    void parameter_jacobian(std::span<const double>, std::span<const double>, std::span<const double>, Eigen::MatrixXd& out) const override { out.setZero(3, 1); }
    void input_jacobian(std::span<const double>, std::span<const double>, std::span<const double>, Eigen::MatrixXd& out) const override { out.setOnes(3, 1); }
    Eigen::Matrix3d j_ = (Eigen::Matrix3d() << -0.16, -0.18, 0.49, -1.81, -6.68, -2.89, -2.2, -2.06, -0.55).finished();

   private:
    std::vector<StateSpec> states_{{"a", "1", 0}, {"b", "1", 0}, {"c", "1", 0}};
    std::vector<std::string> inputs_{"u"};
    std::vector<ParameterSpec> parameters_{{"none", "1", 1, 0.1, 10}};
  } model;
  NetworkMeasurements one;
  one.steady = true;
  one.conditions = {"c"};
  one.experiment.initial = Eigen::MatrixXd::Zero(3, 1);
  one.experiment.constant_inputs = Eigen::MatrixXd::Ones(1, 1);
  one.mean.assign(1, Eigen::MatrixXd::Zero(3, 1));
  one.weight.assign(1, Eigen::MatrixXd::Ones(3, 1));
  const Eigen::VectorXd p = Eigen::VectorXd::Ones(1);
  SteadyIteration iteration(model, one.experiment.constant_inputs, one.experiment.initial, {1e-9, 5000});
  REQUIRE(iteration.solve({p.data(), 1}).ok());      // its own time scales hold the root
  CHECK((model.j_ * iteration.state() + Eigen::Vector3d::Ones()).norm() < 1e-7);
  const NetworkPrediction unstable = predict_network(model, p, one);
  CHECK(unstable.outcome.status == Status::not_converged);
  CHECK(unstable.outcome.message.find("unstable: its leading eigenvalue is +0.07") != std::string::npos);
  CHECK(unstable.measured.empty());
  // a stable network that is not diagonally dominant row by row passes, by its eigenvalues
  model.j_ << -1, 3, 0, -3, -1, 0, 0, 0, -1;
  CHECK(predict_network(model, p, one, {{1e-9, 20000}, {}}).outcome.ok());
}

TEST_CASE("conditions that belong together are held out together, and more deals do not shrink the standard error") {
  Truth truth(12, 0.3);
  NetworkFitOptions options;
  options.ladder = {1e-1, 1e-2};
  options.folds = 4;
  for (int c = 0; c < 12; ++c) truth.problem.together["c" + std::to_string(c)] = "arm " + std::to_string(c / 3);
  const NetworkFit fit = fit_network(truth.problem, options);
  CHECK(fit.folds == 4);
  for (const auto& member : fit.members) {
    REQUIRE(member.held_out.size() == 3);
    for (const auto& name : member.held_out) CHECK(truth.problem.together.at(name) == truth.problem.together.at(member.held_out[0]));
  }
  truth.problem.together.clear();
  const NetworkFit once = fit_network(truth.problem, options);
  options.repeats = 20;
  const NetworkFit often = fit_network(truth.problem, options);
  CHECK(often.members.size() == 80);
  // the error between the folds of a deal, averaged: of the size of one deal's, not a root of 20 smaller
  for (int s = 0; s < 2; ++s) CHECK(often.cross_validated_error[static_cast<std::size_t>(s)] > 0.4 * once.cross_validated_error[static_cast<std::size_t>(s)]);
  double squares = 0;      // by hand, first step
  for (int r = 0; r < 20; ++r) {
    double mean = 0;
    for (int f = 0; f < 4; ++f) mean += often.members[static_cast<std::size_t>(4 * r + f)].ladder[0].held_out / 4;
    for (int f = 0; f < 4; ++f) squares += std::pow(often.members[static_cast<std::size_t>(4 * r + f)].ladder[0].held_out - mean, 2) / 3 / 4 / 20;
  }
  CHECK(often.cross_validated_error[0] == Approx(std::sqrt(squares)));
}

TEST_CASE("both ends of the ladder are said when they are chosen") {
  Truth noisy(12, 2), clean(30, 0.001);
  NetworkFitOptions options;
  options.folds = 3;
  options.ladder = {0.05, 1e-6};
  const NetworkFit first = fit_network(noisy.problem, options);
  REQUIRE(first.chosen == 0);
  CHECK(std::any_of(first.words.begin(), first.words.end(), [](const auto& w) { return w.find("first step of the ladder") != std::string::npos; }));
  const NetworkFit last = fit_network(clean.problem, options);
  REQUIRE(last.chosen == 1);
  CHECK(std::any_of(last.words.begin(), last.words.end(), [](const auto& w) { return w.find("last step of the ladder") != std::string::npos; }));
}
