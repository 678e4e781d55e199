// Failed solves are data: where, when, in what state and why.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <sys/wait.h>
#include <thread>

#include "fitting/arm_refits.hpp"
#include "fitting/bootstrap.hpp"
#include "fitting/prediction_profile.hpp"
#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/parallel.hpp"
#include "libhyped/simulate/ode.hpp"
#include "tests/fitting/small_problem.hpp"
#include "tests/fitting/written_residuals.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// x' = k x^2 from 1 is infinite at 1 / k: measured at 1 h, it can be solved for k < 1 only.
struct BlowUp final : ResidualFunction {
  InterpretedModel model;
  mutable std::atomic<int> evaluations{0};
  static ReactionTable table() {
    ReactionTable t;
    t.name = "blow up";
    t.species = {{"x", "1", 1}};
    t.parameters = {{"k", "1/h", "", 0.1}};
    t.rates = {{"x", "k*x^2", "test"}};
    return t;
  }
  BlowUp() : model(table()) {}
  int residual_count() const override { return 1; }
  int parameter_count() const override { return 1; }
  Outcome evaluate(const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd* jacobian) const override {
    Experiment e;
    e.initial = {1};
    e.sample_times_h = {1};
    ++evaluations;
    const Trajectory run = simulate_ode(model, std::vector<double>{theta[0]}, e, {}, Sensitivities::parameters);
    if (!run.outcome.ok()) return run.outcome;
    residuals.resize(1);
    residuals[0] = std::log(run.states(0, 0)) - std::log(20.0);      // k = 0.95; the first step overshoots
    if (jacobian != nullptr) {
      jacobian->resize(1, 1);
      (*jacobian)(0, 0) = run.sensitivities[0](0, 0) / run.states(0, 0);
    }
    return {};
  }
};

// All that a collection says, to compare two.
std::string all_of(const FailedSolves& failed) {
  std::string text = fmt::format("{}\n", failed.evaluations);
  for (const auto& [reason, found] : failed.reasons) text += fmt::format("{} x {}, first in {}\n", found.count, reason, found.where);
  for (const FailedSolve& f : failed.first) {
    text += fmt::format("{}: {} {} {}", f.where, to_string(f.outcome.status), f.outcome.message, f.outcome.time_h);
    for (std::size_t i = 0; i < f.names.size(); ++i) text += fmt::format(" {}={}", f.names[i], f.parameters[static_cast<Eigen::Index>(i)]);
    for (const double x : f.outcome.state) text += fmt::format(" {}", x);
    text += '\n';
  }
  return text;
}
bool any_in(const FailedSolves& failed, const std::string& where) {
  return std::any_of(failed.first.begin(), failed.first.end(), [&](const FailedSolve& f) { return f.where.rfind(where, 0) == 0; });
}

// A folder for records that goes with the object.
struct RecordFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hyped_records_" + std::to_string(getpid()));
  ~RecordFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("a fit steps around points that cannot be solved, and keeps them with time, state, parameters and reason") {
  const BlowUp function;
  const LeastSquaresResult fit = least_squares(function, Eigen::VectorXd::Constant(1, 0.1), Eigen::VectorXd::Constant(1, 0), Eigen::VectorXd::Constant(1, 10));
  CHECK(fit.outcome.ok());
  CHECK(fit.theta[0] == Approx(0.95).epsilon(1e-6));
  REQUIRE_FALSE(fit.failures.empty());
  CHECK(fit.evaluations > static_cast<int>(fit.failures.size()));
  for (const FailedEvaluation& failed : fit.failures) {
    CHECK(failed.theta[0] > 1);
    CHECK(failed.outcome.time_h == Approx(1 / failed.theta[0]).epsilon(1e-2));      // where the solution ends
    REQUIRE(failed.outcome.state.size() == 1);
    CHECK(failed.outcome.state[0] > 100);
    CHECK_FALSE(failed.outcome.message.empty());
  }
}

