// Failed solves are data: where, when, in what state and why.
#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "fitting/least_squares.hpp"
#include "fitting/records.hpp"
#include "libhyped/model/interpreted_model.hpp"
#include "libhyped/simulate/ode.hpp"

using namespace hyped;
using Catch::Matchers::Contains;

namespace {

// x' = k x^2 from 1 is infinite at 1 / k: measured at 1 h, it can be solved for k < 1 only.
struct BlowUp final : ResidualFunction {
  InterpretedModel model;
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

TEST_CASE("records bring back numbers, matrices, texts and outcomes") {
  const auto folder = std::filesystem::temp_directory_path() / ("hyped_records_" + std::to_string(getpid()));
  const RecordStore::Identity identity{{"scenario", "abc"}, {"seed", "1"}};
  Record kept{{}, {Status::not_converged, "why", 3.5}, {"one", "zwei"}};
  RecordWriter out;
  out << 0.1 << Eigen::MatrixXd(Eigen::MatrixXd::Constant(2, 3, 1.0 / 3)) << std::vector<int>{4, 5};
  kept.values = out.take();
  {
    RecordStore store(folder / "run.h5", identity, false);
    Records{&store, "fit/"}.job("a", [&] { return kept; });
  }
  RecordStore store(folder / "run.h5", identity, true);
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
  store.finish();
  CHECK_FALSE(std::filesystem::exists(folder / "run.h5"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a run that is alive is nobody else's; a killed one is free") {
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
  CHECK_THROWS_WITH(RecordStore(folder / "run.h5", identity, false), Contains("an unfinished run with 1 records"));
  {
    RecordStore store(folder / "run.h5", identity, true);
    CHECK(store.found() == 1);
    store.finish();
  }
  std::filesystem::remove(folder / "ready");
  CHECK(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}
