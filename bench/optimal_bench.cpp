// One optimal control problem against CasADi with the same transcription, and SciPy on single shooting: the third clause of must/control/6.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/timing.hpp"
#include "experiments/control/courses/optimal_control.hpp"
#include "libhyped/parallel.hpp"
#include "tests/control/known_problems.hpp"

using namespace hyped;
using namespace hyped::bench;
using namespace hyped::control;

namespace {

constexpr int intervals = 100, shooting_intervals = 20;

nlohmann::json peers() {
  const char* environment = std::getenv("HYPED_PEERS");
  const std::string python = environment ? std::string(environment) + "/bin/python" : "python3";
  const nlohmann::json job = {{"intervals", intervals}, {"shooting_intervals", shooting_intervals}, {"highest", 1.0}, {"peers", {"casadi", "scipy"}}};
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      popen(fmt::format("OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 {} {}/bench/optimal_peers.py '{}' 2>/dev/null", python, HYPED_SOURCE_DIR, job.dump()).c_str(), "r"), pclose);
  std::string last;
  for (char line[65536]; pipe && std::fgets(line, sizeof line, pipe.get());) last = line;
  const auto said = last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
  return said.is_object() ? said : nlohmann::json::object();
}

}  // namespace

int main() {
  set_threads(1);
  const auto problem = tests::van_der_pol(1.0);
  const nlohmann::json said = peers();
  ControlSolution ours, shot;
  const OptimalControlOptions collocation{.intervals = intervals};
  const OptimalControlOptions shooting{.transcription = Transcription::multiple_shooting, .intervals = shooting_intervals, .program = {.method = ProgramMethod::interior_point}};
  const double seconds = cost_of([&] { ours = solve_optimal_control(problem, collocation); }), shooting_seconds = cost_of([&] { shot = solve_optimal_control(problem, shooting); });
  fmt::print("Van der Pol, constant controls, processor seconds of one solve\n");
  fmt::print("collocation, {} intervals    {:>9.2f} ms, cost {:.10f}, {} iterations\n", intervals, 1e3 * seconds, ours.cost, ours.program.iterations);
  fmt::print("multiple shooting, {} intervals {:>6.2f} ms, cost {:.10f}, {} iterations\n", shooting_intervals, 1e3 * shooting_seconds, shot.cost, shot.program.iterations);
  bool good = ours.outcome.ok() && shot.outcome.ok();
  if (said.contains("casadi")) {
    const auto& one = said["casadi"];
    const double ratio = one["seconds"].get<double>() / seconds, off = std::abs(one["cost"].get<double>() / ours.cost - 1);
    fmt::print("CasADi {}, same collocation   {:>9.2f} ms (and {:.0f} ms to build), {} iterations: {:.2f} times ours (asked: 1); costs differ by {:.0e}\n", one["version"].get<std::string>(), 1e3 * one["seconds"].get<double>(),
               1e3 * one["build_seconds"].get<double>(), one["iterations"].get<int>(), ratio, off);
    good = good && ratio > 0.5 && off < 1e-7;
  }
  if (said.contains("scipy")) {
    const auto& one = said["scipy"];
    const double ratio = one["seconds"].get<double>() / shooting_seconds, off = std::abs(one["cost"].get<double>() / shot.cost - 1);
    fmt::print("SciPy {}, SLSQP, single shooting {:>6.1f} ms, {} iterations: {:.2f} times ours (asked: 1); costs differ by {:.0e}\n", one["version"].get<std::string>(), 1e3 * one["seconds"].get<double>(), one["iterations"].get<int>(), ratio, off);
    good = good && ratio > 0.5 && off < 1e-6;
  }
  if (said.empty()) {
    fmt::print("skipped: neither CasADi nor SciPy is there (HYPED_PEERS names a virtual environment)\n");
    return good ? 77 : 1;
  }
  return good ? 0 : 1;
}
