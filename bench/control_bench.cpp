// Plans over ensembles of the cell cycle: a plan of 4 variables over 100 members, a closed-loop step, and SciPy on one same problem: must/control/6.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/timing.hpp"
#include "experiments/control/ensembles/plan_search.hpp"
#include "experiments/planning/mpc/feedback.hpp"
#include "experiments/planning/plan/plan_run.hpp"
#include "libhyped/parallel.hpp"
#include "tests/control/planned_cycles.hpp"

using namespace hyped;
using namespace hyped::bench;
using namespace hyped::control;

namespace {

constexpr double asked = 10;          // processor seconds of one thread for a plan; twice as many fail

// Amount and start of both inputs.
std::vector<InputLimits> four_variables(double end_h) {
  auto inputs = tests::twin_inputs();
  inputs[0].shortest_h = inputs[0].longest_h = end_h;
  for (auto& input : inputs) input.fewest = 1;      // one shape: both are given
  return inputs;
}

bool plan() {
  const Scenario scenario = tests::twin_scenario();
  const CycleSystem system(tests::twin_setup(scenario), tests::twin_members(scenario, 100, 0.08));
  PlanProblem problem{&system, four_variables(24), 0, tests::share_target(0.15, 0.12), {}, {RiskMeasure::quantile, 0.9, 0}, 0, never_h, {}};
  PlanSearchOptions options;
  options.candidates = 24, options.starts = 3, options.polished = 1, options.tolerance = 1e-6, options.gain = 1e-5;
  PlanSearch found;
  const double seconds = processor_seconds_of([&] { found = find_plan(problem, options); });
  fmt::print("plan      {} variables, 100 members: {:.2f} processor seconds of one thread, {:.1f} times as fast as asked, {} simulations of a member, {:.2f} ms each; cost {:.4f}\n", found.shapes[0].variable_count(), seconds, asked / seconds, found.evaluations, 1e3 * seconds / static_cast<double>(found.evaluations), found.best.cost);
  return seconds < 2 * asked;
}

// The command as a user runs it, with its own search settings and kinetics drawn for every member: half of 100 members find the plan, half report.
bool command() {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("hyped-control-bench-{}", getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "four.toml") << R"(harvest_h = 72
protocol = "dual"
[model]
kind = "cycle"
scenario = "hyped_twin"
[ensemble]
members = 100
relative_sd = 0.08
[[input]]
name = "siPRRX1"
amount = [0, 1.5]
start_h = [0, 30]
duration_h = [24]
[[input]]
name = "mmMYOD1"
amount = [0, 1.5]
start_h = [0, 60]
[target]
within = 0.05
[[target.term]]
name = "S/G2/M at 48 h"
phases = ["S/G2/M"]
time_h = 48
value = 0.15
[[target.term]]
name = "S/G2/M at 72 h"
phases = ["S/G2/M"]
value = 0.12
)";
  const PlanScenario scenario = read_plan_scenario(folder / "four.toml");
  double search = 0;
  long simulations = 0;
  const double whole = processor_seconds_of([&] {
    const PlanCase one = make_plan_case(scenario, "", false, 1);
    PlanSearch found;
    search = processor_seconds_of([&] { found = search_plan(scenario, one, *one.problem, 1); });
    simulations = found.evaluations;
    assess_plan(scenario, one, found, 1);
  });
  std::filesystem::remove_all(folder);
  fmt::print("command   hyped control plan as it is, 4 variables, 100 members with kinetics of their own: {:.2f} processor seconds of one thread for the plan ({:.1f} times as fast as asked, {} simulations of a member), {:.2f} with ensemble and report's numbers\n", search, asked / search, simulations, whole);
  return search < 2 * asked;
}