TEST_CASE("profiles keep the points of their refits that cannot be solved, and so does a run that goes on") {
  const BlowUp function;
  const ParameterSpace space = testing::space_of({"k"}, 0, 10, 0.5);
  const Eigen::VectorXd optimum = Eigen::VectorXd::Constant(1, 0.95);
  const NamedPrediction k{"k", "1/h", [](const Eigen::VectorXd& theta, double& value, Eigen::VectorXd* gradient) {
                            value = theta[0];
                            if (gradient != nullptr) *gradient = Eigen::VectorXd::Ones(1);
                            return Outcome{};
                          }};
  const auto both = [&](const Records& records) {
    ProfileOptions options;
    options.steps_to_bound = 1;      // steps that leave what can be solved
    options.records = records.in("profiles");
    const Profile profile = profile_likelihood(function, space, optimum, {}, options)[0];
    options.records = records.in("predictions");
    const PredictionProfile prediction = prediction_profiles(function, space, optimum, {k}, options)[0];
    CHECK(profile.upper == Approx(1 - 0.05 * std::exp(-1.96)).epsilon(1e-3));
    CHECK(prediction.upper == Approx(1 - 0.05 * std::exp(-1.96)).epsilon(1e-3));
    FailedSolves failed;
    failed.add("profile of k", profile.solves, space);
    failed.add("prediction profile of k", prediction.solves, space);
    return failed;
  };
  const FailedSolves plain = both({});
  INFO(all_of(plain));
  CHECK(any_in(plain, "profile of k"));
  CHECK(any_in(plain, "prediction profile of k"));
  CHECK(plain.evaluations > static_cast<long>(plain.first.size()));
  for (const FailedSolve& f : plain.first) {
    CHECK(f.names == std::vector<std::string>{"k"});
    CHECK(f.parameters[0] > 1);
    CHECK(f.outcome.time_h == Approx(1 / f.parameters[0]).epsilon(1e-2));
    CHECK(f.outcome.state.size() == 1);
  }
  const RecordFolder folder;
  for (const bool resume : {false, true}) {
    RecordStore store(folder.path / "run.h5", {}, resume);
    function.evaluations = 0;
    CHECK(all_of(both({&store, "fit/"})) == all_of(plain));
    if (resume) CHECK(function.evaluations == 2);      // the optimum, once for each
  }
}

namespace {

// Growth that feeds on itself ends in finite time, soon after the last frame: refits to other data step over that edge.
CycleSetup explosive() {
  CycleSetup setup = test::small_setup();
  setup.model = "cell_cycle/growth";
  setup.stages = {};
  setup.stages.stages = {{"cell", 1}};
  setup.stages.density_rates = {"division"};
  setup.stages.density_reference = 100;
  setup.map = {Reporter::nuclei_only, {{"nuclei", {"cell"}}}, true};
  setup.arms = {{"control", {{1, {}}}, {}}};
  setup.random_effects.clear();
  ParameterChoice effect;
  effect.name = "density_effect";
  effect.upper = 0;
  effect.start = -1;
  setup.parameters.push_back(effect);
  return setup;
}

}  // namespace

TEST_CASE("starts and bootstraps name the points that could not be solved, the same from records and with any threads") {
  PhaseCounts data;
  data.source = "test data";
  data.classes = {"nuclei"};
  for (int w = 0; w < 3; ++w) data.wells.push_back({"control", std::to_string(w), test::frames(30, 2), Eigen::MatrixXd::Constant(16, 1, 100), {}});
  const CycleProblem shape(explosive(), data);
  Eigen::VectorXd theta = shape.space().start();
  theta[shape.space().index("division")] = std::log10(0.018);
  const auto means = shape.unit_means(theta, false);
  for (std::size_t w = 0; w < data.wells.size(); ++w) {
    RandomStream random(5, static_cast<std::uint32_t>(w), 0);
    for (int t = 0; t < 16; ++t) data.wells[w].values(t, 0) = static_cast<double>(random.poisson(means[w].mean[t]));
  }
  const CycleProblem problem(explosive(), data);
  const auto both = [&](const Records& records) {
    ProcessOptions options;
    options.starts = 4;
    options.records = records.in("fit");
    const ProcessFit fit = fit_process(problem, options);
    REQUIRE(fit.outcome.ok());
    BootstrapOptions again{.replicates = 30};
    again.records = records.in("bootstrap");
    const Bootstrap bootstrap = bootstrap_parametric(problem, fit, again);
    CHECK(bootstrap.failures == 0);      // the refits stepped around
    FailedSolves failed = fit.failed_solves;
    failed.add(bootstrap.failed_solves);
    return failed;
  };
  const FailedSolves plain = both({});
  INFO(all_of(plain));
  CHECK(any_in(plain, "start 4"));
  CHECK(any_in(plain, "parametric bootstrap 12"));
  for (const FailedSolve& f : plain.first) {
    CHECK(f.names == problem.space().names());
    CHECK(f.outcome.time_h < 30);
    CHECK(f.outcome.state.size() == 1);
  }
  const int before = threads();
  set_threads(1);
  CHECK(all_of(both({})) == all_of(plain));
  set_threads(before);
  const RecordFolder folder;
  for (const bool resume : {false, true}) {
    RecordStore store(folder.path / "run.h5", {}, resume);
    if (resume) CHECK(store.found() == 34);
    CHECK(all_of(both({&store, ""})) == all_of(plain));
  }
}

