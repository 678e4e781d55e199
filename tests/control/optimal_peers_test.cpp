// The Van der Pol problem against SciPy's SLSQP on single shooting and, where it is there, CasADi on the same collocation.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "experiments/control/courses/optimal_control.hpp"
#include "tests/control/known_problems.hpp"
#include "tests/places.hpp"

using namespace hyped::control;

TEST_CASE("Van der Pol on a grid: SciPy and CasADi find the same controls and costs", "[peers]") {
  const double highest = GENERATE(1.0, 0.7);
  const char* environment = std::getenv("HYPED_PEERS");
  const std::string python = environment ? std::string(environment) + "/bin/python" : "python3";
  const nlohmann::json job = {{"intervals", 60}, {"shooting_intervals", 20}, {"highest", highest}, {"peers", {"casadi", "scipy"}}};
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("OMP_NUM_THREADS=1 " + python + " " + hyped::tests::source_folder() + "/bench/optimal_peers.py '" + job.dump() + "' 2>/dev/null").c_str(), "r"), pclose);
  std::string last;
  for (char line[65536]; pipe && std::fgets(line, sizeof line, pipe.get());) last = line;
  const auto said = last.empty() ? nlohmann::json() : nlohmann::json::parse(last, nullptr, false);
  if (!said.is_object() || said.empty()) {
    WARN("skipped: neither SciPy nor CasADi is there (HYPED_PEERS names a virtual environment)");
    return;
  }
  const auto problem = hyped::tests::van_der_pol(highest);
  if (said.contains("scipy")) {
    const auto shot = solve_optimal_control(problem, {.transcription = Transcription::multiple_shooting, .intervals = 20});
    REQUIRE(shot.outcome.ok());
    CHECK(shot.cost == Approx(said["scipy"]["cost"].get<double>()).epsilon(1e-7));
    double worst = 0;      // SLSQP stops where the cost no longer falls: its controls are good to the root of that
    for (std::size_t k = 0; k < 20; ++k) worst = std::max(worst, std::abs(shot.course.values[k](0, 0) - said["scipy"]["controls"][k].get<double>()));
    CHECK(worst < 1e-3);
  }
  if (said.contains("casadi")) {
    const auto collocated = solve_optimal_control(problem, {.intervals = 60});
    REQUIRE(collocated.outcome.ok());
    CHECK(collocated.cost == Approx(said["casadi"]["cost"].get<double>()).epsilon(1e-8));
  } else {
    WARN("CasADi is not there: SciPy alone was asked");
  }
}