bool feedback() {
  const Scenario scenario = tests::twin_scenario();
  std::vector<std::vector<double>> members;
  for (auto& member : tests::twin_members(scenario, 60, 0.2)) members.push_back(member.parameters);
  FeedbackController controller(scenario.setup.stages, scenario.setup.model, members, 700, {"mmMYOD1", 1.5, 2, 12, {"S/G2/M"}, 0.25, 1e-4, 0.02, 10, 1});
  double slowest = 0;
  for (int step = 0; step < 10; ++step) {
    Outcome outcome;
    slowest = std::max(slowest, processor_seconds_of([&] {
                         controller.observe(70.0 + 5 * step, 630);
                         const double level = controller.decide(outcome);
                         outcome = controller.advance(1.0 / 3, level);
                       }));
    if (!outcome.ok()) return false;
  }
  fmt::print("feedback  60 members, 6 blocks over 12 h, one thread: slowest step {:.3f} processor seconds\n", slowest);
  return slowest < 1;
}

// Steps of two inputs, no carriers: pieces of constant rates, which SciPy's matrix exponential solves exactly too.
bool against_scipy() {
  const Scenario scenario = tests::twin_scenario();
  CyclePlanSetup setup = tests::twin_setup(scenario);
  setup.deliveries.clear(), setup.handling.clear();
  setup.quantities.resize(2);
  const int count = 5;
  const auto members = tests::twin_members(scenario, count, 0.08);
  const CycleSystem system(setup, members);
  auto inputs = four_variables(24);
  inputs[0].shortest_h = inputs[0].longest_h = never_h;
  PlanProblem problem{&system, inputs, 0, tests::share_target(0.15, 0.12), {}, {RiskMeasure::mean, 0.9, 0}, 0, never_h, {}};
  problem.target = PlanTarget(problem.target.terms(), PlanDistance::mean_square);
  const PlanShape shape = enumerate_shapes(inputs)[0];
  std::vector<int> all;
  for (int m = 0; m < count; ++m) all.push_back(m);
  const Eigen::Vector4d start(0.5, 10, 0.5, 30);
  ProgramSolution solution;
  const double seconds = cost_of([&] {
    EnsembleProgram program(problem, shape, all);
    solution = solve_program(program.program(), program.to_program(start), {ProgramMethod::sequential, 1e-9, 200});
  }, 3);
  EnsembleProgram program(problem, shape, all);
  const Eigen::VectorXd x = program.to_plan(solution.x);
  nlohmann::json job;
  const auto model = make_staged(setup.model, setup.stages);
  for (const auto& member : members) {
    nlohmann::json one;
    for (int p = 0; p < model->parameter_count(); ++p) one[std::string(model->parameters()[static_cast<std::size_t>(p)].name)] = member.parameters[static_cast<std::size_t>(p)];
    job["members"].push_back(one);
  }
  job["start"] = std::vector<double>(start.begin(), start.end());
  job["lower"] = std::vector<double>{0, 0, 0, 0};
  job["upper"] = std::vector<double>{1.5, 30, 1.5, 60};
  job["at"] = std::vector<double>(x.begin(), x.end());
  const auto file = std::filesystem::temp_directory_path() / fmt::format("hyped-control-{}.json", getpid());
  std::ofstream(file) << job;
  std::string last;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python3 {}/bench/control_peer.py {} 2>/dev/null", HYPED_SOURCE_DIR, file.string()).c_str(), "r"), pclose);
  for (char line[65536]; pipe && std::fgets(line, sizeof line, pipe.get());) last = line;
  std::filesystem::remove(file);
  const auto said = last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
  if (!said.is_object()) {
    fmt::print("scipy     no peer: python3 with SciPy is not there\n");
    return true;
  }
  const double off = std::abs(said["cost_at"].get<double>() - solution.value);
  fmt::print("scipy     {} members, 4 variables, one start: ours {:.3f} s to cost {:.8f} ({} evaluations), SciPy's SLSQP with matrix exponentials {:.2f} s to {:.8f}: {:.0f} times ours; costs at our plan differ by {:.0e}\n", count, seconds, solution.value, solution.evaluations,
             said["seconds"].get<double>(), said["cost"].get<double>(), said["seconds"].get<double>() / seconds, off);
  return off < 1e-8 && solution.value <= said["cost"].get<double>() + 1e-6 && said["seconds"].get<double>() > seconds;
}

}  // namespace

int main() {
  set_threads(1);
  bool good = against_scipy();
  std::fflush(stdout);
  good = feedback() && good;
  std::fflush(stdout);
  good = plan() && good;
  std::fflush(stdout);
  good = command() && good;
  return good ? 0 : 1;
}