TEST_CASE("refits of single arms name theirs") {
  CycleSetup setup = test::small_setup(1);
  setup.random_effects.clear();
  setup.stages.effects.clear();
  for (const char* name : {"g1_exit", "division"}) {
    ParameterChoice rate;
    rate.name = name;
    rate.per_condition = true;
    rate.upper = 1e3;
    rate.start = 200;      // ends in amounts that no number holds
    setup.parameters.push_back(rate);
  }
  const PhaseCounts data = test::poisson_data(test::small_setup(1), 2, 500, 3);
  const CycleProblem problem(setup, data);
  const auto failed = [&](const Records& records) {
    ProcessOptions options;
    options.starts = 4;
    options.records = records;
    return fit_process_by_arm(problem, data, options).failed_solves;
  };
  const FailedSolves plain = failed({});
  INFO(all_of(plain));
  CHECK(any_in(plain, "start 1"));
  CHECK(any_in(plain, "refit of arm drug"));
  for (const FailedSolve& f : plain.first) CHECK(f.outcome.state.size() == 2);
  const RecordFolder folder;
  for (const bool resume : {false, true}) {
    RecordStore store(folder.path / "run.h5", {}, resume);
    CHECK(all_of(failed({&store, ""})) == all_of(plain));
  }
}

TEST_CASE("of many failures the first are kept, and all are counted") {
  const ParameterSpace space = testing::space_of({"a", "b"}, 1e-3, 1e3, 1);
  LeastSquaresResult result;
  result.evaluations = 40;
  for (int i = 0; i < 30; ++i) result.failures.push_back({Eigen::Vector2d(1, i), {i % 3 == 0 ? Status::step_limit : Status::not_finite, i % 3 == 0 ? "long" : "wild"}});
  SolveLog log;
  log.add(result);
  log.add(result);
  CHECK(log.first.size() == SolveLog::kept);
  CHECK(log.reasons == std::map<std::string, int>{{"long", 20}, {"wild", 40}});
  FailedSolves all, more;
  for (int job = 1; job <= 15; ++job) all.add(fmt::format("start {}", job), log, space);
  CHECK(all.first.size() == FailedSolves::kept);
  CHECK(all.first.back().where == "start 10");
  CHECK(all.first.front().parameters[0] == Approx(10));
  CHECK(all.reasons.at("wild").count == 600);
  CHECK(all.reasons.at("wild").where == "start 1");
  CHECK(all.evaluations == 15 * 80);
  more.add(all, "another, ");
  CHECK(more.first.back().where == "another, start 10");
  CHECK(more.reasons.at("long").where == "another, start 1");
}

TEST_CASE("records bring back numbers, matrices, texts and outcomes") {
  const RecordFolder folder;
  const RecordStore::Identity identity{{"scenario", "abc"}, {"seed", "1"}};
  RecordWriter out;
  out << 0.1 << "one" << Eigen::MatrixXd(Eigen::MatrixXd::Constant(2, 3, 1.0 / 3)) << std::vector<int>{4, 5} << "zwei";
  const Record kept = out.record({Status::not_converged, "why", 3.5});
  {
    RecordStore store(folder.path / "run.h5", identity, false);
    Records{&store, "fit/"}.job("a", [&] { return kept; });
  }
  RecordStore store(folder.path / "run.h5", identity, true);
  CHECK(store.found() == 1);
  const Record back = Records{&store, "fit/"}.job("a", []() -> Record {
    FAIL("made again");
    return {};
  });
  CHECK(back.values == kept.values);
  CHECK(back.texts == kept.texts);
  CHECK(back.outcome.message == "why");
  CHECK(back.outcome.time_h == 3.5);
  RecordReader in(back);
  CHECK(in.number() == 0.1);
  CHECK(in.matrix() == Eigen::MatrixXd::Constant(2, 3, 1.0 / 3));
  CHECK(in.integers() == std::vector<int>{4, 5});
  CHECK(in.text() == "one");
  CHECK(in.text() == "zwei");
  store.finish();
  CHECK_FALSE(std::filesystem::exists(folder.path / "run.h5"));
}

TEST_CASE("a run that is alive is nobody else's, a killed one is free") {
  const auto folder = std::filesystem::temp_directory_path() / ("hyped_alive_" + std::to_string(getpid()));
  const RecordStore::Identity identity{{"scenario", "abc"}};
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    RecordStore store(folder / "run.h5", identity, false);
    Records{&store, ""}.job("a", [] { return Record{{1}, {}, {}}; });
    std::filesystem::create_directory(folder / "ready");
    while (true) pause();
  }
  while (!std::filesystem::exists(folder / "ready")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const bool resume : {false, true})
    CHECK_THROWS_WITH(RecordStore(folder / "run.h5", identity, resume), Contains("the run is alive: process " + std::to_string(child)) && Contains(folder.string()));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK_THROWS_WITH(RecordStore(folder / "run.h5", identity, false), Contains("an unfinished run with 1 record is there"));
  {
    RecordStore store(folder / "run.h5", identity, true);
    CHECK(store.found() == 1);
    store.finish();
  }
  std::filesystem::remove(folder / "ready");
  CHECK(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}
